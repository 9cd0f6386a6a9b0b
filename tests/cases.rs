//! Cases as data: `tests/cases/*.toml`.

use serde::Deserialize;
use tifa::parse::{document_of, read_date};
use tifa::resolve::{DateCase, Vocabulary, resolve};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DateFile {
    case: Vec<DateCase>,
}

#[test]
fn every_date_case_holds() {
    let file: DateFile = toml::from_str(include_str!("cases/dates.toml")).unwrap();
    let vocabulary = Vocabulary::builtin();
    assert!(file.case.len() >= 50, "{}", file.case.len());
    let mut failing = Vec::new();
    for case in &file.case {
        assert!(!case.why.is_empty());
        let document = document_of(&case.text, case.on.as_deref().and_then(read_date));
        let found: Vec<String> = resolve(&document, &vocabulary).dates.iter().map(|d| d.described(&document.text)).collect();
        if found != case.dates {
            failing.push(format!("{}\n  expected {:?}\n  found    {found:?}", case.text, case.dates));
        }
    }
    assert!(failing.is_empty(), "{}", failing.join("\n"));
}
