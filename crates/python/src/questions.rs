//! Answers of [`crate::engine::Engine`] that take more than a line.
use isthmus_core::Engine;
use isthmus_core::contracts::Contract;
use isthmus_core::instrument::{Asset, Instrument};
use isthmus_core::names::Rule;
use isthmus_core::orders::{PARKED, RESPONSE};
use isthmus_core::portfolio::WhatIf;
use isthmus_core::rules::SEALED;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::messages as classes;

/// Order, account, side, price, shown, left, waits outside the book.
pub type BookOrder = (u64, u32, u8, i64, i64, i64, bool);

/// See `Engine.book_orders`; `at` is the instrument's place in the lists.
pub fn book_orders(engine: &Engine, at: usize, most: usize) -> Vec<BookOrder> {
    let (orders, market) = (&engine.orders, &engine.markets[at]);
    let row = |row: u32| {
        let order = orders.get(row);
        let waits = order.marks & PARKED != 0;
        (order.id, order.account, order.side, order.price, orders.shown(row), order.left, waits)
    };
    let mut all: Vec<u32> = Vec::new();
    for buys in [true, false] {
        let sides = [market.unpriced.side(buys), market.book.side(buys), market.hidden.side(buys)];
        let mut side: Vec<u32> = sides.iter().flat_map(|side| side.in_priority(orders).take(most)).collect();
        side.sort_by_key(|row| if buys { -orders.get(*row).price } else { orders.get(*row).price });
        all.extend(side);
    }
    // a sealed bid is nobody's to see before the lot is awarded
    let sealed = market.rules.get(Rule::Book) == SEALED;
    let waits = |row: &u32| {
        let order = orders.get(*row);
        order.marks & PARKED != 0 && order.at() == at && !(sealed && order.kind == RESPONSE)
    };
    all.extend(orders.by_id().filter(waits).take(most.saturating_sub(all.len())));
    all.into_iter().take(most).map(row).collect()
}

/// A live order by field, or None. `of`: the parent of a child, else 0. Of a parent: `path`, `children` (how many were placed
/// so far), `price` and `quantity` as asked for last.
pub fn order<'py>(py: Python<'py>, engine: &Engine, order: u64) -> PyResult<Option<Bound<'py, PyDict>>> {
    let orders = &engine.orders;
    let Some(row) = orders.find(order) else {
        return Ok(None);
    };
    let (order, details) = (orders.get(row), orders.details(row));
    let dict = PyDict::new(py);
    dict.set_item("order", order.id)?;
    dict.set_item("account", order.account)?;
    dict.set_item("instrument", order.instrument)?;
    dict.set_item("venue", details.venue)?;
    dict.set_item("session", details.session)?;
    dict.set_item("side", order.side)?;
    dict.set_item("kind", order.kind)?;
    dict.set_item("tif", order.tif)?;
    dict.set_item("flags", order.flags)?;
    let family = engine.parents.families.get(&order.id);
    dict.set_item("price", family.map_or(order.price, |family| family.limit))?;
    dict.set_item("quantity", family.map_or(details.quantity, |family| family.total))?;
    dict.set_item("filled", orders.filled(row))?;
    dict.set_item("hold", order.hold)?;
    dict.set_item("of", engine.parents.parent_of(order.id).unwrap_or(0))?;
    dict.set_item("path", family.map_or(0, |family| family.path))?;
    dict.set_item("children", family.map_or(0, |family| family.placed))?;
    Ok(Some(dict))
}

/// Every asset by field.
pub fn assets<'py>(py: Python<'py>, engine: &Engine) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let each = |(at, asset): (usize, &Asset)| {
        let dict = PyDict::new(py);
        dict.set_item("asset", at + 1)?;
        dict.set_item("code", classes::text_of(&asset.code.0))?;
        dict.set_item("decimals", asset.decimals)?;
        Ok(dict)
    };
    engine.assets.iter().enumerate().map(each).collect()
}

/// Equity, requirement and state of an account in an asset; `loss` of `base` since the daily close, None before the first.
pub fn margin<'py>(py: Python<'py>, engine: &Engine, account: u32, asset: u32) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(margin) = engine.ledger.margins.get(&(account, asset)) else {
        return Ok(None);
    };
    let (standing, dict) = (engine.standing(account, asset), PyDict::new(py));
    dict.set_item("equity", standing.equity)?;
    dict.set_item("unrealised", margin.sum.unrealised)?;
    dict.set_item("notional", margin.sum.notional)?;
    dict.set_item("initial", standing.requirement.initial)?;
    dict.set_item("maintenance", standing.requirement.maintenance)?;
    dict.set_item("state", margin.state)?;
    dict.set_item("due", margin.due)?;
    dict.set_item("loss", margin.loss(engine.ledger.peek(account, asset).0).map(|(loss, _)| loss))?;
    dict.set_item("base", margin.loss(engine.ledger.peek(account, asset).0).map(|(_, base)| base))?;
    Ok(Some(dict))
}

/// Every instrument by field: its terms, and what became of it.
pub fn instruments<'py>(py: Python<'py>, engine: &Engine) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let each = |(at, i): (usize, &Instrument)| {
        let dict = classes::AddInstrument(i.terms).fields(py)?;
        dict.set_item("instrument", at + 1)?;
        dict.set_item("num", i.num)?;
        dict.set_item("den", i.den)?;
        dict.set_item("base_units", i.base_units)?;
        dict.set_item("halted", i.halted || engine.halted)?;
        dict.set_item("mark", i.mark)?;
        dict.set_item("settlement_mark", i.settlement_mark)?;
        dict.set_item("last_trade", i.last_trade)?;
        if let Some(contract) = i.contract {
            contract_into(&dict, &contract)?;
        }
        Ok(dict)
    };
    engine.instruments.iter().enumerate().map(each).collect()
}

/// The terms of an instrument that expires.
fn contract_into(dict: &Bound<'_, PyDict>, contract: &Contract) -> PyResult<()> {
    let terms = &contract.terms;
    dict.set_item("underlying", terms.underlying)?;
    dict.set_item("delivery", terms.delivery)?;
    dict.set_item("right", terms.right)?;
    dict.set_item("style", terms.style)?;
    dict.set_item("strike", terms.strike)?;
    dict.set_item("floor", terms.floor)?;
    dict.set_item("settled", contract.settled)
}

/// See `Engine.what_if`.
pub fn what_if<'py>(py: Python<'py>, found: &WhatIf) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("asset", found.asset)?;
    dict.set_item("need", found.need)?;
    dict.set_item("hold", found.hold)?;
    dict.set_item("available", found.available)?;
    dict.set_item("reason", found.reason.map(|reason| reason.text()))?;
    Ok(dict)
}
