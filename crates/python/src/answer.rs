//! What one command did, read from its effects only as far as somebody asks.
use isthmus_core::messages::{Effect, Traded};
use isthmus_core::names::CancelReason;
use isthmus_core::row::{Outcome, REFUSED, REPEATED};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::messages as classes;
use crate::record::reason_name;

/// What `Engine.place`, `cancel` and `replace` answer.
#[pyclass(frozen, module = "isthmus._core")]
pub struct Answer {
    pub sequence: u64,
    pub order: u64,
    pub effects: Vec<u8>,
}

impl Answer {
    fn outcome(&self) -> Outcome {
        Outcome::of(&self.effects, |_| ())
    }
}

#[pymethods]
impl Answer {
    /// The sequence of the record.
    #[getter]
    fn sequence(&self) -> u64 {
        self.sequence
    }
    /// The order that was placed, cancelled or replaced.
    #[getter]
    fn order(&self) -> u64 {
        self.order
    }
    /// Lots that traded.
    #[getter]
    fn filled(&self) -> i64 {
        self.outcome().filled
    }
    /// Why it was refused, by name; None if it was not. Of a repeated command: why it was refused then.
    #[getter]
    fn reason(&self) -> Option<&'static str> {
        let reason = self.outcome().reason;
        (reason != 0).then(|| reason_name(reason))
    }
    /// The client id was seen before with the same command: nothing was done.
    #[getter]
    fn repeated(&self) -> bool {
        self.outcome().status == REPEATED
    }
    /// Why what was left of the order went, by name; None if nothing went.
    #[getter]
    fn cancelled(&self) -> Option<&'static str> {
        let cancelled = u16::from(self.outcome().cancelled);
        CancelReason::ALL.iter().find(|(number, _)| *number == cancelled).map(|(_, name)| *name)
    }
    /// (the maker's order, price, quantity) of every trade.
    #[getter]
    fn fills<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let (fills, mut done) = (PyList::empty(py), Ok(()));
        Outcome::of(&self.effects, |fields| {
            let Traded { maker_order, price, quantity, .. } = Traded::read(fields);
            let appended = (maker_order, price, quantity)
                .into_pyobject(py)
                .and_then(|fill: Bound<'py, PyTuple>| fills.append(fill));
            if done.is_ok() {
                done = appended;
            }
        });
        done.map(|()| fills)
    }
    /// All effects, as `Record.effects`.
    #[getter]
    fn effects<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        let mut rest = &self.effects[..];
        while !rest.is_empty() {
            let (effect, length) =
                Effect::decode(rest).map_err(|_| PyValueError::new_err("effects: not of this release"))?;
            list.append(classes::python_effect(py, effect)?)?;
            rest = &rest[length..];
        }
        Ok(list)
    }
    fn __repr__(&self) -> String {
        let Outcome { filled, reason, status, .. } = self.outcome();
        match status {
            REFUSED => format!("Answer(sequence={}, reason={:?})", self.sequence, reason_name(reason)),
            _ => format!("Answer(sequence={}, order={}, filled={filled})", self.sequence, self.order),
        }
    }
}
