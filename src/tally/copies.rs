//! Documents that repeat another, found over the whole corpus.
//!
//! Documents have a *rank*: the earliest is first (by date, undated ones last;
//! of one date, in the order of the corpus). In this order, a document that is
//! [`ALIKE`] to an earlier *first* repeats it, the most similar one; else it is
//! a first itself. So a copy is always that similar to the first of its group,
//! and no chain of small changes joins two texts that are not alike.
//!
//! Who is compared: documents that share a key of their [`Fingerprint`], and
//! then, inside what these comparisons have joined, all with all firsts. The
//! outcome depends on the documents and their ranks, not on shards or memory.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::fingerprint::{ALIKE, Fingerprint};
use crate::load::short_hex;

/// A document that repeats another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CopyRow {
    /// The document.
    pub doc_id: String,
    /// Id of the group: [`group_id`] of its first document.
    pub group_id: String,
    /// The group's first document.
    pub first_doc_id: String,
    /// Similarity to the first document.
    pub similarity: f64,
    /// The same letters and digits in the same order.
    pub exact: bool,
    /// Source of the document.
    pub source: String,
    /// Source of the first document.
    pub first_source: String,
    /// First day of its date.
    pub date_start: Option<NaiveDate>,
    /// First day of the first document's date.
    pub first_date_start: Option<NaiveDate>,
}

/// The id of the group whose first document has this fingerprint. It stays when
/// an earlier exact copy of that document arrives.
#[must_use]
pub fn group_id(first: &Fingerprint) -> String {
    short_hex(&blake3::hash(&first.text), 16)
}

/// A copy and its first, by their ranks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeat {
    /// The document.
    pub rank: u32,
    /// The first of its group.
    pub first: u32,
    /// Similarity of the two.
    pub similarity: f64,
    /// The same letters and digits.
    pub exact: bool,
}

/// Firsts of one bucket, or of one joined set, with which a document is
/// compared: the latest so many. Bounds the time where a formula gives thousands
/// of documents that meet and are not alike.
const MOST_FIRSTS: usize = 256;

/// A key of a fingerprint, and the rank of a document that has it.
pub type KeyRank = (u64, u32);

/// Joins documents that meet and are alike.
///
/// # Cost
/// Memory for the documents that are joined; a fingerprint is read again each time
/// that it is needed, seldom more than a few times for a document that has copies.
#[derive(Default)]
pub struct Joining {
    /// A document of the same set, with a lower rank; the lowest has none.
    parent: BTreeMap<u32, u32>,
    /// An earlier document to which it is known to be alike.
    alike_to: BTreeMap<u32, u32>,
}

impl Joining {
    /// Compares the documents of `entries`, keys with ranks in rising order,
    /// that share a key; `alike` says whether two are, by their ranks.
    ///
    /// `may_join` gets the entries of each key under which two are alike, or may
    /// be. Those of other keys can be left out another time, also with some of the
    /// documents gone: all of them were compared with each other, and no two joined.
    ///
    /// # Errors
    /// Those of `alike` and `may_join`.
    pub fn entries<E>(
        &mut self,
        entries: &[KeyRank],
        alike: &mut dyn FnMut(u32, u32) -> Result<bool, E>,
        may_join: &mut dyn FnMut(&[KeyRank]) -> Result<(), E>,
    ) -> Result<(), E> {
        for bucket in entries.chunk_by(|a, b| a.0 == b.0).filter(|bucket| bucket.len() > 1) {
            if self.bucket(bucket, alike)? {
                may_join(bucket)?;
            }
        }
        Ok(())
    }

