//! What works beside the engine's own thread: writing the journal, and running it again for snapshots.
use std::sync::Arc;

use isthmus_core::flusher::Flusher as CoreFlusher;
use isthmus_core::follower::Following;
use pyo3::prelude::*;

use crate::errors::{journal_error, shared_error};

/// Writes what was handed over; may run in a thread of its own (the interpreter is free meanwhile).
#[pyclass(frozen, module = "isthmus._core")]
pub struct Flusher(pub Arc<CoreFlusher>);

#[pymethods]
impl Flusher {
    #[getter]
    fn durable(&self) -> u64 {
        self.0.durable()
    }

    fn flush(&self, py: Python<'_>) -> PyResult<u64> {
        py.detach(|| self.0.flush()).map_err(journal_error)
    }
}

/// Runs the journal again behind the engine, in a thread of its own, and writes snapshots.
#[pyclass(frozen, module = "isthmus._core")]
pub struct Follower(pub Arc<Following>);

#[pymethods]
impl Follower {
    /// The last record that was run again.
    #[getter]
    fn sequence(&self) -> u64 {
        self.0.sequence()
    }

    /// The record that the newest snapshot is of; 0 while there is none.
    #[getter]
    fn saved(&self) -> u64 {
        self.0.saved()
    }

    /// Why there is no newer snapshot, or None.
    #[getter]
    fn fault(&self) -> Option<String> {
        self.0.fault()
    }

    /// Waits for a snapshot of the record `at`, which is durable, or of a later one; returns its path.
    fn snapshot(&self, py: Python<'_>, at: u64) -> PyResult<String> {
        let path = py.detach(|| self.0.snapshot(at)).map_err(shared_error)?;
        Ok(path.display().to_string())
    }
}
