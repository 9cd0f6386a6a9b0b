//! Inputs that once failed in a fuzz target (`tests/fuzz/`), read again.

use std::fs;
use std::path::Path;

#[path = "fuzz/checks.rs"]
mod checks;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/regressions").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    for file in files {
        let data = fs::read(&file).unwrap();
        let held = std::panic::catch_unwind(|| check(&data));
        assert!(held.is_ok(), "{}: {:?}", file.display(), String::from_utf8_lossy(&data));
    }
}

#[test]
fn inputs_that_once_failed_as_dates_hold() {
    replay("dates", checks::dates);
}

#[test]
fn inputs_that_once_failed_as_occasions_hold() {
    replay("occasions", checks::occasions);
}

#[test]
fn text_of_every_sort_holds() {
    for text in ["", "。", "\n\n", "2024年2月30日", "今天至昨天", "１２月３１日至１日，某地举行座谈会。\n他强调，要抓好落实。"]
    {
        checks::dates(text.as_bytes());
        checks::occasions(text.as_bytes());
    }
}
