//! SWIFT MT for Python: messages as compact lists.
use std::collections::HashMap;

use isthmus_wire::swift::deal::{self, Built, Deal, Parties};
use isthmus_wire::swift::fin::{self, Field};
use isthmus_wire::swift::layout;
use isthmus_wire::swift::validate::validate;
use isthmus_wire::swift::walk::Error;
use pyo3::prelude::*;

/// (tag, value, line)
type Row<'a> = (&'a str, &'a str, u32);
/// (name, line, content, rows)
type Blocks<'a> = Vec<(&'a str, u32, &'a str, Vec<Row<'a>>)>;
/// (code, block, line, message)
type Faults = Vec<(&'static str, String, u32, String)>;

fn row<'a>(field: &'a Field<'_>) -> Row<'a> {
    (field.tag, &field.value, field.line)
}

/// The blocks of one message, (name, line, content, [(tag, value, line)]), and its faults, (code, block, line, message).
#[pyfunction]
#[pyo3(signature = (text, /))]
fn fin_parse<'py>(py: Python<'py>, text: &str) -> PyResult<(Bound<'py, PyAny>, Faults)> {
    let found = fin::parse(text);
    let blocks: Blocks<'_> = found
        .blocks
        .iter()
        .map(|block| (block.name, block.line, block.content, block.fields.iter().map(row).collect()))
        .collect();
    let faults = found.faults.iter().map(|f| (f.code, f.block.clone(), f.line, f.message.clone())).collect();
    Ok((blocks.into_pyobject(py)?.into_any(), faults))
}

/// The messages of a text, as the texts of each.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn fin_split(text: &str) -> Vec<&str> {
    fin::split(text)
}

/// (code, rule, network code, field, line, message)
type Errors = Vec<(Option<&'static str>, &'static str, &'static str, String, u32, String)>;
/// (message type, [(tag, value, line)], [(field's place, sequence, run)], errors)
type Verdict = (Option<String>, Vec<(String, String, u32)>, Vec<(usize, String, u32)>, Errors);
/// (message, [(tag, value)], errors, the deal)
type Answer = (Option<String>, Vec<(&'static str, String)>, Errors, Option<Rows>);
type Money = (String, String);
/// The members of a deal, in the order of the Python class.
type Rows = (
    (String, Option<String>, String),
    (String, String),
    (String, String),
    (String, Money, Money),
    (Option<String>, Option<String>),
);

/// `isthmus.gateways.swift.mt300.Deal`, by its attributes.
#[derive(FromPyObject)]
struct DealOfPython {
    reference: String,
    related: Option<String>,
    operation: String,
    party_a: String,
    party_b: String,
    trade_date: String,
    value_date: String,
    rate: String,
    bought: Money,
    sold: Money,
    receiving: (Option<String>, Option<String>),
}

impl From<DealOfPython> for Deal {
    fn from(of: DealOfPython) -> Deal {
        Deal {
            reference: of.reference,
            related: of.related,
            operation: of.operation,
            party_a: of.party_a,
            party_b: of.party_b,
            trade_date: of.trade_date,
            value_date: of.value_date,
            rate: of.rate,
            bought: of.bought,
            sold: of.sold,
            receiving: of.receiving,
        }
    }
}

fn errors_of(errors: Vec<Error>) -> Errors {
    errors.into_iter().map(|e| (e.code, e.rule, e.network_code, e.field, e.line, e.message)).collect()
}

fn rows(deal: Deal) -> Rows {
    (
        (deal.reference, deal.related, deal.operation),
        (deal.party_a, deal.party_b),
        (deal.trade_date, deal.value_date),
        (deal.rate, deal.bought, deal.sold),
        deal.receiving,
    )
}

fn answer(built: Built, deal: Option<Deal>) -> Answer {
    (built.fin, built.fields, errors_of(built.errors), deal.map(rows))
}

/// The verdict over one message.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn fin_validate(text: &str) -> Verdict {
    let found = validate(text);
    let fields = found.fin.text().iter().map(|f| (f.tag.to_owned(), f.value.to_string(), f.line)).collect();
    let places = found.placed.iter().map(|place| (place.field, place.group.to_owned(), place.turn)).collect();
    (found.number, fields, places, errors_of(found.errors))
}

/// The message types whose fields and rules are known.
#[pyfunction]
fn fin_known() -> Vec<&'static str> {
    layout::known()
}

/// The MT300 of a FIX report. `turned`: the report's side is the receiver's. `agents`: where a currency is received, by its code.
#[pyfunction]
#[pyo3(signature = (report, sender, receiver, /, *, turned, agents))]
fn mt300_of_fix(report: &str, sender: &str, receiver: &str, turned: bool, agents: HashMap<String, String>) -> Answer {
    match deal::of_fix(report, Parties { sender, receiver, turned }) {
        Ok(mut deal) => {
            deal.receiving = (agents.get(&deal.bought.0).cloned(), agents.get(&deal.sold.0).cloned());
            answer(deal::build(&deal), Some(deal))
        }
        Err(error) => answer(Built { errors: vec![error], ..Built::default() }, None),
    }
}

/// The MT300 of a deal.
#[pyfunction]
#[pyo3(signature = (deal, /))]
fn mt300_build(deal: DealOfPython) -> Answer {
    let deal = Deal::from(deal);
    answer(deal::build(&deal), Some(deal))
}

/// The deal of an MT300; None where a field that tells it is missing.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn mt300_read(text: &str) -> Option<Rows> {
    deal::read(text).map(rows)
}

/// The trade capture report of a deal; None where a figure of it is none.
#[pyfunction]
#[pyo3(signature = (deal, /))]
fn mt300_to_fix(deal: DealOfPython) -> Option<String> {
    deal::to_fix(&deal.into())
}

/// The reference of at most sixteen characters for an id.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn mt_reference(text: &str) -> String {
    deal::reference_of(text)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(fin_parse, m)?)?;
    m.add_function(wrap_pyfunction!(fin_split, m)?)?;
    m.add_function(wrap_pyfunction!(fin_validate, m)?)?;
    m.add_function(wrap_pyfunction!(fin_known, m)?)?;
    m.add_function(wrap_pyfunction!(mt300_of_fix, m)?)?;
    m.add_function(wrap_pyfunction!(mt300_build, m)?)?;
    m.add_function(wrap_pyfunction!(mt300_read, m)?)?;
    m.add_function(wrap_pyfunction!(mt300_to_fix, m)?)?;
    m.add_function(wrap_pyfunction!(mt_reference, m)?)
}
