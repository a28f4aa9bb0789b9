//! Faults of the journal as Python exceptions.
use std::sync::Arc;

use isthmus_core::broker::BrokerError;
use isthmus_core::journal::JournalError;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyOSError};
use pyo3::prelude::*;

create_exception!(isthmus._core, JournalDamaged, PyException, "The journal is damaged; the message names the record.");
create_exception!(isthmus._core, JournalFenced, PyOSError, "Another process took the data folder over.");
create_exception!(
    isthmus._core,
    OtherRelease,
    PyException,
    "Records of earlier rules, which this release does not run."
);
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
        JournalError::Fenced { .. } => JournalFenced::new_err(text),
        JournalError::Locked { .. } => FolderLocked::new_err(text),
        JournalError::Damaged(_) | JournalError::BadSnapshot { .. } => JournalDamaged::new_err(text),
        JournalError::Poisoned | JournalError::Refused(_) => PyOSError::new_err(text),
    }
}

pub fn broker_error(error: BrokerError) -> PyErr {
    match error {
        BrokerError::Journal(error) => journal_error(error),
        BrokerError::OtherRelease { .. } => OtherRelease::new_err(error.to_string()),
        other => JournalDamaged::new_err(other.to_string()),
    }
}

/// A fault that others may be told of as well.
pub fn shared_error(error: Arc<BrokerError>) -> PyErr {
    match Arc::try_unwrap(error) {
        Ok(error) => broker_error(error),
        Err(shared) => match &*shared {
            BrokerError::Journal(JournalError::Io { source, .. }) if source.raw_os_error().is_some() => {
                PyOSError::new_err((source.raw_os_error(), shared.to_string()))
            }
            BrokerError::Journal(JournalError::Io { .. } | JournalError::Poisoned | JournalError::Refused(_)) => {
                PyOSError::new_err(shared.to_string())
            }
            _ => JournalDamaged::new_err(shared.to_string()),
        },
    }
}
