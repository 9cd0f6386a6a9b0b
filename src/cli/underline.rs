//! A text with marks under its parts, as a compiler shows an error: wrapped to
//! a width, the marks in the columns of their text, also where characters are
//! two columns wide.
//!
//! It knows text and styles, not what a mark means. What it returns holds
//! escape codes; whoever prints takes them out where they are not wanted.

use std::fmt::Write;
use std::ops::Range;

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

/// A part of a text to be marked.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Characters of the text, not bytes.
    pub chars: Range<usize>,
    /// What stands at its beginning: narrow characters.
    pub label: String,
    /// What fills the rest of it: a narrow character.
    pub fill: char,
    /// Its colour.
    pub style: Style,
}

/// The narrowest that anything is wrapped to.
const MIN_WIDTH: usize = 20;

/// What a reader sees as one character: a character with its combining marks,
/// or a sequence of emoji that is drawn as one.
#[derive(Debug)]
struct Cluster {
    /// First character in the text, and one past the last.
    chars: Range<usize>,
    shown: String,
    columns: usize,
}

/// Characters that would move the cursor or turn the direction are shown as
/// pictures: a text must not draw on the terminal.
fn visible(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(c),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

fn clusters(text: &str) -> Vec<Cluster> {
    const JOINER: char = '\u{200d}';
    let mut out: Vec<Cluster> = Vec::new();
    for (at, c) in text.chars().map(visible).enumerate() {
        let skin = matches!(c, '\u{1f3fb}'..='\u{1f3ff}');
        match out.last_mut() {
            Some(last) if last.shown.ends_with(JOINER) || skin || c.to_string().width() == 0 || c == '\u{fe0f}' => {
                last.shown.push(c);
                last.chars.end = at + 1;
            }
            _ => out.push(Cluster { chars: at..at + 1, shown: c.into(), columns: 0 }),
        }
    }
    for cluster in &mut out {
        cluster.columns = cluster.shown.width();
    }
    out
}

/// The text in lines of at most `width` columns, each with its marks below.
///
/// Marks that overlap stand on lines of their own, the one that begins first
/// above. A mark that a line break cuts has its label on both lines.
///
/// # Cost
/// Linear in the text, if few marks overlap.
pub(super) fn underlined(text: &str, marks: &[Mark], width: usize) -> String {
    let mut marks: Vec<&Mark> = marks.iter().filter(|m| !m.chars.is_empty()).collect();
    marks.sort_by_key(|m| (m.chars.start, std::cmp::Reverse(m.chars.end)));
    // Room for a label that is wider than the last character of a line.
    let longest = marks.iter().map(|m| m.label.width()).max().unwrap_or(0);
    let width = width.max(MIN_WIDTH) - longest.saturating_sub(1).min(MIN_WIDTH / 2);
    let mut out = String::new();
    let clusters = clusters(text);
    let (mut rest, mut pending) = (clusters.as_slice(), marks.as_slice());
    while let Some(first) = rest.first() {
        let mut columns = 0;
        let fit = rest.iter().take_while(|c| {
            columns += c.columns;
            columns <= width
        });
        let (line, after) = rest.split_at(last_break(rest, fit.count().max(1)));
        rest = after;
        out.extend(line.iter().map(|c| c.shown.as_str()));
        out.push('\n');
        let end = line.last().map_or(first.chars.end, |c| c.chars.end);
        for row in rows(line, pending.iter().copied().take_while(|m| m.chars.start < end).filter(|m| m.chars.end > first.chars.start)) {
            out.push_str(&row);
            out.push('\n');
        }
        let done = pending.iter().take_while(|m| m.chars.end <= end).count();
        pending = pending.get(done..).unwrap_or_default();
    }
    out
}

/// Marks that close what is before them, and never begin a line.
const CLOSING: [&str; 16] = ["，", "。", "、", "；", "：", "！", "？", "”", "’", "）", "》", "」", ")", "]", ",", ";"];
/// Marks that open what is after them, and never end a line.
const OPENING: [&str; 8] = ["“", "‘", "（", "《", "「", "(", "[", "〔"];

/// Whether a line may end before cluster `at`.
fn may_break(clusters: &[Cluster], at: usize) -> bool {
    let shown = |at: usize| clusters.get(at).map_or("", |c| c.shown.as_str());
    !CLOSING.contains(&shown(at)) && !at.checked_sub(1).is_some_and(|before| OPENING.contains(&shown(before)))
}

/// Where a line of at most `most` clusters ends: a few before that, if marks ask for it.
fn last_break(clusters: &[Cluster], most: usize) -> usize {
    (most.saturating_sub(3).max(1)..=most).rev().find(|at| *at >= clusters.len() || may_break(clusters, *at)).unwrap_or(most)
}

/// The lines of marks under a line of text.
fn rows<'m>(line: &[Cluster], marks: impl Iterator<Item = &'m Mark>) -> Vec<String> {
    let mut rows: Vec<(String, usize)> = Vec::new();
    let (mut begun, mut column) = (0, 0);
    for mark in marks {
        // Marks come by their beginnings, so the walk over the line goes on where it was.
        while let Some(cluster) = line.get(begun).filter(|c| c.chars.end <= mark.chars.start) {
            column += cluster.columns;
            begun += 1;
        }
        let under = line.get(begun..).unwrap_or_default().iter().take_while(|c| c.chars.start < mark.chars.end).map(|c| c.columns).sum::<usize>();
        let columns = under.max(mark.label.width()).max(1);
        let number = rows.iter().position(|(_, end)| *end <= column).unwrap_or(rows.len());
        if number == rows.len() {
            rows.push((String::new(), 0));
        }
        let Some((row, end)) = rows.get_mut(number) else { continue };
        let fill = columns - mark.label.width();
        let _ = write!(row, "{:pad$}{style}{}", "", mark.label, pad = column - *end, style = mark.style);
        row.extend(std::iter::repeat_n(mark.fill, fill));
        let _ = write!(row, "{:#}", mark.style);
        *end = column + columns;
    }
    rows.into_iter().map(|(row, _)| row).collect()
}

