//! Reads a journal while another process writes it.
use super::error::JournalError;
use super::scan::{Check, Entry, Mode, Scan};
use std::path::Path;

/// Hands out records as they appear, across segments and across clean stops.
#[derive(Debug)]
pub struct Reader {
    scan: Scan,
}

impl Reader {
    /// Begins at record `from` (1 is the first), whether it is there already or not.
    pub fn open(data: &Path, from: u64, check: Check) -> Result<Self, JournalError> {
        Ok(Self { scan: Scan::open_as(data, from, check, Mode::Follow)? })
    }

    /// The next record, or `None` if it is not there yet: ask again later. Damage is an error.
    pub fn read(&mut self) -> Result<Option<Entry<'_>>, JournalError> {
        self.scan.read()
    }
}
