//! The two hashes of an RFC 6962 (and RFC 9162, section 2.1.1) Merkle tree.
use crate::lanes::{self, LANES, Padded};
use sha2::digest::consts::U64;
use sha2::digest::generic_array::GenericArray;
use sha2::{Digest, Sha256, compress256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

type Block = GenericArray<u8, U64>;

/// The state that SHA-256 begins with (FIPS 180-4, section 5.3.3).
pub(crate) const BEGINNING: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
/// What fits into one block beside the bit that ends it and its length.
const SHORT_BYTES: usize = 64 - 9;

/// The hash of a leaf: SHA-256(0x00 || data), so that no leaf can pass for a node.
#[inline]
pub fn leaf(data: &[u8]) -> Hash {
    if data.len() < SHORT_BYTES {
        let mut bytes = [0; SHORT_BYTES];
        bytes[1..=data.len()].copy_from_slice(data);
        return short(&bytes[..=data.len()]);
    }
    let mut sha = Sha256::new();
    sha.update([0]);
    sha.update(data);
    sha.finalize().into()
}

/// The hash of a node over its two children: SHA-256(0x01 || left || right), laid out in its two blocks.
#[inline]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let (mut state, mut blocks) = (BEGINNING, [[0; 64]; 2]);
    spread(&mut blocks, left, right);
    compress256(&mut state, &[Block::from(blocks[0]), Block::from(blocks[1])]);
    bytes(&state)
}

/// The nodes over pairs of a row's first `count` hashes, put at its front; how many they are. A last one alone is left out.
#[inline]
pub fn up(row: &mut [Hash], count: usize) -> usize {
    let nodes = count / 2;
    if nodes == 1 {
        row[0] = node(&row[0], &row[1]);
        return 1;
    }
    let (mut messages, mut made) = ([[[0; 64]; 2]; LANES], [[0; 32]; LANES]);
    for first in (0..nodes).step_by(LANES) {
        let few = LANES.min(nodes - first);
        for (message, [left, right]) in messages.iter_mut().zip(row[2 * first..][..2 * few].as_chunks().0) {
            spread(message, left, right);
        }
        lanes::digests(&messages[..few], &mut made[..few]);
        row[first..first + few].copy_from_slice(&made[..few]);
    }
    nodes
}

/// Puts a node's message into two blocks that are empty or had another's.
#[inline]
fn spread(blocks: &mut Padded<2>, left: &Hash, right: &Hash) {
    blocks[0][0] = 1;
    blocks[0][1..33].copy_from_slice(left);
    blocks[0][33..].copy_from_slice(&right[..31]);
    blocks[1][0] = right[31];
    blocks[1][1] = 0x80;
    blocks[1][62..].copy_from_slice(&(65_u16 * 8).to_be_bytes());
}

/// A message of at most 55 bytes in its one block, to be filled in behind the first `length` bytes of `block`.
#[inline]
pub(crate) fn end(block: &mut [u8; 64], length: usize) {
    assert!(length <= SHORT_BYTES, "one block holds it");
    block[length] = 0x80;
    block[56..].copy_from_slice(&(length as u64 * 8).to_be_bytes());
}

/// The root of a tree without leaves: SHA-256 of nothing.
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// SHA-256 of at most 55 bytes: one block, without the cost of the general way.
#[inline]
pub(crate) fn short(data: &[u8]) -> Hash {
    let mut state = BEGINNING;
    close(&mut state, data, data.len());
    bytes(&state)
}

/// The last block of a message of `total` bytes whose end, at most 55 bytes, is `data`.
#[inline]
pub(crate) fn close(state: &mut [u32; 8], data: &[u8], total: usize) {
    assert!(data.len() <= SHORT_BYTES, "one block holds it");
    let mut block = Block::default();
    block[..data.len()].copy_from_slice(data);
    block[data.len()] = 0x80;
    block[56..].copy_from_slice(&(total as u64 * 8).to_be_bytes());
    compress256(state, &[block]);
}

/// A whole block more.
pub(crate) fn absorb(state: &mut [u32; 8], block: [u8; 64]) {
    compress256(state, &[Block::from(block)]);
}

#[inline]
pub(crate) fn bytes(state: &[u32; 8]) -> Hash {
    let mut out = [0; 32];
    for (place, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *place = word.to_be_bytes();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_ways_are_sha_256() {
        let data: Vec<u8> = (0..200).map(|at| at as u8).collect();
        for length in 0..data.len() {
            let plain: Hash = Sha256::new().chain_update([0]).chain_update(&data[..length]).finalize().into();
            assert_eq!(leaf(&data[..length]), plain, "{length} bytes");
        }
        let (left, right): (Hash, Hash) = (leaf(b"a"), leaf(b"b"));
        let plain: Hash = Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into();
        assert_eq!(node(&left, &right), plain);
    }
}
