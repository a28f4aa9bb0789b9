//! Every byte of a tape: chain, offsets, frames; a torn tail told from damage.
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::block::{self, HASH_BYTES, HEAD_BYTES};
use crate::{Hash, START, TapeError, segment};

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    pub segment: PathBuf,
    /// Byte of the segment at which the bad block begins.
    pub position: u64,
    /// The first offset that cannot be believed.
    pub offset: u64,
    pub reason: &'static str,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} (offset {}): {}", self.segment.display(), self.position, self.offset, self.reason)
    }
}

/// What a whole tape is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The first offset that is kept, and the one that will be next.
    pub first: u64,
    pub next: u64,
    pub head: Hash,
    pub segments: usize,
    pub bytes: u64,
    /// Bytes of a half-written block at the end.
    pub torn: u64,
    pub bad: Option<Bad>,
}

/// How the blocks of a segment end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Whole,
    Torn,
    Bad(&'static str),
}

/// A segment's sound blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    pub next: u64,
    pub head: Hash,
    /// Where the sound blocks end.
    pub length: usize,
    pub end: End,
}

/// Walk the blocks of a segment's bytes, its own head aside.
pub fn walk(bytes: &[u8], head: &segment::Head) -> Walk {
    let mut walk = Walk { next: head.first, head: head.before, length: segment::HEAD_BYTES, end: End::Whole };
    while walk.length < bytes.len() {
        match one(&bytes[walk.length..], walk.next, &walk.head) {
            Ok((head, hash)) => {
                walk.next += head.count;
                walk.head = hash;
                walk.length += head.total();
            }
            Err(end) => {
                walk.end = end;
                break;
            }
        }
    }
    walk
}

/// The block that the bytes begin with. Half a block at the end is torn, and so is one that only zeros follow where it
/// should go on (a file system may lengthen a file before it writes); anything else is damage.
fn one(bytes: &[u8], next: u64, before: &Hash) -> Result<(block::Head, Hash), End> {
    let Some((raw, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
        return Err(End::Torn);
    };
    let Some(head) = block::Head::decode(raw) else {
        return Err(if is_zero(rest) { End::Torn } else { End::Bad("the head of a block is wrong") });
    };
    if rest.len() < head.bytes + HASH_BYTES {
        return Err(End::Torn);
    }
    let (frames, after) = rest.split_at(head.bytes);
    let (known, after) = after.split_at(HASH_BYTES);
    let hash = block::hash(before, raw, frames);
    if hash != known {
        let unwritten = is_zero(known) && is_zero(after);
        return Err(if unwritten { End::Torn } else { End::Bad("a block is not what its hash says") });
    }
    if head.first != next || block::frames(&head, frames).is_none() {
        return Err(End::Bad("a block holds other frames than it says"));
    }
    Ok((head, hash))
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Check a whole tape. Damage is a verdict; an Err is a folder that cannot be read.
pub fn verify(folder: &Path) -> Result<Verdict, TapeError> {
    let segments = segment::list(folder)?;
    let first = segments.first().map_or(1, |(first, _)| *first);
    let mut verdict =
        Verdict { first, next: first, head: START, segments: segments.len(), bytes: 0, torn: 0, bad: None };
    for (index, (named, path)) in segments.iter().enumerate() {
        let bytes = fs::read(path).map_err(TapeError::io("read", path))?;
        verdict.bytes += bytes.len() as u64;
        let expected = (index > 0).then_some((verdict.next, verdict.head));
        let bad = |position, offset, reason| Bad { segment: path.clone(), position, offset, reason };
        let Some(head) = segment::Head::decode(&bytes).filter(|head| head.first == *named) else {
            verdict.bad = Some(bad(0, verdict.next, "the head of a segment is wrong"));
            return Ok(verdict);
        };
        if expected.is_some_and(|expected| expected != (head.first, head.before)) {
            verdict.bad = Some(bad(0, verdict.next, "a segment does not follow on the one before"));
            return Ok(verdict);
        }
        let walk = walk(&bytes, &head);
        (verdict.next, verdict.head) = (walk.next, walk.head);
        let last = index + 1 == segments.len();
        verdict.bad = match walk.end {
            End::Whole => None,
            End::Torn if last => {
                verdict.torn = (bytes.len() - walk.length) as u64;
                None
            }
            End::Torn => Some(bad(walk.length as u64, walk.next, "a segment before the last is cut")),
            End::Bad(reason) => Some(bad(walk.length as u64, walk.next, reason)),
        };
        if verdict.bad.is_some() {
            return Ok(verdict);
        }
    }
    Ok(verdict)
}
