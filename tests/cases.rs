//! Cases as data: `tests/cases/*.toml`.

use serde::Deserialize;
use tifa::parse::{document_of, read_date};
use tifa::resolve::{DATE_RULES, DateCase, PLACE_RULES, Vocabulary, resolve};

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
    let cases = file.case.iter().chain(&vocabulary.almanac.cases);
    let read: Vec<&str> = cases.flat_map(|case| case.dates.iter().map(String::as_str)).collect();
    let uncovered: Vec<&str> = DATE_RULES.iter().map(|(id, _)| *id).filter(|id| !read.iter().any(|d| d.ends_with(&format!("[{id}]")))).collect();
    assert!(uncovered.is_empty(), "rules without a case: {uncovered:?}");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceFile {
    case: Vec<PlaceCase>,
}

/// A text, the day on which it speaks, and each place in it as
/// `TEXT = CODE [RULE]`, with all candidates where nothing decides.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceCase {
    text: String,
    on: Option<String>,
    places: Vec<String>,
    why: String,
}

#[test]
fn every_place_case_holds() {
    let file: PlaceFile = toml::from_str(include_str!("cases/places.toml")).unwrap();
    let vocabulary = Vocabulary::builtin();
    assert!(file.case.len() >= 50, "{}", file.case.len());
    let mut failing = Vec::new();
    for case in &file.case {
        assert!(!case.why.is_empty());
        let document = document_of(&case.text, read_date(case.on.as_deref().unwrap_or("2024-06-01")));
        let found: Vec<String> = resolve(&document, &vocabulary)
            .places
            .iter()
            .map(|p| {
                let code = p.place.and_then(|n| vocabulary.gazetteer.place(n)).map_or_else(|| p.candidates.join("|"), |p| p.code.clone());
                format!("{} = {code} [{}]", p.span.of(&document.text), p.rule)
            })
            .collect();
        if found != case.places {
            failing.push(format!("{}\n  expected {:?}\n  found    {found:?}", case.text, case.places));
        }
    }
    assert!(failing.is_empty(), "{}", failing.join("\n"));
    let read = file.case.iter().flat_map(|case| &case.places);
    let uncovered: Vec<&str> = PLACE_RULES.iter().map(|(id, _)| *id).filter(|id| !read.clone().any(|p| p.ends_with(&format!("[{id}]")))).collect();
    assert!(uncovered.is_empty(), "rules without a case: {uncovered:?}");
}
