//! `tifa check`: what is wrong with a pipeline and its data files, and what an
//! analyst should know of its lexicon before counting with it.

use std::time::SystemTime;

use chrono::{NaiveDate, TimeDelta};
use clap::Args;
use serde_json::json;

use super::progress::{Watched, watch};
use super::render::warn;
use super::{Folders, Pipelines, say};
use crate::Error;
use crate::batch::{Freshness, Survey, check_fresh, check_release, end_of_day, read_window, survey};
use crate::load::Limits;
use crate::plan::Plan;
use crate::resolve::{failing_cases, failing_voices};
use crate::tag::{Lexicon, Overlap};
use crate::write::{CheckRecord, CheckStatus, Severity, latest};

/// Lines of a list that are shown without `--all`.
const SHOWN: usize = 5;

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    pipelines: Pipelines,
    /// Read the corpus too, and list themes and terms that never occur in it
    ///
    /// Reads and parses all input, as a first run does, and keeps nothing.
    #[arg(long)]
    corpus: bool,
    /// List all that is listed, not the first lines only
    #[arg(long)]
    all: bool,
    /// Fail if the last release's newest document is older than this, or an expected day is missing
    ///
    /// Hours, days or weeks: 36h, 2d, 1w. Days are those of China, and a day is due so long after
    /// it began: with 2d, on 10 March, 8 March and all before it; with 36h, at noon of the next
    /// day. A source with a cadence must have spoken on every expected day that is due; a missing
    /// day is an error for as long as the window again, a week at least, and a warning later.
    #[arg(long, value_name = "AGE", value_parser = window)]
    fresh: Option<TimeDelta>,
    /// Look with --fresh as if it were the end of this day
    #[arg(long, value_name = "DAY", requires = "fresh")]
    as_of: Option<NaiveDate>,
    #[command(flatten)]
    folders: Folders,
}

fn window(text: &str) -> Result<TimeDelta, String> {
    read_window(text).ok_or_else(|| "write hours, days or weeks: 36h, 2d, 1w".to_owned())
}

