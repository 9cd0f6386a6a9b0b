//! HTML → lines: tags and character references by a WHATWG tokenizer.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};

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
/// One pass of the tokenizer; text between tags is copied, not rebuilt.
pub(super) fn read_html(record: &str, piece: Span, lines: &mut Lines<'_>) -> Option<String> {
    let html = piece.of(record);
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut at = 0;
    let mut silent: Option<(Vec<u8>, u32)> = None;
    let mut own_url = None;
    // The tokens of text are not used: what lies between two tags is the text,
    // and slices of the record keep its offsets.
    for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
        let (span, is_tag) = match &token {
            Token::StartTag(tag) => (tag.span, true),
            Token::EndTag(tag) => (tag.span, true),
            Token::Doctype(doctype) => (doctype.span, false),
            Token::Comment(comment) => (comment.span, false),
            Token::String(_) | Token::Error(_) => continue,
        };
        if silent.is_none() {
            text(html, Span::new(at, span.start), piece.start, lines);
        }
        at = span.end.max(at);
        if !is_tag {
            continue;
        }
        match token {
            Token::StartTag(tag) => {
                let name: &[u8] = &tag.name;
                let attribute = |key: &[u8]| tag.attributes.iter().find(|(k, _)| k.as_slice() == key).map(|(_, v)| String::from_utf8_lossy(v).into_owned());
                if name == b"link" && attribute(b"rel").is_some_and(|rel| rel == "canonical") {
                    own_url = attribute(b"href").or(own_url);
                } else if name == b"meta" && attribute(b"property").is_some_and(|p| p == "og:url") {
                    own_url = own_url.or_else(|| attribute(b"content"));
                }
                match &mut silent {
                    Some((outer, depth)) => *depth += u32::from(outer.as_slice() == name && !tag.self_closing),
                    None if SILENT.contains(&name) && !tag.self_closing => silent = Some((name.to_vec(), 1)),
                    None => open(name, attribute(b"href"), lines),
                }
            }
            Token::EndTag(tag) => {
                let name: &[u8] = &tag.name;
                match &mut silent {
                    Some((outer, depth)) if outer.as_slice() == name => {
                        *depth -= 1;
                        if *depth == 0 {
                            silent = None;
                        }
                    }
                    Some(_) => {}
                    None if name == b"a" => lines.link_end(),
                    None if INLINE.contains(&name) => {}
                    None => lines.end(Gap::Block),
                }
            }
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
        if silent.as_ref().is_some_and(|(outer, _)| outer == b"head") && body_begins(html.get(at..).unwrap_or_default()) {
            silent = None;
        }
    }
    if silent.is_none() {
        text(html, Span::new(at, html.len()), piece.start, lines);
    }
    own_url
}

/// Whether the next tag opens the body, which ends a head that was never closed.
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
    while let Some(found) = all.get(from..).and_then(|rest| rest.find('&')) {
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

/// What a character reference stands for, or itself if it is none.
pub(super) fn decode_reference(reference: &str) -> String {
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

    proptest! {
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
