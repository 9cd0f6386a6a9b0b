"""kill9.py [ROUNDS]        (the program is in the environment's TIFA)

Promise: whoever resolves `latest` once and reads there sees one whole release,
whatever is killed whenever. Each round changes some files of a corpus, starts a
run and kills it (SIGKILL) after a random time. Then `latest` must lead to a
whole release of this round's files or of an earlier round's, never of both. A
thread reads through `latest` all the while. In the end a normal run succeeds,
leaves nothing half-made behind, and has the tables of a run without a cache.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from outside import Release, Report, binary, tifa_run

FILES = 300
SEED = 20240306
# How many files change before a run, in turn.
CHANGED = [1, 5, 60]

PIPELINE = """
name = "days"
output = "../output"
shard = "200 KB"

[[source]]
name = "days"
files = ["../raw/*.md"]
layout = "markdown"
document = "heading:3"
date = "filename:%Y%m%d"
title = "heading"
cadence = "daily"

[tag]
lexicon = ["themes.toml"]
"""

THEMES = "".join(
    f'[[theme]]\nid = "{id}"\nzh = "{zh}"\nen = "{id}"\nterms = {json.dumps(terms, ensure_ascii=False)}\nsource = "written for this test"\n\n'
    for id, zh, terms in (("water", "供水", ["供水", "老旧管网"]), ("tea", "茶叶", ["茶叶"]), ("school", "学校", ["学校", "操场"]))
)
WHO = ["镇上的农技员", "河东村的茶农", "县水务站", "几位老师", "汽车站的调度员", "修桥的工人", "卖菜的大婶", "图书馆的值班员"]
WHEN = ["今天上午", "昨天", "3月5日", "这个月", "入冬以来", "2023年9月7日", "上个星期"]
WHAT = ["检查了老旧管网", "把茶叶送到站上", "为学校修好操场", "在河边量了水位", "商量供水的办法", "清点了新到的书", "给路灯换了灯泡", "说今年雨水不多"]


def article(draw):
    """Filler: sentences that mean little and are nobody's."""
    sentences = [f"{draw.choice(WHEN)}，{draw.choice(WHO)}{draw.choice(WHAT)}，{draw.choice(WHO)}{draw.choice(WHAT)}。" for _ in range(draw.randint(10, 30))]
    return "".join(f"<p>{''.join(sentences[i : i + 5])}</p>" for i in range(0, len(sentences), 5))


def write_day(raw, number, round_number, draw):
    """A file that says which round wrote it."""
    day = (date(2023, 1, 1) + timedelta(days=number)).strftime("%Y%m%d")
    body = "".join(f"### 第{i}条消息\n\n{article(draw)}\n\n" for i in range(1, draw.randint(5, 9)))
    (raw / f"{day}.md").write_text(f"# 日报\n\n### 记号\n\n第{round_number}轮写下。\n\n{body}", encoding="utf-8")
    return f"{day}.md"


def read_whole(latest, states):
    """Reads the release that `latest` leads to. Returns the number of its round.

    Raises if it is not whole, or not one round's.
    """
    release = Release(latest)
    for resource in [*release.tables.values(), *release.csv.values()]:
        for path in [resource["path"]] if isinstance(resource["path"], str) else resource["path"]:
            assert (release.folder / path).is_file(), f"{release.folder.name}: {path} is named, but not there"
    told = {t["name"]: t["rows"] for t in json.loads((release.folder / "run.json").read_text())["tables"]}
    tables = {name: release.read(name) for name in release.tables}
    for name, table in tables.items():
        assert table.num_rows == told[name], f"{release.folder.name}: {name} has {table.num_rows} rows, run.json says {told[name]}"
    hits = Counter(tables["hits"].column("theme").to_pylist())
    profile = dict(zip(tables["theme_profile"].column("theme").to_pylist(), tables["theme_profile"].column("hits").to_pylist()))
    assert hits and {t: hits[t] for t in profile} == profile, f"{release.folder.name}: hits {dict(hits)}, theme_profile {profile}"
    marks = {}
    for path, text in zip(tables["documents"].column("path").to_pylist(), tables["documents"].column("text").to_pylist()):
        if text.startswith("记号\n第"):
            marks[path] = int(text.split("第")[1].split("轮")[0])
    newest = max(marks.values())
    assert marks == states[newest], f"{release.folder.name}: files of several rounds: {set(marks.items()) ^ set(states[newest].items())}"
    return newest


class Reader(threading.Thread):
    """Reads through `latest` until it is told to stop."""

    def __init__(self, latest, states):
        super().__init__(daemon=True)
        self.latest, self.states = latest, states
        self.stop, self.reads, self.faults, self.rounds = threading.Event(), 0, [], []

    def run(self):
        while not self.stop.is_set():
            try:
                self.rounds.append(read_whole(self.latest, self.states))
            except Exception as fault:
                self.faults.append(f"read {self.reads}: {type(fault).__name__}: {fault}")
            self.reads += 1


