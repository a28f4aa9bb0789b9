//! What an outsider can check without us: Merkle logs, fingerprints of orders, threshold signatures, commitments and range proofs.
//! Curves, signatures and range proofs come from well-kept crates; how they are put together is ours.
pub mod checkpoint;
pub mod fault;
pub mod fingerprint;
pub mod frost;
pub mod hash;
mod lanes;
pub mod log;
pub mod multisig;
pub mod note;
pub mod proof;
pub mod salt;
pub mod secret;
pub mod source;
mod subtree;
pub mod taproot;
pub mod tiles;
pub mod tree;
pub mod verify;
pub mod zero;
