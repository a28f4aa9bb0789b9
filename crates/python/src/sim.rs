//! The simulator's Python face: whole runs in Rust, and its clients alone for runs of the Python tier.
use isthmus_sim::{Plant, World, simulate};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::messages as classes;

fn plant(name: &str) -> PyResult<Plant> {
    Plant::named(name).ok_or_else(|| {
        let names: Vec<&str> = Plant::NAMES.iter().map(|known| known.0).collect();
        PyValueError::new_err(format!("plant: must be one of {}", names.join(", ")))
    })
}

/// Runs seeds of core and journal: {"seeds", "commands", "violations": [{"seed", "step", "oracle"}]}. `scratch` is a
/// folder that may be written in.
#[pyfunction(name = "simulate")]
#[pyo3(signature = (first, seeds, plant, scratch, /))]
pub fn run<'py>(py: Python<'py>, first: u64, seeds: u64, plant: &str, scratch: &str) -> PyResult<Bound<'py, PyDict>> {
    let planted = self::plant(plant)?;
    let report = py.detach(|| simulate(first, seeds, planted, std::path::Path::new(scratch)));
    let violations = report.violations.iter().map(|violation| {
        let row = PyDict::new(py);
        row.set_item("seed", violation.seed)?;
        row.set_item("step", violation.step)?;
        row.set_item("oracle", violation.oracle)?;
        Ok(row)
    });
    let found = PyDict::new(py);
    found.set_item("seeds", report.seeds)?;
    found.set_item("commands", report.commands)?;
    found.set_item("violations", violations.collect::<PyResult<Vec<_>>>()?)?;
    Ok(found)
}

/// The simulator's clients: the same commands for the same seed and the same answers.
#[pyclass(module = "isthmus._core")]
pub struct SimulatedClients(World);

#[pymethods]
impl SimulatedClients {
    #[new]
    fn new(seed: u64) -> Self {
        Self(World::new(seed))
    }

    /// The commands that every run begins with.
    fn opening<'py>(&mut self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.0.opening().into_iter().map(|command| classes::python_command(py, command)).collect()
    }

    /// The next (time, command); `state` is the trading state of the instrument whose rules change.
    fn next<'py>(&mut self, py: Python<'py>, state: u8) -> PyResult<(u64, Bound<'py, PyAny>)> {
        let (at, command) = self.0.next(state);
        Ok((at, classes::python_command(py, command)?))
    }

    /// An order was accepted: from now on it can be changed.
    fn placed(&mut self, order: u64, command: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.placed(order, &classes::command(command)?);
        Ok(())
    }
}
