//! Rows of orders' events for Python: made in batches, fingerprinted, as columns and as entries of the log.
use std::collections::HashMap;

use isthmus_proofs::fingerprint;
use isthmus_proofs::hash::Hash;
use isthmus_proofs::salt::Keyed;
use isthmus_trail::values::{Head, UNKNOWN};
use isthmus_trail::{FIELDS, Made, Rows};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::errors::journal_error;
use crate::journal::JournalReader;
use crate::record::{Chained, Record};

/// 0x02, sequence, place, order, two fingerprints.
const ENTRY_BYTES: usize = 83;
const ENTRY_KIND: u8 = 0x02;

/// Makes the rows of one record after the other.
#[pyclass(module = "isthmus._core")]
pub struct OrderRows(Rows);

#[pymethods]
impl OrderRows {
    #[new]
    #[pyo3(signature = (first, /))]
    fn new(first: u64) -> Self {
        Self(Rows::new(first))
    }

    /// None where it is not what `state` said.
    #[staticmethod]
    #[pyo3(signature = (state, /))]
    fn from_state(py: Python<'_>, state: &[u8]) -> Option<Self> {
        py.detach(|| Rows::from_state(state)).map(Self)
    }

    fn state<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let state = py.detach(|| self.0.state());
        PyBytes::new(py, &state)
    }

    #[getter]
    fn sequence(&self) -> u64 {
        self.0.sequence
    }

    #[setter]
    fn set_sequence(&mut self, sequence: u64) {
        self.0.sequence = sequence;
    }

    /// Rows so far in which nothing said the field, O01 first.
    #[getter]
    fn unknown(&self) -> Vec<u64> {
        self.0.out.unknown.to_vec()
    }

    /// Rows that were made and not handed out.
    #[getter]
    fn pending(&self) -> usize {
        self.0.out.made.heads.len()
    }

    /// Takes in the next record. Raises ValueError where it is none.
    #[pyo3(signature = (record, /))]
    fn take(&mut self, py: Python<'_>, record: &Record) -> PyResult<()> {
        let prev = match &record.chained {
            Chained::Known { prev, .. } => *prev,
            Chained::Linked(link) => py.detach(|| link.prev()),
        };
        self.0.take(&record.bytes, prev).map_err(|fault| PyValueError::new_err(fault.to_string()))
    }

    /// Takes in the journal's next records up to `upto`, `most` at most, until `rows` are pending; says how many.
    #[pyo3(signature = (reader, upto, most, rows, /))]
    fn take_from(
        &mut self,
        py: Python<'_>,
        reader: &mut JournalReader,
        upto: u64,
        most: usize,
        rows: usize,
    ) -> PyResult<usize> {
        let (made, journal, mut taken) = (&mut self.0, &mut reader.0, 0);
        while taken < most && made.sequence < upto && made.out.made.heads.len() < rows {
            let found = py.detach(|| -> PyResult<bool> {
                while taken < most && made.sequence < upto && made.out.made.heads.len() < rows {
                    let Some(entry) = journal.read().map_err(journal_error)? else {
                        return Ok(false);
                    };
                    made.take(entry.body, *entry.prev).map_err(|fault| PyValueError::new_err(fault.to_string()))?;
                    taken += 1;
                }
                Ok(true)
            })?;
            if !found {
                break;
            }
        }
        Ok(taken)
    }

    /// Hands out the pending rows.
    fn hand_out(&mut self) -> OrderBatch {
        OrderBatch(std::mem::take(&mut self.0.out.made))
    }
}

/// Rows in the order of the journal.
#[pyclass(frozen, module = "isthmus._core")]
pub struct OrderBatch(Made);

type Column<'py> = (Option<Bound<'py, PyBytes>>, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

#[pymethods]
impl OrderBatch {
    fn __len__(&self) -> usize {
        self.0.heads.len()
    }

