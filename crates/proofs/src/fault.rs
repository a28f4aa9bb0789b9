//! Why a log, a note or a proof is refused: every refusal has a name that callers print and tests ask for.
use isthmus_core::journal::JournalError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A refusal by name and reason, or what the operating system or the journal said.
#[derive(Debug)]
pub enum LogError {
    /// What was given is not what it claims to be.
    Refused { name: &'static str, reason: String },
    /// The operating system refused; `doing` says what was tried.
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// The journal that the leaves are made from.
    Journal(JournalError),
}

impl LogError {
    pub(crate) fn refused(name: &'static str, reason: impl Into<String>) -> Self {
        Self::Refused { name, reason: reason.into() }
    }

    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { doing, path, source }
    }

    /// The name of a refusal; `io` and `journal` for what was not refused here.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused { name, .. } => name,
            Self::Io { .. } => "io",
            Self::Journal(_) => "journal",
        }
    }
}

impl From<JournalError> for LogError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { name, reason } => write!(out, "{name}: {reason}"),
            Self::Io { doing, path, source } => write!(out, "cannot {doing} {}: {source}", path.display()),
            Self::Journal(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for LogError {}
