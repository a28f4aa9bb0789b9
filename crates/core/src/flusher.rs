//! The way from the engine's thread to the disk: frames are staged there, and chained and written by whoever flushes,
//! or ahead of it by a thread that does nothing else.
//!
//! Staged frames carry no hash yet. The engine's thread pays for a body; hash, CRC and the write are paid by the thread
//! that drains. What failed to be written is kept and written first at the next try.
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::JoinHandle;

use crate::journal::frame::{self, Hash};
use crate::journal::{Durability, Fence, JournalError, Lock, Writer};

/// Frames that are handed on without anybody asking: a small part of a usual second-level cache.
pub const HAND_ON_BYTES: usize = 1 << 15;
/// Runs of frames that wait for the draining thread; then the engine's thread waits for it.
const WAITING_MAX: usize = 32;
/// Buffers kept for use again.
const SPARE_MAX: usize = WAITING_MAX + 4;

/// A run of frames on its way.
#[derive(Debug, Default)]
pub struct Run {
    /// Whole frames; hash, CRC and trailer are zero until the run is chained.
    pub frames: Vec<u8>,
    /// The sequence of the last of them.
    pub last: u64,
    count: u32,
    links: Option<Arc<Links>>,
}

impl Run {
    /// One frame more, of the record `sequence`.
    #[inline]
    pub fn staged(&mut self, sequence: u64) {
        self.last = sequence;
        self.count += 1;
    }

    /// A record that was made elsewhere.
    pub fn push(&mut self, sequence: u64, body: &[u8]) {
        let start = frame::begin(&mut self.frames);
        self.frames.extend_from_slice(body);
        frame::end(&mut self.frames, start);
        self.staged(sequence);
    }

