"""determinism.py PIPELINE…        (the program is in the environment's TIFA)

Promise: the same input, configuration and version give the same bytes in every
table and CSV, and in `datapackage.json`. Each pipeline runs with one thread, with
two, and over a copy of its files that were created in another order and at
another time, each time with an output and a cache of its own. Only `run.json`
may differ.
"""

import hashlib
import os
import random
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path

from outside import Report, tifa_run


def globs(pipeline):
    """Every file pattern of a pipeline file, as written."""
    with open(pipeline, "rb") as file:
        plan = tomllib.load(file)
    resolve = plan.get("resolve", {})
    found = [glob for source in plan["source"] for glob in source["files"]]
    return found + plan["tag"]["lexicon"] + resolve.get("occasions", []) + resolve.get("places", [])


def fixed(path):
    """The part of a pattern before its first wildcard, and the rest."""
    parts = Path(path).parts
    wild = next((i for i, part in enumerate(parts) if set(part) & set("*?[{")), len(parts) - 1)
    return Path(*parts[:wild]), str(Path(*parts[wild:]))


def copy_shuffled(pipeline, base, draw):
    """Copies a pipeline and all its files to the same paths under `base`, in shuffled order."""
    mirror = lambda path: base / Path(os.path.abspath(path)).relative_to("/")  # noqa: E731
    text = pipeline.read_text(encoding="utf-8")
    files = set()
    for glob in globs(pipeline):
        folder, rest = fixed(pipeline.parent / glob)
        files.update(p for p in Path(os.path.abspath(folder)).glob(rest) if p.is_file())
        if os.path.isabs(glob):
            text = text.replace(glob, str(base) + glob)
    files = sorted(files)
    draw.shuffle(files)
    for file in files:
        mirror(file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, mirror(file))
    copy = mirror(pipeline)
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text, encoding="utf-8")
    return copy, len(files)


def digest(path):
    """Hash and size of a file. (Bytes kept here would be counted as the program's memory, see `run`.)"""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def release_files(base):
    """Hash and size of every file of the one release under `base`, but for run.json."""
    (latest,) = (base / "output").glob("*/latest")
    root = Path(os.path.realpath(latest))
    return {str(p.relative_to(root)): digest(p) for p in sorted(root.rglob("*")) if p.is_file() and p.name != "run.json"}


def determinism(pipeline, report):
    """Runs a pipeline in all ways and compares."""
    pipeline = Path(os.path.abspath(pipeline))
    with tempfile.TemporaryDirectory(prefix="tifa-same-") as folder:
        base = Path(folder)
        copy, number = copy_shuffled(pipeline, base / "copy", random.Random(7))
        first = None
        for name, file, threads in (("1 thread", pipeline, 1), ("2 threads", pipeline, 2), ("files created in another order", copy, 2)):
            where = base / name.replace(" ", "_")
            ran = tifa_run(file, where, "--threads", str(threads))
            if ran.code != 0:
                report.check(f"{pipeline.stem}: {name}", [ran.told()])
                continue
            files = release_files(where)
            first = first or files
            faults = [f"{p} differs" if p in files and p in first else f"{p} is in one only" for p in sorted(first.keys() | files.keys()) if first.get(p) != files.get(p)]
            size = sum(size for _, size in files.values()) / 1e6
            report.check(f"{pipeline.stem}: {name}", faults, f"{number} inputs, {len(files)} files of {size:.1f} MB, {ran.seconds:.1f} s, {ran.peak_mb:.0f} MB of memory")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    report = Report()
    for pipeline in sys.argv[1:]:
        determinism(pipeline, report)
    report.end()


if __name__ == "__main__":
    main()
