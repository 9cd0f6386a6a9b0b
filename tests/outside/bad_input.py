"""bad_input.py [PROGRAM]        (else the program in the environment's TIFA)

Promise: bad input is refused, told of and survived. A folder with a truncated
gzip, one that unpacks to a gigabyte, a picture named .txt, records with lone surrogates, a broken record, lines
of 200 MB, an empty file, links in a circle and out of the folder, a FIFO, noise
and zeros, and one good file and record, ends with exit 0, a release, a row of
`rejects` with a reason for each, the good documents, and less than 1 GB of memory.
"""

import gzip
import os
import random
import struct
import sys
import tempfile
import zlib
from pathlib import Path

from outside import Release, Report, binary, tifa_run

MB = 1 << 20
LONG = 200 * MB
MOST_MEMORY_MB = 1000
GOOD = "县里开了一次供水会议\n\n2024年3月5日，县里召开供水工作会议。会议强调，要把老旧管网改造好。\n"

THEMES = """
[[theme]]
id = "water"
zh = "供水"
en = "water supply"
terms = ["供水", "老旧管网"]
source = "written for this test"

[[theme]]
id = "tea"
zh = "茶叶"
en = "tea"
terms = ["茶叶"]
source = "written for this test"
"""

PIPELINE = """
name = "bad"
output = "../output"

[[source]]
name = "texts"
files = ["../raw/texts/*"]
layout = "text"
title = "first-line"
date = "header"

[[source]]
name = "records"
files = ["../raw/records/*"]
layout = "jsonl"
document = "record"
text = "field:text"
id = "field:id"

[tag]
lexicon = ["themes.toml"]
"""


