"""corpora.py        (the program is in the environment's TIFA, the corpora's folder in TIFA_CORPORA)

Promise: the real corpora come out right.

- chronicle: a retrospective article gives exactly its ten occasions, and no
  sentence is split or glued where a page broke it.
- xwlb: two years of broadcasts, without a reject, with every Han character, every
  hit and the missing days.
- gwr: the work reports of 1954 to 2010, with the years that have none, and the
  traditional script converted.
- lexicon: every theme occurs in one of the three, and nearly every term.

Every release also goes through `check_release.py` and `recount.py`.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

from outside import BROADCASTS, LEXICON, Release, Report, tifa_run

PIPELINES = {
    "chronicle": """
[[source]]
name = "chronicle"
files = ["{folder}/*.txt"]
layout = "text"
title = "first-line"
register = "retrospective"
""",
    "xwlb": BROADCASTS,
    "gwr": """
[[source]]
name = "gwr"
files = ["{folder}/*.jsonl"]
layout = "jsonl"
document = "record"
text = "field:content"
title = "field:title"
date = "field:year"
url = "field:url"
register = "report"
cadence = "yearly"
""",
}

# First and last day, precision, name, type, series, session, place, region.
OCCASIONS = [
    ("2023-09-01", "2023-09-30", "month", "黑龙江考察", "inspection", None, "230000", None),
    ("2023-09-07", "2023-09-07", "day", "新时代推动东北全面振兴座谈会", "symposium", None, None, None),
    ("2023-09-08", "2023-09-08", "day", "听取黑龙江省委和省政府工作汇报", "briefing", None, None, "230000"),
    ("2023-12-11", "2023-12-12", "day", "中央经济工作会议", "conference", None, None, None),
    ("2024-01-19", "2024-01-19", "day", "就国家工程师奖首次评选表彰作出重要指示", "message", None, None, None),
    ("2024-01-31", "2024-01-31", "day", "二十届中央政治局第十一次集体学习", "study_session", 11, None, None),
    ("2024-02-02", "2024-02-02", "day", "听取天津市委和市政府工作汇报", "briefing", None, None, "120000"),
    ("2024-02-29", "2024-02-29", "day", "二十届中央政治局第十二次集体学习", "study_session", 12, None, None),
    ("2024-03-05", "2024-03-05", "day", "十四届全国人大二次会议江苏代表团审议", "deliberation", 2, None, "320000"),
    ("2024-03-06", "2024-03-06", "day", "全国政协十四届二次会议联组会", "deliberation", 2, None, None),
]
ACTOR = "习近平"

MISSING_DAYS = ["2022-10-16", "2023-06-15", "2023-11-06", "2024-04-19", "2024-07-21"]
SHORT_DAYS = ["2022-11-21"]
NEW_FORCES = "新质生产力"
FIRST_SEEN, FIRST_EVENT = "2023-09-09", "2023-09-07"
XWLB_DAYS = 825

GWR_DOCUMENTS, GWR_MISSING = 38, 19
# Of the terms, at most this share may occur nowhere: variants of a theme that does.
SILENT_TERMS = 0.02
# Characters that no simplified text has.
TRADITIONAL = "國會發經濟業產農動對個們來為這時過開關問題進實現義"


def days(rows):
    """Days as text."""
    return sorted(str(day) for (day,) in rows)


def chronicle(release, folder, report):
    """Ten occasions; sentences whole across pages."""
    columns = ("date_start", "date_end", "precision", "name", "occasion_type", "session", "place_code", "region_code")
    found = {(str(a), str(b), *rest) for a, b, *rest in release.rows("occasions", *columns)}
    faults = [f"missing: {row}" for row in sorted(set(OCCASIONS) - found, key=str)] + [f"found: {row}" for row in sorted(found - set(OCCASIONS), key=str)]
    report.check("chronicle: exactly its ten occasions", faults, f"{len(found)}")
    actors = release.rows("events", "name", "actor_names")
    report.check("chronicle: ten mentions", len(actors) != len(OCCASIONS) and [f"{len(actors)}"])
    report.check(f"chronicle: the actor of each is {ACTOR}", [f"{name}: {names}" for name, names in actors if names != [ACTOR]])

    (raw,) = sorted(Path(folder).glob("*.txt"))
    blocks = [block.strip() for block in re.split(r"\n\s*\n", raw.read_text(encoding="utf-8-sig").strip())]
    paragraphs, cuts = [blocks[0]], []
    for block in blocks[1:]:
        if len(paragraphs) > 1 and not paragraphs[-1].endswith(tuple("。！？…”’）》")):
            cuts.append((len(paragraphs) - 1, len(paragraphs[-1])))
            paragraphs[-1] += block
        else:
            paragraphs.append(block)
    ((doc_id, text),) = release.rows("documents", "doc_id", "text")
    lines = text.split("\n")
    faults = [f"paragraph {i}: {lines[i : i + 1]!r} for {paragraphs[i : i + 1]!r}"[:400] for i in range(max(len(lines), len(paragraphs))) if lines[i : i + 1] != paragraphs[i : i + 1]]
    report.check("chronicle: paragraphs are whole across pages", faults, f"{len(paragraphs)} paragraphs, {len(cuts)} cut by a page")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    sentences = release.rows("sentences", "char_start", "char_end", "in_title")
    faults = [f"a sentence begins or ends at the page break in …{text[at - 10 : at + 10]!r}…" for at in (starts[p] + o for p, o in cuts) if not any(a < at < b for a, b, _ in sentences)]
    # Whole sentences: they end like one, and hold no end of another.
    for start, end, in_title in sentences:
        said = text[start:end]
        if not in_title and not re.fullmatch(r"[^。！？]*[。！？][”’）》]*", said):
            faults.append(f"no whole sentence: {said!r}")
    report.check("chronicle: no sentence is split or glued", faults, f"{len(sentences)} sentences")


def xwlb(release, folder, report):
    """Nothing lost, gaps shown, the first time of a theme."""
    rejects = release.rows("rejects", "path", "reason", "detail")
    report.check("xwlb: no rejects", rejects)
    db = release.duckdb()
    files = {path for (path,) in release.rows("documents", "path")}
    report.check("xwlb: every day is there", len(files) != XWLB_DAYS and [f"{len(files)} files"], f"{len(files)} files")
    missing = days(db.execute("select date_start from coverage where missing").fetchall())
    report.check("xwlb: the missing days and no others", missing != MISSING_DAYS and [f"{missing}"], ", ".join(missing))
    short = days(db.execute("select date_start from coverage where suspiciously_short").fetchall())
    report.check("xwlb: the short day and no other", short != SHORT_DAYS and [f"{short}"], ", ".join(short))
    rows = [tuple(map(str, r)) for r in db.execute("select first_date, first_event_date from theme_profile where theme_zh = ?", [NEW_FORCES]).fetchall()]
    expected = [(FIRST_SEEN, FIRST_EVENT)]
    report.check(f"xwlb: {NEW_FORCES} is first seen on {FIRST_SEEN}, of the {FIRST_EVENT}", rows != expected and [f"{rows}"])
    script("strip_count.py", report, release.folder, folder)


def gwr(release, folder, report):
    """Every report, the years without one, the traditional script."""
    raw = {}
    for file in Path(folder).glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            raw[record["url"]] = record
    report.check("gwr: no rejects", release.rows("rejects", "path", "record", "reason"))
    documents = release.rows("documents", "url", "title", "text", "script", "date_start", "date_precision")
    faults = [f"{u} is missing" for u in raw.keys() - {d[0] for d in documents}]
    faults += [f"{u}: {t}, {d} ({p})" for u, t, _, _, d, p in documents if (t, str(d), p) != (raw[u]["title"], f"{raw[u]['year']}-01-01", "year")]
    report.check("gwr: every report, with its title and year", faults or (len(documents) != GWR_DOCUMENTS and [f"{len(documents)}"]), f"{len(documents)} documents")
    years = sorted(int(record["year"]) for record in raw.values())
    expected = [date(year, 1, 1) for year in range(years[0], years[-1] + 1) if year not in years]
    missing = [day for day, gone in sorted(release.rows("coverage", "date_start", "missing")) if gone]
    report.check("gwr: the years without a report", (missing != expected or len(missing) != GWR_MISSING) and [f"{missing}"], f"{len(missing)} years")
    han = lambda text: sum("\u4e00" <= c <= "\u9fff" for c in text)  # noqa: E731
    faults = [f"{t}: {han(x)} Han characters, raw {n}" for u, t, x, *_ in documents if (n := han(raw[u]["title"] + raw[u]["content"])) != han(x)]
    report.check("gwr: no Han character is lost", faults, f"{sum(han(x) for _, _, x, *_ in documents)}")
    faults, converted = [], Counter()
    for url, title, _, script_of, *_ in documents:
        number = sum(map(raw[url]["content"].count, TRADITIONAL))
        expected_script = {"hans"} if number < 10 else {"hant", "mixed"} if number < 1000 else {"hant"}
        converted[script_of] += 1
        if script_of not in expected_script:
            faults.append(f"{title}: script is {script_of}, with {number} traditional characters")
    report.check("gwr: the script column tells of traditional text", faults, f"{dict(converted)}")
    left = [f"{title}: {len(found)} left, as in …{text[max(0, found[0] - 8) : found[0] + 8]!r}…" for _, title, text, *_ in documents if (found := [i for i, c in enumerate(text) if c in TRADITIONAL])]
    report.check("gwr: no traditional characters are left", left)


def lexicon(releases, report):
    """Themes and terms that occur nowhere are padding."""
    heard, terms = set(), {}
    for release in releases:
        heard |= set(release.rows("hits", "theme", "term"))
        terms = {theme: listed for theme, listed in release.rows("themes", "theme", "terms") if listed}
    silent = [theme for theme, listed in terms.items() if not any((theme, term) in heard for term in listed)]
    report.check("lexicon: every theme occurs", silent, f"{len(terms)} themes")
    unheard = [f"{term} ({theme})" for theme, listed in terms.items() for term in listed if (theme, term) not in heard]
    number = sum(map(len, terms.values()))
    report.check("lexicon: nearly every term occurs", len(unheard) > SILENT_TERMS * number and unheard, f"{number} terms; nowhere: {', '.join(unheard) or 'none'}")


def script(name, report, *arguments):
    """Runs another check of this folder."""
    done = subprocess.run([sys.executable, Path(__file__).with_name(name), *map(str, arguments)], capture_output=True, text=True)
    print("".join(f"        {line}\n" for line in done.stdout.splitlines()), end="", flush=True)
    report.check(f"{name} {' '.join(Path(a).name for a in map(str, arguments[:1]))}", done.returncode != 0 and [f"exit {done.returncode} {done.stderr[-800:]}".strip()])


def main():
    corpora = os.environ.get("TIFA_CORPORA")
    if not corpora:
        print("skipped: TIFA_CORPORA names no folder")
        return
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tifa-corpora-") as temporary:
        base = Path(temporary)
        ran = {}
        # All runs come first: memory of this process would be counted as theirs.
        for name, sources in PIPELINES.items():
            pipeline = base / f"{name}.toml"
            folder = Path(corpora).resolve() / name
            written = f'name = "{name}"\noutput = "output"\n{sources.replace("{folder}", str(folder))}\n[tag]\nlexicon = ["{LEXICON}"]\n'
            pipeline.write_text(written, encoding="utf-8")
            ran[name] = tifa_run(pipeline, base)
            report.check(f"{name}: the run", ran[name].code != 0 and [ran[name].told()], f"{ran[name].seconds:.1f} s, {ran[name].peak_mb:.0f} MB of memory")
        releases = []
        for name, check in (("chronicle", chronicle), ("xwlb", xwlb), ("gwr", gwr)):
            if ran[name].code == 0:
                release = Release(base / "output" / name / "latest")
                releases.append(release)
                check(release, Path(corpora) / name, report)
                script("check_release.py", report, release.folder)
                script("recount.py", report, release.folder, LEXICON)
                script("copies.py", report, release.folder)
        if len(releases) == len(PIPELINES):
            lexicon(releases, report)
    report.end()


if __name__ == "__main__":
    main()
