"""check_release.py RELEASE_FOLDER [auto|document|event]

Promise: a reader that is not ours can use a release. pyarrow and DuckDB open
every table with the columns that the data package names, the CSV twins hold the
same cells, every span leads back to the text, keys are unique, references lead
somewhere, and every count of the series can be recomputed in SQL from `hits`,
`sentences` and `documents` (the last argument is the pipeline's `date_basis`).
"""

import csv
import json
import sys

import pyarrow
import pyarrow.parquet

from outside import Release, Report

csv.field_size_limit(1 << 30)

TYPES = {
    "string": lambda t: t == pyarrow.string(),
    "array": lambda t: pyarrow.types.is_list(t) and t.value_type == pyarrow.string(),
    "integer": pyarrow.types.is_integer,
    "number": lambda t: t == pyarrow.float64(),
    "boolean": pyarrow.types.is_boolean,
    "date": lambda t: t == pyarrow.date32(),
}

REFERENCES = [
    ("sentences", ["doc_id"], "documents", ["doc_id"]),
    ("dates", ["doc_id", "sentence"], "sentences", ["doc_id", "sentence"]),
    ("places", ["doc_id", "sentence"], "sentences", ["doc_id", "sentence"]),
    ("events", ["doc_id", "sentence"], "sentences", ["doc_id", "sentence"]),
    ("hits", ["doc_id", "sentence"], "sentences", ["doc_id", "sentence"]),
    ("sentences", ["doc_id", "event_id"], "events", ["doc_id", "event_id"]),
    ("hits", ["doc_id", "event_id"], "events", ["doc_id", "event_id"]),
    ("events", ["occasion_id"], "occasions", ["occasion_id"]),
    ("occasions", ["occasion_id"], "events", ["occasion_id"]),
    ("occasions", ["first_doc_id"], "documents", ["doc_id"]),
    ("copies", ["doc_id"], "documents", ["doc_id"]),
    ("copies", ["first_doc_id"], "documents", ["doc_id"]),
    ("hits", ["theme"], "themes", ["theme"]),
    ("themes", ["parent"], "themes", ["theme"]),
    ("themes", ["theme"], "theme_profile", ["theme"]),
    ("theme_profile", ["theme"], "themes", ["theme"]),
    ("theme_frequency", ["theme"], "themes", ["theme"]),
    ("theme_breakdown", ["theme"], "themes", ["theme"]),
    ("theme_pairs", ["theme_a"], "themes", ["theme"]),
    ("theme_pairs", ["theme_b"], "themes", ["theme"]),
    ("theme_sources", ["theme"], "themes", ["theme"]),
    ("keyness", ["theme"], "themes", ["theme"]),
    ("theme_profile", ["first_doc_id"], "documents", ["doc_id"]),
    ("theme_profile", ["last_doc_id"], "documents", ["doc_id"]),
]


# Tables with a file for each shard: their numbers and days are not compressed, and of
# their texts those of the key have statistics, and in `documents` the short ones.
OF_SHARDS = {"documents", "sentences", "dates", "places", "events", "hits"}
LONG = {"documents": {"title", "url", "text", "content_hash"}, "occasions": {"name"}}


