//! One look at each character of a document, for all that read it after: a text
//! in, the places out where a word of one of their lists may begin.
//!
//! Most characters begin no word of any list, and are not looked at again.

use super::character::{Character, character, is_of_three, of_three};
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
/// Words that only look like a verb of saying.
pub(super) const SAYS_NOTHING: Readers = 16;
/// All words and marks of which the tokens of an occasion are made.
pub(super) const TOKENS: Readers = 32;
/// Titles of persons.
pub(super) const TITLES: Readers = 64;
/// Where the subject of a verb of saying may end or begin.
pub(super) const EDGES: Readers = 128;

/// What a whole document is searched for; the others, only in the texts that need it.
pub(super) const OF_DOCUMENTS: Readers = PLACES | DATES | OCCASIONS | SAYINGS | SAYS_NOTHING;

const ALL: Readers = Readers::MAX;

/// A place in a text where a word may begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Beginning {
    /// Its byte. Texts have fewer than 2³².
    at: u32,
    /// Whose word.
    pub readers: Readers,
}

impl Beginning {
    /// Its byte.
    pub(super) const fn at(self) -> usize {
        self.at as usize
    }
}

/// What a character may be in the words of each reader.
#[derive(Clone, Copy, Default)]
#[repr(align(4))]
struct Part {
    /// The whole word.
    alone: Readers,
    /// The first of several.
    first: Readers,
    /// The second.
    second: Readers,
}

/// The beginnings of all words.
pub(super) struct Beginnings {
    /// For each character of the basic plane.
    parts: Vec<Part>,
    /// Whose words begin with two characters, in a table of their hashes: pairs
    /// that share a place are told apart only by their `parts`.
    pairs: Vec<Readers>,
}

/// Characters of the basic plane.
const PLANE: usize = 0x1_0000;

/// Bits of a place in `pairs`.
const PAIR_BITS: u32 = 17;

/// Places in `pairs`.
const PAIRS: usize = 1 << PAIR_BITS;

impl Default for Beginnings {
    fn default() -> Self {
        Self { parts: vec![Part::default(); PLANE], pairs: vec![0; PAIRS] }
    }
}

/// The place of a pair of characters.
const fn place(first: u32, second: u32) -> usize {
    (hash(first, second) >> (u32::BITS - PAIR_BITS)) as usize
}

impl Beginnings {
    /// Adds the words of a reader.
    pub(super) fn add<W: AsRef<str>>(&mut self, reader: Readers, words: impl IntoIterator<Item = W>) {
        for word in words {
            let mut chars = word.as_ref().chars();
            let Some(first) = chars.next() else { continue };
            let second = chars.next();
            if let Some(part) = self.parts.get_mut(first as usize) {
                *(if second.is_some() { &mut part.first } else { &mut part.alone }) |= reader;
            }
            let Some(second) = second else { continue };
            if let Some(part) = self.parts.get_mut(second as usize) {
                part.second |= reader;
            }
            if let Some(readers) = self.pairs.get_mut(place(first.into(), second.into())) {
                *readers |= reader;
            }
        }
    }

    /// Where words of the readers `wanted` may begin in `text`, in order, added
    /// to `out`. Every word is found; where none begins, one may be told all the
    /// same.
    ///
    /// # Cost
    /// One pass with two look-ups for each character.
    pub(super) fn find(&self, text: &str, wanted: Readers, out: &mut Vec<Beginning>) {
        // Arrays of a known size: a code of three bytes is always in them.
        let (Some(parts), Some(pairs)) = (self.parts.first_chunk::<PLANE>(), self.pairs.first_chunk::<PAIRS>()) else { return };
        let bytes = text.as_bytes();
        let mut found = Block { all: [Beginning::default(); BLOCK], used: 0, out };
        // Before the first character nothing begins.
        let mut last = (Character { code: 0, bytes: 0 }, Part::default());
        let mut at = 0;
        while at < bytes.len() {
            for &[one, two, three] in bytes.get(at..).unwrap_or_default().as_chunks().0 {
                if !is_of_three(one) {
                    break;
                }
                let here = of_three(one, two, three);
                let part = parts.get(here.code as usize).copied().unwrap_or_default();
                let pair = pairs.get(place(last.0.code, here.code)).copied().unwrap_or_default();
                found.push(at - last.0.bytes, wanted & last.1.readers(part, pair));
                at += here.bytes;
                last = (here, part);
            }
            let here = character(text, at);
            let part = self.part(here);
            found.push(at - last.0.bytes, wanted & last.1.readers(part, self.pair(last.0, here)));
            at += here.bytes;
            last = (here, part);
        }
        // After the last character nothing stands.
        found.push(at - last.0.bytes, wanted & last.1.readers(Part::default(), 0));
        found.empty();
    }

