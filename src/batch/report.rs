//! The report of a release: what the page says besides its tables, and the page
//! made again from a release that is there.

use std::path::Path;

use super::{BatchError, RunRecord};
use crate::plan::{Duplicates, Plan};
use crate::tally::DateBasis;
use crate::write::{Facts, Language, REPORT_FILE, Release, SCHEMA_VERSION, SourceFact, WriteError, report};

/// What the page says of a release that its tables do not.
pub(super) fn facts(plan: &Plan, record: &RunRecord) -> Facts {
    let tally = &plan.tally;
    Facts {
        title: plan.title.clone(),
        language: plan.language,
        release_key: record.release_key.clone(),
        tifa: env!("CARGO_PKG_VERSION").to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        lexicon_hash: plan.lexicon.hash().to_owned(),
        as_of: record.as_of.clone(),
        duplicates: match plan.duplicates {
            Duplicates::All => "all",
            Duplicates::First => "first",
        }
        .to_owned(),
        date_basis: match tally.date_basis {
            DateBasis::Auto => "auto",
            DateBasis::Document => "document",
            DateBasis::Event => "event",
        }
        .to_owned(),
        preamble: tally.preamble,
        periods: tally.periods.iter().map(|period| period.name().to_owned()).collect(),
        breakdowns: tally.breakdowns.iter().map(|breakdown| breakdown.name().to_owned()).collect(),
        windows: plan.discover.windows.len(),
        sources: plan
            .sources
            .iter()
            .map(|source| SourceFact { name: source.input.source.to_string(), register: source.register.clone(), cadence: source.cadence.name().to_owned() })
            .collect(),
        heat_scale: tally.measures.heat.id(),
        heat_levels: tally.measures.heat.levels.clone(),
    }
}

/// Writes the page into a release whose tables are there.
pub(super) fn write(release: &Release, facts: &Facts) -> Result<(), WriteError> {
    release.write(REPORT_FILE, &report(release.folder(), facts, facts.language)?)
}

/// The page of a release that was published before, in the language asked for,
/// else in that of the release.
///
/// # Errors
/// [`BatchError::Write`] if a file of the release cannot be read.
pub fn remake_report(release: &Path, language: Option<Language>) -> Result<String, BatchError> {
    let path = release.join("run.json");
    let record = RunRecord::read(&path).ok_or_else(|| WriteError::table(&path, &"it is not there, or not of this version"))?;
    let mut facts = record.facts;
    if facts.release_key.is_empty() {
        // A release from before reports: what its record knows must do.
        facts.title.clone_from(&record.pipeline);
        facts.release_key = record.release_key;
        facts.tifa = record.tifa;
        facts.schema_version = record.schema_version;
        facts.lexicon_hash = record.lexicon_hash;
        facts.periods = ["month", "quarter", "year"].map(str::to_owned).to_vec();
    }
    let language = language.unwrap_or(facts.language);
    Ok(report(release, &facts, language)?)
}
