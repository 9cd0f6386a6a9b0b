"""What the outside checks share: running the program, finding the tables of a
release by its `datapackage.json`, and saying what held and what did not.

The checks read releases with pyarrow, DuckDB and the standard library only, and
share no code with tifa.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LEXICON = str(REPOSITORY / "pipelines" / "themes" / "*.toml")
SHOWN = 5

# How the broadcasts are read; {folder} is theirs.
BROADCASTS = r"""
[[source]]
name = "xwlb"
files = ["{folder}/*.md"]
layout = "markdown"
document = "heading:3"
date = "filename:%Y%m%d"
title = "heading"
register = "broadcast"
cadence = "daily"

[parse]
drop_lines = ['^\[查看原文\]', '^\(更新时间戳']
"""


class Report:
    """Prints a line for each check and remembers whether all held."""

    def __init__(self):
        self.failed = []

    def check(self, name, faults, held=""):
        """`faults`: what is wrong (any iterable, or True for "wrong"); none: the check holds."""
        faults = ["it does not"] if faults is True else [] if faults is False else list(faults)
        if faults:
            self.failed.append(name)
            print(f"FAILED  {name}: {len(faults)} faults", flush=True)
            for fault in faults[:SHOWN]:
                print(f"        {fault}", flush=True)
            if len(faults) > SHOWN:
                print(f"        … and {len(faults) - SHOWN} more", flush=True)
        else:
            print(f"ok      {name}{': ' if held else ''}{held}", flush=True)
        return not faults

    def end(self):
        """Ends the script: 0 if all held."""
        if self.failed:
            print(f"{len(self.failed)} checks do not hold: {'; '.join(self.failed)}", flush=True)
        sys.exit(1 if self.failed else 0)


def binary():
    """The program under test: the environment's TIFA."""
    path = os.environ.get("TIFA")
    if not path:
        sys.exit("set TIFA to the program to test")
    if not os.access(path, os.X_OK):
        sys.exit(f"TIFA={path} is no program")
    return os.path.abspath(path)


@dataclass
class Run:
    """How a command ended."""

    code: int
    output: str
    seconds: float
    peak_mb: float

    def told(self):
        """The end of what it said, for a message."""
        return f"exit {self.code}: {self.output.strip()[-600:]}"


def run(arguments, timeout=600):
    """Runs a command to its end. Its peak memory is that of this one child.

    Linux counts the memory of the parent at the fork into the child's peak, so
    whoever measures must be small itself.
    """
    with tempfile.TemporaryFile() as said:
        start = time.monotonic()
        child = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        try:
            while True:
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() - start > timeout:
                    child.kill()
                    os.wait4(child.pid, 0)
                    child.returncode = -9
                    said.seek(0)
                    return Run(-9, f"still running after {timeout} s\n" + said.read().decode(errors="replace"), timeout, 0)
                time.sleep(0.005)
        except BaseException:
            child.kill()
            raise
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        said.seek(0)
        return Run(child.returncode, said.read().decode(errors="replace"), seconds, usage.ru_maxrss / 1024)


def tifa_run(pipeline, base, *options, program=None):
    """`tifa run` with output and cache under `base`."""
    return run([program or binary(), "run", pipeline, "--output", Path(base) / "output", "--work", Path(base) / "work", *options])


class Release:
    """A release, read through its data package. The link `latest` is resolved once."""

    def __init__(self, folder):
        self.folder = Path(os.path.realpath(folder))
        self.package = json.loads((self.folder / "datapackage.json").read_text(encoding="utf-8"))
        self.tables = {r["name"]: r for r in self.package["resources"] if r["format"] == "parquet"}
        self.csv = {r["name"].removesuffix("-csv"): r for r in self.package["resources"] if r["format"] == "csv"}

    def first_only(self):
        """Whether of copies only the first counts."""
        return json.loads((self.folder / "run.json").read_text(encoding="utf-8")).get("duplicates") == "first"

    def files(self, table):
        """The files of a table."""
        path = self.tables[table]["path"]
        return [self.folder / p for p in ([path] if isinstance(path, str) else path)]

    def columns(self, table):
        """Names of a table's columns, by the package."""
        return [field["name"] for field in self.tables[table]["schema"]["fields"]]

    def duckdb(self):
        """A DuckDB connection with a view for each table."""
        import duckdb

        connection = duckdb.connect()
        for table in self.tables:
            names = ", ".join("'" + str(f).replace("'", "''") + "'" for f in self.files(table))
            connection.execute(f'create view "{table}" as select * from read_parquet([{names}])')
        return connection

    def read(self, table, *columns):
        """A table by pyarrow."""
        import pyarrow
        import pyarrow.parquet

        return pyarrow.concat_tables([pyarrow.parquet.ParquetFile(f).read(columns=list(columns) or None) for f in self.files(table)])

    def rows(self, table, *columns):
        """Rows of some columns, as tuples."""
        return list(zip(*(self.read(table, *columns).column(c).to_pylist() for c in columns)))
