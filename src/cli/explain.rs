//! `tifa explain`: what is read in a text, and by which rule.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::finding::Findings;
use super::{stdout_error, the_pipeline};
use crate::parse::{DateRange, Document, document_of, read_date};
use crate::plan::Plan;
use crate::resolve::{Event, Gazetteer, Vocabulary};
use crate::tag::Lexicon;
use crate::write::Offsets;
use crate::{Annotations, Error, Rules, annotate, builtin_lexicon};

/// Columns of a line where nobody says how many there are.
const WIDTH: usize = 80;

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// The text
    #[arg(required_unless_present = "jsonl")]
    text: Option<String>,
    /// The day on which it speaks
    #[arg(long, value_name = "DAY")]
    date: Option<String>,
    /// Read lines {"id", "text", "date"?} from standard input and write a line for each
    #[arg(long)]
    jsonl: bool,
    /// Pipeline whose lexicon and vocabulary to use, instead of the built-in ones
    #[arg(long, value_name = "PIPELINE", add = super::complete::pipelines())]
    pipeline: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Line {
    id: Value,
    text: String,
    #[serde(default)]
    date: Option<String>,
}

impl ExplainArguments {
    pub(super) fn execute(&self) -> Result<(), Error> {
        let (vocabulary, lexicon) = match &self.pipeline {
            Some(named) => {
                let plan = Plan::read(&the_pipeline(Some(named))?)?;
                (plan.vocabulary, plan.lexicon)
            }
            None => (Vocabulary::builtin(), builtin_lexicon()),
        };
        let rules = Rules { vocabulary: &vocabulary, lexicon: &lexicon };
        if self.jsonl {
            return lines(rules);
        }
        let text = self.text.as_deref().unwrap_or_default();
        let date = self.date.as_deref().map(day).transpose().map_err(Error::Usage)?;
        let document = document_of(text, date);
        people(text, &document, &annotate(&document, rules), rules)
    }
}

fn day(text: &str) -> Result<DateRange, String> {
    read_date(text).ok_or_else(|| format!("`{text}` is no date: write YYYY-MM-DD, YYYY-MM or YYYY"))
}

fn lines(rules: Rules<'_>) -> Result<(), Error> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut bad = 0_u64;
    for (number, line) in io::stdin().lock().split(b'\n').enumerate() {
        let line = line.map_err(|e| Error::Usage(format!("cannot read standard input: {e}")))?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let read = serde_json::from_slice::<Line>(&line).map_err(|e| e.to_string()).and_then(|line| {
            let date = line.date.as_deref().map(day).transpose()?;
            Ok((line, date))
        });
        let value = match read {
            Ok((line, date)) => {
                let document = document_of(&line.text, date);
                machine(&line, &document, &annotate(&document, rules), rules)
            }
            Err(message) => {
                bad += 1;
                json!({"line": number + 1, "error": message})
            }
        };
        writeln!(out, "{value}").map_err(stdout_error)?;
    }
    out.flush().map_err(stdout_error)?;
    if bad > 0 {
        tracing::warn!("{bad} lines could not be read");
    }
    Ok(())
}

/// A text as it was given, to be cut by code points.
struct Given<'t> {
    text: &'t str,
    /// First byte of each code point.
    starts: Vec<usize>,
}

impl<'t> Given<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, starts: text.char_indices().map(|(at, _)| at).collect() }
    }

    fn between(&self, start: u32, end: u32) -> &'t str {
        let byte = |at: u32| self.starts.get(at as usize).copied().unwrap_or(self.text.len());
        self.text.get(byte(start)..byte(end)).unwrap_or_default()
    }
}

fn machine(line: &Line, document: &Document, found: &Annotations, rules: Rules<'_>) -> Value {
    let offsets = Offsets::new(&document.text);
    let at = |byte: usize| offsets.chars(byte);
    let given = Given::new(&line.text);
    let gazetteer = &rules.vocabulary.gazetteer;
    let dates: Vec<Value> = found
        .resolution
        .dates
        .iter()
        .map(|d| {
            json!({
                "text": given.between(at(d.span.start), at(d.span.end)), "start_char": at(d.span.start), "end_char": at(d.span.end),
                "date_start": d.days().0, "date_end": d.days().1, "bound": d.bound.name(),
                "precision": d.range.map(|r| r.precision.name()), "kind": d.kind.name(), "anchor": d.anchor.name(), "rule": d.rule,
                "candidates": d.candidates.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        })
        .collect();
    let places: Vec<Value> = found
        .resolution
        .places
        .iter()
        .map(|p| {
            let place = p.place.and_then(|n| gazetteer.place(n));
            json!({
                "text": given.between(at(p.span.start), at(p.span.end)), "start_char": at(p.span.start), "end_char": at(p.span.end),
                "code": place.map(|p| &p.code), "name": place.map(|p| &p.name), "rule": p.rule, "candidates": p.candidates,
            })
        })
        .collect();
    let events: Vec<Value> = found.resolution.events.iter().map(|e| event(e, gazetteer, &offsets)).collect();
    let sentences: Vec<Value> = document
        .sentences
        .iter()
        .zip(&found.resolution.voices)
        .map(|(s, voice)| json!({"char_start": at(s.span.start), "char_end": at(s.span.end), "voice": voice.name(), "speaker": voice.speaker}))
        .collect();
    let hits: Vec<Value> = found
        .hits
        .iter()
        .map(
            |h| json!({"theme": theme(rules.lexicon, h.theme), "term": rules.lexicon.term(h.term), "start_char": at(h.span.start), "end_char": at(h.span.end)}),
        )
        .collect();
    json!({"id": line.id, "dates": dates, "places": places, "events": events, "sentences": sentences, "hits": hits})
}

fn event(event: &Event, gazetteer: &Gazetteer, offsets: &Offsets<'_>) -> Value {
    let place = event.place.and_then(|n| gazetteer.place(n));
    json!({
        "date_start": event.date.map(|d| d.start), "date_end": event.date.map(|d| d.end), "date_precision": event.precision.name(),
        "occasion_name": event.name, "occasion_type": event.kind.name(), "series": event.series, "term": event.term, "session": event.session,
        "place_code": place.map(|p| &p.code), "place_name": place.map(|p| &p.name), "region_code": event.region,
        "actors": event.actors.iter().map(|a| json!({"name": a.name, "title": a.title})).collect::<Vec<_>>(),
        "char_start": offsets.chars(event.span.start), "char_end": offsets.chars(event.span.end), "rule": event.rule,
    })
}

fn theme(lexicon: &Lexicon, number: usize) -> &str {
    lexicon.themes().get(number).map_or("", |t| t.id.as_str())
}

/// Each sentence with marks under what was read in it, then the findings.
fn people(text: &str, document: &Document, found: &Annotations, rules: Rules<'_>) -> Result<(), Error> {
    let out = io::stdout().lock();
    let width = terminal_size::terminal_size_of(&out).map_or(WIDTH, |(width, _)| usize::from(width.0));
    // It takes the colours out where they are not wanted: a pipe, NO_COLOR, TERM=dumb.
    let mut out = anstream::AutoStream::auto(out);
    if document.sentences.is_empty() {
        tracing::warn!("the text is empty");
    }
    let lines: Vec<char> = text.chars().collect();
    let findings = Findings::new(document, found, rules);
    for number in 0..document.sentences.len() {
        let blank = if number > 0 { "\n" } else { "" };
        write!(out, "{blank}{}", findings.of_sentence(number, &lines, width)).map_err(stdout_error)?;
    }
    out.flush().map_err(stdout_error)
}
