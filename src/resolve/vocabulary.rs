//! The data files of this stage, read and checked.

use std::path::Path;

use chrono::NaiveDate;
use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::beginnings::{Beginnings, DATES, EDGES, PLACES, SAYINGS, SAYS_NOTHING};
use super::char_set::CharSet;
use super::date::Almanac;
use super::endings::Endings;
use super::gazetteer::Gazetteer;
use super::occasion::{Kind, Lexer, OccasionType, Role, Series};
use super::saying::{Alias, Saying, SayingWords, VoiceCase};
use super::words::Words;
use crate::diagnostic::{DataFile, Diagnostic, Span};
use crate::parse::read_date;

/// A data file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VocabularyError {
    /// A mistake with its place.
    #[error("{0}")]
    Fault(Box<Diagnostic>),
}

impl From<Diagnostic> for VocabularyError {
    fn from(fault: Diagnostic) -> Self {
        Self::Fault(Box::new(fault))
    }
}

/// A row of a CSV data file.
pub(super) struct Row<'f, const N: usize> {
    pub cells: [String; N],
    file: &'f DataFile,
    byte: usize,
}

impl<const N: usize> Row<'_, N> {
    pub(super) fn fault(&self, message: &str) -> VocabularyError {
        self.file.fault(Span::new(self.byte, self.byte), message, None).into()
    }
}

/// The rows of a CSV data file under exactly these headings.
pub(super) fn rows<'f, const N: usize>(file: &'f DataFile, headings: &[&str; N]) -> Result<Vec<Row<'f, N>>, VocabularyError> {
    let broken = |message: &str| VocabularyError::from(file.fault(Span::default(), message, None));
    let mut reader = csv::Reader::from_reader(file.text.as_bytes());
    let found = reader.headers().map_err(|e| broken(&e.to_string()))?.clone();
    if !found.iter().eq(headings.iter().copied()) {
        return Err(broken(&format!("the headings must be {}", headings.join(","))));
    }
    let mut out = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|e| broken(&e.to_string()))?;
        let byte = record.position().map_or(0, |p| usize::try_from(p.byte()).unwrap_or(0));
        let cells = std::array::from_fn(|i| record.get(i).unwrap_or_default().trim().to_owned());
        out.push(Row { cells, file, byte });
    }
    Ok(out)
}

/// What `pipelines/occasions/*.toml` may hold; all files together make one vocabulary.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OccasionFile {
    #[serde(default)]
    head: Vec<TypedWords>,
    #[serde(default)]
    verb: Vec<TypedWords>,
    #[serde(default)]
    series: Vec<Series>,
    #[serde(default)]
    short: Vec<Short>,
    #[serde(default)]
    term: Vec<Term>,
    #[serde(default)]
    case: Vec<OccasionCase>,
    #[serde(default)]
    saying: Vec<SayingWords>,
    #[serde(default)]
    alias: Vec<Alias>,
    #[serde(default)]
    voice_case: Vec<VoiceCase>,
    #[serde(default)]
    titles: Vec<String>,
    #[serde(default)]
    courtesies: Vec<String>,
    #[serde(default)]
    surnames: String,
    #[serde(default)]
    compound_surnames: Vec<String>,
    #[serde(default)]
    transliteration: String,
    #[serde(default)]
    not_names: Vec<String>,
    #[serde(default)]
    persons: Vec<String>,
    #[serde(default)]
    generic: Vec<String>,
    #[serde(default)]
    holder: Vec<Holder>,
    #[serde(default)]
    word: Vec<RoleWords>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleWords {
    role: Role,
    words: Vec<String>,
}

/// Who held an office: name and first day, in order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Holder {
    office: Vec<String>,
    holders: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TypedWords {
    #[serde(rename = "type")]
    kind: OccasionType,
    words: Vec<String>,
    #[serde(default)]
    alone: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Short {
    pub from: String,
    pub to: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    body: String,
    /// Number and first day.
    starts: Vec<(u32, String)>,
}

/// A case of the occasion vocabulary: a text and the events that it tells of,
/// each `DATE TYPE NAME` with `place=`, `region=`, `series=`, `term=`,
/// `session=` or `actor=` after it where they are to be checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OccasionCase {
    /// The text.
    pub text: String,
    /// The document's date.
    #[serde(default)]
    pub date: Option<String>,
    /// The events.
    pub events: Vec<String>,
}

