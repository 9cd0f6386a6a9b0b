//! `tifa init`: a folder that runs at once, with a text of its own or for files
//! that are there already.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anstyle::Style;
use clap::Args;

use super::say;
use super::underline::wrapped;
use crate::Error;
use crate::batch::BatchError;
use crate::guess::{Finding, Guess, SourceGuess, look};
use crate::resolve::builtin_files;
use crate::write::WriteError;

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// Write a pipeline for the files of this folder, by what they look like
    ///
    /// They are read where they are, and nothing is written beside them. What was guessed, and
    /// why, stands in the pipeline file and is printed.
    #[arg(long, value_name = "FILES", value_hint = clap::ValueHint::DirPath)]
    from: Option<PathBuf>,
    /// The folder to make; it must not have a pipeline yet
    ///
    /// With --from it is the folder that you are in, if none is named.
    #[arg(value_name = "FOLDER", required_unless_present = "from", value_hint = clap::ValueHint::DirPath)]
    folder: Option<PathBuf>,
}

const PIPELINE: &str = r#"# Every .txt file in raw/ is a document; see `tifa check` and `tifa run`.

name = "mine"
title = "我的语料"
output = "../output"

[[source]]
name = "texts"
files = ["../raw/*.txt"]
layout = "text"               # text, markdown, html, jsonl, csv or parquet
title = "first-line"
date = "filename:%Y-%m-%d"    # or header, field:NAME, none
register = "speech"

[tag]
lexicon = ["themes/*.toml"]
"#;

const TEXT: &str = "全市经济工作会议召开\n\n　　3月4日至5日，全市经济工作会议召开。会议提出，发展新质生产力要看本地条件，不搞一窝蜂。\n";

impl InitArguments {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Error> {
        let folder = self.folder.clone().unwrap_or_else(|| PathBuf::from("."));
        let pipeline = folder.join("pipelines").join("mine.toml");
        if pipeline.exists() {
            return Err(Error::Usage(format!("`{}` is there already: nothing was written; name another folder, or move it away", pipeline.display())));
        }
        match &self.from {
            None => {
                write(&pipeline, PIPELINE)?;
                write(&folder.join("raw").join("2024-03-06.txt"), TEXT)?;
                lexicon(&folder)?;
                say(format_args!("wrote a pipeline, a lexicon and a text; now: cd {} && tifa run", quoted(&folder)))
            }
            Some(files) => {
                if files.is_file() {
                    return Err(Error::Usage(format!("`{}` is a file: name the folder that it lies in", files.display())));
                }
                let guess = look(files).map_err(BatchError::from)?;
                if guess.sources.is_empty() {
                    return Err(Error::Usage(nothing(files, &guess)));
                }
                let base = pattern_base(files, &folder)?;
                write(&pipeline, &written(&guess, files, &base))?;
                lexicon(&folder)?;
                if !quiet {
                    print(&guess, files)?;
                }
                let here = if folder == Path::new(".") { String::new() } else { format!("cd {} && ", quoted(&folder)) };
                say(format_args!("wrote {} and the starter lexicon; now: {here}tifa run", pipeline.display()))
            }
        }
    }
}

fn quoted(folder: &Path) -> String {
    let text = folder.display().to_string();
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '~' | '+'));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |e| Error::Write(WriteError::io(path, e));
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

/// The starter lexicon; a file that is there stays as it is.
fn lexicon(folder: &Path) -> Result<(), Error> {
    builtin_files("themes")
        .into_iter()
        .map(|file| (folder.join(&file.path), file.text))
        .filter(|(path, _)| !path.exists())
        .try_for_each(|(path, text)| write(&path, &text))
}

fn nothing(files: &Path, guess: &Guess) -> String {
    let mut text = format!("no file in `{}` can be read: nothing was written", files.display());
    if guess.files == 0 {
        text.push_str("; the folder is empty (hidden files do not count)");
    }
    for passed in guess.passed.iter().take(10) {
        let _ = write!(text, "\n  {}: {}", passed.what, passed.why);
    }
    text
}

/// What stands before the patterns of a source: the way from the pipeline file to
/// the files if they lie near, else their absolute path.
fn pattern_base(files: &Path, folder: &Path) -> Result<String, Error> {
    let failed = |path: &Path, e: io::Error| Error::Write(WriteError::io(path, e));
    let there = files.canonicalize().map_err(|e| failed(files, e))?;
    // The folder need not be there yet: its nearest ancestor that is tells where it will be.
    let absolute = std::path::absolute(folder).map_err(|e| failed(folder, e))?;
    let known = absolute.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let rest = absolute.strip_prefix(known).unwrap_or(Path::new(""));
    let here = crate::load::without_dots(&known.canonicalize().map_err(|e| failed(known, e))?.join(rest));
    if here.starts_with(&there) {
        let text = format!(
            "`{}` lies among the files of `{}`, and so would what is made of them: name a folder beside it, such as `tifa init --from {} {}`",
            folder.display(),
            files.display(),
            quoted(files),
            quoted(&there.with_file_name("corpus"))
        );
        return Err(Error::Usage(text));
    }
    let escaped = |path: &Path| globset::escape(&path.to_string_lossy());
    let near = there.strip_prefix(&here).map(|rest| format!("../{}", escaped(rest)));
    let beside = here.parent().and_then(|parent| there.strip_prefix(parent).ok()).filter(|_| here.parent() != Some(Path::new("/")));
    Ok(near.ok().or_else(|| beside.map(|rest| format!("../../{}", escaped(rest)))).unwrap_or_else(|| escaped(&there)))
}