def png(width=64, height=64):
    """A picture."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))  # noqa: E731
    pixels = b"".join(b"\0" + random.Random(1).randbytes(3 * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def write_long(file, filler):
    """200 MB without a line feed, without holding them."""
    piece = filler * (MB // len(filler))
    for _ in range(LONG // len(piece) + 1):
        file.write(piece)


def make(base):
    """Writes the folder. Returns what must be refused: (source, path, record) → reasons that fit."""
    texts, records = base / "raw" / "texts", base / "raw" / "records"
    for folder in (texts, records, base / "pipelines"):
        folder.mkdir(parents=True)
    (base / "pipelines" / "bad.toml").write_text(PIPELINE, encoding="utf-8")
    (base / "pipelines" / "themes.toml").write_text(THEMES, encoding="utf-8")
    refused = {}

    (texts / "good.txt").write_text(GOOD, encoding="utf-8")

    packed = gzip.compress((GOOD * 2000 + random.Random(2).randbytes(4000).hex()).encode())
    (texts / "truncated.txt.gz").write_bytes(packed[: len(packed) * 2 // 3])
    refused["texts", "truncated.txt.gz", None] = {"truncated"}

    # A megabyte that unpacks to a gigabyte.
    with gzip.open(texts / "bomb.txt.gz", "wb", compresslevel=1) as file:
        for _ in range(1024):
            file.write(bytes("长" * (MB // 3), "utf-8"))
    refused["texts", "bomb.txt.gz", None] = {"oversized"}

    (texts / "picture.txt").write_bytes(png())
    refused["texts", "picture.txt", None] = {"binary"}

    with open(texts / "long_line.txt", "wb") as file:
        write_long(file, "长".encode())
    refused["texts", "long_line.txt", None] = {"oversized"}

    (texts / "empty.txt").write_bytes(b"")
    refused["texts", "empty.txt", None] = {"empty"}

    (texts / "zeros.txt").write_bytes(bytes(100_000))
    refused["texts", "zeros.txt", None] = {"binary"}

    (texts / "noise.txt").write_bytes(random.Random(3).randbytes(100_000))
    refused["texts", "noise.txt", None] = {"binary", "undecodable"}

    # Noise without a control character, which only decoding can tell.
    (texts / "high_noise.txt").write_bytes(bytes(random.Random(4).choices(range(0x80, 0x100), k=100_000)))
    refused["texts", "high_noise.txt", None] = {"binary", "undecodable"}

    os.symlink("loop_b.txt", texts / "loop_a.txt")
    os.symlink("loop_a.txt", texts / "loop_b.txt")
    refused["texts", "loop_a.txt", None] = refused["texts", "loop_b.txt", None] = {"link"}
    os.symlink(".", texts / "circle")
    refused["texts", "circle", None] = {"link"}
    (base / "outside.txt").write_text("外面的文字，不该读到。\n", encoding="utf-8")
    os.symlink("../../outside.txt", texts / "out.txt")
    refused["texts", "out.txt", None] = {"link"}
    os.mkfifo(texts / "pipe.txt")
    refused["texts", "pipe.txt", None] = {"special_file"}

    with open(records / "records.jsonl", "wb") as file:
        file.write('{"id": "first", "text": "今年的茶叶收成不错。"}\n'.encode())
        file.write(b'{"id": "lone", "text": "\\ud83d\\u8336\\u53f6"}\n')
        file.write(b'{"id": "reversed", "text": "\\udc00\\ud800"}\n')
        file.write('{"id": "broken", "text": "没有写完\n'.encode())
        file.write(b'{"id": "long", "text": "')
        write_long(file, "长".encode())
        file.write(b'"}\n')
        file.write('{"id": "bytes", "text": "'.encode() + b"\xff\xfe\x80\xc0" * 200 + b'"}\n')
        file.write('{"id": "last", "text": "供水管网修好了。"}\n'.encode())
    for line in (2, 3, 4):
        refused["records", "records.jsonl", line] = {"broken_record"}
    refused["records", "records.jsonl", 5] = {"oversized"}
    refused["records", "records.jsonl", 6] = {"broken_record", "undecodable"}

    # Nothing but a line of 200 MB, and that unfinished.
    with open(records / "one_line.jsonl", "wb") as file:
        write_long(file, b"[")
    refused["records", "one_line.jsonl", 1] = {"oversized", "broken_record"}
    (records / "empty.jsonl").write_bytes(b"")
    refused["records", "empty.jsonl", None] = {"empty"}
    return refused


def main():
    report = Report()
    program = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else binary()
    with tempfile.TemporaryDirectory(prefix="tifa-bad-") as folder:
        base = Path(folder)
        refused = make(base)
        options = ("--threads", "2")
        ran = tifa_run(base / "pipelines" / "bad.toml", base, *options, program=program)
        if not report.check("the run ends with 0", ran.code != 0 and [ran.told()], f"{ran.seconds:.1f} s"):
            report.end()
        report.check("memory", ran.peak_mb >= MOST_MEMORY_MB and [f"{ran.peak_mb:.0f} MB"], f"{ran.peak_mb:.0f} MB at most")
        release = Release(base / "output" / "bad" / "latest")
        rows = {}
        for source, path, record, reason, detail in release.rows("rejects", "source", "path", "record", "reason", "detail"):
            rows.setdefault((source, path, record), []).append((reason, detail))
        faults = [f"{key} is not in rejects" for key in refused if key not in rows]
        faults += [f"{key}: {rows[key]}, expected {' or '.join(sorted(refused[key]))}" for key in refused if key in rows and {r for r, _ in rows[key]} - refused[key]]
        faults += [f"{key}: refused {len(found)} times: {found}" for key, found in rows.items() if len(found) > 1]
        faults += [f"{key} is refused, but is good: {found}" for key, found in rows.items() if key not in refused]
        report.check("rejects has a row with a fitting reason for each bad input, and no other", faults, f"{len(refused)} inputs")
        report.check("every row says what was found", [f"{k}" for k, found in rows.items() if not found[0][1]])
        documents = {(s, p): t for s, p, t in release.rows("documents", "source", "path", "text") if s == "texts"}
        ids = {i for s, i in release.rows("documents", "source", "doc_id") if s == "records"}
        report.check("the good file is there, whole", documents.get(("texts", "good.txt")) != GOOD.strip().replace("\n\n", "\n") and [f"{documents}"[:500]])
        report.check("nothing else is", [f"{k}: {t[:60]!r}" for k, t in documents.items() if k[1] != "good.txt"])
        report.check("the good records are there, and no other", sorted(ids ^ {"first", "last"}))
        again = tifa_run(base / "pipelines" / "bad.toml", base, *options, program=program)
        report.check("a second run says that nothing changed", (again.code != 0 or "unchanged" not in again.output) and [again.told()])
    report.end()


if __name__ == "__main__":
    main()
