//! The sample's tables against files that people have read.
//!
//! `TIFA_BLESS=1 cargo test golden` writes them anew; read the diff.

use std::fs;
use std::path::Path;

use tifa::batch::Options;
use tifa::plan::Plan;

use crate::Nobody;

/// Tables, and the columns of them that a reviewer reads.
const GOLDEN: [(&str, &[usize]); 4] = [
    ("occasions", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15]),
    ("copies", &[3, 4, 5, 6, 7, 8]),
    ("coverage", &[0, 2, 4, 5, 6, 7, 8, 9]),
    ("theme_profile", &[0, 1, 4, 5, 6, 7, 8, 11, 13, 14, 17]),
];

#[test]
fn the_sample_gives_the_tables_that_were_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let mut plan = Plan::read(&root.join("pipelines/sample.toml")).unwrap_or_else(|e| panic!("{e}"));
    plan.output = out.path().join("output");
    plan.work = out.path().join("work");
    let record = tifa::execute(&plan, &Options::default(), &Nobody).unwrap();
    assert_eq!(record.counts.records, record.counts.records_written + record.counts.records_rejected);
    for (table, columns) in GOLDEN {
        let csv = out.path().join(format!("output/sample/latest/csv/{table}.csv"));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(csv).unwrap();
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in reader.records() {
            let row = row.unwrap();
            // Themes that the sample does not speak of are of no interest here.
            if table == "theme_profile" && &row[5] == "0" {
                continue;
            }
            writer.write_record(columns.iter().map(|i| &row[*i])).unwrap();
        }
        let found = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let file = root.join(format!("tests/golden/sample/{table}.csv"));
        if std::env::var_os("TIFA_BLESS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &found).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap();
        assert!(found == expected, "{table} differs; TIFA_BLESS=1 writes it anew:\n{found}");
    }
}
