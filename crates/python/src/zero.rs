//! Commitments, openings, range proofs and sum trees for Python: amounts as integers, everything else as bytes.
use isthmus_proofs::zero::range::{About, Hidden, Stated};
use isthmus_proofs::zero::{Context, Fault, Refusal, batch, opening, pedersen, range, tree, vector};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeroize::Zeroizing;

create_exception!(
    isthmus._core,
    ZeroRefused,
    PyException,
    "A commitment or a proof was refused. Its arguments: name, place among what was given."
);

fn told(refusal: Refusal) -> PyErr {
    ZeroRefused::new_err((refusal.fault.name(), refusal.place))
}

/// Claim, root of the log (32 bytes), day.
type Of = (String, Vec<u8>, String);

fn root_of(of: &Of) -> PyResult<[u8; 32]> {
    of.1.as_slice().try_into().map_err(|_| told(Fault::Malformed.at(0)))
}

fn single(bytes: &[u8]) -> PyResult<[u8; 32]> {
    bytes.try_into().map_err(|_| told(Fault::Malformed.at(0)))
}

#[pyfunction]
fn zero_generators(py: Python<'_>) -> Bound<'_, PyBytes> {
    PyBytes::new(py, &pedersen::generators())
}

#[pyfunction]
#[pyo3(signature = (stated, /))]
fn zero_check_generators(stated: &[u8]) -> PyResult<()> {
    pedersen::check_generators(stated).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (count, /))]
fn zero_blindings(py: Python<'_>, count: usize) -> Bound<'_, PyBytes> {
    PyBytes::new(py, &pedersen::blindings(count))
}

#[pyfunction]
#[pyo3(signature = (amounts, blindings, threads, /))]
fn zero_commit<'py>(
    py: Python<'py>,
    amounts: Vec<i128>,
    blindings: &[u8],
    threads: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let made = py.detach(|| pedersen::commit_all(&amounts, blindings, threads)).map_err(told)?;
    Ok(PyBytes::new(py, &made))
}

#[pyfunction]
#[pyo3(signature = (commitments, weights, /))]
fn zero_combine<'py>(py: Python<'py>, commitments: &[u8], weights: Vec<i128>) -> PyResult<Bound<'py, PyBytes>> {
    let made = py.detach(|| pedersen::combine(commitments, &weights)).map_err(told)?;
    Ok(PyBytes::new(py, &made))
}

#[pyfunction]
#[pyo3(signature = (blindings, weights, /))]
fn zero_combine_blindings<'py>(py: Python<'py>, blindings: &[u8], weights: Vec<i128>) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &pedersen::combine_blindings(blindings, &weights).map_err(told)?))
}

#[pyfunction]
#[pyo3(signature = (of, position, commitment, amount, blinding, /))]
fn zero_opening_prove<'py>(
    py: Python<'py>,
    of: Of,
    position: &[u8],
    commitment: &[u8],
    amount: i128,
    blinding: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let root = root_of(&of)?;
    let context = Context { claim: &of.0, root: &root, day: &of.2, position };
    let proof = opening::prove(&context, &single(commitment)?, amount, blinding).map_err(told)?;
    Ok(PyBytes::new(py, &proof))
}

#[pyfunction]
#[pyo3(signature = (of, position, commitment, amount, proof, /))]
fn zero_opening_verify(of: Of, position: &[u8], commitment: &[u8], amount: i128, proof: &[u8]) -> PyResult<()> {
    let root = root_of(&of)?;
    let context = Context { claim: &of.0, root: &root, day: &of.2, position };
    opening::verify(&context, &single(commitment)?, amount, proof).map_err(told)
}

/// One proof a row of (position, amounts, blindings).
#[pyfunction]
#[pyo3(signature = (of, bits, rows, threads, /))]
fn zero_ranges_prove<'py>(
    py: Python<'py>,
    of: Of,
    bits: usize,
    rows: Vec<(Vec<u8>, Vec<u64>, Vec<u8>)>,
    threads: usize,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let root = root_of(&of)?;
    let about = About { claim: &of.0, root: &root, day: &of.2, bits };
    let one = |(position, amounts, blindings)| Hidden {
        position,
        amounts: Zeroizing::new(amounts),
        blindings: Zeroizing::new(blindings),
    };
    let hidden: Vec<Hidden> = rows.into_iter().map(one).collect();
    let proofs = py.detach(|| range::prove_all(&about, &hidden, threads)).map_err(told)?;
    Ok(proofs.iter().map(|proof| PyBytes::new(py, proof)).collect())
}

