//! What can go wrong with a journal, by name.
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a journal is not what its writer wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BadReason {
    /// The frame does not end where its length says, or the length cannot be one.
    Length,
    /// The bytes of a frame do not have the CRC-32C they carry.
    Crc,
    /// The hash is not SHA-256(previous hash || body).
    Hash,
    /// The record's number is not the next one.
    Sequence,
    /// Bytes that are not zero stand where nothing was written.
    Padding,
    /// A segment that must exist is absent.
    MissingSegment,
    /// The first 64 bytes of a segment are wrong.
    Header,
    /// A seal is absent or contradicts the records before it.
    Seal,
    /// The head asked for is nowhere in the chain.
    Head,
}

impl BadReason {
    /// The word that `isthmus verify` prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Crc => "crc",
            Self::Hash => "hash",
            Self::Sequence => "sequence",
            Self::Padding => "padding",
            Self::MissingSegment => "missing_segment",
            Self::Header => "header",
            Self::Seal => "seal",
            Self::Head => "head",
        }
    }
}

impl fmt::Display for BadReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// The first place where a journal is damaged; `record` is the sequence expected there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstBad {
    pub record: u64,
    pub segment: u64,
    pub offset: u64,
    pub reason: BadReason,
}

impl fmt::Display for FirstBad {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, segment, offset, reason } = self;
        write!(out, "record {record} (segment {segment:08}, offset {offset}): {reason}")
    }
}

#[derive(Debug)]
pub enum JournalError {
    /// The operating system refused; `doing` says what was tried.
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// Another process holds the data folder.
    Locked { path: PathBuf },
    /// Another process took the folder over; its epoch is this. Nothing is acknowledged here any more.
    Fenced { epoch: u32 },
    /// An fdatasync failed earlier: written pages may be lost, so this writer never writes again.
    Poisoned,
    /// The journal is damaged; nothing at or after this place can be trusted.
    Damaged(FirstBad),
    /// A snapshot file is not whole, or not one of ours.
    BadSnapshot { path: PathBuf, reason: &'static str },
    /// Asked for something that is never done; the text says why.
    Refused(&'static str),
}

impl JournalError {
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { doing, path, source }
    }

    /// Whether the disk (or a quota) is full, so that trying again later may succeed.
    pub fn is_disk_full(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge))
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, source } => write!(out, "cannot {doing} {}: {source}", path.display()),
            Self::Locked { path } => write!(out, "data folder is locked by another process: {}", path.display()),
            Self::Fenced { epoch } => {
                write!(out, "another process took the data folder over (epoch {epoch}): nothing is acknowledged here")
            }
            Self::Poisoned => out.write_str("journal closed: an earlier fdatasync failed, written pages may be lost"),
            Self::Damaged(first) => write!(out, "journal damaged at {first}"),
            Self::BadSnapshot { path, reason } => {
                write!(out, "snapshot {} is damaged: {reason}", path.display())
            }
            Self::Refused(why) => out.write_str(why),
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