/// Pieces of text in lines of at most `width` columns, all but the first
/// indented by `indent`. Breaks stand at spaces and beside wide characters;
/// only a word longer than a line is cut.
pub(super) fn wrapped(pieces: &[(&str, Style)], indent: usize, width: usize) -> String {
    let width = width.max(MIN_WIDTH);
    let indent = indent.min(width / 2);
    let mut out = String::new();
    let mut column = 0;
    let mut spaces = 0;
    for (text, style) in pieces {
        let clusters = clusters(text);
        let mut rest = clusters.as_slice();
        let _ = write!(out, "{style}");
        while let Some(first) = rest.first() {
            if first.shown == " " {
                spaces += 1;
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let narrow = rest.iter().take_while(|c| c.columns < 2 && c.shown != " ").count();
            let most = (width - indent) / 2;
            let word = narrow.clamp(1, width - indent);
            let glued = (word..word.max(most)).find(|at| *at >= rest.len() || rest.get(*at).is_some_and(|c| c.shown == " ") || may_break(rest, *at));
            let (word, after) = rest.split_at(glued.unwrap_or(word).min(rest.len()));
            rest = after;
            let columns: usize = word.iter().map(|c| c.columns).sum();
            if column > 0 && column + spaces + columns > width {
                let _ = write!(out, "{style:#}\n{:indent$}{style}", "");
                column = indent;
            } else {
                let _ = write!(out, "{:spaces$}", "");
                column += spaces;
            }
            spaces = 0;
            out.extend(word.iter().map(|c| c.shown.as_str()));
            column += columns;
        }
        let _ = write!(out, "{style:#}");
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mark(chars: Range<usize>, label: usize, fill: char) -> Mark {
        Mark { chars, label: label.to_string(), fill, style: Style::new() }
    }

    #[test]
    fn marks_stand_in_the_columns_of_their_text() {
        let text = "全市经济工作会议3月4日召开。";
        assert_eq!(underlined(text, &[mark(0..8, 1, '='), mark(8..12, 2, '^')], 80), "全市经济工作会议3月4日召开。\n1===============2^^^^^\n");
    }

    #[test]
    fn a_mark_inside_another_has_a_line_of_its_own() {
        let text = "在哈尔滨市农业会议上";
        let marks = [mark(1..5, 2, '~'), mark(1..9, 1, '='), mark(5..7, 3, '_')];
        assert_eq!(underlined(text, &marks, 80), "在哈尔滨市农业会议上\n  1===============\n  2~~~~~~~3___\n");
    }

    #[test]
    fn a_mark_that_a_line_break_cuts_goes_on_in_the_next_line() {
        let text = "会议于2024年3月4日在人民会堂召开";
        assert_eq!(underlined(text, &[mark(3..12, 1, '^')], 20), "会议于2024年3月4日在\n      1^^^^^^^^^^^\n人民会堂召开\n");
        assert_eq!(underlined(text, &[mark(8..16, 1, '^')], 20), "会议于2024年3月4日在\n            1^^^^^^^\n人民会堂召开\n1^^^^^\n");
    }

    #[test]
    fn combining_marks_and_emoji_take_the_columns_that_they_are_drawn_in() {
        // A letter with a combining mark, a family joined to one picture, a thumb with its skin.
        let text = "e\u{301}👨\u{200d}👩\u{200d}👧👍\u{1f3fd}今天";
        let chars = text.chars().count();
        assert_eq!(underlined(text, &[mark(chars - 2..chars, 1, '^')], 80), format!("{text}\n     1^^^\n"));
    }

    #[test]
    fn a_text_cannot_steer_the_terminal() {
        assert_eq!(underlined("\u{1b}[2J\t今天\u{202e}", &[mark(5..7, 1, '^')], 80), "␛[2J␉今天\u{fffd}\n     1^^^\n");
    }

    #[test]
    fn pieces_break_at_spaces_and_beside_wide_characters() {
        let plain = Style::new();
        let text = wrapped(&[("1 date", plain), ("  3月4日至5日 = 2024-03-04/2024-03-05", plain)], 4, 26);
        assert_eq!(text, "1 date  3月4日至5日 =\n    2024-03-04/2024-03-05\n");
    }

    /// Text of narrow and wide characters, combining marks and emoji.
    fn mixed() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("会"),
            Just("。"),
            Just("3"),
            Just("a"),
            Just(" "),
            Just("e\u{301}"),
            Just("👍\u{1f3fd}"),
            Just("👨\u{200d}👩"),
            Just("ｗ"),
            Just("“")
        ];
        prop::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn no_line_begins_with_a_mark_that_closes_or_ends_with_one_that_opens() {
        assert_eq!(underlined("会议强调要抓好各项工作，全面落实。", &[], 22), "会议强调要抓好各项工\n作，全面落实。\n");
        assert_eq!(underlined("会议强调要抓好各项“十四五”工作", &[], 20), "会议强调要抓好各项\n“十四五”工作\n");
        assert_eq!(wrapped(&[("a name that ends (在…座谈会上, 主持)", Style::new())], 2, 20), "a name that ends (在\n  …座谈会上, 主持)\n");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_width(text in mixed(), ends in prop::collection::vec((0..120_usize, 1..40_usize), 0..30), width in 20..130_usize) {
            let chars = text.chars().count();
            let marks: Vec<Mark> = ends.iter().enumerate().map(|(n, (start, length))| mark((*start).min(chars)..(start + length).min(chars), n + 90, '^')).collect();
            for line in underlined(&text, &marks, width).lines().chain(wrapped(&[(&text, Style::new()), (&text, Style::new())], 8, width).lines()) {
                prop_assert!(line.width() <= width, "{}: {line}", line.width());
            }
        }

        #[test]
        fn a_mark_begins_and_ends_in_the_columns_of_its_text(before in mixed(), marked in "[会议召开3a]{1,20}", after in mixed()) {
            let start = before.chars().count();
            let text = format!("{before}x{marked}x{after}");
            let shown = underlined(&text, &[mark(start + 1..start + 1 + marked.chars().count(), 7, '^')], 1000);
            let row = shown.lines().nth(1).unwrap();
            prop_assert_eq!(row.find('7').unwrap(), format!("{before}x").width());
            prop_assert_eq!(row.len(), format!("{before}x{marked}").width());
        }

        #[test]
        fn wrapping_loses_no_character(text in "[会议a3，e]{0,200}", width in 20..60_usize) {
            prop_assert_eq!(underlined(&text, &[], width).replace('\n', ""), text.clone());
            prop_assert_eq!(wrapped(&[(&text, Style::new())], 0, width).replace('\n', ""), text);
        }
    }
}
