//! The Python face of the hot tier; the only crate that knows PyO3.
mod answer;
mod batch;
mod bench;
mod bench_journal;
mod engine;
mod errors;
mod execution;
mod fix;
mod fix_server;
mod fix_sessions;
mod front;
mod frost;
mod iso20022;
mod journal;
mod logs;
mod messages;
mod moves;
mod order_rows;
mod perpetuals;
mod pools;
mod postings;
mod proofs;
mod quant;
mod questions;
mod record;
mod routes;
mod sim;
mod simm;
mod span;
mod swift;
mod tape;
mod threads;
mod wakes;
mod zero;

use isthmus_core::names::{
    CancelReason, Limit, PendingEnd, Purpose, Reason, Rule, Scope, SessionCause, SessionState, Template,
};
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use sha2::{Digest, Sha256};

/// The client id of a text: the first 16 bytes of its SHA-256.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn content_id<'py>(py: Python<'py>, text: &str) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &Sha256::digest(text.as_bytes())[..16])
}

/// Dtypes are made when first asked for: numpy is not needed to place an order by hand.
#[pyfunction]
fn __getattr__<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    match name {
        "INSTRUCTION" => batch::INSTRUCTIONS.get(py),
        "OUTCOME" => batch::OUTCOMES.get(py),
        "FILL" => batch::FILLS.get(py),
        "MOVE" => moves::MOVES.get(py),
        _ => Err(PyAttributeError::new_err(format!("isthmus._core has no {name}"))),
    }
}

fn names(m: &Bound<'_, PyModule>, name: &str, list: &[(u16, &str)]) -> PyResult<()> {
    let dict = PyDict::new(m.py());
    for (number, text) in list {
        dict.set_item(number, text)?;
    }
    m.add(name, dict)
}

type Register = fn(&Bound<'_, PyModule>) -> PyResult<()>;

/// Areas that register themselves, one module each.
const AREAS: [Register; 7] = [
    fix::register,
    frost::register,
    order_rows::register,
    perpetuals::register,
    postings::register,
    proofs::register,
    zero::register,
];

#[pymodule]
fn _core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("RULES", isthmus_core::record::RULES)?;
    m.add("PROFILE", bench::PROFILE)?;
    names(m, "REASONS", Reason::ALL)?;
    names(m, "CANCEL_REASONS", CancelReason::ALL)?;
    names(m, "TEMPLATES", Template::ALL)?;
    names(m, "BOOK_RULES", Rule::ALL)?;
    names(m, "SESSION_STATES", SessionState::ALL)?;
    names(m, "SESSION_CAUSES", SessionCause::ALL)?;
    names(m, "SCOPES", Scope::ALL)?;
    names(m, "LIMITS", Limit::ALL)?;
    names(m, "PURPOSES", Purpose::ALL)?;
    names(m, "PENDING_ENDS", PendingEnd::ALL)?;
    messages::register(m)?;
    execution::register(m)?;
    pools::register(m)?;
    routes::register(m)?;
    tape::register(m)?;
    iso20022::register(m)?;
    swift::register(m)?;
    span::register(m)?;
    quant::register(m)?;
    simm::register(m)?;
    m.add_class::<wakes::Wakes>()?;
    m.add_class::<record::Origin>()?;
    m.add_class::<record::Record>()?;
    m.add_class::<answer::Answer>()?;
    m.add_class::<batch::Batch>()?;
    m.add_class::<moves::Moved>()?;
    m.add_class::<bench_journal::JournalTrial>()?;
    m.add_class::<engine::Engine>()?;
    m.add_class::<threads::Flusher>()?;
    m.add_class::<threads::Follower>()?;
    m.add_class::<journal::JournalReader>()?;
    m.add_class::<journal::FrameReader>()?;
    m.add("OtherRelease", m.py().get_type::<errors::OtherRelease>())?;
    m.add("JournalFenced", m.py().get_type::<errors::JournalFenced>())?;
    m.add_class::<journal::Archived>()?;
    m.add_function(wrap_pyfunction!(journal::epoch_of, m)?)?;
    m.add_function(wrap_pyfunction!(journal::journal_end, m)?)?;
    m.add_function(wrap_pyfunction!(journal::segment_header, m)?)?;
    m.add("JournalDamaged", m.py().get_type::<errors::JournalDamaged>())?;
    m.add("FolderLocked", m.py().get_type::<errors::FolderLocked>())?;
    m.add_function(wrap_pyfunction!(content_id, m)?)?;
    m.add_function(wrap_pyfunction!(bench::trade_hash, m)?)?;
    m.add_class::<sim::SimulatedClients>()?;
    m.add_function(wrap_pyfunction!(sim::run, m)?)?;
    m.add_class::<fix_sessions::FixEcho>()?;
    m.add_function(wrap_pyfunction!(journal::verify, m)?)?;
    m.add_class::<fix_server::FixServer>()?;
    m.add_class::<front::Front>()?;
    m.add_class::<front::Arrivals>()?;
    m.add_class::<front::FixTaker>()?;
    m.add_function(wrap_pyfunction!(front::sniff, m)?)?;
    for register in AREAS {
        register(m)?;
    }
    m.add_function(wrap_pyfunction!(__getattr__, m)?)
}
