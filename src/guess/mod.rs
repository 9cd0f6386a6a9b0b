//! A folder of files → the pipeline that a person would write for it, each guess
//! with what was seen.
//!
//! A part of the roof: it asks load for bytes and parse for documents, so a guess
//! is tried by the code that will read the files. What enters is a folder; what
//! leaves is a [`Guess`]: sources with their settings, and what was passed over.
//! It prints nothing, writes nothing, and looks at no more than a sample that is
//! spread evenly over the names.

mod dates;
mod fields;
mod files;
mod texts;

use std::path::Path;

use crate::load::{Layout, LoadError};

pub use files::Passed;

/// Files of a source that are looked into.
const SAMPLED_FILES: usize = 200;
/// Bytes of such a file.
const FILE_BYTES: u64 = 128 * 1024;
/// Files of records that are looked into, bytes of each, and records in all.
const RECORD_FILES: usize = 16;
const RECORD_BYTES: u64 = 8 << 20;
const SAMPLED_RECORDS: usize = 400;

/// One setting of a source, and why it was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The key of the pipeline file.
    pub key: &'static str,
    /// Its value.
    pub value: String,
    /// What was seen.
    pub why: String,
    /// What could not be decided: another value, and when it would be right.
    pub unsure: Option<String>,
}

impl Finding {
    fn new(key: &'static str, value: impl Into<String>, why: impl Into<String>) -> Self {
        Self { key, value: value.into(), why: why.into(), unsure: None }
    }

    fn unsure(mut self, other: impl Into<String>) -> Self {
        self.unsure = Some(other.into());
        self
    }
}

/// A source as it would be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceGuess {
    /// Its name.
    pub name: String,
    /// Patterns of its files, relative to the folder.
    pub globs: Vec<String>,
    /// Files that they match.
    pub files: usize,
    /// Of them, those that were looked into.
    pub sampled: usize,
    /// Layout, document, text, title, date, id, url, register and cadence, as far as
    /// they are to be written, in this order.
    pub findings: Vec<Finding>,
    /// Encodings found, and in how many files; there is nothing to set.
    pub encodings: String,
}

impl SourceGuess {
    /// The value of a key, if it is to be written.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.findings.iter().find(|finding| finding.key == key).map(|finding| finding.value.as_str())
    }
}

/// What a folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guess {
    /// Files in it, but for hidden ones.
    pub files: usize,
    /// Sources, by folder.
    pub sources: Vec<SourceGuess>,
    /// Patterns of lines that stand in most files and say nothing.
    pub drop_lines: Vec<Finding>,
    /// Files that no source reads, and why.
    pub passed: Vec<Passed>,
}

/// Looks at a folder.
///
/// # Errors
/// [`LoadError`] if it cannot be listed.
///
/// # Cost
/// Lists all names; reads at most 25 MB of text files and 128 MB of files of
/// records in each source.
pub fn look(folder: &Path) -> Result<Guess, LoadError> {
    let listed = files::list(folder)?;
    let mut out = Guess { files: listed.files, passed: listed.passed, ..Guess::default() };
    let name = folder.canonicalize().ok().and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    for group in listed.groups {
        let looked = if group.layout.is_record() { fields::look(&group) } else { texts::look(&group) };
        out.passed.extend(looked.passed);
        let Some(findings) = looked.findings else { continue };
        for pattern in looked.drop_lines {
            if !out.drop_lines.iter().any(|known| known.value == pattern.value) {
                out.drop_lines.push(pattern);
            }
        }
        let own = group.name().or(name.as_deref()).unwrap_or("texts").to_owned();
        let taken = |name: &str| out.sources.iter().any(|source: &SourceGuess| source.name == name);
        let by_layout = format!("{own}-{}", layout_name(looked.layout));
        let name = [own, by_layout].into_iter().find(|name| !taken(name)).unwrap_or_else(|| format!("source-{}", out.sources.len() + 1));
        out.sources.push(SourceGuess {
            findings: finish(findings, &group, looked.layout, &name),
            name,
            globs: group.globs.clone(),
            files: group.names.len(),
            sampled: looked.sampled,
            encodings: looked.encodings,
        });
    }
    ids_of_their_own(&mut out.sources);
    out.passed.sort();
    Ok(out)
}