    /// (sequence, place, order, time, values) of each row.
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let out = PyList::empty(py);
        for (head, values) in self.0.rows() {
            let Head { sequence, place, order, time, .. } = *head;
            out.append((sequence, place, order, time, PyTuple::new(py, values)?))?;
        }
        Ok(out)
    }

    /// Little-endian: sequences (8 bytes), places (4), orders (8), times (8).
    fn heads<'py>(&self, py: Python<'py>) -> [Bound<'py, PyBytes>; 4] {
        let heads = &self.0.heads;
        let words = |of: fn(&Head) -> u64| heads.iter().flat_map(|head| of(head).to_le_bytes()).collect::<Vec<u8>>();
        let places: Vec<u8> = heads.iter().flat_map(|head| u32::from(head.place).to_le_bytes()).collect();
        [words(|head| head.sequence), places, words(|head| head.order), words(|head| head.time)]
            .map(|bytes| PyBytes::new(py, &bytes))
    }

    /// The accounts that the rows name, each once; None where some name none.
    fn accounts(&self) -> Vec<Option<u32>> {
        let mut found: Vec<_> = self.0.heads.iter().map(|head| head.account).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Of each field in Arrow's layout: which values are known (None: all), where each ends, and the texts.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Vec<Column<'py>>> {
        let columns = py.detach(|| columns(&self.0))?;
        let bytes = |column: Columned| {
            let known = (!column.is_full).then(|| PyBytes::new(py, &column.known));
            (known, PyBytes::new(py, &column.ends), PyBytes::new(py, &column.texts))
        };
        Ok(columns.into_iter().map(bytes).collect())
    }

    /// The fingerprint of each row, with the key (32 bytes) of its account: of seeds as HMAC-SHA256(key, sequence, 8
    /// bytes || place, 2). Raises KeyError where an account has none.
    #[pyo3(signature = (keys, /))]
    fn fingerprints<'py>(
        &self,
        py: Python<'py>,
        keys: HashMap<Option<u32>, PyBackedBytes>,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let mut keyed = HashMap::with_capacity(keys.len());
        for (account, key) in &keys {
            let key: &[u8; 32] =
                key.as_ref().try_into().map_err(|_| PyValueError::new_err("a client's key has 32 bytes"))?;
            keyed.insert(*account, Keyed::new(key));
        }
        let made = py.detach(|| fingerprints(&self.0, &keyed)).ok_or_else(|| PyKeyError::new_err("account"))?;
        Ok(made.iter().map(|mark| PyBytes::new(py, mark)).collect())
    }

    /// The entries of the log one behind the other, from each row's fingerprint and that before of its order.
    #[pyo3(signature = (marks, /))]
    fn entries<'py>(
        &self,
        py: Python<'py>,
        marks: Vec<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut out = Vec::with_capacity(marks.len() * ENTRY_BYTES);
        if marks.len() != self.0.heads.len() {
            return Err(PyValueError::new_err("there are not as many marks as rows"));
        }
        for (head, (mark, before)) in self.0.heads.iter().zip(&marks) {
            out.push(ENTRY_KIND);
            out.extend_from_slice(&head.sequence.to_be_bytes());
            out.extend_from_slice(&head.place.to_be_bytes());
            out.extend_from_slice(&head.order.to_be_bytes());
            out.extend_from_slice(mark.as_bytes());
            out.extend_from_slice(before.as_bytes());
        }
        if out.len() != marks.len() * ENTRY_BYTES {
            return Err(PyValueError::new_err("a mark has 32 bytes"));
        }
        Ok(PyBytes::new(py, &out))
    }
}

fn fingerprints(made: &Made, keys: &HashMap<Option<u32>, Keyed>) -> Option<Vec<Hash>> {
    made.rows()
        .map(|(head, values)| {
            let mut message = [0; 10];
            message[..8].copy_from_slice(&head.sequence.to_be_bytes());
            message[8..].copy_from_slice(&head.place.to_be_bytes());
            Some(fingerprint::fingerprint(&keys.get(&head.account)?.code(&message), values))
        })
        .collect()
}

/// A column of texts while it is made.
struct Columned {
    known: Vec<u8>,
    ends: Vec<u8>,
    texts: Vec<u8>,
    is_full: bool,
}

fn columns(made: &Made) -> PyResult<Vec<Columned>> {
    let count = made.heads.len();
    let empty = || Columned {
        known: vec![0; count.div_ceil(8)],
        ends: 0_i32.to_le_bytes().to_vec(),
        texts: Vec::new(),
        is_full: true,
    };
    let mut out: Vec<Columned> = std::iter::repeat_with(empty).take(FIELDS).collect();
    let mut rest = made.texts.as_bytes();
    for (row, lengths) in made.lengths.as_chunks::<FIELDS>().0.iter().enumerate() {
        for (column, length) in out.iter_mut().zip(lengths) {
            if *length == UNKNOWN {
                column.is_full = false;
            } else {
                let (text, behind) = rest.split_at(*length as usize);
                rest = behind;
                column.texts.extend_from_slice(text);
                column.known[row / 8] |= 1 << (row % 8);
            }
            let end = i32::try_from(column.texts.len()).map_err(|_| PyValueError::new_err("too many rows at once"))?;
            column.ends.extend_from_slice(&end.to_le_bytes());
        }
    }
    Ok(out)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<OrderRows>()?;
    m.add_class::<OrderBatch>()
}
