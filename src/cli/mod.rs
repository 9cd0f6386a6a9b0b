//! The command line: arguments, rendering, exit codes. The only part of tifa
//! that prints.

mod chart;
mod check;
mod complete;
mod discover;
mod examples;
mod explain;
mod finding;
mod init;
mod interrupt;
mod manual;
mod progress;
mod releases;
mod render;
mod report;
mod run;
mod show;
mod underline;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::Error;
use crate::batch::BatchError;
use crate::plan::Plan;

/// Turns raw official Chinese text into analysis-ready tables.
#[derive(Debug, Parser)]
#[command(name = "tifa", version, about, max_term_width = 100, after_help = examples::TIFA)]
struct Arguments {
    /// Print nothing but errors and the last line
    #[arg(long, short, global = true)]
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
    /// the lock, 130 or 143 stopped by Ctrl-C or SIGTERM.
    #[command(after_help = examples::RUN)]
    Run(run::RunArguments),
    /// Check pipeline files, their lexicon and vocabulary, and the last release
    ///
    /// Nothing is run: the pipeline's own checks are made on the tables of the last release.
    ///
    /// Exit codes: 0 all cases and checks hold (what is listed then is advice), 1 some do not, 2 a
    /// file has mistakes or, with --fresh, there is no release.
    #[command(after_help = examples::CHECK)]
    Check(check::CheckArguments),
    /// Print the columns of a table, or of all
    #[command(after_help = examples::SCHEMA)]
    Schema {
        /// Table; all if none is named
        #[arg(add = complete::tables())]
        table: Option<String>,
        /// How to print
        #[arg(long, value_enum, default_value_t = show::SchemaFormat::Text)]
        format: show::SchemaFormat,
    },
    /// Print rows of a table of the last release, or of a run that stopped early
    #[command(after_help = examples::SHOW)]
    Show(show::ShowArguments),
    /// Draw a theme over time on the terminal
    #[command(after_help = examples::CHART)]
    Chart(chart::ChartArguments),
    /// List the releases of a pipeline, or show what changed between two
    #[command(after_help = examples::RELEASES)]
    Releases(releases::ReleasesArguments),
    /// List phrases that are new or rising and in no theme, or make drafts of themes from them
    #[command(after_help = examples::DISCOVER)]
    Discover(discover::DiscoverArguments),
    /// Make the report of a release again, in a language or place of your choice
    #[command(after_help = examples::REPORT)]
    Report(report::ReportArguments),
    /// Show what is read in a text, and by which rule
    #[command(after_help = examples::EXPLAIN)]
    Explain(explain::ExplainArguments),
    /// Make a pipeline with the starter lexicon, for a text of its own or for your files
    ///
    /// Asks nothing; what it makes runs at once.
    #[command(after_help = examples::INIT)]
    Init(init::InitArguments),
    /// Print what a shell needs to complete commands, pipelines, themes, tables and columns
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        shell: complete::Shell,
    },
    /// Print the manual page of the program or of a command, or write all
    #[command(after_help = examples::MAN)]
    Man {
        /// Command; the program itself if none is named
        command: Option<String>,
        /// Folder to write the pages of all commands into
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        output: Option<PathBuf>,
    },
}

/// Which pipelines a command is about.
#[derive(Debug, Args)]
struct Pipelines {
    /// Pipeline files, or names of files in the nearest pipelines/ folder upward
    ///
    /// Without any, the one pipeline in that folder.
    #[arg(value_name = "PIPELINE", add = complete::pipelines())]
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
            let there = match (&folder, known.as_slice()) {
                (Some(folder), known) if !known.is_empty() => format!(" ({} has {})", folder.display(), known.join(", ")),
                _ => String::new(),
            };
            Error::Usage(format!("there is no pipeline `{typed}`{near}{there}"))
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
    complete::answer(Arguments::command);
    let arguments = Arguments::parse();
    log_to_stderr(arguments.log_format, arguments.quiet);
    match execute(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has enough: head, less.
        Err(Error::Write(crate::write::WriteError::Io { cause, .. })) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Error::Batch(BatchError::Interrupted)) => {
            let code = interrupt::exit_code();
            render::interrupted(code, arguments.log_format == LogFormat::Json);
            ExitCode::from(code)
        }
        Err(error) => {
            render::error(&error, arguments.log_format == LogFormat::Json);
            ExitCode::from(error.exit_code())
        }
    }
}

fn execute(arguments: &Arguments) -> Result<(), Error> {
    let json = arguments.log_format == LogFormat::Json;
    match &arguments.command {
        Command::Run(run) => run.execute(arguments.quiet, json),
        Command::Check(check) => check.execute(arguments.quiet, json),
        Command::Schema { table, format } => show::schema(table.as_deref(), *format),
        Command::Show(show) => show.execute(),
        Command::Releases(releases) => releases.execute(json),
        Command::Discover(discover) => discover.execute(arguments.quiet, json),
        Command::Report(report) => report.execute(),
        Command::Explain(explain) => explain.execute(),
        Command::Init(init) => init.execute(arguments.quiet),
        Command::Completions { shell } => complete::print(*shell),
        Command::Man { command, output } => manual::man(Arguments::command(), command.as_deref(), output.as_deref()),
        Command::Chart(chart) => chart.execute(),
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
    let builder = tracing_subscriber::fmt().with_max_level(level).with_writer(|| progress::AroundProgress).with_target(false);
    match format {
        LogFormat::Json => builder.json().init(),
        LogFormat::Text => builder.without_time().with_ansi(render::is_styled()).init(),
    }
}
