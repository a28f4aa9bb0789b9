//! The frame around a record or a seal: magic, length, body, hash, CRC-32C, trailer (docs/reference/engine.md).
use super::error::BadReason;
use sha2::digest::consts::U64;
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

/// Starts a frame: appends magic and room for the length; returns where the frame starts, for [`end`].
#[inline]
pub fn begin(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_BYTES]);
    out[start..start + 4].copy_from_slice(&MAGIC_RECORD);
    start
}

/// Ends the frame begun at `start` whose body, a multiple of 8 bytes, was appended since: writes its length, leaves room
/// for what [`seal_all`] makes on whatever thread that runs, and sums header and body while they are near.
#[inline]
pub fn end(out: &mut Vec<u8>, start: usize) {
    end_unsummed(out, start);
    let frame = &mut out[start..];
    let (summed, checked) = (frame.len() - FOOTER_BYTES, frame.len() - 8);
    let crc = crc32c::crc32c(&frame[..summed]);
    frame[checked..checked + 4].copy_from_slice(&crc.to_le_bytes());
}

/// As [`end`], for frames that are only ever hashed.
#[inline]
pub fn end_unsummed(out: &mut Vec<u8>, start: usize) {
    out.extend_from_slice(&[0; FOOTER_BYTES]);
    let length = out.len() - start;
    assert!(can_be_length(length), "a body is padded to 8 bytes");
    out[start + 4..start + 8].copy_from_slice(&(length as u32).to_le_bytes());
}

/// Chains frames that were begun and ended: hash, CRC and trailer of each. `head` is the hash before them and becomes
/// that of the last; `first_of_group`: the first of them begins a flush group. `each` sees every hash.
pub fn seal_all(frames: &mut [u8], head: &mut Hash, mut first_of_group: bool, mut each: impl FnMut(&Hash)) {
    let mut rest = frames;
    while !rest.is_empty() {
        let (frame, behind) = rest.split_at_mut(length(rest));
        *head = chain(head, body(frame));
        let summed = if std::mem::take(&mut first_of_group) {
            frame[..4].copy_from_slice(&MAGIC_GROUP);
            crc32c::crc32c(&frame[..frame.len() - FOOTER_BYTES])
        } else {
            u32::from_le_bytes(*frame.last_chunk::<8>().expect("a footer").first_chunk().expect("a sum"))
        };
        close(frame, head, summed);
        each(head);
        rest = behind;
    }
}

/// Appends a whole frame of a record that has its hash already.
pub fn whole(out: &mut Vec<u8>, body: &[u8], hash: &Hash) {
    let start = begin(out);
    out.extend_from_slice(body);
    end_unsummed(out, start);
    let frame = &mut out[start..];
    let summed = crc32c::crc32c(&frame[..frame.len() - FOOTER_BYTES]);
    close(frame, hash, summed);
}

/// A record's body and hash, taken from the front of frames whose CRCs are checked; and what is behind it.
pub fn split(frames: &[u8]) -> Result<(&[u8], &Hash, &[u8]), BadReason> {
    let (kind, length) = header(frames.get(..HEADER_BYTES).ok_or(BadReason::Length)?)?;
    if kind != FrameKind::Record || frames.len() < length {
        return Err(BadReason::Length);
    }
    let (frame, behind) = frames.split_at(length);
    check(frame)?;
    Ok((body(frame), hash(frame), behind))
}

/// As [`seal_all`], of the hashes only: for frames that are never written.
pub fn hash_all(frames: &[u8], head: &mut Hash, mut each: impl FnMut(&Hash)) {
    let mut rest = frames;
    while !rest.is_empty() {
        let (frame, behind) = rest.split_at(length(rest));
        *head = chain(head, body(frame));
        each(head);
        rest = behind;
    }
}

