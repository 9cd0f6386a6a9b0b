//! `tifa discover`: the queue of new phrases, and stubs of themes from it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use unicode_width::UnicodeWidthStr;

use super::progress::{Watched, watch};
use super::{Folders, complete, say, the_pipeline};
use crate::Error;
use crate::batch::{Options, discover, known_candidates, released_candidates};
use crate::plan::Plan;
use crate::tally::candidate::{CandidateRow, Window};
use crate::write::WriteError;

#[derive(Debug, Args)]
pub(super) struct DiscoverArguments {
    /// Pipeline file or name
    #[arg(value_name = "PIPELINE", add = complete::pipelines())]
    pipeline: Option<PathBuf>,
    /// Days to look at: 2024, 2024-03, or 2023-09/2024-03; against all text before
    ///
    /// Without it, the windows of the pipeline, from the last release if it has them; else the
    /// last year that has text.
    #[arg(long, value_name = "WINDOW", value_parser = window)]
    window: Vec<Window>,
    /// Most phrases to print of each window
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Write a draft of a theme for the candidate with this id, or the beginning of it
    #[arg(long, value_name = "ID")]
    accept: Vec<String>,
    /// Id of the accepted theme
    #[arg(long, value_name = "THEME", requires = "accept")]
    theme_id: Option<String>,
    #[command(flatten)]
    folders: Folders,
}

fn window(text: &str) -> Result<Window, String> {
    Window::read(text).ok_or_else(|| "write a year, a month, a day, or two of them with a slash between: 2023-09/2024-03".to_owned())
}

impl DiscoverArguments {
    pub(super) fn execute(&self, quiet: bool, json: bool) -> Result<(), Error> {
        let mut plan = Plan::read(&the_pipeline(self.pipeline.as_deref())?)?;
        self.folders.apply(&mut plan);
        if !self.accept.is_empty() {
            if self.theme_id.is_some() && self.accept.len() > 1 {
                return Err(Error::Usage("--theme-id names one theme: accept one candidate".into()));
            }
            return self.accept.iter().try_for_each(|id| self.accept(&plan, id));
        }
        if let Some(top) = self.top {
            plan.discover.top = plan.discover.top.max(top);
        }
        let released = if self.window.is_empty() && !plan.discover.windows.is_empty() { released_candidates(&plan) } else { Vec::new() };
        let rows = if released.is_empty() {
            let (progress, stop) = watch(!quiet, json)?;
            let options = Options { allow_shrink: true, ..Options::default() };
            let found = discover(&plan, &options, &self.window, &Watched::new(&progress, &stop, None)).map_err(Error::from);
            stop.ended(&progress, found)?
        } else {
            released
        };
        print(&rows, self.top.unwrap_or(plan.discover.top))
    }

    fn accept(&self, plan: &Plan, id: &str) -> Result<(), Error> {
        let mut found: Vec<CandidateRow> = known_candidates(plan).into_iter().filter(|row| row.candidate_id.starts_with(id)).collect();
        found.dedup_by(|a, b| a.candidate_id == b.candidate_id);
        found.sort_by(|a, b| a.candidate_id.cmp(&b.candidate_id));
        found.dedup_by(|a, b| a.candidate_id == b.candidate_id);
        let row = match found.as_slice() {
            [only] => only,
            [] => return Err(Error::Usage(format!("there is no candidate `{id}`: run `tifa discover` and take an id from its list"))),
            several => {
                let all: Vec<String> = several.iter().map(|row| format!("{} {}", row.candidate_id, row.phrase)).collect();
                return Err(Error::Usage(format!("`{id}` is the beginning of several ids: {}", all.join(", "))));
            }
        };
        let theme = self.theme_id.clone().unwrap_or_else(|| format!("candidate-{}", row.candidate_id));
        let known = plan.lexicon.themes().iter().map(|t| t.id.as_str()).chain(plan.lexicon.drafts().iter().map(|d| d.id.as_str())).any(|known| known == theme);
        if known {
            return Err(Error::Usage(format!("the theme id `{theme}` is used already: choose another with --theme-id")));
        }
        if let Some(draft) = plan.lexicon.drafts().iter().find(|d| d.terms.contains(&row.phrase)) {
            return Err(Error::Usage(format!("`{}` is a term of the draft `{}` already", row.phrase, draft.id)));
        }
        let file = plan.lexicon_folder.join("candidates.toml");
        append(&file, &stub(row, &theme)).map_err(|e| Error::Write(WriteError::io(&file, e)))?;
        let seen = Plan::read(&plan.file)?.lexicon.drafts().iter().any(|d| d.id == theme);
        say(format_args!("`{}` is the draft `{theme}` in {}", row.phrase, file.display()))?;
        say(format_args!("write its English label, look at its terms and cases, then take `draft = true` out: until then it counts nothing"))?;
        if !seen {
            say(format_args!("the pipeline does not read this file yet: name it in [tag] lexicon of {}", plan.file.display()))?;
        }
        Ok(())
    }
}

