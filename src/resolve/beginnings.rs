//! One look at each character of a document, for all that read it after: a text
//! in, the places out where a word of one of their lists may begin.
//!
//! Most characters begin no word of any list, and are not looked at again.

use super::character::{is_of_three, of_three};
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
/// Where the subject of a verb of saying may end or begin.
pub(super) const EDGES: Readers = 64;

/// What a whole document is searched for; the others, only in the texts that need it.
pub(super) const OF_DOCUMENTS: Readers = PLACES | DATES | OCCASIONS | TOKENS | SAYINGS | SAYS_NOTHING;

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

/// The beginnings in a sentence of a document.
#[derive(Clone, Copy, Default)]
pub(super) struct InSentence<'d> {
    /// By the bytes of the document.
    pub all: &'d [Beginning],
    /// Where the sentence begins in it.
    pub sentence: usize,
}

impl<'d> InSentence<'d> {
    /// Where words of `readers` may begin, by the bytes of the sentence.
    pub(super) fn of(self, readers: Readers) -> impl Iterator<Item = usize> + use<'d> {
        self.all.iter().filter(move |b| b.readers & readers != 0).map(move |b| b.at() - self.sentence)
    }
}

/// What a character may be in the words of each reader: from the lowest byte on,
/// the whole word, the first character of several, the second.
#[derive(Clone, Copy, Default)]
struct Part(u32);

/// What two characters may be: from the lowest byte on, the whole word, the first
/// two characters of more, the second and third.
#[derive(Clone, Copy, Default)]
struct Pair(u32);

/// The beginnings of all words: their first three characters.
pub(super) struct Beginnings {
    /// For each character of the basic plane.
    parts: Vec<Part>,
    /// For two characters, in a table of their hashes: pairs that share a place
    /// are told apart only by their `parts`.
    pairs: Vec<Pair>,
}

/// Characters of the basic plane.
const PLANE: usize = 0x1_0000;

/// Bits of a place in `pairs`.
const PAIR_BITS: u32 = 16;

/// Places in `pairs`.
const PAIRS: usize = 1 << PAIR_BITS;

impl Default for Beginnings {
    fn default() -> Self {
        Self { parts: vec![Part::default(); PLANE], pairs: vec![Pair::default(); PAIRS] }
    }
}

/// The place of a pair of characters.
const fn place(first: u32, second: u32) -> usize {
    (hash(first, second) >> (u32::BITS - PAIR_BITS)) as usize
}

impl Beginnings {
    /// Adds the words of a reader.
    pub(super) fn add<W: AsRef<str>>(&mut self, reader: Readers, words: impl IntoIterator<Item = W>) {
        let reader = u32::from(reader);
        for word in words {
            let mut chars = word.as_ref().chars().map(u32::from);
            let Some(first) = chars.next() else { continue };
            let (second, third) = (chars.next(), chars.next());
            if let Some(part) = self.parts.get_mut(first as usize) {
                part.0 |= if second.is_some() { reader << 8 } else { reader };
            }
            let Some(second) = second else { continue };
            if let Some(part) = self.parts.get_mut(second as usize) {
                part.0 |= reader << 16;
            }
            if let Some(pair) = self.pairs.get_mut(place(first, second)) {
                pair.0 |= if third.is_some() { reader << 8 } else { reader };
            }
            if let Some(pair) = third.and_then(|third| self.pairs.get_mut(place(second, third))) {
                pair.0 |= reader << 16;
            }
        }
    }

