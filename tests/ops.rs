//! What a scheduler and its monitors read: checks, metrics, lineage, freshness.

use std::fs;

use assert_cmd::Command;
use serde_json::Value;

use crate::program::{PIPELINE, Place};

fn tifa(place: &Place, arguments: &[&str]) -> (i32, String, String) {
    let out = Command::cargo_bin("tifa").unwrap().current_dir(place.dir.path()).args(arguments).output().unwrap();
    (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
}

fn with_checks(place: &Place, checks: &str) {
    place.write("pipelines/days.toml", &format!("{PIPELINE}{checks}"));
}

fn json(place: &Place, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(place.path(name)).unwrap()).unwrap()
}

/// The record of the last run.
fn last_run(place: &Place) -> Value {
    let mut names: Vec<_> = fs::read_dir(place.path("output/days/runs")).unwrap().flatten().map(|e| e.path()).collect();
    names.sort();
    serde_json::from_str(&fs::read_to_string(names.last().unwrap()).unwrap()).unwrap()
}

const SHORT: &str = "[[check]]\nname = \"short\"\ntable = \"documents\"\nwhere = \"han_chars < 20 and date_start > '2024-03-01'\"\n";

#[test]
fn a_check_that_fails_stops_the_release_and_one_that_warns_does_not() {
    let place = Place::new(3);
    with_checks(
        &place,
        &format!("{SHORT}[[check]]\nname = \"dated\"\ntable = \"documents\"\nseverity = \"warn\"\nwhere = \"date_start = date '2024-03-02'\"\n"),
    );
    let (code, out, error) = place.run(&[]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("published") && error.contains("warn dated on documents: 1 row with date_start = date '2024-03-02'"), "{error}");
    let record = json(&place, "output/days/latest/run.json");
    let checks: Vec<_> = record["checks"].as_array().unwrap().iter().map(|c| (c["name"].as_str().unwrap(), c["status"].as_str().unwrap())).collect();
    let own = ["loaded_is_written_and_rejected", "doc_id_is_unique", "shards_are_recounted", "tables_agree", "documents_have_not_shrunk"];
    let expected: Vec<_> = own.iter().map(|name| (*name, "pass")).chain([("short", "pass"), ("dated", "warn")]).collect();
    assert_eq!(checks, expected);
    assert_eq!(record["checks"][6]["rows"][0]["date_start"], "2024-03-02");
    assert_eq!(record["checks"][6]["unique_id"], "check.days.dated");

    let before = fs::read_link(place.path("output/days/latest")).unwrap();
    place.write("raw/20240304.txt", "短。\n");
    let (code, _, error) = place.run(&[]);
    assert_eq!(code, 1);
    assert!(error.contains("nothing was published\nfail short on documents: 1 row with han_chars < 20") && error.contains("han_chars=1"), "{error}");
    assert_eq!(fs::read_link(place.path("output/days/latest")).unwrap(), before);
    assert_eq!(fs::read_dir(place.path("output/days/releases")).unwrap().count(), 1);
    let record = last_run(&place);
    assert_eq!((&record["status"], &record["exit_code"], &record["checks"][5]["status"]), (&"failed".into(), &1.into(), &"fail".into()));

    // Another condition runs, and makes nothing anew.
    with_checks(&place, &SHORT.replace("han_chars < 20", "han_chars < 1"));
    let (code, _, error) = place.run(&[]);
    assert_eq!(code, 0, "{error}");
    with_checks(&place, &SHORT.replace("han_chars < 20", "han_chars < 1").replace("short", "empty"));
    let (_, out, _) = place.run(&["--log-format", "json"]);
    let record: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&record["status"], &record["inputs"]["shards_computed"], &record["checks"][5]["name"]), (&"published".into(), &0.into(), &"empty".into()));
    let (_, out, _) = place.run(&["--log-format", "json"]);
    let record: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&record["status"], &record["checks"][5]["name"]), (&"unchanged".into(), &"empty".into()));
}

#[test]
fn a_mistake_in_a_condition_is_underlined_before_anything_runs() {
    let place = Place::new(1);
    with_checks(&place, &SHORT.replace("han_chars", "han_charz"));
    let (code, _, error) = place.run(&[]);
    assert_eq!(code, 2);
    for part in ["days.toml:16:10", "`documents` has no column `han_charz`", "^^^^^^^^^ ", "did you mean `han_chars`?"] {
        assert!(error.contains(part) || error.contains(part.trim()), "{part}: {error}");
    }
    assert!(!place.path("output").exists());
}

