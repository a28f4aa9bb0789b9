//! The frame around a record or a seal: magic, length, body, hash, CRC-32C, trailer (docs/reference/engine.md).
use super::error::BadReason;
use sha2::digest::generic_array::GenericArray;
use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

pub const MAGIC_RECORD: [u8; 4] = *b"IsR1";
/// The first record of a flush group.
pub const MAGIC_GROUP: [u8; 4] = *b"IsG1";
pub const MAGIC_SEAL: [u8; 4] = *b"IsS1";
pub const TRAILER: [u8; 4] = *b"1RsI";

/// Magic and length.
pub const HEADER_BYTES: usize = 8;
/// Hash, CRC and trailer.
pub const FOOTER_BYTES: usize = 40;
/// A body begins with sequence and stamp.
pub const BODY_BYTES_MIN: usize = 16;
pub const FRAME_BYTES_MIN: usize = HEADER_BYTES + BODY_BYTES_MIN + FOOTER_BYTES;
pub const FRAME_BYTES_MAX: usize = 1 << 30;
pub const SEAL_BYTES: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    Record,
    Seal,
}

/// Why a segment ends here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealKind {
    /// The next segment must exist.
    Rotation,
    /// The broker stopped cleanly.
    Stop,
}

/// Starts a frame: appends magic and room for the length; returns where the frame starts, for [`finish`].
#[inline]
pub fn begin(out: &mut Vec<u8>, first_of_group: bool) -> usize {
    let start = out.len();
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(if first_of_group { &MAGIC_GROUP } else { &MAGIC_RECORD });
    out.extend_from_slice(&header);
    start
}

/// Ends the frame begun at `start` whose body, a multiple of 8 bytes, was appended since; returns the record's hash.
/// Allocates nothing if `out` has 40 bytes to spare.
#[inline]
pub fn finish(out: &mut Vec<u8>, start: usize, prev: &Hash) -> Hash {
    let hash = chain(prev, &out[start + HEADER_BYTES..]);
    close(out, start, &hash);
    hash
}

/// Makes the whole frame that `frames` begins with one that continues a flush group, before it is written behind
/// frames of the same flush. The hash stays: it is of the body only.
pub fn continue_group(frames: &mut [u8]) {
    let checked = length(frames) - 8;
    frames[..4].copy_from_slice(&MAGIC_RECORD);
    let crc = crc32c::crc32c(&frames[..checked]);
    frames[checked..checked + 4].copy_from_slice(&crc.to_le_bytes());
}

