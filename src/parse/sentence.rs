//! Paragraph → sentences.
//!
//! A sentence ends at 。！？ (GB/T 15834 calls these the marks that end a
//! sentence; ； and …… do not) with the closing marks that follow. Inside a pair
//! of quotation marks, brackets or title marks it does not end, unless the pair
//! closes on such a mark and what follows does not go on from it. A mark
//! without its partner in the same paragraph makes no pair.

use super::but_ideographs;
use crate::diagnostic::Span;

/// Characters that go on from a quotation which ended like a sentence:
/// “加油！”的呼声.
const GOES_ON: [char; 12] = ['，', '、', '；', '：', '。', '！', '？', '的', '等', '之', '）', '》'];

/// What a character does to sentences. Pairs have numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Opens(u8),
    Closes(u8),
    Ends,
    None,
}

/// How many kinds of pairs there are.
const PAIRS: usize = 10;

const fn role(c: char) -> Role {
    match c {
        '。' | '！' | '？' | '｡' | '!' | '?' => Role::Ends,
        '“' => Role::Opens(0),
        '”' => Role::Closes(0),
        '‘' => Role::Opens(1),
        '’' => Role::Closes(1),
        '「' => Role::Opens(2),
        '」' => Role::Closes(2),
        '『' => Role::Opens(3),
        '』' => Role::Closes(3),
        '《' => Role::Opens(4),
        '》' => Role::Closes(4),
        '〈' => Role::Opens(5),
        '〉' => Role::Closes(5),
        '（' => Role::Opens(6),
        '）' => Role::Closes(6),
        '(' => Role::Opens(7),
        ')' => Role::Closes(7),
        '【' => Role::Opens(8),
        '】' => Role::Closes(8),
        '〔' => Role::Opens(9),
        '〕' => Role::Closes(9),
        _ => Role::None,
    }
}

/// A character with a [`Role`].
#[derive(Clone, Copy, Debug)]
struct Mark {
    start: usize,
    c: char,
    role: Role,
    /// Of an opening mark whose closing mark stands in the paragraph: its place
    /// in the list of marks.
    partner: Option<usize>,
}

impl Mark {
    const fn end(&self) -> usize {
        self.start + self.c.len_utf8()
    }

    /// Whether it can end a sentence before `next`.
    fn ends_sentence(&self, next: Option<char>) -> bool {
        // In an address or a formula ! and ? are no marks.
        self.role == Role::Ends && !(self.c.is_ascii() && next.is_some_and(|n| n.is_ascii_graphic()))
    }
}

/// The marks of a paragraph, opening ones with their partners.
///
/// # Cost
/// Linear, also where nothing has a partner.
fn marks(paragraph: &str) -> Vec<Mark> {
    // In prose one in twenty characters is one.
    let mut out: Vec<Mark> = Vec::with_capacity(paragraph.len() / 60);
    // Places of the opening marks without a partner yet, and how many there are of each kind.
    let mut open: Vec<(usize, u8)> = Vec::new();
    let mut waiting = [0_usize; PAIRS];
    for (start, c) in but_ideographs(paragraph) {
        let role = role(c);
        let here = out.len();
        match role {
            Role::None => continue,
            Role::Ends => {}
            Role::Opens(kind) => {
                open.push((here, kind));
                if let Some(waiting) = waiting.get_mut(usize::from(kind)) {
                    *waiting += 1;
                }
            }
            Role::Closes(kind) => {
                // Those that were opened since are left without a partner.
                while waiting.get(usize::from(kind)).is_some_and(|count| *count > 0)
                    && let Some((place, other)) = open.pop()
                {
                    if let Some(waiting) = waiting.get_mut(usize::from(other)) {
                        *waiting -= 1;
                    }
                    if other == kind {
                        if let Some(opening) = out.get_mut(place) {
                            opening.partner = Some(here);
                        }
                        break;
                    }
                }
            }
        }
        out.push(Mark { start, c, role, partner: None });
    }
    out
}

fn char_at(text: &str, byte: usize) -> Option<char> {
    text.get(byte..).and_then(|rest| rest.chars().next())
}

