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

#[test]
fn the_data_package_says_of_every_column_what_docs_tables_says() {
    let document = include_str!("../docs/tables.md");
    let tables: Vec<_> = tifa::write::tables().into_iter().map(|t| (t, vec!["part".to_owned()], None)).collect();
    let package = tifa::write::data_package("any", "any", &tables);
    for resource in package["resources"].as_array().unwrap() {
        let name = resource["name"].as_str().unwrap();
        let section = document.split(&format!("\n## {name}\n")).nth(1).unwrap_or_else(|| panic!("docs/tables.md has no {name}"));
        let section = section.split("\n## ").next().unwrap();
        let rows: Vec<Vec<&str>> =
            section.lines().filter(|l| l.starts_with("| `")).map(|l| l.trim_matches('|').split(" | ").map(str::trim).collect()).collect();
        let fields = resource["schema"]["fields"].as_array().unwrap();
        assert_eq!(rows.len(), fields.len(), "{name}");
        for (row, field) in rows.iter().zip(fields) {
            let unit = field["unit"].as_str().unwrap_or_default();
            let meaning = if unit.is_empty() { row[4].to_owned() } else { format!("{} [{unit}]", row[4]) };
            assert_eq!(row[0].trim_matches('`'), field["name"], "{name}");
            assert_eq!((row[2], row[3] == "yes"), (unit, field["constraints"]["required"] == false), "{name}.{}", row[0]);
            assert_eq!(meaning, field["description"], "{name}.{}", row[0]);
        }
    }
}