def parquet_files(release, report):
    """The files themselves: types, compression, metadata, order."""
    files, faults, order = 0, [], []
    for table, resource in release.tables.items():
        fields = resource["schema"]["fields"]
        for path in release.files(table):
            files += 1
            name = path.relative_to(release.folder)
            parquet = pyarrow.parquet.ParquetFile(path)
            schema = parquet.schema_arrow
            if schema.names != [f["name"] for f in fields]:
                faults.append(f"{name}: columns {schema.names}")
                continue
            for field in fields:
                found = schema.field(field["name"])
                if not TYPES[field["type"]](found.type):
                    faults.append(f"{name}: {field['name']} is {found.type}, the package says {field['type']}")
                if field["constraints"]["required"] and found.nullable:
                    faults.append(f"{name}: {field['name']} is required, but may be null in the file")
            metadata = parquet.metadata.metadata or {}
            if metadata.get(b"tifa.schema_version", b"").decode() != release.package["version"]:
                faults.append(f"{name}: tifa.schema_version is {metadata.get(b'tifa.schema_version')}")
            types = {f["name"]: f["type"] for f in fields}
            key = resource["schema"].get("primaryKey") or next(iter(resource["schema"].get("uniqueKeys", [])), [])
            for g in range(parquet.metadata.num_row_groups):
                group = parquet.metadata.row_group(g)
                for c in range(group.num_columns):
                    column = group.column(c)
                    of = column.path_in_schema.split(".")[0]
                    plain = table in OF_SHARDS and types[of] in ("integer", "date")
                    if column.compression != ("UNCOMPRESSED" if plain else "ZSTD"):
                        faults.append(f"{name}: {of} is compressed by {column.compression}")
                    bare = of in LONG.get(table, ()) or table in OF_SHARDS - {"documents"} and types[of] == "string" and of not in key
                    if (column.statistics is None) != bare:
                        faults.append(f"{name}: {of} has {'no ' if column.statistics is None else ''}statistics")
                by = [schema.names[s.column_index] for s in group.sorting_columns]
                rows = list(zip(*(parquet.read_row_group(g, columns=by).column(c).to_pylist() for c in by)))
                keys = [tuple((v is None, v or 0 if v is None else v) for v in row) for row in rows]
                if any(a > b for a, b in zip(keys, keys[1:])):
                    order.append(f"{name}: not sorted by {by}, as it says")
    report.check("pyarrow opens every file; columns, types, compression, statistics and version are as told", faults, f"{len(release.tables)} tables, {files} files")
    report.check("files are sorted as their metadata says", order)
    known = {p for t in release.tables for p in release.files(t)} | {release.folder / r["path"] for r in release.csv.values()}
    present = {p for folder in ("tables", "csv") for p in (release.folder / folder).rglob("*") if p.is_file()}
    report.check("the data package names every file, and every file is there", [str(p) for p in known ^ present], f"{len(known)} files")


def duckdb_opens(release, db, report):
    """DuckDB agrees with pyarrow on columns and rows."""
    faults, total = [], 0
    for table in release.tables:
        columns = [row[0] for row in db.execute(f"describe {table}").fetchall()]
        if columns != release.columns(table):
            faults.append(f"{table}: columns {columns}")
        rows = db.execute(f"select count(*) from {table}").fetchone()[0]
        read = sum(pyarrow.parquet.ParquetFile(f).metadata.num_rows for f in release.files(table))
        if rows != read:
            faults.append(f"{table}: {rows} rows, pyarrow has {read}")
        total += rows
    report.check("DuckDB opens every table", faults, f"{total} rows")


def csv_twins(release, report):
    """The CSV files hold the cells of the Parquet files."""
    faults, cells = [], 0
    for table, resource in release.csv.items():
        fields = resource["schema"]["fields"]
        names = [f["name"] for f in fields]
        text = (release.folder / resource["path"]).read_bytes().decode("utf-8")
        if not text.startswith(",".join(names) + "\n"):
            faults.append(f"{table}: the header is {text[:200]!r}")
        if not text.endswith("\n") or "\r\n" in text:
            faults.append(f"{table}: lines do not end in line feeds")
        # Line feeds alone end a row: a carriage return in a cell is content.
        rows = list(csv.reader(text.splitlines(keepends=True) if "\r" not in text else iter(text.split("\n")), strict=True))[1:]
        columns = [release.read(table, n).column(n).to_pylist() for n in names]
        expected = list(zip(*columns))
        if len(rows) != len(expected):
            faults.append(f"{table}: {len(rows)} rows, Parquet has {len(expected)}")
            continue
        for number, (found, wanted) in enumerate(zip(rows, expected)):
            for field, cell, value in zip(fields, found, wanted, strict=True):
                cells += 1
                if not same(field["type"], cell, value):
                    faults.append(f"{table} row {number} {field['name']}: {cell!r} for {value!r}")
                if field["type"] == "string" and cell[:1] in tuple("=+-@\t\r\0＝＋－＠"):
                    faults.append(f"{table} row {number} {field['name']}: {cell!r} is not guarded")
    report.check("CSV twins have the same rows and cells", faults, f"{len(release.csv)} files, {cells} cells")


def same(kind, cell, value):
    """Whether a CSV cell says what the Parquet cell says."""
    if value is None:
        return cell == ""
    if kind == "string":
        return (cell[1:] if cell.startswith("'") else cell) == value
    if kind == "array":
        return json.loads(cell) == value
    if kind == "number":
        return float(cell) == value
    if kind == "boolean":
        return cell == ("true" if value else "false")
    return cell == str(value)


