//! How the program behaves at a terminal: Ctrl-C, pages of the manual, completions.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::{PIPELINE, Place, files};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tifa"))
}

/// A folder whose run takes some seconds, in many shards.
fn large_place() -> Place {
    let place = Place::new(0);
    place.write("pipelines/days.toml", &PIPELINE.replace("output = ", "shard = \"100 KB\"\noutput = "));
    for day in 0..28 {
        let lines: String = (0..400)
            .map(|n| format!("　　3月{}日，第{n}次全县水利工作会议在哈尔滨召开。会议指出，要加快水利工程建设，抓好第{}项工作。\n", day + 1, n * 31 + day))
            .collect();
        place.write(&format!("raw/202403{:02}.txt", day + 1), &format!("三月{day}日\n\n{lines}"));
    }
    place
}

/// Starts a run and waits until some shards are in the cache.
fn begun(place: &Place) -> Child {
    let child = program().current_dir(place.dir.path()).arg("run").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let rollups = place.path(".tifa/days/cache/rollups");
    let from = Instant::now();
    while fs::read_dir(&rollups).map_or(0, Iterator::count) < 2 {
        assert!(from.elapsed() < Duration::from_secs(120), "no shard was made");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap().success());
}

/// Exit code, standard error, and how long it took to end.
fn ended(child: Child) -> (Option<i32>, String, Duration) {
    let from = Instant::now();
    let out = child.wait_with_output().unwrap();
    (out.status.code(), String::from_utf8(out.stderr).unwrap(), from.elapsed())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_signal_stops_a_run_within_a_second_and_the_next_run_gives_the_same_bytes() {
    let place = large_place();
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let child = begun(&place);
        signal(&child, name);
        let (exit, error, took) = ended(child);
        assert_eq!(exit, Some(code), "{error}");
        // A second, and four more for a machine that does much else.
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.starts_with("stopped by ") && error.contains("the next run goes on from what is in the cache"), "{error}");
        assert!(!place.path("output/days/latest").exists());
        assert!(names(&place.path("output/days/releases")).is_empty());
        let records = names(&place.path("output/days/runs"));
        let record = fs::read_to_string(place.path("output/days/runs").join(records.last().unwrap())).unwrap();
        assert!(record.contains("\"status\": \"interrupted\""), "{record}");
        // So that the next round waits for shards again.
        fs::remove_dir_all(place.path(".tifa/days/cache/parsed")).unwrap();
        fs::remove_dir_all(place.path(".tifa/days/cache/rollups")).unwrap();
    }
    let child = begun(&place);
    signal(&child, "INT");
    ended(child);
    let (code, out, error) = place.run(&["--log-format", "json"]);
    assert_eq!(code, 0, "{error}");
    let record: serde_json::Value = serde_json::from_str(out.trim()).unwrap();
    assert!(record["inputs"]["shards_computed"].as_u64() < record["inputs"]["shards"].as_u64(), "{out}");
    let (fresh, work) = (place.path("fresh"), place.path("work"));
    assert_eq!(place.run(&["--quiet", "--output", fresh.to_str().unwrap(), "--work", work.to_str().unwrap()]).0, 0);
    assert_eq!(files(&place.path("output/days/latest/tables")), files(&fresh.join("days/latest/tables")));
}

#[test]
fn a_second_signal_ends_the_run_at_once() {
    let place = large_place();
    let child = begun(&place);
    signal(&child, "INT");
    signal(&child, "INT");
    let (exit, _, took) = ended(child);
    assert_eq!(exit, Some(130));
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(place.run(&["--quiet"]).0, 0);
}

