//! Where the terms of a lexicon meet: which lie inside longer ones, which may cross.

use std::collections::BTreeMap;

use super::Lexicon;
use super::matcher::GAP_SIGN;

/// Shared characters of two terms from which on a crossing is worth telling.
const CROSSING_CHARS: usize = 2;

/// How two terms of a lexicon meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overlap {
    /// Where the longer one stands, the other does not count; they are of two themes.
    Inside {
        /// Number of the term inside.
        inner: usize,
        /// Number of the longer one.
        outer: usize,
    },
    /// The end of one is the beginning of the other: where they share it, both count.
    Crossing {
        /// Number of the term that may come first.
        first: usize,
        /// Number of the other.
        second: usize,
        /// What they share.
        shared: String,
    },
}

impl Lexicon {
    /// How the terms meet: those of two themes that lie inside each other, and all
    /// that may cross, also of one theme, which then counts twice. A crossing by
    /// one character is not told, nor one of a pattern.
    ///
    /// # Cost
    /// A scan of each term, and a comparison of all pairs.
    #[must_use]
    pub fn overlaps(&self) -> Vec<Overlap> {
        let mut out = Vec::new();
        for outer in 0..self.term_count() {
            // A filler between the parts of a pattern, so that they do not touch.
            let text = self.term(outer).replace(GAP_SIGN, "□");
            let inside = self.all_occurrences(&text).into_iter().filter(|o| !o.counts && o.term != outer && self.theme_of(o.term) != self.theme_of(outer));
            out.extend(inside.map(|o| Overlap::Inside { inner: o.term, outer }));
        }
        out.sort();
        out.dedup();
        let plain = |number: &usize| !self.term(*number).contains(GAP_SIGN);
        // Terms by what they begin with.
        let mut beginning: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for number in (0..self.term_count()).filter(plain) {
            for (at, _) in self.term(number).char_indices().skip(CROSSING_CHARS) {
                beginning.entry(self.term(number).get(..at).unwrap_or_default()).or_default().push(number);
            }
        }
        for first in (0..self.term_count()).filter(plain) {
            let text = self.term(first);
            for (at, _) in text.char_indices().skip(1) {
                let Some(shared) = text.get(at..) else { continue };
                for second in beginning.get(shared).into_iter().flatten().filter(|second| **second != first) {
                    out.push(Overlap::Crossing { first, second: *second, shared: shared.to_owned() });
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::DataFile;

    #[test]
    fn terms_inside_longer_ones_of_another_theme_and_terms_that_may_cross_are_told() {
        let theme = |id: &str, terms: &str| format!("[[theme]]\nid='{id}'\nzh='甲'\nen='a'\nsource='s'\nterms={terms}\n");
        let text = theme("a", "['全面深化改革', '深化改革']") + &theme("b", "['改革开放']") + &theme("c", "['深化']") + &theme("d", "['推进…改革开放']");
        let lexicon = Lexicon::new(&[DataFile { path: "t.toml".into(), text }]).unwrap();
        let told: Vec<String> = lexicon
            .overlaps()
            .iter()
            .map(|overlap| match overlap {
                Overlap::Inside { inner, outer } => format!("{} in {}", lexicon.term(*inner), lexicon.term(*outer)),
                Overlap::Crossing { first, second, shared } => format!("{} {shared} {}", lexicon.term(*first), lexicon.term(*second)),
            })
            .collect();
        assert_eq!(told, ["改革开放 in 推进…改革开放", "深化 in 全面深化改革", "深化 in 深化改革", "全面深化改革 改革 改革开放", "深化改革 改革 改革开放"]);
    }
}
