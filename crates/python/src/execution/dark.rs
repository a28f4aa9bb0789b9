//! What is learnt of dark pools, and how units are spread over them.
use isthmus_execution::dark::{Allocation, POOLS_MAX, Response, Tails, Weights};
use pyo3::prelude::*;

use super::{RouteRefused, refused};

/// Kaplan-Meier tails of one pool.
#[pyclass(module = "isthmus._core")]
pub struct DarkTails(Tails);

#[pymethods]
impl DarkTails {
    #[new]
    #[pyo3(signature = (units, least = 1))]
    fn new(units: usize, least: u32) -> PyResult<Self> {
        Tails::new(units, least).map(Self).map_err(refused)
    }

    #[pyo3(signature = (asked, filled, /))]
    fn learn(&mut self, asked: usize, filled: usize) -> PyResult<()> {
        self.0.learn(asked, filled).map_err(refused)
    }

    /// P(at least so many units), in millionths.
    #[pyo3(signature = (units, /))]
    fn tail_ppm(&self, units: usize) -> u32 {
        self.0.tail_ppm(units)
    }
}

/// Units of each pool, given out one by one where one more is likeliest; `units` in all.
#[pyfunction]
#[pyo3(signature = (pools, units, /))]
pub fn spread_units(pools: Vec<PyRef<'_, DarkTails>>, units: usize) -> PyResult<Vec<u16>> {
    if pools.len() > POOLS_MAX {
        return Err(RouteRefused::new_err(("pools", "must be at most 16")));
    }
    let tails: Vec<Tails> = pools.iter().map(|pool| pool.0.clone()).collect();
    Ok(Allocation::spread(&tails, u32::MAX, units).units[..tails.len()].to_vec())
}

/// Shares of dark pools by stochastic approximation.
#[pyclass(module = "isthmus._core")]
pub struct DarkWeights(Weights);

#[pymethods]
impl DarkWeights {
    #[new]
    fn new(pools: usize) -> PyResult<Self> {
        Weights::new(pools).map(Self).map_err(refused)
    }

    /// In 10^-9.
    #[getter]
    fn shares(&self) -> Vec<i64> {
        self.0.shares().to_vec()
    }

    #[pyo3(signature = (quantity, /))]
    fn split(&self, quantity: i64) -> PyResult<Vec<i64>> {
        if quantity < 0 {
            return Err(RouteRefused::new_err(("quantity", "must not be negative")));
        }
        Ok(self.0.split(quantity))
    }

    /// One step: (value in millionths, filled whole) of each pool.
    #[pyo3(signature = (responses, volume_ppm, gain_ppm, /))]
    fn learn(&mut self, responses: Vec<(i64, bool)>, volume_ppm: i64, gain_ppm: i64) -> PyResult<()> {
        let each = responses.into_iter().map(|(value_ppm, whole)| Response { value_ppm, whole });
        self.0.learn(&each.collect::<Vec<_>>(), volume_ppm, gain_ppm).map_err(refused)
    }
}
