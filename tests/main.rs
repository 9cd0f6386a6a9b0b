//! Tests over the whole of tifa, in one binary: the program as a user runs it,
//! golden tables, cases as data, and which stage may import which.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod cases;
mod copies;
mod direction;
mod discover;
mod documents;
mod golden;
mod incremental;
mod laws;
mod manners;
mod ops;
mod program;
mod regressions;
mod statistics;
mod statistics_pairs;
mod tour;

/// Watches a run and does nothing.
pub(crate) struct Nobody;

impl tifa::batch::Watch for Nobody {
    fn begin(&self, _: u64) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
}
