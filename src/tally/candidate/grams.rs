//! Which sequences of Han characters come often enough in the window, and how
//! often each comes in it and before it.
//!
//! Level by level: a sequence of n characters can only be frequent if both of
//! its parts of n - 1 characters are, so a pass over the window counts the
//! sequences of one length whose parts are known to be frequent, and fills the
//! sketch that keeps the rare ones of the next length out of the table.
//!
//! # Source
//! Agrawal & Srikant (1994), Fast algorithms for mining association rules, VLDB,
//! 487-499 (the rule of the parts); Park, Chen & Yu (1995), An effective
//! hash-based algorithm, SIGMOD, 175-186 (the sketch of the next level).

use chrono::NaiveDate;

use super::table::{Sketch, Table};
use super::{MAX_CHARS, Part, Passage, Settings, Texts};
use crate::parse::is_han;

/// A sequence that is frequent in the window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gram {
    /// Occurrences in the window.
    pub count: u32,
    /// Occurrences before it.
    pub before: u32,
    /// Documents of the window with it.
    pub documents: u32,
    last_document: u32,
    /// First day of the earliest document before the window with it, if there is one.
    pub first_before: Option<NaiveDate>,
    /// Number of the sequence without its last character, one level up; of one
    /// character, its code point.
    pub prefix: u32,
    /// Number of the sequence without its first character.
    pub suffix: u32,
}

/// The sequences of one length.
#[derive(Debug, Default)]
pub(super) struct Level {
    table: Table,
    pub grams: Vec<Gram>,
}

/// All frequent sequences, up to one character longer than a phrase.
#[derive(Debug, Default)]
pub(super) struct Grams {
    /// By length, from 1.
    pub levels: Vec<Level>,
    pub min_count: u32,
    pub han_window: u64,
    pub han_before: u64,
    /// First day of any document before the window.
    pub start_before: Option<NaiveDate>,
    /// Documents of the window.
    pub documents: u32,
}

/// Bytes that a sequence takes in a table, with room for the table to double.
const ENTRY_BYTES: usize = size_of::<Gram>() * 2 + Table::SLOT_BYTES * 3;

/// Modulus of the fingerprints, a Mersenne prime.
const MODULUS: u64 = (1 << 61) - 1;
const BASE: u64 = 0x1234_5678_9abc_def1 % MODULUS;

fn times(a: u64, b: u64) -> u64 {
    u64::try_from(u128::from(a) * u128::from(b) % u128::from(MODULUS)).unwrap_or(0)
}

/// A run of Han characters with what is needed to tell its parts apart.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Code points.
    pub chars: Vec<u32>,
    /// Fingerprints of the beginnings.
    sums: Vec<u64>,
    /// Powers of the base.
    powers: Vec<u64>,
}

impl Run {
    fn close(&mut self) {
        if self.powers.is_empty() {
            self.powers.push(1);
            for _ in 0..=MAX_CHARS + 1 {
                self.powers.push(times(self.powers.last().copied().unwrap_or(1), BASE));
            }
        }
        self.sums.clear();
        let mut sum = 0;
        self.sums.push(sum);
        for c in &self.chars {
            sum = (times(sum, BASE) + u64::from(*c)) % MODULUS;
            self.sums.push(sum);
        }
    }

    /// The fingerprint of the `length` characters from `at`, if there are so many.
    ///
    /// # Source
    /// Karp & Rabin (1987), IBM J. Res. Dev. 31(2), 249-260.
    pub(super) fn fingerprint(&self, at: usize, length: usize) -> Option<u64> {
        let (first, last) = (*self.sums.get(at)?, *self.sums.get(at + length)?);
        Some((last + MODULUS - times(first, *self.powers.get(length)?)) % MODULUS)
    }
}

/// Calls `visit` with every run of Han characters and the byte where it begins.
pub(super) fn each_run(text: &str, run: &mut Run, mut visit: impl FnMut(&Run, usize)) {
    run.chars.clear();
    let mut start = 0;
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        if is_han(c) {
            if run.chars.is_empty() {
                start = at;
            }
            run.chars.push(u32::from(c));
        } else if !run.chars.is_empty() {
            run.close();
            visit(run, start);
            run.chars.clear();
        }
    }
}

