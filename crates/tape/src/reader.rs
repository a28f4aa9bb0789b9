//! Reading a tape from an offset, also while it is written and by another process.
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::block::{self, HASH_BYTES, HEAD_BYTES};
use crate::verify::Bad;
use crate::{Frame, Hash, TapeError, segment};

/// Hands out frames in their order; at the end it stops and may be asked again. Each block is checked against its hash.
#[derive(Debug)]
pub struct Reader {
    folder: PathBuf,
    path: PathBuf,
    file: BufReader<File>,
    /// Where the next block begins, the offset of its first frame, and the hash before it.
    position: u64,
    next: u64,
    before: Hash,
    /// The first offset wanted.
    start: u64,
    ready: std::collections::VecDeque<(u64, Frame)>,
}

impl Reader {
    /// Read from this offset on. Gone when it was dropped; an offset beyond the end waits for it.
    pub fn open(folder: &Path, start: u64) -> Result<Self, TapeError> {
        let segments = segment::list(folder)?;
        let first = segments.first().map(|(first, _)| *first);
        let first = first.ok_or(TapeError::Refused { field: "folder", reason: "holds no tape" })?;
        let found = segments.iter().rfind(|(at, _)| *at <= start);
        let (_, path) = found.ok_or(TapeError::Gone { first })?;
        let (file, head) = opened(path)?;
        Ok(Self {
            folder: folder.to_owned(),
            path: path.clone(),
            file,
            position: segment::HEAD_BYTES as u64,
            next: head.first,
            before: head.before,
            start,
            ready: std::collections::VecDeque::new(),
        })
    }

    /// The next frame and its offset; None at the end.
    pub fn read(&mut self) -> Result<Option<(u64, Frame)>, TapeError> {
        loop {
            if let Some(found) = self.ready.pop_front() {
                return Ok(Some(found));
            }
            if !self.block()? && !self.follow()? {
                return Ok(None);
            }
        }
    }

    /// Read a block, or pass over one that lies before the start; false when no whole block is there.
    fn block(&mut self) -> Result<bool, TapeError> {
        self.file.seek(SeekFrom::Start(self.position)).map_err(TapeError::io("read", &self.path))?;
        let mut raw = [0; HEAD_BYTES];
        if !self.filled(&mut raw)? {
            return Ok(false);
        }
        let Some(head) = block::Head::decode(&raw) else {
            return if raw == [0; HEAD_BYTES] { Ok(false) } else { Err(self.bad("the head of a block is wrong")) };
        };
        let mut body = vec![0; head.bytes + HASH_BYTES];
        if !self.filled(&mut body)? {
            return Ok(false);
        }
        let (bytes, known) = body.split_at(head.bytes);
        if head.first != self.next || block::hash(&self.before, &raw, bytes) != known {
            return Err(self.bad("a block is not what its hash says"));
        }
        let frames = block::frames(&head, bytes).ok_or_else(|| self.bad("a block holds other frames than it says"))?;
        self.ready.extend(frames.into_iter().filter(|(offset, _)| *offset >= self.start));
        self.before.copy_from_slice(known);
        self.next += head.count;
        self.position += head.total() as u64;
        Ok(true)
    }

    /// Go on to the segment that begins where this one ends, if there is one.
    fn follow(&mut self) -> Result<bool, TapeError> {
        let path = segment::path_of(&self.folder, self.next);
        if path == self.path || !path.exists() {
            return Ok(false);
        }
        let (file, head) = opened(&path)?;
        if (head.first, head.before) != (self.next, self.before) {
            return Err(self.bad("a segment does not follow on the one before"));
        }
        (self.path, self.file, self.position) = (path, file, segment::HEAD_BYTES as u64);
        Ok(true)
    }

    fn filled(&mut self, into: &mut [u8]) -> Result<bool, TapeError> {
        match self.file.read_exact(into) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(TapeError::io("read", &self.path)(error)),
        }
    }

    fn bad(&self, reason: &'static str) -> TapeError {
        TapeError::Damaged(Bad { segment: self.path.clone(), position: self.position, offset: self.next, reason })
    }
}

fn opened(path: &Path) -> Result<(BufReader<File>, segment::Head), TapeError> {
    let file = File::open(path).map_err(TapeError::io("open", path))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut raw = [0; segment::HEAD_BYTES];
    file.read_exact(&mut raw).map_err(TapeError::io("read", path))?;
    let bad = || Bad { segment: path.to_owned(), position: 0, offset: 0, reason: "the head of a segment is wrong" };
    let head = segment::Head::decode(&raw).ok_or_else(|| TapeError::Damaged(bad()))?;
    Ok((file, head))
}