#[test]
fn check_makes_the_checks_of_the_pipeline_on_the_last_release() {
    let place = Place::new(3);
    with_checks(&place, SHORT);
    let (code, out, _) = tifa(&place, &["check"]);
    assert_eq!((code, out.contains("no release yet, so that 1 checks of tables were not made")), (0, true), "{out}");
    place.run(&["--quiet"]);
    let (code, out, _) = tifa(&place, &["check"]);
    assert_eq!((code, out.contains("1 of 1 checks of the last release hold")), (0, true), "{out}");
    // The release was made before this check was.
    with_checks(&place, &SHORT.replace("< 20", "< 1000"));
    let (code, _, error) = tifa(&place, &["check"]);
    assert_eq!((code, error.contains("fail short on documents: 2 rows")), (1, true), "{error}");
    let (code, out, _) = tifa(&place, &["check", "--log-format", "json"]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(code, 1);
    assert_eq!((&lines[0]["check"]["name"], &lines[0]["check"]["status"]), (&"cases_hold".into(), &"pass".into()));
    assert_eq!((&lines[1]["check"]["failures"], &lines[1]["check"]["severity"], &lines[1]["pipeline"]), (&2.into(), &"error".into(), &"days".into()));
}

#[test]
fn check_fresh_fails_for_an_old_release_and_for_a_missing_day() {
    let place = Place::new(4);
    assert_eq!(tifa(&place, &["check", "--fresh", "2d"]).0, 2);
    place.run(&["--quiet"]);
    assert_eq!(tifa(&place, &["check", "--fresh", "2d", "--as-of", "2024-03-06"]).0, 0);
    let (code, _, error) = tifa(&place, &["check", "--fresh", "2d", "--as-of", "2024-03-07"]);
    assert_eq!(code, 1);
    for part in ["newest document is of 2024-03-04 (days)", "fail expected_days_are_there on coverage", "source=days from=2024-03-05 to=2024-03-05 days=1"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    fs::remove_file(place.path("raw/20240302.txt")).unwrap();
    place.run(&["--quiet", "--allow-shrink"]);
    let (code, _, error) = tifa(&place, &["check", "--fresh", "1d", "--as-of", "2024-03-05"]);
    assert_eq!(code, 1);
    assert!(error.contains("from=2024-03-02 to=2024-03-02") && !error.contains("newest"), "{error}");
    let (code, out, _) = tifa(&place, &["check", "--fresh", "5w", "--as-of", "2024-06-30", "--log-format", "json"]);
    assert_eq!((code, out.contains("past_days_are_there"), out.contains("\"status\":\"warn\"")), (1, true, true), "{out}");
    assert_eq!(tifa(&place, &["check", "--fresh", "2m"]).0, 2);
    assert_eq!(tifa(&place, &["check", "--as-of", "2024-03-05"]).0, 2);
    // By the clock of this machine, the days of March 2024 are long past.
    assert_eq!(tifa(&place, &["check", "--fresh", "2d"]).0, 1);
}

fn sample<'m>(metrics: &'m str, start: &str) -> &'m str {
    metrics.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_else(|| panic!("{start}: {metrics}")).trim()
}

#[test]
fn metrics_tell_of_the_last_run_and_keep_the_last_success() {
    let place = Place::new(3);
    let metrics = || fs::read_to_string(place.path("tifa.prom")).unwrap();
    let (code, _, error) = place.run(&["--quiet", "--metrics", "tifa.prom"]);
    assert_eq!(code, 0, "{error}");
    let first = metrics();
    let success = sample(&first, "tifa_last_success_timestamp_seconds{pipeline=\"days\"}").to_owned();
    assert_eq!(sample(&first, "tifa_table_rows{pipeline=\"days\",table=\"hits\"}"), "6");
    assert_eq!(sample(&first, "tifa_newest_document_timestamp_seconds{pipeline=\"days\"}"), "1709395200");
    assert_eq!(sample(&first, "tifa_rejected_records{pipeline=\"days\"}"), "0");
    for stage in ["load", "parse", "resolve", "tag", "tally", "write"] {
        assert!(sample(&first, &format!("tifa_stage_thread_seconds{{pipeline=\"days\",stage=\"{stage}\"}}")).parse::<f64>().unwrap() >= 0.0);
    }
    assert!(first.ends_with('\n') && !place.path("tifa.prom.tmp").exists());

    fs::remove_file(place.path("raw/20240301.txt")).unwrap();
    let (code, _, _) = place.run(&["--quiet", "--metrics", "tifa.prom"]);
    assert_eq!(code, 1);
    let second = metrics();
    assert_eq!(sample(&second, "tifa_last_run_exit_code{pipeline=\"days\"}"), "1");
    assert_eq!(sample(&second, "tifa_last_run_status{pipeline=\"days\",status=\"failed\"}"), "1");
    assert_eq!(sample(&second, "tifa_last_success_timestamp_seconds{pipeline=\"days\"}"), success);
    assert_eq!(sample(&second, "tifa_table_rows{pipeline=\"days\",table=\"documents\"}"), "3");
    assert!(second.contains("check=\"documents_have_not_shrunk\",table=\"\",severity=\"error\",status=\"fail\"} 1"), "{second}");

    place.run(&["--quiet", "--allow-shrink", "--metrics", "tifa.prom"]);
    assert_ne!(sample(&metrics(), "tifa_last_success_timestamp_seconds{pipeline=\"days\"}"), success);
    let (code, _, error) = place.run(&["--metrics", "nowhere/tifa.prom"]);
    assert_eq!((code, error.contains("there is no folder `nowhere`")), (2, true), "{error}");
}