/// Everything that this stage knows beyond its rules.
pub struct Vocabulary {
    /// Places.
    pub gazetteer: Gazetteer,
    /// Feasts and named periods.
    pub almanac: Almanac,
    /// Where words of all of these may begin.
    pub(super) beginnings: Beginnings,
    pub(super) lexer: Lexer,
    pub(super) saying: Saying,
    pub(super) series: Vec<Series>,
    /// The words that end the names of series, with the number of each one's series.
    pub(super) series_heads: Endings<usize>,
    pub(super) shorts: Vec<Short>,
    /// What the shorts stand for.
    pub(super) long_forms: Words<()>,
    /// Body, number, first day.
    terms: Vec<(String, u32, NaiveDate)>,
    /// Office, holder (empty: nobody), first day.
    holders: Vec<(String, String, NaiveDate)>,
    pub(super) courtesies: Endings<()>,
    pub(super) surnames: CharSet,
    pub(super) compound_surnames: Vec<String>,
    /// Characters that write foreign names.
    pub(super) transliteration: CharSet,
    /// Words that look like a person's name and are none.
    pub(super) not_names: Words<()>,
    /// Persons known by name alone.
    pub(super) persons: Words<()>,
    /// Words before a head that do not yet make a name: 专题, 全体.
    pub(super) generic: Words<()>,
    /// The cases that the files carry.
    pub cases: Vec<OccasionCase>,
    /// The cases of voice that the files carry.
    pub voice_cases: Vec<VoiceCase>,
    /// BLAKE3 over all files, as hex.
    pub hash: String,
}

static PIPELINES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/pipelines");