impl CheckArguments {
    /// Reads every pipeline with all that it names, runs the cases of its lexicon
    /// and its vocabulary, makes its checks on the last release, and tells where
    /// terms meet.
    pub(super) fn execute(&self, quiet: bool, json: bool) -> Result<(), Error> {
        let mut failures = Vec::new();
        for file in self.pipelines.files()? {
            let mut plan = Plan::read(&file)?;
            self.folders.apply(&mut plan);
            let failing = failures_of(&plan);
            let checks = self.release_checks(&plan)?;
            if json {
                let cases = CheckRecord::found("cases_hold", None, Severity::Error, failing.len() as u64, failing.join("\n"), Vec::new());
                for check in std::iter::once(&cases).chain(checks.iter().flatten()) {
                    say(format_args!("{}", json!({"pipeline": plan.name, "check": check})))?;
                }
                failures.extend(failing);
                failures.extend(stopping(&plan, checks.as_deref().unwrap_or_default()));
                continue;
            }
            let holds = failing.is_empty();
            if let Some(fault) = plan.source_without_files() {
                warn(&fault);
            }
            let drafts: Vec<&str> = plan.lexicon.drafts().iter().map(|draft| draft.id.as_str()).collect();
            if !drafts.is_empty() {
                say(format_args!("{}: drafts, which count nothing while they say `draft = true`: {}", file.display(), drafts.join(", ")))?;
            }
            failures.extend(failing);
            tell_checks(&plan, checks.as_deref())?;
            failures.extend(stopping(&plan, checks.as_deref().unwrap_or_default()));
            if holds {
                let cases = plan.lexicon.cases().len()
                    + plan.vocabulary.cases.len()
                    + plan.vocabulary.voice_cases.len()
                    + plan.vocabulary.almanac.cases.len()
                    + plan.phrase_words.cases();
                let (themes, terms) = (plan.lexicon.themes().len(), plan.lexicon.term_count());
                say(format_args!("{}: {} sources, {themes} themes, {terms} terms, {cases} cases hold", file.display(), plan.sources.len()))?;
                if !quiet {
                    self.list(overlap_lists(&plan.lexicon, self.all))?;
                }
            }
            if self.corpus {
                let (progress, stop) = watch(!quiet, json)?;
                let found = stop.ended(&progress, survey(&plan, Limits::default(), &Watched::new(&progress, &stop, None)).map_err(Error::from))?;
                say(format_args!("corpus: {} documents, {} occurrences count, {} rejects", found.documents, found.counted.iter().sum::<u64>(), found.rejects))?;
                self.list(corpus_lists(&plan.lexicon, &found))?;
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(Error::Check(failures.join("\n"))) }
    }

    /// The checks of the last release; `None`: there is none.
    fn release_checks(&self, plan: &Plan) -> Result<Option<Vec<CheckRecord>>, Error> {
        let Some(folder) = latest(&plan.output.join(&plan.name)) else {
            return match self.fresh {
                Some(_) => Err(Error::Usage(format!("pipeline `{}` has no release yet: run it first", plan.name))),
                None => Ok(None),
            };
        };
        let mut out = check_release(plan, &folder)?;
        if let Some(window) = self.fresh {
            let now = self.as_of.and_then(end_of_day).unwrap_or_else(|| SystemTime::now().into());
            out.extend(check_fresh(plan, &folder, Freshness { window, now })?);
        }
        Ok(Some(out))
    }

    /// Prints lists, each under what its lines are.
    fn list(&self, lists: Vec<(String, Vec<String>)>) -> Result<(), Error> {
        for (what, lines) in lists.into_iter().filter(|(_, lines)| !lines.is_empty()) {
            say(format_args!("  {} {what}", lines.len()))?;
            let shown = if self.all { lines.len() } else { SHOWN };
            for line in lines.iter().take(shown) {
                say(format_args!("    {line}"))?;
            }
            if lines.len() > shown {
                say(format_args!("    … and {} more: --all lists them", lines.len() - shown))?;
            }
        }
        Ok(())
    }
}

/// Says which checks of the release were made, and prints those that warn.
fn tell_checks(plan: &Plan, checks: Option<&[CheckRecord]>) -> Result<(), Error> {
    let Some(checks) = checks else {
        return match plan.checks.len() {
            0 => Ok(()),
            number => say(format_args!("{}: no release yet, so that {number} checks of tables were not made", plan.name)),
        };
    };
    let held = checks.iter().filter(|check| check.status == CheckStatus::Pass).count();
    if !checks.is_empty() {
        say(format_args!("{}: {held} of {} checks of the last release hold", plan.name, checks.len()))?;
    }
    for check in checks.iter().filter(|check| check.status == CheckStatus::Warn) {
        for line in check.lines() {
            say(format_args!("  {line}"))?;
        }
    }
    Ok(())
}

/// Lines of the checks that end the command with 1.
fn stopping<'c>(plan: &'c Plan, checks: &'c [CheckRecord]) -> impl Iterator<Item = String> + 'c {
    checks.iter().filter(|check| check.stops()).map(|check| format!("{}: {}", plan.name, check.lines().join("\n")))
}

/// Cases that do not hold, and themes without one.
fn failures_of(plan: &Plan) -> Vec<String> {
    let mut failures = Vec::new();
    for (case, found) in plan.lexicon.failing_cases() {
        let theme = plan.lexicon.themes().get(case.theme).map_or("", |t| t.id.as_str());
        let place = place_of(plan, &case.text).map_or_else(String::new, |place| format!("{place}: "));
        failures.push(format!("{place}theme `{theme}`: in `{}` expected {:?}, found {found:?}", case.text, case.hits));
    }
    for failing in failing_cases(&plan.vocabulary) {
        failures.push(format!("occasion: in `{}` expected {:?}, found {:?}", failing.case.text, failing.case.events, failing.found));
    }
    for failing in failing_voices(&plan.vocabulary) {
        failures.push(format!("voice: in `{}` expected {:?}, found {:?}", failing.case.text, failing.case.voices, failing.found));
    }
    for (case, found) in plan.vocabulary.almanac.failing_cases() {
        failures.push(format!("almanac: in `{}` expected {:?}, found {found:?}", case.text, case.dates));
    }
    for (case, found) in plan.phrase_words.failing_cases() {
        failures.push(format!("phrases: expected {case:?}, found {found:?}"));
    }
    let without = plan.lexicon.themes_without_cases();
    if !without.is_empty() {
        failures.push(format!("themes without a case: {}", without.join(", ")));
    }
    failures
}

/// File and line of a case of the lexicon, by its text.
fn place_of(plan: &Plan, text: &str) -> Option<String> {
    let mut files: Vec<_> = std::fs::read_dir(&plan.lexicon_folder).ok()?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.iter().find_map(|file| {
        let content = std::fs::read_to_string(file).ok()?;
        let line = content.lines().position(|line| line.contains(text))?;
        Some(format!("{}:{}", file.display(), line + 1))
    })
}

/// `term (theme)`.
fn named(lexicon: &Lexicon, term: usize) -> String {
    let theme = lexicon.themes().get(lexicon.theme_of(term)).map_or("", |t| t.id.as_str());
    format!("{} ({theme})", lexicon.term(term))
}

fn overlap_lists(lexicon: &Lexicon, all: bool) -> Vec<(String, Vec<String>)> {
    let (mut inside, mut crossing) = (Vec::new(), Vec::new());
    for overlap in lexicon.overlaps() {
        match overlap {
            Overlap::Inside { inner, outer } => inside.push(format!("{} in {}", named(lexicon, inner), named(lexicon, outer))),
            Overlap::Crossing { first, second, shared } => crossing.push(format!("{} and {} share {shared}", named(lexicon, first), named(lexicon, second))),
        }
    }
    let mut out = vec![("times a term lies inside one of another theme, and counts only outside it".to_owned(), inside)];
    // Most of them never do.
    if all {
        out.push(("pairs of terms may cross, where both count; --corpus lists those that do".to_owned(), crossing));
    }
    out
}

fn corpus_lists(lexicon: &Lexicon, survey: &Survey) -> Vec<(String, Vec<String>)> {
    let count = |of: &[u64], term: usize| of.get(term).copied().unwrap_or(0);
    let terms_of = |theme: usize| (0..lexicon.term_count()).filter(move |term| lexicon.theme_of(*term) == theme);
    let (mut themes, mut never, mut swallowed) = (Vec::new(), Vec::new(), Vec::new());
    for (number, theme) in lexicon.themes().iter().enumerate().filter(|(_, theme)| !theme.terms.is_empty()) {
        if terms_of(number).all(|term| count(&survey.counted, term) == 0) {
            themes.push(format!("{} {}: {}", theme.id, theme.zh, theme.terms.join(", ")));
            continue;
        }
        for term in terms_of(number).filter(|term| count(&survey.counted, *term) == 0) {
            match count(&survey.standing, term) {
                0 => never.push(named(lexicon, term)),
                times => swallowed.push(format!("{}: {times} times", named(lexicon, term))),
            }
        }
    }
    let mut crossing: Vec<_> = survey.crossings.iter().map(|((first, second), times)| (*times, *first, *second)).collect();
    crossing.sort_by_key(|(times, first, second)| (std::cmp::Reverse(*times), *first, *second));
    let crossing = crossing.into_iter().map(|(times, first, second)| format!("{} and {}: {times} times", named(lexicon, first), named(lexicon, second)));
    vec![
        ("themes never occur".to_owned(), themes),
        ("terms of other themes never occur".to_owned(), never),
        ("terms never count, because they stand inside longer terms only".to_owned(), swallowed),
        ("pairs of terms cross, and both count".to_owned(), crossing.collect()),
    ]
}
