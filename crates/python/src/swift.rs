//! SWIFT MT for Python: messages as compact lists.
use isthmus_wire::swift::fin::{self, Field};
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

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(fin_parse, m)?)?;
    m.add_function(wrap_pyfunction!(fin_split, m)?)
}
