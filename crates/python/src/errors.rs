//! Faults of the journal as Python exceptions.
use isthmus_core::broker::BrokerError;
use isthmus_core::journal::JournalError;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyOSError};
use pyo3::prelude::*;

create_exception!(isthmus._core, JournalDamaged, PyException, "The journal is damaged; the message names the record.");
create_exception!(isthmus._core, FolderLocked, PyException, "Another process holds the data folder.");

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn journal_error(error: JournalError) -> PyErr {
    let text = error.to_string();
    match error {
        JournalError::Io { source, .. } => match source.raw_os_error() {
            Some(number) => PyOSError::new_err((number, text)),
            None => PyOSError::new_err(text),
        },
        JournalError::Locked { .. } => FolderLocked::new_err(text),
        JournalError::Damaged(_) | JournalError::BadSnapshot { .. } => JournalDamaged::new_err(text),
        JournalError::Poisoned | JournalError::Refused(_) => PyOSError::new_err(text),
    }
}

pub fn broker_error(error: BrokerError) -> PyErr {
    match error {
        BrokerError::Journal(error) => journal_error(error),
        BrokerError::Differs { record } => {
            JournalDamaged::new_err(format!("record {record}: running it again does not give what was journalled"))
        }
        BrokerError::BadState { sequence } => {
            JournalDamaged::new_err(format!("snapshot at {sequence}: not a state of this release"))
        }
    }
}