/// What became of one pass.
enum Pass {
    Done(Level),
    /// More sequences than the memory takes.
    TooMany,
}

impl Grams {
    /// Counts the window and what is before it.
    ///
    /// # Errors
    /// Those of `texts`.
    ///
    /// # Cost
    /// Up to 13 passes over the window and one over the text before it. Memory
    /// within `settings.memory_bytes`: where more sequences reach the minimum, the
    /// minimum is doubled and the count begins again.
    pub(super) fn count<T: Texts>(texts: &mut T, settings: &Settings) -> Result<Self, T::Error> {
        let mut grams = Self { min_count: settings.min_count.max(1), ..Self::default() };
        let mut run = Run::default();
        texts.read(Part::Window, &mut |passage: Passage<'_>| {
            grams.documents = grams.documents.saturating_add(1);
            each_run(passage.text, &mut run, |run, _| grams.han_window += run.chars.len() as u64);
        })?;
        grams.min_count = grams.min_count.max(u32::try_from(grams.han_window.div_ceil(1_000_000)).unwrap_or(u32::MAX));
        let memory = usize::try_from(settings.memory_bytes).unwrap_or(usize::MAX);
        let sketch_bytes = (memory / 4).max(1 << 10);
        let most = (memory / 2 / ENTRY_BYTES).max(1 << 10);
        let (mut now, mut next) = (Sketch::new(sketch_bytes / 2), Sketch::new(sketch_bytes / 2));
        'again: loop {
            grams.levels.clear();
            now.clear();
            for length in 1..=MAX_CHARS + 1 {
                next.clear();
                match grams.pass(texts, length, &now, &mut next, most, &mut run)? {
                    Pass::TooMany => {
                        grams.min_count = grams.min_count.saturating_mul(2);
                        continue 'again;
                    }
                    Pass::Done(level) if level.grams.is_empty() => break 'again,
                    Pass::Done(level) => grams.levels.push(level),
                }
                std::mem::swap(&mut now, &mut next);
            }
            break;
        }
        let (mut han_before, mut start_before) = (0, None);
        texts.read(Part::Before, &mut |passage: Passage<'_>| {
            let earliest = |known: Option<NaiveDate>| Some(known.map_or(passage.start, |day| day.min(passage.start)));
            start_before = earliest(start_before);
            each_run(passage.text, &mut run, |run, _| {
                han_before += run.chars.len() as u64;
                for at in 0..run.chars.len() {
                    for (level, length) in grams.levels.iter_mut().zip(1..) {
                        let found = run.fingerprint(at, length).and_then(|print| level.table.get(print));
                        let Some(gram) = found.and_then(|number| level.grams.get_mut(number as usize)) else { break };
                        gram.before = gram.before.saturating_add(1);
                        gram.first_before = earliest(gram.first_before);
                    }
                }
            });
        })?;
        grams.han_before = han_before;
        grams.start_before = start_before;
        Ok(grams)
    }

    /// Counts the sequences of one length.
    fn pass<T: Texts>(&self, texts: &mut T, length: usize, now: &Sketch, next: &mut Sketch, most: usize, run: &mut Run) -> Result<Pass, T::Error> {
        let mut level = Level { table: Table::with_capacity(1 << 10), grams: Vec::new() };
        // Single characters are as many as the script has, and always have room:
        // while the minimum rises, there are ever fewer to join.
        let room = if length == 1 { usize::MAX } else { most.saturating_sub(self.levels.iter().map(|l| l.grams.len()).sum()) };
        let parts = length.checked_sub(2).and_then(|above| self.levels.get(above));
        let mut document = 0_u32;
        texts.read(Part::Window, &mut |passage: Passage<'_>| {
            document = document.saturating_add(1);
            each_run(passage.text, run, |run, _| {
                if level.grams.len() > room {
                    return;
                }
                let part = |at: usize| parts.and_then(|parts| parts.table.get(run.fingerprint(at, length - 1)?));
                let mut prefix = part(0);
                // Whether the sequence just before may be frequent too.
                let mut joined = false;
                for (at, c) in run.chars.iter().enumerate() {
                    let Some(print) = run.fingerprint(at, length) else { break };
                    let both = if length == 1 {
                        Some((*c, 0))
                    } else {
                        let suffix = part(at + 1);
                        let both = prefix.zip(suffix).filter(|_| now.may_reach(print, self.min_count));
                        prefix = suffix;
                        both
                    };
                    if joined
                        && both.is_some()
                        && let Some(longer) = at.checked_sub(1).and_then(|at| run.fingerprint(at, length + 1))
                    {
                        next.add(longer);
                    }
                    joined = both.is_some();
                    let Some((prefix, suffix)) = both else { continue };
                    let fresh = u32::try_from(level.grams.len()).unwrap_or(u32::MAX);
                    let (number, new) = level.table.get_or_insert(print, fresh);
                    if new {
                        level.grams.push(Gram { prefix, suffix, ..Gram::default() });
                    }
                    if let Some(gram) = level.grams.get_mut(number as usize) {
                        gram.count = gram.count.saturating_add(1);
                        gram.documents += u32::from(gram.last_document != document);
                        gram.last_document = document;
                    }
                }
            });
        })?;
        Ok(if level.grams.len() > room { Pass::TooMany } else { Pass::Done(level.frequent(self.min_count)) })
    }

    /// The number and level of every sequence that begins at a place of a run,
    /// shortest first.
    pub(super) fn at<'g>(&'g self, run: &'g Run, at: usize) -> impl Iterator<Item = (usize, u32)> + 'g {
        self.levels.iter().zip(1..).map_while(move |(level, length)| Some((length, level.table.get(run.fingerprint(at, length)?)?)))
    }

    pub(super) fn gram(&self, length: usize, number: u32) -> Option<&Gram> {
        self.levels.get(length.checked_sub(1)?)?.grams.get(number as usize)
    }

    /// The share of the days before the window, from the first with text, that
    /// had passed when a sequence was first seen; 0 without text, 1 if it was not seen.
    pub(super) fn waited(&self, first_before: Option<NaiveDate>, window: NaiveDate) -> f64 {
        let Some(start) = self.start_before else { return 0.0 };
        let days = |day: NaiveDate| (day - start).num_days() as f64;
        first_before.map_or(1.0, |first| days(first) / days(window).max(1.0))
    }

    /// The characters of a sequence.
    pub(super) fn text(&self, length: usize, number: u32) -> String {
        let mut chars = Vec::with_capacity(length);
        let (mut at, mut number) = (length, number);
        // The last character is that of the suffix of the suffix …
        while at >= 1 {
            let (mut down, mut last) = (at, number);
            while down > 1 {
                last = self.gram(down, last).map_or(0, |g| g.suffix);
                down -= 1;
            }
            chars.push(self.gram(1, last).and_then(|g| char::from_u32(g.prefix)).unwrap_or_default());
            if at > 1 {
                number = self.gram(at, number).map_or(0, |g| g.prefix);
            }
            at -= 1;
        }
        chars.iter().rev().collect()
    }
}

impl Level {
    /// Only the sequences that come often enough.
    fn frequent(self, min_count: u32) -> Self {
        let kept = self.grams.iter().filter(|g| g.count >= min_count).count();
        let mut out = Self { table: Table::with_capacity(kept), grams: Vec::with_capacity(kept) };
        // In the order in which the text has them, so that numbers do not
        // depend on how the table lies in memory.
        let mut prints: Vec<(u32, u64)> = self.table.entries().map(|(print, number)| (number, print)).collect();
        prints.sort_unstable();
        for (number, print) in prints {
            if let Some(gram) = self.grams.get(number as usize).filter(|g| g.count >= min_count) {
                out.table.get_or_insert(print, u32::try_from(out.grams.len()).unwrap_or(u32::MAX));
                out.grams.push(*gram);
            }
        }
        out
    }
}
