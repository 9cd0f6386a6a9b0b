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
        Some([one @ 0xe0..=0xef, two, three]) => {
            let code = u32::from(one & 0xf) << 12 | u32::from(two & 0x3f) << 6 | u32::from(three & 0x3f);
            Character { code, bytes: 3 }
        }
        _ => other(text, at),
    }
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
        }
    }
}
