//! Copies over the whole corpus: the keys of the fingerprints of all shards, those
//! of them that documents share, and the rows that come of it.
//!
//! Which documents join depends on the keys that at least two of them have. Most
//! keys are those of one document alone: a first reading marks them in a filter
//! of fixed size, a second takes those that may be met, and these are sorted.
//!
//! From one run to the next the entries stay under which documents may join
//! ([`State`]). Only keys of new shards are marked then, those of the others are
//! read once, and what both have is put to the entries that are known. The outcome
//! is that of a run from nothing, because a key that a new document has is
//! collected from all shards, and of the others only those can join anything that
//! could before.

mod entries;
mod meetings;
mod prints;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use chrono::NaiveDate;
use rayon::prelude::*;
use rustix::process::{Resource, getrlimit};

use super::shard::Cache;
use crate::tally::{CopyRow, Fingerprint, Joining, KeyRank, group_id};
use crate::write::WriteError;
use entries::Entries;
use meetings::{Meetings, REGIONS, region};
use prints::UNDATED;
pub(super) use prints::{Head, Prints, check_prints, write_prints};
pub(super) use state::KEY as STATE;
use state::{Of, Place, State, Writer};

/// Up to so many entries are in memory: 4 MB. Beyond, they are in files.
pub(super) const IN_MEMORY: usize = 1 << 18;

/// Documents of a shard whose keys a thread makes at once.
const AT_ONCE: usize = 2048;

/// Of them, those whose fingerprints are in memory: 39 KB, which stay near the processor.
const READ_AT_ONCE: usize = 128;

/// Files of fingerprints open at the same time: half of those that a process may have
/// open, where that is known, and so many at least.
const FEWEST_OPEN: usize = 192;

/// Fingerprints kept since they were read last: 1.1 MB.
const RECENT: usize = 4096;

/// Most pairs of documents of which it is kept whether they are alike: 5 MB.
const MOST_COMPARED: usize = 1 << 18;

/// A shard as this module needs it.
pub(super) struct Part {
    /// Key of its parsed artifact.
    pub parsed: String,
    /// Name of its source.
    pub source: String,
}

/// What was found.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    /// The table.
    pub rows: Vec<CopyRow>,
    /// For each shard the documents that repeat another, by their place in it, in order.
    pub later: Vec<Vec<u32>>,
}

/// Finds the copies among the documents of all shards.
///
/// Preambles take part if they count. `in_memory` is [`IN_MEMORY`] but in tests.
///
/// # Cost
/// A reading of all fingerprints, 304 bytes a document, and one more of those of
/// new shards; a sort of the keys that may be met. Memory: at most 16
/// bytes for each date of a shard and a bit a document ([`Ranked`]), the filter
/// ([`Meetings`]), [`IN_MEMORY`], what was compared ([`MOST_COMPARED`]), and the copies.
pub(super) fn find(parts: &[Part], preambles: bool, cache: &Cache, in_memory: usize) -> Result<Found, WriteError> {
    let corpus = Corpus::open(parts, preambles, cache)?;
    let of = Of::new(preambles, parts.iter().map(|part| part.parsed.clone()).collect());
    let mut known = Known { state: State::open(cache, &of), shards: Vec::new() };
    let fresh = known.fresh(&of.shards);
    // What is left to the next run, unless nothing has changed.
    let changed = known.state.as_ref().is_none_or(|state| state.of != of);
    let mut left = changed.then(|| Writer::create(cache, &of)).transpose()?;
    let mut entries = Entries::new(cache.aside(), in_memory);
    corpus.meet(&fresh, &mut entries)?;

    let mut joining = Joining::default();
    let mut reader = Reader::new(&corpus, known.compared(&corpus));
    entries.each(|part, mut entries| {
        known.add(part, &corpus, &mut entries)?;
        entries.par_sort_unstable();
        // What a new document meets may have been known.
        entries.dedup();
        let mut leave = |bucket: &[KeyRank]| left.as_mut().map_or(Ok(()), |left| left.add(bucket.iter().map(|(key, rank)| (*key, corpus.small_place(*rank)))));
        joining.entries(&entries, &mut |a, b| reader.alike(a, b), &mut leave)
    })?;
    left.map_or(Ok(()), |left| left.close(reader.asked()))?;
    let copies = joining.copies(&mut |rank| reader.read(rank))?;

    let mut later: Vec<Vec<u32>> = vec![Vec::new(); parts.len()];
    for (shard, row) in copies.iter().map(|copy| corpus.place(copy.rank)) {
        if let Some(later) = later.get_mut(shard) {
            later.push(small(row));
        }
    }
    for each in &mut later {
        each.sort_unstable();
    }
    // From ranks to rows: ids and days of those that are in a group.
    let named = corpus.named(copies.iter().flat_map(|copy| [copy.rank, copy.first]).collect())?;
    let source = |rank: u32| parts.get(corpus.place(rank).0).map(|part| part.source.clone()).unwrap_or_default();
    let mut rows = Vec::with_capacity(copies.len());
    for copy in &copies {
        let of = |rank: u32| named.get(&rank).cloned().unwrap_or_default();
        let ((doc_id, date_start), (first_doc_id, first_date_start)) = (of(copy.rank), of(copy.first));
        rows.push(CopyRow {
            doc_id,
            group_id: group_id(&reader.read(copy.first)?),
            first_doc_id,
            similarity: copy.similarity,
            exact: copy.exact,
            source: source(copy.rank),
            first_source: source(copy.first),
            date_start,
            first_date_start,
        });
    }
    Ok(Found { rows, later })
}

