//! Paragraph → sentences.
//!
//! A sentence ends at 。！？ (GB/T 15834 calls these the marks that end a
//! sentence; ； and …… do not) with the closing marks that follow. Inside a pair
//! of quotation marks, brackets or title marks it does not end, unless the pair
//! closes on such a mark and what follows does not go on from it. A mark
//! without its partner in the same paragraph makes no pair.

use crate::diagnostic::Span;

const PAIRS: [(char, char); 10] =
    [('“', '”'), ('‘', '’'), ('「', '」'), ('『', '』'), ('《', '》'), ('〈', '〉'), ('（', '）'), ('(', ')'), ('【', '】'), ('〔', '〕')];

/// Characters that go on from a quotation which ended like a sentence:
/// “加油！”的呼声.
const GOES_ON: [char; 12] = ['，', '、', '；', '：', '。', '！', '？', '的', '等', '之', '）', '》'];

fn ends_sentence(c: char, next: Option<char>) -> bool {
    match c {
        '。' | '！' | '？' | '｡' => true,
        // In an address or a formula they are no marks.
        '!' | '?' => !next.is_some_and(|n| n.is_ascii_graphic()),
        _ => false,
    }
}

/// The sentences of a paragraph. They tile it: each begins where the one
/// before ends, and white space belongs to the sentence before it.
#[must_use]
pub fn sentences(paragraph: &str) -> Vec<Span> {
    let partner = partners(paragraph);
    let mut out = Vec::new();
    let mut start = 0;
    let mut open_until: Option<usize> = None;
    let mut ended = false;
    let mut chars = paragraph.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, n)| *n);
        let after = at + c.len_utf8();
        if let Some(close) = open_until {
            if at < close {
                ended = if ends_sentence(c, next) { true } else { ended && is_closer(c) };
                continue;
            }
            open_until = None;
            // The outermost pair closes here.
            let quotation = matches!(c, '”' | '’' | '」' | '』');
            if !(quotation && ended && !next.is_some_and(|n| GOES_ON.contains(&n))) {
                continue;
            }
        } else if let Some(close) = partner.get(&at) {
            open_until = Some(*close);
            ended = false;
            continue;
        } else if !ends_sentence(c, next) {
            continue;
        }
        // More marks, closing marks and white space belong to this sentence.
        let mut end = after;
        while let Some((at, c)) = chars.peek().copied() {
            let more = c.is_whitespace() || is_closer(c) || matches!(c, '。' | '！' | '？' | '…') || (matches!(c, '!' | '?'));
            if !more || partner.contains_key(&at) {
                break;
            }
            end = at + c.len_utf8();
            chars.next();
        }
        out.push(Span::new(start, end));
        start = end;
    }
    if start < paragraph.len() {
        out.push(Span::new(start, paragraph.len()));
    }
    out
}

fn is_closer(c: char) -> bool {
    PAIRS.iter().any(|(_, close)| *close == c)
}

/// Each opening mark that has its closing mark in the paragraph: their bytes.
fn partners(paragraph: &str) -> std::collections::BTreeMap<usize, usize> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut out = std::collections::BTreeMap::new();
    for (at, c) in paragraph.char_indices() {
        if c < '‘' && !matches!(c, '(' | ')') {
            continue;
        }
        for (opening, closing) in PAIRS {
            if c == opening {
                open.push((at, closing));
            } else if c == closing
                && let Some(depth) = open.iter().rposition(|(_, expected)| *expected == c)
                && let Some((from, _)) = open.get(depth).copied()
            {
                open.truncate(depth);
                out.insert(from, at);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|s| s.of(text)).collect()
    }

    #[test]
    fn sentences_end_at_their_marks_and_keep_quotations_whole() {
        assert_eq!(split("会议强调，要落实。各地响应！是吗？"), ["会议强调，要落实。", "各地响应！", "是吗？"]);
        assert_eq!(split("他说：“要落实。要见效。”会后，各地响应。"), ["他说：“要落实。要见效。”", "会后，各地响应。"]);
        assert_eq!(split("“加油！”的呼声传来。"), ["“加油！”的呼声传来。"]);
        assert_eq!(split("读《问？答！》一书；再读（注。）一遍……完。"), ["读《问？答！》一书；再读（注。）一遍……完。"]);
        assert_eq!(split("真的？！……好。 末"), ["真的？！……", "好。 ", "末"]);
    }

    #[test]
    fn a_quotation_mark_without_partner_swallows_nothing() {
        assert_eq!(split("他说：“要落实。要见效。"), ["他说：“要落实。", "要见效。"]);
        assert_eq!(split("要落实。”他说。"), ["要落实。”", "他说。"]);
    }

    #[test]
    fn a_question_mark_in_an_address_ends_nothing() {
        assert_eq!(split("见example.org/?a=1页。好"), ["见example.org/?a=1页。", "好"]);
    }

    proptest! {
        #[test]
        fn joined_sentences_give_the_paragraph_back(text in "[甲乙，。！？；…“”‘’（）《》 a?!.]{0,60}") {
            prop_assert_eq!(split(&text).concat(), text.clone());
            prop_assert!(sentences(&text).iter().all(|s| s.start < s.end));
        }
    }
}