/// What a group of files came to.
struct Looked {
    layout: Layout,
    sampled: usize,
    encodings: String,
    /// None: no file of it can be used.
    findings: Option<Vec<Finding>>,
    drop_lines: Vec<Finding>,
    passed: Vec<Passed>,
}

/// The word of a layout in a pipeline file.
#[must_use]
pub const fn layout_name(layout: Layout) -> &'static str {
    match layout {
        Layout::Text => "text",
        Layout::Markdown => "markdown",
        Layout::Html => "html",
        Layout::Jsonl => "jsonl",
        Layout::Csv => "csv",
        Layout::Parquet => "parquet",
    }
}

/// Layout and register around what was found, in the order of the file.
fn finish(findings: Vec<Finding>, group: &files::Group, layout: Layout, name: &str) -> Vec<Finding> {
    let mut out = vec![Finding::new("layout", layout_name(layout), group.why.clone())];
    let (cadence, mut rest): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| finding.key == "cadence");
    out.append(&mut rest);
    out.push(register(name, group));
    out.extend(cadence);
    out
}

/// Words in names of files and folders, and the register that they tell.
const REGISTERS: [(&str, &[&str]); 6] = [
    ("broadcast", &["broadcast", "xwlb", "联播", "新闻节目", "广播", "电视"]),
    ("report", &["report", "gwr", "报告"]),
    ("newspaper", &["newspaper", "daily", "rmrb", "日报", "晚报", "报纸", "peoples"]),
    ("speech", &["speech", "speeches", "讲话", "演讲", "致辞"]),
    ("notice", &["notice", "announcement", "通知", "公告", "通报"]),
    ("editorial", &["editorial", "opinion", "社论", "评论"]),
];

fn register(name: &str, group: &files::Group) -> Finding {
    let lower = name.to_lowercase();
    let told = |text: &str| REGISTERS.iter().find_map(|(register, words)| words.iter().find(|word| text.contains(**word)).map(|word| (*register, *word)));
    if let Some((register, word)) = told(&lower) {
        return Finding::new("register", register, format!("the name `{name}` has `{word}`"));
    }
    let names: Vec<String> = group.names.iter().map(|name| name.to_lowercase()).collect();
    for (register, words) in REGISTERS {
        for word in words {
            let with = names.iter().filter(|name| name.contains(word)).count();
            if with * 10 >= names.len() * 9 && with > 0 {
                return Finding::new("register", register, format!("`{word}` is in {with} of {} file names", names.len()));
            }
        }
    }
    Finding::new("register", "text", "no name tells it: any word for this kind of text")
        .unsure("another word, such as speech, readout, editorial, broadcast, report or notice")
}

/// Ids must be unique in the whole pipeline: where two sources have some, only the
/// first keeps them, since which of them meet is known when all is read.
fn ids_of_their_own(sources: &mut [SourceGuess]) {
    let mut seen = false;
    for source in sources {
        let Some(at) = source.findings.iter().position(|finding| finding.key == "id") else { continue };
        if std::mem::replace(&mut seen, true) {
            source.findings.remove(at);
        }
    }
}

/// As many of `all` as asked for, evenly spread, first and last included.
fn spread<T>(all: &[T], most: usize) -> Vec<&T> {
    if all.len() <= most || most < 2 {
        return all.iter().take(most.max(1)).collect();
    }
    (0..most).filter_map(|i| all.get(i * (all.len() - 1) / (most - 1))).collect()
}

/// `12 of 13`.
fn of(some: usize, all: usize) -> String {
    format!("{some} of {all}")
}

#[cfg(test)]
mod tests;
