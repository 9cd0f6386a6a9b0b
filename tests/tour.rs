//! `docs/tour.md`: every command in it is run again, and what it prints must be
//! what stands there.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

const TOUR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tour.md");

/// A command of the tour and the lines under it.
#[derive(Debug)]
struct Step {
    /// Number of its line in the file, from 0.
    line: usize,
    command: String,
    printed: Vec<String>,
}

/// The commands in the blocks marked `console`: lines that begin with `$ `.
fn steps(text: &str) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            out.push(Step { line: number, command: command.to_owned(), printed: Vec::new() });
        } else if let (true, Some(step)) = (inside, out.last_mut()) {
            step.printed.push(line.to_owned());
        }
    }
    out
}

/// Whether a line is what the tour has, where … stands for anything.
fn fits(expected: &str, line: &str) -> bool {
    let pattern: Vec<String> = expected.split('…').map(regex::escape).collect();
    Regex::new(&format!("^{}$", pattern.join(".*"))).unwrap().is_match(line)
}

/// As [`fits`], for all lines; one that is … alone stands for any number of them.
fn all_fit(expected: &[String], lines: &[String]) -> bool {
    match (expected.split_first(), lines.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "…" => all_fit(rest, lines) || lines.split_first().is_some_and(|(_, after)| all_fit(expected, after)),
        (Some((first, rest)), Some((line, after))) => fits(first, line) && all_fit(rest, after),
        _ => false,
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &target) } else { fs::copy(entry.path(), target).map(drop).unwrap() }
    }
}

/// What differs from run to run, as … .
fn still(line: &str) -> String {
    let line = Regex::new(r"\d{8}T\d{6}Z-[0-9a-f]{8}|/\S*/tifa-tour-\w+").unwrap().replace_all(line, "…").into_owned();
    Regex::new(r"\d+\.\d s\b").unwrap().replace_all(&line, "… s").trim_end().to_owned()
}

#[test]
fn the_tour_prints_what_it_says() {
    let text = fs::read_to_string(TOUR).unwrap();
    let dir = tempfile::Builder::new().prefix("tifa-tour-").tempdir().unwrap();
    let clone = dir.path().join("tifa");
    for folder in ["raw", "pipelines"] {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &clone.join(folder));
    }
    let program = PathBuf::from(env!("CARGO_BIN_EXE_tifa"));
    let path = env::join_paths([program.parent().unwrap().to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap()))).unwrap();
    let mut here = clone;
    let (mut faults, mut anew) = (Vec::new(), Vec::new());
    let steps = steps(&text);
    assert!(steps.len() > 10);
    for step in steps {
        let shell = format!("{}\npwd > \"$TOUR_PLACE\"", step.command);
        let place = dir.path().join("place");
        let out = Command::new("sh")
            .args(["-c", &format!("{{ {shell}\n}} 2>&1")])
            .current_dir(&here)
            .env("PATH", &path)
            .env("TOUR_PLACE", &place)
            .env("COLUMNS", "80")
            .output()
            .unwrap();
        here = PathBuf::from(fs::read_to_string(&place).unwrap().trim());
        let lines: Vec<String> = String::from_utf8(out.stdout).unwrap().lines().map(|line| line.trim_end().to_owned()).collect();
        let mut expected = step.printed.clone();
        while expected.last().is_some_and(String::is_empty) {
            expected.pop();
        }
        if !all_fit(&expected, &lines) {
            let (wanted, printed) = (expected.join("\n"), lines.join("\n"));
            faults.push(format!("line {}: $ {}\nexpected:\n{wanted}\nprinted:\n{printed}\n\n", step.line + 1, step.command));
            anew.push((step.line + 1..step.line + 1 + expected.len(), lines));
        }
    }
    if env::var_os("TIFA_BLESS").is_some() {
        let mut written: Vec<String> = text.lines().map(str::to_owned).collect();
        // From the end, so that the lines before keep their numbers.
        for (place, lines) in anew.into_iter().rev() {
            written.splice(place, lines.iter().map(|line| still(line)));
        }
        fs::write(TOUR, written.join("\n") + "\n").unwrap();
    } else {
        assert!(faults.is_empty(), "{}TIFA_BLESS=1 cargo test tour writes it anew", faults.concat());
    }
}

#[test]
fn dots_stand_for_what_differs() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(all_fit(&lines("a\n…\nz …, …"), &lines("a\nb\nc\nz 1, 2")));
    assert!(all_fit(&lines("a\n…"), &lines("a")) && !all_fit(&lines("a"), &lines("a\nb")) && !all_fit(&lines("a…"), &lines("b")));
}
