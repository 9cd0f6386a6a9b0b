//! The floor under every stage: where something is, what was wrong with it,
//! and what to do about it.
//!
//! Bad data becomes a [`Reject`] (a row of the table `rejects`); a mistake in a
//! file that a person wrote (pipeline, lexicon, vocabulary) becomes a
//! [`Diagnostic`] with its place in that file. Neither stops the other
//! records or files from being read.

use std::fmt;
use std::path::PathBuf;

/// A half-open range of bytes in a text; both ends lie on character boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` to `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The text under the span; empty if the span does not fit `text`.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether `other` lies wholly inside (or equals) this span.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two spans share at least one byte.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The six stages, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Files to decoded records.
    Load,
    /// Records to documents.
    Parse,
    /// Dates, places, occasions, voice.
    Resolve,
    /// Themes.
    Tag,
    /// Series.
    Tally,
    /// Tables and release.
    Write,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 6] = [Self::Load, Self::Parse, Self::Resolve, Self::Tag, Self::Tally, Self::Write];

    /// The verb that names the stage, its folder and its `--until` value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Parse => "parse",
            Self::Resolve => "resolve",
            Self::Tag => "tag",
            Self::Tally => "tally",
            Self::Write => "write",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A piece of input that could not be used, and why.
///
/// `reason` is a stable word to group by; `detail` says it for this case.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// The source of the pipeline file.
    pub source: String,
    /// Path of the file, relative to the source's folder.
    pub path: String,
    /// Number of the record in the file (a line, for JSON Lines), from 1.
    pub record: Option<u64>,
    /// The stage that refused it.
    pub stage: String,
    /// A stable word: `empty`, `binary`, `oversized`, `undecodable` and so on.
    pub reason: String,
    /// What exactly was found, and what to do.
    pub detail: String,
    /// The beginning of the refused text, at most [`EXCERPT_CHARS`] characters.
    pub excerpt: String,
}

/// Longest excerpt in a [`Reject`].
pub const EXCERPT_CHARS: usize = 80;

/// The first [`EXCERPT_CHARS`] characters of `bytes`, invalid ones replaced and
/// control characters shown as spaces.
#[must_use]
pub fn excerpt(bytes: &[u8]) -> String {
    let head = bytes.get(..bytes.len().min(EXCERPT_CHARS * 4)).unwrap_or_default();
    String::from_utf8_lossy(head).chars().take(EXCERPT_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A mistake in a file that a person wrote, with its place and advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file.
    pub file: PathBuf,
    /// Its whole text, for showing the line.
    pub text: String,
    /// The bytes at fault.
    pub span: Span,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do, if there is something to say.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Line and column of the fault, both from 1, the column in characters.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        let before = self.text.get(..self.span.start).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}: {}", self.file.display(), self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

/// A data file that a person wrote: its path and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Path, for messages.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
}

impl DataFile {
    /// The file's name without its ending.
    #[must_use]
    pub fn stem(&self) -> &str {
        self.path.file_stem().and_then(|s| s.to_str()).unwrap_or_default()
    }

    /// A mistake in the file.
    #[must_use]
    pub fn fault(&self, span: Span, message: impl Into<String>, hint: Option<String>) -> Diagnostic {
        Diagnostic { file: self.path.clone(), text: self.text.clone(), span, message: message.into(), hint }
    }

    /// A mistake that a TOML reader found.
    #[must_use]
    pub fn toml_fault(&self, error: &toml::de::Error) -> Diagnostic {
        let span = error.span().unwrap_or_default();
        let hint = unknown_key_hint(error.message()).or_else(|| shape_hint(error.message(), Span::new(span.start, span.end).of(&self.text)));
        self.fault(Span::new(span.start, span.end), error.message(), hint)
    }
}

