//! What copies cost: the fingerprint of each document beside its parse, and the
//! grouping of many fingerprints.
//!
//! The law it checks: a fingerprint costs at most three fifths of what parse costs.
//! See `README.md` beside it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "a benchmark may fail loudly and says what it found")]

mod made_text;
mod random;

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tifa::load::Layout;
use tifa::parse::{DateFrom, Document, Markup, Settings, Split, TitleFrom, parse};
use tifa::tally::{Fingerprint, Joining};

/// A fingerprint may cost this share of parse.
const LIMIT: f64 = 0.6;
const ROUNDS: usize = 15;
const MADE_BYTES: usize = 3 << 20;
/// Times that each fingerprint goes into the grouping: as many exact copies.
const TIMES: u32 = 40;

/// Median time of what `work` does in each round.
fn median(rounds: usize, mut work: impl FnMut()) -> Duration {
    let time = |work: &mut dyn FnMut()| {
        let from = Instant::now();
        work();
        from.elapsed()
    };
    let mut times: Vec<Duration> = (0..rounds).map(|_| time(&mut work)).collect();
    times.sort();
    times[rounds / 2]
}

fn main() -> ExitCode {
    let made = made_text::made(MADE_BYTES);
    let settings = Settings {
        source: Arc::from("bench"),
        layout: Layout::Jsonl,
        markup: Markup::Text,
        split: Split::Whole,
        date: DateFrom::Field(None),
        title: TitleFrom::FirstLine,
        simplify: true,
        drop_lines: Vec::new(),
    };
    let parsed = || -> Vec<Document> { made.records.iter().flat_map(|record| parse(record, &settings).documents).collect() };
    let documents = parsed();
    let prints: Vec<Fingerprint> = documents.iter().map(|d| Fingerprint::of(&d.text)).collect();
    let megabytes = documents.iter().map(|d| d.text.len()).sum::<usize>() as f64 / 1e6;
    let parse_time = median(ROUNDS, || assert_eq!(parsed().len(), documents.len()));
    let print_time = median(ROUNDS, || assert!(documents.iter().map(|d| Fingerprint::of(&d.text)).eq(prints.iter().copied())));
    println!("made text: {megabytes:.1} MB, {} documents", documents.len());
    for (name, time) in [("parse", parse_time), ("fingerprint", print_time)] {
        println!("  {name:<12}{:>9.1} ms{:>9.1} MB/s", time.as_secs_f64() * 1e3, megabytes / time.as_secs_f64());
    }
    let count = u32::try_from(prints.len()).unwrap();
    let mut copies = 0;
    let group_time = median(3, || {
        let mut entries = Vec::new();
        let mut keys = Vec::new();
        for rank in 0..count * TIMES {
            keys.clear();
            prints[(rank % count) as usize].keys(&mut keys);
            entries.extend(keys.iter().map(|key| (*key, rank)));
        }
        entries.sort_unstable();
        let mut read = |rank: u32| Ok::<_, Infallible>(prints[(rank % count) as usize]);
        let mut joining = Joining::default();
        let mut alike = |a: u32, b: u32| Ok::<_, Infallible>(prints[(a % count) as usize].is_alike(&prints[(b % count) as usize]));
        joining.entries(&entries, &mut alike, &mut |_| Ok(())).unwrap();
        copies = joining.copies(&mut read).unwrap().len();
    });
    assert!(copies >= (count * (TIMES - 1)) as usize, "{copies}");
    println!("  grouping    {:>9.1} ms for {} documents, {copies} of them copies", group_time.as_secs_f64() * 1e3, count * TIMES);
    let ratio = print_time.as_secs_f64() / parse_time.as_secs_f64();
    let holds = ratio <= LIMIT;
    println!("  fingerprint / parse = {ratio:.2}, at most {LIMIT}: {}", if holds { "holds" } else { "TOO SLOW" });
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
