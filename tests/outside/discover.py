"""discover.py XWLB        (the program is in the environment's TIFA)

Promise: new phrases of two years of broadcasts are found without any lexicon:
新质生产力 among the first 10 of September 2023 to March 2024, 以旧换新 among the first
100 of 2024, 低空经济 among those of 2024. The counts are those of Python's, the
figures come from the counts, and a release says the same as `tifa discover`.
"""

import math
import subprocess
import sys
import tempfile
from pathlib import Path

from outside import BROADCASTS, Release, Report, binary, tifa_run

PIPELINE = 'name = "discover"\noutput = "output"\n' + BROADCASTS + '[discover]\nwindows = ["2023-09/2024-03", "2024"]\n'

BARS = [("2023-09-01", "新质生产力", 10), ("2024-01-01", "以旧换新", 100), ("2024-01-01", "低空经济", 200)]


def han_runs(text):
    """The Han characters of a text; everything else is a space."""
    return "".join(c if "\u4e00" <= c <= "\u9fff" or c == "〇" else " " for c in text)


def main():
    folder = Path(sys.argv[1]).resolve()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tifa-discover-") as temporary:
        base = Path(temporary)
        pipeline = base / "discover.toml"
        pipeline.write_text(PIPELINE.replace("{folder}", str(folder)), encoding="utf-8")
        ran = tifa_run(pipeline, base)
        report.check("the run", ran.code != 0 and [ran.told()], f"{ran.seconds:.1f} s, {ran.peak_mb:.0f} MB of memory")
        if ran.code:
            report.end()
        release = Release(base / "output" / "discover" / "latest")
        names = ("window_start", "window_end", "rank", "phrase", "count", "documents", "count_before", "han_chars_window", "han_chars_before", "log_ratio", "first_date")
        rows = [dict(zip(names, row)) for row in release.rows("candidates", *names)]
        for start, phrase, most in BARS:
            rank = next((r["rank"] for r in rows if str(r["window_start"]) == start and r["phrase"] == phrase), None)
            report.check(f"{phrase} is among the first {most} of the window from {start}", rank is None or rank > most, f"rank {rank}")
        documents = [(day, han_runs(text)) for day, text in release.rows("documents", "date_start", "text") if day]
        preambles = release.duckdb().execute("select count(*) from documents where preamble").fetchone()[0]
        texts = documents if not preambles else [(d, han_runs(t)) for d, t in release.duckdb().execute("select date_start, text from documents where not preamble and date_start is not null").fetchall()]
        faults = []
        for row in rows[::7]:
            inside = [text for day, text in texts if row["window_start"] <= day <= row["window_end"]]
            before = [(day, text) for day, text in texts if day < row["window_start"]]
            count = sum(text.count(row["phrase"]) for text in inside)
            first = min((day for day, text in texts if day <= row["window_end"] and row["phrase"] in text), default=None)
            expected = (count, sum(row["phrase"] in text for text in inside), sum(text.count(row["phrase"]) for _, text in before), first)
            found = (row["count"], row["documents"], row["count_before"], row["first_date"])
            if found != expected:
                faults.append(f"{row['phrase']}: {found}, Python says {expected}")
            ratio = math.log2(((count + 0.5) / row["han_chars_window"]) / ((expected[2] + 0.5) / row["han_chars_before"]))
            if abs(ratio - row["log_ratio"]) > 1e-9:
                faults.append(f"{row['phrase']}: log ratio {row['log_ratio']}, from the counts {ratio}")
        report.check("occurrences, documents and first dates are those of a plain search", faults, f"{len(rows[::7])} of {len(rows)} rows")
        done = subprocess.run([binary(), "discover", str(pipeline), "--window", "2024", "--top", "5", "--output", base / "output", "--work", base / "work"], capture_output=True, text=True, cwd=base)
        said = [line.split()[1] for line in done.stdout.splitlines()[2:7]]
        expected = [r["phrase"] for r in rows if str(r["window_start"]) == "2024-01-01"][:5]
        report.check("`tifa discover` says the same", said != expected and [f"{said}, the release {expected} {done.stderr[-300:]}"])
    report.end()


if __name__ == "__main__":
    main()
