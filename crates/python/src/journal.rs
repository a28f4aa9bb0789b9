//! Reading and checking journals from Python.
use std::path::Path;

use isthmus_core::broker::BrokerError;
use isthmus_core::journal::{
    Check, FirstBad, JournalError, Lock, Reader, Tail, Verdict, frame, snapshot_file, verify as judge,
};
use isthmus_core::replay::Replay;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::{broker_error, hex, journal_error};
use crate::record::Record;

/// Reads a journal's records in order, while it grows as well: at the end it stops and may be asked again.
#[pyclass(module = "isthmus._core")]
pub struct JournalReader(Reader);

#[pymethods]
impl JournalReader {
    #[new]
    #[pyo3(signature = (data, start = 1))]
    fn new(data: &str, start: u64) -> PyResult<Self> {
        Reader::open(Path::new(data), start, Check::Frames).map(Self).map_err(journal_error)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self) -> PyResult<Option<Record>> {
        let entry = self.0.read().map_err(journal_error)?;
        Ok(entry.as_ref().map(Record::from))
    }
}

/// Reads a journal's records as whole frames, for a link to a standby elsewhere; while it grows as well.
#[pyclass(module = "isthmus._core")]
pub struct FrameReader {
    reader: Reader,
    last: u64,
}

#[pymethods]
impl FrameReader {
    #[new]
    #[pyo3(signature = (data, start = 1))]
    fn new(data: &str, start: u64) -> PyResult<Self> {
        let reader = Reader::open(Path::new(data), start, Check::Frames).map_err(journal_error)?;
        Ok(Self { reader, last: start - 1 })
    }

    /// The sequence of the last record read.
    #[getter]
    fn last(&self) -> u64 {
        self.last
    }

    /// About `most` bytes of frames, none beyond record `upto`; empty at the end.
    fn read<'py>(&mut self, py: Python<'py>, most: usize, upto: u64) -> PyResult<Bound<'py, PyBytes>> {
        let mut frames = Vec::new();
        while frames.len() < most && self.last < upto {
            let Some(entry) = self.reader.read().map_err(journal_error)? else {
                break;
            };
            frame::whole(&mut frames, entry.body, entry.hash);
            self.last = entry.sequence;
        }
        Ok(PyBytes::new(py, &frames))
    }
}

/// The epoch of a folder's owner, or of its last one.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub fn epoch_of(data: &str) -> PyResult<u32> {
    Lock::epoch_of(Path::new(data)).map_err(journal_error)
}

/// What running the journal again found: the state's hash, and whether every effect was the same.
struct Rerun {
    state_hash: Option<[u8; 32]>,
    effects_equal: bool,
    differs: Option<u64>,
}

fn rerun(data: &Path, use_snapshot: bool) -> Result<Rerun, BrokerError> {
    let found = if use_snapshot { snapshot_file::latest(data)? } else { None };
    let mut replay = found.as_ref().map_or_else(|| Ok(Replay::default()), Replay::from)?;
    match replay.run(data) {
        Ok(_) => Ok(Rerun { state_hash: Some(replay.engine.state_hash()), effects_equal: true, differs: None }),
        Err(BrokerError::Differs { record }) => {
            Ok(Rerun { state_hash: None, effects_equal: false, differs: Some(record) })
        }
        Err(BrokerError::Journal(JournalError::Damaged(bad))) => {
            Ok(Rerun { state_hash: None, effects_equal: false, differs: Some(bad.record) })
        }
        Err(error) => Err(error),
    }
}

fn parse_head(text: &str) -> PyResult<[u8; 32]> {
    let bad = || PyValueError::new_err("head: 64 hexadecimal digits");
    if text.len() != 64 || !text.is_ascii() {
        return Err(bad());
    }
    let mut head = [0; 32];
    for (at, byte) in head.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| bad())?;
    }
    Ok(head)
}

/// Checks every byte of a journal; with `replay` runs it again and compares every effect. Keys: docs of `isthmus verify`.
#[pyfunction]
#[pyo3(signature = (data, head = None, replay = false, use_snapshot = true, /))]
pub fn verify<'py>(
    py: Python<'py>,
    data: &str,
    head: Option<&str>,
    replay: bool,
    use_snapshot: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let head = head.map(parse_head).transpose()?;
    let data = Path::new(data);
    let verdict = py.detach(|| judge(data, head.as_ref())).map_err(journal_error)?;
    let again = if replay { Some(py.detach(|| rerun(data, use_snapshot)).map_err(broker_error)?) } else { None };
    let dict = PyDict::new(py);
    let equal = again.as_ref().is_none_or(|again| again.effects_equal);
    dict.set_item("ok", verdict.ok && equal)?;
    dict.set_item("records", verdict.records)?;
    dict.set_item("head", hex(&verdict.head))?;
    dict.set_item("tail", verdict.tail.map(tail_name))?;
    dict.set_item("first_bad", first_bad(py, &verdict)?)?;
    dict.set_item("torn_bytes", verdict.torn_bytes)?;
    dict.set_item("epoch", verdict.position.epoch)?;
    dict.set_item("state_hash", again.as_ref().and_then(|again| again.state_hash.as_ref().map(|hash| hex(hash))))?;
    dict.set_item("effects_equal", again.as_ref().map(|again| again.effects_equal))?;
    dict.set_item("differs", again.as_ref().and_then(|again| again.differs))?;
    Ok(dict)
}

fn tail_name(tail: Tail) -> &'static str {
    match tail {
        Tail::Sealed => "sealed",
        Tail::Open => "open",
        Tail::Torn => "torn",
    }
}

/// The first bad record, or of a torn tail the place where recovery would cut.
fn first_bad<'py>(py: Python<'py>, verdict: &Verdict) -> PyResult<Option<Bound<'py, PyDict>>> {
    let (record, segment, offset, reason) = match (verdict.first_bad, verdict.tail) {
        (Some(FirstBad { record, segment, offset, reason }), _) => (record, segment, offset, reason.name()),
        (None, Some(Tail::Torn)) => (verdict.records + 1, verdict.position.segment, verdict.position.offset, "torn"),
        (None, _) => return Ok(None),
    };
    let dict = PyDict::new(py);
    dict.set_item("record", record)?;
    dict.set_item("segment", format!("{segment:08}.seg"))?;
    dict.set_item("offset", offset)?;
    dict.set_item("reason", reason)?;
    Ok(Some(dict))
}