/// What to do where the TOML reader expected another kind of value.
fn shape_hint(message: &str, written: &str) -> Option<String> {
    let line = written.lines().next().unwrap_or_default();
    Some(match message {
        _ if message.starts_with("string values must be quoted") => format!("put it in quotation marks: \"{line}\""),
        _ if message.starts_with("duplicate key") => "take one of the two lines out".to_owned(),
        _ if message.starts_with("missing field") => {
            let name = message.split('`').nth(1).unwrap_or_default();
            format!("add a line {name} = …")
        }
        _ if message.ends_with("expected a string") && !line.contains(['[', '{', '"']) => format!("put it in quotation marks: \"{line}\""),
        _ if message.ends_with("expected a sequence") => {
            if line.starts_with('[') {
                format!("write [{line}]: there may be several")
            } else {
                format!("write a list: [{line}]")
            }
        }
        _ if message.ends_with("expected a boolean") => "write true or false, without quotation marks".to_owned(),
        _ if message.contains("expected usize") || message.contains("expected u32") || message.contains("expected f64") => {
            "write a number, without quotation marks".to_owned()
        }
        _ => return None,
    })
}

/// What the TOML reader says of an unknown key, with the names that it knows → did you mean this one?
fn unknown_key_hint(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let typed = quoted.next().filter(|_| message.starts_with("unknown"))?;
    let near = suggestion(typed, quoted)?;
    Some(format!("did you mean `{near}`?"))
}

/// The name in `known` that `typed` was probably meant to be, if one is near.
#[must_use]
pub fn suggestion<'k>(typed: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(typed, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_outside_the_text_is_empty_and_does_not_panic() {
        assert_eq!(Span::new(1, 2).of("提法"), "");
        assert_eq!(Span::new(3, 6).of("提法"), "法");
        assert_eq!(Span::new(3, 60).of("提法"), "");
    }

    #[test]
    fn the_column_counts_characters_of_its_line() {
        let diagnostic = Diagnostic { file: "a.toml".into(), text: "一\n二三四".into(), span: Span::new(7, 10), message: "unknown".into(), hint: None };
        assert_eq!(diagnostic.line_column(), (2, 2));
        assert_eq!(diagnostic.to_string(), "a.toml:2:2: unknown");
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["cadence", "register", "layout"];
        assert_eq!(suggestion("cadance", known), Some("cadence"));
        assert_eq!(suggestion("zzz", known), None);
    }

    #[test]
    fn a_value_of_another_kind_is_told_with_what_to_write() {
        let told = |text: &str| {
            #[derive(Debug, serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            #[expect(dead_code, reason = "read to be refused")]
            struct File {
                word: Option<String>,
                list: Option<Vec<String>>,
                truth: Option<bool>,
                number: Option<usize>,
                tables: Option<Vec<toml::Table>>,
            }
            let file = DataFile { path: "a.toml".into(), text: text.into() };
            let error = toml::from_str::<File>(text).unwrap_err();
            file.toml_fault(&error).hint.unwrap_or_default()
        };
        assert_eq!(told("word = 5"), "put it in quotation marks: \"5\"");
        assert_eq!(told("word = mine"), "put it in quotation marks: \"mine\"");
        assert_eq!(told("list = \"a\""), "write a list: [\"a\"]");
        assert_eq!(told("truth = \"yes\""), "write true or false, without quotation marks");
        assert_eq!(told("number = \"5\""), "write a number, without quotation marks");
        assert_eq!(told("[tables]\na = 1"), "write [[tables]]: there may be several");
        assert_eq!(told("word = \"a\"\nword = \"b\""), "take one of the two lines out");
        assert_eq!(told("wort = \"a\""), "did you mean `word`?");
    }

    #[test]
    fn an_excerpt_of_bytes_is_short_and_printable() {
        let long = "字".repeat(500);
        assert_eq!(excerpt(long.as_bytes()).chars().count(), EXCERPT_CHARS);
        assert_eq!(excerpt(b"a\x00b\xff"), "a b\u{fffd}");
    }
}
