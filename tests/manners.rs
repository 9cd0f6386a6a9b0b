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
