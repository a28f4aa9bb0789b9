//! The consolidated book and the arithmetic of routes for Python.
mod book;
mod dark;
mod settings;

use isthmus_execution::values::{Refused, Side};
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

create_exception!(
    isthmus._core,
    RouteRefused,
    PyValueError,
    "A book or a route will not do it; `args` is (field, reason)."
);

fn refused(refused: Refused) -> PyErr {
    RouteRefused::new_err((refused.field, refused.reason))
}

/// 1: those who buy, 2: those who sell.
fn side_of(side: u8) -> PyResult<Side> {
    match side {
        1 => Ok(Side::Bids),
        2 => Ok(Side::Asks),
        _ => Err(RouteRefused::new_err(("side", "must be 1 (buy) or 2 (sell)"))),
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("RouteRefused", m.py().get_type::<RouteRefused>())?;
    m.add_class::<book::ConsolidatedBook>()?;
    m.add_class::<dark::DarkTails>()?;
    m.add_class::<dark::DarkWeights>()?;
    m.add_function(wrap_pyfunction!(book::triangle, m)?)?;
    m.add_function(wrap_pyfunction!(dark::spread_units, m)?)
}
