//! Postings of a journal as numpy columns, for books of record.
use std::path::{Path, PathBuf};

use isthmus_core::broker::BrokerError;
use isthmus_core::columns::{Columns, Postings};
use isthmus_core::follower::Follower;
use isthmus_core::journal::{Check, Entry, Hash, Reader};
use numpy::{Element, PyArray1};
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::{broker_error, journal_error};

pyo3::create_exception!(
    isthmus._core,
    OtherJournal,
    PyException,
    "The journal does not go on where the reader begins; the message names the record."
);

fn error(error: BrokerError) -> PyErr {
    match error {
        BrokerError::Differs { record } => {
            OtherJournal::new_err(format!("record {record} does not follow on what was read before it"))
        }
        other => broker_error(other),
    }
}

/// Reads the postings of a journal in order, while it grows as well.
#[pyclass(module = "isthmus._core")]
pub struct PostingsReader {
    data: PathBuf,
    reader: Option<Reader>,
    postings: Postings,
}

#[pymethods]
impl PostingsReader {
    /// Begins behind record `last`, whose hash is `head`. `noted`: the bodies that readers of the records up to there noted.
    #[new]
    #[pyo3(signature = (data, last = 0, head = [0; 32], noted = Vec::new()))]
    fn new(data: &str, last: u64, head: Hash, noted: Vec<PyBackedBytes>) -> PyResult<Self> {
        let postings = Postings::behind(last, head, &noted).map_err(error)?;
        Ok(Self { data: data.into(), reader: None, postings })
    }

    /// The sequence of the last record read.
    #[getter]
    fn last(&self) -> u64 {
        self.postings.sequence
    }

    /// Records of the segments: until `most` postings or records were read, none beyond record `upto`.
    fn read<'py>(&mut self, py: Python<'py>, most: usize, upto: u64) -> PyResult<Bound<'py, PyDict>> {
        let before = self.postings.sequence;
        py.detach(|| self.gather(most, upto))?;
        self.hand_out(py, before)
    }

    /// Archived records that follow on those read so far.
    fn take<'py>(
        &mut self,
        py: Python<'py>,
        bodies: Vec<PyBackedBytes>,
        hashes: Vec<Hash>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let before = self.postings.sequence;
        for (body, hash) in bodies.iter().zip(&hashes) {
            let prev = self.postings.head;
            if isthmus_core::journal::frame::chain(&prev, body) != *hash {
                return Err(error(BrokerError::Differs { record: self.postings.sequence + 1 }));
            }
            let sequence = self.postings.sequence + 1;
            let entry = Entry { sequence, body, hash, prev: &prev, segment: 0, offset: 0 };
            self.postings.take(&entry).map_err(error)?;
        }
        self.reader = None;
        self.hand_out(py, before)
    }
}

impl PostingsReader {
    fn gather(&mut self, most: usize, upto: u64) -> PyResult<()> {
        let Self { data, reader, postings } = self;
        let reader = match reader {
            Some(reader) => reader,
            None => {
                let opened = Reader::open(data, postings.sequence + 1, Check::Frames).map_err(journal_error)?;
                reader.insert(opened)
            }
        };
        let end = upto.min(postings.sequence.saturating_add(most as u64));
        while postings.sequence < end && postings.columns.len() < most {
            let Some(entry) = reader.read().map_err(journal_error)? else {
                break;
            };
            postings.take(&entry).map_err(error)?;
        }
        Ok(())
    }

    fn hand_out<'py>(&mut self, py: Python<'py>, before: u64) -> PyResult<Bound<'py, PyDict>> {
        let (columns, noted) = self.postings.hand_out();
        let dict = PyDict::new(py);
        dict.set_item("first", before + 1)?;
        dict.set_item("last", self.postings.sequence)?;
        dict.set_item("stamp", self.postings.stamp)?;
        dict.set_item("head", PyBytes::new(py, &self.postings.head))?;
        let noted: Vec<_> = noted.iter().map(|(sequence, body)| (*sequence, PyBytes::new(py, body))).collect();
        dict.set_item("noted", noted)?;
        dict.set_item("columns", arrays(py, columns)?)?;
        Ok(dict)
    }
}

fn arrays<'py>(py: Python<'py>, columns: Columns) -> PyResult<Bound<'py, PyDict>> {
    fn array<'py, T: Element>(py: Python<'py>, column: Vec<T>) -> Bound<'py, PyArray1<T>> {
        PyArray1::from_vec(py, column)
    }
    let dict = PyDict::new(py);
    dict.set_item("sequence", array(py, columns.sequence))?;
    dict.set_item("place", array(py, columns.place))?;
    dict.set_item("stamp", array(py, columns.stamp))?;
    dict.set_item("source", array(py, columns.source))?;
    dict.set_item("target", array(py, columns.target))?;
    dict.set_item("asset", array(py, columns.asset))?;
    dict.set_item("template", array(py, columns.template))?;
    dict.set_item("amount", array(py, columns.amount))?;
    Ok(dict)
}

/// The balances of the engine at record `sequence`: the newest snapshot up to it and the records after, run again. Rows of
/// (account, asset, balance in minor units), zeros left out. Only reads.
#[pyfunction]
#[pyo3(signature = (data, sequence, /))]
pub fn balances_at(py: Python<'_>, data: &str, sequence: u64) -> PyResult<Vec<(u32, u32, i128)>> {
    let follower = py.detach(|| {
        let mut follower = Follower::open(Path::new(data), sequence)?;
        follower.step((sequence - follower.sequence()) as usize, |_| {})?;
        Ok(follower)
    });
    let follower = follower.map_err(broker_error)?;
    if follower.sequence() != sequence {
        let last = follower.sequence();
        return Err(PyValueError::new_err(format!("sequence: the journal ends at record {last}")));
    }
    let accounts = follower.replay.engine.ledger.accounts.iter().zip(0u32..);
    let all = accounts.flat_map(|(account, number)| {
        account.balances.iter().map(move |balance| (number, balance.asset, balance.amount))
    });
    Ok(all.filter(|(_, _, amount)| *amount != 0).collect())
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PostingsReader>()?;
    m.add("OtherJournal", m.py().get_type::<OtherJournal>())?;
    m.add_function(wrap_pyfunction!(balances_at, m)?)
}
