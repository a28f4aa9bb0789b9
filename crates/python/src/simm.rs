//! ISDA SIMM for Python: a file of sensitivities read once, margins of portfolios of its rows.
use isthmus_quant::simm::calibration::{ONE_DAY, TEN_DAYS};
use isthmus_quant::simm::crif::Crif;
use isthmus_quant::simm::{Margin, Sensitivity, margin};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Delta, vega, curvature, base correlation, add-on, total.
type Told = (f64, f64, f64, f64, f64, f64);

/// Sensitivities of a CRIF file. Raises ValueError(line, field, reason).
#[pyclass(frozen)]
struct SimmCrif {
    crif: Crif,
}

#[pymethods]
impl SimmCrif {
    #[new]
    #[pyo3(signature = (text, /))]
    fn new(text: &str) -> PyResult<Self> {
        let read = Crif::read(text).map_err(|bad| PyValueError::new_err((bad.line, bad.field, bad.reason)))?;
        Ok(Self { crif: read })
    }

    /// What each row is called; empty where the file has no such column.
    #[getter]
    fn ids(&self) -> Vec<&str> {
        self.crif.ids.iter().map(String::as_str).collect()
    }

    /// The portfolio of each row; empty where the file has no such column.
    #[getter]
    fn portfolios(&self) -> Vec<&str> {
        self.crif.portfolios.iter().map(String::as_str).collect()
    }

    /// Of each portfolio (places of rows, from 0): delta, vega, curvature, base correlation, add-on and total, in USD. `days`: 10
    /// or 1. Raises IndexError for a row that is not there, ValueError for other days.
    #[pyo3(signature = (portfolios, days, currency))]
    fn margins(&self, py: Python<'_>, portfolios: Vec<Vec<usize>>, days: u32, currency: &str) -> PyResult<Vec<Told>> {
        let period = match days {
            10 => &TEN_DAYS,
            1 => &ONE_DAY,
            _ => return Err(PyValueError::new_err("SIMM has parameters for 10 days and for 1 day")),
        };
        let rows = &self.crif.rows;
        if let Some(place) = portfolios.iter().flatten().find(|place| **place >= rows.len()) {
            return Err(pyo3::exceptions::PyIndexError::new_err(format!("there is no row {place}")));
        }
        Ok(py.detach(|| {
            let of = |places: &Vec<usize>| {
                let chosen: Vec<Sensitivity> = places.iter().map(|place| rows[*place]).collect();
                told(&margin(&chosen, &self.crif.names, period, currency))
            };
            portfolios.iter().map(of).collect()
        }))
    }
}

fn told(m: &Margin) -> Told {
    (m.delta, m.vega, m.curvature, m.base_correlation, m.add_on, m.total)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<SimmCrif>()
}
