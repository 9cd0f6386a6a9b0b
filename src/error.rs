//! The roof over all errors: what went wrong, and with which exit code a
//! program should end.

use crate::batch::BatchError;
use crate::plan::PlanError;
use crate::resolve::VocabularyError;
use crate::write::WriteError;

/// Any error of a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pipeline file or one that it names.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The run.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A file.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The words that tifa was built with.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// What a person asked for cannot be done as asked.
    #[error("{0}")]
    Usage(String),
    /// Cases or data that do not hold.
    #[error("{0}")]
    Check(String),
}

impl Error {
    /// 1: the data failed a check and nothing was published; 2: usage,
    /// configuration or a broken world; 75: another run holds the lock; 130: told to stop
    /// (the program ends with 128 and the number of the signal that told it).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Check(_) => 1,
            Self::Batch(error) => error.exit_code(),
            _ => 2,
        }
    }
}
