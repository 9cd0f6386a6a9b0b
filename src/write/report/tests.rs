//! The page as a whole, over small releases made here.

use std::path::Path;

use chrono::NaiveDate;

use super::super::parquet_file::write_parquet;
use super::super::rows::{DocumentRow, EventRow};
use super::*;
use crate::diagnostic::Reject;
use crate::tally::candidate::CandidateRow;
use crate::tally::{BreakdownRow, CopyRow, CoverageRow, FrequencyRow, OccasionRow, PairRow, ProfileRow, TotalRow, TurnRow};

const HOSTILE: &str = "<img src=x onerror=alert(1)></script><!--";

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 3, number).unwrap()
}

/// The tables of a release: empty but for what is given.
#[derive(Default)]
struct Tables {
    documents: Vec<DocumentRow<'static>>,
    events: Vec<EventRow<'static>>,
    occasions: Vec<OccasionRow>,
    coverage: Vec<CoverageRow>,
    totals: Vec<TotalRow>,
    frequency: Vec<FrequencyRow>,
    breakdown: Vec<BreakdownRow>,
    profile: Vec<ProfileRow>,
    turns: Vec<TurnRow>,
    pairs: Vec<PairRow>,
    candidates: Vec<CandidateRow>,
    rejects: Vec<Reject>,
}

impl Tables {
    fn write(&self, release: &Path) {
        let tables = release.join("tables");
        for folder in ["documents", "events", "theme_breakdown", "theme_pairs"] {
            std::fs::create_dir_all(tables.join(folder)).unwrap();
        }
        let at = |name: &str| tables.join(format!("{name}.parquet"));
        write_parquet(&at("documents/part-0"), &self.documents, &[]).unwrap();
        write_parquet(&at("events/part-0"), &self.events, &[]).unwrap();
        write_parquet(&at("occasions"), &self.occasions, &[]).unwrap();
        write_parquet(&at("coverage"), &self.coverage, &[]).unwrap();
        write_parquet(&at("period_totals"), &self.totals, &[]).unwrap();
        write_parquet(&at("theme_frequency"), &self.frequency, &[]).unwrap();
        write_parquet(&at("theme_breakdown/part-2024"), &self.breakdown, &[]).unwrap();
        write_parquet(&at("theme_profile"), &self.profile, &[]).unwrap();
        write_parquet(&at("theme_turns"), &self.turns, &[]).unwrap();
        write_parquet(&at("theme_pairs/part-2024"), &self.pairs, &[]).unwrap();
        write_parquet(&at("candidates"), &self.candidates, &[]).unwrap();
        write_parquet(&at("rejects"), &self.rejects, &[]).unwrap();
        write_parquet(&at("copies"), &Vec::<CopyRow>::new(), &[]).unwrap();
    }

    fn page(&self, language: Language) -> String {
        let dir = tempfile::tempdir().unwrap();
        self.write(dir.path());
        let facts = Facts { title: HOSTILE.into(), periods: vec!["month".into()], breakdowns: vec!["province".into()], ..Facts::default() };
        report(dir.path(), &facts, language).unwrap()
    }

    /// One month with one document and so many themes, of which the first is hit.
    fn one_month(themes: usize) -> Self {
        let profile = |at: usize| ProfileRow {
            theme: format!("t{at}"),
            theme_zh: format!("主题{at}"),
            theme_en: format!("theme {at}"),
            level: 1,
            hits: u64::from(at == 0),
            documents: u64::from(at == 0),
            trend_period: Some("month".into()),
            ..ProfileRow::default()
        };
        let frequency = |at: usize| FrequencyRow {
            period: "month".into(),
            period_start: Some(day(1)),
            theme: format!("t{at}").into(),
            hits: Some(u64::from(at == 0)),
            documents: Some(u64::from(at == 0)),
            ..FrequencyRow::default()
        };
        let total = TotalRow {
            period: "month".into(),
            period_start: Some(day(1)),
            period_end: Some(day(31)),
            period_label: "2024-03".into(),
            breakdown: "all".into(),
            member: "all".into(),
            documents: 1,
            han_chars: 100,
            ..TotalRow::default()
        };
        let document =
            DocumentRow {
                doc_id: "d".into(), source: "s".into(), date_start: Some(day(5)), text: "题\n一句。".into(), han_chars: 3, ..DocumentRow::default()
            };
        Self {
            documents: vec![document],
            profile: (0..themes).map(profile).collect(),
            frequency: (0..themes).map(frequency).collect(),
            totals: vec![total],
            ..Self::default()
        }
    }
}

