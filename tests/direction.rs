//! A stage imports the floor and the stages before it, nothing else.

use std::fs;
use std::path::Path;

const STAGES: [&str; 6] = ["load", "parse", "resolve", "tag", "tally", "write"];
const FLOOR: [&str; 1] = ["diagnostic"];

/// Libraries that only one part of the tree may name.
const SOLE_IMPORTERS: [(&str, &str); 18] = [
    ("polars", "tally/"),
    ("sqlparser", "write/condition/"),
    ("html5gum", "parse/"),
    ("pulldown_cmark", "parse/"),
    ("ferrous_opencc", "parse/"),
    ("chardetng", "load/"),
    ("maud", "write/report/"),
    ("icu_calendar", "resolve/date/feast.rs"),
    ("tyme4rs", "resolve/date/feast.rs"),
    ("clap", "cli/"),
    ("indicatif", "cli/"),
    ("annotate_snippets", "cli/"),
    ("anstream", "cli/"),
    ("anstyle", "cli/"),
    ("terminal_size", "cli/"),
    ("signal_hook", "cli/"),
    ("clap_complete", "cli/"),
    ("clap_mangen", "cli/"),
];

fn sources(folder: &Path, out: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap().to_string_lossy().into_owned();
            out.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

fn all() -> Vec<(String, String)> {
    let mut out = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut out);
    assert!(out.len() > 30);
    out
}

/// The modules that a file names as `crate::NAME`.
fn imports(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default())
        .collect()
}

#[test]
fn a_stage_imports_only_the_floor_and_the_stages_before_it() {
    for (name, text) in all() {
        let Some(own) = name.split('/').next().and_then(|folder| STAGES.iter().position(|s| *s == folder)) else { continue };
        for import in imports(&text) {
            let before = STAGES.iter().position(|s| *s == import).is_some_and(|other| other <= own);
            assert!(before || FLOOR.contains(&import), "src/{name} imports crate::{import}");
        }
    }
}

#[test]
fn the_floor_imports_nothing() {
    for (name, text) in all().iter().filter(|(name, _)| name == "diagnostic.rs") {
        assert!(imports(text).is_empty(), "{name}");
    }
}

#[test]
fn each_heavy_library_has_one_importer() {
    for (name, text) in all() {
        for (library, folder) in SOLE_IMPORTERS {
            let named = text.lines().any(|line| line.starts_with("use ") && line.contains(&format!("{library}::")));
            assert!(!named || name.starts_with(folder), "src/{name} imports {library}");
        }
    }
}

#[test]
fn the_pure_stages_touch_no_disk_and_no_clock() {
    for (name, text) in all() {
        if ["parse/", "resolve/", "tag/", "tally/"].iter().any(|folder| name.starts_with(folder)) {
            for word in ["std::fs", "SystemTime", "Instant", "Utc::now", "std::env"] {
                assert!(!text.contains(word), "src/{name} names {word}");
            }
        }
    }
}