    /// Compares the documents that share a key. Whether two of them are alike, or
    /// may be: false only if each was compared with all before it.
    fn bucket<E>(&mut self, bucket: &[KeyRank], alike: &mut dyn FnMut(u32, u32) -> Result<bool, E>) -> Result<bool, E> {
        let mut may_join = bucket.len() > MOST_FIRSTS;
        let mut firsts: Vec<u32> = Vec::new();
        for (_, rank) in bucket {
            let (rank, known) = (*rank, self.known(*rank));
            // Met in another bucket, or both alike to one that is not in this one.
            if firsts.iter().any(|first| *first == known || (known != rank && self.known(*first) == known)) {
                may_join = true;
                continue;
            }
            let mut earliest = None;
            for first in &firsts {
                if alike(*first, rank)? {
                    self.join(*first, rank);
                    earliest = earliest.or(Some(*first));
                }
            }
            may_join |= earliest.is_some();
            match earliest {
                Some(first) if known == rank => {
                    self.alike_to.insert(rank, first);
                }
                Some(_) => {}
                None => add_first(&mut firsts, rank),
            }
        }
        Ok(may_join)
    }

    /// The copies, sorted by first and rank.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn copies<E>(mut self, read: &mut dyn FnMut(u32) -> Result<Fingerprint, E>) -> Result<Vec<Repeat>, E> {
        let ranks: Vec<u32> = self.parent.keys().copied().collect();
        let mut joined: Vec<(u32, u32)> = ranks.into_iter().map(|rank| (self.root(rank), rank)).collect();
        joined.sort_unstable();
        let mut out = Vec::new();
        for set in joined.chunk_by(|a, b| a.0 == b.0) {
            let mut firsts: Vec<(u32, Fingerprint)> = Vec::new();
            for rank in set.first().map(|(root, _)| *root).into_iter().chain(set.iter().map(|(_, rank)| *rank)) {
                let print = read(rank)?;
                let mut best: Option<Repeat> = None;
                for (first, other) in &firsts {
                    let similarity = other.similarity(&print);
                    if similarity >= ALIKE && best.is_none_or(|best| similarity > best.similarity) {
                        best = Some(Repeat { rank, first: *first, similarity, exact: other.text == print.text });
                    }
                }
                match best {
                    Some(copy) => out.push(copy),
                    None => add_first(&mut firsts, (rank, print)),
                }
            }
        }
        out.sort_unstable_by_key(|copy| (copy.first, copy.rank));
        Ok(out)
    }

    fn known(&self, rank: u32) -> u32 {
        self.alike_to.get(&rank).copied().unwrap_or(rank)
    }

    /// The lowest rank of the set, with the path to it halved.
    fn root(&mut self, of: u32) -> u32 {
        let mut at = of;
        while let Some(above) = self.parent.get(&at).copied() {
            let Some(further) = self.parent.get(&above).copied() else { return above };
            self.parent.insert(at, further);
            at = further;
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.parent.insert(a.max(b), a.min(b));
        }
    }
}