/// Words that stand for a missing text: keys would show as they are.
fn keys_on(page: &str) -> Vec<&str> {
    let text = page.split(['<', '>', '"', ' ']);
    text.filter(|word| ["warn-", "section-", "heat-", "explorer-", "members-", "method-"].iter().any(|p| word.starts_with(p))).collect()
}

#[test]
fn a_release_of_nothing_gives_a_page_that_says_so() {
    for (language, said) in [(Language::Zh, "没有读到任何文本"), (Language::En, "No text was read")] {
        let page = Tables::default().page(language);
        assert!(page.contains(said));
        assert!(page.matches("class=\"empty\"").count() >= 8, "{page}");
        // The script names isNaN.
        let shown = page.split("<script").next().unwrap();
        assert!(!shown.contains("NaN") && !shown.contains("inf%"));
    }
}

#[test]
fn one_month_with_three_hundred_themes_is_drawn_and_listed() {
    let page = Tables::one_month(300).page(Language::En);
    assert!(page.contains("theme 0") && page.contains("Themes that never occur (299)"));
    // The one point lies in the middle, on top.
    assert!(page.contains("M5000 0h0"), "{}", page.split("id=\"explorer-lines\"").nth(1).unwrap().get(..900).unwrap());
    assert!(page.contains("There are no two periods to compare."));
}

#[test]
fn no_text_of_the_corpus_or_the_pipeline_is_markup() {
    let mut tables = Tables::one_month(1);
    let hostile = || HOSTILE.to_owned();
    tables.profile =
        vec![ProfileRow { theme: hostile(), theme_zh: hostile(), theme_en: hostile(), hits: 1, documents: 1, level: 1, ..tables.profile[0].clone() }];
    tables.frequency = vec![FrequencyRow { theme: HOSTILE.into(), ..tables.frequency[0].clone() }];
    tables.documents = vec![DocumentRow {
        source: HOSTILE.into(),
        title: Some(HOSTILE.into()),
        text: format!("{HOSTILE}\n{HOSTILE}").into(),
        url: Some("javascript:alert(1)".into()),
        ..tables.documents[0].clone()
    }];
    tables.occasions = vec![OccasionRow {
        occasion_id: "o".into(),
        date_start: day(5),
        date_end: day(5),
        precision: "day".into(),
        name: hostile(),
        occasion_type: hostile(),
        place_name: Some(hostile()),
        ..OccasionRow::default()
    }];
    tables.events = vec![EventRow { occasion_id: Some("o".into()), doc_id: "d".into(), char_start: 0, char_end: 40, ..EventRow::default() }];
    tables.coverage =
        vec![CoverageRow { source: hostile().into(), unit: "day".into(), date_start: day(5), date_end: day(5), present: true, ..CoverageRow::default() }];
    tables.candidates =
        vec![CandidateRow { window_start: day(1), window_end: day(2), rank: 1, phrase: hostile(), contexts: vec![hostile()], ..CandidateRow::default() }];
    tables.rejects = vec![Reject { reason: hostile(), ..serde_reject() }];
    for language in Language::ALL {
        let page = tables.page(language);
        assert!(!page.contains("<img"), "{:?}", page.split("<img").next().map(|before| before.chars().rev().take(200).collect::<String>()));
        assert!(!page.contains("javascript:") && !page.contains("<!--"));
        assert!(page.matches("&lt;img src=x onerror=alert(1)&gt;").count() >= 10);
        assert_eq!(page.matches("</script>").count(), 3);
        assert!(keys_on(&page).iter().all(|key| !key.ends_with("intro")), "{:?}", keys_on(&page));
    }
}

fn serde_reject() -> Reject {
    Reject {
        source: String::new(),
        path: String::new(),
        record: None,
        stage: String::new(),
        reason: String::new(),
        detail: String::new(),
        excerpt: String::new(),
    }
}

#[test]
fn the_same_release_gives_the_same_bytes_and_no_address_is_fetched() {
    let tables = Tables::one_month(3);
    let page = tables.page(Language::Zh);
    assert_eq!(page, tables.page(Language::Zh));
    for word in ["src=\"http", "href=\"http", "@import", "url(", "fetch(", "XMLHttpRequest"] {
        assert!(!page.contains(word), "{word}");
    }
}
