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
    firsts: Box<[(Readers, Readers); PLANE]>,
    /// Whose words begin with two characters: those readers that stand at both
    /// places of the pair. Others that share one of them do not share the other.
    ///
    /// # Source
    /// Bloom (1970), Communications of the ACM 13(7), 422–426, with two hashes.
    pairs: Box<[Readers; PLACES_OF_PAIRS]>,
}

/// Characters of the basic plane.
const PLANE: usize = 0x1_0000;

/// Places in `pairs`.
const PLACES_OF_PAIRS: usize = 1 << 16;

impl Default for Beginnings {
    fn default() -> Self {
        Self { firsts: Box::new([(0, 0); PLANE]), pairs: Box::new([0; PLACES_OF_PAIRS]) }
    }
}

/// The two places of a pair of characters.
const fn places(first: u32, second: u32) -> [usize; 2] {
    let one = hash(first, second);
    [(one >> 16) as usize, (one ^ (one >> 15)) as usize % PLACES_OF_PAIRS]
}

impl Beginnings {
    /// Adds the words of a reader.
    pub(super) fn add<W: AsRef<str>>(&mut self, reader: Readers, words: impl IntoIterator<Item = W>) {
        for word in words {
            let mut chars = word.as_ref().chars();
            let Some(first) = chars.next() else { continue };
            let second = chars.next();
            if let Some((alone, longer)) = self.firsts.get_mut(first as usize) {
                *(if second.is_some() { longer } else { alone }) |= reader;
            }
            for place in second.into_iter().flat_map(|second| places(first.into(), second.into())) {
                if let Some(readers) = self.pairs.get_mut(place) {
                    *readers |= reader;
                }
            }
        }
    }

    /// Where words may begin in `text`, in order. Every word is found; where
    /// none begins, one may be told all the same.
    ///
    /// # Cost
    /// One pass with three look-ups for each character.
    pub(super) fn find(&self, text: &str) -> Vec<Beginning> {
        let mut out = Vec::with_capacity(text.len() / 16);
        // Whether a word begins is hard to foresee: without a branch on it, the
        // processor looks at the next characters meanwhile.
        let mut block = [Beginning { at: 0, readers: 0 }; BLOCK];
        let mut used = 0;
        // Before the first character nothing begins.
        let (mut at, mut here) = (0, Character { code: 0, bytes: 0 });
        while at < text.len() {
            let next = character(text, at + here.bytes);
            let readers = self.readers(here.code, next.code);
            if let Some(slot) = block.get_mut(used % BLOCK) {
                *slot = Beginning { at, readers };
            }
            used += usize::from(readers != 0);
            if used == BLOCK {
                out.extend_from_slice(&block);
                used = 0;
            }
            at += here.bytes;
            here = next;
        }
        out.extend_from_slice(block.get(..used).unwrap_or_default());
        out
    }

    /// Whose words may begin with these two characters.
    fn readers(&self, first: u32, second: u32) -> Readers {
        // Beyond the basic plane every word is thought possible.
        let (alone, longer) = self.firsts.get(first as usize).copied().unwrap_or((ALL, ALL));
        let [one, other] = places(first, second).map(|place| self.pairs.get(place).copied().unwrap_or_default());
        alone | longer & one & other
    }
}

/// Characters looked at together.
const BLOCK: usize = 64;

/// A character of a text.
#[derive(Clone, Copy)]
struct Character {
    code: u32,
    bytes: usize,
}

/// The character at byte `at`; one of no bytes where the text ends.
fn character(text: &str, at: usize) -> Character {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    // Nearly all are of three bytes, and the processor can foresee it.
    if let Some([one @ 0xe0..=0xef, two, three]) = rest.first_chunk() {
        return Character { code: u32::from(one & 0xf) << 12 | u32::from(two & 0x3f) << 6 | u32::from(three & 0x3f), bytes: 3 };
    }
    let c = text.get(at..).and_then(|rest| rest.chars().next());
    Character { code: c.map_or(0, u32::from), bytes: c.map_or(0, char::len_utf8) }
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
            beginnings.add(DATES, &list);
            let found = beginnings.find(&text);
            for (at, _) in text.char_indices() {
                if list.iter().any(|word| text.get(at..).unwrap().starts_with(word.as_str())) {
                    prop_assert!(found.iter().any(|b| b.at == at && b.readers & DATES != 0));
                }
            }
        }
    }
}
