//! Where a pass over the records leaves a segment: at its seal, at its unsealed end, at the next one's header.
use super::{End, Mode, Scan, Step, Tail, reading};
use crate::journal::error::{BadReason, JournalError};
use crate::journal::frame::{self, SEAL_BYTES, SealKind};
use crate::journal::segment::{self, SEGMENT_HEADER_BYTES, SegmentHeader, segment_path};
use crate::journal::tail::{self, Remainder};
use crate::journal::window::{Standing, Window};
use crate::journal::writer::Position;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// What stands behind the present segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Later {
    Nothing,
    /// The next segment, without a record: a rotation was cut off before the seal.
    Unused,
    /// The next segment, damaged before any record.
    Damaged(BadReason, u64),
    Records,
}

impl Scan {
    /// A seal ends the segment: nothing stands behind it, and it agrees with the records before it.
    #[cold]
    pub(super) fn at_seal(&mut self) -> Result<Step, JournalError> {
        let window = self.window.as_ref().expect("in a segment");
        let frame = window.peek(SEAL_BYTES);
        let agrees = frame::sequence(frame) == self.expected - 1 && *frame::hash(frame) == self.head;
        let Some(kind) = frame::seal_kind(frame).filter(|_| agrees) else {
            return Err(self.damaged(BadReason::Seal));
        };
        let length = window.file().metadata().map_err(|error| reading(&self.folder, self.segment, error))?.len();
        let end = window.offset() + SEAL_BYTES as u64;
        if length != end {
            return Err(self.damaged_at(BadReason::Padding, self.segment, end));
        }
        if segment_path(&self.folder, self.segment + 1).exists() {
            return self.enter(self.segment + 1);
        }
        if kind == SealKind::Rotation || self.has_later(self.segment + 1)? {
            return Err(self.damaged_at(BadReason::MissingSegment, self.segment + 1, 0));
        }
        Ok(self.finish(Tail::Sealed, 0))
    }

    /// No whole good frame stands here: the end, a write under way, or damage. A live writer may go on while this
    /// looks, so damage is believed when a second look finds the same.
    #[cold]
    pub(super) fn at_no_frame(&mut self) -> Result<Step, JournalError> {
        loop {
            let standing = self.look()?;
            if let Standing::Good(..) = standing {
                return Ok(Step::Moved);
            }
            if self.mode == Mode::Follow {
                return self.wait_or_fail(standing);
            }
            let later = self.later()?;
            let remainder = self.remainder()?;
            if self.look()? != standing {
                continue;
            }
            match (remainder, later) {
                (Remainder::Bad(reason), _) if self.remainder()? == remainder => {
                    return Err(self.damaged(reason));
                }
                (Remainder::Bad(_), _) => {}
                (_, Later::Records) => return Err(self.damaged(BadReason::Seal)),
                (_, Later::Damaged(reason, offset)) => {
                    return Err(self.damaged_at(reason, self.segment + 1, offset));
                }
                (Remainder::Zeros, _) => return Ok(self.finish(Tail::Open, 0)),
                (Remainder::Torn { bytes }, _) => return Ok(self.finish(Tail::Torn, bytes)),
            }
        }
    }

    /// While following: a frame with its trailer in place must be right when it is read afresh.
    fn wait_or_fail(&mut self, standing: Standing) -> Result<Step, JournalError> {
        match (standing, self.look()?) {
            (_, Standing::Good(..)) => Ok(Step::Moved),
            (Standing::Bad(BadReason::Crc), Standing::Bad(BadReason::Crc)) => Err(self.damaged(BadReason::Crc)),
            _ => {
                self.look_again();
                Ok(Step::End)
            }
        }
    }

    /// What stands at the position, read afresh.
    fn look(&mut self) -> Result<Standing, JournalError> {
        let window = self.window.as_mut().expect("in a segment");
        window.forget();
        window.frame().map_err(|error| reading(&self.folder, self.segment, error))
    }

    fn remainder(&self) -> Result<Remainder, JournalError> {
        let window = self.window.as_ref().expect("in a segment");
        tail::classify(window.file(), window.offset()).map_err(|error| reading(&self.folder, self.segment, error))
    }

