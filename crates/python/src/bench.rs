//! What `isthmus bench engine` needs of the extension beside the engine itself.
use pyo3::prelude::*;

/// How the extension was built.
pub const PROFILE: &str = if cfg!(debug_assertions) { "dev" } else { "release" };

/// FNV-1a over the bytes of the trades, from the offset that the published workload's hash starts with.
#[pyfunction]
pub fn trade_hash(trades: &[u8]) -> u64 {
    const OFFSET: u64 = 1_469_598_103_934_665_603;
    const PRIME: u64 = 0x100_0000_01b3;
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    trades.iter().fold(OFFSET, step)
}
