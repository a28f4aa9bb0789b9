//! The tape for Python: frames in, offsets out; frames from an offset on.
use std::path::Path;

use isthmus_tape::{Frame, Level, Limits, Payload, Reader, Side, Tape as Writer, TapeError, verify};
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::{FolderLocked, hex};

create_exception!(isthmus._core, TapeDamaged, PyException, "The tape is damaged; the message names the place.");
create_exception!(isthmus._core, TapeGone, PyException, "The limit dropped these frames; the tape begins later.");

const BUY: u8 = 1;
const SELL: u8 = 2;

fn error(error: TapeError) -> PyErr {
    let text = error.to_string();
    match error {
        TapeError::Io { source, .. } => match source.raw_os_error() {
            Some(number) => PyOSError::new_err((number, text)),
            None => PyOSError::new_err(text),
        },
        TapeError::Damaged(_) => TapeDamaged::new_err(text),
        TapeError::Locked(_) => FolderLocked::new_err(text),
        TapeError::Gone { .. } => TapeGone::new_err(text),
        TapeError::Refused { .. } => PyValueError::new_err(text),
    }
}

/// A tape that is appended to. An offset is on disk after the next `flush`.
#[pyclass(module = "isthmus._core")]
pub struct Tape(Option<Writer>);

impl Tape {
    fn open(&mut self) -> PyResult<&mut Writer> {
        self.0.as_mut().ok_or_else(|| PyValueError::new_err("tape: is closed"))
    }

    fn take(&mut self, frame: Frame) -> PyResult<u64> {
        self.open()?.append(&frame).map_err(error)
    }

    fn asked(&self) -> PyResult<&Writer> {
        self.0.as_ref().ok_or_else(|| PyValueError::new_err("tape: is closed"))
    }
}

#[pymethods]
impl Tape {
    #[new]
    #[pyo3(signature = (folder, segment_bytes = 16 << 20, keep_bytes = 1 << 30))]
    fn new(folder: &str, segment_bytes: u64, keep_bytes: u64) -> PyResult<Self> {
        let tape = Writer::open(Path::new(folder), Limits { segment_bytes, keep_bytes }).map_err(error)?;
        Ok(Self(Some(tape)))
    }

    fn book(&mut self, at: u64, venue: u32, instrument: u32, bids: Vec<Level>, asks: Vec<Level>) -> PyResult<u64> {
        self.take(Frame { at, venue, instrument, payload: Payload::Book { bids, asks } })
    }

    #[allow(clippy::too_many_arguments)] // a published trade has six figures
    fn trade(
        &mut self,
        at: u64,
        venue: u32,
        instrument: u32,
        price: i64,
        quantity: u64,
        taker_side: u8,
    ) -> PyResult<u64> {
        let side = match taker_side {
            BUY => Side::Buy,
            SELL => Side::Sell,
            _ => return Err(PyValueError::new_err("taker_side: must be 1 (buy) or 2 (sell)")),
        };
        self.take(Frame { at, venue, instrument, payload: Payload::Trade { price, quantity, side } })
    }

    fn health(&mut self, at: u64, venue: u32, instrument: u32, state: u8, note: String) -> PyResult<u64> {
        self.take(Frame { at, venue, instrument, payload: Payload::Health { state, note } })
    }

    fn flush(&mut self) -> PyResult<()> {
        self.open()?.flush().map_err(error)
    }

    fn sync(&mut self) -> PyResult<()> {
        self.open()?.sync().map_err(error)
    }

    /// Flush and let the folder go.
    fn close(&mut self) -> PyResult<()> {
        match self.0.take() {
            Some(mut tape) => tape.flush().map_err(error),
            None => Ok(()),
        }
    }

    #[getter]
    fn first(&self) -> PyResult<u64> {
        Ok(self.asked()?.first())
    }

    #[getter]
    fn next(&self) -> PyResult<u64> {
        Ok(self.asked()?.next())
    }

    #[getter]
    fn torn(&self) -> PyResult<u64> {
        Ok(self.asked()?.torn)
    }

    #[getter]
    fn bytes(&self) -> PyResult<u64> {
        Ok(self.asked()?.bytes())
    }

    #[getter]
    fn head(&self) -> PyResult<String> {
        Ok(hex(self.asked()?.head()))
    }
}

/// Reads a tape from an offset on, also while it is written; at the end it may be asked again.
#[pyclass(module = "isthmus._core")]
pub struct TapeReader(Reader);

#[pymethods]
impl TapeReader {
    #[new]
    #[pyo3(signature = (folder, start = 1))]
    fn new(folder: &str, start: u64) -> PyResult<Self> {
        Reader::open(Path::new(folder), start).map(Self).map_err(error)
    }

    /// At most so many frames: (offset, at, venue, instrument, kind, payload).
    #[pyo3(signature = (most, /))]
    fn read<'py>(&mut self, py: Python<'py>, most: usize) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let mut found = Vec::new();
        while found.len() < most {
            let Some((offset, frame)) = self.0.read().map_err(error)? else {
                break;
            };
            let Frame { at, venue, instrument, payload } = frame;
            let (kind, payload) = told(py, payload)?;
            found.push((offset, at, venue, instrument, kind, payload).into_pyobject(py)?.into_any());
        }
        Ok(found)
    }
}

fn told(py: Python<'_>, payload: Payload) -> PyResult<(&'static str, Bound<'_, PyAny>)> {
    Ok(match payload {
        Payload::Book { bids, asks } => ("book", (bids, asks).into_pyobject(py)?.into_any()),
        Payload::Trade { price, quantity, side } => {
            let side = if side == Side::Buy { BUY } else { SELL };
            ("trade", (price, quantity, side).into_pyobject(py)?.into_any())
        }
        Payload::Health { state, note } => ("health", (state, note).into_pyobject(py)?.into_any()),
    })
}

/// Every byte of a tape: {"ok", "first", "next", "head", "segments", "bytes", "torn", "bad"}; `bad` is None or a dict
/// that names segment, position, offset and reason.
#[pyfunction]
#[pyo3(signature = (folder, /))]
fn verify_tape<'py>(py: Python<'py>, folder: &str) -> PyResult<Bound<'py, PyDict>> {
    let verdict = py.detach(|| verify(Path::new(folder))).map_err(error)?;
    let found = PyDict::new(py);
    found.set_item("ok", verdict.bad.is_none())?;
    found.set_item("first", verdict.first)?;
    found.set_item("next", verdict.next)?;
    found.set_item("head", hex(&verdict.head))?;
    found.set_item("segments", verdict.segments)?;
    found.set_item("bytes", verdict.bytes)?;
    found.set_item("torn", verdict.torn)?;
    let bad = verdict.bad.map(|bad| {
        let row = PyDict::new(py);
        row.set_item("segment", bad.segment.display().to_string())?;
        row.set_item("position", bad.position)?;
        row.set_item("offset", bad.offset)?;
        row.set_item("reason", bad.reason)?;
        Ok::<_, PyErr>(row)
    });
    found.set_item("bad", bad.transpose()?)?;
    Ok(found)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("TapeDamaged", m.py().get_type::<TapeDamaged>())?;
    m.add("TapeGone", m.py().get_type::<TapeGone>())?;
    m.add_class::<Tape>()?;
    m.add_class::<TapeReader>()?;
    m.add_function(wrap_pyfunction!(verify_tape, m)?)
}
