//! HTML → lines: tags and character references by a WHATWG tokenizer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{HtmlString, Spanned, Token, Tokenizer, naive_next_state};

use super::lines::{Gap, Lines};
use crate::diagnostic::Span;

/// Elements whose content is no text.
const SILENT: [&[u8]; 7] = [b"script", b"style", b"template", b"head", b"noscript", b"svg", b"iframe"];

/// Elements that do not end a block. All others do: an unknown element between
/// two paragraphs must not glue them.
const INLINE: [&[u8]; 24] = [
    b"a", b"abbr", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"del", b"dfn", b"em", b"font", b"i", b"img", b"ins", b"label", b"mark", b"s", b"small",
    b"span", b"strong", b"sub", b"sup", b"u",
];

/// Reads the HTML in `record[piece]` into `lines`; returns the address that the
/// page gives as its own (`link rel=canonical` or `og:url`).
///
/// # Cost
/// A search for `<`; bare tags (`<p>`, `</strong>`) are read on the spot, which
/// in the markup of articles are nearly all. The tokenizer reads the others.
pub(super) fn read_html(record: &str, piece: Span, lines: &mut Lines<'_>) -> Option<String> {
    let html = piece.of(record);
    let mut reader = Reader { html, shift: piece.start, lines, at: 0, silent: None, own_url: None };
    let mut from = 0;
    while let Some(found) = html.get(from..).and_then(|rest| memchr::memchr(b'<', rest.as_bytes())) {
        let start = from + found;
        from = match BareTag::at(html, start) {
            Some(tag) => {
                reader.bare(&tag);
                tag.span.end
            }
            None => reader.tokenized(start),
        };
    }
    reader.text_before(html.len());
    reader.own_url
}

/// A tag without attributes, in lower case, after which text goes on as text:
/// what an HTML tokenizer makes of it needs no tokenizer.
struct BareTag<'h> {
    name: &'h str,
    is_end: bool,
    self_closing: bool,
    span: Span,
}

impl<'h> BareTag<'h> {
    /// The tag that begins at byte `start`, if there is such a one.
    fn at(html: &'h str, start: usize) -> Option<Self> {
        let after = html.get(start + 1..)?;
        let (is_end, after) = after.strip_prefix('/').map_or((false, after), |after| (true, after));
        let length = after.bytes().take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()).count();
        let (name, after) = after.split_at_checked(length)?;
        let (self_closing, after) = after.strip_prefix('/').map_or((false, after), |after| (true, after));
        let end = html.len() - after.strip_prefix('>')?.len();
        let plain = name.starts_with(|c: char| c.is_ascii_lowercase()) && !(is_end && self_closing) && naive_next_state(name.as_bytes()).is_none();
        plain.then_some(Self { name, is_end, self_closing, span: Span::new(start, end) })
    }
}

struct Reader<'h, 'l, 'd> {
    html: &'h str,
    /// Where the HTML lies in the record.
    shift: usize,
    lines: &'l mut Lines<'d>,
    /// End of the last tag.
    at: usize,
    /// The element whose content is no text, and how deep it is nested in its like.
    silent: Option<(Vec<u8>, u32)>,
    own_url: Option<String>,
}

