//! Searches for short words in short texts.
//!
//! For a string that is looked for the standard library builds a searcher each
//! time, which takes longer than to look through a clause. Here words are
//! compared where they may stand, and clauses are parted by the first bytes of
//! their marks, which no ideograph has.

use memchr::{memchr2_iter, memrchr2_iter};

/// `text` without `word` at its beginning, as often as it stands there.
pub(super) fn without_first<'t>(text: &'t str, word: &str) -> &'t str {
    let mut text = text;
    while let Some(rest) = text.strip_prefix(word).filter(|_| !word.is_empty()) {
        text = rest;
    }
    text
}

/// `text` without `word` at its end, as often as it stands there.
pub(super) fn without_last<'t>(text: &'t str, word: &str) -> &'t str {
    let mut text = text;
    while let Some(rest) = text.strip_suffix(word).filter(|_| !word.is_empty()) {
        text = rest;
    }
    text
}

/// What stands before and after the first `word`.
pub(super) fn parted<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    if text.contains(word) { text.split_once(word) } else { None }
}

/// What stands before and after the last `word`.
pub(super) fn parted_last<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    if text.contains(word) { text.rsplit_once(word) } else { None }
}

/// Marks that end a clause.
pub(super) const CLAUSE_ENDS: [char; 6] = ['，', '。', '；', '：', '！', '？'];

/// The first bytes of these marks.
const FIRST_BYTES: (u8, u8) = (0xe3, 0xef);

/// Whether one of [`CLAUSE_ENDS`] stands at byte `at`.
fn ends_clause(text: &str, at: usize) -> bool {
    matches!(text.as_bytes().get(at..).and_then(<[u8]>::first_chunk), Some([0xe3, 0x80, 0x82] | [0xef, 0xbc, 0x8c | 0x9b | 0x9a | 0x81 | 0x9f]))
}

/// What stands before the first mark that ends a clause; all where there is none.
pub(super) fn first_clause(text: &str) -> &str {
    let end = memchr2_iter(FIRST_BYTES.0, FIRST_BYTES.1, text.as_bytes()).find(|at| ends_clause(text, *at));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// What stands before the last clause with its mark, and that clause.
fn split_last_clause(text: &str) -> (Option<&str>, &str) {
    let mark = memrchr2_iter(FIRST_BYTES.0, FIRST_BYTES.1, text.as_bytes()).find(|at| ends_clause(text, *at));
    match mark.and_then(|mark| Some((text.get(..mark)?, text.get(mark + '，'.len_utf8()..)?))) {
        Some((before, clause)) => (Some(before), clause),
        None => (None, text),
    }
}

/// What stands after the last mark that ends a clause; all where there is none.
pub(super) fn last_clause(text: &str) -> &str {
    split_last_clause(text).1
}

/// The clauses of a text without their marks, the last one first.
pub(super) fn clauses_back(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (before, clause) = split_last_clause(rest?);
        rest = before;
        Some(clause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_do_what_the_standard_library_does(text in "[甲乙，。；：！？、（a]{0,16}", word in "[甲乙，a]{1,2}") {
            prop_assert_eq!(without_first(&text, &word), text.trim_start_matches(word.as_str()));
            prop_assert_eq!(without_last(&text, &word), text.trim_end_matches(word.as_str()));
            prop_assert_eq!(parted(&text, &word), text.split_once(word.as_str()));
            prop_assert_eq!(parted_last(&text, &word), text.rsplit_once(word.as_str()));
            prop_assert_eq!(Some(first_clause(&text)), text.split(CLAUSE_ENDS).next());
            prop_assert_eq!(Some(last_clause(&text)), text.rsplit(CLAUSE_ENDS).next());
            prop_assert_eq!(clauses_back(&text).collect::<Vec<_>>(), text.rsplit(CLAUSE_ENDS).collect::<Vec<_>>());
        }
    }
}