def is_han(c):
    """As the columns `han_chars` define it: ideographs of every plane and 〇."""
    return (
        "\u4e00" <= c <= "\u9fff" or "\u3400" <= c <= "\u4dbf" or c == "〇" or "\uf900" <= c <= "\ufaff"
        or "\U00020000" <= c <= "\U0002ee5d" or "\U0002f800" <= c <= "\U0002fa1f" or "\U00030000" <= c <= "\U000323af"
    )  # fmt: skip


def spans(release, report):
    """Every span leads to its text; sentences cover a document."""
    texts, faults = {}, []
    columns = ("doc_id", "text", "title", "chars", "han_chars", "sentences", "preamble")
    documents = release.rows("documents", *columns)
    for doc_id, text, title, chars, han, _, _ in documents:
        texts[doc_id] = text
        if len(text) != chars or sum(map(is_han, text)) != han:
            faults.append(f"{doc_id}: {chars} chars and {han} han_chars, the text has {len(text)} and {sum(map(is_han, text))}")
        if title is not None and text != title and not text.startswith(title + "\n"):
            faults.append(f"{doc_id}: the text does not begin with the title {title!r}")
    report.check("chars, han_chars and title agree with documents.text", faults, f"{len(documents)} documents")
    sentences = {}
    for row in release.rows("sentences", "doc_id", "sentence", "char_start", "char_end", "paragraph", "in_title", "han_chars"):
        sentences.setdefault(row[0], []).append(row[1:])
    faults = []
    for doc_id, text, title, _, _, number, preamble in documents:
        own = sorted(sentences.get(doc_id, []))
        if (own or not preamble) and (len(own) != number or [s[0] for s in own] != list(range(number))):
            faults.append(f"{doc_id}: {number} sentences, numbered {[s[0] for s in own][:9]}")
        at, before = 0, None
        for sentence, start, end, paragraph, in_title, han in own:
            gap = text[at:start]
            new = before is not None and paragraph != before
            if start < at or end <= start or gap.strip("\n") or bool(gap) != new:
                faults.append(f"{doc_id} sentence {sentence}: {gap!r} before [{start}, {end}) of paragraph {paragraph}")
            if sum(map(is_han, text[start:end])) != han:
                faults.append(f"{doc_id} sentence {sentence}: {han} han_chars for {text[start:end]!r}")
            if in_title != (title is not None and sentence == 0) or (in_title and text[start:end] != title):
                faults.append(f"{doc_id} sentence {sentence}: in_title is {in_title}")
            at, before = end, paragraph
        if own and text[at:]:
            faults.append(f"{doc_id}: {text[at:]!r} is in no sentence")
    report.check("sentences give documents.text back, and only line feeds lie between them", faults, f"{sum(map(len, sentences.values()))} sentences")
    faults, number = [], 0
    for table, said in (("dates", "text"), ("places", "text"), ("hits", "term"), ("events", None)):
        names = ("doc_id", "sentence", "char_start", "char_end") + ((said,) if said else ())
        for doc_id, sentence, start, end, *word in release.rows(table, *names):
            number += 1
            found = texts.get(doc_id, "")[start:end]
            own = dict((s[0], s[1:3]) for s in sentences.get(doc_id, [])[sentence : sentence + 1])
            low, high = own.get(sentence) or next((s[1:3] for s in sentences.get(doc_id, []) if s[0] == sentence), (0, 0))
            # Of a pattern, the first part and the second.
            first, _, second = word[0].partition("…") if word else ("", "", "")
            if word and found != word[0] and not (second and found.startswith(first) and found.endswith(second)):
                faults.append(f"{table} {doc_id} [{start}, {end}): {found!r} is not {word[0]!r}")
            if not low <= start < high or (not word and (start, end) != (low, high)):
                faults.append(f"{table} {doc_id} [{start}, {end}): not in its sentence {sentence} [{low}, {high})")
    report.check("spans of dates, places, hits and events lead to their text and sentence", faults, f"{number} spans")


