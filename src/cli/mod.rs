//! The command line: arguments, rendering, exit codes. The only part of tifa
//! that prints.

mod check;
mod discover;
mod explain;
mod finding;
mod init;
mod render;
mod report;
mod run;
mod show;
mod underline;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::Error;
use crate::plan::Plan;

/// Turns raw official Chinese text into analysis-ready tables.
#[derive(Debug, Parser)]
#[command(name = "tifa", version, about, max_term_width = 100)]
struct Arguments {
    /// Print nothing but errors and the last line
    #[arg(long, global = true)]
    quiet: bool,
    /// How messages are printed
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// A JSON object a line, for machines
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run pipelines and publish what changed
    ///
    /// Exit codes: 0 published or unchanged (the last line says which), 1 the data failed a check
    /// and nothing was published, 2 usage, configuration or a broken world, 75 another run holds
    /// the lock.
    Run(run::RunArguments),
    /// Check pipeline files, their lexicon and vocabulary, without running them
    ///
    /// Exit codes: 0 all cases hold (what is listed then is advice), 1 some do not, 2 a file has
    /// mistakes.
    Check(check::CheckArguments),
    /// Print the columns of a table, or of all
    Schema {
        /// Table; all if none is named
        table: Option<String>,
        /// How to print
        #[arg(long, value_enum, default_value_t = show::SchemaFormat::Text)]
        format: show::SchemaFormat,
    },
    /// Print rows of a table of the last release, or of a run that stopped early
    Show(show::ShowArguments),
    /// List phrases that are new or rising and in no theme, or make drafts of themes from them
    Discover(discover::DiscoverArguments),
    /// Make the report of a release again, in a language or place of your choice
    Report(report::ReportArguments),
    /// Show what is read in a text, and by which rule
    Explain(explain::ExplainArguments),
    /// Make a folder with a pipeline, the starter lexicon and a text, ready to run
    Init {
        /// The folder; it must not have a pipeline yet
        folder: PathBuf,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Which pipelines a command is about.
#[derive(Debug, Args)]
struct Pipelines {
    /// Pipeline files, or names of files in the nearest pipelines/ folder upward
    ///
    /// Without any, the one pipeline in that folder.
    #[arg(value_name = "PIPELINE")]
    pipelines: Vec<PathBuf>,
}

impl Pipelines {
    fn files(&self) -> Result<Vec<PathBuf>, Error> {
        if self.pipelines.is_empty() {
            return Ok(vec![the_pipeline(None)?]);
        }
        self.pipelines.iter().map(|named| the_pipeline(Some(named))).collect()
    }
}

/// Where a pipeline's folders are, if not where its file says.
#[derive(Debug, Args)]
struct Folders {
    /// Folder of the releases, instead of the pipeline's `output`
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Folder of the cache, instead of .tifa beside the output
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
}

impl Folders {
    fn apply(&self, plan: &mut Plan) {
        if let Some(output) = &self.output {
            plan.output.clone_from(output);
        }
        if let Some(work) = &self.work {
            plan.work.clone_from(work);
        }
    }
}

/// The pipeline file that is meant by a path, by a name, or by nothing.
fn the_pipeline(named: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(path) = named.filter(|path| path.is_file()) {
        return Ok(path.to_owned());
    }
    let folder = nearest_pipelines();
    let files = folder.as_deref().map(pipeline_files).unwrap_or_default();
    let stem = |path: &PathBuf| path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let known: Vec<String> = files.iter().map(stem).collect();
    match named {
        Some(named) => files.iter().find(|f| Some(stem(f).as_str()) == named.to_str()).cloned().ok_or_else(|| {
            let typed = named.to_string_lossy();
            let near = crate::diagnostic::suggestion(&typed, known.iter().map(String::as_str)).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            Error::Usage(format!("there is no pipeline `{typed}`{near}"))
        }),
        None => match files.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(Error::Usage("there is no pipelines/ folder with a pipeline here or above: name a file, or make one with `tifa init FOLDER`".into())),
            _ => Err(Error::Usage(format!("there are several pipelines: name one of {}", known.join(", ")))),
        },
    }
}

/// The nearest `pipelines/` folder upward that holds a pipeline.
fn nearest_pipelines() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join("pipelines")).find(|folder| !pipeline_files(folder).is_empty())
}

fn pipeline_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(list) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = list.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "toml") && p.is_file()).collect();
    files.sort();
    files
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(arguments.log_format, arguments.quiet);
    match execute(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has enough: head, less.
        Err(Error::Write(crate::write::WriteError::Io { cause, .. })) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            render::error(&error, arguments.log_format == LogFormat::Json);
            ExitCode::from(error.exit_code())
        }
    }
}

fn execute(arguments: &Arguments) -> Result<(), Error> {
    match &arguments.command {
        Command::Run(run) => run.execute(arguments.quiet, arguments.log_format == LogFormat::Json),
        Command::Check(check) => check.execute(arguments.quiet),
        Command::Schema { table, format } => show::schema(table.as_deref(), *format),
        Command::Show(show) => show.execute(),
        Command::Discover(discover) => discover.execute(arguments.quiet),
        Command::Report(report) => report.execute(),
        Command::Explain(explain) => explain.execute(),
        Command::Init { folder } => init::init(folder),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Arguments::command(), "tifa", &mut io::stdout());
            Ok(())
        }
    }
}

/// Prints a line; a closed pipe is no error worth a message.
fn say(line: std::fmt::Arguments<'_>) -> Result<(), Error> {
    writeln!(io::stdout().lock(), "{line}").map_err(stdout_error)
}

fn stdout_error(cause: io::Error) -> Error {
    Error::Write(crate::write::WriteError::io(Path::new("standard output"), cause))
}

fn log_to_stderr(format: LogFormat, quiet: bool) {
    let level = if quiet { tracing::Level::ERROR } else { tracing::Level::INFO };
    let builder = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_target(false);
    match format {
        LogFormat::Json => builder.json().init(),
        LogFormat::Text => builder.without_time().with_ansi(io::stderr().is_terminal()).init(),
    }
}
