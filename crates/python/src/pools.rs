//! Pools of automated market makers for Python: amounts are ints of any size, refusals are `PoolRefused(field, reason)`.
use isthmus_pools::Refused;
use isthmus_pools::concentrated::{ConcentratedPool, Request, Swap, TickRow};
use isthmus_pools::crypto::{CryptoPool, Terms};
use isthmus_pools::pool::{Pool as Kind, Way};
use isthmus_pools::positions::Place;
use isthmus_pools::product::ProductPool;
use isthmus_pools::stable::StablePool;
use isthmus_pools::steps::Left;
use isthmus_pools::ticks::{MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK, sqrt_price_at, tick_at};
use isthmus_pools::wide::U256;
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt};

create_exception!(isthmus._core, PoolRefused, PyValueError, "A pool, split or route will not do it: (field, reason).");

pub fn refused(refused: Refused) -> PyErr {
    PoolRefused::new_err((refused.field, refused.reason))
}

/// An int from 0 to 2^256 - 1.
pub struct Wide(pub U256);

impl<'a, 'py> FromPyObject<'a, 'py> for Wide {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(small) = object.extract::<u128>() {
            return Ok(Self(U256::from(small)));
        }
        let number = object.cast::<PyInt>()?;
        let bytes = number.call_method1("to_bytes", (32, "little"));
        let bytes = bytes.map_err(|_| PoolRefused::new_err(("amount", "must be from 0 to 2^256 - 1")))?;
        Ok(Self(U256::from_le_slice(bytes.extract()?)))
    }
}

impl<'py> IntoPyObject<'py> for Wide {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        if let Ok(small) = u128::try_from(self.0) {
            return Ok(small.into_pyobject(py)?.into_any());
        }
        let bytes = PyBytes::new(py, &self.0.to_le_bytes::<32>());
        py.get_type::<PyInt>().call_method1("from_bytes", (bytes, "little"))
    }
}

/// A signed amount: above 0 is an input to spend, below 0 an output to get, as the chain has it.
fn amount_of(signed: &Bound<'_, PyAny>) -> PyResult<Left> {
    if signed.lt(0)? {
        Ok(Left::Out(signed.neg()?.extract::<Wide>()?.0))
    } else {
        Ok(Left::In(signed.extract::<Wide>()?.0))
    }
}

/// A pool: constant product, concentrated liquidity or StableSwap. Its swaps change it, its quotes do not.
#[pyclass(module = "isthmus._core")]
#[derive(Clone)]
pub struct Pool(pub Kind);

impl Pool {
    fn ranged(&self) -> PyResult<&ConcentratedPool> {
        match &self.0 {
            Kind::Concentrated(pool) => Ok(pool),
            _ => Err(not_ranged()),
        }
    }

    fn ranged_mut(&mut self) -> PyResult<&mut ConcentratedPool> {
        match &mut self.0 {
            Kind::Concentrated(pool) => Ok(pool),
            _ => Err(not_ranged()),
        }
    }

    fn steady(&self) -> PyResult<&StablePool> {
        match &self.0 {
            Kind::Stable(pool) => Ok(pool),
            _ => Err(PoolRefused::new_err(("pool", "is no StableSwap pool"))),
        }
    }
}

fn not_ranged() -> PyErr {
    PoolRefused::new_err(("pool", "is no pool of concentrated liquidity"))
}

fn request(zero_for_one: bool, amount: &Bound<'_, PyAny>, limit: Option<Wide>) -> PyResult<Request> {
    Ok(Request { zero_for_one, amount: amount_of(amount)?, limit: limit.map(|limit| limit.0) })
}

fn told<'py>(py: Python<'py>, swap: &Swap) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("amount_in", Wide(swap.amount_in))?;
    dict.set_item("amount_out", Wide(swap.amount_out))?;
    dict.set_item("fee", Wide(swap.fee))?;
    dict.set_item("sqrt_price", Wide(swap.sqrt_price))?;
    dict.set_item("tick", swap.tick)?;
    dict.set_item("liquidity", swap.liquidity)?;
    dict.set_item("left", Wide(swap.left))?;
    Ok(dict)
}

fn place(owner: String, between: (i32, i32)) -> Place {
    Place { owner, lower: between.0, upper: between.1 }
}

fn wide([first, second]: [U256; 2]) -> (Wide, Wide) {
    (Wide(first), Wide(second))
}

fn list(numbers: &[U256]) -> Vec<Wide> {
    numbers.iter().copied().map(Wide).collect()
}