/// SHA-256(previous hash || body). A message that fits is laid out with its padding and compressed in one go: the general
/// way costs a fifth more for what a record has.
#[inline]
pub fn chain(prev: &Hash, body: &[u8]) -> Hash {
    let length = prev.len() + body.len();
    let count = (length + PADDING_BYTES_MIN).div_ceil(BLOCK_BYTES);
    let Some((head, rest)) = body.split_at_checked(BLOCK_BYTES - prev.len()).filter(|_| count <= BLOCKS_LAID_OUT)
    else {
        return Sha256::new().chain_update(prev).chain_update(body).finalize().into();
    };
    let mut blocks = [Block::default(); BLOCKS_LAID_OUT];
    blocks[0][..prev.len()].copy_from_slice(prev);
    blocks[0][prev.len()..].copy_from_slice(head);
    let whole = rest.chunks_exact(BLOCK_BYTES);
    let last = whole.remainder();
    whole.zip(&mut blocks[1..]).for_each(|(bytes, block)| block.copy_from_slice(bytes));
    let ending = &mut blocks[length / BLOCK_BYTES];
    ending[..last.len()].copy_from_slice(last);
    ending[last.len()] = 0x80;
    blocks[count - 1][BLOCK_BYTES - 8..].copy_from_slice(&(8 * length as u64).to_be_bytes());
    let mut state = SHA_256_START;
    sha2::compress256(&mut state, &blocks[..count]);
    let mut hash = [0; 32];
    for (out, word) in hash.chunks_exact_mut(4).zip(state) {
        out.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

type Block = GenericArray<u8, U64>;
const BLOCK_BYTES: usize = 64;
/// Longer messages go the general way.
const BLOCKS_LAID_OUT: usize = 8;
/// The 1 bit and the length behind a message.
const PADDING_BYTES_MIN: usize = 9;
/// SHA-256's initial state (FIPS 180-4, 5.3.3).
const SHA_256_START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A whole seal: last sequence, kind, and the head of the chain where a record has its hash.
pub fn seal(last_sequence: u64, kind: SealKind, head: &Hash) -> [u8; SEAL_BYTES] {
    let mut out = [0; SEAL_BYTES];
    out[..4].copy_from_slice(&MAGIC_SEAL);
    out[4..8].copy_from_slice(&(SEAL_BYTES as u32).to_le_bytes());
    out[8..16].copy_from_slice(&last_sequence.to_le_bytes());
    out[16..24].copy_from_slice(&(if kind == SealKind::Rotation { 1u64 } else { 2 }).to_le_bytes());
    let summed = crc32c::crc32c(&out[..SEAL_BYTES - FOOTER_BYTES]);
    close(&mut out, head, summed);
    out
}

/// Writes the footer of a frame whose header and body stand and have the CRC `summed`.
#[inline]
fn close(frame: &mut [u8], hash: &Hash, summed: u32) {
    let checked = frame.len() - 8;
    frame[checked - 32..checked].copy_from_slice(hash);
    let crc = crc32c::crc32c_append(summed, hash);
    frame[checked..checked + 4].copy_from_slice(&crc.to_le_bytes());
    frame[checked + 4..].copy_from_slice(&TRAILER);
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
pub fn sequence(frame: &[u8]) -> u64 {
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

    fn frames_of(bodies: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for body in bodies {
            let start = begin(&mut out);
            out.extend_from_slice(body);
            end(&mut out, start);
        }
        out
    }

    #[test]
    fn a_frame_is_read_back_as_it_was_written() {
        let contents: Vec<u8> = (0..40).collect();
        let mut frame = frames_of(&[&contents]);
        let mut head = [7; 32];
        seal_all(&mut frame, &mut head, true, |_| {});
        assert_eq!(header(&frame), Ok((FrameKind::Record, 88)));
        assert_eq!(check(&frame), Ok(()));
        assert_eq!(body(&frame), contents);
        assert_eq!(*hash(&frame), head);
        assert_eq!(head, chain(&[7; 32], &contents));
        assert_eq!(frame[..4], MAGIC_GROUP);
    }

    #[test]
    fn frames_are_chained_in_order_and_only_the_first_begins_a_group() {
        for group in [true, false] {
            let mut frames = frames_of(&[&[3; 24], &[4; 32], &[5; 16]]);
            let (mut head, mut hashes) = ([7; 32], Vec::new());
            seal_all(&mut frames, &mut head, group, |hash| hashes.push(*hash));
            let first = chain(&[7; 32], &[3; 24]);
            let second = chain(&first, &[4; 32]);
            assert_eq!(hashes, [first, second, chain(&second, &[5; 16])]);
            assert_eq!(head, hashes[2]);
            assert_eq!(frames[..4], if group { MAGIC_GROUP } else { MAGIC_RECORD });
            assert_eq!(frames[72..76], MAGIC_RECORD);
            assert_eq!(check(&frames[72..152]), Ok(()));
            let (mut again, mut same) = ([7; 32], Vec::new());
            hash_all(&frames, &mut again, |hash| same.push(*hash));
            assert_eq!((again, same), (head, hashes));
        }
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
