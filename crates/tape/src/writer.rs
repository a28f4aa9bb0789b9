//! The writer of a tape: one at a time, by a lock on the folder.
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::block::{self, BLOCK_BYTES, Head};
use crate::verify::{Bad, End, walk};
use crate::{Frame, Hash, START, TapeError, segment};

const LOCK: &str = "lock";
/// A segment holds at least one of the greatest blocks.
pub const SEGMENT_BYTES_MIN: u64 = 1 << 18;

/// When a new segment begins, and how much is kept: the oldest segments go when all together exceed `keep_bytes`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub segment_bytes: u64,
    pub keep_bytes: u64,
}

impl Limits {
    fn check(&self) -> Result<(), TapeError> {
        let refused = |field, reason| Err(TapeError::Refused { field, reason });
        if self.segment_bytes < SEGMENT_BYTES_MIN {
            return refused("segment_bytes", "must be at least 262,144");
        }
        if self.keep_bytes < self.segment_bytes.saturating_mul(2) {
            return refused("keep_bytes", "must be at least two segments");
        }
        Ok(())
    }
}

/// A tape that is appended to.
#[derive(Debug)]
pub struct Tape {
    folder: PathBuf,
    limits: Limits,
    /// (first offset, path, bytes) of the segments, ascending; the last one is `file`.
    segments: Vec<(u64, PathBuf, u64)>,
    file: File,
    head: Hash,
    /// Frames of the block that is being gathered, how many, and the offset of the first.
    pending: Vec<u8>,
    count: u64,
    first_pending: u64,
    /// What the start cut off a half-written block.
    pub torn: u64,
    /// Held for as long as the tape is open.
    _lock: File,
}

impl Tape {
    /// Open a folder, made when absent. A torn tail is cut; damage of the last segment is an error.
    pub fn open(folder: &Path, limits: Limits) -> Result<Self, TapeError> {
        limits.check()?;
        fs::create_dir_all(folder).map_err(TapeError::io("make", folder))?;
        let lock = locked(folder)?;
        let mut found = segment::list(folder)?;
        if found.is_empty() {
            let (path, _) = segment::create(folder, &segment::Head { first: 1, before: START })?;
            found.push((1, path));
        }
        let mut segments = Vec::with_capacity(found.len());
        for (first, path) in found {
            let bytes = fs::metadata(&path).map_err(TapeError::io("look at", &path))?.len();
            segments.push((first, path, bytes));
        }
        let (file, next, head, torn) = tail(&mut segments)?;
        let (pending, count) = (Vec::with_capacity(BLOCK_BYTES), 0);
        Ok(Self {
            folder: folder.to_owned(),
            limits,
            segments,
            file,
            head,
            pending,
            count,
            first_pending: next,
            torn,
            _lock: lock,
        })
    }

    /// The first offset that is kept.
    pub fn first(&self) -> u64 {
        self.segments[0].0
    }

    /// The offset that the next frame will have.
    pub fn next(&self) -> u64 {
        self.first_pending + self.count
    }

    /// The hash of the last block written.
    pub fn head(&self) -> &Hash {
        &self.head
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|(_, _, bytes)| bytes).sum()
    }

    /// Take a frame; its offset. It is on disk after the next flush, or when its block is full. An error leaves the frame
    /// out.
    pub fn append(&mut self, frame: &Frame) -> Result<u64, TapeError> {
        frame.check()?;
        if self.pending.len() >= BLOCK_BYTES {
            self.flush()?;
        }
        block::push(&mut self.pending, frame);
        self.count += 1;
        Ok(self.next() - 1)
    }

    /// Write what is gathered: it survives the end of this process, but not yet that of the power.
    pub fn flush(&mut self) -> Result<(), TapeError> {
        if self.count == 0 {
            return Ok(());
        }
        let head = Head { bytes: self.pending.len(), count: self.count, first: self.first_pending };
        let raw = head.encode();
        let hash = block::hash(&self.head, &raw, &self.pending);
        let whole = [&raw[..], &self.pending, &hash].concat();
        self.write(&whole)?;
        self.head = hash;
        self.pending.clear();
        self.first_pending += self.count;
        self.count = 0;
        if self.segments.last().is_some_and(|(_, _, bytes)| *bytes >= self.limits.segment_bytes) {
            self.roll()?;
        }
        Ok(())
    }

    /// Flush down to the disk: it survives a power loss.
    pub fn sync(&mut self) -> Result<(), TapeError> {
        self.flush()?;
        self.file.sync_data().map_err(TapeError::io("flush", &self.folder))
    }

    /// A block that could not be written whole is taken back, so that the next try does not follow half a block.
    fn write(&mut self, whole: &[u8]) -> Result<(), TapeError> {
        let Some((_, path, bytes)) = self.segments.last_mut() else {
            return Ok(());
        };
        if let Err(source) = self.file.write_all(whole) {
            let back = self.file.set_len(*bytes).and_then(|()| self.file.seek(SeekFrom::Start(*bytes)));
            let source = back.err().unwrap_or(source);
            return Err(TapeError::Io { doing: "write", path: path.clone(), source });
        }
        *bytes += whole.len() as u64;
        Ok(())
    }

    /// Begin a segment, and drop the oldest ones beyond the limit.
    fn roll(&mut self) -> Result<(), TapeError> {
        self.file.sync_data().map_err(TapeError::io("flush", &self.folder))?;
        let head = segment::Head { first: self.first_pending, before: self.head };
        let (path, file) = segment::create(&self.folder, &head)?;
        self.file = file;
        self.segments.push((head.first, path, segment::HEAD_BYTES as u64));
        while self.segments.len() > 1 && self.bytes() > self.limits.keep_bytes {
            let (_, path, _) = self.segments.remove(0);
            fs::remove_file(&path).map_err(TapeError::io("drop", &path))?;
        }
        Ok(())
    }
}

impl Drop for Tape {
    /// A tape that is let go writes what it has; who must know calls `flush`.
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

fn locked(folder: &Path) -> Result<File, TapeError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(TapeError::io("open", &path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(TapeError::Locked(folder.to_owned())),
        Err(errno) => Err(TapeError::io("lock", &path)(errno.into())),
    }
}

/// The last segment, ready to be appended to: (file, next offset, head, bytes cut off).
fn tail(segments: &mut [(u64, PathBuf, u64)]) -> Result<(File, u64, Hash, u64), TapeError> {
    let Some((first, path, bytes)) = segments.last_mut() else {
        return Err(TapeError::Refused { field: "folder", reason: "holds no segment" });
    };
    let raw = fs::read(&*path).map_err(TapeError::io("read", path))?;
    let bad = |position, offset, reason| TapeError::Damaged(Bad { segment: path.clone(), position, offset, reason });
    let head = segment::Head::decode(&raw).filter(|head| head.first == *first);
    let head = head.ok_or_else(|| bad(0, *first, "the head of a segment is wrong"))?;
    let walk = walk(&raw, &head);
    if let End::Bad(reason) = walk.end {
        return Err(bad(walk.length as u64, walk.next, reason));
    }
    let mut file = OpenOptions::new().write(true).open(&*path).map_err(TapeError::io("open", path))?;
    let torn = raw.len() - walk.length;
    if torn > 0 {
        file.set_len(walk.length as u64).map_err(TapeError::io("cut", path))?;
    }
    file.seek(SeekFrom::End(0)).map_err(TapeError::io("open", path))?;
    *bytes = walk.length as u64;
    Ok((file, walk.next, walk.head, torn as u64))
}
