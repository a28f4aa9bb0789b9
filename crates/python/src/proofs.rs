//! Proofs of Merkle logs for Python.
use isthmus_proofs::hash::{self, Hash};
use isthmus_proofs::proof;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

fn hashed(bytes: &[u8], what: &str) -> PyResult<Hash> {
    bytes.try_into().map_err(|_| PyValueError::new_err(format!("{what} has {} bytes, a hash has 32", bytes.len())))
}

fn path(hashes: &[Vec<u8>]) -> PyResult<Vec<Hash>> {
    hashes.iter().map(|bytes| hashed(bytes, "proof")).collect()
}

/// The name of the fault, None where the proof holds.
fn told(verdict: Result<(), proof::Fault>) -> Option<&'static str> {
    verdict.err().map(proof::Fault::name)
}

#[pyfunction]
fn log_leaf<'py>(py: Python<'py>, entry: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &hash::leaf(entry))
}

#[pyfunction]
fn log_included(
    index: u64,
    size: u64,
    leaf: &[u8],
    hashes: Vec<Vec<u8>>,
    root: &[u8],
) -> PyResult<Option<&'static str>> {
    Ok(told(proof::inclusion(index, size, &hashed(leaf, "leaf")?, &path(&hashes)?, &hashed(root, "root")?)))
}

#[pyfunction]
fn log_consistent(old: (u64, Vec<u8>), new: (u64, Vec<u8>), hashes: Vec<Vec<u8>>) -> PyResult<Option<&'static str>> {
    let (was, is) = (hashed(&old.1, "old root")?, hashed(&new.1, "new root")?);
    Ok(told(proof::consistency((old.0, &was), (new.0, &is), &path(&hashes)?)))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(log_leaf, m)?)?;
    m.add_function(wrap_pyfunction!(log_included, m)?)?;
    m.add_function(wrap_pyfunction!(log_consistent, m)?)
}