    /// A record of no engine: sequence, no stamp, and the payload padded with zeros.
    pub fn push_payload(&mut self, sequence: u64, payload: &[u8]) {
        let start = frame::begin(&mut self.frames);
        self.frames.extend_from_slice(&sequence.to_le_bytes());
        self.frames.extend_from_slice(&[0; 8]);
        self.frames.extend_from_slice(payload);
        self.frames.resize(self.frames.len().next_multiple_of(8), 0);
        frame::end(&mut self.frames, start);
        self.staged(sequence);
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The hashes of a run for those who hold a record of it: first that of the record before the run.
#[derive(Debug)]
struct Links {
    hashes: OnceLock<Box<[Hash]>>,
    flusher: Weak<Flusher>,
}

/// A record's place in the chain, known when the run it belongs to is chained, or at the latest when it is asked for.
#[derive(Debug, Clone)]
pub struct Link {
    links: Arc<Links>,
    at: u32,
}

impl Link {
    /// Whether the run is chained, so that asking costs nothing.
    pub fn is_known(&self) -> bool {
        self.links.hashes.get().is_some()
    }

    /// The hash of the record before.
    pub fn prev(&self) -> Hash {
        self.hashes()[self.at as usize]
    }

    /// The record's own hash.
    pub fn hash(&self) -> Hash {
        self.hashes()[self.at as usize + 1]
    }

    fn hashes(&self) -> &[Hash] {
        if !self.is_known() {
            let flusher = self.links.flusher.upgrade().expect("a flusher chains what is asked for before it goes");
            flusher.head();
        }
        self.links.hashes.get().expect("chained above")
    }
}

/// What the engine's thread and the draining one share; held for moments only.
#[derive(Debug, Default)]
struct Handing {
    /// Where single records are staged.
    open: Run,
    waiting: VecDeque<Run>,
    spare: Vec<Vec<u8>>,
    sleeping: bool,
    /// A write failed: the thread rests until somebody else has managed one.
    stuck: bool,
    stopped: bool,
}

impl Handing {
    fn fresh(&mut self) -> Run {
        Run { frames: self.spare.pop().unwrap_or_default(), ..Run::default() }
    }

    fn close_open(&mut self) {
        if self.open.count > 0 {
            let fresh = self.fresh();
            self.waiting.push_back(std::mem::replace(&mut self.open, fresh));
        }
    }
}

/// The end of the chain and the file behind it.
struct Line {
    head: Hash,
    /// Frames of the present flush group are written already.
    in_group: bool,
    /// Chained and not written.
    sealed: VecDeque<Run>,
    /// None in memory, and once the journal is closed.
    writer: Option<Writer>,
    /// Whether the folder is still ours, in the eyes of others. It holds the lock, too.
    fence: Option<Fence>,
    /// The last sequence that the operating system has.
    written: u64,
}

impl Line {
    /// Refuses once another process took the folder over.
    fn owned(&self) -> Result<(), JournalError> {
        self.fence.as_ref().map_or(Ok(()), Fence::check)
    }
}

/// Chains and writes; shared between the engine's thread and those that flush.
pub struct Flusher {
    durability: Durability,
    in_memory: bool,
    handing: Mutex<Handing>,
    wake: Condvar,
    room: Condvar,
    line: Mutex<Line>,
    durable: AtomicU64,
}

impl std::fmt::Debug for Flusher {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Flusher({:?}, durable {})", self.durability, self.durable())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Flusher {
    /// Goes on from record `written` with hash `head`; without a writer nothing is ever written.
    pub fn new(durability: Durability, file: Option<(Writer, Fence)>, written: u64, head: Hash) -> Arc<Self> {
        let in_memory = file.is_none();
        let (writer, fence) = file.unzip();
        let line = Line { head, in_group: false, sealed: VecDeque::new(), writer, fence, written };
        Arc::new(Self {
            durability,
            in_memory,
            handing: Mutex::default(),
            wake: Condvar::new(),
            room: Condvar::new(),
            line: Mutex::new(line),
            durable: AtomicU64::new(written),
        })
    }

    pub fn in_memory(&self) -> bool {
        self.in_memory
    }

    pub fn durability(&self) -> Durability {
        self.durability
    }

    /// The sequence up to which the promise of the durability holds.
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Lets `stage` append one frame; returns what it returned, the record's place in the chain, and whether runs wait.
    #[inline]
    pub fn stage_one<T>(self: &Arc<Self>, stage: impl FnOnce(&mut Vec<u8>) -> (u64, T)) -> (T, Link, bool) {
        let mut handing = locked(&self.handing);
        let open = &mut handing.open;
        let (last, made) = stage(&mut open.frames);
        let links = open
            .links
            .get_or_insert_with(|| Arc::new(Links { hashes: OnceLock::new(), flusher: Arc::downgrade(self) }));
        let link = Link { links: links.clone(), at: open.count };
        open.staged(last);
        if open.frames.len() >= HAND_ON_BYTES {
            handing.close_open();
        }
        let waits = !handing.waiting.is_empty();
        (made, link, waits)
    }

    /// As [`Flusher::stage_one`], without a place in the chain for anybody.
    #[inline]
    pub fn stage_unlinked<T>(&self, stage: impl FnOnce(&mut Vec<u8>) -> (u64, T)) -> (T, bool) {
        let mut handing = locked(&self.handing);
        let (last, made) = stage(&mut handing.open.frames);
        handing.open.staged(last);
        if handing.open.frames.len() >= HAND_ON_BYTES {
            handing.close_open();
        }
        (made, !handing.waiting.is_empty())
    }

    /// A run for the engine's thread alone to stage into: what single records began if nobody holds one of them.
    pub fn take_run(&self) -> Run {
        let mut handing = locked(&self.handing);
        if handing.open.links.is_some() {
            handing.close_open();
        }
        let fresh = handing.fresh();
        std::mem::replace(&mut handing.open, fresh)
    }

    /// Gives a run back that is to go on; a run that was taken comes back this way or is handed on.
    pub fn give_back(&self, run: Run) {
        let mut handing = locked(&self.handing);
        let fresh = std::mem::replace(&mut handing.open, run);
        assert!(fresh.count == 0, "one thread stages at a time");
        handing.spare.push(fresh.frames);
    }

    /// Hands a run on and gives an empty one; waits while too many wait, unless nobody can write them.
    pub fn hand_on(&self, run: Run) -> Run {
        let mut handing = locked(&self.handing);
        while handing.waiting.len() >= WAITING_MAX && !handing.stuck && !handing.stopped {
            handing = self.room.wait(handing).unwrap_or_else(PoisonError::into_inner);
        }
        if run.count > 0 {
            handing.waiting.push_back(run);
        }
        if handing.sleeping {
            self.wake.notify_one();
        }
        handing.fresh()
    }

    /// Whether the draining thread met an error: whoever writes next is told.
    pub fn is_stuck(&self) -> bool {
        locked(&self.handing).stuck
    }

    /// The hash of the last record staged; chains what is not chained yet.
    pub fn head(&self) -> Hash {
        locked(&self.handing).close_open();
        let mut line = locked(&self.line);
        while self.chain_next(&mut line) {}
        line.head
    }

    /// Chains and writes all that was staged, and under `group` flushes; returns the durable sequence.
    pub fn flush(&self) -> Result<u64, JournalError> {
        locked(&self.handing).close_open();
        let mut line = locked(&self.line);
        line.owned()?;
        while self.advance(&mut line)? {}
        if self.durability == Durability::Group
            && line.written > self.durable()
            && let Some(writer) = &mut line.writer
        {
            writer.sync()?;
        }
        line.owned()?;
        line.in_group = false;
        self.durable.store(line.written, Ordering::Release);
        locked(&self.handing).stuck = false;
        Ok(line.written)
    }

    /// Chains and writes what was handed on, without the flush that `group` promises.
    pub fn write(&self) -> Result<(), JournalError> {
        locked(&self.line).owned()?;
        while self.advance(&mut locked(&self.line))? {}
        locked(&self.handing).stuck = false;
        Ok(())
    }

    /// One run further; false when none waits.
    fn advance(&self, line: &mut Line) -> Result<bool, JournalError> {
        self.write_sealed(line)?;
        if !self.chain_next(line) {
            return Ok(false);
        }
        self.write_sealed(line)?;
        Ok(true)
    }

    fn chain_next(&self, line: &mut Line) -> bool {
        let Some(mut run) = locked(&self.handing).waiting.pop_front() else {
            return false;
        };
        self.room.notify_one();
        let wanted = run.links.take().filter(|links| Arc::strong_count(links) > 1);
        let mut hashes = Vec::new();
        if wanted.is_some() {
            hashes.reserve_exact(run.count as usize + 1);
            hashes.push(line.head);
        }
        let keeps = wanted.is_some();
        let keep = |hash: &Hash| {
            if keeps {
                hashes.push(*hash);
            }
        };
        if self.in_memory {
            frame::hash_all(&run.frames, &mut line.head, keep);
        } else {
            frame::seal_all(&mut run.frames, &mut line.head, !line.in_group, keep);
            line.in_group = true;
        }
        if let Some(links) = wanted {
            links.hashes.set(hashes.into_boxed_slice()).expect("a run is chained once");
        }
        if self.in_memory {
            line.written = run.last;
            self.recycle(run);
        } else {
            line.sealed.push_back(run);
        }
        true
    }

    fn write_sealed(&self, line: &mut Line) -> Result<(), JournalError> {
        while let Some(run) = line.sealed.front() {
            let writer = line.writer.as_mut().ok_or(JournalError::Refused("journal is closed"))?;
            writer.append(&run.frames)?;
            line.written = run.last;
            let written = line.sealed.pop_front().expect("in front");
            self.recycle(written);
        }
        Ok(())
    }

    fn recycle(&self, mut run: Run) {
        run.frames.clear();
        let mut handing = locked(&self.handing);
        if handing.spare.len() < SPARE_MAX {
            handing.spare.push(run.frames);
        }
    }

    /// What is written from now on is in a segment of the lock's epoch.
    pub fn begin_epoch(&self, lock: &Lock) -> Result<(), JournalError> {
        let fence = lock.fence()?;
        locked(&self.line).fence = Some(fence);
        self.flush()?;
        locked(&self.line).writer.as_mut().map_or(Ok(()), |writer| writer.begin_epoch(lock.epoch()))
    }

    /// A clean stop: everything written and flushed, the journal sealed.
    pub fn seal(&self) -> Result<(), JournalError> {
        self.flush()?;
        let mut line = locked(&self.line);
        if let Some(mut writer) = line.writer.take() {
            let sealed = if self.durability == Durability::Never { Ok(()) } else { writer.sync() };
            let sealed = sealed.and_then(|()| line.owned()).and_then(|()| writer.seal());
            if sealed.is_err() {
                line.writer = Some(writer);
            }
            sealed?;
        }
        line.fence = None;
        Ok(())
    }

    /// The folder goes to others: nothing is written from now on. Hashes that somebody still asks for are made first.
    fn let_go(&self) {
        self.head();
        let mut line = locked(&self.line);
        (line.writer, line.fence) = (None, None);
    }

    /// The draining thread's work.
    fn drain(&self) {
        let mut handing = locked(&self.handing);
        while !handing.stopped {
            if handing.waiting.is_empty() || handing.stuck {
                handing.sleeping = true;
                handing = self.wake.wait(handing).unwrap_or_else(PoisonError::into_inner);
                handing.sleeping = false;
                continue;
            }
            drop(handing);
            let mut line = locked(&self.line);
            let advanced = line.owned().and_then(|()| self.advance(&mut line));
            drop(line);
            handing = locked(&self.handing);
            if advanced.is_err() {
                handing.stuck = true;
                self.room.notify_all();
            }
        }
    }
}

/// The thread that drains ahead of those who flush.
pub struct Drain {
    flusher: Arc<Flusher>,
    thread: Option<JoinHandle<()>>,
}

impl Drain {
    pub fn of(flusher: &Arc<Flusher>) -> Self {
        Self { flusher: flusher.clone(), thread: None }
    }

    /// Starts the thread, once; where the system has none left, whoever flushes does its work.
    pub fn start(&mut self) {
        if self.thread.is_none() {
            let flusher = self.flusher.clone();
            let named = std::thread::Builder::new().name("isthmus-journal".into());
            self.thread = named.spawn(move || flusher.drain()).ok();
        }
    }

    pub fn runs(&self) -> bool {
        self.thread.is_some()
    }

    /// Ends the thread; what it has not written stays with the flusher.
    pub fn stop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        locked(&self.flusher.handing).stopped = true;
        self.flusher.wake.notify_all();
        self.flusher.room.notify_all();
        thread.join().expect("draining does not panic");
        locked(&self.flusher.handing).stopped = false;
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        self.stop();
        self.flusher.let_go();
    }
}
