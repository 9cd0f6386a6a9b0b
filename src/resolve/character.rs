//! A character of a text where most are Chinese.

/// A character of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Character {
    pub code: u32,
    pub bytes: usize,
}

/// The character at byte `at`; one of no bytes where the text ends.
///
/// Nearly all are of three bytes, which the processor can foresee; the standard
/// library asks first for one and two.
#[inline]
pub(super) fn character(text: &str, at: usize) -> Character {
    match text.as_bytes().get(at..).and_then(<[u8]>::first_chunk) {
        Some(&bytes) if is_of_three(bytes[0]) => of_three(bytes),
        _ => other(text, at),
    }
}

/// The first three characters of a text, of no bytes where it ends before them.
#[inline]
pub(super) fn opening(text: &str) -> [Character; 3] {
    match text.as_bytes().first_chunk::<9>().map(|bytes| bytes.as_chunks().0) {
        Some(&[first, second, third]) if is_of_three(first[0]) && is_of_three(second[0]) && is_of_three(third[0]) => [first, second, third].map(of_three),
        _ => other_opening(text),
    }
}

#[cold]
fn other_opening(text: &str) -> [Character; 3] {
    let first = character(text, 0);
    let second = character(text, first.bytes);
    [first, second, character(text, first.bytes + second.bytes)]
}

/// Whether a character that begins with this byte has three.
pub(super) const fn is_of_three(byte: u8) -> bool {
    byte & 0xf0 == 0xe0
}

/// The character of these three bytes.
pub(super) const fn of_three([one, two, three]: [u8; 3]) -> Character {
    Character { code: (one as u32 & 0xf) << 12 | (two as u32 & 0x3f) << 6 | (three as u32 & 0x3f), bytes: 3 }
}

#[cold]
fn other(text: &str, at: usize) -> Character {
    let c = text.get(at..).and_then(|rest| rest.chars().next());
    Character { code: c.map_or(0, u32::from), bytes: c.map_or(0, char::len_utf8) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_what_the_standard_library_reads(text in ".{0,12}") {
            for (at, c) in text.char_indices() {
                prop_assert_eq!(character(&text, at), Character { code: c.into(), bytes: c.len_utf8() });
            }
            prop_assert_eq!(character(&text, text.len()), Character { code: 0, bytes: 0 });
            let mut chars = text.chars().map(|c| Character { code: c.into(), bytes: c.len_utf8() });
            let mut next = || chars.next().unwrap_or(Character { code: 0, bytes: 0 });
            prop_assert_eq!(opening(&text), [next(), next(), next()]);
        }
    }
}
