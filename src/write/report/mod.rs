//! The report: one self-contained page, made of the tables of a release.
//!
//! It asks no clock and no network: the same release, facts and language give
//! the same bytes. How old the newest text is, is worked out by the page's own
//! script when somebody opens it. All text goes through `maud`, which escapes
//! it; the numbers for the script stand in a JSON block in which no `<` is left.

mod calendar;
mod chart;
mod corpus;
mod data;
mod explorer;
mod heat;
mod members;
mod method;
mod movers;
mod number;
mod occasions;
mod pairs;
mod phrases;
mod read;
#[cfg(test)]
mod tests;
mod turns;
mod warnings;
mod words;

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::data::Data;
use self::words::Words;
use super::WriteError;
use crate::tally::HeatLevel;

pub use words::Language;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Name of the page in a release.
pub const REPORT_FILE: &str = "report.html";

/// A source as the pipeline has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFact {
    /// Name.
    pub name: String,
    /// Register.
    pub register: String,
    /// How often it is expected to speak.
    pub cadence: String,
}

/// What the page says of a release that does not stand in its tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Title for people.
    pub title: String,
    /// Language of the page that was written with the release.
    pub language: Language,
    /// A hash of all that the release depends on.
    pub release_key: String,
    /// Version of tifa.
    pub tifa: String,
    /// Version of the tables.
    pub schema_version: String,
    /// Hash of the lexicon.
    pub lexicon_hash: String,
    /// The day up to which sources were expected to speak.
    pub as_of: Option<String>,
    /// How copies count: `all` or `first`.
    pub duplicates: String,
    /// Which date counts: `auto`, `document` or `event`.
    pub date_basis: String,
    /// Preambles count.
    pub preamble: bool,
    /// Lengths of periods.
    pub periods: Vec<String>,
    /// Breakdowns.
    pub breakdowns: Vec<String>,
    /// Windows in which new phrases were looked for.
    pub windows: usize,
    /// Sources, in the order of the pipeline.
    pub sources: Vec<SourceFact>,
    /// Name and version of the scale of heat.
    pub heat_scale: String,
    /// Its levels.
    pub heat_levels: Vec<HeatLevel>,
}

/// What every section is given.
struct Page<'p> {
    data: &'p Data,
    facts: &'p Facts,
    words: &'p Words,
}

/// The page of a release: `release` is its folder, with `tables/` in it.
///
/// # Errors
/// [`WriteError`] with the path of a table that cannot be read.
///
/// # Cost
/// Memory for the series of all themes (4 bytes a theme and period) and for the
/// page, which carries at most 3 MB of numbers; of the documents, only the
/// pages of text are read that hold a shown sentence.
pub fn report(release: &Path, facts: &Facts, language: Language) -> Result<String, WriteError> {
    let data = Data::read(release, facts)?;
    let words = Words::new(language);
    Ok(page(&Page { data: &data, facts, words: &words }).into_string())
}

type Section = fn(&Page<'_>) -> Markup;

/// The sections in their order.
const SECTIONS: [(&str, Section); 13] = [
    ("corpus", corpus::corpus),
    ("coverage", calendar::coverage),
    ("heat", heat::heat),
    ("explorer", explorer::explorer),
    ("movers", movers::section_of),
    ("turns", turns::turns),
    ("types", members::occasion_types),
    ("provinces", members::provinces),
    ("pairs", pairs::pairs),
    ("phrases", phrases::phrases),
    ("occasions", occasions::occasions),
    ("method", method::method),
    ("tables", tables),
];

fn tables(page: &Page<'_>) -> Markup {
    section(page.words, "tables", html! { p { (page.words.t("tables-intro")) } })
}

fn page(page: &Page<'_>) -> Markup {
    let (w, facts) = (page.words, page.facts);
    let sections: Vec<Markup> = SECTIONS.par_iter().map(|(_, section)| section(page)).collect();
    html! {
        (DOCTYPE)
        html lang=(w.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(format!("tifa {}", facts.tifa));
                // Nothing is fetched, whatever the text says.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
                title { (w.fill("page-title", &[&facts.title])) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { (w.t("skip")) }
                header {
                    p.brand { (w.t("brand")) }
                    h1 { (facts.title) }
                }
                nav aria-label=(w.t("contents")) {
                    ul { @for (id, _) in SECTIONS { li { a href=(format!("#{id}")) { (w.t(&format!("section-{id}"))) } } } }
                }
                main #main { @for section in &sections { (section) } }
                footer { p { (w.fill("footer", &[&facts.tifa, &facts.release_key])) } }
                script #words type="application/json" { (PreEscaped(explorer::inside_script(&serde_json::json!(w.of_script()).to_string()))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// A section with its heading.
#[expect(clippy::needless_pass_by_value, reason = "the body is made for the section")]
fn section(w: &Words, id: &str, body: Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby=(format!("h-{id}")) {
            h2 id=(format!("h-{id}")) { (w.t(&format!("section-{id}"))) }
            (body)
        }
    }
}
