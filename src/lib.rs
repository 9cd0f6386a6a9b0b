//! tifa (提法) turns raw official Chinese text into analysis-ready tables.
//!
//! Six stages, in the order of the alphabet, each a folder of plain functions
//! over its own types:
//!
//! | stage | in → out |
//! | --- | --- |
//! | [`load`] | files → decoded records |
//! | [`parse`](mod@parse) | records → documents with sentences |
//! | [`resolve`](mod@resolve) | documents → dates, places, occasions, voice |
//! | [`tag`](mod@tag) | documents and a lexicon → hits |
//! | [`tally`](mod@tally) | counts of whole documents → series |
//! | [`write`](mod@write) | rows → Parquet, CSV, one release |
//!
//! A stage imports the floor ([`diagnostic`]) and the stages before it. The
//! roof ([`plan`], [`batch`], [`error`]) drives them: [`execute`] is the whole
//! of a run. The middle is pure: [`annotate`] knows one document and no corpus,
//! no clock, no disk.
//!
//! ```
//! use tifa::{annotate, parse, resolve::Vocabulary, tag::Lexicon};
//!
//! let rules = tifa::Rules { vocabulary: &Vocabulary::builtin(), lexicon: &tifa::builtin_lexicon() };
//! let date = parse::read_date("2024-03-06");
//! let document = parse::document_of("全省农业工作会议3月4日至5日在哈尔滨召开。", date);
//! let found = annotate(&document, rules);
//! assert_eq!(found.resolution.events[0].name, "全省农业工作会议");
//! assert_eq!(found.resolution.events[0].date.unwrap().to_string(), "2024-03-04/2024-03-05");
//! ```
//!
//! # Glossary
//!
//! | word | 中文 | meaning |
//! | --- | --- | --- |
//! | record | 记录 | a file, or an item of a file of records, as it was decoded |
//! | document | 篇 | an article; the unit of every count |
//! | theme | 主题 | what the lexicon counts, by its terms |
//! | term | 提法 | a set formulation, a string |
//! | hit | 命中 | an occurrence of a term that counts |
//! | occasion | 场合 | a dated meeting, visit, call, message … |
//! | event | 记述 | a mention of an occasion in a document |
//! | scope | 范围 | the sentences that speak of an occasion |
//! | voice | 语态 | reported speech or narration |
//! | register | 语体 | the kind of text that a source gives |
//! | shard | 分片 | input that is read, cached and published together |
//! | release | 发布 | one whole set of tables |

pub mod batch;
#[cfg(feature = "cli")]
pub mod cli;
pub mod diagnostic;
pub mod error;
pub mod guess;
pub mod load;
pub mod parse;
pub mod plan;
pub mod resolve;
pub mod tag;
pub mod tally;
pub mod write;

pub use error::Error;

/// What [`annotate`] goes by.
#[derive(Clone, Copy)]
pub struct Rules<'r> {
    /// Occasions and places.
    pub vocabulary: &'r resolve::Vocabulary,
    /// Themes.
    pub lexicon: &'r tag::Lexicon,
}

/// What was read in one document.
#[derive(Clone, Debug, Default)]
pub struct Annotations {
    /// Dates, places, occasions, voice.
    pub resolution: resolve::Resolution,
    /// Themes.
    pub hits: Vec<tag::Hit>,
}

/// Reads one document: [`resolve`](resolve::resolve()) and [`tag`](tag::tag()).
#[must_use]
pub fn annotate(document: &parse::Document, rules: Rules<'_>) -> Annotations {
    Annotations { resolution: resolve::resolve(document, rules.vocabulary), hits: tag::tag(document, rules.lexicon) }
}

/// The starter lexicon that tifa was built with.
#[must_use]
pub fn builtin_lexicon() -> tag::Lexicon {
    match tag::Lexicon::new(&resolve::builtin_files("themes")) {
        Ok(lexicon) => lexicon,
        Err(faults) => unreachable!("the built-in lexicon is checked by the tests: {}", faults.iter().map(ToString::to_string).collect::<String>()),
    }
}

/// Runs a pipeline from its file to its release.
///
/// # Errors
/// [`Error`], whose [`exit_code`](Error::exit_code) says of which kind.
pub fn execute(plan: &plan::Plan, options: &batch::Options, watch: &dyn batch::Watch) -> Result<batch::RunRecord, Error> {
    Ok(batch::run(plan, options, watch)?)
}