def keys(release, db, report):
    """Keys are unique, references lead somewhere."""
    faults = []
    for table, resource in release.tables.items():
        key = resource["schema"].get("primaryKey") or next(iter(resource["schema"].get("uniqueKeys", [])), None)
        if key:
            named = ", ".join(key)
            faults += [f"{table}: {row}" for row in db.execute(f"select {named}, count(*) from {table} group by {named} having count(*) > 1").fetchall()]
    for table, column in (("documents", "doc_id"), ("events", "event_id"), ("occasions", "occasion_id")):
        faults += [f"{table}: {row}" for row in db.execute(f"select {column} from {table} group by 1 having count(*) > 1").fetchall()]
    report.check("keys are unique", faults)
    faults = []
    for table, columns, to, keys_of in REFERENCES:
        on = " and ".join(f"b.{k} = a.{c}" for c, k in zip(columns, keys_of))
        some = " and ".join(f"a.{c} is not null" for c in columns)
        query = f"select {', '.join('a.' + c for c in columns)} from {table} a where {some} and not exists (select 1 from {to} b where {on})"
        faults += [f"{table} → {to}: {row}" for row in db.execute(query).fetchall()]
    report.check("references lead to a row", faults, f"{len(REFERENCES)} kinds")
    carried = db.execute(
        """select h.doc_id, h.char_start from hits h join documents d using (doc_id) join sentences s using (doc_id, sentence)
           left join events e on e.event_id = h.event_id
           where (h.doc_date_start, h.doc_date_end, h.event_id, h.voice, h.in_title) is distinct from (d.date_start, d.date_end, s.event_id, s.voice, s.in_title)
              or (h.event_date_start, h.event_date_end) is distinct from (e.date_start, e.date_end)"""
    ).fetchall()
    report.check("what hits carry of document, sentence and event is theirs", carried)
    wrong = db.execute(
        """select o.occasion_id, o.name, mentions, n, documents, d from occasions o
           join (select occasion_id, count(*) n, count(distinct doc_id) d from events group by 1) using (occasion_id)
           where mentions <> n or documents <> d"""
    ).fetchall()
    report.check("occasions count their events and documents", wrong)


def copies(db, report):
    """What the table says of its documents."""
    bare = "lower(regexp_replace({}, '[^\\p{{L}}\\p{{N}}]', '', 'g'))"
    wrong = db.execute(
        f"""select c.doc_id, c.first_doc_id, similarity, exact from copies c
            join documents d using (doc_id) join documents f on f.doc_id = c.first_doc_id
            where c.doc_id = c.first_doc_id or c.first_doc_id in (select doc_id from copies)
               or (c.source, c.date_start, c.first_source, c.first_date_start) is distinct from (d.source, d.date_start, f.source, f.date_start)
               or coalesce(f.date_start, '9999-12-31') > coalesce(d.date_start, '9999-12-31')
               or similarity < 0.8 or similarity > 1 or exact <> ({bare.format("d.text")} = {bare.format("f.text")}) or (exact and similarity < 1)"""
    ).fetchall()
    number, groups, exact = db.execute("select count(*), count(distinct first_doc_id), count(*) filter (exact) from copies").fetchone()
    report.check("a copy has one first, no later than itself; exact ones have the same letters and digits", wrong, f"{number} copies of {groups}, {exact} exact")


