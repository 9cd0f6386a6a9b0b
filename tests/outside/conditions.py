"""Conditions of `[[check]]` beside DuckDB: made-up ones over the tables of a
release, whose failing rows both count.

Needs TIFA and duckdb. Arguments: a pipeline file that has a release, the folder
of its releases, and how many conditions (default: 400).
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from outside import Release, Report, binary

# Of each kind a column, with values that stand near what the tables hold.
TABLES = {
    "documents": {
        "number": ["chars", "han_chars", "sentences", "record"],
        "text": ["doc_id", "source", "title", "date_precision", "script"],
        "date": ["date_start", "date_end"],
        "truth": ["preamble"],
    },
    "events": {
        "number": ["term", "session", "char_start"],
        "text": ["name", "occasion_type", "place_name", "series", "occasion_id"],
        "date": ["date_start", "date_end"],
        "truth": [],
    },
    "theme_frequency": {
        "number": ["hits", "documents", "per_10k", "density_low", "level"],
        "text": ["theme", "period", "parent", "theme_zh"],
        "date": ["period_start", "period_end"],
        "truth": ["small_n", "partial"],
    },
}
TEXTS = ["会议", "水", "", "2024", "%", "month", "day", "全", "a_", "hans"]
NUMBERS = ["0", "1", "2", "3.5", "10", "100", "0.001", "-1"]
DAYS = ["2024-03-05", "2010-01-01", "1999-12-31", "2024-03-01"]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


class Maker:
    """Makes conditions over one table."""

    def __init__(self, columns, chance):
        self.columns, self.chance = columns, chance

    def number(self, deep):
        kinds = ["column", "value", "length", "year", "days"] + ["sum", "abs", "coalesce"] * (deep > 0)
        kind = self.chance.choice(kinds)
        one = self.chance.choice
        return {
            "column": lambda: one(self.columns["number"]),
            "value": lambda: one(NUMBERS),
            "length": lambda: f"length({one(self.columns['text'])})",
            "year": lambda: f"{one(['year', 'month', 'day'])}({self.date(deep - 1)})",
            "days": lambda: f"({self.date(deep - 1)} - {self.date(deep - 1)})",
            "sum": lambda: f"({self.number(deep - 1)} {one(['+', '-', '*', '/'])} {self.number(deep - 1)})",
            "abs": lambda: f"abs({self.number(deep - 1)})",
            "coalesce": lambda: f"coalesce({one(self.columns['number'])}, {one(NUMBERS)})",
        }[kind]()

    def date(self, deep):
        one = self.chance.choice
        column = one(self.columns["date"])
        return one([column, column, f"({column} + {one(['1', '30'])})", f"({column} - 7)", f"date {quoted(one(DAYS))}"])

    def text(self):
        one = self.chance.choice
        column = one(self.columns["text"])
        return one([column, column, f"lower({column})", f"upper({column})", f"coalesce({column}, {quoted(one(TEXTS))})"])

    def truth(self, deep):
        one = self.chance.choice
        sign = one(["=", "<>", "<", "<=", ">", ">="])
        kinds = ["number", "text", "date", "null", "in", "not in", "between", "like", "contains", "starts"] + ["column"] * bool(self.columns["truth"])
        kinds += ["and", "or", "not", "is"] * 2 * (deep > 0)
        negated = one(["", "not "])
        return {
            "number": lambda: f"{self.number(deep)} {sign} {self.number(deep)}",
            "text": lambda: f"{self.text()} {sign} {one([self.text(), quoted(one(TEXTS))])}",
            "date": lambda: f"{self.date(deep)} {sign} {one([self.date(deep), quoted(one(DAYS))])}",
            "null": lambda: f"{one(self.columns['number'] + self.columns['text'])} is {negated}null",
            "in": lambda: f"{self.text()} in ({', '.join(quoted(t) for t in self.chance.sample(TEXTS, 3))})",
            "not in": lambda: f"{one(self.columns['number'])} not in ({', '.join(self.chance.sample(NUMBERS, 3) + one([[], ['null']]))})",
            "between": lambda: f"{self.number(deep)} {negated}between {self.number(0)} and {self.number(0)}",
            "like": lambda: f"{self.text()} {negated}like {quoted(one(['%会%', '_议%', '%', '2024%', 'm__th', '%!%%']))} escape '!'",
            "contains": lambda: f"contains({self.text()}, {quoted(one(TEXTS))})",
            "starts": lambda: f"{one(['starts_with', 'ends_with'])}({self.text()}, {quoted(one(TEXTS))})",
            "column": lambda: one(self.columns["truth"]),
            "and": lambda: f"({self.truth(deep - 1)} and {self.truth(deep - 1)})",
            "or": lambda: f"({self.truth(deep - 1)} or {self.truth(deep - 1)})",
            "not": lambda: f"not ({self.truth(deep - 1)})",
            "is": lambda: f"({self.truth(deep - 1)}) is {negated}{one(['true', 'false'])}",
        }[one(kinds)]()


def main():
    pipeline, output, number = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), int((sys.argv[3:] or ["400"])[0])
    report, chance = Report(), random.Random(1)
    made = []
    for i in range(number):
        table = chance.choice(sorted(TABLES))
        made.append((f"c{i}", table, Maker(TABLES[table], chance).truth(chance.randint(0, 3))))
    text = pipeline.read_text(encoding="utf-8")
    checks = "".join(f'\n[[check]]\nname = "{n}"\ntable = "{t}"\nseverity = "warn"\nwhere = """{c}"""\n' for n, t, c in made)
    with tempfile.NamedTemporaryFile("w", suffix=".toml", dir=pipeline.parent, encoding="utf-8") as file:
        file.write(text + checks)
        file.flush()
        done = subprocess.run([binary(), "check", file.name, "--output", output, "--log-format", "json"], capture_output=True, text=True)
    if not report.check("tifa check", done.returncode != 0 and [done.stderr[-1500:]]):
        report.end()
    found = {line["check"]["name"]: line["check"]["failures"] for line in map(json.loads, done.stdout.splitlines())}
    name = next(line["pipeline"] for line in map(json.loads, done.stdout.splitlines()))
    db = Release(output / name / "latest").duckdb()
    faults, some = [], 0
    for check, table, condition in made:
        (expected,) = db.execute(f"select count(*) from {table} where {condition}").fetchone()
        some += expected > 0
        if expected != found[check]:
            faults.append(f"{table}: {condition}: DuckDB {expected}, tifa {found[check]}")
    report.check("DuckDB counts the same rows", faults, f"{number} conditions, {some} of them true of a row")
    report.end()


if __name__ == "__main__":
    main()