/// The files of a folder of `pipelines/` as they were when tifa was built.
#[must_use]
pub fn builtin_files(folder: &str) -> Vec<DataFile> {
    let Some(folder) = PIPELINES.get_dir(folder) else { return Vec::new() };
    let mut files: Vec<DataFile> =
        folder.files().filter_map(|file| Some(DataFile { path: Path::new("pipelines").join(file.path()), text: file.contents_utf8()?.to_owned() })).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

impl Vocabulary {
    /// Reads the vocabulary of occasions (`.toml`), places (`.csv`) and the almanac (`.toml`).
    ///
    /// # Errors
    /// [`VocabularyError::Fault`] for the first file that cannot be read.
    pub fn new(occasions: &[DataFile], places: &[DataFile], almanac: &[DataFile]) -> Result<Self, VocabularyError> {
        let mut hasher = blake3::Hasher::new();
        let mut all = OccasionFile::default();
        let mut terms = Vec::new();
        let mut holders = Vec::new();
        for file in occasions.iter().chain(places).chain(almanac) {
            hasher.update(file.stem().as_bytes()).update(b"\0").update(file.text.as_bytes()).update(b"\0");
        }
        for file in occasions.iter().filter(|f| f.path.extension().is_some_and(|e| e == "toml")) {
            let mut read: OccasionFile = toml::from_str(&file.text).map_err(|e| file.toml_fault(&e))?;
            all.head.append(&mut read.head);
            all.verb.append(&mut read.verb);
            all.series.append(&mut read.series);
            all.short.append(&mut read.short);
            for term in read.term {
                for (number, start) in term.starts {
                    let day = read_date(&start).ok_or_else(|| file.fault(find(&file.text, &start), format!("`{start}` is no date"), None))?;
                    terms.push((term.body.clone(), number, day.start));
                }
            }
            for holder in read.holder {
                for (name, start) in holder.holders {
                    let day = read_date(&start).ok_or_else(|| file.fault(find(&file.text, &start), format!("`{start}` is no date"), None))?;
                    holders.extend(holder.office.iter().map(|office| (office.clone(), name.clone(), day.start)));
                }
            }
            all.case.append(&mut read.case);
            all.saying.append(&mut read.saying);
            all.alias.append(&mut read.alias);
            all.voice_case.append(&mut read.voice_case);
            all.titles.append(&mut read.titles);
            all.courtesies.append(&mut read.courtesies);
            all.surnames.push_str(&read.surnames);
            all.transliteration.push_str(&read.transliteration);
            all.compound_surnames.append(&mut read.compound_surnames);
            all.not_names.append(&mut read.not_names);
            all.persons.append(&mut read.persons);
            all.generic.append(&mut read.generic);
            all.word.append(&mut read.word);
        }
        // A word of two parts keeps the first: heads and verbs before titles and shaping words.
        let heads = all.head.iter().flat_map(|h| h.words.iter().map(|w| (w.as_str(), Kind::Head { kind: h.kind, alone: h.alone })));
        let verbs = all.verb.iter().flat_map(|v| v.words.iter().map(|w| (w.as_str(), Kind::Verb(v.kind))));
        let titles = all.titles.iter().map(|w| (w.as_str(), Kind::Title));
        let words = all.word.iter().flat_map(|r| r.words.iter().map(|w| (w.as_str(), Kind::Role(r.role))));
        let lexer = Lexer::new(heads.chain(verbs).chain(titles).chain(words));
        let gazetteer = Gazetteer::new(places)?;
        let almanac = Almanac::new(almanac)?;
        let saying = Saying::new(all.saying, all.alias);
        let mut beginnings = Beginnings::default();
        beginnings.add(PLACES, gazetteer.words.iter().map(|(word, _)| word));
        beginnings.add(DATES, almanac.beginnings());
        lexer.add_to(&mut beginnings);
        beginnings.add(SAYINGS, saying.words(false));
        beginnings.add(SAYS_NOTHING, saying.words(true));
        beginnings.add(EDGES, saying.edge_words());
        Ok(Self {
            gazetteer,
            almanac,
            beginnings,
            lexer,
            saying,
            series_heads: Endings::new(all.series.iter().enumerate().flat_map(|(number, s)| s.head.iter().map(move |head| (head, number)))),
            series: all.series,
            long_forms: Words::new(all.short.iter().map(|short| (&short.from, ()))),
            shorts: all.short,
            terms,
            holders,
            courtesies: Endings::new(all.courtesies.into_iter().map(|word| (word, ()))),
            surnames: all.surnames.chars().filter(|c| !c.is_whitespace()).collect(),
            compound_surnames: all.compound_surnames,
            transliteration: all.transliteration.chars().filter(|c| !c.is_whitespace()).collect(),
            not_names: Words::of(&all.not_names),
            persons: Words::of(&all.persons),
            generic: Words::of(&all.generic),
            cases: all.case,
            voice_cases: all.voice_case,
            hash: hasher.finalize().to_hex().to_string(),
        })
    }

    /// The vocabulary that tifa was built with.
    ///
    /// # Panics
    /// Never in a build whose tests passed: they read these files.
    #[must_use]
    pub fn builtin() -> Self {
        match Self::new(&builtin_files("occasions"), &builtin_files("places"), &builtin_files("almanac")) {
            Ok(vocabulary) => vocabulary,
            Err(error) => unreachable!("the built-in vocabulary is checked by the tests: {error}"),
        }
    }

    /// Whether this character writes foreign names by their sound.
    #[must_use]
    pub fn transliterates(&self, c: char) -> bool {
        self.transliteration.contains(c)
    }

    /// The titles in a short phrase.
    pub(super) fn titles(&self, phrase: &str) -> Vec<Span> {
        self.lexer.titles(phrase, &self.beginnings)
    }

    /// The term of `body` in office on `day`.
    pub(super) fn term(&self, body: &str, day: NaiveDate) -> Option<u32> {
        self.terms.iter().filter(|(of, _, start)| of == body && *start <= day).map(|(_, number, _)| *number).max()
    }

    /// Who held `office` on `day`.
    pub(super) fn holder(&self, office: &str, day: NaiveDate) -> Option<&str> {
        let held = self.holders.iter().filter(|(of, _, start)| of == office && *start <= day);
        held.max_by_key(|(_, _, start)| *start).map(|(_, name, _)| name.as_str()).filter(|name| !name.is_empty())
    }
}

/// Where a value stands in a file, for a message.
fn find(text: &str, value: &str) -> Span {
    text.find(value).map_or_else(Span::default, |at| Span::new(at, at + value.len()))
}