def tables_of(folder):
    """Bytes of the tables of a release, by file."""
    root = Path(os.path.realpath(folder))
    return {str(p.relative_to(root)): p.read_bytes() for part in ("tables", "csv", "datapackage.json") for p in [root / part, *(root / part).rglob("*")] if p.is_file()}


def main():
    rounds = len(CHANGED) + (int(sys.argv[1]) if len(sys.argv) > 1 else 40)
    report, program, draw = Report(), binary(), random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="tifa-kill-") as folder:
        base = Path(folder)
        raw, pipelines = base / "raw", base / "pipelines"
        raw.mkdir()
        pipelines.mkdir()
        pipeline = pipelines / "days.toml"
        pipeline.write_text(PIPELINE, encoding="utf-8")
        (pipelines / "themes.toml").write_text(THEMES, encoding="utf-8")
        state = {write_day(raw, number, 0, draw): 0 for number in range(FILES)}
        states = {0: state}
        first = tifa_run(pipeline, base)
        if not report.check("the first run publishes", (first.code != 0 or "published" not in first.output) and [first.told()], f"{first.seconds:.2f} s"):
            report.end()
        latest = base / "output" / "days" / "latest"
        reader = Reader(latest, states)
        reader.start()
        faults, killed, moved, length = [], 0, 0, {}
        command = [program, "run", str(pipeline), "--output", str(base / "output"), "--work", str(base / "work")]
        seen = 0
        for number in range(1, rounds + 1):
            state = dict(state)
            changed = CHANGED[(number - 1) % len(CHANGED)]
            for chosen in draw.sample(range(FILES), changed):
                state[write_day(base, chosen, number, draw)] = number
            # The reader must know a state before it can be published.
            states[number] = state
            for path, wrote in state.items():
                if wrote == number:
                    os.replace(base / path, raw / path)
            start = time.monotonic()
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            # The first runs are left alone, to see how long each kind takes beside
            # the reader (whatever ends later corrects that); of the others every second dies late, about when it publishes.
            left_alone = number <= len(CHANGED)
            delay = None if left_alone else length[changed] * draw.uniform(0.6 if number % 2 else 0, 1.05)
            try:
                child.wait(timeout=delay)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
            error = child.stderr.read().decode(errors="replace")
            child.stderr.close()
            code = child.wait()
            killed += code == -signal.SIGKILL
            if code == 0:
                length[changed] = time.monotonic() - start
            if code not in (0, -signal.SIGKILL):
                faults.append(f"round {number}: exit {code}: {error[-300:]}")
            try:
                found = read_whole(latest, states)
                if found < seen or (code == 0 and found != number):
                    faults.append(f"round {number}, exit {code}: `latest` is of round {found}, before it was {seen}")
                moved += found > seen
                seen = max(seen, found)
            except Exception as fault:
                faults.append(f"round {number}, exit {code}: {type(fault).__name__}: {fault}")
        reader.stop.set()
        reader.join()
        report.check("`latest` leads to a whole release after every kill", faults, f"{rounds} runs of {min(length.values()):.2f} to {max(length.values()):.2f} s, {killed} killed, {moved} published")
        report.check("enough runs were killed midway for this to mean something", 3 * killed < rounds - len(CHANGED) and [f"{killed} of {rounds - len(CHANGED)}"])
        report.check("a reader saw whole releases all the while", reader.faults, f"{reader.reads} reads of {len(set(reader.rounds))} releases")
        report.check("a reader never went back in time", sorted(reader.rounds) != reader.rounds)
        last = tifa_run(pipeline, base)
        report.check("the next run succeeds", (last.code != 0 or not ("published" in last.output or "unchanged" in last.output)) and [last.told()])
        found = read_whole(latest, states)
        report.check("it has the newest files", found != rounds and [f"round {found} of {rounds}"])
        files = [p.relative_to(base) for p in (base / "output").rglob("*")]
        report.check("no half-made release or link is left", [str(p) for p in files if p.name.startswith((".new-", ".latest-"))])
        report.check("no half-made record of a run is left", [str(p) for p in files if p.suffix == ".tmp"])
        fresh = base / "fresh"
        whole = tifa_run(pipeline, fresh)
        one, other = tables_of(latest), tables_of(fresh / "output" / "days" / "latest")
        faults = [whole.told()] if whole.code else [p for p in one.keys() | other.keys() if one.get(p) != other.get(p)]
        report.check("the cache that the killed runs left gives the tables of a run without one", faults, f"{len(one)} files")
        shutil.rmtree(base / "output")
    report.end()


if __name__ == "__main__":
    main()
