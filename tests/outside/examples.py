"""examples.py [RELEASE_FOLDER]        (the program is in the environment's TIFA)

Promise: what stands in `examples/` works, with the tools that its users have, on
the release of the sample (with `csv = "all"`; or on the release given, which must
have all CSV files).

- data package: valid by the published profiles of Data Package v2 (as dplib-py
  ships them), and frictionless finds types, keys and references kept in the CSV
  files; a damaged copy is found out; `tifa schema` says the same of every column.
- DuckDB: views.sql, by the command line and by the module, with rows that follow
  from the tables.
- notebook: runs to its end, draws its plots, misses no glyph, is kept without
  outputs.
- chart: a picture, and a page that fetches nothing.
- PostgreSQL: load.py into a server that is started for it; every row and every
  view as in Parquet; a failed load changes nothing; readers keep their rights and
  never see half.
- Superset, if SUPERSET names its program: the dashboard is imported into a new
  Superset, and every chart gets its data from that PostgreSQL.
- R, if Rscript is there with dplyr and ggplot2.
"""

import base64
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from outside import LEXICON, REPOSITORY, Release, Report, binary, tifa_run
from postgres import Postgres

# Here lies a statistics.py, which is not the one that the packages below mean.
sys.path.remove(str(Path(__file__).resolve().parent))

EXAMPLES = REPOSITORY / "examples"
LOAD = EXAMPLES / "postgres" / "load.py"
# Views that DuckDB and PostgreSQL both have.
VIEWS = ["theme_rates", "theme_months", "theme_over_time", "theme_movers", "gaps", "source_months", "hits_in_context"]


def sample(base):
    """The release of the sample, with all CSV files."""
    written = (REPOSITORY / "pipelines" / "sample.toml").read_text(encoding="utf-8")
    written = written.replace('"../raw/', f'"{REPOSITORY}/raw/').replace('lexicon = ["themes/*.toml"]', f'lexicon = ["{LEXICON}"]')
    pipeline = Path(base) / "sample.toml"
    pipeline.write_text(written + '\n[write]\ncsv = "all"\n', encoding="utf-8")
    done = tifa_run(pipeline, base)
    if done.code != 0:
        sys.exit(done.told())
    return Path(base) / "output" / "sample" / "latest"