    /// Where words of the readers `wanted` may begin in `text`, in order, added
    /// to `out`. Every word is found; where none begins, one may be told all the
    /// same. In texts of 4 GB and more nothing is found.
    ///
    /// # Cost
    /// One pass with two look-ups for each character.
    pub(super) fn find(&self, text: &str, wanted: Readers, out: &mut Vec<Beginning>) {
        // Arrays of a known size: a code of three bytes is always in them.
        let (Some(parts), Some(pairs)) = (self.parts.first_chunk::<PLANE>(), self.pairs.first_chunk::<PAIRS>()) else { return };
        let bytes = text.as_bytes();
        if u32::try_from(bytes.len()).is_err() {
            return;
        }
        let mut found = Block { all: [Beginning::default(); BLOCK], used: 0, wanted: wanted.into() };
        let mut last = Last::default();
        let mut at = 0_u32;
        loop {
            for &chunk in bytes.get(at as usize..).unwrap_or_default().as_chunks().0 {
                if !is_of_three(chunk[0]) {
                    break;
                }
                let code = of_three(chunk).code;
                let part = parts.get(code as usize).copied().unwrap_or_default();
                let pair = pairs.get(place(last.code, code)).copied().unwrap_or_default();
                found.push(last.step(at, code, part, pair), out);
                at += 3;
            }
            let Some(c) = text.get(at as usize..).and_then(|rest| rest.chars().next()) else { break };
            found.push(last.step(at, c.into(), self.part(c.into()), self.pair(last.code, c.into())), out);
            at += of_bytes(c);
        }
        for _ in 0..2 {
            found.push(last.step(at, 0, Part::default(), Pair::default()), out);
        }
        out.extend_from_slice(found.all.get(..found.used).unwrap_or_default());
    }

    /// The same of a short text, one by one.
    pub(super) fn each<'t>(&'t self, text: &'t str, wanted: Readers) -> impl Iterator<Item = usize> + 't {
        let mut last = Last::default();
        let mut chars = text.chars();
        let mut at = 0;
        // What the last two characters begin is known after the end.
        let mut beyond = 0;
        std::iter::from_fn(move || {
            while beyond < 2 {
                let found = if let Some(c) = chars.next() {
                    let code = u32::from(c);
                    let found = last.step(at, code, self.part(code), self.pair(last.code, code));
                    at += of_bytes(c);
                    found
                } else {
                    beyond += 1;
                    last.step(at, 0, Part::default(), Pair::default())
                };
                if found.1 & u32::from(wanted) != 0 {
                    return Some(found.0 as usize);
                }
            }
            None
        })
    }

    /// What a character may be; beyond the basic plane anything is thought possible.
    fn part(&self, code: u32) -> Part {
        self.parts.get(code as usize).copied().unwrap_or(Part(0x00ff_ffff))
    }

    fn pair(&self, first: u32, second: u32) -> Pair {
        self.pairs.get(place(first, second)).copied().unwrap_or_default()
    }
}

/// Bytes of a character: at most four.
fn of_bytes(c: char) -> u32 {
    u32::try_from(c.len_utf8()).unwrap_or_default()
}

/// The last two characters read: whose words begin with them, those after them decide.
#[derive(Default)]
struct Last {
    /// Where the first of the two stands.
    before: u32,
    /// Whose words begin with it for certain, and in the next byte, whose if the
    /// next pair goes on.
    begins: u32,
    /// The second.
    at: u32,
    code: u32,
    part: Part,
}

impl Last {
    /// Takes in the next character, `pair` with the one before it; tells where the
    /// first of the last two stands and what it begins. Before the text has begun
    /// that is nothing. The bits above those of the readers mean nothing.
    #[inline]
    fn step(&mut self, at: u32, code: u32, part: Part, pair: Pair) -> (u32, u32) {
        let found = (self.before, self.begins | self.begins >> 8 & pair.0 >> 16);
        let both = self.part.0 >> 8 & part.0 >> 16;
        let begins = self.part.0 & 0xff | (both | both << 8) & pair.0;
        *self = Self { before: self.at, begins, at, code, part };
        found
    }
}

/// Places found together. Whether a word begins is hard to foresee: without a
/// branch on it, the processor looks at the next characters meanwhile.
struct Block {
    all: [Beginning; BLOCK],
    used: usize,
    wanted: u32,
}

/// Most places in a block.
const BLOCK: usize = 32;

impl Block {
    #[inline]
    fn push(&mut self, (at, readers): (u32, u32), out: &mut Vec<Beginning>) {
        let [readers, ..] = (readers & self.wanted).to_le_bytes();
        if let Some(slot) = self.all.get_mut(self.used % BLOCK) {
            *slot = Beginning { at, readers };
        }
        self.used += usize::from(readers != 0);
        if self.used == BLOCK {
            out.extend_from_slice(&self.all);
            self.used = 0;
        }
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
        assert!(found(&vocabulary.beginnings, text, OF_DOCUMENTS & !TOKENS).len() * 5 < text.chars().count());
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
