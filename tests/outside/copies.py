"""copies.py RELEASE_FOLDER        or, with TIFA and TIFA_CORPORA set: copies.py

Promise: `copies` is right by the Jaccard index itself. All pairs of documents
that share at least 0.7 of their shingles (seven letters or digits in a row) are
found without sketches, by a join over rare shingles that misses none. Then:
every copy is as similar to its first as the table says, but for the error of an
estimate; of two documents that are at least 0.9 similar one is a copy; and no
copy stands in the table that has no such pair. Without a release, the script
makes a corpus of broadcasts and edited reprints of them, runs the program over
it, and says how many reprints of each kind are found.
"""

import json
import math
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from outside import LEXICON, Release, Report, tifa_run

SHINGLE, FEWEST, BINS = 7, 32, 256
ALIKE, SURE, LOW = 0.8, 0.9, 0.7


def bare(text):
    """Letters and digits, without the case of ASCII."""
    return "".join(c.lower() if c.isascii() else c for c in text if c.isalnum())


def shingles(text):
    return {text[i : i + SHINGLE] for i in range(len(text) - SHINGLE + 1)}


def similar_pairs(sets):
    """{(i, j): Jaccard index} of all pairs with at least LOW, i < j.

    Two sets that are so similar share one of their rarest shingles: of a set of
    n, one of the first n - ceil(LOW n) + 1 (prefix filter: Chaudhuri et al. 2006).
    """
    often = Counter(s for each in sets for s in each)
    index, pairs = defaultdict(list), {}
    for j, each in enumerate(sets):
        rare = sorted(each, key=lambda s: (often[s], s))[: len(each) - math.ceil(LOW * len(each)) + 1]
        met = set()
        for s in rare:
            met.update(index[s])
            index[s].append(j)
        for i in met:
            if LOW * len(each) <= len(sets[i]) <= len(each) / LOW:
                both = len(each & sets[i])
                if both >= LOW * (len(each) + len(sets[i]) - both):
                    pairs[i, j] = both / (len(each) + len(sets[i]) - both)
    return pairs


def copies(release, report):
    """Compares a release with all pairs. Returns the copies: (first, similarity) by document."""
    began = time.monotonic()
    rows = release.rows("documents", "doc_id", "text", "date_start", "date_end", "preamble", "path", "record")
    rows = [(doc_id, bare(text), (str(start), str(end))) for doc_id, text, start, end, preamble, *_ in rows if not preamble]
    number = {doc_id: i for i, (doc_id, *_) in enumerate(rows)}
    long = [len(text) >= SHINGLE + FEWEST - 1 for _, text, _ in rows]
    sets = [shingles(text) if is_long else set() for (_, text, _), is_long in zip(rows, long)]
    pairs = similar_pairs(sets)
    found = {d: (f, s, e) for d, f, s, e in release.rows("copies", "doc_id", "first_doc_id", "similarity", "exact")}
    faults, errors = [], []
    for doc_id, (first, similarity, exact) in found.items():
        i, j = sorted((number[doc_id], number[first]))
        if exact:
            if rows[i][1] != rows[j][1] or not (long[i] or rows[i][2] == rows[j][2]):
                faults.append(f"{doc_id} of {first}: not exact, or short and of another date")
            continue
        true = pairs.get((i, j), 0.0)
        errors.append(similarity - true)
        if abs(similarity - true) > 5 * math.sqrt(true * (1 - true) / BINS) + 0.01:
            faults.append(f"{doc_id} of {first}: {similarity:.3f}, the Jaccard index is {true:.3f}")
    rmse = math.sqrt(sum(e * e for e in errors) / len(errors)) if errors else 0.0
    held = f"{len(found)} copies, {len(errors)} of them not exact: error {rmse:.3f} (root of mean square), at most {max(map(abs, errors), default=0):.3f}"
    report.check("copies are as similar to their first as the table says", faults, held)
    is_copy = lambda i: rows[i][0] in found  # noqa: E731
    faults = [f"{rows[i][0]} {rows[j][0]}: {s:.3f}" for (i, j), s in pairs.items() if s >= SURE and not is_copy(i) and not is_copy(j)]
    same = defaultdict(list)
    for i, (_, text, days) in enumerate(rows):
        if text:
            same[text, None if long[i] else days].append(i)
    faults += [f"{rows[i][0]}: the same text is there {len(those)} times" for those in same.values() for i in those if sum(map(is_copy, those)) < len(those) - 1]
    report.check(f"of two documents that are {SURE} similar one is a copy", faults, f"{sum(s >= SURE for s in pairs.values())} pairs")
    grey = [(i, j) for (i, j), s in pairs.items() if ALIKE <= s < SURE]
    joined = sum(is_copy(i) or is_copy(j) for i, j in grey)
    print(f"        {joined} of {len(grey)} pairs from {ALIKE} to {SURE} have a copy; {len(rows)} documents, {time.monotonic() - began:.0f} s")
    return found


