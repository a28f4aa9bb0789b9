//! Reading and checking journals from Python.
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use isthmus_core::broker::BrokerError;
use isthmus_core::journal::segment::{SEGMENT_HEADER_BYTES, SegmentHeader};
use isthmus_core::journal::{
    Check, Entry, FirstBad, JournalError, Lock, Position, Reader, Scan, Tail, Verdict, frame, snapshot_file,
    verify as judge, verify_behind,
};
use isthmus_core::recorded::Whole;
use isthmus_core::replay::Replay;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::{broker_error, hex, journal_error};
use crate::record::Record;

/// Reads a journal's records in order, while it grows as well: at the end it stops and may be asked again.
#[pyclass(module = "isthmus._core")]
pub struct JournalReader(pub Reader);

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

/// Where the good records end: (segment, offset, records). Only the last segment is read, whose header is believed.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub fn journal_end(py: Python<'_>, data: &str) -> PyResult<(u64, u64, u64)> {
    let position = py.detach(|| {
        let mut scan = Scan::open(Path::new(data), u64::MAX, Check::Frames)?;
        while scan.read()?.is_some() {}
        Ok(scan.position())
    });
    let Position { segment, offset, next_sequence, .. } = position.map_err(journal_error)?;
    Ok((segment, offset, next_sequence - 1))
}

/// (sequence before it, hash before it, epoch) of a segment, as its header says.
#[pyfunction]
#[pyo3(signature = (path, /))]
pub fn segment_header(path: &str) -> PyResult<(u64, String, u32)> {
    let mut raw = [0; SEGMENT_HEADER_BYTES];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut raw));
    read.map_err(JournalError::io("read", Path::new(path))).map_err(journal_error)?;
    let header = SegmentHeader::decode(&raw).ok();
    let header = header.ok_or_else(|| PyValueError::new_err("not the header of a segment"))?;
    Ok((header.first_sequence - 1, hex(&header.prev), header.epoch))
}

/// The epoch of a folder's owner, or of its last one.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub fn epoch_of(data: &str) -> PyResult<u32> {
    Lock::epoch_of(Path::new(data)).map_err(journal_error)
}

/// What running the journal again found: the state's hash, and whether every effect was the same.
#[derive(Default)]
struct Rerun {
    /// Records of earlier rules, whose effects were added up and not made again.
    recorded: u64,
    state_hash: Option<[u8; 32]>,
    effects_equal: bool,
    differs: Option<u64>,
}

fn rerun(data: &Path, use_snapshot: bool) -> Result<Rerun, BrokerError> {
    let found = if use_snapshot { snapshot_file::latest(data)? } else { None };
    told(match &found {
        Some(found) => Replay::from(found).and_then(|mut replay| replay.run(data).map(|_| (replay.engine, 0))),
        None => Whole::run(data).map(|whole| (whole.replay.engine, whole.recorded.records)),
    })
}

/// The verdict of a re-run: damage on the way is a difference at that record.
fn told(ran: Result<(isthmus_core::Engine, u64), BrokerError>) -> Result<Rerun, BrokerError> {
    match ran {
        Ok((engine, recorded)) => {
            Ok(Rerun { recorded, state_hash: Some(engine.state_hash()), effects_equal: true, differs: None })
        }
        Err(BrokerError::Differs { record }) => Ok(Rerun { differs: Some(record), ..Rerun::default() }),
        Err(BrokerError::Journal(JournalError::Damaged(bad))) => {
            Ok(Rerun { differs: Some(bad.record), ..Rerun::default() })
        }
        Err(error) => Err(error),
    }
}

/// Proves archived records: their chain and, if asked to, their effects; then the segments that follow on them.
#[pyclass(module = "isthmus._core")]
pub struct Archived {
    data: PathBuf,
    position: Position,
    wanted: Option<[u8; 32]>,
    whole: Option<Whole>,
    failed: Option<BrokerError>,
}

#[pymethods]
impl Archived {
    /// `data`: the folder of the segments behind the archive. `head`: to be found among the archived records, too.
    #[new]
    #[pyo3(signature = (data, head = None, replay = false))]
    fn new(data: &str, head: Option<&str>, replay: bool) -> PyResult<Self> {
        let wanted = head.map(parse_head).transpose()?;
        let whole = replay.then(Whole::default);
        Ok(Self { data: data.into(), position: Position::GENESIS, wanted, whole, failed: None })
    }

    /// The next records of segment `segment`, written in `epoch`. False: not what was written.
    fn take(&mut self, segment: u64, epoch: u32, bodies: Vec<PyBackedBytes>, hashes: Vec<[u8; 32]>) -> bool {
        for (body, hash) in bodies.iter().zip(&hashes) {
            let (prev, sequence) = (self.position.head, self.position.next_sequence);
            let stands = body.first_chunk().map(|raw| u64::from_le_bytes(*raw));
            if stands != Some(sequence) || frame::chain(&prev, body) != *hash {
                return false;
            }
            if self.wanted == Some(*hash) {
                self.wanted = None;
            }
            if let (Some(whole), None) = (&mut self.whole, &self.failed) {
                let entry = Entry { sequence, body, hash, prev: &prev, segment, offset: 0 };
                self.failed = whole.take(&self.data, &entry).err();
            }
            (self.position.head, self.position.next_sequence) = (*hash, sequence + 1);
        }
        (self.position.segment, self.position.epoch) = (segment, epoch);
        true
    }

    /// Records proven so far.
    #[getter]
    fn records(&self) -> u64 {
        self.position.next_sequence - 1
    }

    /// The hash of the last record proven.
    #[getter]
    fn head(&self) -> String {
        hex(&self.position.head)
    }

    /// The verdict over archive and segments, as `verify` gives it; `use_snapshot` leaves the archive's effects out.
    fn finish<'py>(&mut self, py: Python<'py>, use_snapshot: bool) -> PyResult<Bound<'py, PyDict>> {
        let Self { data, position, wanted, .. } = self;
        let verdict = py.detach(|| verify_behind(data, wanted.as_ref(), position)).map_err(journal_error)?;
        let again = match (self.whole.take(), self.failed.take()) {
            (None, _) => None,
            (Some(_), _) if use_snapshot => Some(py.detach(|| rerun(data, true))),
            (Some(_), Some(error)) => Some(told(Err(error))),
            (Some(whole), None) => {
                Some(py.detach(|| told(whole.go_on(data).map(|whole| (whole.replay.engine, whole.recorded.records)))))
            }
        };
        answer(py, &verdict, again.transpose().map_err(broker_error)?.as_ref())
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
    answer(py, &verdict, again.as_ref())
}

fn answer<'py>(py: Python<'py>, verdict: &Verdict, again: Option<&Rerun>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let equal = again.is_none_or(|again| again.effects_equal);
    dict.set_item("ok", verdict.ok && equal)?;
    dict.set_item("records", verdict.records)?;
    dict.set_item("head", hex(&verdict.head))?;
    dict.set_item("tail", verdict.tail.map(tail_name))?;
    dict.set_item("first_bad", first_bad(py, verdict)?)?;
    dict.set_item("torn_bytes", verdict.torn_bytes)?;
    dict.set_item("epoch", verdict.position.epoch)?;
    dict.set_item("state_hash", again.and_then(|again| again.state_hash.as_ref().map(|hash| hex(hash))))?;
    dict.set_item("effects_equal", again.map(|again| again.effects_equal))?;
    dict.set_item("recorded_only", again.map(|again| again.recorded))?;
    dict.set_item("differs", again.and_then(|again| again.differs))?;
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
