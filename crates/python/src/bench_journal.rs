//! What `isthmus bench journal` times: the journal alone, fed with bodies that no engine made.
use std::path::Path;
use std::sync::Arc;

use isthmus_core::flusher::{Drain, Flusher, HAND_ON_BYTES};
use isthmus_core::journal::{Durability, Lock, Position, SEGMENT_BYTES_DEFAULT, Writer};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::errors::journal_error;

/// A journal that takes payloads: framed, chained, summed, flushed, as an engine's records are.
#[pyclass(module = "isthmus._core")]
pub struct JournalTrial {
    flusher: Arc<Flusher>,
    drain: Drain,
    sequence: u64,
    _lock: Lock,
}

#[pymethods]
impl JournalTrial {
    /// In an empty folder.
    #[new]
    fn new(data: &str) -> PyResult<Self> {
        let data = Path::new(data);
        let lock = Lock::take(data).map_err(journal_error)?;
        let position = Position::GENESIS;
        let writer = Writer::open(data, Durability::Group, SEGMENT_BYTES_DEFAULT, position).map_err(journal_error)?;
        let file = Some((writer, lock.fence().map_err(journal_error)?));
        let flusher = Flusher::new(Durability::Group, file, 0, position.head);
        Ok(Self { drain: Drain::of(&flusher), flusher, sequence: 0, _lock: lock })
    }

    /// Appends a record for each payload and returns when all are on the medium: the last sequence.
    fn append(&mut self, py: Python<'_>, payloads: &Bound<'_, PyList>) -> PyResult<u64> {
        let mut run = self.flusher.take_run();
        for payload in payloads {
            let payload = payload.cast::<PyBytes>()?.as_bytes();
            self.sequence += 1;
            run.push_payload(self.sequence, payload);
            if run.frames.len() >= HAND_ON_BYTES {
                self.drain.start();
                run = self.flusher.hand_on(run);
            }
        }
        self.flusher.give_back(run);
        py.detach(|| self.flusher.flush()).map_err(journal_error)
    }

    /// Seals the journal.
    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        self.drain.stop();
        py.detach(|| self.flusher.seal()).map_err(journal_error)
    }
}
