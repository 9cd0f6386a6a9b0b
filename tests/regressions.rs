//! Inputs that once failed in a fuzz target (`tests/fuzz/`), and hard ones made
//! by hand, read again.

use std::fs;
use std::path::Path;

#[path = "fuzz/checks.rs"]
mod checks;

/// Asks `check` of each file of a target; there are at least `committed`.
fn replay(target: &str, committed: usize, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/regressions").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= committed, "{} files in {}", files.len(), folder.display());
    let failing: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let data = fs::read(file).unwrap();
            std::panic::catch_unwind(|| check(&data)).err().map(|_| format!("{}: {:?}", file.display(), String::from_utf8_lossy(&data)))
        })
        .collect();
    assert!(failing.is_empty(), "{}", failing.join("\n"));
}

#[test]
fn inputs_hard_to_read_as_dates_hold() {
    replay("dates", 15, checks::dates);
}

#[test]
fn inputs_hard_to_read_as_occasions_hold() {
    replay("occasions", 10, checks::occasions);
}
