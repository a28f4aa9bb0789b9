//! What an outsider can check without us: Merkle logs, fingerprints of orders, threshold signatures, commitments and range proofs.
//! Curves, signatures and range proofs come from well-kept crates; how they are put together is ours.
pub mod frost;
pub mod hash;
pub mod multisig;
pub mod proof;
pub mod taproot;
pub mod zero;
