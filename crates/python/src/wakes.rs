//! Wake-ups for Python: whom to decide about again.
use isthmus_wakes::{Side, TooMany, Wake, Wakes as Watch};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

const BUY: u8 = 1;
const SELL: u8 = 2;

/// The wake-ups of up to 100,000 parents.
#[pyclass(module = "isthmus._core")]
#[derive(Default)]
pub struct Wakes(Watch);

fn side_of(side: u8) -> PyResult<Side> {
    match side {
        BUY => Ok(Side::Buy),
        SELL => Ok(Side::Sell),
        _ => Err(PyValueError::new_err("side: must be 1 (buy) or 2 (sell)")),
    }
}

/// 0 is no number to wait for.
fn given(number: u64) -> Option<u64> {
    (number > 0).then_some(number)
}

#[pymethods]
impl Wakes {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Replace the parent's wake-up; what is 0, None or false is not waited for.
    #[pyo3(signature = (parent, instrument, side, *, at = 0, price = None, volume = 0, book = false))]
    #[allow(clippy::too_many_arguments)] // the fields of a wake-up, by keyword
    fn set(
        &mut self,
        parent: u64,
        instrument: u32,
        side: u8,
        at: u64,
        price: Option<i64>,
        volume: u64,
        book: bool,
    ) -> PyResult<()> {
        let side = side_of(side)?;
        let price = price.map(|price| (side, price));
        let wake = Wake { instrument, at: given(at), price, volume: given(volume), book };
        self.0.set(parent, wake).map_err(|error: TooMany| PyValueError::new_err(error.to_string()))
    }

    #[pyo3(signature = (parent, /))]
    fn cancel(&mut self, parent: u64) -> bool {
        self.0.cancel(parent)
    }

    #[pyo3(signature = (now, /))]
    fn on_time(&mut self, now: u64) -> Vec<u64> {
        self.0.on_time(now)
    }

    #[pyo3(signature = (instrument, bid, ask, /))]
    fn on_quote(&mut self, instrument: u32, bid: Option<i64>, ask: Option<i64>) -> Vec<u64> {
        self.0.on_quote(instrument, bid, ask)
    }

    #[pyo3(signature = (instrument, quantity, /))]
    fn on_trade(&mut self, instrument: u32, quantity: u64) -> Vec<u64> {
        self.0.on_trade(instrument, quantity)
    }

    #[pyo3(signature = (instrument, /))]
    fn traded(&self, instrument: u32) -> u64 {
        self.0.traded(instrument)
    }

    #[getter]
    fn next_time(&self) -> Option<u64> {
        self.0.next_time()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}