    /// Opens segment `index` and checks its header against the records before it.
    #[cold]
    pub(super) fn enter(&mut self, index: u64) -> Result<Step, JournalError> {
        let path = segment_path(&self.folder, index);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return self.at_no_segment(index);
            }
            Err(error) => return Err(JournalError::io("open", &path)(error)),
        };
        let header = match read_header(&file).map_err(JournalError::io("read", &path))? {
            Some(header) => header,
            None if self.mode == Mode::Follow => return Ok(Step::End),
            None => return self.at_no_header(index, &file),
        };
        if let Some(reason) = disagreement(&header, &self.header_of(index)) {
            return Err(self.damaged_at(reason, index, 0));
        }
        (self.segment, self.epoch) = (index, header.epoch);
        match &mut self.window {
            Some(window) => window.reopen(file, SEGMENT_HEADER_BYTES as u64),
            None => self.window = Some(Window::new(file, SEGMENT_HEADER_BYTES as u64)),
        }
        Ok(Step::Moved)
    }

    fn at_no_segment(&mut self, index: u64) -> Result<Step, JournalError> {
        if self.has_later(index)? {
            return Err(self.damaged_at(BadReason::MissingSegment, index, 0));
        }
        Ok(self.finish(Tail::Open, 0))
    }

    /// A last segment that holds only the beginning of its header was cut off while it was made.
    fn at_no_header(&mut self, index: u64, file: &File) -> Result<Step, JournalError> {
        let begun = tail::begins_as(file, &self.header_of(index).encode());
        let begun = begun.map_err(|error| reading(&self.folder, index, error))?;
        let Some(torn_bytes) = begun.filter(|_| self.has_later(index).is_ok_and(|later| !later)) else {
            return Err(self.damaged_at(BadReason::Header, index, 0));
        };
        let position =
            Position { segment: index, offset: SEGMENT_HEADER_BYTES as u64, sealed: false, ..self.position() };
        self.end = Some(End { tail: Tail::Torn, position, torn_bytes });
        Ok(Step::End)
    }

    /// What the header of a segment that starts here must say.
    fn header_of(&self, index: u64) -> SegmentHeader {
        SegmentHeader { index, epoch: self.epoch, first_sequence: self.expected, prev: self.head }
    }

    /// Notes the end; a follower waits instead.
    fn finish(&mut self, tail: Tail, torn_bytes: u64) -> Step {
        if self.mode == Mode::Whole {
            let found = self.position();
            let position = Position { sealed: found.sealed || tail == Tail::Sealed, ..found };
            self.end = Some(End { tail, position, torn_bytes });
        }
        Step::End
    }

    fn has_later(&self, index: u64) -> Result<bool, JournalError> {
        Ok(segment::indices(&self.folder)?.last().is_some_and(|&last| last > index))
    }

    fn later(&self) -> Result<Later, JournalError> {
        if !self.has_later(self.segment)? {
            return Ok(Later::Nothing);
        }
        let next = self.segment + 1;
        let Ok(file) = File::open(segment_path(&self.folder, next)) else {
            return Ok(Later::Damaged(BadReason::MissingSegment, 0));
        };
        let failed = |error| reading(&self.folder, next, error);
        if self.has_later(next)? || has_frame(&file).map_err(failed)? {
            return Ok(Later::Records);
        }
        let found = read_header(&file).map_err(failed)?;
        if found.is_none_or(|found| disagreement(&found, &self.header_of(next)).is_some()) {
            return Ok(Later::Damaged(BadReason::Header, 0));
        }
        let offset = SEGMENT_HEADER_BYTES as u64;
        let is_empty = tail::classify(&file, offset).map_err(failed)? == Remainder::Zeros;
        Ok(if is_empty { Later::Unused } else { Later::Damaged(BadReason::Padding, offset) })
    }

    /// Starts at the segment that holds record `from`, trusting its header for what comes before.
    pub(super) fn skip_to(&mut self, from: u64) -> Result<(), JournalError> {
        for index in segment::indices(&self.folder)?.into_iter().rev() {
            let path = segment_path(&self.folder, index);
            let file = File::open(&path).map_err(JournalError::io("open", &path))?;
            let header = read_header(&file).map_err(JournalError::io("read", &path))?;
            if let Some(SegmentHeader { first_sequence, prev, .. }) =
                header.filter(|found| found.first_sequence <= from)
            {
                (self.segment, self.expected) = (index - 1, first_sequence);
                (self.prev, self.head) = (prev, prev);
                break;
            }
        }
        Ok(())
    }
}

/// Whether a good frame stands first in a segment.
fn has_frame(file: &File) -> io::Result<bool> {
    let mut window = Window::new(file.try_clone()?, SEGMENT_HEADER_BYTES as u64);
    Ok(matches!(window.frame()?, Standing::Good(..)))
}

/// The header of a segment, or `None` if it is short or damaged.
fn read_header(file: &File) -> io::Result<Option<SegmentHeader>> {
    let mut bytes = [0; SEGMENT_HEADER_BYTES];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => Ok(SegmentHeader::decode(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn disagreement(found: &SegmentHeader, wanted: &SegmentHeader) -> Option<BadReason> {
    if found.index != wanted.index || found.epoch < wanted.epoch {
        Some(BadReason::Header)
    } else if found.first_sequence != wanted.first_sequence {
        Some(BadReason::Sequence)
    } else if found.prev != wanted.prev {
        Some(BadReason::Hash)
    } else {
        None
    }
}
