//! Folders and files that a pipeline names and that are not there.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::{Plan, span};
use crate::diagnostic::{DataFile, Diagnostic, suggestion};
use crate::load::LoadError;

/// Advice where a folder cannot be listed: what lies beside it under a like name.
pub(super) fn missing_hint(error: &LoadError) -> String {
    let LoadError::Folder { path, .. } = error else { return "paths are relative to the pipeline file".to_owned() };
    let missing = path.ancestors().take_while(|path| !path.exists()).last().unwrap_or(path);
    let beside = missing.parent().and_then(|parent| fs::read_dir(parent).ok()).into_iter().flatten().flatten();
    let names: Vec<String> = beside.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let typed = missing.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let near = suggestion(&typed, names.iter().map(String::as_str)).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    format!("{near}paths are relative to the pipeline file")
}

impl Plan {
    /// The source whose files cannot be listed, or of which none is there, shown in
    /// the pipeline file; none if all are there.
    ///
    /// # Cost
    /// Lists the files of every source.
    #[must_use]
    pub fn source_without_files(&self) -> Option<Diagnostic> {
        #[derive(Deserialize)]
        struct Names {
            source: Vec<NamedFiles>,
        }
        #[derive(Deserialize)]
        struct NamedFiles {
            name: String,
            files: Spanned<Vec<PathBuf>>,
        }
        let text = fs::read_to_string(&self.file).ok()?;
        let names: Names = toml::from_str(&text).ok()?;
        let file = DataFile { path: self.file.clone(), text };
        self.sources.iter().find_map(|source| {
            let written = names.source.iter().find(|written| written.name == *source.input.source)?;
            let (message, hint) = match crate::load::find(&source.input) {
                Err(error) => (format!("source `{}`: {error}", source.input.source), missing_hint(&error)),
                Ok(found) if found.files.is_empty() && found.rejects.is_empty() => {
                    (format!("no file of source `{}` was found", source.input.source), "paths are relative to the pipeline file".to_owned())
                }
                Ok(_) => return None,
            };
            Some(file.fault(span(&written.files), message, Some(format!("{hint}; --allow-shrink goes on without the source"))))
        })
    }
}
