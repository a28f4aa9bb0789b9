//! What stands behind the last good record of an unsealed segment: nothing, a write cut off, or damage.
use super::error::BadReason;
use super::frame::{self, FrameKind, HEADER_BYTES, MAGIC_GROUP, MAGIC_RECORD, MAGIC_SEAL, TRAILER};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The smallest piece that a medium writes whole or not at all.
const SECTOR_BYTES: usize = 512;
const READ_BYTES: usize = 1 << 20;
/// A write is cut off in the middle of a frame at most this long and a sector lost before it; longer frames are told as
/// damage then, which refuses to start and loses nothing.
const FRAGMENT_BYTES_MAX: usize = 4_096;
/// So many bytes that are not zero make a fragment and not a flipped bit.
const FRAGMENT_BYTES_MIN: usize = 8;
/// How many trailers are tried when a damaged length is looked for; more than any one body holds by chance.
const TRAILERS_TRIED: usize = 256;

/// What stands from an offset to the end of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remainder {
    Zeros,
    /// A write that an unclean stop cut off; `bytes` up to the last that is not zero.
    Torn {
        bytes: u64,
    },
    Bad(BadReason),
}

/// Judges the bytes from `offset` on, at which no good frame stands.
///
/// Torn is a proper prefix of one frame and then zeros, or a hole: sectors that the medium never wrote inside a
/// flush group of which no later one was begun. A frame whose last byte was written is never a prefix, and a frame
/// whose bytes are right for another length has a damaged length. A seal that lacks its last byte only is damage:
/// frames stand at multiples of 8, so no medium cuts a write there.
pub(super) fn classify(file: &File, offset: u64) -> io::Result<Remainder> {
    let Some(end) = end_of_content(file, offset)? else {
        return Ok(Remainder::Zeros);
    };
    let mut rest = vec![0; (end - offset) as usize];
    file.read_exact_at(&mut rest, offset)?;
    let torn = Remainder::Torn { bytes: rest.len() as u64 };
    Ok(match judge(&rest, offset) {
        None => torn,
        Some(reason) => Remainder::Bad(reason),
    })
}

/// If the whole file is a proper prefix of `header` and then zeros: how many bytes of it stand there.
pub(super) fn begins_as(file: &File, header: &[u8]) -> io::Result<Option<u64>> {
    let Some(end) = end_of_content(file, 0)? else {
        return Ok(Some(0));
    };
    let mut content = vec![0; end.min(header.len() as u64) as usize];
    file.read_exact_at(&mut content, 0)?;
    let is_prefix = end < header.len() as u64 && header.starts_with(&content);
    Ok(is_prefix.then_some(end))
}

/// `None` is torn. `rest` ends with a byte that is not zero.
fn judge(rest: &[u8], offset: u64) -> Option<BadReason> {
    if rest.len() <= HEADER_BYTES {
        return if is_prefix_of_magic(rest) { None } else { Some(BadReason::Padding) };
    }
    match frame::header(rest) {
        Ok(_) if has_other_length(rest) => Some(BadReason::Length),
        Ok((FrameKind::Seal, length)) if rest.len() == length - 1 => Some(BadReason::Seal),
        Ok((_, length)) if rest.len() < length => None,
        Ok((_, length)) => {
            let torn = has_hole(rest, offset, length) && !later_group(rest, length);
            if torn { None } else { Some(reason_of(rest, length)) }
        }
        Err(_) if rest[0] == 0 => {
            let torn = starts_with_hole(rest, offset) && !later_group(rest, HEADER_BYTES);
            if torn { None } else { Some(BadReason::Padding) }
        }
        Err(BadReason::Length) => Some(BadReason::Length),
        Err(_) => Some(reason_of_unknown_magic(rest)),
    }
}