impl Reader<'_, '_, '_> {
    /// What lies between two tags is the text, and slices of the record keep its offsets.
    fn text_before(&mut self, start: usize) {
        if self.silent.is_none() {
            text(self.html, Span::new(self.at, start), self.shift, self.lines);
        }
    }

    fn bare(&mut self, tag: &BareTag<'_>) {
        self.text_before(tag.span.start);
        self.at = tag.span.end;
        if tag.is_end {
            self.end(tag.name.as_bytes());
        } else {
            self.start(tag.name.as_bytes(), tag.self_closing, &BTreeMap::new());
        }
    }

    /// Reads from byte `from` to the end of the next tag, comment or doctype, and
    /// of a tag that begins raw text (a script) also its end. Returns where
    /// reading goes on.
    fn tokenized(&mut self, from: usize) -> usize {
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        let rest = self.html.get(from..).unwrap_or_default();
        for token in Tokenizer::new_with_emitter(rest, emitter).flatten() {
            let Some(span) = span_of(&token) else { continue };
            self.text_before(from + span.start);
            self.at = self.at.max(from + span.end);
            let mut raw = false;
            match token {
                Token::StartTag(tag) => {
                    self.start(&tag.name, tag.self_closing, &tag.attributes);
                    raw = naive_next_state(&tag.name).is_some();
                }
                Token::EndTag(tag) => self.end(&tag.name),
                Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
            if !raw {
                return self.at.max(from + 1);
            }
        }
        self.html.len()
    }

    fn start(&mut self, name: &[u8], self_closing: bool, attributes: &BTreeMap<HtmlString, Spanned<HtmlString, usize>>) {
        let attribute = |key: &[u8]| attributes.iter().find(|(k, _)| k.as_slice() == key).map(|(_, v)| String::from_utf8_lossy(v).into_owned());
        if name == b"link" && attribute(b"rel").is_some_and(|rel| rel == "canonical") {
            self.own_url = attribute(b"href").or(self.own_url.take());
        } else if name == b"meta" && attribute(b"property").is_some_and(|p| p == "og:url") {
            self.own_url = self.own_url.take().or_else(|| attribute(b"content"));
        }
        match &mut self.silent {
            Some((outer, depth)) => *depth += u32::from(outer.as_slice() == name && !self_closing),
            None if SILENT.contains(&name) && !self_closing => self.silent = Some((name.to_vec(), 1)),
            None => open(name, attribute(b"href"), self.lines),
        }
        self.leave_head();
    }

    fn end(&mut self, name: &[u8]) {
        match &mut self.silent {
            Some((outer, depth)) if outer.as_slice() == name => {
                *depth -= 1;
                if *depth == 0 {
                    self.silent = None;
                }
            }
            Some(_) => {}
            None if name == b"a" => self.lines.link_end(),
            None if INLINE.contains(&name) => {}
            None => self.lines.end(Gap::Block),
        }
        self.leave_head();
    }

    /// The body ends a head that was never closed.
    fn leave_head(&mut self) {
        if self.silent.as_ref().is_some_and(|(outer, _)| outer == b"head") && body_begins(self.html.get(self.at..).unwrap_or_default()) {
            self.silent = None;
        }
    }
}

/// Whether the next tag opens the body.
fn body_begins(rest: &str) -> bool {
    rest.trim_start().get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case("<body"))
}

fn open(name: &[u8], href: Option<String>, lines: &mut Lines<'_>) {
    match name {
        b"br" => lines.end(Gap::Line),
        b"a" => {
            if let Some(href) = href {
                lines.link_start(&href);
            }
        }
        [b'h', level @ b'1'..=b'6'] => lines.heading(level - b'0'),
        name if INLINE.contains(&name) => {}
        _ => lines.end(Gap::Block),
    }
}

/// Text between tags, its character references decoded one by one so that
/// each leads back to its place.
fn text(html: &str, span: Span, shift: usize, lines: &mut Lines<'_>) {
    let all = span.of(html);
    if all.is_empty() {
        return;
    }
    lines.not_only_link(all);
    let mut from = 0;
    while let Some(found) = all.get(from..).and_then(|rest| memchr::memchr(b'&', rest.as_bytes())) {
        let start = from + found;
        let rest = all.get(start..).unwrap_or_default();
        let name = rest
            .char_indices()
            .skip(1)
            .take(33)
            .find(|(_, c)| !(c.is_ascii_alphanumeric() || *c == '#'))
            .map_or(rest.len(), |(i, c)| if c == ';' { i + 1 } else { i });
        let name = name.min(rest.len());
        let reference = rest.get(..name).unwrap_or("&");
        let decoded = decode_reference(reference);
        let at = shift + span.start;
        lines.push(all.get(from..start).unwrap_or_default(), at + from);
        if decoded == reference {
            lines.push(reference, at + start);
        } else {
            lines.push_decoded(&decoded, Span::new(at + start, at + start + reference.len()));
        }
        from = start + reference.len().max(1);
    }
    lines.push(all.get(from..).unwrap_or_default(), shift + span.start + from);
}

/// The references that nearly all are.
const REFERENCES: [(&str, &str); 8] =
    [("&nbsp;", "\u{a0}"), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&ldquo;", "“"), ("&rdquo;", "”"), ("&middot;", "·")];

/// What a character reference stands for, or itself if it is none.
fn decode_reference(reference: &str) -> Cow<'static, str> {
    REFERENCES.iter().find(|(name, _)| *name == reference).map_or_else(|| Cow::Owned(by_tokenizer(reference)), |(_, text)| Cow::Borrowed(*text))
}

fn by_tokenizer(reference: &str) -> String {
    Tokenizer::new(reference)
        .flatten()
        .filter_map(|token| match token {
            Token::String(text) => Some(String::from_utf8_lossy(&text).into_owned()),
            _ => None,
        })
        .collect()
}