fn append(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().create(true).append(true).open(file)?.write_all(text.as_bytes())
}

/// A draft of a theme: whole but for what a person must decide.
fn stub(row: &CandidateRow, theme: &str) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut out = format!(
        "\n[[theme]]\nid = {}\nzh = {}\nen = \"TODO\"\ndraft = true # counts nothing until this line is taken out\nterms = [{}]\nsource = {}\n",
        quoted(theme),
        quoted(&row.phrase),
        quoted(&row.phrase),
        quoted(&format!(
            "candidate of the window {}/{}: {} occurrences in {} documents, {} before; first seen on {} in {}",
            row.window_start, row.window_end, row.count, row.documents, row.count_before, row.first_date, row.first_doc_id
        )),
    );
    for context in row.contexts.iter().take(1) {
        let hits = vec![quoted(&row.phrase); context.matches(row.phrase.as_str()).count()];
        out.push_str(&["[[theme.case]]\ntext = ", &quoted(context), "\nhits = [", &hits.join(", "), "]\n"].concat());
    }
    out
}

fn print(rows: &[CandidateRow], top: usize) -> Result<(), Error> {
    if rows.is_empty() {
        return say(format_args!("no phrase is new or rising in the window"));
    }
    for of_window in rows.chunk_by(|a, b| (a.window_start, a.window_end) == (b.window_start, b.window_end)) {
        let Some(first) = of_window.first() else { continue };
        say(format_args!(
            "window {}/{}: {} Han characters, {} before{}",
            first.window_start,
            first.window_end,
            first.han_chars_window,
            first.han_chars_before,
            if first.baseline_thin { " (less than in the window: much will look new)" } else { "" }
        ))?;
        let widest = of_window.iter().take(top).map(|row| row.phrase.width()).max().unwrap_or(0).max(6);
        say(format_args!(
            "{:>4}  {}  {:>6} {:>6} {:>5} {:>6}  {:10} {:>6}  {:12}  context",
            "rank",
            padded("phrase", widest),
            "count",
            "before",
            "docs",
            "days",
            "first seen",
            "score",
            "id"
        ))?;
        for row in of_window.iter().take(top) {
            let context = row.contexts.first().map(|text| shortened(text, &row.phrase)).unwrap_or_default();
            say(format_args!(
                "{:>4}  {}  {:>6} {:>6} {:>5} {:>6}  {:10} {:>6.2}  {:12}  {context}",
                row.rank,
                padded(&row.phrase, widest),
                row.count,
                row.count_before,
                row.documents,
                row.days,
                row.first_date.to_string(),
                row.score,
                row.candidate_id
            ))?;
        }
    }
    Ok(())
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// A context with a few characters on each side of the phrase.
fn shortened(context: &str, phrase: &str) -> String {
    const SIDE: usize = 12;
    let (before, after) = context.split_once(phrase).unwrap_or((context, ""));
    let skipped = before.chars().count().saturating_sub(SIDE);
    let mut out: String = if skipped > 0 { "…".to_owned() } else { String::new() };
    out.extend(before.chars().skip(skipped));
    out += phrase;
    out.extend(after.chars().take(SIDE));
    if after.chars().count() > SIDE {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::DataFile;
    use crate::tag::Lexicon;

    #[test]
    fn a_stub_is_a_draft_that_counts_nothing_and_is_refused_while_its_label_is_not_written() {
        let row =
            CandidateRow { phrase: "以\"旧\"换新".into(), contexts: vec!["推动以\"旧\"换新和以\"旧\"换新".into()], ..CandidateRow::default() };
        let text = stub(&row, "trade-in");
        let read = |text: String| Lexicon::new(&[DataFile { path: "candidates.toml".into(), text }]);
        let lexicon = read(text.clone()).unwrap_or_else(|faults| panic!("{}", faults[0]));
        assert!(lexicon.themes().is_empty() && lexicon.occurrences("以\"旧\"换新").is_empty());
        assert_eq!(lexicon.drafts()[0].id, "trade-in");
        let done = text.replace("draft = true # counts nothing until this line is taken out\n", "");
        let faults = read(done.clone()).err().unwrap();
        assert!(faults[0].message.contains("TODO"), "{}", faults[0]);
        let lexicon = read(done.replace("TODO", "Trade-in")).unwrap_or_else(|faults| panic!("{}", faults[0]));
        assert_eq!(lexicon.failing_cases(), []);
    }

    #[test]
    fn a_context_is_cut_around_the_phrase() {
        let context = format!("{}新质生产力{}", "前".repeat(20), "后".repeat(3));
        assert_eq!(shortened(&context, "新质生产力"), format!("…{}新质生产力后后后", "前".repeat(12)));
        assert_eq!(padded("新质", 6), "新质  ");
    }
}