/// Rows of (position, commitments, proof), all together.
#[pyfunction]
#[pyo3(signature = (of, bits, rows, /))]
fn zero_ranges_verify(py: Python<'_>, of: Of, bits: usize, rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)>) -> PyResult<()> {
    let root = root_of(&of)?;
    let about = About { claim: &of.0, root: &root, day: &of.2, bits };
    let stated: Vec<Stated> =
        rows.into_iter().map(|(position, commitments, proof)| Stated { position, commitments, proof }).collect();
    py.detach(|| batch::verify_all(&about, &stated)).map_err(told)
}

/// A proof by itself, by the library's own verification.
#[pyfunction]
#[pyo3(signature = (of, bits, row, /))]
fn zero_range_verify(of: Of, bits: usize, row: (Vec<u8>, Vec<u8>, Vec<u8>)) -> PyResult<()> {
    let root = root_of(&of)?;
    let about = About { claim: &of.0, root: &root, day: &of.2, bits };
    let (position, commitments, proof) = row;
    range::verify(&about, &Stated { position, commitments, proof }).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (label, commitments, proof, bits, /))]
fn zero_vector_verify(label: &[u8], commitments: &[u8], proof: &[u8], bits: usize) -> PyResult<()> {
    vector::verify(label, commitments, proof, bits).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (commitments, ids, /))]
fn zero_tree_root<'py>(py: Python<'py>, commitments: &[u8], ids: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let root = py.detach(|| tree::root(commitments, ids)).map_err(told)?;
    Ok(PyBytes::new(py, &root))
}

#[pyfunction]
#[pyo3(signature = (commitments, ids, places, /))]
fn zero_tree_ways<'py>(
    py: Python<'py>,
    commitments: &[u8],
    ids: &[u8],
    places: Vec<usize>,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let ways = py.detach(|| tree::ways(commitments, ids, &places)).map_err(told)?;
    Ok(ways.iter().map(|way| PyBytes::new(py, way)).collect())
}

/// `seat`: place of the leaf, and of how many.
#[pyfunction]
#[pyo3(signature = (seat, commitment, id, way, root, /))]
fn zero_tree_verify(seat: (u64, u64), commitment: &[u8], id: &[u8], way: &[u8], root: &[u8]) -> PyResult<()> {
    let seat = tree::Seat { place: seat.0, of: seat.1 };
    tree::verify(seat, (&single(commitment)?, &single(id)?), way, root).map_err(told)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("ZeroRefused", m.py().get_type::<ZeroRefused>())?;
    m.add_function(wrap_pyfunction!(zero_generators, m)?)?;
    m.add_function(wrap_pyfunction!(zero_check_generators, m)?)?;
    m.add_function(wrap_pyfunction!(zero_blindings, m)?)?;
    m.add_function(wrap_pyfunction!(zero_commit, m)?)?;
    m.add_function(wrap_pyfunction!(zero_combine, m)?)?;
    m.add_function(wrap_pyfunction!(zero_combine_blindings, m)?)?;
    m.add_function(wrap_pyfunction!(zero_opening_prove, m)?)?;
    m.add_function(wrap_pyfunction!(zero_opening_verify, m)?)?;
    m.add_function(wrap_pyfunction!(zero_ranges_prove, m)?)?;
    m.add_function(wrap_pyfunction!(zero_ranges_verify, m)?)?;
    m.add_function(wrap_pyfunction!(zero_range_verify, m)?)?;
    m.add_function(wrap_pyfunction!(zero_vector_verify, m)?)?;
    m.add_function(wrap_pyfunction!(zero_tree_root, m)?)?;
    m.add_function(wrap_pyfunction!(zero_tree_ways, m)?)?;
    m.add_function(wrap_pyfunction!(zero_tree_verify, m)?)
}
