//! **tag**: [`Document`] + [`Lexicon`] → [`Hit`]s.
//!
//! The rule: an occurrence of a term counts unless it lies inside an occurrence
//! of a longer term of the lexicon; crossing occurrences both count;
//! occurrences of one term that overlap count once, the leftmost first. A theme
//! that says `nested = true` has its terms counted inside longer ones too.

mod lexicon;

pub use lexicon::{Draft, Lexicon, LexiconCase, Theme};

use crate::diagnostic::Span;
use crate::parse::Document;

/// An occurrence of a theme's term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Bytes of the text.
    pub span: Span,
    /// Number of the theme in the lexicon.
    pub theme: usize,
    /// Number of the term in the lexicon.
    pub term: usize,
    /// Number of the sentence that it begins in.
    pub sentence: usize,
}

/// The hits in a document, by position.
///
/// # Cost
/// One scan of the text, and a sort of the few occurrences found.
#[must_use]
pub fn tag(document: &Document, lexicon: &Lexicon) -> Vec<Hit> {
    lexicon
        .occurrences(&document.text)
        .into_iter()
        .map(|(span, term)| {
            let sentence = document.sentences.partition_point(|s| s.span.end <= span.start);
            Hit { span, theme: lexicon.theme_of(term), term, sentence }
        })
        .collect()
}
