//! `tifa releases`: which there are, and what changed between two of them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Folders, say, the_pipeline};
use crate::Error;
use crate::batch::{Cause, Example, Group, ReleaseDiff, ReleaseEntry, causes, diff, find_release, releases};
use crate::plan::Plan;

#[derive(Debug, Args)]
pub(super) struct ReleasesArguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Pipeline file or name
    #[arg(long, value_name = "PIPELINE", global = true)]
    pipeline: Option<PathBuf>,
    /// Folder of the releases, instead of the pipeline's `output`
    #[arg(long, value_name = "DIR", global = true)]
    output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show what changed in each table between two releases, and why
    ///
    /// A release is named by its id, the beginning of one, latest, or latest~1 for the one before
    /// it. Rows are told apart by the key columns of their table.
    Diff {
        /// The earlier release
        first: String,
        /// The later one
        #[arg(default_value = "latest")]
        second: String,
        /// Rows to show of each kind and reason
        #[arg(long, default_value_t = 2, value_name = "N")]
        examples: usize,
    },
}

impl ReleasesArguments {
    pub(super) fn execute(&self, json: bool) -> Result<(), Error> {
        let mut plan = Plan::read(&the_pipeline(self.pipeline.as_deref())?)?;
        Folders { output: self.output.clone(), work: None }.apply(&mut plan);
        let all = releases(&plan);
        if all.is_empty() {
            return Err(Error::Usage(format!("pipeline `{}` has no release yet: run it first", plan.name)));
        }
        match &self.action {
            None => list(&all, json),
            Some(Action::Diff { first, second, examples }) => {
                let find = |name: &str| find_release(&all, name).map_err(Error::Usage);
                let found = diff(find(first)?, find(second)?, *examples)?;
                if json {
                    let value = serde_json::to_value(&found).map_err(|e| Error::Usage(e.to_string()))?;
                    return say(format_args!("{value}"));
                }
                show(&found)
            }
        }
    }
}

/// A line for each release, the newest last, with what made it differ from the one before.
fn list(all: &[ReleaseEntry], json: bool) -> Result<(), Error> {
    let before = std::iter::once(None).chain(all.iter().map(Some));
    for (release, before) in all.iter().zip(before) {
        let record = &release.record;
        let why = before.map_or_else(Vec::new, |before| causes(&before.record, record));
        if json {
            let line = json!({
                "release": release.id,
                "latest": release.latest,
                "finished": record.finished,
                "documents": record.counts.documents,
                "rejects": record.counts.records_rejected,
                "newest_date": record.counts.newest_date,
                "tifa": record.tifa,
                "why": why,
            });
            say(format_args!("{line}"))?;
            continue;
        }
        let mut kinds: Vec<&str> = why.iter().map(|difference| difference.cause.name()).collect();
        kinds.dedup();
        let told = match (before, kinds.as_slice()) {
            (None, _) => "the first that is kept".to_owned(),
            (_, []) => "nothing that the record names".to_owned(),
            (_, kinds) => kinds.join(", "),
        };
        let mark = if release.latest { "latest" } else { "      " };
        let newest = record.counts.newest_date.as_deref().unwrap_or("-");
        let time = record.finished.format("%Y-%m-%d %H:%M:%SZ");
        say(format_args!("{}  {time}  {mark}  {:>8} documents to {newest:<10}  {told}", release.id, record.counts.documents))?;
    }
    Ok(())
}

fn show(diff: &ReleaseDiff) -> Result<(), Error> {
    say(format_args!("{} → {}", diff.first, diff.second))?;
    for difference in &diff.causes {
        say(format_args!("  {:10} {}", difference.cause.name(), difference.what))?;
    }
    for (what, ids) in [("new", &diff.themes.added), ("gone", &diff.themes.removed), ("changed", &diff.themes.changed)] {
        if !ids.is_empty() {
            say(format_args!("  {:10} themes {what}: {}", Cause::Lexicon.name(), ids.join(", ")))?;
        }
    }
    if diff.tables.is_empty() {
        return say(format_args!("no table differs"));
    }
    say(format_args!("{:18} {:>9} {:>9} {:>9}  why", "table", "added", "removed", "changed"))?;
    for table in &diff.tables {
        if let Some(side) = table.only_in {
            say(format_args!("{:18} only in the {side} release", table.table))?;
            continue;
        }
        if table.groups.is_empty() {
            say(format_args!("{:18} {:>9} {:>9} {:>9}", table.table, 0, 0, 0))?;
        }
        for (number, group) in table.groups.iter().enumerate() {
            let name = if number == 0 { table.table } else { "" };
            let rows = group.rows;
            say(format_args!("{name:18} {:>9} {:>9} {:>9}  {}", rows.added, rows.removed, rows.changed, why(group)))?;
            for example in &group.examples {
                say(format_args!("    {}", line(example)))?;
            }
        }
        if !table.other_columns.is_empty() {
            say(format_args!("    not compared, because one release lacks them: {}", table.other_columns.join(", ")))?;
        }
    }
    if !diff.unchanged.is_empty() {
        say(format_args!("the same in both: {}", diff.unchanged.join(", ")))?;
    }
    Ok(())
}

fn why(group: &Group) -> String {
    let causes: Vec<&str> = group.causes.iter().map(|cause| cause.name()).collect();
    let causes = if causes.is_empty() { "not known".to_owned() } else { causes.join(" or ") };
    if group.in_changed_documents { format!("{causes}, in documents that differ") } else { causes }
}

/// `+ doc_id=a`, `~ theme=a hits: 3 → 4`.
fn line(example: &Example) -> String {
    let sign = match example.kind {
        "added" => '+',
        "removed" => '-',
        _ => '~',
    };
    let key = example.key.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect::<Vec<_>>().join(" ");
    let side = |pair: &Value, side: usize| pair.get(side).map_or_else(String::new, plain);
    let columns = example.columns.iter().map(|(name, pair)| format!("{name}: {} → {}", side(pair, 0), side(pair, 1)));
    let columns: Vec<String> = columns.take(4).collect();
    if columns.is_empty() { format!("{sign} {key}") } else { format!("{sign} {key}  {}", columns.join(", ")) }
}

/// A value for people: a real number to six digits after the point.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => format!("{:.6}", number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}