fn add_first<T>(firsts: &mut Vec<T>, first: T) {
    if firsts.len() == MOST_FIRSTS {
        firsts.remove(0);
    }
    firsts.push(first);
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use proptest::prelude::*;

    fn group(texts: &[String]) -> Vec<Repeat> {
        let prints: Vec<Fingerprint> = texts.iter().map(|text| Fingerprint::of(text)).collect();
        let mut entries = Vec::new();
        for (rank, print) in (0_u32..).zip(&prints) {
            let mut keys = Vec::new();
            print.keys(&mut keys);
            entries.extend(keys.into_iter().map(|key| (key, rank)));
        }
        entries.sort_unstable();
        let mut read = |rank: u32| Ok::<_, Infallible>(prints[rank as usize]);
        let mut joining = Joining::default();
        let mut live = Vec::new();
        let mut alike = |a: u32, b: u32| Ok::<_, Infallible>(prints[a as usize].is_alike(&prints[b as usize]));
        joining
            .entries(&entries, &mut alike, &mut |bucket| {
                live.extend_from_slice(bucket);
                Ok(())
            })
            .unwrap();
        // What never joins any can be left out.
        let mut fewer = Joining::default();
        fewer.entries(&live, &mut alike, &mut |_| Ok(())).unwrap();
        let copies = joining.copies(&mut read).unwrap();
        assert_eq!(copies, fewer.copies(&mut read).unwrap());
        copies
    }

    /// All with all firsts.
    fn slowly(texts: &[String]) -> Vec<Repeat> {
        let prints: Vec<Fingerprint> = texts.iter().map(|text| Fingerprint::of(text)).collect();
        let (mut firsts, mut out): (Vec<u32>, Vec<Repeat>) = (Vec::new(), Vec::new());
        for (rank, print) in (0_u32..).zip(&prints) {
            let with =
                |first: u32| Repeat { rank, first, similarity: prints[first as usize].similarity(print), exact: prints[first as usize].text == print.text };
            let best = firsts.iter().map(|first| with(*first)).filter(|r| r.similarity >= ALIKE).max_by(|a, b| {
                let by = a.similarity.total_cmp(&b.similarity);
                by.then(b.first.cmp(&a.first))
            });
            match best {
                Some(best) => out.push(best),
                None => firsts.push(rank),
            }
        }
        out.sort_unstable_by_key(|r| (r.first, r.rank));
        out
    }

    /// Texts of `bases` kinds, each with so many characters changed.
    fn texts(picks: &[(u32, u32)]) -> Vec<String> {
        let made = |(base, edits): &(u32, u32)| {
            let character = |i: u32| char::from_u32(0x4e00 + (base + 1).wrapping_mul(2_654_435_761).wrapping_add(i.wrapping_mul(40_503)).rotate_left(9) % 5000);
            let mut text: Vec<char> = (0..100 + base * 60).filter_map(character).collect();
            for edit in 0..*edits {
                let at = (edit * 37 + base) as usize % text.len();
                text[at] = '改';
            }
            text.into_iter().collect()
        };
        picks.iter().map(made).collect()
    }

    proptest! {
        #[test]
        fn meeting_under_keys_finds_what_comparing_all_with_all_finds(picks in proptest::collection::vec((0_u32..12, 0_u32..2), 0..60)) {
            let texts = texts(&picks);
            prop_assert_eq!(group(&texts), slowly(&texts));
        }

        #[test]
        fn every_copy_is_alike_to_its_first_and_firsts_are_not_alike(picks in proptest::collection::vec((0_u32..6, 0_u32..40), 0..60)) {
            let texts = texts(&picks);
            let prints: Vec<Fingerprint> = texts.iter().map(|text| Fingerprint::of(text)).collect();
            let copies = group(&texts);
            let is_copy = |rank: u32| copies.iter().any(|c| c.rank == rank);
            for copy in &copies {
                prop_assert!(copy.first < copy.rank && copy.similarity >= ALIKE && !is_copy(copy.first));
                prop_assert_eq!(copy.exact, texts[copy.rank as usize] == texts[copy.first as usize]);
            }
            for (rank, print) in (0_u32..).zip(&prints).filter(|(rank, _)| !is_copy(*rank)) {
                for other in (0..rank).filter(|other| !is_copy(*other)) {
                    // At 0.9 two texts meet all but surely, at 0.8 not quite.
                    prop_assert!(prints[other as usize].similarity(print) < 0.9, "{other} {rank}");
                }
            }
        }
    }

    #[test]
    fn a_chain_of_small_changes_does_not_join_what_is_not_alike() {
        let chain: Vec<String> = texts(&(0..30).map(|edits| (8, edits)).collect::<Vec<_>>());
        let copies = group(&chain);
        assert!(copies.iter().any(|c| c.first > 0), "{copies:?}");
        assert!(copies.iter().all(|c| c.similarity >= ALIKE));
    }

    #[test]
    fn the_group_keeps_its_id_when_an_earlier_exact_copy_comes() {
        let (a, b) = (Fingerprint::of("兴修水利。"), Fingerprint::of("兴修水利"));
        assert_eq!(group_id(&a), group_id(&b));
    }
}