#[test]
fn every_command_has_a_page_of_the_manual_with_its_examples() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("man1");
    assert!(program().args(["man", "--output"]).arg(&folder).status().unwrap().success());
    let pages = names(&folder);
    assert!(pages.len() > 10 && pages.contains(&"tifa-init.1".to_owned()), "{pages:?}");
    for page in &pages {
        let text = fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.is_ascii() && text.contains(".TH ") && text.contains("Examples:"), "{page}: {text}");
    }
    let one = program().args(["man", "run"]).output().unwrap();
    assert_eq!(one.stdout, fs::read(folder.join("tifa-run.1")).unwrap());
    assert_eq!(program().args(["man", "rum"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn a_shell_is_told_the_pipelines_tables_and_themes_that_are_there() {
    let place = Place::new(1);
    let script = program().args(["completions", "bash"]).output().unwrap();
    assert!(String::from_utf8(script.stdout).unwrap().contains("TIFA_COMPLETE"));
    let asked = |words: &[&str]| {
        let mut command = program();
        command.current_dir(place.dir.path()).env("TIFA_COMPLETE", "bash").env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
        let out = command.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_COMPLETE_SPACE", "true").arg("--").args(words).output().unwrap();
        String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(asked(&["tifa", "ru"]).contains(&"run".to_owned()));
    assert!(asked(&["tifa", "run", ""]).contains(&"days".to_owned()), "{:?}", asked(&["tifa", "run", ""]));
    assert_eq!(asked(&["tifa", "show", "theme_tu"]), ["theme_turns"]);
    assert_eq!(asked(&["tifa", "chart", "wa"]), ["water"]);
    assert_eq!(asked(&["tifa", "show", "hits", "--columns", "theme,char_s"]), ["theme,char_start"]);
}

fn told(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let out = program().current_dir(place.dir.path()).args(arguments).output().unwrap();
    (out.status.code(), String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap())
}

#[test]
fn a_pipeline_for_a_folder_of_files_runs_at_once_and_says_what_was_seen() {
    let place = Place::new(20);
    fs::remove_dir_all(place.path("pipelines")).unwrap();
    for n in 1..=9 {
        place.write(&format!("raw/notices/{n}.md"), &format!("# 第{n}号通知\n\n2024年3月{n}日\n\n各地要兴修水利，抓好春耕备耕，让群众过上好日子。\n"));
    }
    place.write("raw/scan.pdf", "%PDF-1.4");
    let (code, out) = told(&place, &["init", "--from", "raw", "corpus"]);
    assert_eq!(code, Some(0), "{out}");
    for part in ["filename:%Y%m%d", "UTF-8 in 20 of 20", "1 file .pdf", "now: cd corpus && tifa run"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let written = fs::read_to_string(place.path("corpus/pipelines/mine.toml")).unwrap();
    for part in [
        "files = [\"../../raw/*.txt\"] # 20 files",
        "date = \"filename:%Y%m%d\" # 20 of 20 file names fit",
        "cadence = \"daily\" #",
        "date = \"header\" #",
        "# encoding: ",
    ] {
        assert!(written.contains(part), "{part}: {written}");
    }
    let run = program().current_dir(place.path("corpus")).args(["run", "--log-format", "json"]).output().unwrap();
    let record: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!((&record["counts"]["documents"], &record["counts"]["undated_documents"], &record["rejects"]), (&29.into(), &0.into(), &serde_json::json!({})));
    assert_eq!(told(&place, &["init", "--from", "raw", "corpus"]).0, Some(2));
    let (code, out) = told(&place, &["init", "--from", "raw", "raw/corpus"]);
    assert!(code == Some(2) && out.contains("lies among the files") && !place.path("raw/corpus").exists(), "{out}");
    fs::create_dir(place.path("empty")).unwrap();
    let (code, out) = told(&place, &["init", "--from", "empty", "other"]);
    assert!(code == Some(2) && out.contains("the folder is empty") && !place.path("other").exists(), "{out}");
}

#[test]
fn mistakes_are_shown_underlined_with_what_to_do() {
    let place = Place::new(1);
    for (from, to, parts) in [
        ("title = \"first-line\"", "title = \"firstline\"", ["days.toml:8:9", "^^^^^^^^^^^", "did you mean `first-line`?"]),
        ("title = \"first-line\"", "title = 5", ["days.toml:8:9", "^", "put it in quotation marks"]),
        ("[\"../raw/*.txt\"]", "\"../raw/*.txt\"", ["days.toml:6:9", "^^^^^^^^^^^^^^", "write a list: [\"../raw/*.txt\"]"]),
        ("../raw/*.txt", "../raw/[*.txt", ["days.toml:6:11", "^^^^^^^^^^^^^", "unclosed character class"]),
        ("../raw/*.txt", "../rwa/*.txt", ["days.toml:6:9", "^^^^^^^^^^^^^^^^", "did you mean `raw`?"]),
        ("../raw/*.txt", "../raw/*.text", ["days.toml:6:9", "no file of source `days` was found", "--allow-shrink"]),
        ("themes/*", "themse/*", ["days.toml:12:11", "^^^^^^^^^^^^^^^^^", "did you mean `themes`?"]),
        ("[[source]]", "[source]", ["days.toml:4:1", "^^^^^^^^", "write [[source]]"]),
        ("%Y%m%d", "%m%d", ["days.toml:9:8", "has no year", "put %Y in it"]),
        ("[tag]", "[parse]\ndrop_lines = ['(']\n[tag]", ["days.toml:12:15", "^^^", "unclosed group"]),
    ] {
        place.write("pipelines/days.toml", &PIPELINE.replace(from, to));
        let (code, out) = told(&place, &["run"]);
        assert_eq!(code, Some(2), "{out}");
        for part in parts {
            assert!(out.contains(part), "{to}: {part}: {out}");
        }
    }
    place.write("pipelines/days.toml", PIPELINE);
    fs::write(place.path("pipelines/themes/bad.toml"), b"[[theme]]\nid = \"\xb8\xc4\"\n").unwrap();
    let (code, out) = told(&place, &["check"]);
    assert!(code == Some(2) && out.contains("bad.toml:2:7") && out.contains("save it as UTF-8"), "{out}");
    place.write(
        "pipelines/themes/bad.toml",
        "[[theme]]\nid = \"bad\"\nzh = \"坏\"\nen = \"bad\"\nsource = \"test\"\nterms = [\"坏事\"]\n[[theme.case]]\ntext = \"好事\"\nhits = [\"坏事\"]\n",
    );
    let (code, out) = told(&place, &["check"]);
    assert!(code == Some(1) && out.contains("bad.toml:8: theme `bad`"), "{out}");
    assert!(told(&place, &["show", "hitz"]).1.contains("did you mean `hits`?"));
    assert!(told(&place, &["run", "dyas"]).1.contains("did you mean `days`?"));
}

#[test]
fn a_full_disk_is_told_and_a_reader_that_has_enough_is_no_error() {
    let place = Place::new(1);
    assert_eq!(place.run(&["--quiet"]).0, 0);
    let shell = |line: &str| {
        let line = line.replace("tifa", env!("CARGO_BIN_EXE_tifa"));
        let out = Command::new("bash").current_dir(place.dir.path()).args(["-c", &format!("set -o pipefail; {line}")]).output().unwrap();
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, error) = shell("tifa schema > /dev/full");
    assert!(code == Some(2) && error.contains("No space left"), "{error}");
    for line in ["tifa schema | head -1", "tifa show theme_frequency --rows 500 | head -1", "tifa man run | head -1", "tifa check --all | head -1"] {
        assert_eq!(shell(line), (Some(0), String::new()), "{line}");
    }
}
