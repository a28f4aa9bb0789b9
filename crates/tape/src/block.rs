//! A block: "TBLK", bytes of its frames u32, how many u32, the first one's offset u64, CRC-32C of these u32; the frames, each
//! after its length u32; SHA-256 over the hash of the block before, the head and the frames.
use sha2::{Digest, Sha256};

use crate::{Frame, Hash};

pub const HEAD_BYTES: usize = 24;
pub const HASH_BYTES: usize = 32;
/// A block is written when its frames reach this.
pub const BLOCK_BYTES: usize = 1 << 16;
/// The greatest block: one frame beyond that.
pub const BLOCK_BYTES_MAX: usize = BLOCK_BYTES + (1 << 16);
const MAGIC: [u8; 4] = *b"TBLK";

/// What a block says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub bytes: usize,
    pub count: u64,
    pub first: u64,
}

impl Head {
    pub fn encode(&self) -> [u8; HEAD_BYTES] {
        let mut raw = [0; HEAD_BYTES];
        raw[..4].copy_from_slice(&MAGIC);
        raw[4..8].copy_from_slice(&(self.bytes as u32).to_le_bytes());
        raw[8..12].copy_from_slice(&(self.count as u32).to_le_bytes());
        raw[12..20].copy_from_slice(&self.first.to_le_bytes());
        let sum = crc32c::crc32c(&raw[..20]);
        raw[20..].copy_from_slice(&sum.to_le_bytes());
        raw
    }

    /// None when the bytes are no head.
    pub fn decode(raw: &[u8; HEAD_BYTES]) -> Option<Self> {
        let word = |at: usize| u32::from_le_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]]);
        let sound = raw[..4] == MAGIC && word(20) == crc32c::crc32c(&raw[..20]) && word(4) as usize <= BLOCK_BYTES_MAX;
        let first = u64::from(word(12)) | u64::from(word(16)) << 32;
        sound.then(|| Self { bytes: word(4) as usize, count: u64::from(word(8)), first })
    }

    /// The whole block on disk.
    pub fn total(&self) -> usize {
        HEAD_BYTES + self.bytes + HASH_BYTES
    }
}

pub fn hash(before: &Hash, head: &[u8; HEAD_BYTES], frames: &[u8]) -> Hash {
    Sha256::new().chain_update(before).chain_update(head).chain_update(frames).finalize().into()
}

/// Add a frame to the frames of a block.
pub fn push(frames: &mut Vec<u8>, frame: &Frame) {
    let at = frames.len();
    frames.extend_from_slice(&[0; 4]);
    frame.encode(frames);
    let length = (frames.len() - at - 4) as u32;
    frames[at..at + 4].copy_from_slice(&length.to_le_bytes());
}

/// The frames of a block; None when they are not as many, or not such, as the head says.
pub fn frames(head: &Head, mut bytes: &[u8]) -> Option<Vec<(u64, Frame)>> {
    let mut found = Vec::with_capacity(head.count as usize);
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (frame, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        found.push((head.first + found.len() as u64, Frame::decode(frame)?));
        bytes = rest;
    }
    (found.len() as u64 == head.count).then_some(found)
}
