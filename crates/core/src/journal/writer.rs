//! Appends frames to the journal's last segment and starts the next one when it is full.
use super::disk::{Disk, OsDisk};
use super::error::JournalError;
use super::frame::{self, Hash, SEAL_BYTES, SealKind};
use super::segment::{self, SEGMENT_HEADER_BYTES, SegmentHeader, segment_path};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// When a record counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nobody waits; nothing is promised.
    Never,
    /// The operating system has it: survives the end of the process, however it ends.
    Os,
    /// On the medium, a flush group at a time: survives a power loss.
    Group,
}

/// Where a journal ends: what a scan found, and where a writer goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The last segment; 0 while there is none.
    pub segment: u64,
    /// The epoch it was written in, or of a sealed one the epoch that the next is to be written in.
    pub epoch: u32,
    pub offset: u64,
    /// Nothing may follow in this segment.
    pub sealed: bool,
    pub next_sequence: u64,
    /// The hash of the last record; zeros before the first.
    pub head: Hash,
}

impl Position {
    /// Before anything was written.
    pub const GENESIS: Self = Self { segment: 0, epoch: 0, offset: 0, sealed: true, next_sequence: 1, head: [0; 32] };
}

/// How far an append came that failed half way.
#[derive(Clone, Copy, Debug)]
struct Unfinished {
    total: usize,
    done: usize,
    /// The end of the frames that go to the present segment, and where the last of them begins.
    run_end: usize,
    run_last: usize,
}

/// The one writer of a journal. Every error leaves it able to go on where it stopped, except a failed fdatasync.
pub struct Writer<D: Disk = OsDisk> {
    disk: D,
    folder: PathBuf,
    durability: Durability,
    segment_bytes: u64,
    file: D::File,
    capacity: u64,
    position: Position,
    unfinished: Option<Unfinished>,
    next: Option<(D::File, u64)>,
    poisoned: bool,
}

impl Writer {
    /// Goes on at `position` (from a scan that ended, after `repair` if the tail was torn) in DATA/journal.
    /// The caller holds the [`Lock`](super::Lock).
    pub fn open(
        data: &Path,
        durability: Durability,
        segment_bytes: u64,
        position: Position,
    ) -> Result<Self, JournalError> {
        Self::open_on(OsDisk, data, durability, segment_bytes, position)
    }
}

impl<D: Disk> Writer<D> {
    /// As [`Writer::open`], on another file system.
    pub fn open_on(
        disk: D,
        data: &Path,
        durability: Durability,
        segment_bytes: u64,
        mut position: Position,
    ) -> Result<Self, JournalError> {
        let folder = data.join("journal");
        fs::create_dir_all(&folder).map_err(JournalError::io("create", &folder))?;
        segment::sync_folder(data)?;
        segment::remove_unfinished(&folder)?;
        let (file, capacity) = if position.sealed {
            let header = header_after(&position);
            let file = disk.create(&folder, &header, segment_bytes, durability != Durability::Never)?;
            (position.segment, position.offset) = (header.index, SEGMENT_HEADER_BYTES as u64);
            position.sealed = false;
            (file, segment_bytes)
        } else {
            remove_unused(&folder, position.segment + 1)?;
            let capacity = segment_bytes.max(length_of(&folder, position.segment)?);
            (disk.open(&folder, position.segment, capacity)?, capacity)
        };
        let next = None;
        Ok(Self {
            disk,
            folder,
            durability,
            segment_bytes,
            file,
            capacity,
            position,
            unfinished: None,
            next,
            poisoned: false,
        })
    }

    /// Writes whole frames whose sequences follow on. After an error, the same bytes again go on exactly where it
    /// stopped: nothing twice, nothing lost.
    pub fn append(&mut self, frames: &[u8]) -> Result<(), JournalError> {
        self.usable()?;
        let mut at =
            self.unfinished.take().unwrap_or(Unfinished { total: frames.len(), done: 0, run_end: 0, run_last: 0 });
        assert_eq!(at.total, frames.len(), "an append that failed is tried again with the same bytes");
        let result = self.advance(frames, &mut at);
        if result.is_err() {
            self.unfinished = Some(at);
        }
        result
    }

