//! The whole of the search on small texts, and its counts against naive ones.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::LazyLock;

use super::grams::Grams;
use super::*;
use crate::diagnostic::DataFile;
use crate::parse::is_han;
use proptest::prelude::*;

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::builtin);
static WORDS: LazyLock<PhraseWords> = LazyLock::new(PhraseWords::builtin);

/// Documents in memory: id, source, day, text.
#[derive(Clone, Debug)]
struct Memory {
    window: Window,
    documents: Vec<(String, &'static str, NaiveDate, String)>,
}

impl Texts for Memory {
    type Error = Infallible;

    fn read(&mut self, part: Part, visit: &mut dyn FnMut(Passage<'_>)) -> Result<(), Infallible> {
        for (doc_id, source, day, text) in &self.documents {
            if self.window.part(*day, *day) == Some(part) {
                visit(Passage { doc_id, source, start: *day, end: *day, text });
            }
        }
        Ok(())
    }
}

/// The defaults, with memory for texts as small as these.
fn small() -> Settings {
    Settings { memory_bytes: 1_000_000, ..Settings::default() }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn memory(before: &[&str], within: &[&str]) -> Memory {
    let window = Window::read("2024").unwrap();
    let of = |year: &str, texts: &[&str]| -> Vec<_> {
        let days = texts.iter().enumerate().map(|(i, _)| day(&format!("{year}-{:02}-{:02}", 1 + i / 28, 1 + i % 28)));
        texts.iter().zip(days).map(|(text, day)| (format!("{year}-{day}"), "s", day, (*text).to_owned())).collect()
    };
    Memory { window, documents: of("2023", before).into_iter().chain(of("2024", within)).collect() }
}

fn lexicon(terms: &str) -> Lexicon {
    let text = format!("[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=[{terms}]\n");
    Lexicon::new(&[DataFile { path: "t.toml".into(), text }]).unwrap_or_else(|e| panic!("{e:?}"))
}

fn found(memory: &Memory, settings: &Settings, lexicon: &Lexicon) -> Vec<CandidateRow> {
    candidates(&mut memory.clone(), memory.window, settings, lexicon, &VOCABULARY, &WORDS).unwrap_or_else(|e| match e {})
}

fn phrases(rows: &[CandidateRow]) -> Vec<&str> {
    rows.iter().map(|row| row.phrase.as_str()).collect()
}

/// Every sequence of up to `longest` Han characters in a text, by brute force.
fn sequences(text: &str, longest: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    for from in 0..chars.len() {
        for to in from + 1..=chars.len().min(from + longest) {
            if chars[from..to].iter().all(|c| is_han(*c)) {
                out.push(chars[from..to].iter().collect());
            }
        }
    }
    out
}

fn small_texts() -> impl Strategy<Value = Vec<(bool, String)>> {
    proptest::collection::vec((any::<bool>(), "[甲乙丙，]{0,40}"), 1..8)
}

proptest! {
    #[test]
    fn counts_are_those_of_a_naive_count_however_small_the_sketch(texts in small_texts(), min_count in 1..5_u32, tiny in any::<bool>()) {
        let side = |within: bool| texts.iter().filter(|(own, _)| *own == within).map(|(_, text)| text.as_str()).collect::<Vec<_>>();
        let mut memory = memory(&side(false), &side(true));
        let memory_bytes = if tiny { 1 } else { 1_000_000 };
        let settings = Settings { min_count, memory_bytes, ..Settings::default() };
        let grams = Grams::count(&mut memory, &settings).unwrap_or_else(|e| match e {});
        prop_assert_eq!(grams.min_count, min_count);
        let mut naive: BTreeMap<String, (u32, u32, BTreeSet<usize>)> = BTreeMap::new();
        for (number, (within, text)) in texts.iter().enumerate() {
            for sequence in sequences(text, MAX_CHARS + 1) {
                let counts = naive.entry(sequence).or_default();
                if *within {
                    counts.0 += 1;
                    counts.2.insert(number);
                } else {
                    counts.1 += 1;
                }
            }
        }
        let expected: BTreeMap<String, (u32, u32, u32)> =
            naive.into_iter().filter(|(_, c)| c.0 >= min_count).map(|(text, c)| (text, (c.0, c.1, u32::try_from(c.2.len()).unwrap()))).collect();
        let mut got = BTreeMap::new();
        for (level, length) in grams.levels.iter().zip(1..) {
            for (gram, number) in level.grams.iter().zip(0..) {
                got.insert(grams.text(length, number), (gram.count, gram.before, gram.documents));
            }
        }
        prop_assert_eq!(got, expected);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn the_order_of_the_documents_changes_nothing(seed in 0..1000_usize) {
        let (before, within) = articles();
        let memory = memory(&before.iter().map(String::as_str).collect::<Vec<_>>(), &within.iter().map(String::as_str).collect::<Vec<_>>());
        let mut turned = memory.clone();
        let length = turned.documents.len();
        turned.documents.rotate_left(seed % length);
        turned.documents[..length / 2].reverse();
        let (one, other) = (found(&memory, &small(), &lexicon("")), found(&turned, &small(), &lexicon("")));
        prop_assert!(!one.is_empty());
        prop_assert_eq!(one, other);
    }
}

/// Texts in which one phrase is new, one is as old as the rest, and a longer form
/// of the new one covers most of a part of it.
fn articles() -> (Vec<String>, Vec<String>) {
    const VERBS: [&str; 7] = ["推动", "发展", "支持", "研究", "扶持", "谋划", "壮大"];
    const TAILS: [&str; 7] = ["的县市", "让农民增收", "成为新路", "带来活力", "要看条件", "不能一哄而上", "值得总结"];
    const OLD: [&str; 5] = ["水利工程", "粮食生产", "乡村道路", "城乡供水", "林业改革"];
    let line = |i: usize, new: &str| {
        format!("{}{new}{}，{}和{}照常进行。{}有{}。", VERBS[i % 7], TAILS[(i * 3 + 1) % 7], OLD[i % 5], OLD[(i + 2) % 5], OLD[(i * 2 + 1) % 5], TAILS[i % 7])
    };
    let before = (0..40).map(|i| line(i, "乡村道路")).collect();
    let within = (0..40).map(|i| line(i, if i % 2 == 0 { "林下经济" } else { "庭院养殖" })).collect();
    (before, within)
}

#[test]
fn a_new_phrase_is_told_whole_with_its_figures_and_an_old_one_is_not() {
    let (before, within) = articles();
    let memory = memory(&before.iter().map(String::as_str).collect::<Vec<_>>(), &within.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = found(&memory, &small(), &lexicon("'林业','林上经济'"));
    let mut told = phrases(&rows);
    told.sort_unstable();
    assert_eq!(told, ["庭院养殖", "林下经济"]);
    let row = rows.iter().find(|row| row.phrase == "林下经济").unwrap();
    assert_eq!((row.count, row.documents, row.days, row.count_before, row.chars), (20, 20, 20, 0, 4));
    assert_eq!((row.first_date, row.first_doc_id.as_str()), (day("2024-01-01"), "2024-2024-01-01"));
    assert_eq!(row.contexts.len(), 3);
    assert!(row.contexts.iter().all(|context| context.contains("林下经济") && !context.contains('。')));
    assert_eq!(row.nearest_term.as_deref(), Some("林上经济"));
    assert_eq!(row.g2, log_likelihood(20, row.han_chars_window, 0, row.han_chars_before));
    assert!(!row.baseline_thin || row.han_chars_before < row.han_chars_window);
}

#[test]
fn what_was_first_seen_shortly_before_the_window_is_new_and_what_was_always_there_is_not() {
    let (mut before, within) = articles();
    for i in 34..40 {
        let (late, early) = (&within[(i - 34) * 2], 39 - i);
        before.push(late.clone());
        before[early] += &within[(i - 34) * 2 + 1];
    }
    let mut memory = memory(&before.iter().map(String::as_str).collect::<Vec<_>>(), &within.iter().map(String::as_str).collect::<Vec<_>>());
    for (_, _, date, _) in memory.documents.iter_mut().take(46).skip(40) {
        *date = day("2023-12-20");
    }
    let rows = found(&memory, &small(), &lexicon(""));
    let rank = |phrase: &str| rows.iter().find(|row| row.phrase == phrase).map(|row| (row.rank, row.count_before));
    let (late, before) = rank("林下经济").unwrap();
    assert_eq!(before, 6);
    assert!(rank("庭院养殖").is_none_or(|(early, _)| early > late), "{:?}", phrases(&rows));
}

#[test]
fn a_known_term_and_its_parts_are_left_out() {
    let (before, within) = articles();
    let memory = memory(&before.iter().map(String::as_str).collect::<Vec<_>>(), &within.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(phrases(&found(&memory, &small(), &lexicon("'林下经济'"))), ["庭院养殖"]);
    assert_eq!(phrases(&found(&memory, &small(), &lexicon("'发展林下经济','庭院养殖'"))), [] as [&str; 0]);
}

#[test]
fn boilerplate_and_the_phrase_of_one_article_are_left_out() {
    let (before, mut within) = articles();
    for (i, text) in within.iter_mut().enumerate() {
        // The same words in every document of the source.
        *text = format!("甲台消息（晚间要闻）：{text}");
        if i == 7 {
            text.push_str(&["看", "说", "写", "想", "问", "记", "盼", "爱"].map(|verb| format!("{verb}河湖长制{verb}。")).concat());
        }
    }
    let memory = memory(&before.iter().map(String::as_str).collect::<Vec<_>>(), &within.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = found(&memory, &small(), &lexicon(""));
    let mut told = phrases(&rows);
    told.sort_unstable();
    assert_eq!(told, ["庭院养殖", "林下经济"]);
}

#[test]
fn without_text_before_nothing_is_said_of_novelty() {
    let (_, within) = articles();
    let memory = memory(&[], &within.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = found(&memory, &small(), &lexicon(""));
    assert!(phrases(&rows).contains(&"林下经济"));
    assert!(rows.iter().all(|row| row.baseline_thin && row.g2.is_none() && row.log_ratio.is_none() && row.per_10k_before.is_none()));
}

#[test]
fn a_window_without_text_has_no_phrases() {
    let memory = memory(&["只有以前的文字"], &[]);
    assert_eq!(found(&memory, &small(), &lexicon("")), []);
}

#[test]
fn where_the_memory_does_not_take_all_the_minimum_rises() {
    // Far more different pairs than the thousand that the smallest table takes.
    let chars: Vec<char> = ('\u{4e00}'..'\u{9fff}').take(3000).collect();
    let text: String = chars.iter().collect();
    let mut memory = memory(&[], &[text.as_str(); 3]);
    let settings = Settings { min_count: 2, memory_bytes: 1, ..Settings::default() };
    let grams = Grams::count(&mut memory, &settings).unwrap_or_else(|e| match e {});
    assert!(grams.min_count > 3 && grams.levels.is_empty());
}
