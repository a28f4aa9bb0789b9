//! Reads a journal's records in order and checks them on the way.
use super::error::{BadReason, FirstBad, JournalError};
use super::frame::{self, FrameKind, Hash};
use super::segment::{self, segment_path};
use super::window::{Standing, Window};
use super::writer::Position;
use std::io;
use std::path::{Path, PathBuf};

mod ends;

/// How much of a record is checked besides length, CRC, trailer and sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Frames,
    /// The hash too: it must be SHA-256(previous hash || body).
    Chain,
}

/// How a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// A clean stop.
    Sealed,
    /// Whole records, then zeros.
    Open,
    /// A write cut off by an unclean stop.
    Torn,
}

/// Where and how the good records end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub tail: Tail,
    pub position: Position,
    /// What a repair would cut.
    pub torn_bytes: u64,
}

/// One record as it stands in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'j> {
    pub sequence: u64,
    pub body: &'j [u8],
    pub hash: &'j Hash,
    pub prev: &'j Hash,
    pub segment: u64,
    pub offset: u64,
}

/// Whether the end is judged or waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Whole,
    Follow,
}

enum Step {
    /// A record of so many bytes was passed.
    Record(usize),
    Moved,
    End,
}

/// A pass over the records from a given sequence to the end; earlier segments are skipped by their headers.
///
/// `read` lends one record at a time. `Ok(None)` is the end, and [`end`](Scan::end) says which; damage is an error.
#[derive(Debug)]
pub struct Scan {
    folder: PathBuf,
    check: Check,
    mode: Mode,
    from: u64,
    window: Option<Window>,
    segment: u64,
    epoch: u32,
    expected: u64,
    prev: Hash,
    head: Hash,
    end: Option<End>,
}

impl Scan {
    /// Begins at record `from` (1 is the first). `data` is the data folder or its journal folder; an absent one is empty.
    pub fn open(data: &Path, from: u64, check: Check) -> Result<Self, JournalError> {
        Self::open_as(data, from, check, Mode::Whole)
    }

    /// Begins behind a record that was proven elsewhere: the segment after `position` must follow on it.
    pub fn open_behind(data: &Path, position: &Position, check: Check) -> Result<Self, JournalError> {
        let mut scan = Self::open_as(data, 1, check, Mode::Whole)?;
        (scan.segment, scan.epoch) = (position.segment, position.epoch);
        (scan.expected, scan.prev, scan.head) = (position.next_sequence, position.head, position.head);
        Ok(scan)
    }

    pub(super) fn open_as(data: &Path, from: u64, check: Check, mode: Mode) -> Result<Self, JournalError> {
        let folder = segment::journal_folder(data);
        let zero = [0; 32];
        let (window, end, expected) = (None, None, 1);
        let (segment, epoch, prev, head) = (0, 0, zero, zero);
        let mut scan = Self { folder, check, mode, from, window, segment, epoch, expected, prev, head, end };
        if from > 1 {
            scan.skip_to(from)?;
        }
        Ok(scan)
    }

    /// The next record, checked; `None` at the end of the journal.
    #[inline]
    pub fn read(&mut self) -> Result<Option<Entry<'_>>, JournalError> {
        loop {
            match self.step()? {
                Step::Record(length) if self.expected > self.from => {
                    return Ok(Some(self.entry(length)));
                }
                Step::Record(_) | Step::Moved => {}
                Step::End => return Ok(None),
            }
        }
    }

    /// How the journal ends, once `read` gave `None`.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Behind the last good record so far.
    pub fn position(&self) -> Position {
        let offset = self.window.as_ref().map_or(0, Window::offset);
        let sealed = self.window.is_none();
        let Self { segment, epoch, expected: next_sequence, head, .. } = *self;
        Position { segment, epoch, offset, sealed, next_sequence, head }
    }

    /// Goes on behind the last good record as if the end had not been seen, since the file may have grown.
    pub fn look_again(&mut self) {
        self.end = None;
        if let Some(window) = &mut self.window {
            window.forget();
        }
    }

    fn entry(&self, length: usize) -> Entry<'_> {
        let window = self.window.as_ref().expect("a record was passed");
        let frame = window.passed(length);
        Entry {
            sequence: self.expected - 1,
            body: frame::body(frame),
            hash: frame::hash(frame),
            prev: &self.prev,
            segment: self.segment,
            offset: window.offset() - length as u64,
        }
    }

    #[inline]
    fn step(&mut self) -> Result<Step, JournalError> {
        if self.end.is_some() {
            return Ok(Step::End);
        }
        let Some(window) = &mut self.window else {
            return self.enter(self.segment + 1);
        };
        let standing = window.frame().map_err(|error| reading(&self.folder, self.segment, error))?;
        let (kind, length) = match standing {
            Standing::Good(kind, length) => (kind, length),
            Standing::Cut | Standing::Bad(_) => return self.at_no_frame(),
        };
        if kind == FrameKind::Seal {
            return self.at_seal();
        }
        let frame = window.peek(length);
        if frame::sequence(frame) != self.expected {
            return Err(self.damaged(BadReason::Sequence));
        }
        let hash = *frame::hash(frame);
        if self.check == Check::Chain && frame::chain(&self.head, frame::body(frame)) != hash {
            return Err(self.damaged(BadReason::Hash));
        }
        window.pass(length);
        self.expected += 1;
        self.prev = self.head;
        self.head = hash;
        Ok(Step::Record(length))
    }

    fn damaged(&self, reason: BadReason) -> JournalError {
        let offset = self.window.as_ref().map_or(0, Window::offset);
        self.damaged_at(reason, self.segment, offset)
    }

    fn damaged_at(&self, reason: BadReason, segment: u64, offset: u64) -> JournalError {
        JournalError::Damaged(FirstBad { record: self.expected, segment, offset, reason })
    }
}

fn reading(folder: &Path, segment: u64, error: io::Error) -> JournalError {
    JournalError::io("read", &segment_path(folder, segment))(error)
}
