//! An engine with its journal: recovery, group commit, snapshots, a clean stop.
//!
//! [`Broker`] applies and frames on the caller's thread; [`Flusher`] writes on whatever thread calls it, so that
//! commands go on while the disk works. What failed to be written is kept and written first at the next try.
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::Engine;
use crate::journal::{Durability, JournalError, Lock, SnapshotHead, Tail, Writer, frame, repair_end, snapshot_file};
use crate::messages::Command;
use crate::record::{Framed, RULES, Recorder};
use crate::replay::Replay;

/// Frames that wait in memory before they are written without anybody asking: a part of a usual second-level cache.
const WRITE_AT_BYTES: usize = 1 << 18;

/// Frames waiting for the disk, and the sequence of the last of them.
#[derive(Default)]
struct Waiting {
    frames: Vec<u8>,
    last: u64,
}

struct Disk {
    writer: Writer,
    in_flight: Waiting,
    /// The last sequence that the operating system has.
    written: u64,
}

/// The way to the disk, shared between the engine's thread and the one that flushes.
pub struct Flusher {
    durability: Durability,
    handed: Mutex<Waiting>,
    disk: Mutex<Disk>,
    durable: AtomicU64,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Flusher {
    /// The sequence up to which the promise of the durability holds.
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    fn hand_over(&self, frames: &mut Vec<u8>, last: u64) {
        let mut handed = locked(&self.handed);
        if frames.is_empty() {
            return;
        }
        if handed.frames.is_empty() {
            std::mem::swap(&mut handed.frames, frames);
        } else {
            frame::continue_group(frames);
            handed.frames.append(frames);
        }
        handed.last = last;
        frames.clear();
    }

    /// Writes (and under `group` flushes) all that was handed over; returns the durable sequence.
    pub fn flush(&self) -> Result<u64, JournalError> {
        let mut disk = locked(&self.disk);
        self.write_into(&mut disk)?;
        if self.durability == Durability::Group && disk.written > self.durable() {
            disk.writer.sync()?;
        }
        self.durable.store(disk.written, Ordering::Release);
        Ok(disk.written)
    }

    /// Writes what was handed over, without the flush that `group` promises.
    fn write(&self) -> Result<(), JournalError> {
        self.write_into(&mut locked(&self.disk))
    }

    fn write_into(&self, disk: &mut Disk) -> Result<(), JournalError> {
        let Disk { writer, in_flight, written } = disk;
        loop {
            if in_flight.frames.is_empty() {
                let mut handed = locked(&self.handed);
                std::mem::swap(&mut handed.frames, &mut in_flight.frames);
                in_flight.last = handed.last;
            }
            if in_flight.frames.is_empty() {
                return Ok(());
            }
            writer.append(&in_flight.frames)?;
            in_flight.frames.clear();
            *written = in_flight.last;
        }
    }
}

/// What a start found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Recovered {
    /// Records run again after the snapshot.
    pub records: u64,
    /// The snapshot's sequence; 0 if there was none.
    pub snapshot: u64,
    /// Bytes cut from a torn tail.
    pub torn_bytes: u64,
}

/// The journalled effects are not those that this release makes of the commands.
#[derive(Debug)]
pub enum BrokerError {
    Journal(JournalError),
    /// Re-running this record gave other bytes than were journalled.
    Differs {
        record: u64,
    },
    /// A snapshot that is whole but not a state of this release.
    BadState {
        sequence: u64,
    },
}

impl From<JournalError> for BrokerError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// An engine that remembers.
pub struct Broker {
    pub engine: Engine,
    pub recorder: Recorder,
    pub recovered: Recovered,
    flusher: Option<Arc<Flusher>>,
    data: PathBuf,
    lock: Option<Lock>,
}

impl Broker {
    /// In memory only: hashed, never written.
    pub fn in_memory() -> Self {
        Self {
            engine: Engine::default(),
            recorder: Recorder::default(),
            recovered: Recovered::default(),
            flusher: None,
            data: PathBuf::new(),
            lock: None,
        }
    }

