//! How far a shard is, told to whoever watches the run, and whether it is to stop.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{BatchError, Watch};

/// The bytes of one shard as they are told.
pub(super) struct Pace<'w> {
    watch: &'w dyn Watch,
    bytes: u64,
    told: AtomicU64,
}

impl fmt::Debug for Pace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.told.load(Ordering::Relaxed), self.bytes)
    }
}

impl<'w> Pace<'w> {
    /// Nothing of a shard is done yet.
    pub(super) fn new(watch: &'w dyn Watch, bytes: u64) -> Self {
        Self { watch, bytes, told: AtomicU64::new(0) }
    }

    /// So much of the shard is done: what was not told before is told now.
    ///
    /// # Errors
    /// [`BatchError::Interrupted`] if the run is to stop.
    pub(super) fn reach(&self, done: usize, of: usize) -> Result<(), BatchError> {
        let now = u64::try_from(u128::from(self.bytes) * done.min(of) as u128 / of.max(1) as u128).unwrap_or(self.bytes);
        let before = self.told.fetch_max(now, Ordering::Relaxed);
        if now > before {
            self.watch.advance(now - before);
        }
        if self.watch.stopped() { Err(BatchError::Interrupted) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Heard {
        bytes: AtomicU64,
        stop: bool,
    }

    impl Watch for Heard {
        fn begin(&self, _: u64) {}
        fn advance(&self, bytes: u64) {
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        fn finish(&self) {}
        fn stopped(&self) -> bool {
            self.stop
        }
    }

    #[test]
    fn all_bytes_are_told_once_whatever_the_steps() {
        let heard = Heard::default();
        let pace = Pace::new(&heard, 1000);
        for (done, of) in [(1, 3), (1, 4), (5, 7), (0, 0), (9, 7), (1, 1)] {
            pace.reach(done, of).unwrap();
        }
        assert_eq!(heard.bytes.load(Ordering::Relaxed), 1000);
        assert!(matches!(Pace::new(&Heard { stop: true, ..heard }, 1).reach(1, 1), Err(BatchError::Interrupted)));
    }
}