/// A comment: one line, and nothing that TOML has no place for.
fn comment(text: &str) -> String {
    const LONGEST: usize = 200;
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST - 1).chain(['…']).collect() }
}

/// `1 file`, `12 files`.
fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// How many files a source has, and how many were looked into if not all.
fn counted(source: &SourceGuess) -> String {
    let files = number(source.files, "file");
    if source.sampled == source.files { files } else { format!("{files}, {} looked into", source.sampled) }
}

fn string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The pipeline file, each guess with what was seen.
fn written(guess: &Guess, files: &Path, base: &str) -> String {
    let mut out = format!("# Written by `tifa init --from {}`, for {}.\n", comment(&quoted(files)), number(guess.files, "file"));
    out.push_str("# A comment says what was seen, and `or:` what it could be instead. Change what is wrong.\n\n");
    out.push_str("name = \"mine\"\ntitle = \"我的语料\"\noutput = \"../output\"\n");
    for source in &guess.sources {
        let globs: Vec<String> = source.globs.iter().map(|glob| string(&format!("{base}/{glob}"))).collect();
        let _ = writeln!(out, "\n[[source]]\nname = {}", string(&source.name));
        let _ = writeln!(out, "files = [{}] # {}", globs.join(", "), counted(source));
        for finding in &source.findings {
            setting(&mut out, finding, &string(&finding.value));
        }
        let _ = writeln!(out, "# encoding: {}; it is found anew in each file, so there is nothing to set", comment(&source.encodings));
        if source.value("cadence").is_none() {
            out.push_str("# cadence: daily, weekdays or yearly, if this source is expected to speak so often: then gaps are shown\n");
        }
    }
    if !guess.drop_lines.is_empty() {
        out.push_str("\n[parse]\ndrop_lines = [ # lines to leave out, as regular expressions\n");
        for finding in &guess.drop_lines {
            let _ = writeln!(out, "    {}, # {}", string(&finding.value), comment(&finding.why));
        }
        out.push_str("]\n");
    }
    out.push_str("\n[tag]\nlexicon = [\"themes/*.toml\"]\n");
    out
}

fn setting(out: &mut String, finding: &Finding, value: &str) {
    let _ = writeln!(out, "{} = {value} # {}", finding.key, comment(&finding.why));
    if let Some(other) = &finding.unsure {
        let _ = writeln!(out, "# or: {} = {}", finding.key, comment(other));
    }
}

/// Files not read that are named on the terminal.
const SHOWN: usize = 8;

/// The guesses for a person, wrapped to the terminal.
fn print(guess: &Guess, files: &Path) -> Result<(), Error> {
    let width = terminal_size::terminal_size_of(io::stdout()).map_or(100, |(width, _)| usize::from(width.0));
    let line = |text: &str, indent: usize| -> Result<(), Error> {
        let shown = wrapped(&[(text.trim_start(), Style::new())], indent, width.saturating_sub(text.len() - text.trim_start().len()).max(40));
        let lead = " ".repeat(text.len() - text.trim_start().len());
        shown.trim_end().lines().try_for_each(|line| say(format_args!("{lead}{line}")))
    };
    say(format_args!("{}: {}, {}", files.display(), number(guess.files, "file"), number(guess.sources.len(), "source")))?;
    for source in &guess.sources {
        line(&format!("  {}: {}, {}", source.name, counted(source), source.globs.join(", ")), 2)?;
        for finding in &source.findings {
            line(&format!("    {:9} {}: {}", finding.key, finding.value, comment(&finding.why)), 10)?;
        }
        line(&format!("    encoding  {}", source.encodings), 10)?;
    }
    for finding in &guess.drop_lines {
        line(&format!("  lines left out: {} ({})", finding.value, comment(&finding.why)), 2)?;
    }
    if !guess.passed.is_empty() {
        say(format_args!("not read:"))?;
        for passed in guess.passed.iter().take(SHOWN) {
            line(&format!("  {}: {}", passed.what, comment(&passed.why)), 2)?;
        }
        if guess.passed.len() > SHOWN {
            say(format_args!("  … and {} more", guess.passed.len() - SHOWN))?;
        }
    }
    let unsure: Vec<(&SourceGuess, &Finding)> = guess
        .sources
        .iter()
        .flat_map(|source| source.findings.iter().map(move |finding| (source, finding)))
        .filter(|(_, finding)| finding.unsure.is_some())
        .collect();
    if !unsure.is_empty() {
        say(format_args!("not certain, so look at it in the file:"))?;
        for (source, finding) in unsure {
            line(&format!("  {} {} = {}, or {}", source.name, finding.key, finding.value, finding.unsure.as_deref().unwrap_or_default()), 2)?;
        }
    }
    Ok(())
}