def profile_faults(package):
    """What the published JSON schemas of Data Package v2 do not allow."""
    import dplib
    import jsonschema

    profiles = Path(dplib.__file__).parent / "profiles" / "2.0"
    parts = {
        "datapackage": [package],
        "dataresource": package["resources"],
        "tableschema": [r["schema"] for r in package["resources"]],
        "tabledialect": [r["dialect"] for r in package["resources"] if "dialect" in r],
    }
    for name, instances in parts.items():
        schema = json.loads((profiles / f"{name}.json").read_text(encoding="utf-8"))
        validator = jsonschema.validators.validator_for(schema)(schema)
        for instance in instances:
            yield from (f"{name} {'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(instance))


def frictionless_faults(folder, package):
    """Kinds of errors that frictionless finds in the CSV files."""
    from frictionless import Package

    csv = {**package, "resources": [r for r in package["resources"] if r["format"] == "csv"]}
    report = Package.from_descriptor(csv, basepath=str(folder)).validate()
    yield from (f"{error.type}: {error.message}" for error in report.errors)
    for task in report.tasks:
        yield from (f"{task.name} {error.type}: {error.message}" for error in task.errors)


def data_package(release, base, report):
    package = release.package
    report.check("data package: valid by the published profiles of v2", profile_faults(package), f"{len(package['resources'])} resources")
    broken = json.loads(json.dumps(package))
    broken["resources"][0]["schema"]["fields"][0]["type"] = "text"
    broken["resources"][1]["path"] = 7
    report.check("data package: the profiles find a type that is none and a path that is none", len(list(profile_faults(broken))) < 2)
    report.check("data package: frictionless finds types, keys and references kept", frictionless_faults(release.folder, package), f"{len(release.csv)} CSV files")

    damaged = Path(base) / "damaged"
    shutil.copytree(release.folder, damaged)
    lines = (damaged / "csv/themes.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (damaged / "csv/themes.csv").write_text("".join([*lines, lines[1]]), encoding="utf-8")
    for name, column, cell in (("hits", "theme", "no-theme"), ("coverage", "documents", ""), ("theme_profile", "first_date", "never")):
        path = damaged / f"csv/{name}.csv"
        head, first, *rest = path.read_text(encoding="utf-8").split("\n")
        cells = first.split(",")
        cells[head.split(",").index(column)] = cell
        path.write_text("\n".join([head, ",".join(cells), *rest]), encoding="utf-8")
    found = {fault.split(":")[0] for fault in frictionless_faults(damaged, package)}
    wanted = {"themes-csv primary-key", "hits-csv foreign-key", "coverage-csv constraint-error", "theme_profile-csv type-error"}
    report.check("data package: frictionless finds a key twice, a broken reference, a missing and a wrong cell", wanted - found, ", ".join(sorted(found)))

    said = json.loads(subprocess.run([binary(), "schema", "--format", "json"], capture_output=True, text=True, check=True).stdout)
    faults = []
    for table in said:
        for resource in (release.tables.get(table["table"]), release.csv.get(table["table"])):
            fields = {f["name"]: f for f in resource["schema"]["fields"]} if resource else {}
            for column in table["columns"]:
                field = fields.get(column["name"])
                unit = column.get("unit") or None
                meaning = column["meaning"] + (f" [{unit}]" if unit else "")
                if not field or (field["description"], field.get("unit"), field["constraints"]["required"]) != (meaning, unit, not column["nullable"]):
                    faults.append(f"{table['name']}.{column['name']}: {field}")
    report.check("data package: tifa schema says the same of every column", faults, f"{sum(len(t['columns']) for t in said)} columns")
    return damaged


def duckdb_views(release, report):
    """The connection with the views."""
    import duckdb

    db = duckdb.connect()
    db.execute(f"SET VARIABLE release = '{release.folder}'")
    db.execute((EXAMPLES / "views.sql").read_text(encoding="utf-8")).fetchall()
    ask = lambda sql: db.execute(sql).fetchall()
    faults = [f"{t}: {n} rows" for t in release.tables if (n := ask(f'select count(*) from "{t}"')[0][0]) != release.read(t).num_rows]
    report.check("DuckDB: a view for each table, with its rows", faults, f"{len(release.tables)} tables")
    views = [v for (v,) in ask("select view_name from duckdb_views() where not internal")]
    more = sorted(set(views) - set(release.tables))
    report.check("DuckDB: no derived view is empty", [v for v in more if not ask(f"select 1 from {v} limit 1")], ", ".join(more))

    said = subprocess.run(
        [shutil.which("duckdb", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}"), "-init", EXAMPLES / "views.sql", "-noheader", "-list", "-c", "select count(*), count(distinct theme) from hits_in_context"],
        cwd=release.folder, capture_output=True, text=True,
    )  # fmt: skip
    expected = "|".join(map(str, ask("select count(*), count(distinct theme) from hits")[0]))
    report.check("DuckDB: the command line in the release's folder says the same", said.stdout.strip() != expected and [said.stdout + said.stderr], expected)

    checks = {
        "every hit has its context, and a term without a gap is what was found": """select theme, term, found, sentence_text from hits_in_context
            where (term not like '%…%' and found <> term) or position(found in sentence_text) = 0 or found is null
            union all select 'rows', null, null, null where (select count(*) from hits) <> (select count(*) from hits_in_context)""",
        "theme_rates has each period once, and its rate is hits by characters": """select period_label, theme, per_10k from theme_rates
            where (period_han_chars > 0 and abs(per_10k - 10000 * hits / period_han_chars) > 1e-9)
            union all select period_label, theme, count(*) from theme_rates group by period, period_start, period_label, theme having count(*) > 1
            union all select 'rows', null, null where (select count(*) from theme_rates) <> (select count(*) from theme_frequency where period_start is not null)""",
        "theme_rates misses the days that coverage misses": """select y.period_label from theme_rates y
            where y.period = 'year' and y.days_missing <> (select count(*) from coverage where unit = 'day' and missing and year(date_start) = year(y.period_start))""",
        "gaps are the missing units, none twice": """select 1 where (select coalesce(sum(units), 0) from gaps) <> (select count(*) from coverage where missing)
            union all select 2 from gaps g join coverage c on c.source = g.source and c.date_start between g.gap_start and g.gap_end where not c.missing and c.expected""",
        "every occasion stands once with all that is in its scope": """select 1 where (select count(*) from occasions) <> (select count(*) from occasions_with_actors)
            union all select 2 where (select sum(hits) from occasions_with_actors)
                <> (select count(*) from hits h join events e using (event_id) where e.occasion_id is not null)""",
        "hits of speakers are hits of reported sentences": """select 1 where (select sum(hits) from speaker_themes)
            <> (select count(*) from hits join sentences using (doc_id, sentence) where speaker is not null)""",
        "movers expect as many hits as the periods before gave": """select theme from theme_movers
            where abs(expected + z * sqrt(greatest(expected, 0.5)) - hits) > 1e-6 or (z is null) <> (expected is null)
            union all select f.theme from theme_over_time f join theme_movers m using (theme, period_start) where f.hits is distinct from m.hits
            union all select 'none' where not exists (from theme_movers where z is not null)""",
    }
    for name, sql in checks.items():
        report.check(f"DuckDB: {name}", map(str, ask(sql)))
    return ask


def notebook(release, base, report):
    import nbclient
    import nbformat

    path = EXAMPLES / "explore.ipynb"
    book = nbformat.read(path, as_version=4)
    kept = [c["id"] for c in book.cells if c.cell_type == "code" and (c.outputs or c.execution_count)]
    report.check("notebook: is kept without outputs", kept)
    os.environ["TIFA_RELEASE"] = str(release.folder)
    try:
        nbclient.NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(EXAMPLES)}}).execute()
        failed = []
    except nbclient.exceptions.CellExecutionError as error:
        failed = [str(error)[-1500:]]
    report.check("notebook: runs to its end", failed)
    outputs = [o for c in book.cells if c.cell_type == "code" for o in c.outputs]
    pictures = [base64.b64decode(o["data"]["image/png"]) for o in outputs if "image/png" in o.get("data", {})]
    for number, picture in enumerate(pictures):
        (Path(base) / f"notebook-{number}.png").write_bytes(picture)
    report.check("notebook: draws a plot for each question", len(pictures) < 3 and [f"{len(pictures)} plots"], f"{len(pictures)} plots, {sum(map(len, pictures))} bytes")
    warned = [o["text"][:300] for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    report.check("notebook: warns of nothing, of no missing glyph either", warned)


def chart(release, base, report):
    def draw(name, *themes):
        return subprocess.run([sys.executable, EXAMPLES / "chart.py", release.folder, Path(base) / name, *themes], capture_output=True, text=True)

    theme = release.rows("themes", "theme", "level")[1][0]
    faults = [f"{name}: {done.stderr[-600:]}" for name in ("chart.png", "chart.html", "chart.json", "one.svg") if (done := draw(name, *([theme] if name == "one.svg" else []))).returncode]
    if report.check("chart: is drawn as PNG, SVG, page and Vega-Lite", faults):
        import matplotlib.image

        pixels = matplotlib.image.imread(Path(base) / "chart.png")
        colors = {tuple(p) for p in (pixels[..., :3] * 255).astype(int).reshape(-1, 3).tolist()}
        report.check("chart: the picture is not blank", len(colors) < 50 and [f"{len(colors)} colours"], f"{pixels.shape[1]} × {pixels.shape[0]}, {len(colors)} colours")
        page = (Path(base) / "chart.html").read_text(encoding="utf-8")
        fetched = re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']*""", page)
        report.check("chart: the page fetches nothing", fetched, f"{len(page)} bytes")
    report.check("chart: an unknown theme is refused", draw("x.png", "no-theme").returncode == 0)


def load(server, folder, *options):
    return subprocess.run([sys.executable, LOAD, folder, *options], env=server.environment, capture_output=True, text=True)


def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
    return a == b


def postgres(release, damaged, ask, server, report):
    done = load(server, release.folder)
    if not report.check("PostgreSQL: load.py loads the release", done.returncode != 0 and [done.stderr], done.stdout.strip()):
        return
    with server.connect() as db:
        version = db.execute("show server_version").fetchone()[0]
        faults, rows = [], 0
        for table in release.tables:
            columns = release.columns(table)
            found = db.execute(f'select {", ".join(f"{chr(34)}{c}{chr(34)}" for c in columns)} from tifa."{table}"').fetchall()
            wanted = release.rows(table, *columns)
            rows += len(found)
            key = lambda row: tuple(repr(v) for v in row)
            for a, b in zip(sorted(found, key=key), sorted(wanted, key=key)):
                if not all(map(same, a, b)):
                    faults.append(f"{table}: {a!r} for {b!r}"[:600])
            if len(found) != len(wanted):
                faults.append(f"{table}: {len(found)} rows, Parquet has {len(wanted)}")
        report.check(f"PostgreSQL {version}: every cell is that of Parquet", faults, f"{rows} rows of {len(release.tables)} tables")
        faults, compared = [], 0
        for view in VIEWS:
            columns = ", ".join(c for (c,) in db.execute("select column_name::text from information_schema.columns where table_schema = 'tifa' and table_name = %s order by ordinal_position", [view]))
            order = f"order by {columns}"
            # DuckDB and PostgreSQL put nulls and letters in their own order.
            key = lambda row: tuple(repr(round(v, 6)) if isinstance(v, float) else repr(v) for v in row)
            mine, other = sorted(db.execute(f"select {columns} from tifa.{view}").fetchall(), key=key), sorted(ask(f"select {columns} from {view}"), key=key)
            compared += len(mine)
            faults += [f"{view}: {a} for {b}"[:600] for a, b in zip(mine, other) if not all(map(same, a, b))] + ([] if len(mine) == len(other) else [f"{view}: {len(mine)} rows, DuckDB has {len(other)} {order}"])
        report.check("PostgreSQL: views say what those of DuckDB say", faults, f"{compared} rows of {len(VIEWS)} views")
        count = "select count(*) from pg_constraint k join pg_namespace n on n.oid = k.connamespace where n.nspname = 'tifa' and k.contype = any(%s)"
        keys = {t for t, r in release.csv.items() if "primaryKey" in r["schema"] or "uniqueKeys" in r["schema"]}
        references = sum(len(r["schema"].get("foreignKeys", [])) for r in release.csv.values())
        found = db.execute(count, [["p", "u"]]).fetchone()[0] - 1, db.execute(count, [["f"]]).fetchone()[0]
        report.check("PostgreSQL: keys and references are constraints", found != (len(keys), references) and [f"{found} for {len(keys), references}"], f"{found[0]} and {found[1]}")
        comments = db.execute("select count(*) from information_schema.columns where table_schema = 'tifa' and col_description((table_schema || '.' || table_name)::regclass, ordinal_position) is not null").fetchone()[0]
        columns = sum(len(release.columns(t)) for t in release.tables)
        report.check("PostgreSQL: every column has its description as comment", comments < columns and [f"{comments} comments, {columns} columns"], f"{columns} columns")

    again = load(server, release.folder)
    report.check("PostgreSQL: the same release is not loaded again", "there already" not in again.stdout and [again.stdout + again.stderr])
    server.psql("create role reader login; grant usage on schema tifa to reader; grant select on all tables in schema tifa to reader; create table tifa.mark (n int)")
    failed = load(server, damaged, "--force")
    kept = server.psql("select count(*) from tifa.mark") == "0" and server.psql("select count(*) from tifa.documents") == str(len(release.rows("documents", "doc_id")))
    report.check("PostgreSQL: a load that fails says so and changes nothing", (failed.returncode == 0 or not kept) and [failed.stdout + failed.stderr], failed.stderr.strip().splitlines()[0])

    # A reader that asks all the time while the schema is replaced three times.
    seen, stop = set(), threading.Event()

    def read():
        with server.connect(user="reader", autocommit=True) as db:
            while not stop.is_set():
                try:
                    seen.add(db.execute("select (select count(*) from tifa.hits), (select count(*) from tifa.themes), (select count(*) from tifa.theme_months)").fetchone())
                except Exception as error:  # noqa: BLE001
                    seen.add(str(error)[:200])

    reader = threading.Thread(target=read)
    reader.start()
    loads = [load(server, release.folder, "--force") for _ in range(3)]
    stop.set()
    reader.join()
    told = [d.stderr for d in loads if d.returncode] + ([f"{seen}"] if len(seen) != 1 or any(isinstance(s, str) for s in seen) else [])
    report.check("PostgreSQL: a reader sees one whole release while another is loaded, and keeps the right to", told, f"{seen}")
    text = load(server, release.folder, "--print")
    report.check("PostgreSQL: --print gives the SQL", (text.returncode != 0 or "COPY" not in text.stdout) and [text.stderr])


def superset(program, server, base, report):
    """The dashboard in a new Superset. Its metadata lie beside the others; only charts of ours are in it."""
    home = Path(base) / "superset"
    shutil.copytree(EXAMPLES / "superset" / "dashboard", home / "bundle" / "tifa")
    database = home / "bundle" / "tifa" / "databases" / "tifa.yaml"
    uri = f"postgresql+psycopg2://postgres@/postgres?host={server.folder}"
    database.write_text(re.sub(r"sqlalchemy_uri: .*", f"sqlalchemy_uri: {uri}", database.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.make_archive(str(home / "tifa"), "zip", home / "bundle")
    (home / "superset_config.py").write_text(
        f"SECRET_KEY = 'only-for-a-test-of-a-moment-0123456789'\nSQLALCHEMY_DATABASE_URI = 'sqlite:///{home}/superset.db'\nWTF_CSRF_ENABLED = False\nTALISMAN_ENABLED = False\n"
    )
    environment = {**os.environ, "SUPERSET_CONFIG_PATH": str(home / "superset_config.py"), "FLASK_APP": "superset"}
    # What a new Superset has in it is the same each time: it is kept beside the program.
    kept = Path(program).parent.parent / "new-superset.db"
    if kept.exists():
        shutil.copy(kept, home / "superset.db")
    for arguments in (
        ["db", "upgrade"],
        ["fab", "create-admin", "--username", "admin", "--firstname", "a", "--lastname", "b", "--email", "a@example.org", "--password", "admin"],
        ["init"],
        ["import-dashboards", "-p", home / "tifa.zip", "-u", "admin"],
    ):
        if arguments[0] == "import-dashboards" and not kept.exists():
            shutil.copy(home / "superset.db", kept)
        elif kept.exists() and arguments[0] != "import-dashboards":
            continue
        done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, cwd=home)
        if not report.check(f"Superset: superset {arguments[0]} {arguments[1] if arguments[0] in ('db', 'fab') else ''}".rstrip(), done.returncode != 0 and [(done.stdout + done.stderr)[-1500:]]):
            return
    ask = """
import json, logging
logging.disable(logging.CRITICAL)
from superset.app import create_app
client = create_app().test_client()
token = client.post("/api/v1/security/login", json={"username": "admin", "password": "admin", "provider": "db"}).get_json()["access_token"]
headers = {"Authorization": "Bearer " + token}
out = {}
for chart in client.get("/api/v1/dashboard/tifa/charts", headers=headers).get_json()["result"]:
    answer = client.get(f"/api/v1/chart/{chart['id']}/data/", headers=headers).get_json()
    out[chart["slice_name"]] = [answer["result"][0]["rowcount"], answer["result"][0]["error"], answer["result"][0]["data"][:3]] if "result" in answer else [0, str(answer), [{}]]
print("ANSWER" + json.dumps(out))
"""
    done = subprocess.run([Path(program).parent / "python", "-c", ask], env=environment, capture_output=True, text=True, cwd=home)
    answer = re.search(r"^ANSWER(.*)$", done.stdout, re.M)
    if not report.check("Superset: the dashboard is there", not answer and [(done.stdout + done.stderr)[-1500:]]):
        return
    charts = json.loads(answer[1])
    files = list((EXAMPLES / "superset" / "dashboard" / "charts").glob("*.yaml"))
    report.check("Superset: it has all its charts", len(charts) != len(files) and [", ".join(charts)], f"{len(charts)}")
    report.check("Superset: every chart gets its data from PostgreSQL", [f"{n}: {e}" for n, (_, e, _) in charts.items() if e], "; ".join(f"{n}: {rows} rows" for n, (rows, _, _) in charts.items()))
    # Charts of tables that have no row in this release.
    bare = {n for n, t in (("Turning points", "theme_turns"), ("Rejects", "rejects"), ("Gaps", "gaps")) if server.psql(f"select count(*) from tifa.{t}") == "0"}
    report.check("Superset: no other chart is empty", [n for n, (rows, _, _) in charts.items() if rows == 0 and n not in bare])
    documents = server.psql("select documents from tifa.release")
    shown = [str(v) for v in charts.get("Documents", [0, 0, [{}]])[2][0].values()]
    report.check("Superset: Documents shows their number", shown != [documents] and [f"{shown} for {documents}"], documents)


def in_r(release, base, report):
    packages = 'for (p in c("dplyr", "ggplot2", "jsonlite")) library(p, character.only = TRUE); cat(requireNamespace("arrow", quietly = TRUE))'
    there = subprocess.run(["Rscript", "-e", packages], capture_output=True, text=True) if shutil.which("Rscript") else None
    if there is None or there.returncode:
        print("skipped R: no Rscript with dplyr, ggplot2 and jsonlite", flush=True)
        return
    picture = Path(base) / "r.png"
    done = subprocess.run(["Rscript", EXAMPLES / "explore.R", release.folder, picture], env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True)
    drawn = picture.exists() and picture.read_bytes().startswith(b"\x89PNG")
    way = "arrow" if there.stdout.strip().endswith("TRUE") else "the CSV files; arrow is not there"
    report.check("R: explore.R draws and counts", (done.returncode != 0 or not drawn or "Warning" in done.stderr) and [done.stderr], f"by {way}")


def main():
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    report = Report()
    with tempfile.TemporaryDirectory() as base:
        release = Release(sys.argv[1] if len(sys.argv) == 2 else sample(base))
        damaged = data_package(release, base, report)
        ask = duckdb_views(release, report)
        notebook(release, base, report)
        chart(release, base, report)
        with Postgres(base) as server:
            postgres(release, damaged, ask, server, report)
            if os.environ.get("SUPERSET"):
                superset(os.environ["SUPERSET"], server, base, report)
            else:
                print("skipped Superset: SUPERSET names no program", flush=True)
        in_r(release, base, report)
    report.end()


if __name__ == "__main__":
    main()