    /// The same of a short text, one by one.
    pub(super) fn each<'t>(&'t self, text: &'t str, wanted: Readers) -> impl Iterator<Item = usize> + 't {
        let mut here = character(text, 0);
        let mut part = self.part(here);
        let mut at = 0;
        std::iter::from_fn(move || {
            while here.bytes > 0 {
                let (start, next) = (at, character(text, at + here.bytes));
                let next_part = self.part(next);
                let readers = part.readers(next_part, self.pair(here, next));
                at += here.bytes;
                (here, part) = (next, next_part);
                if readers & wanted != 0 {
                    return Some(start);
                }
            }
            None
        })
    }

    /// What a character may be; beyond the basic plane anything is thought possible.
    fn part(&self, of: Character) -> Part {
        self.parts.get(of.code as usize).copied().unwrap_or(Part { alone: ALL, first: ALL, second: ALL })
    }

    /// Whose words may begin with these two characters, by their pair alone.
    fn pair(&self, first: Character, second: Character) -> Readers {
        self.pairs.get(place(first.code, second.code)).copied().unwrap_or_default()
    }
}

impl Part {
    /// Whose words may begin with this character, `next` after it, if `pair` may
    /// begin words.
    const fn readers(self, next: Self, pair: Readers) -> Readers {
        self.alone | self.first & next.second & pair
    }
}

/// Places found together. Whether a word begins is hard to foresee: without a
/// branch on it, the processor looks at the next characters meanwhile.
struct Block<'o> {
    all: [Beginning; BLOCK],
    used: usize,
    out: &'o mut Vec<Beginning>,
}

/// Most places in a block.
const BLOCK: usize = 32;

impl Block<'_> {
    fn push(&mut self, at: usize, readers: Readers) {
        if let Some(slot) = self.all.get_mut(self.used % BLOCK) {
            *slot = Beginning { at: u32::try_from(at).unwrap_or(u32::MAX), readers };
        }
        self.used += usize::from(readers != 0);
        if self.used == BLOCK {
            self.empty();
        }
    }

    fn empty(&mut self) {
        self.out.extend_from_slice(self.all.get(..self.used).unwrap_or_default());
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(beginnings: &Beginnings, text: &str, wanted: Readers) -> Vec<Beginning> {
        let mut out = Vec::new();
        beginnings.find(text, wanted, &mut out);
        out
    }

    #[test]
    fn most_characters_begin_nothing() {
        let vocabulary = super::super::Vocabulary::builtin();
        let text = "技术人员走进田间地头，手把手教农户使用新机具，哪里有难题就把课堂搬到哪里。";
        assert!(found(&vocabulary.beginnings, text, OF_DOCUMENTS).len() * 5 < text.chars().count());
    }

    proptest! {
        #[test]
        fn no_word_is_missed(list in prop::collection::btree_set("[甲乙丙𠮷]{1,3}", 1..6), text in "[甲乙丙𠮷]{0,12}") {
            let mut beginnings = Beginnings::default();
            beginnings.add(DATES, &list);
            let found = found(&beginnings, &text, DATES);
            prop_assert_eq!(found.iter().map(|b| b.at()).collect::<Vec<_>>(), beginnings.each(&text, DATES).collect::<Vec<_>>());
            for (at, _) in text.char_indices() {
                if list.iter().any(|word| text.get(at..).unwrap().starts_with(word.as_str())) {
                    prop_assert!(found.iter().any(|b| b.at() == at && b.readers & DATES != 0));
                }
            }
        }
    }
}