fn day(days: i32) -> Option<NaiveDate> {
    (days != UNDATED).then(|| NaiveDate::from_num_days_from_ce_opt(days)).flatten()
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Documents by date; of one date, in the order of the corpus, which shards keep.
///
/// Kept by streaks of documents whose numbers and ranks both follow each other: a
/// source whose files are in the order of time is one, unless another one speaks on
/// the same days.
#[derive(Default)]
struct Ranked {
    /// By number.
    streaks: Vec<Streak>,
    /// The same by rank.
    by_rank: Vec<u32>,
    /// A bit for each number: it takes no part.
    left_out: Vec<u64>,
}

struct Streak {
    number: u32,
    rank: u32,
    documents: u32,
}

impl Ranked {
    /// Of documents whose heads come shard by shard.
    fn new(preambles: bool, heads: impl Iterator<Item = Result<Vec<Head>, WriteError>>) -> Result<Self, WriteError> {
        let mut out = Self::default();
        // How many documents each date has, then the rank of its next one: no sort.
        let mut of_dates: BTreeMap<(i32, i32), u32> = BTreeMap::new();
        let mut of_shards: Vec<((i32, i32), u32)> = Vec::new();
        let mut seen = 0;
        for of_shard in heads {
            let heads = of_shard?;
            out.left_out.resize((seen + heads.len()).div_ceil(64), 0);
            for (at, _) in (seen..).zip(&heads).filter(|(_, head)| head.preamble && !preambles) {
                if let Some(word) = out.left_out.get_mut(at / 64) {
                    *word |= 1 << (at % 64);
                }
            }
            seen += heads.len();
            for of_date in heads.chunk_by(|a, b| a.days() == b.days()) {
                let Some(head) = of_date.first() else { continue };
                let documents = small(of_date.len());
                *of_dates.entry(head.days()).or_default() += documents;
                of_shards.push((head.days(), documents));
            }
        }
        let mut first = 0;
        for next in of_dates.values_mut() {
            first += std::mem::replace(next, first);
        }
        let mut number = 0;
        for (days, documents) in of_shards {
            let Some(next) = of_dates.get_mut(&days) else { continue };
            out.add(Streak { number, rank: *next, documents });
            (number, *next) = (number + documents, *next + documents);
        }
        out.streaks.shrink_to_fit();
        out.by_rank = (0..small(out.streaks.len())).collect();
        out.by_rank.sort_unstable_by_key(|at| out.streaks.get(*at as usize).map(|streak| streak.rank));
        Ok(out)
    }

    fn add(&mut self, next: Streak) {
        match self.streaks.last_mut() {
            Some(last) if (last.number + last.documents, last.rank + last.documents) == (next.number, next.rank) => last.documents += next.documents,
            _ => self.streaks.push(next),
        }
    }

    fn number(&self, rank: u32) -> usize {
        let streak = |at: u32| self.streaks.get(at as usize);
        let after = self.by_rank.partition_point(|at| streak(*at).is_some_and(|streak| streak.rank <= rank));
        let found = after.checked_sub(1).and_then(|last| streak(*self.by_rank.get(last)?));
        found.map_or(0, |streak| (streak.number + (rank - streak.rank)) as usize)
    }

    /// `None`: it takes no part.
    fn rank(&self, number: usize) -> Option<u32> {
        let takes_part = self.left_out.get(number / 64).is_none_or(|word| word & (1 << (number % 64)) == 0);
        let number = small(number);
        let after = self.streaks.partition_point(|streak| streak.number <= number);
        let streak = self.streaks.get(after.checked_sub(1)?)?;
        let further = number - streak.number;
        (takes_part && further < streak.documents).then_some(streak.rank + further)
    }
}

/// What the last run knew.
struct Known {
    state: Option<State>,
    /// For each shard of its state the same shard now, if it is still there.
    shards: Vec<Option<usize>>,
}

impl Known {
    /// For each shard of now whether the state does not have it.
    fn fresh(&mut self, now: &[String]) -> Vec<bool> {
        let before: &[String] = self.state.as_ref().map_or(&[], |state| &state.of.shards);
        self.shards = vec![None; before.len()];
        let mut before: BTreeMap<&str, &mut Option<usize>> = before.iter().map(String::as_str).zip(&mut self.shards).collect();
        let mut fresh = Vec::with_capacity(now.len());
        for (shard, key) in now.iter().enumerate() {
            let known = before.remove(key.as_str());
            fresh.push(known.is_none());
            if let Some(known) = known {
                *known = Some(shard);
            }
        }
        fresh
    }

    /// Rank of a document that is still there.
    fn rank(shards: &[Option<usize>], corpus: &Corpus, (shard, row): Place) -> Option<u32> {
        corpus.ranked.rank(corpus.number((*shards.get(shard as usize)?)?, row as usize)?)
    }

    /// Adds the entries of a part, of documents that are still there.
    fn add(&mut self, part: u8, corpus: &Corpus, entries: &mut Vec<KeyRank>) -> Result<(), WriteError> {
        let Some(state) = &mut self.state else { return Ok(()) };
        state.take(part, |key, place| entries.extend(Self::rank(&self.shards, corpus, place).map(|rank| (key, rank))))
    }

    /// What was compared, of documents that are still there.
    fn compared(&mut self, corpus: &Corpus) -> BTreeMap<(u32, u32), Compared> {
        let compared = self.state.as_mut().map(|state| std::mem::take(&mut state.compared)).unwrap_or_default();
        let rank = |place| Self::rank(&self.shards, corpus, place);
        let pair = |(a, b, alike)| {
            let (a, b) = (rank(a)?, rank(b)?);
            Some(((a.min(b), a.max(b)), Compared { alike, asked: false }))
        };
        compared.into_iter().filter_map(pair).collect()
    }
}

/// The documents of all shards, numbered in the order of the corpus.
struct Corpus {
    /// Folder of each shard's parsed artifact.
    folders: Vec<PathBuf>,
    /// Of the file of each.
    shapes: Vec<(usize, usize)>,
    /// Number of the first document of each shard, and at the end of all.
    starts: Vec<usize>,
    ranked: Ranked,
}

/// Documents of a shard whose keys are made at once.
#[derive(Clone, Copy)]
struct Stretch {
    shard: usize,
    row: usize,
    documents: usize,
}

impl Corpus {
    fn open(parts: &[Part], preambles: bool, cache: &Cache) -> Result<Self, WriteError> {
        let folders: Vec<PathBuf> = parts.iter().map(|part| cache.path("parsed", &part.parsed)).collect();
        let shapes: Vec<(usize, usize)> = folders.par_iter().map(|folder| Ok(Prints::open(folder)?.shape())).collect::<Result<_, WriteError>>()?;
        let mut starts = vec![0];
        for (documents, _) in &shapes {
            starts.push(starts.last().copied().unwrap_or_default() + documents);
        }
        let heads = folders.iter().zip(&shapes).map(|(folder, shape)| Prints::again(folder, *shape)?.heads());
        let ranked = Ranked::new(preambles, heads)?;
        Ok(Self { folders, shapes, starts, ranked })
    }

    /// Number of a document of a shard.
    fn number(&self, shard: usize, row: usize) -> Option<usize> {
        let (start, end) = (self.starts.get(shard)?, self.starts.get(shard + 1)?);
        Some(start + row).filter(|number| number < end)
    }

    /// Shard of a rank, and the place in it.
    fn place(&self, rank: u32) -> (usize, usize) {
        let number = self.ranked.number(rank);
        let shard = self.starts.partition_point(|start| *start <= number).saturating_sub(1);
        (shard, number - self.starts.get(shard).copied().unwrap_or_default())
    }

    /// The same, as the state has it.
    fn small_place(&self, rank: u32) -> Place {
        let (shard, row) = self.place(rank);
        (small(shard), small(row))
    }

    /// The documents of the shards that are fresh, or of the others.
    fn stretches(&self, fresh: &[bool], are: bool) -> Vec<Stretch> {
        let mut out = Vec::new();
        for (shard, (range, _)) in self.starts.windows(2).zip(fresh).enumerate().filter(|(_, (_, fresh))| **fresh == are) {
            let documents = range.last().zip(range.first()).map_or(0, |(end, start)| end - start);
            out.extend((0..documents).step_by(AT_ONCE).map(|row| Stretch { shard, row, documents: AT_ONCE.min(documents - row) }));
        }
        out
    }

    /// Shows the keys of a stretch with the ranks of their documents.
    fn keys(&self, stretch: Stretch, mut show: impl FnMut(u64, u32)) -> Result<(), WriteError> {
        let Stretch { shard, row, documents } = stretch;
        let Some((folder, start)) = self.folders.get(shard).zip(self.starts.get(shard)) else { return Ok(()) };
        let file = Prints::open(folder)?;
        let (mut bytes, mut keys) = (vec![0; READ_AT_ONCE.min(documents) * Fingerprint::BYTES], Vec::new());
        for from in (row..row + documents).step_by(READ_AT_ONCE) {
            let read = READ_AT_ONCE.min(row + documents - from) * Fingerprint::BYTES;
            let Some(bytes) = bytes.get_mut(..read) else { continue };
            file.fingerprints(from, bytes)?;
            for (number, print) in (start + from..).zip(bytes.chunks_exact(Fingerprint::BYTES)) {
                let Some(rank) = self.ranked.rank(number) else { continue };
                keys.clear();
                Fingerprint::keys_in(print, &mut keys);
                for key in &keys {
                    show(*key, rank);
                }
            }
        }
        Ok(())
    }

    /// Adds the entries of all keys that a fresh shard has and at least two
    /// documents share, and some more.
    fn meet(&self, fresh: &[bool], entries: &mut Entries) -> Result<(), WriteError> {
        let (new, old) = (self.stretches(fresh, true), self.stretches(fresh, false));
        let at_once = rayon::current_num_threads();
        let documents: usize = new.iter().map(|stretch| stretch.documents).sum();
        if documents == 0 {
            return Ok(());
        }
        let mut met = Meetings::of(documents as u64 * Fingerprint::MOST_KEYS as u64);
        for some in new.chunks(at_once) {
            let keys = |stretch: &Stretch| {
                let mut keys: [Vec<u64>; REGIONS] = Default::default();
                self.keys(*stretch, |key, _| {
                    if let Some(keys) = keys.get_mut(region(key)) {
                        keys.push(key);
                    }
                })?;
                Ok(keys)
            };
            let keys: Vec<_> = some.par_iter().map(keys).collect::<Result<_, WriteError>>()?;
            met.mark(&keys);
        }
        // Keys of other shards are not marked, so the filter stays as empty as it is.
        for some in old.chunks(at_once) {
            for found in self.those(some, |key| met.has(key))? {
                for (key, _) in &found {
                    met.mark_twice(*key);
                }
                entries.add(&found)?;
            }
        }
        for some in new.chunks(at_once) {
            for found in self.those(some, |key| met.has_twice(key))? {
                entries.add(&found)?;
            }
        }
        Ok(())
    }

    /// The entries of some stretches whose keys are wanted.
    fn those(&self, some: &[Stretch], wanted: impl Fn(u64) -> bool + Sync) -> Result<Vec<Vec<KeyRank>>, WriteError> {
        let entries = |stretch: &Stretch| {
            let mut out = Vec::new();
            self.keys(*stretch, |key, rank| {
                if wanted(key) {
                    out.push((key, rank));
                }
            })?;
            Ok(out)
        };
        some.par_iter().map(entries).collect()
    }

    /// Ids and first days of some documents, by their ranks.
    fn named(&self, mut ranks: Vec<u32>) -> Result<BTreeMap<u32, (String, Option<NaiveDate>)>, WriteError> {
        ranks.sort_unstable_by_key(|rank| self.ranked.number(*rank));
        ranks.dedup();
        let mut out = BTreeMap::new();
        for of_shard in ranks.chunk_by(|a, b| self.place(*a).0 == self.place(*b).0) {
            let Some(folder) = of_shard.first().and_then(|rank| self.folders.get(self.place(*rank).0)) else { continue };
            let rows: Vec<usize> = of_shard.iter().map(|rank| self.place(*rank).1).collect();
            let named = Prints::open(folder)?.ids(|row, _| rows.binary_search(&row).is_ok())?;
            out.extend(of_shard.iter().zip(named).map(|(rank, (head, id))| (*rank, (id, day(head.start)))));
        }
        Ok(out)
    }
}

/// Reads fingerprints of single documents, and compares them.
struct Reader<'c> {
    corpus: &'c Corpus,
    /// Of each shard the file, while it is open.
    files: Vec<Option<Prints>>,
    /// Shards whose files are open, that opened first at the front.
    open: VecDeque<usize>,
    most_open: usize,
    /// Fingerprints read last, each where its rank says.
    recent: Vec<Option<(u32, Fingerprint)>>,
    /// Documents that were compared, the lower rank first.
    compared: BTreeMap<(u32, u32), Compared>,
}

