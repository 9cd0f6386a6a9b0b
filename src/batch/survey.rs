//! A corpus read once for its terms alone: which of a lexicon's terms occur in it.
//!
//! In: a plan. Out: for each term, how often it stands in the corpus and how often
//! it counts. Nothing is kept: neither cache nor release are read or written.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::inventory::shards_of;
use super::{BatchError, Clock, Watch, shard};
use crate::load::Limits;
use crate::plan::Plan;
use crate::tag::Occurrence;

/// How often the terms of a lexicon occur in a corpus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Documents, without the preambles that tally leaves out.
    pub documents: u64,
    /// Records and files refused.
    pub rejects: u64,
    /// By term: occurrences that count.
    pub counted: Vec<u64>,
    /// By term: occurrences, also those inside a longer term.
    pub standing: Vec<u64>,
    /// Two terms that share characters and both count: the one that begins first,
    /// the other, how often.
    pub crossings: BTreeMap<(usize, usize), u64>,
}

/// Reads the corpus of a plan through load, parse and tag.
///
/// # Errors
/// Input that cannot be listed. Input that cannot be used is counted in
/// [`rejects`](Survey::rejects).
///
/// # Cost
/// All input is read and parsed, on all cores, whatever the cache holds; one shard
/// is in memory.
pub fn survey(plan: &Plan, limits: Limits, watch: &dyn Watch) -> Result<Survey, BatchError> {
    let (shards, refused) = shards_of(plan, limits)?;
    watch.begin(shards.iter().map(|shard| shard.bytes).sum());
    let mut out = Survey { rejects: refused, counted: vec![0; plan.lexicon.term_count()], standing: vec![0; plan.lexicon.term_count()], ..Survey::default() };
    for shard in &shards {
        if watch.stopped() {
            return Err(BatchError::Interrupted);
        }
        let source = plan.sources.get(shard.source).ok_or(BatchError::Broken("a shard without a source"))?;
        let (documents, _, rejects) = shard::from_input(source, shard, limits, &Clock::default())?;
        out.rejects += rejects.len() as u64;
        let counted = documents.par_iter().filter(|d| plan.tally.preamble || !d.preamble);
        let found: Vec<Vec<Occurrence>> = counted.map(|d| plan.lexicon.all_occurrences(&d.text)).collect();
        out.documents += found.len() as u64;
        for document in &found {
            for crossing in crossings(document) {
                *out.crossings.entry(crossing).or_default() += 1;
            }
        }
        for occurrence in found.iter().flatten() {
            if let (Some(standing), Some(counted)) = (out.standing.get_mut(occurrence.term), out.counted.get_mut(occurrence.term)) {
                *standing += 1;
                *counted += u64::from(occurrence.counts);
            }
        }
        watch.advance(shard.bytes);
    }
    watch.finish();
    Ok(out)
}

/// Pairs of terms that share characters, neither inside the other, and both count.
fn crossings(found: &[Occurrence]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    for (number, first) in found.iter().enumerate().filter(|(_, first)| first.counts) {
        let reached = found.iter().skip(number + 1).take_while(|second| second.span.start < first.span.end);
        let crossing = reached.filter(|second| second.counts && first.span.end < second.span.end && first.span.start < second.span.start);
        out.extend(crossing.map(|second| (first.term, second.term)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::DataFile;
    use crate::tag::Lexicon;

    #[test]
    fn only_counted_terms_of_which_neither_contains_the_other_cross() {
        let text = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['全面深化改革','改革开放','深化改革','开放']\n";
        let lexicon = Lexicon::new(&[DataFile { path: "t.toml".into(), text: text.into() }]).unwrap();
        assert_eq!(crossings(&lexicon.all_occurrences("全面深化改革开放，改革开放")), [(0, 1)]);
    }
}