def counts(db, basis, first_only, report):
    """The series, recomputed from documents, sentences and hits."""
    # A document counts if its sentences are in the table (preambles are not).
    db.execute("create table spoken_of as select * from documents where doc_id in (select doc_id from sentences)")
    left = db.execute("select doc_id from documents where not preamble and doc_id not in (select doc_id from spoken_of)").fetchall()
    report.check("every document that is no preamble has sentences", left)
    # Where only the first of a group counts, its copies are in the tables and in no count.
    left_out = "where doc_id not in (select doc_id from copies)" if first_only else ""
    db.execute(f"create table counted as select * from spoken_of {left_out}")
    start, end = {
        "auto": ("coalesce(d.date_start, e.date_start)", "case when d.date_start is null then e.date_end else d.date_end end"),
        "document": ("d.date_start", "d.date_end"),
        "event": ("e.date_start", "e.date_end"),
    }[basis]
    db.execute(
        f"""create table spoken as
            select s.doc_id, s.sentence, s.han_chars, {start} as first, {end} as last, d.source, d.register, s.voice,
                   coalesce(e.occasion_type, 'none') as occasion_type
            from sentences s join counted d using (doc_id) left join events e on e.event_id = s.event_id"""
    )
    # A date that is spread over several periods of a length has no place there.
    db.execute(
        """create table placed as
           select p.period, s.*, case when date_trunc(p.period, first) = date_trunc(p.period, last) then date_trunc(p.period, first)::date end as period_start
           from spoken s, (select distinct period from period_totals where period not in ('plan', 'congress')) p"""
    )
    # Plans and congresses are those of the table; an open one has no last day.
    db.execute(
        """insert into placed
           select p.period, s.*, t.period_start
           from spoken s cross join (select distinct period from period_totals where period in ('plan', 'congress')) p
           left join (select distinct period, period_start, coalesce(period_end, date '9999-12-31') as period_end from period_totals where period_start is not null) t
             on t.period = p.period and s.first >= t.period_start and s.last <= t.period_end"""
    )
    db.execute(
        """create table counted_hits as
           select theme, doc_id, sentence from hits
           union all select t.parent, doc_id, sentence from hits join themes t using (theme) where t.parent is not null"""
    )
    db.execute("delete from counted_hits where doc_id not in (select doc_id from counted)")

    def compare(name, query, held=""):
        report.check(name, db.execute(query).fetchall(), held)

    compare(
        "theme_profile = hits, parents with those below them",
        """select theme, p.hits, n, p.sentences, s, p.documents, d from theme_profile p
           left join (select theme, count(*) n, count(distinct (doc_id, sentence)) s, count(distinct doc_id) d from counted_hits group by 1) using (theme)
           where (p.hits, p.sentences, p.documents) <> (coalesce(n, 0), coalesce(s, 0), coalesce(d, 0))""",
        f"{db.execute('select sum(hits) from theme_profile where level = 0').fetchone()[0]} hits",
    )
    compare(
        "theme_frequency sums to theme_profile in every period length, unplaced rows included",
        """select p.theme, f.period, p.hits, f.h, p.sentences, f.s from theme_profile p
           join (select theme, period, sum(hits) h, sum(sentences) s from theme_frequency group by all) f using (theme)
           where (p.hits, p.sentences) <> (f.h, f.s)
           union all select theme, period, null, null, null, null from theme_profile, (select distinct period from period_totals)
           where hits > 0 and (theme, period) not in (select (theme, period) from theme_frequency)""",
    )
    compare(
        "period_totals = documents and sentences, recomputed",
        """select * from (select period, period_start, count(distinct doc_id) d, count(*) s, sum(han_chars) h from placed group by all) a
           full join (select period, period_start, documents, sentences, han_chars from period_totals where breakdown = 'all') b
             on a.period = b.period and a.period_start is not distinct from b.period_start
           where (a.d, a.s, a.h) is distinct from (b.documents, b.sentences, b.han_chars)
             and not (a.d is null and coalesce(b.documents, 0) + coalesce(b.sentences, 0) + coalesce(b.han_chars, 0) = 0)""",
    )
    compare(
        "theme_frequency = hits, recomputed",
        """select * from (select period, period_start, theme, count(*) n, count(distinct (doc_id, sentence)) s, count(distinct doc_id) d
                          from counted_hits join placed using (doc_id, sentence) group by all) a
           full join (select period, period_start, theme, hits, sentences, documents from theme_frequency) b
             on a.period = b.period and a.period_start is not distinct from b.period_start and a.theme = b.theme
           where (coalesce(a.n, 0), coalesce(a.s, 0), coalesce(a.d, 0)) <> (coalesce(b.hits, 0), coalesce(b.sentences, 0), coalesce(b.documents, 0))""",
    )
    compare(
        "denominators of theme_frequency are those of period_totals; null where no source spoke, zero where the theme is absent",
        """select f.period, f.period_label, f.theme, f.hits, f.period_documents, t.documents from theme_frequency f
           left join period_totals t on t.breakdown = 'all' and t.period = f.period and t.period_start is not distinct from f.period_start
           where (coalesce(f.period_documents, 0), coalesce(f.period_sentences, 0), coalesce(f.period_han_chars, 0))
                   <> (coalesce(t.documents, 0), coalesce(t.sentences, 0), coalesce(t.han_chars, 0))
              or (f.hits is null) <> (coalesce(t.documents, 0) = 0)""",
    )
    compare(
        "rates and shares follow from the counts in their row",
        """select 'frequency', period_label, theme, per_10k, density from theme_frequency
             where abs(per_10k - hits / period_han_chars * 10000.0) > 1e-9 * (1 + per_10k) or abs(density - documents / period_documents) > 1e-9
                or not (density_low <= density + 1e-12 and density <= density_high + 1e-12)
           union all select 'breakdown', period_label, theme, per_10k, density from theme_breakdown
             where abs(per_10k - hits / period_han_chars * 10000.0) > 1e-9 * (1 + per_10k) or abs(density - documents / period_documents) > 1e-9""",
    )
    compare(
        "members of every breakdown sum to the totals (sentences, Han characters)",
        """select m.period, m.period_start, m.breakdown, m.s, a.sentences, m.h, a.han_chars
           from (select period, period_start, breakdown, sum(sentences) s, sum(han_chars) h from period_totals where breakdown <> 'all' group by all) m
           join period_totals a on a.breakdown = 'all' and a.period = m.period and a.period_start is not distinct from m.period_start
           where (m.s, m.h) <> (a.sentences, a.han_chars)""",
    )
    compare(
        "members of every breakdown sum to theme_frequency (hits, sentences)",
        """select * from (select period, period_start, breakdown, theme, sum(hits) h, sum(sentences) s from theme_breakdown group by all) m
           full join (select f.*, b.breakdown from theme_frequency f, (select distinct breakdown from period_totals where breakdown <> 'all') b where hits > 0) f
             on m.period = f.period and m.period_start is not distinct from f.period_start and m.theme = f.theme and m.breakdown = f.breakdown
           where (m.h, m.s) is distinct from (f.hits, f.sentences)""",
    )
    for breakdown in ("source", "register", "voice", "occasion_type"):
        compare(
            f"theme_breakdown by {breakdown} = hits, recomputed",
            f"""select * from (select period, period_start, {breakdown} as member, theme, count(*) n, count(distinct (doc_id, sentence)) s, count(distinct doc_id) d
                               from counted_hits join placed using (doc_id, sentence) where '{breakdown}' in (select breakdown from period_totals) group by all) a
                full join (select * from theme_breakdown where breakdown = '{breakdown}') b
                  on a.period = b.period and a.period_start is not distinct from b.period_start and a.theme = b.theme and a.member = b.member
                where (a.n, a.s, a.d) is distinct from (b.hits, b.sentences, b.documents)""",
        )
    compare(
        "share_of_hits = hits ÷ hits of all themes of the level",
        """select * from (select *, sum(hits) over (partition by period, period_start, level) as n from theme_frequency)
           where share_of_hits is distinct from hits / nullif(n, 0)::double
           union all by name
           select * from (select *, sum(hits) over (partition by period, period_start, breakdown, member, level) as n from theme_breakdown)
           where share_of_hits is distinct from hits / nullif(n, 0)::double""",
    )
    turns(compare, db)
    pairs_and_sources(db, compare)
    totals = db.execute("select count(*), sum(han_chars), (select count(*) from spoken) from documents where doc_id in (select doc_id from counted)").fetchone()
    undated = db.execute("select count(*) from counted where date_start is null").fetchone()[0]
    faults = []
    for period, documents, han, sentences in db.execute(
        "select period, sum(documents), sum(han_chars), sum(sentences) from period_totals where breakdown = 'all' group by 1"
    ).fetchall():
        # An undated document speaks in the period of each occasion that it tells of.
        documents_fit = documents == totals[0] if basis == "document" or (basis == "auto" and not undated) else documents >= totals[0]
        if not documents_fit or (han, sentences) != totals[1:]:
            faults.append(f"{period}: {documents} documents, {han} Han characters, {sentences} sentences; the tables have {totals}")
    report.check("period_totals sum to documents and sentences", faults, f"{totals[0]} documents, {totals[1]} Han characters, {totals[2]} sentences")


