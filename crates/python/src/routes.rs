//! Splits over pools and books, and flash routes, for Python.
use isthmus_pools::flash::{Gone, Leg, Listed, Party, Priced, Route};
use isthmus_pools::ladder::Counter;
use isthmus_pools::pool::Way;
use isthmus_pools::split::{Level, Offer, Order, Side, split};
use isthmus_pools::wide::U256;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::pools::{Pool, PoolRefused, Wide, refused};

const BUY: u8 = 1;
const SELL: u8 = 2;

fn side_of(side: u8) -> PyResult<Side> {
    match side {
        BUY => Ok(Side::Buy),
        SELL => Ok(Side::Sell),
        _ => Err(PoolRefused::new_err(("side", "must be 1 (buy) or 2 (sell)"))),
    }
}

/// A pool as a book: for each limit (quote minor units for a lot, best first) the lots, none beyond `most`, whose last one
/// is within it. `way` is (from, to): quote to base for a buyer, base to quote for a seller.
#[pyfunction]
#[pyo3(signature = (pool, side, way, lot, limits, most = i64::MAX as u64))]
fn lots_within(
    pool: &Pool,
    side: u8,
    way: (usize, usize),
    lot: Wide,
    limits: Vec<Wide>,
    most: u64,
) -> PyResult<Vec<u64>> {
    let counter = Counter { pool: &pool.0, way: Way { from: way.0, to: way.1 }, side: side_of(side)?, lot: lot.0 };
    let limits: Vec<_> = limits.into_iter().map(|limit| limit.0).collect();
    Ok(counter.rungs(&limits, most))
}

/// What lots cost at least over the books' levels (all-in price of a lot, lots) and pools, each offered as (pool, from, to,
/// gas): {"book", "pools", "cost", "gas"}; a seller's cost is negative.
#[pyfunction]
#[pyo3(signature = (side, lots, lot, levels, offers))]
fn split_order<'py>(
    py: Python<'py>,
    side: u8,
    lots: u64,
    lot: Wide,
    levels: Vec<Level>,
    offers: Vec<(PyRef<'py, Pool>, usize, usize, u128)>,
) -> PyResult<Bound<'py, PyDict>> {
    let order = Order { side: side_of(side)?, lots, lot: lot.0 };
    let offered: Vec<Offer<'_>> = offers
        .iter()
        .map(|(pool, from, to, gas)| Offer { pool: &pool.0, way: Way { from: *from, to: *to }, gas: *gas })
        .collect();
    let found = split(&order, &levels, &offered).map_err(refused)?;
    let dict = PyDict::new(py);
    dict.set_item("book", found.book)?;
    dict.set_item("pools", found.pools)?;
    dict.set_item("cost", found.cost)?;
    dict.set_item("gas", found.gas)?;
    Ok(dict)
}

/// Borrow, swap, swap, repay: a route through pools, each listed with the numbers of its tokens.
#[pyclass(module = "isthmus._core")]
pub struct FlashRoute(Route);

type Pools<'py> = Vec<(PyRef<'py, Pool>, Vec<u32>)>;

fn listed(pools: &Pools<'_>) -> Vec<Listed> {
    pools.iter().map(|(pool, tokens)| Listed { pool: pool.0.clone(), tokens: tokens.clone() }).collect()
}

fn told<'py>(py: Python<'py>, priced: &Priced) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("input", Wide(priced.input))?;
    dict.set_item("output", Wide(priced.output))?;
    dict.set_item("flash_fee", Wide(priced.flash_fee))?;
    dict.set_item("gas", Wide(priced.gas))?;
    dict.set_item("profit", priced.profit.map(Wide))?;
    Ok(dict)
}

fn name_of(party: Party) -> String {
    match party {
        Party::Trader => "trader".to_owned(),
        Party::Lender => "lender".to_owned(),
        Party::Pool(place) => format!("pool {place}"),
        Party::Network => "network".to_owned(),
    }
}

#[pymethods]
impl FlashRoute {
    /// `legs`: (place of the pool, token in, token out) each; amounts in minor units of the token borrowed.
    #[new]
    #[pyo3(signature = (token, legs, *, flash_fee_ppm, gas, most, least_profit = Wide(U256::ONE)))]
    fn new(
        token: u32,
        legs: Vec<(usize, u32, u32)>,
        flash_fee_ppm: u32,
        gas: Wide,
        most: Wide,
        least_profit: Wide,
    ) -> Self {
        let legs = legs.into_iter().map(|(pool, from, to)| Leg { pool, from, to }).collect();
        Self(Route { token, legs, flash_fee_ppm, gas: gas.0, most: most.0, least_profit: least_profit.0 })
    }

    /// What an input would come to; "profit" is None when it loses.
    fn price<'py>(&self, py: Python<'py>, pools: Pools<'py>, amount: Wide) -> PyResult<Bound<'py, PyDict>> {
        told(py, &self.0.price(&listed(&pools), amount.0).map_err(refused)?)
    }

    /// The input that leaves most, priced; None when no input can be quoted.
    fn best<'py>(&self, py: Python<'py>, pools: Pools<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.0.best(&listed(&pools)).map_err(refused)?.map(|best| told(py, &best)).transpose()
    }

    /// Go the whole route with its best input, or with this one: the figures, "pools" as they are then, and "transfers"
    /// (from, to, token, amount). The pools handed in are never changed. Raises PoolRefused when it does not pay.
    #[pyo3(signature = (pools, amount = None))]
    fn go<'py>(&self, py: Python<'py>, pools: Pools<'py>, amount: Option<Wide>) -> PyResult<Bound<'py, PyDict>> {
        let before = listed(&pools);
        let gone = match amount {
            Some(amount) => self.0.go_with(&before, amount.0),
            None => self.0.go(&before),
        };
        let Gone { pools, transfers, priced } = gone.map_err(refused)?;
        let dict = told(py, &priced)?;
        let after: Vec<Pool> = pools.into_iter().map(|listed| Pool(listed.pool)).collect();
        dict.set_item("pools", after)?;
        let rows = transfers.iter().map(|row| (name_of(row.from), name_of(row.to), row.token, Wide(row.amount)));
        dict.set_item("transfers", rows.collect::<Vec<_>>())?;
        Ok(dict)
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<FlashRoute>()?;
    m.add_function(wrap_pyfunction!(lots_within, m)?)?;
    m.add_function(wrap_pyfunction!(split_order, m)?)
}