/// The sentences of a paragraph. They tile it: each begins where the one
/// before ends, and white space belongs to the sentence before it.
#[must_use]
pub fn sentences(paragraph: &str) -> Vec<Span> {
    let marks = marks(paragraph);
    let mut out = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(mark) = marks.get(at) {
        let mut last = mark;
        at += 1;
        match (mark.role, mark.partner) {
            (Role::Opens(_), Some(close)) => {
                let inside = marks.get(at..close).unwrap_or_default();
                let Some(closing) = marks.get(close) else { break };
                last = closing;
                at = close + 1;
                let quotation = matches!(closing.c, '”' | '’' | '」' | '』');
                let goes_on = || char_at(paragraph, closing.end()).is_some_and(|next| GOES_ON.contains(&next));
                if !(quotation && closes_on_end(paragraph, inside, closing.start) && !goes_on()) {
                    continue;
                }
            }
            (Role::Ends, _) if mark.ends_sentence(char_at(paragraph, mark.end())) => {}
            _ => continue,
        }
        // More marks, closing marks and white space belong to this sentence.
        let rest = paragraph.get(last.end()..).unwrap_or_default();
        let more = |c: char| c.is_whitespace() || c == '…' || (c != '｡' && role(c) == Role::Ends) || matches!(role(c), Role::Closes(_));
        let end = paragraph.len() - rest.trim_start_matches(more).len();
        out.push(Span::new(start, end));
        start = end;
        at += marks.get(at..).unwrap_or_default().partition_point(|mark| mark.start < end);
    }
    if start < paragraph.len() {
        out.push(Span::new(start, paragraph.len()));
    }
    out
}

/// Whether what stands before byte `close` ends like a sentence, closing marks aside.
fn closes_on_end(paragraph: &str, inside: &[Mark], close: usize) -> bool {
    let mut before = close;
    for mark in inside.iter().rev() {
        if mark.end() != before {
            return false;
        }
        if mark.ends_sentence(char_at(paragraph, mark.end())) {
            return true;
        }
        if !matches!(mark.role, Role::Closes(_)) {
            return false;
        }
        before = mark.start;
    }
    false
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

    /// The same said character by character, without a list of marks.
    fn reference(paragraph: &str) -> Vec<String> {
        let chars: Vec<char> = paragraph.chars().collect();
        let closes = |c: char| matches!(role(c), Role::Closes(_));
        let ends =
            |i: usize| matches!(chars[i], '。' | '！' | '？' | '｡') || (matches!(chars[i], '!' | '?') && !chars.get(i + 1).is_some_and(char::is_ascii_graphic));
        let mut open: Vec<(usize, u8)> = Vec::new();
        let mut partner = vec![None; chars.len()];
        for (i, c) in chars.iter().enumerate() {
            match role(*c) {
                Role::Opens(kind) => open.push((i, kind)),
                Role::Closes(kind) => {
                    if let Some(depth) = open.iter().rposition(|(_, other)| *other == kind) {
                        partner[open[depth].0] = Some(i);
                        open.truncate(depth);
                    }
                }
                Role::Ends | Role::None => {}
            }
        }
        let (mut out, mut i, mut start) = (Vec::new(), 0, 0);
        while i < chars.len() {
            let mut end = ends(i);
            if let Some(close) = partner[i] {
                let mut ended = false;
                for (inside, c) in chars.iter().enumerate().take(close).skip(i + 1) {
                    ended = ends(inside) || (ended && closes(*c));
                }
                let goes_on = chars.get(close + 1).is_some_and(|next| GOES_ON.contains(next));
                end = ended && !goes_on && matches!(chars[close], '”' | '’' | '」' | '』');
                i = close;
            }
            i += 1;
            if end {
                while chars.get(i).is_some_and(|c| c.is_whitespace() || closes(*c) || matches!(c, '。' | '！' | '？' | '…' | '!' | '?')) {
                    i += 1;
                }
                out.push(chars[start..i].iter().collect());
                start = i;
            }
        }
        if start < chars.len() {
            out.push(chars[start..].iter().collect());
        }
        out
    }

    proptest! {
        #[test]
        fn marks_alone_find_the_sentences_that_all_characters_find(text in "[甲，、的。！？｡；…“”‘’「」『』（）()《》〈〉【】〔〕 a?!.]{0,80}") {
            prop_assert_eq!(split(&text), reference(&text));
        }

        #[test]
        fn joined_sentences_give_the_paragraph_back(text in "[甲乙，。！？；…“”‘’（）《》 a?!.]{0,60}") {
            prop_assert_eq!(split(&text).concat(), text.clone());
            prop_assert!(sentences(&text).iter().all(|s| s.start < s.end));
        }
    }
}
