//! Moves of money in batches: rows of fixed width in, a reason a row out; no Python object for a move.
use isthmus_core::broker::Broker;
use isthmus_core::journal::JournalError;
use isthmus_core::messages::{Effect, Move};
use numpy::PyArray1;
use pyo3::prelude::*;

use crate::batch::{Dtype, Fields};

/// Bytes of a row: u32 source, target, asset; u8 purpose, 3 unused; i64 amount; 16 bytes client id.
pub const ROW: usize = 40;
/// Rows between two looks at how much is to be handed on.
const CHUNK: usize = 64;

fn fields() -> Fields {
    vec![
        ("source", "<u4"),
        ("target", "<u4"),
        ("asset", "<u4"),
        ("purpose", "u1"),
        ("unused", "V3"),
        ("amount", "<i8"),
        ("client_id", "V16"),
    ]
}

pub static MOVES: Dtype = Dtype::of(fields);

/// What a batch of moves did: the sequence of the first, and of each why it was refused (0: it was not).
#[pyclass(frozen, module = "isthmus._core")]
pub struct Moved {
    #[pyo3(get)]
    first: u64,
    reasons: Vec<u16>,
}

#[pymethods]
impl Moved {
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u16>> {
        PyArray1::from_slice(py, &self.reasons)
    }
}

fn command(row: &[u8]) -> Move {
    let u32_at = |at: usize| u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
    let (mut amount, mut client_id) = ([0; 8], [0; 16]);
    amount.copy_from_slice(&row[16..24]);
    client_id.copy_from_slice(&row[24..40]);
    Move {
        source: u32_at(0),
        target: u32_at(4),
        asset: u32_at(8),
        purpose: row[12],
        amount: i64::from_le_bytes(amount),
        client_id,
    }
}

/// Why the move was refused, now or when it was first asked; 0 if it was posted. Other effects (what fell due before it,
/// freezes after it) may stand around the answer.
fn reason_of(mut effects: &[u8]) -> u16 {
    while let Ok((effect, length)) = Effect::decode(effects) {
        match effect {
            Effect::Rejected(rejected) => return rejected.reason,
            Effect::Repeated(repeated) => return repeated.reason,
            _ => effects = &effects[length..],
        }
    }
    0
}

/// Applies the rows; one flush at the end keeps the promise for all of them.
pub fn submit(broker: &mut Broker, rows: &[u8], at: u64, origin: &[u8]) -> Result<Moved, JournalError> {
    let mut moved = Moved { first: broker.engine.sequence + 1, reasons: Vec::with_capacity(rows.len() / ROW) };
    for chunk in rows.chunks(CHUNK * ROW) {
        for row in chunk.chunks_exact(ROW) {
            let framed = broker.stage(&command(row).into(), at, origin);
            moved.reasons.push(reason_of(framed.effects(broker.frames())));
        }
        broker.make_room()?;
    }
    broker.settle()?;
    Ok(moved)
}