/// SHA-256(previous hash || body), block by block: the general way costs a tenth more for what a record has.
#[inline]
pub fn chain(prev: &Hash, body: &[u8]) -> Hash {
    let Some((head, rest)) = body.split_at_checked(prev.len()) else {
        return Sha256::new().chain_update(prev).chain_update(body).finalize().into();
    };
    let mut state = SHA_256_START;
    let mut block = [0u8; BLOCK_BYTES];
    block[..prev.len()].copy_from_slice(prev);
    block[prev.len()..].copy_from_slice(head);
    compress(&mut state, &block);
    let blocks = rest.chunks_exact(BLOCK_BYTES);
    let last = blocks.remainder();
    blocks.for_each(|block| compress(&mut state, block));
    let mut padded = [0u8; 2 * BLOCK_BYTES];
    padded[..last.len()].copy_from_slice(last);
    padded[last.len()] = 0x80;
    let end = (last.len() + PADDING_BYTES_MIN).next_multiple_of(BLOCK_BYTES);
    let bits = 8 * (prev.len() + body.len()) as u64;
    padded[end - 8..end].copy_from_slice(&bits.to_be_bytes());
    padded[..end].chunks_exact(BLOCK_BYTES).for_each(|block| compress(&mut state, block));
    let mut hash = [0; 32];
    for (out, word) in hash.chunks_exact_mut(4).zip(state) {
        out.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

#[inline]
fn compress(state: &mut [u32; 8], block: &[u8]) {
    sha2::compress256(state, std::slice::from_ref(GenericArray::from_slice(block)));
}

const BLOCK_BYTES: usize = 64;
/// The 1 bit and the length behind a message.
const PADDING_BYTES_MIN: usize = 9;
/// SHA-256's initial state (FIPS 180-4, 5.3.3).
const SHA_256_START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A whole seal: last sequence, kind, and the head of the chain where a record has its hash.
pub fn seal(last_sequence: u64, kind: SealKind, head: &Hash) -> Vec<u8> {
    let mut out = Vec::with_capacity(SEAL_BYTES);
    out.extend_from_slice(&MAGIC_SEAL);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&last_sequence.to_le_bytes());
    out.extend_from_slice(&(if kind == SealKind::Rotation { 1u64 } else { 2 }).to_le_bytes());
    close(&mut out, 0, head);
    out
}

fn close(out: &mut Vec<u8>, start: usize, hash: &Hash) {
    let length = out.len() - start + FOOTER_BYTES;
    assert!(
        length.is_multiple_of(8) && (FRAME_BYTES_MIN..=FRAME_BYTES_MAX).contains(&length),
        "a body is padded to 8 bytes"
    );
    out[start + 4..start + 8].copy_from_slice(&(length as u32).to_le_bytes());
    let mut footer = [0; FOOTER_BYTES];
    footer[..32].copy_from_slice(hash);
    out.extend_from_slice(&footer);
    let checked = out.len() - 8;
    let crc = crc32c::crc32c(&out[start..checked]);
    out[checked..checked + 4].copy_from_slice(&crc.to_le_bytes());
    out[checked + 4..].copy_from_slice(&TRAILER);
}

/// Reads the first 8 bytes of a frame: its kind and whole length. Unknown magic is `Padding`.
#[inline]
pub(super) fn header(bytes: &[u8]) -> Result<(FrameKind, usize), BadReason> {
    let length = length(bytes);
    let kind = match [bytes[0], bytes[1], bytes[2], bytes[3]] {
        MAGIC_RECORD | MAGIC_GROUP => FrameKind::Record,
        MAGIC_SEAL if length == SEAL_BYTES => FrameKind::Seal,
        MAGIC_SEAL => return Err(BadReason::Length),
        _ => return Err(BadReason::Padding),
    };
    if can_be_length(length) { Ok((kind, length)) } else { Err(BadReason::Length) }
}

/// The length that the frame claims; no judgement.
#[inline]
pub(super) fn length(frame: &[u8]) -> usize {
    u32::from_le_bytes([frame[4], frame[5], frame[6], frame[7]]) as usize
}

pub(super) fn can_be_length(length: usize) -> bool {
    length.is_multiple_of(8) && (FRAME_BYTES_MIN..=FRAME_BYTES_MAX).contains(&length)
}

/// Checks trailer and CRC of a whole frame.
#[inline]
pub(super) fn check(frame: &[u8]) -> Result<(), BadReason> {
    let checked = frame.len() - 8;
    if frame[checked + 4..] != TRAILER {
        return Err(BadReason::Length);
    }
    if crc32c::crc32c(&frame[..checked]).to_le_bytes() != frame[checked..checked + 4] {
        return Err(BadReason::Crc);
    }
    Ok(())
}

#[inline]
pub(super) fn body(frame: &[u8]) -> &[u8] {
    &frame[HEADER_BYTES..frame.len() - FOOTER_BYTES]
}

#[inline]
pub(super) fn hash(frame: &[u8]) -> &Hash {
    let end = frame.len() - 8;
    frame[end - 32..end].try_into().expect("32 bytes")
}

/// The record's sequence, or the seal's last sequence.
#[inline]
pub(super) fn sequence(frame: &[u8]) -> u64 {
    word(frame, HEADER_BYTES)
}

pub(super) fn seal_kind(frame: &[u8]) -> Option<SealKind> {
    match word(frame, HEADER_BYTES + 8) {
        1 => Some(SealKind::Rotation),
        2 => Some(SealKind::Stop),
        _ => None,
    }
}

#[inline]
fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_back_as_it_was_written() {
        let mut out = vec![9, 9, 9];
        let start = begin(&mut out, true);
        let contents: Vec<u8> = (0..40).collect();
        out.extend_from_slice(&contents);
        let made = finish(&mut out, start, &[7; 32]);
        let frame = &out[start..];
        assert_eq!(header(frame), Ok((FrameKind::Record, 88)));
        assert_eq!(check(frame), Ok(()));
        assert_eq!(body(frame), contents);
        assert_eq!(*hash(frame), made);
        assert_eq!(made, chain(&[7; 32], &contents));
        assert_eq!(frame[..4], MAGIC_GROUP);
    }

    #[test]
    fn a_frame_that_continues_a_group_keeps_its_hash_and_is_whole() {
        let mut out = Vec::new();
        for first in [true, false] {
            let start = begin(&mut out, first);
            out.extend_from_slice(&[3; 24]);
            finish(&mut out, start, &[7; 32]);
        }
        let (first, second) = out.split_at_mut(72);
        continue_group(first);
        assert_eq!(first, second);
        assert_eq!(check(first), Ok(()));
    }

    #[test]
    fn a_seal_carries_the_last_sequence_the_kind_and_the_head() {
        for kind in [SealKind::Rotation, SealKind::Stop] {
            let frame = seal(42, kind, &[5; 32]);
            assert_eq!(frame.len(), SEAL_BYTES);
            assert_eq!(header(&frame), Ok((FrameKind::Seal, SEAL_BYTES)));
            assert_eq!(check(&frame), Ok(()));
            assert_eq!((sequence(&frame), seal_kind(&frame), hash(&frame)), (42, Some(kind), &[5; 32]));
        }
    }

    #[test]
    fn an_impossible_length_is_named() {
        for wrong in [0u32, 8, 56, 65, 1 << 31] {
            let mut bytes = *b"IsR1\0\0\0\0";
            bytes[4..].copy_from_slice(&wrong.to_le_bytes());
            assert_eq!(header(&bytes), Err(BadReason::Length), "{wrong}");
        }
    }

    #[test]
    fn the_chain_is_sha_256_whatever_the_length() {
        let prev = [7; 32];
        for length in 0..2_000 {
            let body: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let plain: Hash = Sha256::new().chain_update(prev).chain_update(&body).finalize().into();
            assert_eq!(chain(&prev, &body), plain, "{length} bytes");
        }
    }
}
