"""strip_count.py RELEASE_FOLDER RAW_FOLDER

Promise: no Han character is lost or made. For each Markdown file of a folder of
broadcast days (a file a day, HTML inside), the Han characters of the raw file,
with markup stripped by the standard library and without the lines that the
pipeline drops, equal those of all its documents, preambles included. Radicals
(⻄) count as the characters that they stand for, as the tables have them.
"""

import re
import sys
import time
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

from outside import Release, Report

DROPPED = ("[查看原文]", "(更新时间戳")
LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")


class Text(HTMLParser):
    """Text between tags, character references decoded."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.pieces = []

    def handle_data(self, data):
        self.pieces.append(data)


def is_han(c):
    """Ideographs of every plane, 〇, and radicals in their place."""
    return (
        "\u4e00" <= c <= "\u9fff" or "\u3400" <= c <= "\u4dbf" or c == "〇" or "\uf900" <= c <= "\ufaff" or "\u2e80" <= c <= "\u2fdf"
        or "\U00020000" <= c <= "\U0002ee5d" or "\U0002f800" <= c <= "\U0002fa1f" or "\U00030000" <= c <= "\U000323af"
    )  # fmt: skip


def stripped(raw):
    """The text of a Markdown file. Heading marks and the like are no Han characters, so they may stay."""
    lines = [LINK.sub(r"\1", line) for line in raw.split("\n") if not line.startswith(DROPPED)]
    parser = Text()
    parser.feed("\n".join(lines))
    parser.close()
    return "".join(parser.pieces)


def strip_count(release, folder, report):
    """Compares a release with the raw files."""
    began = time.monotonic()
    texts, counts = {}, Counter()
    for path, text, han in release.rows("documents", "path", "text", "han_chars"):
        texts.setdefault(path, []).append(text)
        counts[path] += han
    refused = {path for (path,) in release.rows("rejects", "path")}
    files = sorted(Path(folder).glob("*.md"))
    faults, total = [], 0
    for file in files:
        raw = Counter(filter(is_han, stripped(file.read_text(encoding="utf-8-sig"))))
        table = Counter("".join(texts.get(file.name, [])))
        total += raw.total()
        if raw.total() != counts[file.name]:
            gone = {c: n - table[c] for c, n in raw.items() if n > table[c]}
            made = {c: n - raw[c] for c, n in table.items() if n > raw[c] and is_han(c)}
            radicals = {c: n for c, n in table.items() if "\u2e80" <= c <= "\u2fdf"}
            faults.append(f"{file.name}: {raw.total()} raw, {counts[file.name]} in documents; lost {gone}, made {made}, left as radicals {radicals}")
        if file.name in refused:
            faults.append(f"{file.name}: refused")
    faults += [f"{path}: not in the folder" for path in texts.keys() - {f.name for f in files}]
    held = f"{total} in {len(files)} files, {time.monotonic() - began:.1f} s"
    report.check("documents.han_chars = Han characters of the raw file, for every file", faults, held)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    report = Report()
    strip_count(Release(sys.argv[1]), sys.argv[2], report)
    report.end()


if __name__ == "__main__":
    main()
