//! Words of a closed list, found where they begin in a text.
//!
//! Chinese has no spaces, so a word may begin at any character; but its first
//! two characters tell nearly always that none does. Words are kept by these
//! two, and [`Beginnings`](super::beginnings::Beginnings) looks for them once
//! for all lists.

use super::char_set::CharSet;
use super::character::{Character, opening};
use crate::diagnostic::Span;

/// Words with what each means.
#[derive(Debug)]
pub(super) struct Words<T> {
    /// Those with the same three first characters stand together, longest first;
    /// among those with the same two, by the third, and the word of two last.
    sorted: Vec<Word<T>>,
    /// What the words hold after their first two characters, one after the other.
    rests: String,
    /// Where the words of each two characters stand: a table of a power of two
    /// of slots, some of them empty, searched from the slot of a hash on.
    slots: Vec<Slot>,
    /// Characters that are words.
    alone: CharSet,
    has_alone: bool,
}

/// A word without its first two characters: those are its slot's.
#[derive(Clone, Copy, Debug)]
struct Word<T> {
    value: T,
    /// The first character of its rest, by which most words are told apart.
    third: u32,
    /// Where its rest stands.
    rest: u32,
    rest_bytes: u32,
    /// Bytes of the whole word.
    bytes: u32,
}

/// Two characters and where their words stand; empty if there are none.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    first: u32,
    second: u32,
    from: u32,
    to: u32,
}

/// The second character of a word of one, and the third of a word of two.
const NONE: u32 = u32::MAX;

/// The first two characters of a text, and what follows them.
fn beginning(text: &str) -> (u32, u32, &str) {
    let mut chars = text.chars();
    (chars.next().map_or(NONE, u32::from), chars.next().map_or(NONE, u32::from), chars.as_str())
}

/// Lists of words have far fewer bytes than that.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Spreads two characters over 32 bits; the upper ones are mixed best.
pub(super) const fn hash(first: u32, second: u32) -> u32 {
    (first.wrapping_mul(0x9e37_79b1) ^ second).wrapping_mul(0x85eb_ca77)
}

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self { sorted: Vec::new(), rests: String::new(), slots: vec![Slot::default()], alone: CharSet::default(), has_alone: false }
    }
}

impl<T: Copy> Words<T> {
    /// Of two entries for one word the first holds; the empty word is left out.
    pub(super) fn new<W: AsRef<str>>(words: impl IntoIterator<Item = (W, T)>) -> Self {
        let mut words: Vec<(W, T)> = words.into_iter().filter(|(word, _)| !word.as_ref().is_empty()).collect();
        let key = |word: &W| {
            let (first, second, rest) = beginning(word.as_ref());
            (first, second, rest.chars().next().map_or(NONE, u32::from), std::cmp::Reverse(rest.len()))
        };
        words.sort_by(|(a, _), (b, _)| key(a).cmp(&key(b)).then_with(|| a.as_ref().cmp(b.as_ref())));
        words.dedup_by(|(later, _), (word, _)| later.as_ref() == word.as_ref());
        let same = |(a, _): &(W, T), (b, _): &(W, T)| beginning(a.as_ref()).0 == beginning(b.as_ref()).0 && beginning(a.as_ref()).1 == beginning(b.as_ref()).1;
        let groups = words.chunk_by(same).count();
        let mut out = Self { slots: vec![Slot::default(); (groups + groups / 2 + 1).next_power_of_two()], ..Self::default() };
        out.alone = words.iter().filter_map(|(word, _)| alone(word.as_ref())).collect();
        out.has_alone = words.iter().any(|(word, _)| alone(word.as_ref()).is_some());
        for group in words.chunk_by(same) {
            let from = small(out.sorted.len());
            let mut slot = Slot::default();
            for (word, value) in group {
                let (first, second, rest) = beginning(word.as_ref());
                out.sorted.push(Word {
                    value: *value,
                    third: rest.chars().next().map_or(NONE, u32::from),
                    rest: small(out.rests.len()),
                    rest_bytes: small(rest.len()),
                    bytes: small(word.as_ref().len()),
                });
                out.rests.push_str(rest);
                slot = Slot { first, second, from, to: small(out.sorted.len()) };
            }
            let (_, free) = out.slot(slot.first, slot.second);
            if let Some(place) = out.slots.get_mut(free) {
                *place = slot;
            }
        }
        out
    }

    /// The slot of two characters, or the empty one where they would stand, and its number.
    fn slot(&self, first: u32, second: u32) -> (Slot, usize) {
        let mask = self.slots.len() - 1;
        let mut at = (hash(first, second) >> 8) as usize & mask;
        loop {
            let slot = self.slots.get(at).copied().unwrap_or_default();
            if slot.from == slot.to || (slot.first, slot.second) == (first, second) {
                return (slot, at);
            }
            at = (at + 1) & mask;
        }
    }

    fn under(&self, first: u32, second: u32) -> &[Word<T>] {
        let (slot, _) = self.slot(first, second);
        self.sorted.get(slot.from as usize..slot.to as usize).unwrap_or_default()
    }

    /// Calls `found` with the words that `text` begins with, longest first, until
    /// it gives something: what each word means and its bytes.
    #[inline]
    pub(super) fn find<R>(&self, text: &str, mut found: impl FnMut(T, usize) -> Option<R>) -> Option<R> {
        let [first, second, third] = opening(text);
        if second.bytes > 0 {
            let group = self.under(first.code, second.code);
            // Most groups are of a word or two.
            let from = if group.len() > 8 { group.partition_point(|word| word.third < third.code) } else { 0 };
            for word in group.get(from..).unwrap_or_default() {
                if word.third == third.code && self.goes_on(word, text, third) {
                    if let Some(result) = found(word.value, word.bytes as usize) {
                        return Some(result);
                    }
                } else if word.third > third.code {
                    break;
                }
            }
            if let Some(word) = group.last().filter(|word| word.third == NONE)
                && let Some(result) = found(word.value, word.bytes as usize)
            {
                return Some(result);
            }
        }
        if !self.has_alone {
            return None;
        }
        let is_alone = first.bytes > 0 && char::from_u32(first.code).is_some_and(|c| self.alone.contains(c));
        let alone = if is_alone { self.under(first.code, NONE).first() } else { None };
        alone.and_then(|word| found(word.value, word.bytes as usize))
    }