/// The first offset behind the last byte that is not zero, if there is one.
fn end_of_content(file: &File, offset: u64) -> io::Result<Option<u64>> {
    let mut chunk = vec![0; READ_BYTES];
    let (mut at, mut end) = (offset, None);
    loop {
        let count = match file.read_at(&mut chunk, at) {
            Ok(0) => return Ok(end),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if let Some(last) = last_content(&chunk[..count]) {
            end = Some(at + last as u64 + 1);
        }
        at += count as u64;
    }
}

fn last_content(bytes: &[u8]) -> Option<usize> {
    if is_zero(bytes) { None } else { bytes.iter().rposition(|&byte| byte != 0) }
}

fn is_zero(bytes: &[u8]) -> bool {
    let mut chunks = bytes.chunks_exact(64);
    chunks.all(|chunk| chunk.iter().fold(0, |all, &byte| all | byte) == 0)
        && chunks.remainder().iter().all(|&byte| byte == 0)
}

fn is_prefix_of_magic(rest: &[u8]) -> bool {
    let part = &rest[..rest.len().min(4)];
    [MAGIC_RECORD, MAGIC_GROUP, MAGIC_SEAL].iter().any(|magic| magic.starts_with(part))
}

/// Whether this is a whole frame of another length than it claims.
fn has_other_length(rest: &[u8]) -> bool {
    let trailers = (frame::FRAME_BYTES_MIN..=rest.len()).step_by(8).filter(|&end| rest[end - 4..end] == TRAILER);
    trailers.take(TRAILERS_TRIED).any(|end| {
        let mut crc = crc32c::crc32c(&rest[..4]);
        crc = crc32c::crc32c_append(crc, &(end as u32).to_le_bytes());
        crc = crc32c::crc32c_append(crc, &rest[HEADER_BYTES..end - 8]);
        end != frame::length(rest) && crc.to_le_bytes() == rest[end - 8..end - 4]
    })
}

/// Whether a wholly zero sector lies over the frame at `offset`.
fn has_hole(rest: &[u8], offset: u64, length: usize) -> bool {
    let first = to_next_sector(offset);
    (first..length)
        .step_by(SECTOR_BYTES)
        .any(|at| is_zero(&rest[at.min(rest.len())..(at + SECTOR_BYTES).min(rest.len())]))
}

/// Whether the bytes up to a sector's end are zero and what follows them was once part of frames: it has a trailer, or is
/// so short that it can be the middle of one frame whose write was cut off as well.
fn starts_with_hole(rest: &[u8], offset: u64) -> bool {
    let boundary = match to_next_sector(offset) {
        0 => SECTOR_BYTES,
        next => next,
    };
    let fragment =
        rest.len() < FRAGMENT_BYTES_MAX && rest.iter().filter(|byte| **byte != 0).count() >= FRAGMENT_BYTES_MIN;
    rest.len() > boundary
        && is_zero(&rest[..boundary])
        && (fragment || aligned(rest, boundary).any(|word| word[4..] == TRAILER))
}

/// Whether a whole frame that begins a flush group stands at or behind `from`: the group before it was flushed.
fn later_group(rest: &[u8], from: usize) -> bool {
    (from..rest.len())
        .step_by(8)
        .any(|at| rest[at..].starts_with(&MAGIC_GROUP) && rest.len() - at >= HEADER_BYTES && whole_frame(&rest[at..]))
}

fn whole_frame(bytes: &[u8]) -> bool {
    match frame::header(bytes) {
        Ok((FrameKind::Record, length)) => bytes.len() >= length && frame::check(&bytes[..length]).is_ok(),
        _ => false,
    }
}

fn aligned(rest: &[u8], from: usize) -> impl Iterator<Item = &[u8]> {
    rest[from..].chunks_exact(8)
}

fn to_next_sector(offset: u64) -> usize {
    (offset.next_multiple_of(SECTOR_BYTES as u64) - offset) as usize
}

fn reason_of(rest: &[u8], length: usize) -> BadReason {
    frame::check(&rest[..length]).err().unwrap_or(BadReason::Length)
}

/// A frame that is whole but for its magic fails its CRC; anything else is not a frame.
fn reason_of_unknown_magic(rest: &[u8]) -> BadReason {
    let length = frame::length(rest);
    let ends = frame::can_be_length(length) && length <= rest.len() && rest[length - 4..length] == TRAILER;
    if ends { BadReason::Crc } else { BadReason::Padding }
}
