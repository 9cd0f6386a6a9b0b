//! **tag**: [`Document`] + [`Lexicon`] → [`Hit`]s.
//!
//! The rule: an occurrence of a term counts unless it lies inside an occurrence
//! of a longer term of the lexicon; crossing occurrences both count;
//! occurrences of one term that overlap count once, the leftmost first. A theme
//! that says `nested = true` has its terms counted inside longer ones too.
//!
//! A term may be a pattern, `发展…新质生产力`: its two parts, in this order, with at
//! most [`DEFAULT_GAP`] characters between them (a theme may set `gap`), none of
//! which is 。！？； or a line feed. So a pattern stays inside one sentence. It
//! may go over commas and quotation marks, and its parts may also stand side by
//! side. The shortest span is the occurrence: one that has another of the same
//! pattern inside is none. It goes from the first part to the end of the second.
//!
//! For the rule, a pattern is made of its parts: what stands between them is not
//! its own. So a term in the gap counts, a term in one of the parts does not, and
//! an occurrence lies inside another if all its characters belong to it, and it
//! has more. Where a term and a pattern have the same characters, the term counts.
//!
//! A theme may name strings in `not_in`: a term of this theme (or a part of its
//! pattern) that lies inside one of them is not there. It does not count, and
//! nothing lies inside it. Other themes are not concerned.

mod lexicon;
mod matcher;
mod overlap;

pub use lexicon::{DEFAULT_GAP, Draft, Lexicon, LexiconCase, Theme};
pub use matcher::Occurrence;
pub use overlap::Overlap;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::DataFile;
    use crate::parse::document_of;

    proptest! {
        #[test]
        fn a_hit_lies_inside_its_sentence_also_that_of_a_pattern(text in "([发展新质，“”（）。！? \n]|发展|新质){0,40}") {
            let theme = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['发展…新质', '展新']\ngap=50\n";
            let lexicon = Lexicon::new(&[DataFile { path: "t.toml".into(), text: theme.into() }]).unwrap();
            let document = document_of(&text, None);
            for hit in tag(&document, &lexicon) {
                let sentence = document.sentences.get(hit.sentence).unwrap();
                prop_assert!(sentence.span.contains(hit.span), "{} in {}", hit.span.of(&document.text), sentence.span.of(&document.text));
            }
        }
    }
}
