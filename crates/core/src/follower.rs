//! Runs a journal again behind its writer and writes snapshots of what it comes to, so that the engine never stops for
//! one. A snapshot is therefore also a proof: its state was reached by re-running what was journalled.
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::broker::BrokerError;
use crate::journal::{Check, Entry, JournalError, Reader, SnapshotHead, snapshot_file};
use crate::record::RULES;
use crate::replay::Replay;

/// Records run between two looks at what is asked for.
const STRETCH: usize = 4_096;
/// Between two looks at a journal that has nothing new.
const IDLE: Duration = Duration::from_millis(10);
/// After a snapshot that could not be written.
const AFTER_A_FAULT: Duration = Duration::from_secs(1);
/// How far the follower's thread steps back behind those that answer clients, where the system knows such a thing.
const NICENESS: i32 = 5;

/// A journal being run again, record by record.
pub struct Follower {
    pub replay: Replay,
    reader: Reader,
    data: PathBuf,
    /// The sequence of the newest snapshot.
    pub saved: u64,
}

impl Follower {
    /// Begins at the newest snapshot that is whole and not beyond record `most`, else at the first record.
    pub fn open(data: &Path, most: u64) -> Result<Self, BrokerError> {
        let replay = Self::base(data, most)?;
        let reader = Reader::open(data, replay.engine.sequence + 1, Check::Frames)?;
        Ok(Self { saved: replay.snapshot, replay, reader, data: data.to_owned() })
    }

    fn base(data: &Path, most: u64) -> Result<Replay, JournalError> {
        for path in snapshot_file::list(data)? {
            let found = snapshot_file::load(&path).ok().filter(|found| found.of.sequence <= most);
            if let Some(replay) = found.and_then(|found| Replay::from(&found).ok()) {
                return Ok(replay);
            }
        }
        Ok(Replay::default())
    }

    /// The last record that was run.
    pub fn sequence(&self) -> u64 {
        self.replay.engine.sequence
    }

    /// Runs at most `most` records and shows them; returns how many there were.
    pub fn step(&mut self, most: usize, mut see: impl FnMut(&Entry<'_>)) -> Result<usize, BrokerError> {
        for done in 0..most {
            let Some(entry) = self.reader.read()? else {
                return Ok(done);
            };
            self.replay.take(&entry)?;
            see(&entry);
        }
        Ok(most)
    }

    /// Writes the state as it is now.
    pub fn save(&mut self) -> Result<(), JournalError> {
        let engine = &self.replay.engine;
        let of = SnapshotHead { rules: RULES, sequence: engine.sequence, stamp: engine.stamp, head: self.replay.head };
        snapshot_file::save(&self.data, &of, &engine.state())?;
        self.saved = of.sequence;
        Ok(())
    }
}

#[derive(Default)]
struct Wanted {
    stop: bool,
    /// A snapshot of this record or a later one is waited for.
    at: u64,
    /// What ended the follower, or what kept it from writing a snapshot.
    fault: Option<Fault>,
    ended: bool,
}

/// What went wrong, for everybody who asks.
type Fault = Arc<BrokerError>;

#[derive(Default)]
struct Shared {
    sequence: AtomicU64,
    saved: AtomicU64,
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

impl Shared {
    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A follower on a thread of its own. It writes a snapshot whenever `every` records came since the last.
pub struct Following {
    shared: Arc<Shared>,
    data: PathBuf,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Following {
    /// `written`: what of the journal is known to be good.
    pub fn start(data: &Path, every: u64, written: u64) -> Result<Self, BrokerError> {
        let follower = Follower::open(data, written)?;
        let shared = Arc::new(Shared::default());
        shared.sequence.store(follower.sequence(), Ordering::Release);
        shared.saved.store(follower.saved, Ordering::Release);
        let seen = shared.clone();
        let named = std::thread::Builder::new().name("isthmus-follow".into());
        let thread =
            named.spawn(move || run(follower, every, &seen)).map_err(JournalError::io("start a thread", data))?;
        Ok(Self { shared, data: data.to_owned(), thread: Mutex::new(Some(thread)) })
    }

    /// The last record that was run again.
    pub fn sequence(&self) -> u64 {
        self.shared.sequence.load(Ordering::Acquire)
    }

    /// The record that the newest snapshot is of; 0 while there is none.
    pub fn saved(&self) -> u64 {
        self.shared.saved.load(Ordering::Acquire)
    }

    /// Why there is no newer snapshot, in words.
    pub fn fault(&self) -> Option<String> {
        self.shared.wanted().fault.as_ref().map(|fault| fault.to_string())
    }

    /// Waits for a snapshot of record `at` (which is written; not 0) or a later one; returns its path.
    pub fn snapshot(&self, at: u64) -> Result<PathBuf, Fault> {
        let mut wanted = self.shared.wanted();
        wanted.fault = if wanted.ended { wanted.fault.take() } else { None };
        wanted.at = wanted.at.max(at);
        self.shared.changed.notify_all();
        while self.saved() < at {
            if let Some(fault) = &wanted.fault {
                return Err(fault.clone());
            }
            if wanted.ended {
                return Err(Arc::new(JournalError::Refused("the follower was stopped").into()));
            }
            wanted = self.shared.changed.wait(wanted).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(snapshot_file::path(&self.data, self.saved()))
    }

    /// Ends the thread.
    pub fn stop(&self) {
        self.shared.wanted().stop = true;
        self.shared.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            thread.join().expect("following does not panic");
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(mut follower: Follower, every: u64, shared: &Shared) {
    let _ = rustix::process::nice(NICENESS);
    let ended = follow(&mut follower, every, shared);
    let mut wanted = shared.wanted();
    wanted.fault = ended.err().map(Arc::new).or_else(|| wanted.fault.take());
    wanted.ended = true;
    shared.changed.notify_all();
}

/// Until it is told to stop, or the journal turns out to be damaged or not to be what its commands do.
fn follow(follower: &mut Follower, every: u64, shared: &Shared) -> Result<(), BrokerError> {
    loop {
        let ran = follower.step(STRETCH, |_| {})?;
        shared.sequence.store(follower.sequence(), Ordering::Release);
        let mut wanted = shared.wanted();
        if wanted.stop {
            return Ok(());
        }
        let asked = (follower.saved + 1..=follower.sequence()).contains(&wanted.at);
        if asked || follower.sequence() - follower.saved >= every {
            drop(wanted);
            wanted = saved(follower, shared);
        } else if ran == STRETCH {
            continue;
        }
        let pause = if wanted.fault.is_some() { AFTER_A_FAULT } else { IDLE };
        if ran < STRETCH && !wanted.stop {
            drop(shared.changed.wait_timeout(wanted, pause).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// A disk that is full now may have room later: the fault is told, and it is tried again.
fn saved<'a>(follower: &mut Follower, shared: &'a Shared) -> MutexGuard<'a, Wanted> {
    let fault = follower.save().err().map(|error| Arc::new(BrokerError::from(error)));
    shared.saved.store(follower.saved, Ordering::Release);
    let mut wanted = shared.wanted();
    wanted.fault = fault;
    shared.changed.notify_all();
    wanted
}
