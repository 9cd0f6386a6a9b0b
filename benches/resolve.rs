//! What reading costs: parse, resolve and tag over the same documents.
//!
//! The law it checks: resolve costs at most [`LIMIT`] times what tag costs. See
//! `README.md` beside it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "a benchmark may fail loudly and says what it found")]

mod made_text;
mod random;

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use regex::Regex;
use tifa::load::{Layout, Record};
use tifa::parse::{DateFormat, DateFrom, Document, Markup, Settings, Split, TitleFrom, parse};
use tifa::resolve::{DateContext, Vocabulary, dates, resolve};
use tifa::tag::{Lexicon, tag};

/// Resolve may cost this many times what tag costs.
const LIMIT: f64 = 3.0;
/// How far the ratio may be above it: medians of one run differ by some percent
/// from those of the next.
const TOLERANCE: f64 = 0.1;
/// Each round measures every stage once, so that what slows the machine for a
/// while slows all of them.
const ROUNDS: usize = 15;
const MADE_BYTES: usize = 3 << 20;

struct Rules {
    vocabulary: Vocabulary,
    lexicon: Lexicon,
}

/// What was found in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    documents: usize,
    sentences: usize,
    reported: usize,
    dates: usize,
    places: usize,
    events: usize,
    hits: usize,
}

fn parsed(records: &[Record], settings: &Settings) -> Vec<Document> {
    records.iter().flat_map(|record| parse(record, settings).documents).collect()
}

fn settings(layout: Layout, split: Split, date: DateFrom, title: TitleFrom) -> Settings {
    let drop_lines = [r"^\[查看原文\]", r"^\(更新时间戳"].map(|line| Regex::new(line).unwrap()).into();
    Settings {
        source: Arc::from("bench"),
        layout,
        markup: if layout == Layout::Markdown { Markup::Markdown } else { Markup::Text },
        split,
        date,
        title,
        simplify: true,
        drop_lines,
    }
}

/// The times of one stage.
struct Times {
    name: &'static str,
    all: Vec<Duration>,
}

impl Times {
    const fn of(name: &'static str) -> Self {
        Self { name, all: Vec::new() }
    }

    /// Runs `stage`, whose result must be `expected` each time.
    fn take<T: PartialEq + std::fmt::Debug>(&mut self, expected: &T, stage: impl FnOnce() -> T) {
        let start = Instant::now();
        let found = black_box(stage());
        self.all.push(start.elapsed());
        assert_eq!(&found, expected, "{}", self.name);
    }

    fn median(&self) -> Duration {
        let mut sorted = self.all.clone();
        sorted.sort();
        sorted[sorted.len() / 2]
    }

    fn line(&self, bytes: usize) -> String {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let (least, most) = (*self.all.iter().min().unwrap(), *self.all.iter().max().unwrap());
        let rate = bytes as f64 / 1e6 / self.median().as_secs_f64();
        format!("  {:<12}{:>9.1}{:>9.1}{:>9.1}{rate:>10.1}", self.name, milliseconds(self.median()), milliseconds(least), milliseconds(most))
    }
}

/// What a first reading finds; the measured ones must find the same.
fn counts(documents: &[Document], rules: &Rules) -> Counts {
    let mut out = Counts { documents: documents.len(), ..Counts::default() };
    for document in documents {
        let found = resolve(document, &rules.vocabulary);
        out.sentences += document.sentences.len();
        out.reported += found.voices.iter().filter(|v| v.reported).count();
        out.dates += found.dates.len();
        out.places += found.places.len();
        out.events += found.events.len();
        out.hits += tag(document, &rules.lexicon).len();
    }
    out
}