    /// Opens a data folder: lock, newest good snapshot, the records after it, a torn tail cut.
    pub fn open(data: &Path, durability: Durability, segment_bytes: u64) -> Result<Self, BrokerError> {
        let lock = Lock::take(data)?;
        let (mut replay, mut end) = Replay::newest(data)?;
        let torn_bytes = end.torn_bytes;
        if end.tail == Tail::Torn {
            repair_end(data, &end)?;
            end = replay.run(data)?;
        }
        let writer = Writer::open(data, durability, segment_bytes, end.position)?;
        let flusher = Flusher {
            durability,
            handed: Mutex::default(),
            disk: Mutex::new(Disk { writer, in_flight: Waiting::default(), written: replay.engine.sequence }),
            durable: AtomicU64::new(replay.engine.sequence),
        };
        let recovered = Recovered { records: replay.records, snapshot: replay.snapshot, torn_bytes };
        let recorder = Recorder { head: replay.head, ..Recorder::default() };
        Ok(Self {
            engine: replay.engine,
            recorder,
            recovered,
            flusher: Some(Arc::new(flusher)),
            data: data.to_owned(),
            lock: Some(lock),
        })
    }

    pub fn flusher(&self) -> Option<&Arc<Flusher>> {
        self.flusher.as_ref()
    }

    /// Applies and frames one command; nothing is promised before a flush.
    #[inline]
    pub fn stage(&mut self, command: &Command, at: u64, origin: &[u8]) -> Framed {
        self.recorder.record(&mut self.engine, command, at, origin)
    }

    /// Hands what was staged to the flusher (in memory: lets go of it).
    pub fn hand_over(&mut self) {
        match &self.flusher {
            Some(flusher) => flusher.hand_over(&mut self.recorder.frames, self.engine.sequence),
            None => self.recorder.frames.clear(),
        }
    }

    /// Hands over and keeps the promise of the durability.
    pub fn commit(&mut self) -> Result<u64, JournalError> {
        self.hand_over();
        self.recorder.continues_group = false;
        self.flusher.as_ref().map_or(Ok(self.engine.sequence), |flusher| flusher.flush())
    }

    /// Between the parts of a long batch: bounds what waits in memory; the promise comes with [`Broker::settle`].
    pub fn make_room(&mut self) -> Result<(), JournalError> {
        if self.flusher.is_some() && self.recorder.frames.len() < WRITE_AT_BYTES {
            return Ok(());
        }
        self.hand_over();
        self.recorder.continues_group = true;
        self.flusher.as_ref().map_or(Ok(()), |flusher| flusher.write())
    }

    /// Keeps the promise of the durability; `never` promises nothing, so it writes only when a good deal is waiting.
    pub fn settle(&mut self) -> Result<u64, JournalError> {
        match &self.flusher {
            Some(flusher) if flusher.durability == Durability::Never && self.recorder.frames.len() < WRITE_AT_BYTES => {
                Ok(flusher.durable())
            }
            _ => self.commit(),
        }
    }

    /// Writes a snapshot of the present state; returns its path.
    pub fn snapshot(&mut self) -> Result<PathBuf, JournalError> {
        self.commit()?;
        let Engine { sequence, stamp, .. } = self.engine;
        let of = SnapshotHead { rules: RULES, sequence, stamp, head: self.recorder.head };
        snapshot_file::save(&self.data, &of, &self.engine.state())
    }

    /// A clean stop: everything written, a snapshot, the journal sealed, the folder free.
    pub fn close(&mut self) -> Result<(), JournalError> {
        if self.flusher.is_none() {
            return Ok(());
        }
        self.snapshot()?;
        if let Some(flusher) = self.flusher.take() {
            let mut disk = locked(&flusher.disk);
            if flusher.durability != Durability::Never {
                disk.writer.sync()?;
            }
            disk.writer.seal()?;
        }
        self.lock = None;
        Ok(())
    }
}
