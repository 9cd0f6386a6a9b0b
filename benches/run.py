#!/usr/bin/env python3
"""Measures whole runs beside ripgrep, over the same files and with the same threads.

    python3 benches/run.py FOLDER --terms FILE [--tifa PATH] [--rg PATH] [--times 5]

FOLDER holds one kind of input: YYYYMMDD.md with an article a heading, or
*.jsonl with the fields id, date, title, text. FILE has a term a line, which
ripgrep counts. Prints a Markdown table; ends with 1 where a bar is missed or
where an incremental run does not give the tables of a full one.

Everything is written to a new temporary folder (--scratch says under which).
Times are wall time, medians of several runs; memory is the largest resident
set that the system reports for the process.
"""

import argparse
import datetime
import hashlib
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

DAYS = """layout = "markdown"
document = "heading:3"
date = "filename:%Y%m%d"
title = "heading"
cadence = "daily"
"""
JSONL = """layout = "jsonl"
document = "record"
text = "field:text"
title = "field:title"
date = "field:date"
id = "field:id"
"""
THEME = """[[theme]]
id = "added"
zh = "新加"
en = "added"
source = "benchmark"
terms = ["工作"]
"""


def timed(command):
    """Wall seconds and largest resident set in MB of a command that must succeed."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{error}")
    return seconds, usage.ru_maxrss / 1000


def tables(release):
    out = {}
    for path in sorted(pathlib.Path(release, "tables").rglob("*.parquet")):
        out[str(path.relative_to(release))] = hashlib.blake2b(path.read_bytes()).hexdigest()
    return out


class Bench:
    def __init__(self, arguments, place):
        self.arguments = arguments
        self.place = pathlib.Path(place)
        self.jsonl = any(pathlib.Path(arguments.folder).glob("*.jsonl"))
        self.rows = []
        shutil.copytree(arguments.themes, self.place / "themes")
        # Files that change are copies; the others are links to them.
        self.raw = self.place / "raw"
        self.raw.mkdir()
        for path in sorted(pathlib.Path(arguments.folder).iterdir()):
            os.link(path, self.raw / path.name) if path.stat().st_dev == self.raw.stat().st_dev else shutil.copy(path, self.raw)
        source = JSONL if self.jsonl else DAYS
        (self.place / "bench.toml").write_text(
            f'name = "bench"\noutput = "output"\n[[source]]\nname = "bench"\nfiles = ["raw/*"]\n{source}[tag]\nlexicon = ["themes/*.toml"]\n'
        )

    def tifa(self, threads=2, output="output", work="work"):
        place = self.place
        command = [self.arguments.tifa, "run", place / "bench.toml", "--output", place / output, "--work", place / work]
        return timed([*command, "--threads", str(threads), "--quiet"])

    def fresh(self, threads=2):
        for name in ("output", "work"):
            shutil.rmtree(self.place / name, ignore_errors=True)
        return self.tifa(threads)

    def rg(self, threads=2):
        return timed([self.arguments.rg, f"-j{threads}", "--count-matches", "-F", "-f", self.arguments.terms, self.raw])

    def row(self, what, figure, bar, detail):
        met = figure <= bar if bar > 0 else figure >= -bar
        sign = "≤" if bar > 0 else "≥"
        self.rows.append((f"| {what} | {figure:.3g} | {sign} {abs(bar):g} | {'yes' if met else 'NO'} | {detail} |", met))
        print(self.rows[-1][0], flush=True)

    def run(self):
        times = self.arguments.times
        print("| measure | figure | bar | met | median of times |\n| --- | --- | --- | --- | --- |")
        self.rg()
        pairs = [(self.rg()[0], self.fresh()) for _ in range(times)]
        rg, full = statistics.median(p[0] for p in pairs), statistics.median(p[1][0] for p in pairs)
        memory = max(p[1][1] for p in pairs)
        size = sum(path.stat().st_size for path in self.raw.iterdir()) / 1e6
        self.row("full run ÷ ripgrep", statistics.median(p[1][0] / p[0] for p in pairs), 8, f"{full:.2f} s ÷ {rg:.2f} s, {size:.0f} MB, {size / full:.1f} MB/s")
        self.row("peak resident memory, MB", memory, 400, f"largest of {times} runs")
        one = statistics.median(self.fresh(1)[0] for _ in range(max(1, times // 2)))
        self.row("one thread ÷ two", one / full, -1.8, f"{one:.2f} s")
        self.fresh()
        same = statistics.median(self.tifa()[0] for _ in range(times))
        self.row("nothing changed, s", same, 1, f"{len(list(self.raw.iterdir()))} files")
        add = statistics.median(self.day(number) for number in range(times))
        self.row("a new day ÷ full run", add / full, 0.04, f"{add:.2f} s")
        self.agrees("after new days")
        (self.place / "themes" / "added.toml").write_text(THEME)
        theme = self.tifa()[0]
        self.row("a theme more ÷ full run", theme / full, 0.7, f"{theme:.2f} s, once")
        self.agrees("after another theme")
        return all(met for _, met in self.rows)

    def day(self, number):
        """Adds a day after the last one and times the run."""
        last = max(path.name for path in self.raw.iterdir())
        if self.jsonl:
            path = self.raw / last
            lines = path.read_text().splitlines(keepends=True)
            day = re.search(r'"date": "([^"]+)"', lines[-1]).group(1)
            renamed = (line.replace(day, following(day)).replace('"id": "', f'"id": "{number}-') for line in lines if day in line)
            new = list(renamed)
            path.unlink()
            path.write_text("".join(lines + new))
        else:
            day = following(f"{last[:4]}-{last[4:6]}-{last[6:8]}").replace("-", "")
            (self.raw / f"{day}.md").write_text((self.raw / last).read_text())
        time.sleep(2.1)
        return self.tifa()[0]

    def agrees(self, when):
        """An incremental run must give the tables of a full one."""
        self.tifa(output="again", work="again-work")
        same = tables(self.place / "output/bench/latest") == tables(self.place / "again/bench/latest")
        self.row(f"tables equal those of a full run {when}", float(same), -1, "bytes of every file")
        for name in ("again", "again-work"):
            shutil.rmtree(self.place / name)


def following(day):
    return (datetime.date.fromisoformat(day) + datetime.timedelta(days=1)).isoformat()


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--terms", required=True, type=os.path.abspath)
    parser.add_argument("--tifa", default=root / "target/release/tifa", type=os.path.abspath)
    parser.add_argument("--rg", default="rg")
    parser.add_argument("--themes", default=root / "pipelines/themes")
    parser.add_argument("--times", default=5, type=int)
    parser.add_argument("--scratch", default=None, help="where the temporary folder is made")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as place:
        sys.exit(0 if Bench(arguments, place).run() else 1)


if __name__ == "__main__":
    main()