#[derive(Clone, Copy)]
struct Compared {
    alike: bool,
    /// Whether this run asked for it.
    asked: bool,
}

impl<'c> Reader<'c> {
    fn new(corpus: &'c Corpus, compared: BTreeMap<(u32, u32), Compared>) -> Self {
        let files = corpus.folders.iter().map(|_| None).collect();
        let allowed = getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files / 2).ok()).unwrap_or(0);
        Self { corpus, files, open: VecDeque::new(), most_open: allowed.max(FEWEST_OPEN), recent: vec![None; RECENT], compared }
    }

    fn read(&mut self, rank: u32) -> Result<Fingerprint, WriteError> {
        let slot = rank as usize % RECENT;
        if let Some((of, print)) = self.recent.get(slot).and_then(Option::as_ref)
            && *of == rank
        {
            return Ok(*print);
        }
        let (shard, row) = self.corpus.place(rank);
        let mut bytes = [0; Fingerprint::BYTES];
        self.file(shard)?.map_or(Ok(()), |file| file.fingerprints(row, &mut bytes))?;
        let print = Fingerprint::from_bytes(&bytes);
        if let Some(slot) = self.recent.get_mut(slot) {
            *slot = Some((rank, print));
        }
        Ok(print)
    }

    fn file(&mut self, shard: usize) -> Result<Option<&Prints>, WriteError> {
        let of_shard = self.corpus.folders.get(shard).zip(self.corpus.shapes.get(shard));
        let Some((file, (folder, shape))) = self.files.get(shard).zip(of_shard) else { return Ok(None) };
        if file.is_none() {
            let file = Prints::again(folder, *shape)?;
            let closed = (self.open.len() >= self.most_open).then(|| self.open.pop_front()).flatten();
            if let Some(closed) = closed.and_then(|shard| self.files.get_mut(shard)) {
                *closed = None;
            }
            if let Some(place) = self.files.get_mut(shard) {
                *place = Some(file);
            }
            self.open.push_back(shard);
        }
        Ok(self.files.get(shard).and_then(Option::as_ref))
    }

    fn alike(&mut self, a: u32, b: u32) -> Result<bool, WriteError> {
        let pair = (a.min(b), a.max(b));
        if let Some(known) = self.compared.get_mut(&pair) {
            known.asked = true;
            return Ok(known.alike);
        }
        let alike = self.read(a)?.is_alike(&self.read(b)?);
        if self.compared.len() < MOST_COMPARED {
            self.compared.insert(pair, Compared { alike, asked: true });
        }
        Ok(alike)
    }

    /// What this run compared.
    fn asked(&self) -> impl Iterator<Item = (Place, Place, bool)> {
        let asked = self.compared.iter().filter(|(_, compared)| compared.asked);
        asked.map(|((a, b), compared)| (self.corpus.small_place(*a), self.corpus.small_place(*b), compared.alike))
    }
}
