//! Margin of perpetual accounts for Python: the integers of `isthmus_margin::perpetual`. Raises OverflowError where it has
//! none.
use isthmus_margin::perpetual::{self as margin, Holding, Pricing, Requirement, Standing, Tier};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;

/// From this value on, initial and maintenance in basis points.
type TierRow = (i64, u32, u32);
/// Quantity, mark, settlement mark, value of price 1 x quantity 1, and the tiers.
type PositionRow = (i64, i64, i64, i64, Vec<TierRow>);
/// Equity, then initial and maintenance.
type Sums = (i128, i128, i128);

fn whole<T>(found: Option<T>) -> PyResult<T> {
    found.ok_or_else(|| PyOverflowError::new_err("the amounts leave 128 bits"))
}

fn holding(row: &PositionRow) -> Option<(Holding, i128)> {
    let (quantity, mark, settled, num, tiers) = row;
    let tiers: Vec<Tier> = tiers
        .iter()
        .map(|&(from_notional, initial_bps, maintenance_bps)| Tier { from_notional, initial_bps, maintenance_bps })
        .collect();
    let unit = i128::from(*quantity).checked_mul(i128::from(*num))?;
    let value = unit.checked_mul(i128::from(*mark))?;
    let gain = unit.checked_mul(i128::from(*mark) - i128::from(*settled))?;
    Some((Holding { value, requirement: margin::requirement(&tiers, value)? }, gain))
}

/// Equity, what is asked and what must be kept of an account with this balance, and value, initial and maintenance of each
/// position.
#[pyfunction]
#[pyo3(signature = (balance, positions, /))]
pub fn perpetual_standing(balance: i128, positions: Vec<PositionRow>) -> PyResult<(Sums, Vec<Sums>)> {
    whole((|| {
        let (mut all, mut each) = (Standing { equity: balance, requirement: Requirement::default() }, Vec::new());
        for row in &positions {
            let (held, gain) = holding(row)?;
            all.equity = all.equity.checked_add(gain)?;
            all.requirement.initial = all.requirement.initial.checked_add(held.requirement.initial)?;
            all.requirement.maintenance = all.requirement.maintenance.checked_add(held.requirement.maintenance)?;
            each.push((held.value, held.requirement.initial, held.requirement.maintenance));
        }
        Some(((all.equity, all.requirement.initial, all.requirement.maintenance), each))
    })())
}

fn standing(equity: i128, maintenance: i128) -> Standing {
    Standing { equity, requirement: Requirement { initial: maintenance, maintenance } }
}

fn held(value: i128, maintenance: i128) -> Holding {
    Holding { value, requirement: Requirement { initial: maintenance, maintenance } }
}

/// What a close has to bring: account (equity, maintenance), the position before and after (value, maintenance).
#[pyfunction]
#[pyo3(signature = (account, before, after, /))]
pub fn perpetual_bankruptcy(account: (i128, i128), before: (i128, i128), after: (i128, i128)) -> PyResult<i128> {
    let (before, after) = (held(before.0, before.1), held(after.0, after.1));
    whole(margin::bankruptcy_quote(&standing(account.0, account.1), &before, &after))
}

/// What the whole position fetches at its fillable price, as numerator and denominator; rates in millionths.
#[pyfunction]
#[pyo3(signature = (account, position, adjustment_ppm, spread_ppm, /))]
pub fn perpetual_fillable(
    account: (i128, i128),
    position: (i128, i128),
    adjustment_ppm: i64,
    spread_ppm: i64,
) -> PyResult<(i128, i128)> {
    let pricing = Pricing { bankruptcy_adjustment_ppm: adjustment_ppm, spread_ppm };
    let found = margin::fillable_quote(&standing(account.0, account.1), &held(position.0, position.1), pricing);
    whole(found.map(|ratio| (ratio.numerator, ratio.denominator)))
}

/// What the insurance fund gets (negative: pays) of a fill.
#[pyfunction]
#[pyo3(signature = (fill, bankruptcy, fee_ppm, /))]
pub fn perpetual_insurance(fill: i128, bankruptcy: i128, fee_ppm: i64) -> PyResult<i128> {
    whole(margin::insurance_delta(fill, bankruptcy, fee_ppm))
}

/// The functions of this file.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(perpetual_standing, m)?)?;
    m.add_function(wrap_pyfunction!(perpetual_bankruptcy, m)?)?;
    m.add_function(wrap_pyfunction!(perpetual_fillable, m)?)?;
    m.add_function(wrap_pyfunction!(perpetual_insurance, m)?)
}
