//! The roof's reading of `pipelines/NAME.toml`: a [`Plan`], or every mistake in
//! the file with its line.

mod checks;
mod contrasts;
mod missing;
mod named;
mod size;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use checks::WrittenCheck;
use contrasts::WrittenContrast;
use regex::Regex;
use serde::{Deserialize, Serialize};
use toml::Spanned;

pub use size::read_size;

use crate::diagnostic::{DataFile, Diagnostic, Span, suggestion};
use crate::load::{FieldNames, Input, Layout, check_pattern, without_dots};
use crate::parse::{self, DateFormat, DateFrom, Markup, Split, TitleFrom};
use crate::resolve::{Vocabulary, VocabularyError, builtin_files};
use crate::tag::Lexicon;
use crate::tally::candidate::{self, PhraseWords, Window};
use crate::tally::{self, Breakdown, Cadence, Calendar, DateBasis, HeatScale, Measures, Period, SourceCadence, TurnSettings};
use crate::write::{Assertion, CsvTables, Language, tables};

/// A pipeline file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Spanned<String>,
    title: Option<String>,
    output: PathBuf,
    shard: Option<Spanned<String>>,
    cache: Option<Spanned<String>>,
    #[serde(default)]
    source: Vec<WrittenSource>,
    #[serde(default)]
    parse: WrittenParse,
    #[serde(default)]
    resolve: WrittenResolve,
    #[serde(default)]
    tag: WrittenTag,
    #[serde(default)]
    tally: WrittenTally,
    #[serde(default)]
    discover: WrittenDiscover,
    #[serde(default)]
    write: WrittenWrite,
    #[serde(default)]
    check: Vec<WrittenCheck>,
    #[serde(default)]
    report: WrittenReport,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSource {
    name: Spanned<String>,
    files: Spanned<Vec<PathBuf>>,
    layout: Layout,
    document: Option<Spanned<String>>,
    date: Option<Spanned<String>>,
    title: Option<Spanned<String>>,
    text: Option<Spanned<String>>,
    id: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    markup: Option<Spanned<Markup>>,
    #[serde(default)]
    register: String,
    #[serde(default)]
    cadence: Cadence,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenParse {
    #[serde(default)]
    script: WrittenScript,
    #[serde(default)]
    drop_lines: Vec<Spanned<String>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenScript {
    #[default]
    Simplified,
    Keep,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenResolve {
    occasions: Option<Spanned<Vec<PathBuf>>>,
    places: Option<Spanned<Vec<PathBuf>>>,
    almanac: Option<Spanned<Vec<PathBuf>>>,
}

/// Without it, there are no themes, and only new phrases are looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTag {
    lexicon: Option<Spanned<Vec<PathBuf>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTally {
    periods: Option<Spanned<Vec<Period>>>,
    #[serde(default)]
    date_basis: DateBasis,
    breakdowns: Option<Vec<Breakdown>>,
    #[serde(default)]
    duplicates: Duplicates,
    #[serde(default)]
    preamble: bool,
    smoothing: Option<Spanned<usize>>,
    heat: Option<Spanned<PathBuf>>,
    turns: Option<Spanned<TurnSettings>>,
    base: Option<Spanned<String>>,
    #[serde(default)]
    contrast: Vec<WrittenContrast>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDiscover {
    #[serde(default)]
    windows: Vec<Spanned<String>>,
    top: Option<usize>,
    min_count: Option<u32>,
    min_documents: Option<u32>,
    min_days: Option<u32>,
    memory: Option<Spanned<String>>,
    words: Option<Spanned<Vec<PathBuf>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWrite {
    csv: Option<Spanned<CsvTables>>,
    keep: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenReport {
    #[serde(default)]
    lang: Language,
}

/// A source, ready to be read.
#[derive(Clone, Debug)]
pub struct Source {
    /// What load needs.
    pub input: Input,
    /// What parse needs.
    pub parse: parse::Settings,
    /// Register: speech, broadcast, report …
    pub register: String,
    /// How often it is expected to speak.
    pub cadence: Cadence,
}

/// How documents count that repeat another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// Like any other.
    #[default]
    All,
    /// Not at all in the series: only the first document of each group does.
    /// Every table has their rows, and coverage and occasions count them.
    First,
}

/// A pipeline, ready to run.
pub struct Plan {
    /// The pipeline file.
    pub file: PathBuf,
    /// Name: that of its folders.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Folder of the releases of all pipelines.
    pub output: PathBuf,
    /// Folder of the caches of all pipelines.
    pub work: PathBuf,
    /// Size of a shard, in bytes of input.
    pub shard_bytes: u64,
    /// Most bytes of the cache. What the last release uses stays, even if it takes more.
    pub cache_bytes: u64,
    /// Sources, in the order of the file.
    pub sources: Vec<Source>,
    /// Occasions and places.
    pub vocabulary: Vocabulary,
    /// Themes.
    pub lexicon: Lexicon,
    /// Folder into which drafts of themes are written.
    pub lexicon_folder: PathBuf,
    /// What tally needs.
    pub tally: tally::Settings,
    /// How new phrases are looked for, and in which windows.
    pub discover: candidate::Settings,
    /// The words that bound phrases.
    pub phrase_words: PhraseWords,
    /// How copies count.
    pub duplicates: Duplicates,
    /// Tables with a CSV twin.
    pub csv: CsvTables,
    /// Releases kept.
    pub keep: usize,
    /// What must not be true of any row.
    pub checks: Vec<Assertion>,
    /// The file as it was written, for the record of a run.
    pub settings: serde_json::Value,
    /// Language of the report.
    pub language: Language,
}

/// A pipeline file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The file, or one that it names, cannot be read.
    #[error("cannot read `{}`: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        cause: std::io::Error,
    },
    /// Mistakes in it, or in the data files that it names.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<Diagnostic>),
}

impl From<VocabularyError> for PlanError {
    fn from(error: VocabularyError) -> Self {
        let VocabularyError::Fault(fault) = error;
        Self::Faults(vec![*fault])
    }
}

/// Size of a shard where the pipeline says nothing.
const SHARD_BYTES: u64 = 4_000_000;

/// Most bytes of the cache where the pipeline says nothing.
const CACHE_BYTES: u64 = 4_000_000_000;

impl Plan {
    /// Each source with its cadence, in the order of the file.
    #[must_use]
    pub fn cadences(&self) -> Vec<SourceCadence> {
        self.sources.iter().map(|s| SourceCadence { source: s.input.source.to_string(), cadence: s.cadence }).collect()
    }

    /// Reads a pipeline file and the data files that it names.
    ///
    /// # Errors
    /// [`PlanError`]; of mistakes, all that can be found in one reading.
    pub fn read(path: &Path) -> Result<Self, PlanError> {
        let text = read_text(path)?;
        Self::from_file(&DataFile { path: path.to_owned(), text })
    }

    /// As [`read`](Self::read), from a text that is there already.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_file(file: &DataFile) -> Result<Self, PlanError> {
        let written: Written = toml::from_str(&file.text).map_err(|e| PlanError::Faults(vec![file.toml_fault(&e)]))?;
        let mut reader = Reader { file, folder: file.path.parent().unwrap_or(Path::new("")).to_owned(), faults: Vec::new() };
        let plan = reader.plan(written)?;
        if reader.faults.is_empty() { Ok(plan) } else { Err(PlanError::Faults(reader.faults)) }
    }
}

fn read_text(path: &Path) -> Result<String, PlanError> {
    let unreadable = |cause| PlanError::Unreadable { path: path.to_owned(), cause };
    String::from_utf8(fs::read(path).map_err(unreadable)?).map_err(|error| {
        // Not the file's text as it is, but enough of it to show the line.
        let start = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let fault = DataFile { path: path.to_owned(), text }.fault(Span::new(start, start + 3), "the file is not UTF-8", Some("save it as UTF-8".to_owned()));
        PlanError::Faults(vec![fault])
    })
}

struct Reader<'f> {
    file: &'f DataFile,
    folder: PathBuf,
    faults: Vec<Diagnostic>,
}

fn span<T>(value: &Spanned<T>) -> Span {
    Span::new(value.span().start, value.span().end)
}

impl Reader<'_> {
    fn fault(&mut self, span: Span, message: impl Into<String>, hint: impl Into<Option<String>>) {
        self.faults.push(self.file.fault(span, message, hint.into()));
    }

    fn plan(&mut self, written: Written) -> Result<Plan, PlanError> {
        let name = written.name.get_ref().clone();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(plain) {
            self.fault(span(&written.name), "the name becomes a folder: use letters, digits, - and _", None);
        }
        let output = without_dots(&self.folder.join(&written.output));
        let mut size = |written: &Option<Spanned<String>>, default: u64| match written {
            None => default,
            Some(text) => read_size(text.get_ref()).unwrap_or_else(|| {
                self.fault(span(text), format!("`{}` is no size", text.get_ref()), "write a number and KB, MB or GB".to_owned());
                default
            }),
        };
        let (shard_bytes, cache_bytes) = (size(&written.shard, SHARD_BYTES), size(&written.cache, CACHE_BYTES));
        if written.source.is_empty() {
            self.fault(span(&written.name), "the pipeline has no source", "add a table [[source]]".to_owned());
        }
        let mut names = BTreeSet::new();
        let drop_lines = self.patterns(&written.parse.drop_lines);
        let mut sources = Vec::new();
        for source in &written.source {
            if !names.insert(source.name.get_ref().clone()) {
                self.fault(span(&source.name), format!("two sources are named `{}`", source.name.get_ref()), None);
            }
            sources.push(self.source(source, &drop_lines, written.parse.script));
        }
        let lexicon_files = match written.tag.lexicon.as_ref().filter(|globs| !globs.get_ref().is_empty()) {
            Some(globs) => self.data_files(globs)?,
            None => Vec::new(),
        };
        let lexicon_folder = self.lexicon_folder(&written.tag);
        let lexicon = Lexicon::new(&lexicon_files).map_err(PlanError::Faults)?;
        let occasions = self.vocabulary_files(written.resolve.occasions.as_ref(), "occasions")?;
        let places = self.vocabulary_files(written.resolve.places.as_ref(), "places")?;
        let almanac = self.vocabulary_files(written.resolve.almanac.as_ref(), "almanac")?;
        let defaults = tally::Settings::default();
        let vocabulary = Vocabulary::new(&occasions, &places, &almanac)?;
        let (periods, calendar) = self.periods(written.tally.periods, defaults.periods, &vocabulary);
        let mut breakdowns = written.tally.breakdowns.unwrap_or(defaults.breakdowns);
        breakdowns.sort();
        breakdowns.dedup();
        let base = written.tally.base.as_ref().and_then(|base| self.source_name(base, &names));
        let contrasts = self.contrasts(&written.tally.contrast, &names, &periods, &breakdowns, &calendar);
        let word_files = self.vocabulary_files(written.discover.words.as_ref(), "phrases")?;
        let phrase_words = PhraseWords::new(&word_files).map_err(|fault| PlanError::Faults(vec![*fault]))?;
        let discover = self.discover(&written.discover);
        let measures = self.measures(written.tally.smoothing.as_ref(), written.tally.heat.as_ref(), written.tally.turns.as_ref(), &periods)?;
        let csv = self.csv(written.write.csv);
        let checks = self.checks(&written.check);
        let work = output.parent().unwrap_or(Path::new("")).join(".tifa");
        Ok(Plan {
            file: self.file.path.clone(),
            title: written.title.unwrap_or_else(|| name.clone()),
            name,
            work,
            output,
            shard_bytes,
            cache_bytes,
            sources,
            vocabulary,
            lexicon,
            lexicon_folder,
            discover,
            phrase_words,
            tally: tally::Settings {
                periods,
                calendar,
                date_basis: written.tally.date_basis,
                breakdowns,
                preamble: written.tally.preamble,
                measures,
                base,
                contrasts,
            },
            duplicates: written.tally.duplicates,
            csv,
            keep: written.write.keep.unwrap_or(5),
            checks,
            settings: toml::from_str(&self.file.text).unwrap_or_default(),
            language: written.report.lang,
        })
    }

    /// The folder of the first glob of the lexicon, as far as it has no wildcard;
    /// without one, `themes` beside the pipeline.
    fn lexicon_folder(&self, written: &WrittenTag) -> PathBuf {
        let first = written.lexicon.as_ref().and_then(|globs| globs.get_ref().first());
        let folder = first.and_then(|glob| glob.parent()).filter(|folder| !folder.to_string_lossy().contains(['*', '?', '[', '{']));
        self.folder.join(folder.unwrap_or(Path::new("themes")))
    }

    fn discover(&mut self, written: &WrittenDiscover) -> candidate::Settings {
        let mut settings = candidate::Settings::default();
        for text in &written.windows {
            match Window::read(text.get_ref()) {
                Some(window) => settings.windows.push(window),
                None => self.fault(
                    span(text),
                    format!("`{}` is no window", text.get_ref()),
                    "write a year, a month, or two dates with a slash between: 2023-09/2024-03".to_owned(),
                ),
            }
        }
        settings.windows.sort();
        settings.windows.dedup();
        settings.top = written.top.unwrap_or(settings.top);
        settings.min_count = written.min_count.unwrap_or(settings.min_count);
        settings.min_documents = written.min_documents.unwrap_or(settings.min_documents);
        settings.min_days = written.min_days.unwrap_or(settings.min_days);
        if let Some(text) = &written.memory {
            match read_size(text.get_ref()) {
                Some(bytes) => settings.memory_bytes = bytes,
                None => self.fault(span(text), format!("`{}` is no size", text.get_ref()), "write a number and KB, MB or GB".to_owned()),
            }
        }
        settings
    }

    /// The lengths of periods, and where those that the almanac gives begin and end.
    fn periods(&mut self, written: Option<Spanned<Vec<Period>>>, default: Vec<Period>, vocabulary: &Vocabulary) -> (Vec<Period>, Calendar) {
        let at = written.as_ref().map(span);
        let mut periods = written.map_or(default, Spanned::into_inner);
        periods.sort();
        periods.dedup();
        let almanac = &vocabulary.almanac;
        // What no series asks for is no part of the settings, so that it costs no cache.
        let asked = |period| periods.contains(&period);
        let plans = if asked(Period::Plan) { almanac.plans() } else { &[] };
        let congresses = if asked(Period::Congress) { almanac.congresses() } else { &[] };
        let calendar = Calendar::new(plans, congresses);
        for period in periods.iter().filter(|period| !calendar.has(**period)) {
            self.fault(at.unwrap_or_default(), format!("the almanac has no dates for `{}`", period.name()), "add them to its files".to_owned());
        }
        (periods, calendar)
    }

    fn measures(
        &mut self,
        smoothing: Option<&Spanned<usize>>,
        heat: Option<&Spanned<PathBuf>>,
        turns: Option<&Spanned<TurnSettings>>,
        periods: &[Period],
    ) -> Result<Measures, PlanError> {
        let smoothing = smoothing.map(|value| {
            if !(1..=1000).contains(value.get_ref()) {
                self.fault(span(value), "smoothing is a number of periods on each side", "write 1 to 1000, or take the line out".to_owned());
            }
            *value.get_ref()
        });
        let files = match heat {
            None => builtin_files("heat"),
            Some(path) => {
                let path = self.folder.join(path.get_ref());
                vec![DataFile { text: read_text(&path)?, path }]
            }
        };
        let mut heat = HeatScale::default();
        for file in &files {
            match HeatScale::new(file) {
                Ok(scale) => heat = scale,
                Err(fault) => self.faults.push(*fault),
            }
        }
        let turns = turns.map(|value| {
            let settings = *value.get_ref();
            if let Some(fault) = settings.fault() {
                self.fault(span(value), fault, None);
            }
            if let Some(period) = settings.period.filter(|period| !periods.contains(period)) {
                self.fault(span(value), format!("the periods have no `{}`", period.name()), "add it to `periods`".to_owned());
            }
            settings
        });
        Ok(Measures { smoothing, heat, turns: turns.unwrap_or_default() })
    }

    fn csv(&mut self, written: Option<Spanned<CsvTables>>) -> CsvTables {
        let Some(written) = written else { return CsvTables::default() };
        if let CsvTables::List(names) = written.get_ref() {
            let all = tables();
            for name in names {
                if !all.iter().any(|t| t.name == name) {
                    let near = suggestion(name, all.iter().map(|t| t.name)).map(|n| format!("did you mean `{n}`?"));
                    self.fault(span(&written), format!("there is no table `{name}`"), near);
                }
            }
        }
        written.into_inner()
    }

    fn source(&mut self, written: &WrittenSource, drop_lines: &[Regex], script: WrittenScript) -> Source {
        let name: Arc<str> = written.name.get_ref().as_str().into();
        let layout = written.layout;
        if written.files.get_ref().is_empty() {
            self.fault(span(&written.files), "the source names no files", None);
        }
        for glob in written.files.get_ref() {
            if let Err(error) = check_pattern(glob) {
                let at = self.within(span(&written.files), &glob.to_string_lossy());
                self.fault(at, error.to_string(), "* stands for any name, ** for any folders, [0-9] for a digit; [[] is a bracket itself".to_owned());
            }
        }
        let split = match written.document.as_ref().map(|d| (d, d.get_ref().as_str())) {
            None | Some((_, "file" | "record")) => Split::Whole,
            Some((value, text)) => match text.strip_prefix("heading:").and_then(|level| level.parse().ok()) {
                Some(level @ 1..=6) if matches!(layout, Layout::Markdown | Layout::Html) => Split::Heading(level),
                Some(1..=6) => {
                    self.fault(span(value), "only markdown and html have headings", "write document = \"file\"".to_owned());
                    Split::Whole
                }
                _ => {
                    self.fault(span(value), format!("`{text}` is not known"), "write file, record or heading:1 to heading:6".to_owned());
                    Split::Whole
                }
            },
        };
        let mut fields = FieldNames {
            text: self.field(written.text.as_ref()),
            id: self.field(written.id.as_ref()),
            url: self.field(written.url.as_ref()),
            ..FieldNames::default()
        };
        if layout.is_record() && fields.text.is_none() && written.text.is_none() {
            self.fault(span(&written.name), format!("the source `{name}` does not say which field holds the text"), "add text = \"field:NAME\"".to_owned());
        }
        if !layout.is_record() {
            let only_fields = [&written.text, &written.id, &written.url].into_iter().flatten();
            let other = [&written.title, &written.date].into_iter().flatten().filter(|f| f.get_ref().starts_with("field:"));
            for field in only_fields.chain(other) {
                self.fault(span(field), "only jsonl, csv and parquet have fields", "take the line out".to_owned());
            }
        }
        if let Some(markup) = written.markup.as_ref().filter(|_| !layout.is_record()) {
            self.fault(span(markup), "the layout says the markup of whole files already", "take the line out".to_owned());
        }
        let title = match written.title.as_ref().map(|t| (t, t.get_ref().as_str())) {
            None if matches!(layout, Layout::Markdown | Layout::Html) => TitleFrom::Heading,
            None | Some((_, "none")) => TitleFrom::Nothing,
            Some((_, "heading")) => TitleFrom::Heading,
            Some((_, "first-line")) => TitleFrom::FirstLine,
            Some((value, text)) if !text.starts_with("field:") => {
                let near = suggestion(text, ["heading", "first-line", "none"]).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
                self.fault(span(value), format!("`{text}` is not known"), format!("{near}write heading, first-line, field:NAME or none"));
                TitleFrom::Nothing
            }
            Some((value, _)) => {
                fields.title = self.field(Some(value));
                TitleFrom::Field
            }
        };
        let date = self.date(written.date.as_ref(), &mut fields);
        Source {
            input: Input { source: Arc::clone(&name), files: written.files.get_ref().iter().map(|glob| self.folder.join(glob)).collect(), layout, fields },
            parse: parse::Settings {
                source: name,
                layout,
                markup: written.markup.as_ref().map(|m| *m.get_ref()).unwrap_or_default(),
                split,
                date,
                title,
                simplify: script == WrittenScript::Simplified,
                drop_lines: drop_lines.to_vec(),
            },
            register: if written.register.is_empty() { tally::NO_MEMBER.to_owned() } else { written.register.clone() },
            cadence: written.cadence,
        }
    }

    /// `field:NAME` → NAME.
    fn field(&mut self, value: Option<&Spanned<String>>) -> Option<String> {
        let value = value?;
        match value.get_ref().strip_prefix("field:") {
            Some(name) if !name.is_empty() => Some(name.to_owned()),
            _ => {
                self.fault(span(value), format!("`{}` is not known here", value.get_ref()), "write field:NAME".to_owned());
                None
            }
        }
    }

    fn date(&mut self, value: Option<&Spanned<String>>, fields: &mut FieldNames) -> DateFrom {
        let Some(value) = value else { return DateFrom::Nothing };
        let (kind, rest) = value.get_ref().split_once(':').unwrap_or((value.get_ref(), ""));
        let mut format = |text: &str| match DateFormat::new(text) {
            Ok(format) => Some(format),
            Err(message) => {
                self.faults.push(self.file.fault(span(value), message, None));
                None
            }
        };
        match (kind, rest) {
            ("none", "") => DateFrom::Nothing,
            ("header", "") => DateFrom::Header,
            ("filename", text) if !text.is_empty() => format(text).map_or(DateFrom::Nothing, DateFrom::FileName),
            ("field", rest) if !rest.is_empty() => {
                let (name, text) = rest.split_once(':').map_or((rest, None), |(name, text)| (name, Some(text)));
                fields.date = Some(name.to_owned());
                DateFrom::Field(text.and_then(format))
            }
            _ => {
                self.fault(
                    span(value),
                    format!("`{}` is not known", value.get_ref()),
                    "write filename:FORMAT, field:NAME, field:NAME:FORMAT, header or none".to_owned(),
                );
                DateFrom::Nothing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const GOOD: &str = r#"
name = "a"
output = "out"
[[source]]
name = "s"
files = ["raw/*.md"]
layout = "markdown"
document = "heading:3"
date = "filename:%Y%m%d"
[tag]
lexicon = ["themes/*.toml"]
"#;

    pub(super) fn read(text: &str) -> Result<Plan, PlanError> {
        let dir = tempfile::tempdir().unwrap();
        let themes = dir.path().join("themes");
        fs::create_dir(&themes).unwrap();
        fs::write(themes.join("a.toml"), "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['甲乙']\n").unwrap();
        fs::write(dir.path().join("empty.toml"), "").unwrap();
        Plan::from_file(&DataFile { path: dir.path().join("p.toml"), text: text.to_owned() })
    }

    pub(super) fn faults(text: &str) -> Vec<String> {
        match read(text) {
            Err(PlanError::Faults(faults)) => {
                faults.iter().map(|f| format!("{}: {} {}", f.line_column().0, f.message, f.hint.clone().unwrap_or_default())).collect()
            }
            Err(other) => vec![other.to_string()],
            Ok(_) => Vec::new(),
        }
    }

    #[test]
    fn a_pipeline_is_read_with_its_defaults() {
        let plan = read(GOOD).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((plan.name.as_str(), plan.shard_bytes, plan.keep), ("a", SHARD_BYTES, 5));
        assert_eq!(plan.sources[0].parse.split, Split::Heading(3));
        assert!(plan.work.ends_with(".tifa"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_a_suggestion() {
        let got = faults(&GOOD.replace("layout =", "cadance = \"daily\"\nlayout ="));
        assert_eq!(got.len(), 1);
        assert!(got[0].starts_with("7: unknown field `cadance`") && got[0].ends_with("did you mean `cadence`?"), "{got:?}");
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = GOOD
            .replace("heading:3", "heading:9")
            .replace("%Y%m%d", "%m%d")
            .replace("[tag]", "text = \"content\"\n[parse]\ndrop_lines = [\"(\"]\n[write]\ncsv = [\"hitz\"]\n[tag]");
        let got = faults(&text);
        assert_eq!(got.len(), 6, "{got:?}");
        assert!(got.iter().any(|f| f.contains("did you mean `hits`?")), "{got:?}");
    }

    #[test]
    fn plans_and_congresses_are_periods_if_the_almanac_dates_them() {
        let plan = read(&format!("{GOOD}[tally]\nperiods = [\"congress\", \"plan\", \"year\"]\n")).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(plan.tally.periods, [Period::Year, Period::Plan, Period::Congress]);
        assert!(plan.tally.calendar.has(Period::Plan) && plan.tally.calendar.has(Period::Congress));
        let got = faults(&format!("{GOOD}[resolve]\nalmanac = [\"empty.toml\"]\n[tally]\nperiods = [\"plan\"]\n"));
        assert_eq!(got, ["15: the almanac has no dates for `plan` add them to its files"]);
    }

    #[test]
    fn measures_that_make_no_sense_are_told_with_their_line() {
        let good = "[tally]\nsmoothing = 2\n[tally.turns]\nperiod = \"year\"\nalpha = 0.01\n";
        let plan = read(&format!("{GOOD}{good}")).unwrap_or_else(|e| panic!("{e}"));
        let measures = &plan.tally.measures;
        assert_eq!((measures.smoothing, measures.turns.period, measures.heat.id()), (Some(2), Some(Period::Year), "cmp 2017-1".to_owned()));
        let bad = "[tally]\nsmoothing = 0\nheat = \"empty.toml\"\n[tally.turns]\nperiod = \"day\"\nalpha = 2.0\n";
        let got = faults(&format!("{GOOD}{bad}"));
        let shown: Vec<&str> = got.iter().map(|fault| fault.split(' ').next().unwrap_or_default()).collect();
        assert_eq!(shown, ["13:", "1:", "15:", "15:"], "{got:?}");
        let got = faults(&format!("{GOOD}[tally.turns]\nalfa = 0.1\n"));
        assert!(got.len() == 1 && got[0].ends_with("did you mean `alpha`?"), "{got:?}");
    }
}
