//! Threshold Schnorr signatures: FROST (RFC 9591) over the crates of the Zcash Foundation. A key that no place ever holds whole.
//!
//! What travels between holders is bytes in an envelope (`envelope`), so that a package of another suite or another round is refused
//! by name before its content is read.
pub mod dkg;
pub mod envelope;
pub mod refresh;
pub mod refusal;
pub mod rounds;
pub mod suite;
pub mod vector;
pub mod vector_dkg;

pub use refusal::Refusal;
pub use suite::Suite;
