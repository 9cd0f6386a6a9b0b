//! Words that a text may end with.

use std::collections::BTreeMap;

use super::char_set::CharSet;

/// Words with what each means, by their last characters: most texts end with
/// none of these.
#[derive(Debug)]
pub(super) struct Endings<T> {
    by_last: BTreeMap<char, Vec<(String, T)>>,
    lasts: CharSet,
}

impl<T> Endings<T> {
    /// The empty word is left out.
    pub(super) fn new<W: Into<String>>(words: impl IntoIterator<Item = (W, T)>) -> Self {
        let mut by_last: BTreeMap<char, Vec<(String, T)>> = BTreeMap::new();
        for (word, value) in words {
            let word = word.into();
            if let Some(last) = word.chars().next_back() {
                by_last.entry(last).or_default().push((word, value));
            }
        }
        let lasts = by_last.keys().copied().collect();
        Self { by_last, lasts }
    }

    /// The words that `text` ends with, in their order: what stands before each
    /// and what it means.
    pub(super) fn of<'t>(&self, text: &'t str) -> impl Iterator<Item = (&'t str, &T)> {
        let words = text.chars().next_back().filter(|last| self.lasts.contains(*last)).and_then(|last| self.by_last.get(&last)).map_or(&[][..], Vec::as_slice);
        words.iter().filter_map(move |(word, value)| text.strip_suffix(word.as_str()).map(|before| (before, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_at_the_end_are_found_in_their_order() {
        let endings = Endings::new([("夫人", 1), ("及夫人", 2), ("博士", 3), ("", 4)]);
        assert_eq!(endings.of("总统及夫人").collect::<Vec<_>>(), [("总统及", &1), ("总统", &2)]);
        assert_eq!(endings.of("夫人们").count() + endings.of("").count(), 0);
    }
}
