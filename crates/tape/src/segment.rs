//! Segments of a tape: files named by the offset of their first frame. Their head: "ISTHTAPE", version u32, 0 u32, first offset
//! u64, hash before it, CRC-32C of these u32, 0 u32.
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Hash, TapeError};

pub const HEAD_BYTES: usize = 64;
const MAGIC: [u8; 8] = *b"ISTHTAPE";
const VERSION: u32 = 1;
const ENDING: &str = "tape";
const TEMPORARY: &str = "next.tmp";

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub first: u64,
    pub before: Hash,
}

impl Head {
    fn encode(&self) -> [u8; HEAD_BYTES] {
        let mut raw = [0; HEAD_BYTES];
        raw[..8].copy_from_slice(&MAGIC);
        raw[8..12].copy_from_slice(&VERSION.to_le_bytes());
        raw[16..24].copy_from_slice(&self.first.to_le_bytes());
        raw[24..56].copy_from_slice(&self.before);
        let sum = crc32c::crc32c(&raw[..56]);
        raw[56..60].copy_from_slice(&sum.to_le_bytes());
        raw
    }

    /// None when the bytes are no head.
    pub fn decode(raw: &[u8]) -> Option<Self> {
        let raw: &[u8; HEAD_BYTES] = raw.get(..HEAD_BYTES)?.try_into().ok()?;
        let first = u64::from_le_bytes(raw[16..24].try_into().ok()?);
        let head = Self { first, before: raw[24..56].try_into().ok()? };
        (head.encode() == *raw).then_some(head)
    }
}

pub fn path_of(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.{ENDING}"))
}

/// (first offset, path) of every segment, ascending.
pub fn list(folder: &Path) -> Result<Vec<(u64, PathBuf)>, TapeError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(TapeError::io("list", folder))? {
        let path = entry.map_err(TapeError::io("list", folder))?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let (Some(first), Some(ENDING)) = (stem, path.extension().and_then(|ending| ending.to_str())) {
            found.push((first, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// A new segment, whole or not there at all: its head is never half written.
pub fn create(folder: &Path, head: &Head) -> Result<(PathBuf, File), TapeError> {
    let (temporary, path) = (folder.join(TEMPORARY), path_of(folder, head.first));
    let mut file = File::create(&temporary).map_err(TapeError::io("create", &temporary))?;
    file.write_all(&head.encode()).map_err(TapeError::io("write", &temporary))?;
    file.sync_data().map_err(TapeError::io("flush", &temporary))?;
    fs::rename(&temporary, &path).map_err(TapeError::io("name", &path))?;
    let listed = File::open(folder).and_then(|folder| folder.sync_all());
    listed.map_err(TapeError::io("flush", folder))?;
    Ok((path, file))
}
