//! `tifa report`.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::{Folders, say, the_pipeline};
use crate::Error;
use crate::batch::remake_report;
use crate::plan::Plan;
use crate::write::{Language, REPORT_FILE, latest, write_whole};

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Pipeline file or name
    #[arg(value_name = "PIPELINE")]
    pipeline: Option<PathBuf>,
    /// Language of the page, instead of that of the release
    #[arg(long, value_enum, value_name = "LANG")]
    lang: Option<Language>,
    /// Release, by its id or the beginning of it; the newest without one
    #[arg(long, value_name = "ID")]
    release: Option<String>,
    /// File to write, instead of report.html in the folder where you are; - for standard output
    ///
    /// A release is never changed: the page inside it stays as it was published.
    #[arg(long, short = 'o', value_name = "FILE", default_value = REPORT_FILE)]
    file: PathBuf,
    #[command(flatten)]
    folders: Folders,
}

impl ValueEnum for Language {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ReportArguments {
    pub(super) fn execute(&self) -> Result<(), Error> {
        let mut plan = Plan::read(&the_pipeline(self.pipeline.as_deref())?)?;
        self.folders.apply(&mut plan);
        let page = remake_report(&self.release_folder(&plan)?, self.lang)?;
        if self.file.as_os_str() == "-" {
            return say(format_args!("{page}"));
        }
        write_whole(&self.file, &page)?;
        say(format_args!("{}: {} bytes", self.file.display(), page.len()))
    }

    fn release_folder(&self, plan: &Plan) -> Result<PathBuf, Error> {
        let output = plan.output.join(&plan.name);
        let Some(id) = &self.release else {
            return latest(&output).ok_or_else(|| Error::Usage(format!("pipeline `{}` has no release yet: run it first", plan.name)));
        };
        let list = std::fs::read_dir(output.join("releases")).map(|list| list.flatten().map(|e| e.path()).collect::<Vec<_>>()).unwrap_or_default();
        let named = |path: &PathBuf| path.file_name().and_then(|n| n.to_str()).is_some_and(|name| name.starts_with(id.as_str()) && !name.starts_with('.'));
        match list.into_iter().filter(named).collect::<Vec<_>>().as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(Error::Usage(format!("pipeline `{}` has no release `{id}`", plan.name))),
            _ => Err(Error::Usage(format!("several releases begin with `{id}`"))),
        }
    }
}