#[pymethods]
impl Pool {
    /// Uniswap v2: the fee is `fee` parts of `fee_unit`.
    #[staticmethod]
    #[pyo3(signature = (reserve0, reserve1, fee = 3, fee_unit = 1_000))]
    fn product(reserve0: Wide, reserve1: Wide, fee: u32, fee_unit: u32) -> PyResult<Self> {
        let pool = ProductPool::new([reserve0.0, reserve1.0], fee, fee_unit).map_err(refused)?;
        Ok(Self(Kind::Product(pool)))
    }

    /// Uniswap v3, without liquidity yet.
    #[staticmethod]
    fn concentrated(fee_pips: u32, tick_spacing: i32, sqrt_price: Wide) -> PyResult<Self> {
        let pool = ConcentratedPool::new(fee_pips, tick_spacing, sqrt_price.0).map_err(refused)?;
        Ok(Self(Kind::Concentrated(pool)))
    }

    /// StableSwap: (fee, the admin's share of it) in parts of 10^10.
    #[staticmethod]
    fn stable(balances: Vec<Wide>, rates: Vec<Wide>, amplification: u64, fees: (u64, u64)) -> PyResult<Self> {
        let numbers = |list: Vec<Wide>| list.into_iter().map(|number| number.0).collect();
        let pool = StablePool::new(numbers(balances), numbers(rates), amplification, [fees.0, fees.1]);
        Ok(Self(Kind::Stable(pool.map_err(refused)?)))
    }

    /// Cryptoswap, for quotes: curve (ann, gamma), fees (fee_gamma, mid_fee, out_fee).
    #[staticmethod]
    fn crypto(balances: Vec<Wide>, scales: Vec<Wide>, curve: (u64, u64), fees: (u64, u64, u64)) -> PyResult<Self> {
        let numbers = |list: Vec<Wide>| list.into_iter().map(|number| number.0).collect();
        let (fee_gamma, mid_fee, out_fee) = fees;
        let terms = Terms { ann: curve.0, gamma: curve.1, fee_gamma, mid_fee, out_fee };
        let pool = CryptoPool::new(numbers(balances), numbers(scales), terms).map_err(refused)?;
        Ok(Self(Kind::Crypto(pool)))
    }

