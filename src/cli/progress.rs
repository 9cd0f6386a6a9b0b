//! How far a run is: a line on the terminal with bytes, rate and time left, that
//! leaves nothing behind. Log lines go around it.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::interrupt::Stop;
use crate::batch::{Leftovers, Watch};

/// The line that is on the terminal now, for log lines to go around.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Bytes: 16 columns of bar leave room for the rest in 80.
const READING: &str = "{spinner} {prefix:<10} {bar:16} {decimal_bytes:>9} of {decimal_total_bytes} {decimal_bytes_per_sec:>11} {eta:>4} left";
/// Everything that is not counted in bytes.
const OTHER: &str = "{spinner} {prefix} {elapsed}";

/// A progress line, or nothing.
#[derive(Clone)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Shown if it is wanted and standard error is a terminal.
    pub(super) fn new(wanted: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        let shown = wanted && !dumb && io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::term_like_with_hz(Box::new(Terminal), 10) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let progress = Self { bar };
        progress.style(OTHER);
        progress.bar.set_prefix("reading the pipeline");
        if shown {
            progress.bar.enable_steady_tick(Duration::from_millis(100));
            *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress.bar.clone());
        }
        progress
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
    }

    /// Does this with the line off the terminal.
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    /// A signal came.
    pub(super) fn stopping(&self) {
        self.style(OTHER);
        self.bar.set_prefix("stopping");
    }

    /// Takes the line off the terminal.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// One run as it is watched: shown, and stopped by signals.
pub(super) struct Watched<'s> {
    progress: Progress,
    stop: &'s Stop,
    /// Kept until the run holds its lock.
    leftovers: Mutex<Option<Leftovers>>,
}

impl<'s> Watched<'s> {
    /// Watches a run that would leave this.
    pub(super) fn new(progress: &Progress, stop: &'s Stop, leftovers: Option<Leftovers>) -> Self {
        Self { progress: progress.clone(), stop, leftovers: Mutex::new(leftovers) }
    }
}

impl Watch for Watched<'_> {
    fn begin(&self, bytes: u64) {
        self.progress.bar.reset();
        self.progress.bar.set_length(bytes);
    }

    fn advance(&self, bytes: u64) {
        // Before the first bytes there is neither rate nor time left.
        if self.progress.bar.position() == 0 {
            self.progress.style(READING);
        }
        self.progress.bar.inc(bytes);
    }

    fn finish(&self) {
        self.progress.style(OTHER);
    }

    fn step(&self, what: &'static str) {
        // A run's first step comes when it has the lock: before, what lies there is another's.
        if let Some(leftovers) = self.leftovers.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.stop.leave(leftovers);
        }
        self.progress.bar.set_prefix(what);
    }

    fn stopped(&self) -> bool {
        self.stop.stopped()
    }

    fn commit(&self) -> bool {
        self.stop.hold()
    }
}

/// Standard error as a terminal that is a few columns narrower than it is: a line
/// is filled up with spaces, and the `^C` that a terminal shows must fit on it to
/// be taken away with it.
#[derive(Debug)]
struct Terminal;

const KEPT_FREE: u16 = 4;

impl Terminal {
    fn write(text: std::fmt::Arguments<'_>) -> io::Result<()> {
        io::stderr().write_fmt(text)
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| width.0).saturating_sub(KEPT_FREE).max(1)
    }

    fn height(&self) -> u16 {
        terminal_size::terminal_size_of(io::stderr()).map_or(24, |(_, height)| height.0)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        if n > 0 { Self::write(format_args!("\x1b[{n}A")) } else { Ok(()) }
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        if n > 0 { Self::write(format_args!("\x1b[{n}B")) } else { Ok(()) }
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        if n > 0 { Self::write(format_args!("\x1b[{n}C")) } else { Ok(()) }
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        if n > 0 { Self::write(format_args!("\x1b[{n}D")) } else { Ok(()) }
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        Self::write(format_args!("{line}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        Self::write(format_args!("{text}"))
    }

    fn clear_line(&self) -> io::Result<()> {
        Self::write(format_args!("\r\x1b[2K"))
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// A progress line and what stops it, for a command that takes long.
pub(super) fn watch(wanted: bool, json: bool) -> Result<(Progress, Arc<Stop>), crate::Error> {
    let progress = Progress::new(wanted);
    let stop = Stop::listen(progress.clone(), json)?;
    Ok((progress, stop))
}

/// Standard error for log lines: the progress line makes way for them.
pub(super) struct AroundProgress;

impl Write for AroundProgress {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match shown {
            Some(bar) => bar.suspend(|| io::stderr().write(bytes)),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
