//! `tifa man`: a page for the program and one for each command.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use super::{say, stdout_error};
use crate::Error;
use crate::write::WriteError;

/// Prints the program's page, or that of a command, or writes all into a folder.
pub(super) fn man(root: Command, of: Option<&str>, output: Option<&Path>) -> Result<(), Error> {
    let pages = pages(root);
    if let Some(folder) = output {
        fs::create_dir_all(folder).map_err(|e| WriteError::io(folder, e))?;
        for (name, text) in &pages {
            let path = folder.join(format!("{name}.1"));
            fs::write(&path, text).map_err(|e| WriteError::io(&path, e))?;
        }
        return say(format_args!("wrote {} pages into {}; read one with: man -l {}", pages.len(), folder.display(), folder.join("tifa-run.1").display()));
    }
    let wanted = of.map_or_else(|| "tifa".to_owned(), |command| format!("tifa-{command}"));
    let Some((_, text)) = pages.iter().find(|(name, _)| *name == wanted) else {
        let near = crate::diagnostic::suggestion(&wanted, pages.iter().map(|(name, _)| name.as_str()));
        let near = near.and_then(|name| name.strip_prefix("tifa-")).map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        return Err(Error::Usage(format!("there is no command `{}`{near}", of.unwrap_or_default())));
    };
    io::stdout().lock().write_all(text).map_err(stdout_error)
}

/// Names and texts of all pages.
fn pages(mut root: Command) -> Vec<(String, Vec<u8>)> {
    root.build();
    let commands = root.get_subcommands().filter(|command| command.get_name() != "help");
    let commands = commands.map(|command| (format!("tifa-{}", command.get_name()), page(command.clone())));
    let mut out: Vec<_> = commands.collect();
    out.insert(0, ("tifa".to_owned(), page(root.clone())));
    out
}

/// A page without a date, so that one version of tifa gives one text.
fn page(command: Command) -> Vec<u8> {
    let man = Man::new(command).date("").source(concat!("tifa ", env!("CARGO_PKG_VERSION"))).manual("tifa");
    let mut out = Vec::new();
    // Writing into memory does not fail.
    let _ = man.render(&mut out);
    // By name, so that every reader of pages shows them.
    let text = String::from_utf8_lossy(&out).into_owned();
    text.chars()
        .fold(String::new(), |mut page, c| {
            if c.is_ascii() {
                page.push(c);
            } else {
                let _ = write!(page, "\\[u{:04X}]", u32::from(c));
            }
            page
        })
        .into_bytes()
}