def turns(compare, db):
    """Turning points, levels of heat and trends against the series."""
    compare(
        "theme_turns have the documents of their periods, and only bursts lie over periods without text",
        """select t.theme, t.kind, t.period_start, t.documents, t.period_documents, t.periods, sum(f.documents) d, sum(f.period_documents) p, count(*) n
           from theme_turns t join theme_frequency f on f.theme = t.theme and f.period = t.period and f.period_documents > 0
             and f.period_start >= t.period_start and (t.period_end is null or f.period_end <= t.period_end)
           group by all having (d, p, n) <> (t.documents, t.period_documents, t.periods)
           union all select theme, kind, period_start, documents, period_documents, periods, gap_periods, null, null from theme_turns
           where kind <> 'burst' and gap_periods > 0""",
        f"{db.execute('select count(*) from theme_turns').fetchone()[0]} turning points",
    )
    compare(
        "a debut is the first time, a silence has no document, a return comes right after a silence, a peak lies inside",
        """select t.* from theme_turns t join theme_profile p using (theme)
           where (kind = 'debut' and (p.first_date < t.period_start or p.first_date > t.period_end or baseline_documents > 0))
              or (kind = 'silence') <> (t.documents = 0) or (t.peak_start is null) <> (kind = 'silence')
              or t.peak_start < t.period_start or t.peak_start > t.period_end or weight <= 0 or weight is null or (kind = 'burst') <> (burst_level > 0)
              or (kind = 'return' and not exists (from theme_turns s where s.kind = 'silence' and s.theme = t.theme and s.period_end + 1 = t.period_start))""",
    )
    compare(
        "periods, range and whole totals of theme_profile follow from theme_frequency",
        """select p.theme, p.periods, n, p.periods_with_theme, w, p.range from theme_profile p
           join (select theme, period, count(*) n, count(*) filter (hits > 0) w from theme_frequency
                 where period_start is not null and period_documents > 0 group by all) f on f.theme = p.theme and f.period = p.trend_period
           where (p.periods, p.periods_with_theme) <> (n, w) or abs(p.range - w / n) > 1e-12 or p.trend_periods > n
              or (p.trend is not null and p.trend not in ('up', 'down', 'none')) or (p.trend = 'up' and p.mk_s is null) or not coalesce(p.dp_norm between 0 and 1 + 1e-9, true)""",
    )
    compare(
        "dp_norm of theme_profile, recomputed",
        """with f as (select p.theme, p.dp_norm, f.hits / sum(f.hits) over w as h, f.period_han_chars / sum(f.period_han_chars) over w as s
                      from theme_profile p join theme_frequency f on f.theme = p.theme and f.period = p.trend_period
                      where f.period_start is not null and f.period_documents > 0 window w as (partition by p.theme))
           select theme, any_value(dp_norm), sum(abs(h - s)) / 2 / (1 - min(s)) as d from f group by 1 having abs(any_value(dp_norm) - d) > 1e-9""",
    )
    compare(
        "heat_change is the levels by share risen since the period before, which no gap lies between",
        """with l as (select *, list_position(['none', '冷', '温', '暖', '热', '烫', '沸'], heat_by_share) as n from theme_frequency where period_start is not null),
           c as (select *, case when lag(period_end) over w + 1 = period_start then n - lag(n) over w end as d from l
                 window w as (partition by theme, period order by period_start))
           select theme, period, period_label, heat_by_share, heat_change, d from c where heat_change is distinct from d""",
        f"{db.execute('select count(*) from theme_frequency where heat_change <> 0').fetchone()[0]} changes",
    )
    compare(
        "a level of heat stands only where enough was said",
        """select f.theme, f.period, f.period_label, f.heat_by_share, f.heat_by_count, f.heat_change from theme_frequency f
           where ((f.heat_by_share is null) <> (f.period_start is null or f.small_n or f.period_documents = 0))
              or (f.heat_by_share = 'none') <> (f.documents = 0) and f.heat_by_share is not null
              or (f.heat_by_count is not null and f.period <> 'year')""",
    )


