//! Physical lines → paragraphs: what a page or line break cut apart is joined
//! again, and what only looks like it (headings, signatures) is left alone.

use unicode_width::UnicodeWidthStr;

use super::han_chars;
use super::numeral::is_numeral;
use super::trace::Traced;
use crate::diagnostic::Span;

/// How a line is set off from the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Gap {
    /// A line end that means nothing (inside a Markdown paragraph).
    Wrap,
    /// A line end that may or may not end a paragraph.
    #[default]
    Line,
    /// The same with blank lines or a page break between.
    Blank,
    /// The end of a block (`</p>`), which always ends a paragraph.
    Block,
}

/// A physical line, normalised.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub text: Traced,
    pub gap: Gap,
    /// Level of the heading that the line is, 1 to 6.
    pub heading: Option<u8>,
    /// Where the line leads if it is nothing but a link.
    pub link: Option<String>,
}

/// Collects lines from a reader of some markup, leaving out what lies in
/// `dropped` pieces of the record.
pub(super) struct Lines<'d> {
    pub done: Vec<Line>,
    dropped: &'d [Span],
    current: Line,
    next_gap: Gap,
    /// Address of the open link, and the length of the line where it began.
    open_link: Option<(String, usize)>,
}

impl<'d> Lines<'d> {
    pub(super) fn new(dropped: &'d [Span]) -> Self {
        Self { done: Vec::new(), dropped, current: Line::default(), next_gap: Gap::Block, open_link: None }
    }

    /// Text of the record at byte `at`.
    pub(super) fn push(&mut self, text: &str, at: usize) {
        let mut from = 0;
        let first = self.dropped.partition_point(|span| span.end <= at);
        for span in self.dropped.get(first..).unwrap_or_default() {
            if span.start >= at + text.len() {
                break;
            }
            let cut = span.start.saturating_sub(at).max(from);
            self.current.text.push(text.get(from..cut).unwrap_or_default(), at + from);
            from = (span.end - at).min(text.len());
        }
        self.current.text.push(text.get(from..).unwrap_or_default(), at + from);
    }

    /// Text that stands for the record's bytes as a whole.
    pub(super) fn push_decoded(&mut self, text: &str, record: Span) {
        if !self.dropped.iter().any(|span| span.overlaps(record)) {
            self.current.text.push_decoded(text, record);
        }
    }

    /// Ends the line; `gap` sets off the next one.
    pub(super) fn end(&mut self, gap: Gap) {
        let mut line = std::mem::take(&mut self.current);
        line.text.trim_end();
        if line.text.is_empty() && line.link.is_none() {
            // An empty line only widens the gap.
            let empty_between = if gap == Gap::Line && self.next_gap == Gap::Line { Gap::Blank } else { gap };
            self.next_gap = wider(self.next_gap, empty_between);
            self.current.heading = line.heading.filter(|_| gap != Gap::Block);
            return;
        }
        line.gap = self.next_gap;
        self.next_gap = gap;
        self.done.push(line);
    }

    /// Begins a heading of this level; it ends with the line.
    pub(super) fn heading(&mut self, level: u8) {
        self.end(Gap::Block);
        self.current.heading = Some(level);
    }

    pub(super) fn link_start(&mut self, url: &str) {
        self.open_link = Some((url.to_owned(), self.current.text.text().len()));
    }

    pub(super) fn link_end(&mut self) {
        if let Some((url, 0)) = self.open_link.take() {
            self.current.link = Some(url);
        }
    }

    /// Text after a link shows that the line is not the link alone.
    pub(super) fn not_only_link(&mut self, text: &str) {
        if self.open_link.is_none() && !text.trim().is_empty() {
            self.current.link = None;
        }
    }

    pub(super) fn finish(mut self) -> Vec<Line> {
        self.end(Gap::Block);
        self.done
    }
}

