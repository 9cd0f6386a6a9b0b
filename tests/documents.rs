//! The documents say what the code says.

use assert_cmd::Command;

#[test]
fn docs_tables_is_what_the_program_prints() {
    let printed = Command::cargo_bin("tifa").unwrap().args(["schema", "--format", "markdown"]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let document = include_str!("../docs/tables.md");
    assert!(document.contains(printed.trim()), "run: tifa schema --format markdown, and put it into docs/tables.md");
}

#[test]
fn the_readme_names_every_table() {
    let readme = include_str!("../README.md");
    for table in tifa::write::tables() {
        assert!(readme.contains(&format!("`{}`", table.name)), "{}", table.name);
    }
}