#[test]
fn a_run_has_two_events_of_lineage_with_one_id() {
    let place = Place::new(3);
    with_checks(&place, SHORT);
    let events = || -> Vec<Value> {
        let text = fs::read_to_string(place.path("events.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    place.run(&["--dry-run", "--openlineage", "events.jsonl"]);
    assert!(events().is_empty());
    place.run(&["--quiet", "--openlineage", "events.jsonl"]);
    place.run(&["--quiet", "--openlineage", "events.jsonl"]);
    fs::remove_file(place.path("raw/20240301.txt")).unwrap();
    place.run(&["--quiet", "--openlineage", "events.jsonl"]);
    let all = events();
    let kinds: Vec<_> = all.iter().map(|e| e["eventType"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["START", "COMPLETE", "START", "COMPLETE", "START", "FAIL"]);
    for pair in all.chunks(2) {
        assert_eq!(pair[0]["run"]["runId"], pair[1]["run"]["runId"]);
    }
    let ids: std::collections::BTreeSet<_> = all.iter().map(|e| e["run"]["runId"].to_string()).collect();
    assert_eq!(ids.len(), 3);
    let outputs = all[1]["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), tifa::write::tables().len());
    assert_eq!(outputs[0]["outputFacets"]["outputStatistics"]["rowCount"], 3);
    assert!(outputs[0]["name"].as_str().unwrap().ends_with("output/days/latest/tables/documents"));
    assert_eq!(outputs[0]["facets"]["version"]["datasetVersion"], json(&place, "output/days/latest/run.json")["release"]);
    assert!(all[1]["inputs"][0]["name"].as_str().unwrap().ends_with("/raw/*.txt"));
    assert_eq!(all[1]["inputs"][1]["inputFacets"]["dataQualityAssertions"]["assertions"][0]["success"], true);
    assert_eq!(all[3]["outputs"], Value::Array(Vec::new()));
    assert!(all[5]["run"]["facets"]["errorMessage"]["message"].as_str().unwrap().contains("--allow-shrink"));
}

fn publish(place: &Place) {
    let (code, out, error) = place.run(&["--quiet"]);
    assert!(code == 0 && out.contains("published"), "{out}{error}");
}

#[test]
fn a_change_taken_back_at_once_is_published_and_releases_stand_in_the_order_of_runs() {
    let place = Place::new(3);
    let third = fs::read_to_string(place.path("raw/20240303.txt")).unwrap();
    let mut ids = Vec::new();
    for text in [&third, "三月3日\n\n　　各地兴修水利。\n", &third, "三月3日\n\n　　各地兴修水利。\n"] {
        place.write("raw/20240303.txt", text);
        publish(&place);
        ids.push(fs::read_link(place.path("output/days/latest")).unwrap().file_name().unwrap().to_str().unwrap().to_owned());
    }
    let (_, out, _) = tifa(&place, &["releases"]);
    let listed: Vec<&str> = out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(listed, ids, "{out}");
}

#[test]
fn releases_tell_what_changed_in_each_table_and_why() {
    let place = Place::new(3);
    assert_eq!(tifa(&place, &["releases"]).0, 2);
    publish(&place);
    // A new document.
    place.write("raw/20240304.txt", "三月4日\n\n　　各地兴修水利。\n");
    publish(&place);
    // Another lexicon: the longer term goes, and with it its hits.
    let themes = fs::read_to_string(place.path("pipelines/themes/water.toml")).unwrap();
    place.write("pipelines/themes/water.toml", &themes.replace(", \"水利工程\"", ""));
    publish(&place);
    // Another setting.
    place.write("pipelines/days.toml", &format!("{PIPELINE}[tally]\nsmoothing = 1\n"));
    publish(&place);
    let (code, out, _) = tifa(&place, &["releases"]);
    let why: Vec<&str> = out.lines().map(|line| line.rsplit("  ").next().unwrap()).collect();
    assert_eq!((code, why), (0, vec!["the first that is kept", "data", "lexicon", "settings"]), "{out}");
    assert!(out.lines().last().unwrap().contains(" latest ") && out.contains("4 documents to 2024-03-04"), "{out}");

    let diff = |first: &str, second: &str| -> Value {
        let (code, out, error) = tifa(&place, &["releases", "diff", first, second, "--log-format", "json"]);
        assert_eq!(code, 0, "{error}");
        serde_json::from_str(&out).unwrap()
    };
    let table = |diff: &Value, name: &str| -> Value { diff["tables"].as_array().unwrap().iter().find(|t| t["table"] == name).cloned().unwrap_or(Value::Null) };
    let counts = |table: &Value| [&table["rows"]["added"], &table["rows"]["removed"], &table["rows"]["changed"]].map(|n| n.as_u64().unwrap_or(99));

    let by_data = diff("latest~3", "latest~2");
    assert!(by_data["causes"].as_array().unwrap().iter().all(|cause| cause["cause"] == "data"), "{by_data}");
    assert!(by_data["causes"][0]["what"].as_str().unwrap().starts_with("source days: 3 files, "), "{by_data}");
    assert_eq!(counts(&table(&by_data, "documents")), [1, 0, 0]);
    let hits = table(&by_data, "hits");
    assert_eq!(
        (counts(&hits), &hits["groups"][0]["causes"], &hits["groups"][0]["in_changed_documents"]),
        ([1, 0, 0], &serde_json::json!(["data"]), &true.into())
    );
    assert_eq!(counts(&table(&by_data, "theme_profile")), [0, 0, 1]);
    let example = &table(&by_data, "theme_profile")["groups"][0]["examples"][0];
    assert_eq!((&example["key"]["theme"], &example["columns"]["hits"]), (&"water".into(), &serde_json::json!([6, 7])));
    assert!(by_data["unchanged"].as_array().unwrap().contains(&"themes".into()));

    let by_lexicon = diff("latest~2", "latest~1");
    assert_eq!(by_lexicon["themes"]["changed"], serde_json::json!(["water"]));
    assert_eq!(table(&by_lexicon, "documents"), Value::Null);
    let hits = table(&by_lexicon, "hits");
    // Of 水利工程 only 水利 is left: the term is in the key.
    assert_eq!((counts(&hits), &hits["groups"][0]["causes"]), ([3, 3, 0], &serde_json::json!(["lexicon"])));
    assert_eq!(table(&by_lexicon, "themes")["groups"][0]["causes"], serde_json::json!(["lexicon"]));
    assert_eq!(table(&by_lexicon, "sentences"), Value::Null);

    let by_settings = diff("latest~1", "latest");
    assert_eq!(by_settings["causes"], serde_json::json!([{"cause": "settings", "what": "tally.smoothing: nothing → 1"}]));
    assert_eq!(by_settings["tables"].as_array().unwrap().len(), 1);
    assert_eq!(table(&by_settings, "theme_frequency")["groups"][0]["causes"], serde_json::json!(["settings"]));

    // Over several changes at once: what is sure is told apart.
    let all = diff("latest~3", "latest");
    let groups = table(&all, "hits")["groups"].as_array().unwrap().clone();
    assert_eq!(groups.len(), 2);
    assert_eq!((&groups[0]["in_changed_documents"], &groups[0]["causes"]), (&false.into(), &serde_json::json!(["lexicon"])));
    assert_eq!((&groups[1]["in_changed_documents"], &groups[1]["causes"]), (&true.into(), &serde_json::json!(["data"])));
    let (_, out, _) = tifa(&place, &["releases", "diff", "latest~3"]);
    for part in [
        "data       source days: 3 files",
        "lexicon    themes changed: water",
        "documents                  1         0         0  data, in documents that differ",
        "the same in both: ",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (_, out, _) = tifa(&place, &["releases", "diff", "latest", "latest"]);
    assert!(out.ends_with("no table differs\n"), "{out}");
    for wrong in ["latest~9", "2099", "2", "latest~x"] {
        let (code, _, error) = tifa(&place, &["releases", "diff", wrong]);
        assert_eq!(code, 2, "{error}");
    }
}
