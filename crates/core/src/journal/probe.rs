//! What the disk gives to a program that does nothing else, for the benches to stand beside.
use super::error::JournalError;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Writes `total_bytes` to a new file at `path` in chunks, each followed by fdatasync; returns the seconds it took.
/// The file is removed.
pub fn bare_write_sync(path: &Path, total_bytes: u64, chunk_bytes: usize) -> Result<f64, JournalError> {
    assert!(chunk_bytes > 0, "a chunk has bytes");
    let chunk: Vec<u8> = (0..chunk_bytes).map(|at| (at % 251) as u8 + 1).collect();
    let mut file = File::create(path).map_err(JournalError::io("create", path))?;
    let started = Instant::now();
    let mut left = total_bytes;
    while left > 0 {
        let count = left.min(chunk_bytes as u64);
        file.write_all(&chunk[..count as usize]).map_err(JournalError::io("write", path))?;
        file.sync_data().map_err(JournalError::io("sync", path))?;
        left -= count;
    }
    let seconds = started.elapsed().as_secs_f64();
    fs::remove_file(path).map_err(JournalError::io("remove", path))?;
    Ok(seconds)
}