    /// Whether `text`, whose first three characters are those of the word, goes
    /// on as the word does.
    fn goes_on(&self, word: &Word<T>, text: &str, third: Character) -> bool {
        // Most words have no fourth.
        word.rest_bytes as usize == third.bytes
            || third.bytes > 0
                && text.as_bytes().get((word.bytes - word.rest_bytes) as usize..).is_some_and(|rest| rest.starts_with(self.rest(word).as_bytes()))
    }

    fn rest(&self, word: &Word<T>) -> &str {
        Span::new(word.rest as usize, (word.rest + word.rest_bytes) as usize).of(&self.rests)
    }

    /// The words that stand in `text`, the leftmost first and of those that begin
    /// together the longest, none in another: what each means, and where. They can
    /// begin only at the bytes `starts`, which are in order.
    pub(super) fn leftmost(&self, text: &str, starts: impl Iterator<Item = usize>) -> impl Iterator<Item = (T, Span)> {
        let mut read = 0;
        starts.filter_map(move |at| {
            if at < read {
                return None;
            }
            let (value, bytes) = self.longest(text.get(at..)?)?;
            read = at + bytes;
            Some((value, Span::new(at, read)))
        })
    }

    /// The longest word that `text` begins with.
    #[inline]
    pub(super) fn longest(&self, text: &str) -> Option<(T, usize)> {
        self.find(text, |value, bytes| Some((value, bytes)))
    }

    /// Whether the whole text is one of the words.
    pub(super) fn contains(&self, text: &str) -> bool {
        self.find(text, |_, bytes| (bytes == text.len()).then_some(())).is_some()
    }

    /// Each word, in no order of meaning.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, T)> {
        self.slots.iter().flat_map(move |slot| {
            let beginning = move || [slot.first, slot.second].into_iter().filter_map(char::from_u32);
            let words = self.sorted.get(slot.from as usize..slot.to as usize).unwrap_or_default();
            words.iter().map(move |word| (beginning().chain(self.rest(word).chars()).collect(), word.value))
        })
    }
}

impl Words<()> {
    /// Words that are only told apart from others.
    pub(super) fn of(words: &[String]) -> Self {
        Self::new(words.iter().map(|word| (word, ())))
    }
}

/// The character that is the whole word.
fn alone(word: &str) -> Option<char> {
    let mut chars = word.chars();
    chars.next().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::beginnings::{Beginnings, InSentence, TOKENS};
    use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};
    use proptest::prelude::*;

    #[test]
    fn the_words_at_a_place_are_found_longest_first() {
        let at = |words: &Words<i32>, text| {
            let mut all = Vec::new();
            words.find::<()>(text, |value, bytes| {
                all.push((value, bytes));
                None
            });
            all
        };
        let words = Words::new([("十五", 1), ("十五五", 2), ("十四五", 3), ("十", 4), ("十五", 5)]);
        assert_eq!(at(&words, "十五五时期"), [(2, 9), (1, 6), (4, 3)]);
        assert_eq!(words.longest("十六"), Some((4, 3)));
        assert_eq!(words.longest("十"), Some((4, 3)));
        assert_eq!(words.longest("五"), None);
        assert_eq!(words.longest(""), None);
        assert_eq!(Words::<u8>::default().longest("十五"), None);
    }

    proptest! {
        #[test]
        fn an_automaton_finds_the_same_words_leftmost_and_longest(
            list in prop::collection::btree_set("[甲乙丙𠮷a]{1,5}", 1..12),
            text in "[甲乙丙𠮷a]{0,24}",
        ) {
            let automaton: CharwiseDoubleArrayAhoCorasick<u32> =
                CharwiseDoubleArrayAhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest).build(&list).unwrap();
            let expected: Vec<Span> = automaton.leftmost_find_iter(&text).map(|found| Span::new(found.start(), found.end())).collect();
            let words = Words::new(list.iter().map(|word| (word, ())));
            let mut beginnings = Beginnings::default();
            beginnings.add(TOKENS, &list);
            let mut found = Vec::new();
            beginnings.find(&text, TOKENS, &mut found);
            let starts = InSentence { all: &found, sentence: 0 }.of(TOKENS);
            prop_assert_eq!(&words.leftmost(&text, starts).map(|((), span)| span).collect::<Vec<_>>(), &expected);
            let starts = beginnings.each(&text, TOKENS);
            prop_assert_eq!(&words.leftmost(&text, starts).map(|((), span)| span).collect::<Vec<_>>(), &expected);
        }

        #[test]
        fn a_search_of_the_whole_list_finds_the_same(list in prop::collection::btree_set("[甲乙𠮷\0]{1,4}", 0..12), text in "[甲乙𠮷\0]{0,6}") {
            let words = Words::new(list.iter().map(|w| (w.as_str(), w.len())));
            let mut expected: Vec<usize> = list.iter().filter(|w| text.starts_with(w.as_str())).map(String::len).collect();
            expected.sort_unstable_by_key(|bytes| std::cmp::Reverse(*bytes));
            let mut found = Vec::new();
            words.find::<()>(&text, |_, bytes| {
                found.push(bytes);
                None
            });
            prop_assert_eq!(found, expected);
        }
    }
}