/// Measures all stages on `records`; whether the law holds.
fn measured(name: &str, records: &[Record], settings: &Settings, rules: &Rules, expected: impl FnOnce(Counts)) -> bool {
    let documents = parsed(records, settings);
    let found = counts(&documents, rules);
    let bytes: usize = documents.iter().map(|d| d.text.len()).sum();
    let chars: usize = documents.iter().map(|d| d.text.chars().count()).sum();
    let per_1000 = |count: usize| count as f64 * 1e3 / chars as f64;
    println!(
        "{name}: {:.1} MB, {} documents; in 1,000 characters {:.1} sentences ({:.1} reported), {:.1} dates, {:.1} places, {:.2} events, {:.1} hits",
        bytes as f64 / 1e6,
        found.documents,
        per_1000(found.sentences),
        per_1000(found.reported),
        per_1000(found.dates),
        per_1000(found.places),
        per_1000(found.events),
        per_1000(found.hits)
    );
    expected(found);
    let [mut parse_times, mut resolve_times, mut date_times, mut place_times, mut tag_times] =
        ["parse", "resolve", "  dates", "  places", "tag"].map(Times::of);
    // What dates and places alone find, without the context that resolve gives.
    let bare_dates = || {
        documents
            .iter()
            .map(|d| {
                d.sentences
                    .iter()
                    .map(|s| dates(s.span.of(&d.text), DateContext { document: d.date, previous: None }, &rules.vocabulary.almanac).len())
                    .sum::<usize>()
            })
            .sum::<usize>()
    };
    let bare_places = || documents.iter().map(|d| rules.vocabulary.gazetteer.mentions(&d.text, d.date.map(|d| d.start)).len()).sum::<usize>();
    let (some_dates, some_places) = (bare_dates(), bare_places());
    for _ in 0..ROUNDS {
        parse_times.take(&found.documents, || parsed(records, settings).len());
        resolve_times.take(&(found.dates, found.events), || {
            let all = documents.iter().map(|d| resolve(d, &rules.vocabulary));
            all.fold((0, 0), |(dates, events), found| (dates + found.dates.len(), events + found.events.len()))
        });
        date_times.take(&some_dates, bare_dates);
        place_times.take(&some_places, bare_places);
        tag_times.take(&found.hits, || documents.iter().map(|d| tag(d, &rules.lexicon).len()).sum());
    }
    println!("  {:<12}{:>9}{:>9}{:>9}{:>10}", "", "median ms", "least", "most", "MB/s");
    for times in [&parse_times, &resolve_times, &date_times, &place_times, &tag_times] {
        println!("{}", times.line(bytes));
    }
    let ratio = resolve_times.median().as_secs_f64() / tag_times.median().as_secs_f64();
    let holds = ratio <= LIMIT + TOLERANCE;
    println!("  resolve / tag = {ratio:.2}, at most {LIMIT} (tolerance {TOLERANCE}): {}", if holds { "holds" } else { "TOO SLOW" });
    holds
}

/// The broadcasts under the environment's `TIFA_CORPORA`.
fn broadcasts(folder: &Path) -> Vec<Record> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "md")).collect();
    files.sort();
    let record = |file: &std::path::PathBuf| Record {
        path: Arc::from(file.file_name().unwrap().to_str().unwrap()),
        number: 1,
        text: std::fs::read_to_string(file).unwrap(),
        encoding: "UTF-8",
        ..Record::default()
    };
    files.iter().map(record).collect()
}

fn main() -> ExitCode {
    let rules = Rules { vocabulary: Vocabulary::builtin(), lexicon: tifa::builtin_lexicon() };
    let made = made_text::made(MADE_BYTES);
    let as_made = settings(Layout::Jsonl, Split::Whole, DateFrom::Field(None), TitleFrom::FirstLine);
    let mut holds = measured("made text", &made.records, &as_made, &rules, |found| {
        assert_eq!(found.documents, made.records.len());
        // Some stand in titles or by words that make them no occasion; none may go missing in numbers.
        assert!(found.dates >= made.dates, "{} of {} dates", found.dates, made.dates);
        assert!(found.hits >= made.terms, "{} of {} terms", found.hits, made.terms);
        assert!(found.events * 10 >= made.occasions * 7, "{} of {} occasions", found.events, made.occasions);
    });
    if let Some(corpora) = std::env::var_os("TIFA_CORPORA") {
        let records = broadcasts(&Path::new(&corpora).join("xwlb"));
        let format = DateFormat::new("%Y%m%d").unwrap();
        let as_broadcast = settings(Layout::Markdown, Split::Heading(3), DateFrom::FileName(format), TitleFrom::Heading);
        holds &= measured("xwlb", &records, &as_broadcast, &rules, |found| assert!(found.documents > records.len()));
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
