"""self_agreement.py        (the program is in the environment's TIFA, the corpora's folder in TIFA_CORPORA)

Promise: where the broadcasts of xwlb say a day twice, 今天（9月7日）, both are
read as the same day.

The word is counted from the document's date; the month and the day stand in the
brackets. So the text itself says what the word must come to, and nobody has to
mark it by hand. Each place is read by `tifa explain --jsonl` in its paragraph.
A disagreement that `EXPLAINED` does not list is a fault, and so is an entry of
it that no longer disagrees, and a share of unread places above `UNREAD`.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

from outside import Report, binary

WORD = "今天|今日|今晨|今早|今晚|今夜|昨天|昨日|昨晚|昨夜|前天|前日|明天|明日|明晚|后天|本月|上月|上个月|下月|今年|去年|前年|明年|当天|当日|次日"
CLOCK = "清晨|早晨|早上|凌晨|上午|中午|下午|傍晚|晚上|晚间|夜间|晚"
# The brackets begin with the date, whatever comes after it.
GLOSSED = re.compile(rf"(?P<word>{WORD})(?P<clock>{CLOCK})?（\s*(?:当地时间|北京时间)?(?P<gloss>[0-9０-９]+\s*[年月日][^（）]*)）")

# (document, text as it stands there): why the two do not agree.
EXPLAINED = {
    ("20221213", "今天（12月13）"): "the text leaves out 日, so that only the month is written",
    ("20240607", "今天（6月6日）"): "a foreign guest's words of the day before, given as he said them",
    ("20240803", "今天（8日3日）"): "the text has 日 for 月",
}

# At most this share of the places may be left unread, on one side or both: 当天
# with no date before it has no value.
UNREAD = 0.001

PLACES_EXPECTED = 6000


def places(folder):
    """(document, day, paragraph, match) for each place in the corpus, in order."""
    for file in sorted(Path(folder).glob("*.md")):
        day = date(int(file.stem[:4]), int(file.stem[4:6]), int(file.stem[6:8]))
        for line in file.read_text(encoding="utf-8-sig").splitlines():
            for match in GLOSSED.finditer(line):
                yield file.stem, day, line, match


def explained(lines):
    """What the program reads in each of (id, text, day)."""
    given = "".join(json.dumps({"id": i, "text": text, "date": str(day)}, ensure_ascii=False) + "\n" for i, text, day in lines)
    done = subprocess.run([binary(), "explain", "--jsonl"], input=given, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        sys.exit(f"explain --jsonl: exit {done.returncode}: {done.stderr.strip()[-600:]}")
    return {read["id"]: read for read in map(json.loads, done.stdout.splitlines())}


def value(mention):
    """First and last day as text; None for what has neither."""
    days = mention and (mention["date_start"], mention["date_end"])
    return days if days and any(days) else None


def same(word, gloss):
    """Whether the two agree. What is open on one side (截至昨天（4日）) agrees by
    the other, and a range whose end the brackets tell (昨晚到今天（5日）) by its last day."""
    (start, end), told = value(word), value(gloss)
    if word["bound"] == "since":
        return start == told[0]
    if word["bound"] == "until" or word["rule"] == "range":
        return end == told[1]
    return (start, end) == told


def main():
    corpora = os.environ.get("TIFA_CORPORA")
    if not corpora:
        print("skipped: TIFA_CORPORA names no folder")
        return
    report = Report()
    found = list(places(Path(corpora) / "xwlb"))
    texts = {}
    for document, day, line, _ in found:
        texts.setdefault((document, line), (f"{len(texts)}", line, day))
    read = explained(texts.values())
    counts, by_word, disagree, unread = Counter(), {}, [], []
    for document, day, line, match in found:
        dates = read[texts[document, line][0]]["dates"]
        # The word's mention covers its last character, the gloss's its first.
        at, inside = match.end("word") - 1, match.start("gloss")
        word = next((d for d in dates if d["start_char"] <= at < d["end_char"]), None)
        gloss = next((d for d in dates if d["start_char"] <= inside < d["end_char"]), None)
        if value(word) is None or value(gloss) is None:
            result = "not read"
            unread.append((document, match[0], value(word), value(gloss)))
        elif same(word, gloss):
            result = "agree"
        else:
            result = "disagree"
            disagree.append((document, match[0], value(word), value(gloss)))
        counts[result] += 1
        by_word.setdefault(match["word"], Counter())[result] += 1
    print(f"{'word':<8}{'agree':>8}{'disagree':>10}{'not read':>10}")
    for word, of_word in sorted(by_word.items(), key=lambda item: (-item[1].total(), item[0])) + [("all", counts)]:
        print(f"{word + ' ' * (8 - sum(1 + (c > chr(127)) for c in word))}{of_word['agree']:>8}{of_word['disagree']:>10}{of_word['not read']:>10}")
    shown = lambda days: "?" if days is None else days[0] if days[0] == days[1] else f"{days[0] or ''}/{days[1] or ''}"  # noqa: E731
    for document, text, word, gloss in disagree:
        reason = EXPLAINED.get((document, text), "NOT EXPLAINED")
        print(f"disagree  {document}  {text}  word {shown(word)}, brackets {shown(gloss)}  {reason}")
    for document, text, word, gloss in unread:
        print(f"not read  {document}  {text}  word {shown(word)}, brackets {shown(gloss)}")
    report.check("xwlb: the corpus says days twice", counts.total() < PLACES_EXPECTED and [f"{counts.total()} places"], f"{counts.total()} places")
    report.check("xwlb: both are read", counts["not read"] > UNREAD * counts.total() and [f"{counts['not read']} are not"], f"all but {counts['not read']}")
    keys = {(document, text) for document, text, _, _ in disagree}
    report.check("xwlb: both are the same day", [f"{d}: {t}" for d, t in sorted(keys - set(EXPLAINED))], f"{counts['agree']}, and {len(disagree)} explained")
    report.check("xwlb: what is explained still disagrees", [f"{d}: {t}" for d, t in sorted(set(EXPLAINED) - keys)])
    report.end()


if __name__ == "__main__":
    main()