fn wider(a: Gap, b: Gap) -> Gap {
    let rank = |gap| match gap {
        Gap::Wrap => 0,
        Gap::Line => 1,
        Gap::Blank => 2,
        Gap::Block => 3,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// The lines of plain text.
pub(super) fn text_lines(text: &str, dropped: &[Span]) -> Vec<Line> {
    let mut lines = Lines::new(dropped);
    let mut from = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let gap = match c {
            '\n' | '\u{85}' | '\u{2028}' => Gap::Line,
            '\r' => {
                if chars.peek().is_some_and(|(_, next)| *next == '\n') {
                    continue;
                }
                Gap::Line
            }
            '\u{c}' | '\u{b}' | '\u{2029}' => Gap::Blank,
            _ => continue,
        };
        lines.push(text.get(from..at).unwrap_or_default(), from);
        lines.end(gap);
        from = at + c.len_utf8();
    }
    lines.push(text.get(from..).unwrap_or_default(), from);
    lines.finish()
}

/// Joins lines that a page or line break cut, and counts page numbers left out.
///
/// A line goes on in the next one when it is prose that does not end like a
/// sentence, or when the text is set in lines of one width and this one is
/// full. An indent, a heading or a numbered item always begins a paragraph.
pub(super) fn paragraphs(lines: Vec<Line>) -> (Vec<Traced>, u64) {
    let width = set_width(&lines);
    let mut out: Vec<Traced> = Vec::new();
    let mut page_numbers = 0;
    let mut before: Option<Shape> = None;
    let mut over_page = false;
    for line in lines {
        if line.text.is_empty() {
            continue;
        }
        let text = line.text.text();
        if is_page_number(text, before.as_ref().is_some_and(|b| b.cut)) {
            page_numbers += 1;
            over_page = true;
            continue;
        }
        let gap = if over_page && line.gap == Gap::Line { Gap::Blank } else { line.gap };
        over_page = false;
        let mut shape = Shape::of(&line, width);
        let goes_on = before.as_ref().is_some_and(|before| match gap {
            Gap::Wrap => true,
            Gap::Block => false,
            Gap::Line | Gap::Blank => {
                let full = gap == Gap::Line && before.full && !before.heading && width.is_some();
                shape.inside || (!shape.opens && (before.cut || full))
            }
        });
        // What goes on from a cut line is no heading, however short it is.
        shape.cut |= goes_on && !shape.ends;
        match out.last_mut() {
            Some(last) if goes_on => last.join(&line.text),
            _ => out.push(line.text),
        }
        before = Some(shape);
    }
    (out, page_numbers)
}

/// What a line looks like from its neighbours.
struct Shape {
    /// It breaks off in the middle of a sentence.
    cut: bool,
    /// It ends like a sentence.
    ends: bool,
    /// It begins with a mark that nothing begins with.
    inside: bool,
    /// It reaches the width at which the text is set.
    full: bool,
    /// It is a heading by its markup or its look.
    heading: bool,
    /// It cannot go on from the line before.
    opens: bool,
}

impl Shape {
    fn of(line: &Line, width: Option<usize>) -> Self {
        let text = line.text.text();
        let full = width.is_some_and(|set| columns(&line.text) + 3 >= set);
        let prose = text.contains(['，', '。', '；', '、', '！', '？']);
        let heading = line.heading.is_some() || (!full && !prose);
        let ends = text.trim_end_matches(['”', '’', '」', '』', '）', ')', '》', '】']).ends_with(['。', '！', '？', '…', '：', '；', '!', '?', ':', ';']);
        let inside = text.starts_with(['，', '。', '、', '；', '：', '！', '？', '）', '》', '”', '」']);
        Self { cut: !ends && !heading, ends, inside, full, heading, opens: line.text.indented || line.heading.is_some() || is_item(text) }
    }
}

/// Whether a line begins like a numbered heading or item: 一、 （二） 第三章 4.
fn is_item(text: &str) -> bool {
    let rest = text.trim_start_matches(['（', '(']);
    let bracketed = rest.len() < text.len();
    let section = rest.strip_prefix('第');
    let body = section.unwrap_or(rest);
    let after = body.trim_start_matches(is_numeral);
    if after.len() == body.len() {
        return text.starts_with(['●', '■', '◆', '·', '•', '—', '★', '▲']);
    }
    if section.is_some() {
        return after.starts_with(['章', '节', '条', '编', '部']) || after.starts_with("部分");
    }
    if bracketed {
        return after.starts_with(['）', ')']);
    }
    // 4. begins an item, 4.5 does not.
    after.starts_with(['、', '．']) || after.strip_prefix('.').is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// `— 3 —`, `-12-`, 第3页, 3/12; bare digits only where a sentence is cut.
fn is_page_number(text: &str, sentence_cut: bool) -> bool {
    let mark = |c: char| matches!(c, '-' | '—' | '–' | '－' | '·' | '•' | ' ' | '~');
    let core = text.trim_matches(mark);
    let digits = |s: &str| !s.is_empty() && s.len() <= 4 && s.bytes().all(|b| b.is_ascii_digit());
    if digits(core) {
        return sentence_cut || (core.len() < text.len() && text.starts_with(mark) && text.ends_with(mark));
    }
    let page = core.strip_prefix('第').and_then(|rest| rest.strip_suffix('页')).map(str::trim);
    page.is_some_and(digits) || (sentence_cut && core.split_once('/').is_some_and(|(a, b)| digits(a.trim()) && digits(b.trim())))
}

/// Width with the indent of two Han characters that was taken off.
fn columns(text: &Traced) -> usize {
    text.text().width() + if text.indented { 4 } else { 0 }
}

/// Widest page at which a text is set, in columns.
const MAX_WIDTH: usize = 160;

/// The width at which a text is set, in columns (a Han character is two), if
/// most of its lines are cut at one width.
///
/// # Cost
/// Looking up the width of every character takes longer than all else that is
/// done to a line. Few texts are set: in others a line over the widest page is
/// soon seen by the number of its Han characters.
fn set_width(lines: &[Line]) -> Option<usize> {
    let plain = || lines.iter().filter(|line| line.heading.is_none()).map(|line| &line.text);
    if plain().count() < 4 || plain().any(|text| 2 * han_chars(text.text()) > MAX_WIDTH as u64) {
        return None;
    }
    let widths: Vec<usize> = plain().map(columns).collect();
    let most = *widths.iter().max()?;
    let full = widths.iter().filter(|w| **w + 3 >= most).count();
    (most <= MAX_WIDTH && full >= 3 && full * 3 >= widths.len()).then_some(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        paragraphs(text_lines(text, &[])).0.iter().map(|p| p.text().to_owned()).collect()
    }

    #[test]
    fn a_sentence_cut_by_a_page_is_joined_in_mid_word() {
        let text = "各地要压实责任，围绕供水布局管\n\n网，及时抢修。\n\n另一段，也在这里断\n\n— 3 —\n\n开了。";
        assert_eq!(read(text), ["各地要压实责任，围绕供水布局管网，及时抢修。", "另一段，也在这里断开了。"]);
    }

    #[test]
    fn a_short_piece_of_a_cut_sentence_is_no_heading() {
        let text = "各位代表，大会听取了某某同志\n关于规划草案的报告\n并进行了讨论，通过了\n规划\n，接着，又审议了预算。\n\n下一段。";
        assert_eq!(read(text), ["各位代表，大会听取了某某同志关于规划草案的报告并进行了讨论，通过了规划，接着，又审议了预算。", "下一段。"]);
    }

    #[test]
    fn headings_salutations_and_signatures_stay_alone() {
        let text = "各位代表：\n\n　　现在报告工作，请审议。\n\n一、去年工作回顾\n\n　　去年是不平凡的一年，成绩不少。\n（一）农业\n粮食增产，农民增收。\n县长　张某\n2024年2月";
        assert_eq!(
            read(text),
            [
                "各位代表：",
                "现在报告工作，请审议。",
                "一、去年工作回顾",
                "去年是不平凡的一年，成绩不少。",
                "（一）农业",
                "粮食增产，农民增收。",
                "县长 张某",
                "2024年2月"
            ]
        );
    }

    #[test]
    fn text_set_in_lines_of_one_width_is_joined_up_to_an_indent() {
        let text = "　　会议强调要抓好春耕备耕生产工\n作，保障农资供应，加强田间的管理。\n各地要压实责任，确保夏粮丰收能到手\n颗粒归仓。\n　　会议还研究了其他事项，要求各县\n抓紧落实。";
        assert_eq!(
            read(text),
            [
                "会议强调要抓好春耕备耕生产工作，保障农资供应，加强田间的管理。各地要压实责任，确保夏粮丰收能到手颗粒归仓。",
                "会议还研究了其他事项，要求各县抓紧落实。"
            ]
        );
    }

    #[test]
    fn what_only_looks_like_a_page_number_is_kept() {
        assert_eq!(read("产量如下。\n\n1998\n\n以上。"), ["产量如下。", "1998", "以上。"]);
        assert_eq!(read("第3页\n\n正文，在此。"), ["正文，在此。"]);
    }

    #[test]
    fn a_carriage_return_ends_a_line_once() {
        assert_eq!(read("甲，一。\r\n乙，二。\r丙，三。"), ["甲，一。", "乙，二。", "丙，三。"]);
    }
}
