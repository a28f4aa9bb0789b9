//! Proofs of Merkle logs, whole logs checked, and fingerprints of orders, for Python.
use std::collections::BTreeMap;
use std::path::PathBuf;

use isthmus_proofs::fault::LogError;
use isthmus_proofs::fingerprint::{self, FIELDS, Seed};
use isthmus_proofs::hash::{self, Hash};
use isthmus_proofs::note::Verifier;
use isthmus_proofs::verify::{self, Finding, Heads, Report};
use isthmus_proofs::{proof, source, tree};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use crate::logs::{self, told as refused};

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

/// The root of the tree of these entries.
#[pyfunction]
#[pyo3(signature = (entries, /))]
fn tree_root<'py>(py: Python<'py>, entries: Vec<PyBackedBytes>) -> Bound<'py, PyBytes> {
    let root = py.detach(|| tree::over(&mut leaves(&entries)));
    PyBytes::new(py, &root)
}

/// The way from entry `index` to the root of the tree of these entries.
#[pyfunction]
#[pyo3(signature = (entries, index, /))]
fn tree_path<'py>(py: Python<'py>, entries: Vec<PyBackedBytes>, index: usize) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    if index >= entries.len() {
        return Err(PyValueError::new_err(format!("there are {} entries", entries.len())));
    }
    let path = py.detach(|| tree::way(&mut leaves(&entries), index));
    Ok(path.iter().map(|hash| PyBytes::new(py, hash)).collect())
}

fn leaves(entries: &[PyBackedBytes]) -> Vec<Hash> {
    entries.iter().map(|entry| hash::leaf(entry)).collect()
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

/// Text of a field that is unknown, by its length.
const UNKNOWN: u32 = u32::MAX;

/// Rows taken out of Python's objects: texts one behind the other, and how long each is.
#[derive(Default)]
struct Rows {
    seeds: Vec<Seed>,
    texts: String,
    lengths: Vec<u32>,
}

impl Rows {
    fn take(&mut self, seed: &[u8], values: &Bound<'_, PyAny>) -> PyResult<()> {
        self.seeds.push(hashed(seed, "seed")?);
        let before = self.lengths.len();
        if let Ok(values) = values.cast::<PyTuple>() {
            values.iter_borrowed().try_for_each(|value| self.value(&value))?;
        } else {
            values.try_iter()?.try_for_each(|value| self.value(&value?))?;
        }
        match self.lengths.len() - before {
            FIELDS => Ok(()),
            count => Err(PyValueError::new_err(format!("a row has {count} values instead of {FIELDS}"))),
        }
    }

    #[inline]
    fn value(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if value.is_none() {
            self.lengths.push(UNKNOWN);
            return Ok(());
        }
        let text = value.cast::<PyString>()?.to_str()?;
        self.texts.push_str(text);
        let length = u32::try_from(text.len()).ok().filter(|length| *length != UNKNOWN);
        self.lengths.push(length.ok_or_else(|| PyValueError::new_err("a text is too long"))?);
        Ok(())
    }

    fn fingerprints(&self) -> Vec<Hash> {
        let mut rest = self.texts.as_str();
        let mut made = Vec::with_capacity(self.seeds.len());
        for (seed, lengths) in self.seeds.iter().zip(self.lengths.as_chunks::<FIELDS>().0) {
            let row = texts(lengths, &mut rest);
            made.push(fingerprint::fingerprint(seed, row));
        }
        made
    }
}

fn texts<'t>(lengths: &[u32; FIELDS], rest: &mut &'t str) -> [Option<&'t str>; FIELDS] {
    lengths.map(|length| {
        (length != UNKNOWN).then(|| {
            let (text, behind) = rest.split_at(length as usize);
            *rest = behind;
            text
        })
    })
}

/// The fingerprints of rows of 78 values, each a text or None.
#[pyfunction]
#[pyo3(signature = (seeds, rows, /))]
fn fingerprints<'py>(
    py: Python<'py>,
    seeds: Vec<Bound<'py, PyBytes>>,
    rows: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let mut taken = Rows::default();
    for (at, row) in rows.try_iter()?.enumerate() {
        let seed = seeds.get(at).ok_or_else(|| PyValueError::new_err("there are more rows than seeds"))?;
        taken.take(seed.as_bytes(), &row?)?;
    }
    if taken.seeds.len() != seeds.len() {
        return Err(PyValueError::new_err("there are more seeds than rows"));
    }
    let made = py.detach(|| taken.fingerprints());
    Ok(made.iter().map(|hash| PyBytes::new(py, hash)).collect())
}

