//! The tape: what outside markets showed, kept so that a decision can be made again from what it saw.
//!
//! Owns: a folder of segments, appended to by one writer. Takes: frames (books, trades, health of venues). Emits: an offset
//! for each, frames from an offset on, a verdict over every byte. Never: reads a clock, changes what is
//! written, or keeps more than its limit of bytes.
//!
//! Frames are gathered into blocks; a block is written at once with SHA-256 over the block before it and itself. What is
//! not yet in a block is lost when the process is killed: `flush` before a decision that names an offset. A block
//! that was only half written (a torn tail) is cut at the next start; anything else that is wrong is damage.
mod block;
mod frame;
mod reader;
mod segment;
mod verify;
mod writer;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use frame::{Frame, LEVELS_MAX, Level, NOTE_BYTES_MAX, Payload, Side};
pub use reader::Reader;
pub use verify::{Bad, Verdict, verify};
pub use writer::{Limits, Tape};

/// The hash before the first block.
pub const START: Hash = [0; 32];
pub type Hash = [u8; 32];

#[derive(Debug)]
pub enum TapeError {
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// What is stored is not what was written.
    Damaged(Bad),
    /// Another process writes this tape.
    Locked(PathBuf),
    /// The offset was dropped by the limit; the tape begins at `first`.
    Gone {
        first: u64,
    },
    /// A frame or a limit that the tape does not take.
    Refused {
        field: &'static str,
        reason: &'static str,
    },
}

impl TapeError {
    pub(crate) fn io<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }
}

impl fmt::Display for TapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, source } => write!(f, "cannot {doing} {}: {source}", path.display()),
            Self::Damaged(bad) => write!(f, "the tape is damaged: {bad}"),
            Self::Locked(path) => write!(f, "another process writes {}", path.display()),
            Self::Gone { first } => write!(f, "start: the tape begins at offset {first}"),
            Self::Refused { field, reason } => write!(f, "{field}: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests;