/// Whether a text field holds HTML: it has a tag that text is marked up with.
pub(super) fn looks_like_html(text: &str) -> bool {
    const TAGS: [&str; 14] = ["p", "br", "div", "span", "strong", "b", "a", "img", "table", "td", "h1", "h2", "h3", "li"];
    text.match_indices('<').any(|(at, _)| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let name_end = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let name = rest.get(..name_end).unwrap_or_default();
        let closed = rest.get(name_end..).is_some_and(|after| after.starts_with(['>', ' ', '/', '\n']));
        closed && TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(name))
    })
}

/// Where a tag, comment or doctype stands; text has no place of its own.
fn span_of(token: &Token<usize>) -> Option<html5gum::Span<usize>> {
    match token {
        Token::StartTag(tag) => Some(tag.span),
        Token::EndTag(tag) => Some(tag.span),
        Token::Doctype(doctype) => Some(doctype.span),
        Token::Comment(comment) => Some(comment.span),
        Token::String(_) | Token::Error(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(html: &str) -> Vec<String> {
        let mut lines = Lines::new(&[]);
        read_html(html, Span::new(0, html.len()), &mut lines);
        lines.finish().iter().map(|l| l.text.text().to_owned()).filter(|t| !t.is_empty()).collect()
    }

    #[test]
    fn tags_references_comments_and_scripts_are_taken_out() {
        let html = "<html><head><title>无</title><style>p{}</style></head><body><!-- 注 --><p>会议&ldquo;强调&rdquo;&nbsp;A&amp;B&#8212;&#x4e00;</p><script>if (a<b) {'<p>不'}</script>甲<b>乙</b>丙<br/>丁 &lt;p&gt; & 戊</body></html>";
        assert_eq!(read(html), ["会议“强调” A&B—一", "甲乙丙", "丁 <p> & 戊"]);
    }

    #[test]
    fn a_head_without_an_end_does_not_swallow_the_body() {
        assert_eq!(read("<head><title>题</title><body><p>正文</p>"), ["正文"]);
    }

    #[test]
    fn text_that_only_mentions_a_sign_is_no_html() {
        assert!(!looks_like_html("当 a < b 时，x<y>z"));
        assert!(looks_like_html("<P>甲</P>"));
        assert!(looks_like_html("甲<br/>乙"));
    }

    #[test]
    fn common_references_stand_for_what_the_tokenizer_says() {
        for (reference, text) in REFERENCES {
            assert_eq!(by_tokenizer(reference), text);
        }
    }

    /// Every tag by one tokenizer for the whole piece.
    fn read_by_tokenizer(html: &str) -> Vec<(String, Option<u8>, Gap)> {
        let mut lines = Lines::new(&[]);
        let mut reader = Reader { html, shift: 0, lines: &mut lines, at: 0, silent: None, own_url: None };
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
            let Some(span) = span_of(&token) else { continue };
            reader.text_before(span.start);
            reader.at = reader.at.max(span.end);
            match token {
                Token::StartTag(tag) => reader.start(&tag.name, tag.self_closing, &tag.attributes),
                Token::EndTag(tag) => reader.end(&tag.name),
                _ => {}
            }
        }
        reader.text_before(html.len());
        lines.finish().into_iter().map(|line| (line.text.text().to_owned(), line.heading, line.gap)).collect()
    }

    proptest! {
        #[test]
        fn bare_tags_are_read_as_the_tokenizer_reads_them(html in "(<p>|</p>|<P>|<br/>|</br/>|<b a='>'>|<h2>|</h2>|<script>|</script>|<title>|</title>|<svg>|</svg>|<head>|<body>|<!--|-->|<!x>|<a href=\"x\">|</a>|</|<1>|<p |<p|<|>|甲|乙|&amp;|&lt|\r\n| |a){0,30}") {
            let mut lines = Lines::new(&[]);
            read_html(&html, Span::new(0, html.len()), &mut lines);
            let got: Vec<_> = lines.finish().into_iter().map(|line| (line.text.text().to_owned(), line.heading, line.gap)).collect();
            prop_assert_eq!(got, read_by_tokenizer(&html));
        }

        #[test]
        fn what_lies_between_tags_is_what_the_tokenizer_calls_text(html in "(<p>|</p>|<b a='>'>|<!--x-->|<!x>|<br/>|<|>|甲|&amp;|&lt|&nosuch;|&#20013;|a){0,30}") {
            // A tag that the file's end cuts is text to us: nothing is lost.
            let html = format!("{html}<p>");
            let by_spans: String = read(&html).concat();
            let by_tokens: String = Tokenizer::new(&html).flatten().filter_map(|t| match t {
                Token::String(s) => Some(String::from_utf8_lossy(&s).into_owned()),
                _ => None,
            }).collect();
            let plain = |s: &str| s.split_whitespace().collect::<String>();
            prop_assert_eq!(plain(&by_spans), plain(&by_tokens));
        }
    }
}
