//! Files and patterns that a pipeline names.

use std::path::PathBuf;

use regex::Regex;
use toml::Spanned;

use super::missing::missing_hint;
use super::{PlanError, Reader, read_text, span};
use crate::diagnostic::{DataFile, Span};
use crate::load::{FieldNames, Input, Layout};
use crate::resolve::builtin_files;

impl Reader<'_> {
    /// Where a text stands inside a span of the file; the whole span if it is written otherwise.
    pub(super) fn within(&self, span: Span, text: &str) -> Span {
        span.of(&self.file.text).find(text).map_or(span, |at| Span::new(span.start + at, span.start + at + text.len()))
    }

    pub(super) fn patterns(&mut self, written: &[Spanned<String>]) -> Vec<Regex> {
        let mut out = Vec::new();
        for pattern in written {
            match Regex::new(pattern.get_ref()) {
                Ok(regex) => out.push(regex),
                Err(error) => {
                    // Its last line says what is wrong; the others draw the pattern.
                    let told = error.to_string();
                    let told = told.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    let hint = "a character such as ( [ . * stands for itself after a \\, in single quotation marks: '^\\(notice\\)'".to_owned();
                    self.fault(span(pattern), format!("`{}` is no regular expression: {told}", pattern.get_ref()), hint);
                }
            }
        }
        out
    }

    pub(super) fn vocabulary_files(&mut self, globs: Option<&Spanned<Vec<PathBuf>>>, builtin: &str) -> Result<Vec<DataFile>, PlanError> {
        match globs {
            Some(globs) => self.data_files(globs),
            None => Ok(builtin_files(builtin)),
        }
    }

    /// The text files that globs name, sorted by path.
    pub(super) fn data_files(&mut self, globs: &Spanned<Vec<PathBuf>>) -> Result<Vec<DataFile>, PlanError> {
        let input = Input {
            source: "".into(),
            files: globs.get_ref().iter().map(|glob| self.folder.join(glob)).collect(),
            layout: Layout::Text,
            fields: FieldNames::default(),
        };
        let found = match crate::load::find(&input) {
            Ok(found) => found.files,
            Err(error) => {
                self.fault(span(globs), error.to_string(), missing_hint(&error));
                return Ok(Vec::new());
            }
        };
        if found.is_empty() {
            self.fault(span(globs), "no file matches", "paths are relative to the pipeline file".to_owned());
        }
        found.into_iter().map(|file| Ok(DataFile { text: read_text(&file.path)?, path: file.path })).collect()
    }
}