type Proven<'py> = (Bound<'py, PyBytes>, Vec<Bound<'py, PyBytes>>);

/// The salt of a field (from 0) and its way to the fingerprint.
#[pyfunction]
#[pyo3(signature = (seed, row, field, /))]
fn field_proof<'py>(py: Python<'py>, seed: &[u8], row: &Bound<'py, PyAny>, field: u8) -> PyResult<Proven<'py>> {
    if usize::from(field) >= FIELDS {
        return Err(PyValueError::new_err(format!("a row has fields 0 to {}", FIELDS - 1)));
    }
    let mut taken = Rows::default();
    taken.take(seed, row)?;
    let lengths = taken.lengths.first_chunk().expect("a row was taken");
    let values = texts(lengths, &mut taken.texts.as_str());
    let (salt, path) = fingerprint::field_proof(&taken.seeds[0], values, field);
    Ok((PyBytes::new(py, &salt), path.iter().map(|hash| PyBytes::new(py, hash)).collect()))
}

/// The name of the fault, None where the field (from 0) of the row with this fingerprint has this value.
#[pyfunction]
#[pyo3(signature = (field, salt, value, hashes, root, /))]
fn field_proven(
    field: u8,
    salt: &[u8],
    value: Option<&str>,
    hashes: Vec<Vec<u8>>,
    root: &[u8],
) -> PyResult<Option<&'static str>> {
    let salt = salt.try_into().map_err(|_| PyValueError::new_err("a salt has 16 bytes"))?;
    Ok(told(fingerprint::verify(field, salt, value, &path(&hashes)?, &hashed(root, "fingerprint")?)))
}

/// A folder, or files by path.
#[derive(FromPyObject)]
enum Files {
    Held(BTreeMap<String, Vec<u8>>),
    Folder(PathBuf),
}

fn checked(
    files: &Files,
    key: Option<&Verifier>,
    heads: Heads,
    go_on: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Report, LogError> {
    match files {
        Files::Held(files) => verify::verify(files, &files.keys().cloned().collect::<Vec<_>>(), key, heads, go_on),
        Files::Folder(path) => {
            let folder = source::folder(path);
            verify::verify(&folder, &folder.paths()?, key, heads, go_on)
        }
    }
}

/// Checks a whole log; `progress` is called with (entries done, entries in all) and may raise, which ends it.
#[pyfunction]
#[pyo3(signature = (files, vkey, heads, progress, /))]
fn log_verify<'py>(
    py: Python<'py>,
    files: Files,
    vkey: Option<&str>,
    heads: Heads,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let key = vkey.map(Verifier::parse).transpose().map_err(refused)?;
    let mut raised = None;
    let mut go_on = |done: u64, of: u64| {
        let told = Python::attach(|py| {
            py.check_signals()?;
            progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, (done, of)).map(|_| ()))
        });
        raised = told.err();
        raised.is_none()
    };
    let report = py.detach(|| checked(&files, key.as_ref(), heads, &mut go_on));
    raised.map_or(Ok(()), Err)?;
    shown(py, report.map_err(refused)?)
}

fn shown(py: Python<'_>, report: Report) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("origin", report.origin)?;
    out.set_item("size", report.size)?;
    out.set_item("root", report.root.map(|root| PyBytes::new(py, &root)))?;
    out.set_item("entries", report.entries)?;
    out.set_item("bytes", report.bytes)?;
    out.set_item("files", report.files)?;
    out.set_item("heads", report.heads)?;
    out.set_item("beyond", report.beyond)?;
    out.set_item("found", report.found)?;
    let row = |found: Finding| (found.name, found.file, found.index, found.reason);
    out.set_item("findings", report.findings.into_iter().map(row).collect::<Vec<_>>())?;
    Ok(out)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    logs::register(m)?;
    m.add_function(wrap_pyfunction!(log_leaf, m)?)?;
    m.add_function(wrap_pyfunction!(tree_root, m)?)?;
    m.add_function(wrap_pyfunction!(tree_path, m)?)?;
    m.add_function(wrap_pyfunction!(log_included, m)?)?;
    m.add_function(wrap_pyfunction!(fingerprints, m)?)?;
    m.add_function(wrap_pyfunction!(field_proof, m)?)?;
    m.add_function(wrap_pyfunction!(field_proven, m)?)?;
    m.add_function(wrap_pyfunction!(log_verify, m)?)?;
    m.add_function(wrap_pyfunction!(log_consistent, m)?)
}
