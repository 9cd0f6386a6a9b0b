#!/usr/bin/env python3
"""Loads a release into PostgreSQL.

    python3 load.py output/sample/latest --schema tifa [--dsn "host=… dbname=…"]

Needs Python 3.9 and psql, nothing else. Tables, types, keys, references and
comments come from the release's datapackage.json; rows from its CSV files, with
COPY. Parquet alone is not loaded: the tables that are one file have a CSV twin
by default, the folders (documents, sentences, hits, …) have one if the pipeline
says `[write] csv = "all"`.

All happens in one transaction, in a schema of its own that takes the place of
the old one at the end: whoever reads sees the old release or the new one, whole.
A release that is already there is not loaded again (`--force` loads it).

Connection: --dsn, or the variables PGHOST, PGDATABASE, PGUSER … of libpq.
Exit: 0 loaded or already there; 1 psql refused, and nothing has changed.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from pathlib import Path

TYPES = {
    "string": "text",
    "array": "text[]",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
}
VIEWS = Path(__file__).resolve().parent / "views.sql"
# Views over documents, sentences and hits: only where those were loaded.
TEXT_VIEWS = Path(__file__).resolve().parent / "views_text.sql"

csv.field_size_limit(1 << 30)


def name(identifier):
    """An identifier, quoted."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value):
    """A literal."""
    return "'" + str(value).replace("'", "''") + "'"


def names(identifiers):
    return ", ".join(name(i) for i in identifiers)


class Table:
    """A resource of the package that is a CSV file."""

    def __init__(self, resource):
        self.name = resource["name"].removesuffix("-csv")
        self.path = resource["path"]
        self.description = resource["description"]
        self.schema = resource["schema"]
        self.fields = self.schema["fields"]

    def create(self):
        """CREATE TABLE with types, and comments from the descriptions."""
        columns = [f"  {name(f['name'])} {TYPES[f['type']]}{' NOT NULL' if f['constraints']['required'] else ''}" for f in self.fields]
        yield f"CREATE TABLE {name(self.name)} (\n" + ",\n".join(columns) + "\n);"
        yield f"COMMENT ON TABLE {name(self.name)} IS {text(self.description)};"
        for field in self.fields:
            yield f"COMMENT ON COLUMN {name(self.name)}.{name(field['name'])} IS {text(field['description'])};"

    def copy(self):
        """COPY; the rows follow."""
        return f"COPY {name(self.name)} ({names(f['name'] for f in self.fields)}) FROM STDIN;"

    def keys(self):
        """The key: of the one with nulls in it, equal nulls are the same (PostgreSQL 15)."""
        if "primaryKey" in self.schema:
            yield f"ALTER TABLE {name(self.name)} ADD PRIMARY KEY ({names(self.schema['primaryKey'])});"
        for key in self.schema.get("uniqueKeys", []):
            yield f"ALTER TABLE {name(self.name)} ADD UNIQUE NULLS NOT DISTINCT ({names(key)});"

    def references(self):
        for reference in self.schema.get("foreignKeys", []):
            to = reference["reference"]
            table = to["resource"].removesuffix("-csv")
            yield f"ALTER TABLE {name(self.name)} ADD FOREIGN KEY ({names(reference['fields'])}) REFERENCES {name(table)} ({names(to['fields'])});"

    def rows(self, folder):
        """The rows of the CSV file as lines for COPY, one at a time."""
        with open(folder / self.path, encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader)
            if header != [f["name"] for f in self.fields]:
                sys.exit(f"{self.path}: the header is {header}, not what datapackage.json says")
            for row in reader:
                yield "\t".join(value(field, cell) for field, cell in zip(self.fields, row)) + "\n"


