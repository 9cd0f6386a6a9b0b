//! `tifa completions`: what a shell asks the program while a person types, so that
//! pipelines, themes, tables and columns that are there are completed too.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::Shells;

use super::{nearest_pipelines, pipeline_files, stdout_error};
use crate::Error;
use crate::plan::Plan;
use crate::write::tables as all_tables;

/// Set by the shell's side while it asks.
const VARIABLE: &str = "TIFA_COMPLETE";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// Answers a shell that asks, and ends the process then.
pub(super) fn answer(command: fn() -> clap::Command) {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// Prints what a shell must read to ask.
pub(super) fn print(shell: Shell) -> Result<(), Error> {
    let name = shell.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let mut text = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&name) {
        completer.write_registration(VARIABLE, "tifa", "tifa", "tifa", &mut text).map_err(stdout_error)?;
    }
    io::stdout().lock().write_all(&text).map_err(stdout_error)
}

/// Pipelines of the nearest folder by name, and files.
pub(super) fn pipelines() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let typed = current.to_string_lossy().into_owned();
        let names = nearest_pipelines().map(|folder| pipeline_files(&folder)).unwrap_or_default();
        let mut out: Vec<CompletionCandidate> = names
            .iter()
            .filter_map(|file| Some((file.file_stem()?.to_str()?.to_owned(), file)))
            .filter(|(name, _)| name.starts_with(&typed))
            .map(|(name, file)| CompletionCandidate::new(name).help(Some(file.display().to_string().into())))
            .collect();
        // A name that fits is what is meant, unless a path is typed.
        if out.is_empty() || typed.contains('/') {
            out.extend(PathCompleter::any().filter(|path: &Path| path.is_dir() || path.extension().is_some_and(|e| e == "toml")).complete(current));
        }
        out
    })
}

/// Tables.
pub(super) fn tables() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        all_tables().into_iter().map(|table| CompletionCandidate::new(table.name).help(Some(format!("one row is {}", table.row).into()))).collect()
    })
}

/// Columns of all tables, once each, after what stands before the last comma.
pub(super) fn columns() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let typed = current.to_string_lossy().into_owned();
        let kept = typed.rfind(',').map_or(0, |at| at + 1);
        let (before, last) = typed.split_at_checked(kept).unwrap_or(("", &typed));
        let mut names: Vec<&str> = all_tables().iter().flat_map(|table| table.columns.iter().map(|column| column.name).collect::<Vec<_>>()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().filter(|name| name.starts_with(last)).map(|name| CompletionCandidate::new(format!("{before}{name}"))).collect()
    })
}

/// Themes of the one pipeline of the nearest folder, else of the built-in lexicon.
pub(super) fn themes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let read = super::the_pipeline(None).ok().and_then(|file| Plan::read(&file).ok()).map(|plan| plan.lexicon);
        let lexicon = read.unwrap_or_else(crate::builtin_lexicon);
        lexicon.themes().iter().map(|theme| CompletionCandidate::new(&theme.id).help(Some(format!("{} {}", theme.zh, theme.en).into()))).collect()
    })
}