def edited(draw, text, share, characters):
    """Some characters changed, put in or taken out."""
    text = list(text)
    for _ in range(max(1, round(len(text) * share))):
        at, how = draw.randrange(len(text)), draw.randrange(3)
        text[at : at + (how != 1)] = [] if how == 2 else [draw.choice(characters)]
    return "".join(text)


def without_a_sentence(draw, text):
    parts = text.split("。")
    if len(parts) > 3:
        del parts[draw.randrange(len(parts) - 1)]
    return "。".join(parts)


def reprints(corpora, report):
    """Broadcasts, and reprints of them with edits of each kind."""
    import pyarrow.parquet  # noqa: F401 (before the run: see `run` on memory)

    draw, articles = random.Random(7), []
    for file in sorted((Path(corpora) / "xwlb").glob("*.md")):
        for part in file.read_text(encoding="utf-8-sig").split("\n### ")[1:]:
            title, _, body = part.partition("\n")
            body = "".join(line.strip() for line in body.splitlines() if line.strip() and not line.startswith(("[", "(", "#")))
            if len(body) >= 200:
                articles.append((file.stem, title.strip(), body))
    articles = draw.sample(articles, 3000)
    characters = [c for *_, body in articles[:300] for c in body]
    kinds = {
        "as it is": lambda title, body: (title, body),
        "another headline": lambda title, body: ("转发：今日要闻一览", body),
        "a dateline and an end mark": lambda title, body: (title, "新华社北京1月2日电（记者甲乙 丙丁）" + body + "（完）"),
        "a sentence left out": lambda title, body: (title, without_a_sentence(draw, body)),
        "0.5 % of the characters": lambda title, body: (title, edited(draw, body, 0.005, characters)),
        "1 % of the characters": lambda title, body: (title, edited(draw, body, 0.01, characters)),
        "2 % of the characters": lambda title, body: (title, edited(draw, body, 0.02, characters)),
        "5 % of the characters": lambda title, body: (title, edited(draw, body, 0.05, characters)),
        "half of the text": lambda title, body: (title, body[: len(body) // 2]),
    }
    with tempfile.TemporaryDirectory(prefix="tifa-copies-") as folder:
        base = Path(folder)
        lines = [{"id": f"a{i}", "date": day, "title": title, "text": body} for i, (day, title, body) in enumerate(articles)]
        for number, (kind, change) in enumerate(kinds.items()):
            for i in draw.sample(range(len(articles)), 200):
                day, title, body = articles[i]
                title, body = change(title, body)
                lines.append({"id": f"r{number}-{i}", "date": f"{int(day[:4]) + 5}{day[4:]}", "title": title, "text": body})
        draw.shuffle(lines)
        (base / "all.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        fields = "".join(f'{k} = "field:{k}"\n' for k in ("id", "title", "text")) + 'date = "field:date:%Y%m%d"\n'
        pipeline = base / "reprints.toml"
        pipeline.write_text(
            f'name = "reprints"\noutput = "output"\nshard = "1 MB"\n[[source]]\nname = "all"\nfiles = ["all.jsonl"]\nlayout = "jsonl"\n{fields}'
            f'[tag]\nlexicon = ["{LEXICON}"]\n[tally]\nduplicates = "first"\n',
            encoding="utf-8",
        )
        ran = tifa_run(pipeline, base)
        if not report.check("reprints: the run", ran.code != 0 and [ran.told()], f"{len(lines)} documents, {ran.seconds:.1f} s, {ran.peak_mb:.0f} MB of memory"):
            return
        found = copies(Release(base / "output" / "reprints" / "latest"), report)
        for number, kind in enumerate(kinds):
            made = [line["id"] for line in lines if line["id"].startswith(f"r{number}-")]
            right = [i for i in made if i in found and found[i][0].split("-")[-1].lstrip("a") == i.split("-")[1]]
            mean = sum(found[i][1] for i in right) / len(right) if right else 0
            print(f"        {kind}: {len(right)} of {len(made)} are copies of their article, similarity {mean:.2f}")


def main():
    report = Report()
    if len(sys.argv) == 2:
        copies(Release(sys.argv[1]), report)
    elif os.environ.get("TIFA_CORPORA"):
        reprints(os.environ["TIFA_CORPORA"], report)
    else:
        print("skipped: TIFA_CORPORA names no folder")
        return
    report.end()


if __name__ == "__main__":
    main()