    #[getter]
    fn kind(&self) -> &'static str {
        match self.0 {
            Kind::Product(_) => "product",
            Kind::Concentrated(_) => "concentrated",
            Kind::Stable(_) => "stable",
            Kind::Crypto(_) => "crypto",
        }
    }

    /// What the pool holds of each token.
    #[getter]
    fn balances(&self) -> Vec<Wide> {
        match &self.0 {
            Kind::Product(pool) => list(&pool.reserves),
            Kind::Concentrated(pool) => list(&pool.balances),
            Kind::Stable(pool) => list(pool.balances()),
            Kind::Crypto(pool) => list(&pool.balances),
        }
    }

    fn copy(&self) -> Self {
        self.clone()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    #[pyo3(signature = (from, to, amount, /))]
    fn quote_in(&self, from: usize, to: usize, amount: Wide) -> PyResult<Wide> {
        self.0.quote_in(Way { from, to }, amount.0).map(Wide).map_err(refused)
    }

    #[pyo3(signature = (from, to, amount, /))]
    fn quote_out(&self, from: usize, to: usize, amount: Wide) -> PyResult<Wide> {
        self.0.quote_out(Way { from, to }, amount.0).map(Wide).map_err(refused)
    }

    #[pyo3(signature = (from, to, amount, /))]
    fn swap_in(&mut self, from: usize, to: usize, amount: Wide) -> PyResult<Wide> {
        self.0.swap_in(Way { from, to }, amount.0).map(Wide).map_err(refused)
    }

    #[pyo3(signature = (from, to, amount, /))]
    fn swap_out(&mut self, from: usize, to: usize, amount: Wide) -> PyResult<(Wide, Wide)> {
        let (cost, got) = self.0.swap_out(Way { from, to }, amount.0).map_err(refused)?;
        Ok((Wide(cost), Wide(got)))
    }

    #[getter]
    fn fee_pips(&self) -> PyResult<u32> {
        Ok(self.ranged()?.fee_pips)
    }

    #[getter]
    fn sqrt_price(&self) -> PyResult<Wide> {
        Ok(Wide(self.ranged()?.sqrt_price))
    }

    #[getter]
    fn tick(&self) -> PyResult<i32> {
        Ok(self.ranged()?.tick)
    }

    #[getter]
    fn liquidity(&self) -> PyResult<u128> {
        Ok(self.ranged()?.liquidity)
    }

    /// Fee growth per unit of liquidity, of either token, in Q128.128.
    #[getter]
    fn growth(&self) -> PyResult<(Wide, Wide)> {
        Ok(wide(self.ranged()?.growth))
    }

    #[getter]
    fn most_per_tick(&self) -> PyResult<u128> {
        Ok(self.ranged()?.most_per_tick())
    }

    /// (tick, gross, net) of every tick at which liquidity begins or ends, ascending.
    fn ticks(&self) -> PyResult<Vec<TickRow>> {
        Ok(self.ranged()?.ticks().map(|(tick, found)| (tick, found.gross, found.net)).collect())
    }

    /// This pool with a table of ticks taken over; refused when it does not add up.
    fn with_ticks(&self, tick: i32, liquidity: u128, rows: Vec<TickRow>) -> PyResult<Self> {
        let pool = self.ranged()?.clone().with_ticks(tick, liquidity, &rows).map_err(refused)?;
        Ok(Self(Kind::Concentrated(pool)))
    }

    /// This pool at another price, with the same positions.
    fn at_price(&self, sqrt_price: Wide, tick: i32) -> PyResult<Self> {
        Ok(Self(Kind::Concentrated(self.ranged()?.at_price(sqrt_price.0, tick).map_err(refused)?)))
    }

    fn mint(&mut self, owner: String, between: (i32, i32), liquidity: u128) -> PyResult<(Wide, Wide)> {
        self.ranged_mut()?.mint(&place(owner, between), liquidity).map(wide).map_err(refused)
    }

    fn burn(&mut self, owner: String, between: (i32, i32), liquidity: u128) -> PyResult<(Wide, Wide)> {
        self.ranged_mut()?.burn(&place(owner, between), liquidity).map(wide).map_err(refused)
    }

    fn collect(&mut self, owner: String, between: (i32, i32), most: (u128, u128)) -> PyResult<(u128, u128)> {
        let paid = self.ranged_mut()?.collect(&place(owner, between), [most.0, most.1]).map_err(refused)?;
        Ok((paid[0], paid[1]))
    }

    /// What a swap would do: an amount above 0 is spent, one below 0 is bought, `limit` is a square-root price.
    #[pyo3(signature = (zero_for_one, amount, limit = None))]
    fn quote<'py>(
        &self,
        py: Python<'py>,
        zero_for_one: bool,
        amount: &Bound<'py, PyAny>,
        limit: Option<Wide>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let swap = self.ranged()?.quote(&request(zero_for_one, amount, limit)?).map_err(refused)?;
        told(py, &swap)
    }

    #[pyo3(signature = (zero_for_one, amount, limit = None))]
    fn swap<'py>(
        &mut self,
        py: Python<'py>,
        zero_for_one: bool,
        amount: &Bound<'py, PyAny>,
        limit: Option<Wide>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let swap = self.ranged_mut()?.swap(&request(zero_for_one, amount, limit)?).map_err(refused)?;
        told(py, &swap)
    }

    /// D of a StableSwap or Cryptoswap pool, in 18 digits.
    fn invariant(&self) -> PyResult<Wide> {
        match &self.0 {
            Kind::Crypto(pool) => Ok(Wide(pool.invariant())),
            _ => self.steady()?.invariant().map(Wide).map_err(refused),
        }
    }

    /// D over the supply of shares, in 18 digits.
    fn virtual_price(&self, supply: Wide) -> PyResult<Wide> {
        self.steady()?.virtual_price(supply.0).map(Wide).map_err(refused)
    }
}

/// The square-root price (Q64.96) of a tick.
#[pyfunction]
#[pyo3(name = "sqrt_price_at", signature = (tick, /))]
fn price_of(tick: i32) -> PyResult<Wide> {
    if !(MIN_TICK..=MAX_TICK).contains(&tick) {
        return Err(PoolRefused::new_err(("tick", "is outside the range of ticks")));
    }
    Ok(Wide(sqrt_price_at(tick)))
}

/// The greatest tick at or below a square-root price.
#[pyfunction]
#[pyo3(name = "tick_at", signature = (sqrt_price, /))]
fn tick_of(sqrt_price: Wide) -> PyResult<i32> {
    if !(MIN_SQRT_PRICE..MAX_SQRT_PRICE).contains(&sqrt_price.0) {
        return Err(PoolRefused::new_err(("sqrt_price", "is outside the range of prices")));
    }
    Ok(tick_at(sqrt_price.0))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("PoolRefused", m.py().get_type::<PoolRefused>())?;
    m.add_class::<Pool>()?;
    m.add_function(wrap_pyfunction!(price_of, m)?)?;
    m.add_function(wrap_pyfunction!(tick_of, m)?)
}