    /// Brings the present segment to the medium. A failure closes this writer for good.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.usable()?;
        self.sync_file()
    }

    /// Seals the journal for a clean stop; nothing is appended afterwards.
    pub fn seal(&mut self) -> Result<(), JournalError> {
        self.usable()?;
        if self.unfinished.is_some() {
            return Err(JournalError::Refused("journal not sealed: an append is unfinished"));
        }
        self.write_seal(SealKind::Stop, true)?;
        self.position.sealed = true;
        Ok(())
    }

    /// Goes on in a new segment whose header carries `epoch`, unless the present one does.
    pub fn begin_epoch(&mut self, epoch: u32) -> Result<(), JournalError> {
        self.usable()?;
        if self.position.epoch == epoch {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.position.epoch, epoch);
        self.rotate(0).inspect_err(|_| self.position.epoch = before)
    }

    /// The end of what was appended whole.
    pub fn position(&self) -> Position {
        self.position
    }

    fn usable(&self) -> Result<(), JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned);
        }
        if self.position.sealed {
            return Err(JournalError::Refused("journal is sealed"));
        }
        Ok(())
    }

    fn advance(&mut self, frames: &[u8], at: &mut Unfinished) -> Result<(), JournalError> {
        loop {
            self.write_run(frames, at)?;
            if at.done == frames.len() {
                return Ok(());
            }
            self.plan_run(frames, at);
            if at.run_end == at.done {
                self.rotate(frame::length(&frames[at.done..]) as u64)?;
            }
        }
    }

    /// Writes what is left of the frames planned for this segment. The position moves with the bytes, so that a
    /// short write is gone on with; sequence and head move when the frames are whole.
    fn write_run(&mut self, frames: &[u8], at: &mut Unfinished) -> Result<(), JournalError> {
        while at.done < at.run_end {
            let written = match self.disk.write_at(&self.file, &frames[at.done..at.run_end], self.position.offset) {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
                other => other,
            };
            let written = written.map_err(JournalError::io("write", &self.path()))?;
            at.done += written;
            self.position.offset += written as u64;
            if at.done == at.run_end {
                let last = &frames[at.run_last..at.run_end];
                self.position.head = *frame::hash(last);
                self.position.next_sequence = frame::sequence(last) + 1;
            }
        }
        Ok(())
    }

    /// Takes as many frames as fit before the room kept for the seal.
    fn plan_run(&self, frames: &[u8], at: &mut Unfinished) {
        let room = self.capacity.saturating_sub(self.position.offset + SEAL_BYTES as u64);
        let first = frame::sequence(&frames[at.done..]);
        assert_eq!(first, self.position.next_sequence, "records are appended in sequence");
        at.run_end = at.done;
        while at.run_end < frames.len() {
            let length = frame::length(&frames[at.run_end..]);
            assert!(frame::can_be_length(length) && at.run_end + length <= frames.len(), "frames are whole");
            if (at.run_end - at.done + length) as u64 > room {
                break;
            }
            at.run_last = at.run_end;
            at.run_end += length;
        }
    }

    /// Makes the next segment, then seals the present one: whenever this is cut off, the records stay readable and
    /// a seal never promises a segment that is not there.
    fn rotate(&mut self, frame_bytes: u64) -> Result<(), JournalError> {
        let lasting = self.durability == Durability::Group;
        let header = header_after(&self.position);
        if self.next.is_none() {
            if lasting {
                self.sync_file()?;
            }
            let bytes = self.segment_bytes.max(SEGMENT_HEADER_BYTES as u64 + frame_bytes + SEAL_BYTES as u64);
            let file = self.disk.create(&self.folder, &header, bytes, self.durability != Durability::Never)?;
            self.next = Some((file, bytes));
        }
        self.write_seal(SealKind::Rotation, lasting)?;
        (self.file, self.capacity) = self.next.take().expect("made above");
        (self.position.segment, self.position.offset) = (header.index, SEGMENT_HEADER_BYTES as u64);
        Ok(())
    }

    /// Cuts the segment to its end first, so that nothing ever stands behind a seal.
    fn write_seal(&mut self, kind: SealKind, lasting: bool) -> Result<(), JournalError> {
        let seal = frame::seal(self.position.next_sequence - 1, kind, &self.position.head);
        let end = self.position.offset + SEAL_BYTES as u64;
        self.disk.set_len(&self.file, end).map_err(JournalError::io("shorten", &self.path()))?;
        if lasting {
            self.sync_file()?;
        }
        let mut done = 0;
        while done < seal.len() {
            match self.disk.write_at(&self.file, &seal[done..], self.position.offset + done as u64) {
                Ok(0) => {
                    return Err(JournalError::io("seal", &self.path())(io::ErrorKind::WriteZero.into()));
                }
                Ok(written) => done += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(JournalError::io("seal", &self.path())(error)),
            }
        }
        if lasting { self.sync_file() } else { Ok(()) }
    }

    fn sync_file(&mut self) -> Result<(), JournalError> {
        self.disk.sync(&self.file).map_err(|error| {
            self.poisoned = true;
            JournalError::io("sync", &self.path())(error)
        })
    }

    fn path(&self) -> PathBuf {
        segment_path(&self.folder, self.position.segment)
    }
}

fn header_after(position: &Position) -> SegmentHeader {
    let Position { segment, epoch, next_sequence: first_sequence, head: prev, .. } = *position;
    SegmentHeader { index: segment + 1, epoch, first_sequence, prev }
}

fn length_of(folder: &Path, index: u64) -> Result<u64, JournalError> {
    let path = segment_path(folder, index);
    Ok(fs::metadata(&path).map_err(JournalError::io("read", &path))?.len())
}

/// A rotation that was cut off leaves an empty next segment behind a present one that is not sealed.
pub(super) fn remove_unused(folder: &Path, index: u64) -> Result<(), JournalError> {
    let path = segment_path(folder, index);
    if !path.exists() {
        return Ok(());
    }
    let bytes = fs::read(&path).map_err(JournalError::io("read", &path))?;
    if bytes.iter().skip(SEGMENT_HEADER_BYTES).any(|&byte| byte != 0) {
        return Err(JournalError::Refused("journal goes on in a later segment: scan it again"));
    }
    fs::remove_file(&path).map_err(JournalError::io("remove", &path))?;
    segment::sync_folder(folder)
}
