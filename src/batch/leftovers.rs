//! What a run that cannot be waited for leaves, cleared away by another thread.
//!
//! A run asks its [`Watch`](super::Watch) between steps whether it is to stop. A
//! step may take longer than a person waits after Ctrl-C; then the process ends in
//! the middle of it, which is as safe as being killed, and this clears what a
//! killed run would leave for the next one.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::{BatchError, Clock, Options, RunRecord};
use crate::plan::Plan;
use crate::write::{WriteError, clear_unfinished};

/// What a run of a pipeline may leave, known before it begins.
pub struct Leftovers {
    output: PathBuf,
    scratch: PathBuf,
    /// Its record, if it would leave one.
    record: Option<RunRecord>,
}

impl Leftovers {
    /// Those of a run of this plan that begins now.
    #[must_use]
    pub fn of(plan: &Plan, options: &Options) -> Self {
        let started: DateTime<Utc> = SystemTime::now().into();
        Self {
            output: plan.output.join(&plan.name),
            scratch: plan.work.join(&plan.name).join("cache").join("scratch"),
            record: (!options.dry_run).then(|| RunRecord::new(plan, started, options)),
        }
    }

    /// Clears the half-made release and what lies aside in the cache, and writes
    /// the record of the run: it was interrupted. Call it when the process is about
    /// to end, and only if the run has not begun to publish and holds the lock.
    ///
    /// # Errors
    /// [`WriteError`]: then the next run clears what is left.
    pub fn clear(mut self) -> Result<(), WriteError> {
        let cleared = clear_unfinished(&self.output);
        // The run still writes there, so it may be filled again while it is emptied.
        let _ = fs::remove_dir_all(&self.scratch);
        if let Some(record) = &mut self.record {
            record.finish(SystemTime::now().into(), &Clock::default(), Some(&BatchError::Interrupted));
            record.write(&self.output.join("runs"))?;
        }
        cleared
    }
}
