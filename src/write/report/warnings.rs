//! What a reader must know before the numbers: what is missing, short, refused,
//! undated, repeated or too little.

use maud::{Markup, html};

use super::data::Block;
use super::words::Words;
use super::{Page, number};

/// A warning: how many of what, and the section that has them.
pub(super) struct Warning {
    pub(super) key: &'static str,
    pub(super) parts: Vec<String>,
    pub(super) section: &'static str,
}

/// Documents below which a period says little; as `small_n` in the tables.
const FEW_DOCUMENTS: u64 = 20;

/// All warnings of a release.
pub(super) fn warnings(page: &Page<'_>) -> Vec<Warning> {
    let (data, w) = (page.data, page.words);
    let mut out = Vec::new();
    let mut warn = |key: &'static str, parts: Vec<String>, section: &'static str| out.push(Warning { key, parts, section });
    let documents = data.documents_in_all();
    if documents == 0 {
        warn("warn-no-documents", Vec::new(), "corpus");
    }
    let missing = data.coverage.iter().filter(|row| row.missing).count() as u64;
    if missing > 0 {
        let expected = data.coverage.iter().filter(|row| row.expected).count() as u64;
        warn("warn-missing", vec![number::count(missing), number::count(expected)], "coverage");
    }
    let short = data.coverage.iter().filter(|row| row.suspiciously_short).count() as u64;
    if short > 0 {
        warn("warn-short", vec![number::count(short)], "coverage");
    }
    let expected = data.expected_sources();
    let silent: Vec<&str> =
        data.sources.iter().filter(|(name, s)| s.documents > 0 && !expected.contains(name.as_str())).map(|(name, _)| name.as_str()).collect();
    if !silent.is_empty() {
        warn("warn-no-cadence", vec![silent.join(&w.t("list-mark"))], "coverage");
    }
    let empty: Vec<&str> = data.sources.iter().filter(|(_, s)| s.documents == 0).map(|(name, _)| name.as_str()).collect();
    if !empty.is_empty() {
        warn("warn-empty-source", vec![empty.join(&w.t("list-mark"))], "corpus");
    }
    let rejected: u64 = data.rejects.values().sum();
    if rejected > 0 {
        let reasons: Vec<String> = data.rejects.iter().map(|(reason, n)| format!("{} {}", w.name("reason", reason), number::count(*n))).collect();
        warn("warn-rejects", vec![number::count(rejected), reasons.join(&w.t("list-mark"))], "method");
    }
    let replaced: u64 = data.sources.values().map(|s| s.replaced_chars).sum();
    if replaced > 0 {
        warn("warn-replaced", vec![number::count(replaced)], "corpus");
    }
    let undated: u64 = data.sources.values().map(|s| s.undated).sum();
    if undated > 0 {
        warn("warn-undated", vec![number::count(undated), number::count(documents)], "corpus");
    }
    if data.copies > 0 {
        let rule = w.name("duplicates", &page.facts.duplicates);
        warn("warn-copies", vec![number::count(data.copies), rule], "method");
    }
    let of_all: Vec<&Block> = data.blocks.iter().filter(|b| b.source.is_none()).collect();
    let few: Vec<String> = of_all.iter().filter_map(|block| few_documents(w, block)).collect();
    if !few.is_empty() {
        warn("warn-few", vec![FEW_DOCUMENTS.to_string(), few.join(&w.t("list-mark"))], "method");
    }
    let cut = of_all.iter().filter_map(|block| block.slots.last().filter(|slot| slot.partial));
    let cut: Vec<String> = cut.map(|slot| number::period(&slot.label, w.language)).collect();
    if !cut.is_empty() {
        warn("warn-partial", vec![cut.join(&w.t("list-mark"))], "coverage");
    }
    if data.themes.is_empty() {
        warn("warn-no-themes", Vec::new(), "method");
    } else if data.themes.iter().all(|t| t.hits == 0) {
        warn("warn-no-hits", Vec::new(), "heat");
    }
    if data.candidates.iter().any(|c| c.baseline_thin) {
        warn("warn-thin", Vec::new(), "phrases");
    }
    if data.occasions.later > 0 {
        warn("warn-later", vec![number::count(data.occasions.later)], "occasions");
    }
    out
}

/// How many of the periods with text have few documents.
fn few_documents(w: &Words, block: &Block) -> Option<String> {
    let spoken = block.slots.iter().filter(|slot| slot.documents > 0);
    let few = spoken.clone().filter(|slot| slot.documents < FEW_DOCUMENTS).count() as u64;
    let parts = [w.name("period", &block.period), number::count(few), number::count(spoken.count() as u64)];
    (few > 0).then(|| w.fill("warn-few-of", &parts.each_ref().map(String::as_str)))
}

/// The warnings as a list; what is asked of [`Words`](super::Words) by key.
pub(super) fn list(page: &Page<'_>) -> Markup {
    let (w, all) = (page.words, warnings(page));
    html! {
        div.warnings {
            h3 { (w.t("warnings")) }
            @if all.is_empty() { p { (w.t("warnings-none")) } }
            @else {
                ul {
                    @for warning in &all {
                        li { (w.fill(warning.key, &warning.parts.iter().map(String::as_str).collect::<Vec<_>>())) " " a href=(format!("#{}", warning.section)) { (w.t("see")) } }
                    }
                }
            }
        }
    }
}
