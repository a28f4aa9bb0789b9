//! Batches: contiguous fixed-width rows in, fixed-width rows out; no Python object for a command.
use std::hint::black_box;

use isthmus_core::ahead::AHEAD;
use isthmus_core::broker::Broker;
use isthmus_core::journal::JournalError;
use isthmus_core::messages::{Command, Traded};
use isthmus_core::row::{self, Outcome, ROW, order_of};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyList;

const OUTCOME: usize = 32;
const FILL: usize = 8 + Traded::SIZE;
/// Rows between two looks at how much is to be handed on.
const CHUNK: usize = 64;

/// What a batch did: one OUTCOME row a command, one FILL row a trade.
#[pyclass(frozen, module = "isthmus._core")]
pub struct Batch {
    first: u64,
    outcomes: Vec<u8>,
    fills: Vec<u8>,
}

#[pymethods]
impl Batch {
    /// The sequence of the first command.
    #[getter]
    fn first(&self) -> u64 {
        self.first
    }
    #[getter]
    fn outcomes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        PyArray1::from_slice(py, &self.outcomes).call_method1("view", (OUTCOMES.get(py)?,))
    }
    #[getter]
    fn fills<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        PyArray1::from_slice(py, &self.fills).call_method1("view", (FILLS.get(py)?,))
    }
}

pub type Fields = Vec<(&'static str, &'static str)>;

fn instruction_fields() -> Fields {
    vec![
        ("command", "<u2"),
        ("side", "u1"),
        ("kind", "u1"),
        ("tif", "u1"),
        ("flags", "u1"),
        ("reason", "u1"),
        ("unused", "u1"),
        ("account", "<u4"),
        ("instrument", "<u4"),
        ("venue", "<u4"),
        ("session", "<u4"),
        ("order", "<u8"),
        ("price", "<i8"),
        ("quantity", "<i8"),
        ("client_id", "V16"),
    ]
}

fn outcome_fields() -> Fields {
    vec![
        ("sequence", "<u8"),
        ("order", "<u8"),
        ("filled", "<i8"),
        ("reason", "<u2"),
        ("status", "u1"),
        ("cancelled", "u1"),
        ("unused", "<u4"),
    ]
}

fn fill_fields() -> Fields {
    vec![
        ("sequence", "<u8"),
        ("maker_order", "<u8"),
        ("taker_order", "<u8"),
        ("maker", "<u4"),
        ("taker", "<u4"),
        ("instrument", "<u4"),
        ("taker_side", "u1"),
        ("flags", "u1"),
        ("price", "<i8"),
        ("quantity", "<i8"),
        ("buyer_pays", "<i8"),
        ("seller_gets", "<i8"),
        ("maker_fee", "<i8"),
        ("taker_fee", "<i8"),
        ("maker_hold", "<i8"),
        ("taker_hold", "<i8"),
    ]
}

/// A numpy dtype of packed fields, made once.
pub struct Dtype {
    fields: fn() -> Fields,
    made: PyOnceLock<Py<PyAny>>,
}

pub static INSTRUCTIONS: Dtype = Dtype::of(instruction_fields);
pub static OUTCOMES: Dtype = Dtype::of(outcome_fields);
pub static FILLS: Dtype = Dtype::of(fill_fields);

impl Dtype {
    pub const fn of(fields: fn() -> Fields) -> Self {
        Self { fields, made: PyOnceLock::new() }
    }

    pub fn get<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let made = self.made.get_or_try_init(py, || {
            let list = PyList::new(py, (self.fields)())?;
            Ok::<_, PyErr>(py.import("numpy")?.call_method1("dtype", (list,))?.unbind())
        })?;
        Ok(made.bind(py).clone())
    }
}

/// The bytes of an array of rows of `dtype`, which people know as `name`.
pub fn bytes_of<'py>(rows: &Bound<'py, PyAny>, dtype: &Dtype, name: &str) -> PyResult<PyReadonlyArray1<'py, u8>> {
    let py = rows.py();
    let wanted = dtype.get(py)?;
    let matches = match rows.cast::<PyUntypedArray>() {
        Ok(array) => array.dtype().is(&wanted) || array.dtype().eq(&wanted)?,
        Err(_) => false,
    };
    if !matches {
        return Err(PyValueError::new_err(format!("rows: the dtype is not {name}")));
    }
    let bytes = rows.call_method1(intern!(py, "view"), (numpy::dtype::<u8>(py),))?.cast_into::<PyArray1<u8>>()?;
    bytes.try_readonly().map_err(|_| PyValueError::new_err("rows: in use elsewhere"))
}

/// Applies the rows; one flush at the end keeps the promise for all of them.
pub fn submit(broker: &mut Broker, rows: &[u8], at: u64, origin: &[u8]) -> Result<Batch, JournalError> {
    let count = rows.len() / ROW;
    let first = broker.engine.sequence + 1;
    let (outcomes, fills) = (count * OUTCOME, count * FILL / 2);
    let mut batch = Batch { first, outcomes: Vec::with_capacity(outcomes), fills: Vec::with_capacity(fills) };
    let mut coming = Vec::with_capacity(AHEAD);
    for chunk in rows.chunks(CHUNK * ROW) {
        for few in chunk.chunks(AHEAD * ROW) {
            if broker.engine.is_large() {
                coming.clear();
                coming.extend(few.chunks_exact(ROW).map(row::command));
                black_box(broker.engine.look_ahead(&coming));
            }
            for instruction in few.chunks_exact(ROW) {
                let command = row::command(instruction);
                let framed = broker.stage(&command, at, origin);
                batch.add(broker.engine.sequence, framed.effects(broker.frames()), &command);
            }
        }
        broker.make_room()?;
    }
    broker.settle()?;
    Ok(batch)
}

impl Batch {
    /// Adds the outcome and the fills of one record.
    #[inline]
    fn add(&mut self, sequence: u64, effects: &[u8], command: &Command) {
        let fills = &mut self.fills;
        let Outcome { filled, reason, status, cancelled } = Outcome::of(effects, |fields| {
            fills.extend_from_slice(&sequence.to_le_bytes());
            fills.extend_from_slice(fields);
        });
        let mut row = [0; OUTCOME];
        row[..8].copy_from_slice(&sequence.to_le_bytes());
        row[8..16].copy_from_slice(&order_of(command, sequence).to_le_bytes());
        row[16..24].copy_from_slice(&filled.to_le_bytes());
        row[24..26].copy_from_slice(&reason.to_le_bytes());
        (row[26], row[27]) = (status, cancelled);
        self.outcomes.extend_from_slice(&row);
    }
}

const _: () = assert!(FILL == 102);
