//! Ctrl-C and SIGTERM: the first asks the run to stop at its next step, and ends
//! the process if that takes longer than a person waits; the second ends it at once.
//!
//! Either way `latest` leads to a whole release: what a run makes is seen by
//! nobody until one rename.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::register_conditional_shutdown;
use signal_hook::iterator::Signals;

use super::progress::Progress;
use crate::Error;
use crate::batch::Leftovers;

/// How long a run has to come to its next step.
const GRACE: Duration = Duration::from_millis(400);

/// Whether the process may end now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    /// It may.
    Open,
    /// A release gets its name, or the end is near: whoever holds this goes on alone.
    Held,
    /// It ends.
    Shut,
}

/// What asks a command to stop.
pub(super) struct Stop {
    /// Whether a signal came; a second one then ends the process.
    told: Arc<AtomicBool>,
    gate: Mutex<Gate>,
    leftovers: Mutex<Option<Leftovers>>,
    json: bool,
}

/// The number of the signal that came; 0 before.
static SIGNAL: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// The exit code of a command that was told to stop: 128 and the signal's number.
pub(super) fn exit_code() -> u8 {
    match SIGNAL.get().map_or(0, |signal| signal.load(Ordering::SeqCst)) {
        0 => 130,
        signal => u8::try_from(128 + signal).unwrap_or(130),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stop {
    /// Listens for the two signals from now on.
    ///
    /// # Errors
    /// The system's, if it lets nobody listen.
    pub(super) fn listen(progress: Progress, json: bool) -> Result<Arc<Self>, Error> {
        let failed = |e: std::io::Error| Error::Usage(format!("cannot listen for signals: {e}"));
        let stop = Arc::new(Self { told: Arc::default(), gate: Mutex::new(Gate::Open), leftovers: Mutex::new(None), json });
        for signal in [SIGINT, SIGTERM] {
            register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop.told)).map_err(failed)?;
        }
        for (signal, number) in [(SIGINT, 2), (SIGTERM, 15)] {
            signal_hook::flag::register_usize(signal, Arc::clone(SIGNAL.get_or_init(Arc::default)), number).map_err(failed)?;
            signal_hook::flag::register(signal, Arc::clone(&stop.told)).map_err(failed)?;
        }
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
        let waiting = Arc::clone(&stop);
        thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                if signals.forever().next().is_some() {
                    progress.stopping();
                    thread::sleep(GRACE);
                    waiting.end(&progress);
                }
            })
            .map_err(failed)?;
        Ok(stop)
    }

    /// Whether the run is to stop. Does not return once the process ends.
    pub(super) fn stopped(&self) -> bool {
        while *locked(&self.gate) == Gate::Shut {
            thread::sleep(GRACE);
        }
        self.told.load(Ordering::SeqCst)
    }

    /// Keeps the process from ending until [`release`](Self::release), false if it is to stop.
    pub(super) fn hold(&self) -> bool {
        if self.stopped() {
            return false;
        }
        self.shut_out();
        true
    }

    /// From here on the caller ends the process itself; does not return if it ends already.
    pub(super) fn shut_out(&self) {
        loop {
            let mut gate = locked(&self.gate);
            if *gate != Gate::Shut {
                *gate = Gate::Held;
                return;
            }
            drop(gate);
            thread::sleep(GRACE);
        }
    }

    /// Lets the process end again.
    pub(super) fn release(&self) {
        let mut gate = locked(&self.gate);
        if *gate == Gate::Held {
            *gate = Gate::Open;
        }
        drop(gate);
        *locked(&self.leftovers) = None;
    }

    /// What is cleared away if the process ends in the middle of a step.
    pub(super) fn leave(&self, leftovers: Leftovers) {
        *locked(&self.leftovers) = Some(leftovers);
    }

    /// The outcome of a command that was watched: the progress line is gone, and
    /// whatever happens, from here on the caller ends the process.
    pub(super) fn ended<T>(&self, progress: &Progress, outcome: Result<T, Error>) -> Result<T, Error> {
        self.shut_out();
        progress.clear();
        outcome
    }

    /// Ends the process, unless somebody holds it: then it ends by itself.
    fn end(&self, progress: &Progress) {
        loop {
            let mut gate = locked(&self.gate);
            if *gate == Gate::Open {
                *gate = Gate::Shut;
                break;
            }
            drop(gate);
            thread::sleep(Duration::from_millis(20));
        }
        let code = exit_code();
        progress.clear();
        let cleared = locked(&self.leftovers).take().map_or(Ok(()), Leftovers::clear);
        super::render::interrupted(code, self.json);
        if let Err(error) = cleared {
            tracing::warn!("what the run left is cleared by the next one: {error}");
        }
        let _ = std::io::stdout().flush();
        std::process::exit(i32::from(code));
    }
}
