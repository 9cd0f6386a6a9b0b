//! Markdown → lines, by pulldown-cmark; HTML in it goes to the HTML reader.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::html::read_html;
use super::lines::{Gap, Lines};
use crate::diagnostic::Span;

/// Reads a Markdown record into `lines`.
pub(super) fn read_markdown(record: &str, lines: &mut Lines<'_>) {
    let parser = Parser::new_ext(record, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let mut html: Option<Span> = None;
    for (event, range) in parser.into_offset_iter() {
        let span = Span::new(range.start, range.end);
        if let Some(block) = html {
            // The lines of an HTML block are read together: a tag may span them.
            if matches!(event, Event::End(TagEnd::HtmlBlock)) {
                read_html(record, block, lines);
                lines.end(Gap::Block);
                html = None;
            }
            continue;
        }
        match event {
            Event::Start(Tag::HtmlBlock) => {
                lines.end(Gap::Block);
                html = Some(span);
            }
            Event::Start(Tag::Heading { level, .. }) => lines.heading(level_number(level)),
            Event::Start(Tag::Link { dest_url, .. }) => lines.link_start(&dest_url),
            Event::End(TagEnd::Link) => lines.link_end(),
            Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Image { .. })
            | Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Image)
            | Event::TaskListMarker(_)
            | Event::FootnoteReference(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => {}
            Event::Start(_) | Event::End(_) | Event::Rule => lines.end(Gap::Block),
            Event::SoftBreak => lines.end(Gap::Wrap),
            Event::HardBreak => lines.end(Gap::Line),
            Event::InlineHtml(_) | Event::Html(_) => {
                read_html(record, span, lines);
            }
            Event::Code(text) | Event::Text(text) => push(record, span, &text, lines),
        }
    }
}

fn push(record: &str, span: Span, text: &CowStr<'_>, lines: &mut Lines<'_>) {
    lines.not_only_link(text);
    // A code block's text comes with its line ends.
    for (i, piece) in text.split('\n').enumerate() {
        if i > 0 {
            lines.end(Gap::Line);
        }
        if span.of(record) == &**text {
            let before: usize = text.split('\n').take(i).map(|p| p.len() + 1).sum();
            lines.push(piece, span.start + before);
        } else {
            // An escape or a character reference: it stands for its span as a whole.
            lines.push_decoded(piece, span);
        }
    }
}

const fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(markdown: &str) -> Vec<(Option<u8>, String, Option<String>)> {
        let mut lines = Lines::new(&[]);
        read_markdown(markdown, &mut lines);
        lines.finish().into_iter().map(|l| (l.heading, l.text.text().to_owned(), l.link)).collect()
    }

    #[test]
    fn headings_paragraphs_html_and_links_are_told_apart() {
        let markdown =
            "# 大题\n\n### 小题*强*\n\n<p>甲<br>乙</p><p>丙</p>\n\n丁\n戊 &amp; \\*\n\n[查看原文](https://example.org/a)\n\n见[此](https://example.org/b)处\n";
        let got: Vec<_> = read(markdown);
        let texts: Vec<_> = got.iter().map(|(h, t, _)| (*h, t.as_str())).collect();
        assert_eq!(
            texts,
            [
                (Some(1), "大题"),
                (Some(3), "小题强"),
                (None, "甲"),
                (None, "乙"),
                (None, "丙"),
                (None, "丁"),
                (None, "戊 & *"),
                (None, "查看原文"),
                (None, "见此处")
            ]
        );
        assert_eq!(got.iter().filter_map(|(_, _, l)| l.as_deref()).collect::<Vec<_>>(), ["https://example.org/a"]);
    }
}