def value(field, cell):
    """A cell as COPY's text format has it: null apart from empty text, no guard, lists as arrays."""
    if cell == "" and field.get("missingValues") != []:
        return "\\N"
    if field["type"] == "string":
        return escaped(cell[1:] if cell.startswith("'") else cell)
    if field["type"] == "array":
        return escaped("{" + ",".join('"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in json.loads(cell)) + "}")
    return cell


def escaped(cell):
    """PostgreSQL has no text with NUL in it: U+FFFD stands for it."""
    return cell.translate(ESCAPES)


ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\ufffd"})


def release_row(folder):
    """What run.json says of the release itself."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    counts = run["counts"]
    return {
        "release": (run["release"], "text PRIMARY KEY", "id of the release"),
        "pipeline": (run["pipeline"], "text NOT NULL", "name of the pipeline"),
        "published": (run["finished"], "timestamptz NOT NULL", "when the run ended that wrote it"),
        "tifa_version": (run["tifa"], "text NOT NULL", "version of tifa"),
        "schema_version": (run["schema_version"], "text NOT NULL", "version of the columns"),
        "newest_date": (counts["newest_date"], "date", "day of the newest document"),
        "records": (counts["records"], "bigint NOT NULL", "records read"),
        "records_rejected": (counts["records_rejected"], "bigint NOT NULL", "records that could not be used: see rejects"),
        "documents": (counts["documents"], "bigint NOT NULL", "documents"),
        "han_chars": (counts["han_chars"], "bigint NOT NULL", "their Han characters"),
    }


def script(folder, tables, schema, write):
    """Writes what psql is to run."""
    new = f"{schema}_new"
    release = release_row(folder)

    def say(*statements):
        for statement in statements:
            write(statement + "\n")

    say("\\set ON_ERROR_STOP on", "SET client_min_messages = warning;", "BEGIN;")
    # One load at a time; a second one waits here.
    say(f"SELECT pg_advisory_xact_lock(hashtext({text('tifa.' + schema)})) \\g /dev/null")
    say(f"DROP SCHEMA IF EXISTS {name(new)} CASCADE;", f"CREATE SCHEMA {name(new)};", f"SET LOCAL search_path = {name(new)};")
    for table in tables:
        say(*table.create(), table.copy())
        for line in table.rows(folder):
            write(line)
        say("\\.")
    # All keys, then what refers to them.
    for table in tables:
        say(*table.keys())
    for table in tables:
        say(*table.references())
    say("CREATE TABLE release (" + ", ".join(f"{name(n)} {kind}" for n, (_, kind, _) in release.items()) + ");")
    say("COMMENT ON TABLE release IS 'the release that is loaded: one row';")
    say(*(f"COMMENT ON COLUMN release.{name(n)} IS {text(why)};" for n, (_, _, why) in release.items()))
    say("INSERT INTO release VALUES (" + ", ".join("NULL" if v is None else text(v) for v, _, _ in release.values()) + ");")
    write(VIEWS.read_text(encoding="utf-8"))
    if {"documents", "sentences", "hits", "events"} <= {t.name for t in tables}:
        write(TEXT_VIEWS.read_text(encoding="utf-8"))
    say(*(f"ANALYZE {name(t.name)};" for t in tables))
    # Who could read the old schema can read the new one.
    say(
        f"""DO $$ DECLARE reader text; BEGIN
  FOR reader IN SELECT DISTINCT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END
      FROM pg_namespace n, aclexplode(n.nspacl) g WHERE n.nspname = {text(schema)} AND g.privilege_type = 'USAGE' AND g.grantee <> n.nspowner LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %s', {text(new)}, reader, {text(new)}, reader);
  END LOOP;
END $$;"""
    )
    say(f"DROP SCHEMA IF EXISTS {name(schema)} CASCADE;", f"ALTER SCHEMA {name(new)} RENAME TO {name(schema)};")
    say(f"COMMENT ON SCHEMA {name(schema)} IS {text('tifa release ' + release['release'][0])};", "COMMIT;")


def psql(dsn, *options):
    return ["psql", "--no-psqlrc", "--quiet", *options, *([dsn] if dsn else [])]


def loaded(dsn, schema):
    """The release that is there, if one is."""
    query = f"SELECT release FROM {name(schema)}.release"
    done = subprocess.run(psql(dsn, "--tuples-only", "--no-align", "--command", query), capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("release", help="folder of a release; a link such as latest is resolved once")
    parser.add_argument("--schema", default="tifa", help="schema to replace (default: tifa)")
    parser.add_argument("--dsn", default="", help="libpq connection string or URI")
    parser.add_argument("--print", action="store_true", help="write the SQL to standard output, run nothing")
    parser.add_argument("--force", action="store_true", help="load a release that is already there")
    options = parser.parse_args()

    folder = Path(os.path.realpath(options.release))
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    tables = [Table(r) for r in package["resources"] if r["format"] == "csv"]
    without = sorted({r["name"] for r in package["resources"]} - {t.name for t in tables} - {t.name + "-csv" for t in tables})
    if options.print:
        script(folder, tables, options.schema, sys.stdout.write)
        return
    release = release_row(folder)["release"][0]
    if not options.force and loaded(options.dsn, options.schema) == release:
        print(f"{options.schema}: release {release} is there already")
        return
    child = subprocess.Popen(psql(options.dsn, "--file", "-"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, encoding="utf-8")
    try:
        script(folder, tables, options.schema, child.stdin.write)
        child.stdin.close()
    except BrokenPipeError:
        pass  # psql has said why
    if child.wait() != 0:
        sys.exit(f"psql ended with {child.returncode}; nothing has changed in {options.schema}")
    print(f"{options.schema}: release {release}, {len(tables)} tables")
    if without:
        print(f'not loaded, for they have no CSV ([write] csv = "all" in the pipeline writes it): {", ".join(without)}')


if __name__ == "__main__":
    main()