def pairs_and_sources(db, compare):
    """Pairs of themes and counts by source, recomputed from hits."""
    # The whole corpus is a period without a bound; the other length is that of the table.
    db.execute(
        """create table placed_long as
           select period, period_start, doc_id, sentence, source from placed where period in (select distinct period from theme_pairs union select distinct period from theme_sources)
           union all select 'whole', null, doc_id, sentence, source from spoken"""
    )
    db.execute(
        """create table with_theme as
           select distinct period, period_start, theme, (parent is not null)::int as level, doc_id, sentence
           from counted_hits join placed_long using (doc_id, sentence) join themes using (theme)"""
    )
    # Of a pair, the table names first the theme that the lexicon has first: themes.parquet is in its order.
    db.execute("create table theme_order as select theme, row_number() over () as number from themes")
    for unit, one in (("sentences", "(doc_id, sentence)"), ("documents", "doc_id")):
        also = "and a.sentence = b.sentence" if unit == "sentences" else ""
        compare(
            f"theme_pairs.{unit} = hits, recomputed",
            f"""select * from (
                    select a.period, a.period_start, a.theme as theme_a, b.theme as theme_b, count(distinct {one.replace('doc_id', 'a.doc_id').replace('sentence', 'a.sentence')}) n
                    from with_theme a join with_theme b
                      on a.doc_id = b.doc_id and a.period = b.period and a.period_start is not distinct from b.period_start and a.level = b.level {also}
                    join theme_order x on x.theme = a.theme join theme_order y on y.theme = b.theme
                    where x.number < y.number group by all) c
                full join theme_pairs p on c.period = p.period and c.period_start is not distinct from p.period_start and c.theme_a = p.theme_a and c.theme_b = p.theme_b
                where coalesce(c.n, 0) <> coalesce(p.{unit}, -1)""",
            f"{db.execute('select count(*) from theme_pairs').fetchone()[0]} rows",
        )
        compare(
            f"theme_pairs: {unit} of each theme and of the period, recomputed",
            f"""with one as (select period, period_start, theme, count(distinct {one}) n from with_theme group by all),
                     every as (select period, period_start, count(distinct {one}) n from placed_long group by all)
                select p.period_label, p.theme_a, p.theme_b, a.n, p.{unit}_a, b.n, p.{unit}_b, e.n, p.period_{unit} from theme_pairs p
                left join one a on a.period = p.period and a.period_start is not distinct from p.period_start and a.theme = p.theme_a
                left join one b on b.period = p.period and b.period_start is not distinct from p.period_start and b.theme = p.theme_b
                left join every e on e.period = p.period and e.period_start is not distinct from p.period_start
                where (a.n, b.n, e.n) is distinct from (p.{unit}_a, p.{unit}_b, p.period_{unit})""",
        )
    compare(
        "NPMI and logDice follow from the counts in their row",
        """select period_label, theme_a, theme_b from theme_pairs
           where abs(npmi_document - ln(documents * period_documents / (documents_a * documents_b)) / -ln(documents / period_documents)) > 1e-9
              or abs(log_dice_document - (14 + log2(2 * documents / (documents_a + documents_b)))) > 1e-9
              or (sentences > 0 and abs(npmi_sentence - ln(sentences * period_sentences / (sentences_a * sentences_b)) / -ln(sentences / period_sentences)) > 1e-9)
              or (sentences > 0 and abs(log_dice_sentence - (14 + log2(2 * sentences / (sentences_a + sentences_b)))) > 1e-9)
              or (sentences = 0 and (npmi_sentence <> -1 or log_dice_sentence is not null))""",
    )
    compare(
        "theme_sources = hits, recomputed",
        """with one as (
               select period, period_start, source, theme, count(*) n, count(distinct doc_id) d from counted_hits join placed_long using (doc_id, sentence) group by all),
             every as (select period, period_start, source, count(distinct doc_id) d from placed_long group by all)
           select s.period_label, s.source, s.theme, o.n, s.hits, o.d, s.documents, e.d, s.period_documents from theme_sources s
           left join one o on o.period = s.period and o.period_start is not distinct from s.period_start and o.source = s.source and o.theme = s.theme
           left join every e on e.period = s.period and e.period_start is not distinct from s.period_start and e.source = s.source
           where (coalesce(o.n, 0), coalesce(o.d, 0), e.d) is distinct from (s.hits, s.documents, s.period_documents)
           union all select o.period, o.source, o.theme, o.n, null, o.d, null, null, null from one o
           where o.period in (select period from theme_sources)
             and not exists (select 1 from theme_sources s
                             where o.period = s.period and o.period_start is not distinct from s.period_start and o.source = s.source and o.theme = s.theme)""",
        f"{db.execute('select count(*) from theme_sources').fetchone()[0]} rows",
    )
    compare(
        "the base of theme_sources is the base's own row, and amplification follows",
        """select s.period_label, s.source, s.theme from theme_sources s
           left join theme_sources b on b.source = s.base and b.period = s.period and b.period_start is not distinct from s.period_start and b.theme = s.theme
           where (s.base_documents > 0 and s.base_documents is distinct from b.documents)
              or (s.amplification is null) <> (s.amplification_reason is not null)
              or abs(s.amplification - s.density / s.base_density) > 1e-9 * s.amplification""",
    )


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    report = Report()
    release = Release(sys.argv[1])
    db = release.duckdb()
    parquet_files(release, report)
    duckdb_opens(release, db, report)
    csv_twins(release, report)
    spans(release, report)
    keys(release, db, report)
    copies(db, report)
    counts(db, sys.argv[2] if len(sys.argv) == 3 else "auto", release.first_only(), report)
    report.end()


if __name__ == "__main__":
    main()
