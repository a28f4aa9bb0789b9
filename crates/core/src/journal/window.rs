//! A segment read in chunks, in order, with bounded memory.
use super::error::BadReason;
use super::frame::{self, FrameKind, HEADER_BYTES};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes read at a time; a frame larger than this makes the window as large as the frame.
pub const WINDOW_BYTES: usize = 1 << 20;
/// Bytes read first at an end that may have grown: a follower that looks a hundred times a second would else copy a whole
/// window of zeros each time.
const FIRST_BYTES: usize = 1 << 14;

/// What stands at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A whole frame with the right CRC, so many bytes long.
    Good(FrameKind, usize),
    /// The file ends before the frame does.
    Cut,
    Bad(BadReason),
}

/// The bytes of a file from a position on.
#[derive(Debug)]
pub(super) struct Window {
    file: File,
    bytes: Vec<u8>,
    /// Where `bytes` begins in the file.
    base: u64,
    at: usize,
    filled: usize,
    /// Bytes of the next read; more each time, up to the whole window.
    next: usize,
}

impl Window {
    pub fn new(file: File, offset: u64) -> Self {
        Self { file, bytes: vec![0; WINDOW_BYTES], base: offset, at: 0, filled: 0, next: WINDOW_BYTES }
    }

    /// Goes over to another file, keeping the memory.
    pub fn reopen(&mut self, file: File, offset: u64) {
        self.file = file;
        (self.base, self.at, self.filled) = (offset, 0, 0);
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// What stands at the position, read and checked.
    #[inline]
    pub fn frame(&mut self) -> io::Result<Standing> {
        if !self.has(HEADER_BYTES)? {
            return Ok(Standing::Cut);
        }
        let (kind, length) = match frame::header(self.peek(HEADER_BYTES)) {
            Ok(header) => header,
            Err(reason) => return Ok(Standing::Bad(reason)),
        };
        if !self.has(length)? {
            return Ok(Standing::Cut);
        }
        Ok(match frame::check(self.peek(length)) {
            Ok(()) => Standing::Good(kind, length),
            Err(reason) => Standing::Bad(reason),
        })
    }

    /// Whether at least `wanted` bytes from the position on are here; they are read if need be.
    #[inline]
    fn has(&mut self, wanted: usize) -> io::Result<bool> {
        if self.filled - self.at < wanted {
            self.fill(wanted)?;
        }
        Ok(self.filled - self.at >= wanted)
    }

    /// The `wanted` bytes at the position, which [`frame`](Self::frame) found there.
    #[inline]
    pub fn peek(&self, wanted: usize) -> &[u8] {
        &self.bytes[self.at..self.at + wanted]
    }

    /// The `length` bytes before the position, which were the last to be passed.
    #[inline]
    pub fn passed(&self, length: usize) -> &[u8] {
        &self.bytes[self.at - length..self.at]
    }

    #[inline]
    pub fn pass(&mut self, length: usize) {
        self.at += length;
    }

    /// Forgets what was read ahead: the file may have changed.
    pub fn forget(&mut self) {
        self.base = self.offset();
        (self.at, self.filled, self.next) = (0, 0, FIRST_BYTES);
    }

    #[cold]
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        if (self.file.metadata()?.len()).saturating_sub(self.offset()) < wanted as u64 {
            return Ok(());
        }
        self.bytes.copy_within(self.at..self.filled, 0);
        self.base += self.at as u64;
        self.filled -= self.at;
        self.at = 0;
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        let most = self.bytes.len().min(wanted.max(self.filled + self.next));
        self.next = (self.next * 4).min(WINDOW_BYTES);
        while self.filled < wanted {
            match self.file.read_at(&mut self.bytes[self.filled..most], self.base + self.filled as u64) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
