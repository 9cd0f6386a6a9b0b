//! One look at each character of a document, for all that read it after: a text
//! in, the places out where a word of one of their lists may begin.
//!
//! Most characters begin no word of any list, and are not looked at again.

use super::words::hash;

/// Readers whose words may begin somewhere, a bit for each.
pub(super) type Readers = u8;

/// Names of places.
pub(super) const PLACES: Readers = 1;
/// Words and numerals of dates.
pub(super) const DATES: Readers = 2;
/// Heads and verbs of occasions, and what a person does there.
pub(super) const OCCASIONS: Readers = 4;
/// Verbs of saying.
pub(super) const SAYINGS: Readers = 8;

const ALL: Readers = Readers::MAX;

/// A place in a text where a word may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// Its byte.
    pub at: usize,
    /// Whose word.
    pub readers: Readers,
}

/// The beginnings of all words.
pub(super) struct Beginnings {
    /// For each character of the basic plane, whose word it may be alone, and
    /// whose longer words it may begin.
    firsts: Vec<(Readers, Readers)>,
    /// Whose words begin with two characters, by the upper bits of their hash:
    /// two that share a place share their readers.
    pairs: Vec<Readers>,
}

/// Bits of the hash by which `pairs` is ordered.
const PAIR_BITS: u32 = 17;

impl Default for Beginnings {
    fn default() -> Self {
        Self { firsts: vec![(0, 0); 0x1_0000], pairs: vec![0; 1 << PAIR_BITS] }
    }
}

const fn pair(first: char, second: char) -> usize {
    (hash(first as u32, second as u32) >> (u32::BITS - PAIR_BITS)) as usize
}

impl Beginnings {
    /// Adds the words of a reader.
    pub(super) fn add<'w>(&mut self, reader: Readers, words: impl IntoIterator<Item = &'w str>) {
        for word in words {
            let mut chars = word.chars();
            let Some(first) = chars.next() else { continue };
            let second = chars.next();
            if let Some((alone, longer)) = self.firsts.get_mut(first as usize) {
                *(if second.is_some() { longer } else { alone }) |= reader;
            }
            if let Some(readers) = second.and_then(|second| self.pairs.get_mut(pair(first, second))) {
                *readers |= reader;
            }
        }
    }

    /// Where words may begin in `text`, in order. Every word is found; where
    /// none begins, one may be told all the same.
    ///
    /// # Cost
    /// One pass with two look-ups for each character.
    pub(super) fn find(&self, text: &str) -> Vec<Beginning> {
        let mut out = Vec::with_capacity(text.len() / 16);
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            // Beyond the basic plane every word is thought possible.
            let (alone, longer) = self.firsts.get(c as usize).copied().unwrap_or((ALL, ALL));
            let next = chars.peek().map_or('\0', |(_, c)| *c);
            let readers = alone | longer & self.pairs.get(pair(c, next)).copied().unwrap_or_default();
            if readers != 0 {
                out.push(Beginning { at, readers });
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn most_characters_begin_nothing() {
        let vocabulary = super::super::Vocabulary::builtin();
        let text = "技术人员走进田间地头，手把手教农户使用新机具，哪里有难题就把课堂搬到哪里。";
        assert!(vocabulary.beginnings.find(text).len() * 5 < text.chars().count());
    }

    proptest! {
        #[test]
        fn no_word_is_missed(list in prop::collection::btree_set("[甲乙丙𠮷]{1,3}", 1..6), text in "[甲乙丙𠮷]{0,12}") {
            let mut beginnings = Beginnings::default();
            beginnings.add(DATES, list.iter().map(String::as_str));
            let found = beginnings.find(&text);
            for (at, _) in text.char_indices() {
                if list.iter().any(|word| text[at..].starts_with(word.as_str())) {
                    prop_assert!(found.iter().any(|b| b.at == at && b.readers & DATES != 0));
                }
            }
        }
    }
}
