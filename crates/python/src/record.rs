//! Records as Python sees them: lazy views on their bytes.
use isthmus_core::flusher::Link;
use isthmus_core::journal::{Entry, frame};
use isthmus_core::messages::Effect;
use isthmus_core::record::{self as core, Body};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::messages as classes;

/// Where a command came from; copied into the record, never read by the engine.
#[pyclass(frozen, module = "isthmus._core")]
pub struct Origin {
    pub fields: core::Origin,
    pub block: Vec<u8>,
}

#[pymethods]
impl Origin {
    #[new]
    #[pyo3(signature = (session = 0, user = 0, role = 0, gateway = 0, received_at = 0, text = String::new(), instruction = None, note = String::new()))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        session: u32,
        user: u32,
        role: u8,
        gateway: u8,
        received_at: u64,
        text: String,
        instruction: Option<[u8; 32]>,
        note: String,
    ) -> PyResult<Self> {
        if text.len() > core::TEXT_MAX {
            return Err(PyValueError::new_err(format!("text: over {} bytes", core::TEXT_MAX)));
        }
        if note.len() > core::NOTE_MAX {
            return Err(PyValueError::new_err(format!("note: over {} bytes", core::NOTE_MAX)));
        }
        Ok(Self::from(core::Origin { session, user, role, gateway, received_at, text, instruction, note }))
    }

    #[getter]
    fn session(&self) -> u32 {
        self.fields.session
    }
    #[getter]
    fn user(&self) -> u32 {
        self.fields.user
    }
    #[getter]
    fn role(&self) -> u8 {
        self.fields.role
    }
    #[getter]
    fn gateway(&self) -> u8 {
        self.fields.gateway
    }
    #[getter]
    fn received_at(&self) -> u64 {
        self.fields.received_at
    }
    #[getter]
    fn text(&self) -> &str {
        &self.fields.text
    }
    #[getter]
    fn instruction<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.fields.instruction.as_ref().map(|hash| PyBytes::new(py, hash))
    }
    #[getter]
    fn note(&self) -> &str {
        &self.fields.note
    }
    fn __repr__(&self) -> String {
        format!("{:?}", self.fields)
    }
}

impl From<core::Origin> for Origin {
    fn from(fields: core::Origin) -> Self {
        Self { block: fields.encode(), fields }
    }
}

/// Where a record stands in the chain.
pub enum Chained {
    Known {
        prev: [u8; 32],
        hash: [u8; 32],
    },
    /// Of an engine's own record: the hash is made by the thread that writes, or when it is asked for.
    Linked(Link),
}

/// One command and its effects, as journalled.
#[pyclass(frozen, module = "isthmus._core")]
pub struct Record {
    pub bytes: Vec<u8>,
    pub chained: Chained,
}

impl From<&Entry<'_>> for Record {
    fn from(entry: &Entry<'_>) -> Self {
        let chained = Chained::Known { prev: *entry.prev, hash: *entry.hash };
        Self { bytes: entry.body.to_vec(), chained }
    }
}

impl Record {
    fn view(&self) -> PyResult<Body<'_>> {
        Body::read(&self.bytes).map_err(|_| PyValueError::new_err("body: not a record of this format"))
    }

    pub fn all_effects(&self) -> PyResult<Vec<Effect>> {
        let mut effects = Vec::new();
        let read = self.view()?.each_effect(|effect| effects.push(effect));
        read.map_err(|_| PyValueError::new_err("body: damaged effects"))?;
        Ok(effects)
    }
}

#[pymethods]
impl Record {
    /// Takes a body apart that came from elsewhere; `prev` is the hash of the record before.
    #[staticmethod]
    fn from_body(body: Vec<u8>, prev: [u8; 32]) -> PyResult<Self> {
        let chained = Chained::Known { prev, hash: frame::chain(&prev, &body) };
        let record = Self { bytes: body, chained };
        record.view()?;
        Ok(record)
    }

    #[getter]
    fn sequence(&self) -> PyResult<u64> {
        Ok(self.view()?.sequence)
    }
    #[getter]
    fn stamp(&self) -> PyResult<u64> {
        Ok(self.view()?.stamp)
    }
    #[getter]
    fn flags(&self) -> PyResult<u16> {
        Ok(self.view()?.flags)
    }
    #[getter]
    fn prev<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let prev = match &self.chained {
            Chained::Known { prev, .. } => *prev,
            Chained::Linked(link) if link.is_known() => link.prev(),
            Chained::Linked(link) => py.detach(|| link.prev()),
        };
        PyBytes::new(py, &prev)
    }
    #[getter]
    fn hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let hash = match &self.chained {
            Chained::Known { hash, .. } => *hash,
            Chained::Linked(link) if link.is_known() => link.hash(),
            Chained::Linked(link) => py.detach(|| link.hash()),
        };
        PyBytes::new(py, &hash)
    }
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.bytes)
    }
    #[getter]
    fn command<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        classes::python_command(py, self.view()?.command)
    }
    #[getter]
    fn origin(&self) -> PyResult<Origin> {
        let fields = core::Origin::decode(self.view()?.origin);
        fields.map(Origin::from).ok_or_else(|| PyValueError::new_err("body: damaged origin"))
    }
    #[getter]
    fn effects<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let effects = self.all_effects()?;
        PyList::new(py, effects.into_iter().map(|e| classes::python_effect(py, e)).collect::<PyResult<Vec<_>>>()?)
    }
    /// The reason of a refusal, by name.
    #[getter]
    fn reason(&self) -> PyResult<Option<&'static str>> {
        let effects = self.all_effects()?;
        Ok(effects.iter().find_map(|e| match e {
            Effect::Rejected(r) => Some(reason_name(r.reason)),
            _ => None,
        }))
    }
    fn __repr__(&self) -> PyResult<String> {
        let view = self.view()?;
        Ok(format!("Record(sequence={}, command={}, effects={})", view.sequence, view.command.name(), view.count))
    }
}

pub fn reason_name(reason: u16) -> &'static str {
    let all = isthmus_core::names::Reason::ALL;
    all.iter().find(|(number, _)| *number == reason).map_or("unknown", |(_, name)| name)
}
