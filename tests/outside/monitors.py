"""What monitors read, by parsers that are not ours: the metrics by Prometheus's
own Python client, the events of lineage by OpenLineage's, whose classes are made
from its schema.

Needs TIFA, prometheus-client and openlineage-python.
"""

import importlib
import json
import pkgutil
import shutil
import subprocess
import tempfile
from pathlib import Path

import attr
import openlineage.client.generated as generated
from openlineage.client.generated import base as core
from prometheus_client.parser import text_string_to_metric_families

from outside import LEXICON, REPOSITORY, Report, tifa_run

CHECK = '\n[[check]]\nname = "no-{0}"\ntable = "documents"\nseverity = "{1}"\nwhere = "{2}"\n'


def facet_classes():
    """Every facet of the client, by the address of its schema."""
    found = {}
    for module in pkgutil.iter_modules(generated.__path__):
        for thing in vars(importlib.import_module(f"{generated.__name__}.{module.name}")).values():
            if isinstance(thing, type) and hasattr(thing, "_get_schema") and issubclass(thing, core.BaseFacet):
                found[thing._get_schema()] = thing
    return found


def construct(kind, content, where, faults):
    """Makes an object of a class of the client from what an event holds: what is
    missing, unknown or refused by the client's validators is a fault."""
    fields = {field.name: field for field in attr.fields(kind)}
    known = {k: v for k, v in content.items() if k.lstrip("_") in fields or k in fields}
    if unknown := set(content) - set(known):
        faults.append(f"{where}: {kind.__name__} has no {sorted(unknown)}")
    arguments = {}
    for name, value in known.items():
        field = fields.get(name) or fields[name.lstrip("_")]
        if not field.init:
            continue
        arguments[field.alias] = value
    try:
        return kind(**arguments)
    except Exception as error:  # noqa: BLE001: whatever the client says
        faults.append(f"{where}: {kind.__name__}: {error}")


def facets(all_of, parent, classes, where, faults):
    """The facets of a thing: of a class of the standard, or of the base."""
    for name, facet in all_of.items():
        if not {"_producer", "_schemaURL"} <= set(facet):
            faults.append(f"{where}.{name}: no _producer or _schemaURL")
            continue
        kind = classes.get(facet["_schemaURL"])
        if kind is None:
            faults.append(f"{where}.{name}: the client knows no schema {facet['_schemaURL']}")
        elif kind is parent:
            continue  # one of our own
        elif not issubclass(kind, parent):
            faults.append(f"{where}.{name}: {kind.__name__} is no {parent.__name__}")
        else:
            construct(kind, facet, f"{where}.{name}", faults)


def lineage(path, report):
    """Each event, and that a run has a beginning and one end."""
    classes, faults, runs = facet_classes(), [], {}
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for number, event in enumerate(events):
        where = f"event {number}"
        runs.setdefault(event["run"]["runId"], []).append(event["eventType"])
        run = construct(core.Run, event["run"], where, faults)
        job = construct(core.Job, event["job"], where, faults)
        facets(event["run"]["facets"], core.RunFacet, classes, f"{where}.run", faults)
        facets(event["job"]["facets"], core.JobFacet, classes, f"{where}.job", faults)
        for side, kind, own, parent in (
            ("inputs", core.InputDataset, "inputFacets", core.InputDatasetFacet),
            ("outputs", core.OutputDataset, "outputFacets", core.OutputDatasetFacet),
        ):
            for dataset in event[side]:
                at = f"{where}.{side} {dataset['name']}"
                construct(kind, dataset, at, faults)
                facets(dataset["facets"], core.DatasetFacet, classes, at, faults)
                facets(dataset.get(own, {}), parent, classes, at, faults)
        whole = {**event, "run": run, "job": job, "eventType": core.EventType(event["eventType"])}
        if event["schemaURL"] != core.RunEvent._get_schema():
            faults.append(f"{where}: schemaURL {event['schemaURL']}")
        construct(core.RunEvent, whole, where, faults)
    report.check("OpenLineage: every event is one of the standard", faults, f"{len(events)} events")
    ended = [f"{run}: {kinds}" for run, kinds in runs.items() if kinds not in (["START", "COMPLETE"], ["START", "FAIL"])]
    report.check("OpenLineage: a run has a START and one end", ended, f"{len(runs)} runs")


def metrics(path, promtool, report):
    """The file as Prometheus reads it."""
    text = path.read_text(encoding="utf-8")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    faults = [f"{name}: no help or type" for name, family in families.items() if not family.documentation or family.type != "gauge"]
    faults += [f"{name}: no prefix" for name in families if not name.startswith("tifa_")]
    faults += [f"{name}: twice the same labels" for name, f in families.items() if len({tuple(sorted(s.labels.items())) for s in f.samples}) != len(f.samples)]
    report.check("metrics: Prometheus's client reads them", faults, f"{len(families)} metrics, {sum(len(f.samples) for f in families.values())} samples")
    if promtool:
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
        report.check("metrics: promtool has nothing to say", (done.returncode or done.stderr.strip()) and [done.stderr.strip()])
    return {name: {tuple(sorted(s.labels.items())): s.value for s in family.samples} for name, family in families.items()}


def main():
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tifa-monitors-") as temporary:
        base = Path(temporary)
        shutil.copytree(REPOSITORY / "raw", base / "raw")
        text = (REPOSITORY / "pipelines" / "sample.toml").read_text(encoding="utf-8")
        text = text.replace('"themes/*.toml"', f'"{LEXICON}"')
        pipeline = base / "pipelines" / "sample.toml"
        pipeline.parent.mkdir()
        files = ("--metrics", base / "tifa.prom", "--openlineage", base / "events.jsonl")

        def run(more=""):
            pipeline.write_text(text + more, encoding="utf-8")
            return tifa_run(pipeline, base, *files)

        pipeline_label = (("pipeline", "sample"),)
        codes = [run(CHECK.format("title", "warn", "title is null")).code, run(CHECK.format("title", "warn", "title is null")).code]
        before = metrics(base / "tifa.prom", shutil.which("promtool"), report)
        codes.append(run(CHECK.format("text", "error", 'length(text) > 0')).code)
        after = metrics(base / "tifa.prom", shutil.which("promtool"), report)
        report.check("the runs end with 0, 0 and 1", codes != [0, 0, 1] and [f"{codes}"])
        success = "tifa_last_success_timestamp_seconds"
        report.check("metrics: a run that fails keeps the last success", after[success] != before[success] and [f"{before[success]} {after[success]}"])
        report.check("metrics: and shows its exit code", after["tifa_last_run_exit_code"][pipeline_label] != 1)
        lineage(base / "events.jsonl", report)
    report.end()


if __name__ == "__main__":
    main()
