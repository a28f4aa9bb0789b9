//! What can be asked of the engine as rows of names and values.
use isthmus_core::Engine;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::messages as classes;

type Row<'py> = Bound<'py, PyDict>;

/// A live order, or None.
pub fn order<'py>(py: Python<'py>, engine: &Engine, order: u64) -> PyResult<Option<Row<'py>>> {
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
    dict.set_item("price", order.price)?;
    dict.set_item("quantity", details.quantity)?;
    dict.set_item("filled", orders.filled(row))?;
    dict.set_item("hold", order.hold)?;
    Ok(Some(dict))
}

pub fn assets<'py>(py: Python<'py>, engine: &Engine) -> PyResult<Vec<Row<'py>>> {
    let each = |(at, asset): (usize, &isthmus_core::instrument::Asset)| {
        let dict = PyDict::new(py);
        dict.set_item("asset", at + 1)?;
        dict.set_item("code", classes::text_of(&asset.code.0))?;
        dict.set_item("decimals", asset.decimals)?;
        Ok(dict)
    };
    engine.assets.iter().enumerate().map(each).collect()
}

pub fn instruments<'py>(py: Python<'py>, engine: &Engine) -> PyResult<Vec<Row<'py>>> {
    let each = |(at, i): (usize, &isthmus_core::instrument::Instrument)| {
        let dict = classes::AddInstrument(i.terms).fields(py)?;
        dict.set_item("instrument", at + 1)?;
        dict.set_item("num", i.num)?;
        dict.set_item("den", i.den)?;
        dict.set_item("base_units", i.base_units)?;
        dict.set_item("halted", i.halted || engine.halted)?;
        dict.set_item("mark", i.mark)?;
        dict.set_item("settlement_mark", i.settlement_mark)?;
        dict.set_item("last_trade", i.last_trade)?;
        Ok(dict)
    };
    engine.instruments.iter().enumerate().map(each).collect()
}
