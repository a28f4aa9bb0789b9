//! An engine with its journal: recovery, group commit, snapshots, a clean stop.
//!
//! [`Broker`] applies on the caller's thread; chaining and writing are the [`Flusher`]'s.
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::engine::Engine;
use crate::flusher::{Drain, Flusher, HAND_ON_BYTES, Link, Run};
use crate::follower::{Follower, Following};
use crate::journal::segment::detach_last;
use crate::journal::{
    BadReason, Check, Durability, End, Entry, FirstBad, Hash, JournalError, Lock, Position, Scan, SnapshotHead, Tail,
    Writer, frame, repair_end, snapshot_file,
};
use crate::messages::{Command, UpgradeEngine};
use crate::record::{self, Body, Framed, RULES};
use crate::replay::{self, Replay};

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
    /// A record that was made by other rules, of which no snapshot of their last record is there.
    OtherRelease {
        record: u64,
        rules: u16,
    },
    /// A snapshot that is whole but not a state of this release.
    BadState {
        sequence: u64,
    },
}

impl fmt::Display for BrokerError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => error.fmt(out),
            Self::Differs { record } => {
                write!(out, "record {record}: running it again does not give what was journalled")
            }
            Self::OtherRelease { record, rules } => write!(
                out,
                "record {record} was made by rules {rules}, which this release (rules {RULES}) does not run: start the \
                 release of rules {rules} once and stop it cleanly; this one goes on from the snapshot it leaves"
            ),
            Self::BadState { sequence } => write!(out, "snapshot at {sequence}: not a state of this release"),
        }
    }
}

impl From<JournalError> for BrokerError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// How a data folder is kept.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub durability: Durability,
    pub segment_bytes: u64,
    /// A start re-runs about this many records at most: a snapshot is made whenever so many came since the last.
    pub snapshot_records: u64,
}

/// Whoever runs the journal again stops with the broker, however many look on.
#[derive(Default)]
struct Followed(Option<Arc<Following>>);

impl Drop for Followed {
    fn drop(&mut self) {
        if let Some(following) = &self.0 {
            following.stop();
        }
    }
}

/// An engine that remembers.
pub struct Broker {
    pub engine: Engine,
    pub recovered: Recovered,
    /// What a batch stages into.
    run: Run,
    in_batch: bool,
    /// Frames are written, so that they need their sums.
    summed: bool,
    drain: Drain,
    flusher: Arc<Flusher>,
    following: Followed,
    standby: Option<Box<Follower>>,
    options: Options,
    data: PathBuf,
    lock: Option<Lock>,
}

impl Broker {
    /// In memory only: hashed, never written.
    pub fn in_memory() -> Self {
        let flusher = Flusher::new(Durability::Never, None, 0, [0; 32]);
        let options = Options { durability: Durability::Never, segment_bytes: 0, snapshot_records: u64::MAX };
        Self::driven(Engine::default(), flusher, Recovered::default(), options)
    }

    /// Another in memory that goes on from the canonical bytes of this one's state.
    pub fn restored(&self) -> Result<Self, BrokerError> {
        let state = self.engine.state();
        let sequence = self.engine.sequence;
        let engine = Engine::from_state(&state).map_err(|_| BrokerError::BadState { sequence })?;
        let flusher = Flusher::new(Durability::Never, None, sequence, self.flusher.head());
        let options = Options { durability: Durability::Never, segment_bytes: 0, snapshot_records: u64::MAX };
        Ok(Self::driven(engine, flusher, Recovered::default(), options))
    }

    fn driven(engine: Engine, flusher: Arc<Flusher>, recovered: Recovered, options: Options) -> Self {
        let (drain, summed) = (Drain::of(&flusher), !flusher.in_memory());
        let (run, data) = (Run::default(), PathBuf::new());
        Self {
            engine,
            recovered,
            run,
            in_batch: false,
            summed,
            drain,
            flusher,
            following: Followed::default(),
            standby: None,
            options,
            data,
            lock: None,
        }
    }

    /// Opens a data folder: lock, newest good snapshot, the records after it, a torn tail cut.
    pub fn open(data: &Path, options: Options) -> Result<Self, BrokerError> {
        let lock = Lock::take(data)?;
        let (replay, end) = Replay::newest(data)?;
        Self::go_on(data, options, lock, (replay, end))
    }

    /// From the end of the journal, in the lock's epoch.
    fn go_on(
        data: &Path,
        options: Options,
        mut lock: Lock,
        (mut replay, mut end): (Replay, End),
    ) -> Result<Self, BrokerError> {
        let torn_bytes = end.torn_bytes;
        if end.tail == Tail::Torn {
            repair_end(data, &end)?;
            end = replay.run(data)?;
        }
        lock.raise(end.position.epoch)?;
        let epoch = if end.position.sealed { lock.epoch() } else { end.position.epoch };
        let position = Position { epoch, ..end.position };
        let mut writer = Writer::open(data, options.durability, options.segment_bytes, position)?;
        writer.begin_epoch(lock.epoch())?;
        let file = Some((writer, lock.fence()?));
        let flusher = Flusher::new(options.durability, file, replay.engine.sequence, replay.head);
        let recovered = Recovered { records: replay.records, snapshot: replay.snapshot, torn_bytes };
        let opened = Self::driven(replay.engine, flusher, recovered, options);
        let mut broker = Self { data: data.to_owned(), lock: Some(lock), ..opened };
        if replay.records == 0 {
            broker.upgrade()?;
        }
        Ok(broker)
    }

    /// Where the last record is of earlier rules, this release begins with its own snapshot of the state, which stays, and
    /// a record that says so.
    fn upgrade(&mut self) -> Result<(), BrokerError> {
        let Engine { sequence, stamp, .. } = self.engine;
        let Some(before) = rules_of(&self.data, sequence)?.filter(|rules| *rules < RULES) else {
            return Ok(());
        };
        let state = self.engine.state();
        let of = SnapshotHead { rules: RULES, sequence, stamp, head: self.head() };
        snapshot_file::save_base(&self.data, &of, &state)?;
        let upgrade = UpgradeEngine { before, rules: RULES, state: Sha256::digest(&state).into() };
        self.stage_one(&Command::UpgradeEngine(upgrade), stamp, &[], |_, _| {});
        self.flusher.flush()?;
        Ok(())
    }

    /// Follows a folder that another process owns, until [`Broker::take_over`]. Nothing may be staged meanwhile.
    pub fn stand_by(data: &Path, options: Options) -> Result<Self, BrokerError> {
        let follower = Follower::open(data, u64::MAX)?;
        let mut standby = Self::in_memory();
        (standby.options, standby.data) = (options, data.to_owned());
        standby.standby = Some(Box::new(follower));
        standby.catch_up(0, |_| {})?;
        Ok(standby)
    }

    /// Whether this only follows.
    pub fn stands_by(&self) -> bool {
        self.standby.is_some()
    }

    /// Runs at most `most` records that the owner wrote meanwhile and shows them; returns how many there were.
    pub fn catch_up(&mut self, most: usize, see: impl FnMut(&Entry<'_>)) -> Result<usize, BrokerError> {
        let follower = self.standby.as_mut().expect("only a standby catches up");
        if self.engine.sequence > 0 {
            std::mem::swap(&mut self.engine, &mut follower.replay.engine);
        }
        let ran = follower.step(most, see);
        std::mem::swap(&mut self.engine, &mut follower.replay.engine);
        ran
    }

    /// Becomes the owner in a new epoch: of a folder whose lock is free, or by force. Shows the records that were missing.
    /// A former owner that still lives is refused at its next append.
    pub fn take_over(&mut self, force: bool, see: impl FnMut(&Entry<'_>)) -> Result<u32, BrokerError> {
        let free = if force { None } else { Some(Lock::take(&self.data)?) };
        let lock = Lock::take_over(&self.data)?;
        drop(free);
        if force {
            detach_last(&self.data)?;
        }
        match self.taken_over(lock, see) {
            Ok(owner) => *self = owner,
            Err(error) => {
                *self = Self::stand_by(&self.data, self.options)?;
                return Err(error);
            }
        }
        Ok(self.epoch())
    }

    fn taken_over(&mut self, lock: Lock, see: impl FnMut(&Entry<'_>)) -> Result<Self, BrokerError> {
        let follower = self.standby.take().expect("only a standby takes over");
        let mut replay = Replay::at(std::mem::take(&mut self.engine), follower.replay.head);
        let end = replay.run_and(&self.data, see)?;
        Self::go_on(&self.data, self.options, lock, (replay, end))
    }

    /// Takes in frames that another owner wrote, runs their commands again and keeps the promise of the durability for
    /// them; shows body, hash before and hash of each. Refuses what does not follow on this journal, and keeps none of it.
    pub fn receive(&mut self, frames: &[u8], mut see: impl FnMut(&[u8], &Hash, &Hash)) -> Result<u64, BrokerError> {
        let mut head = self.head();
        check_stretch(frames, self.engine.sequence, head)?;
        if !self.in_batch {
            self.begin();
        }
        let (mut rest, mut effects) = (frames, Vec::new());
        while !rest.is_empty() {
            let (body, hash, behind) = frame::split(rest).expect("checked above");
            replay::again(&mut self.engine, &mut effects, body)?;
            self.run.push(self.engine.sequence, body);
            see(body, &head, hash);
            (head, rest) = (*hash, behind);
        }
        Ok(self.settle()?)
    }

    /// Goes on in a new epoch, later than `above` and than this folder's: what an owner elsewhere wrote ends here.
    pub fn begin_epoch(&mut self, above: u32) -> Result<u32, BrokerError> {
        let lock = self.lock.as_mut().ok_or(JournalError::Refused("an engine without a folder has no epoch"))?;
        let epoch = lock.epoch().max(above) + 1;
        lock.raise(epoch)?;
        self.flusher.begin_epoch(lock)?;
        Ok(epoch)
    }

    /// Grows with every take-over; 0 in memory.
    pub fn epoch(&self) -> u32 {
        self.lock.as_ref().map_or(0, Lock::epoch)
    }

    pub fn flusher(&self) -> &Arc<Flusher> {
        &self.flusher
    }

    /// The hash of the last record.
    pub fn head(&mut self) -> Hash {
        self.end_batch();
        self.flusher.head()
    }

    /// Applies one command; `see` is shown its frame, and what it makes of it comes with the record's place in the
    /// chain. Nothing is promised before a flush.
    #[inline]
    pub fn stage_one<T>(
        &mut self,
        command: &Command,
        at: u64,
        origin: &[u8],
        see: impl FnOnce(&Framed, &[u8]) -> T,
    ) -> (T, Link) {
        self.end_batch();
        let (engine, summed) = (&mut self.engine, self.summed);
        let (made, link, waits) = self.flusher.stage_one(|frames| {
            let framed = record::stage(engine, (command, at, origin), summed, frames);
            (engine.sequence, see(&framed, frames))
        });
        self.staged(waits);
        (made, link)
    }

    /// As [`Broker::stage_one`], for who asks nothing of the chain.
    #[inline]
    pub fn stage_unlinked<T>(
        &mut self,
        command: &Command,
        at: u64,
        origin: &[u8],
        see: impl FnOnce(&Framed, &[u8]) -> T,
    ) -> T {
        self.end_batch();
        let (engine, summed) = (&mut self.engine, self.summed);
        let (made, waits) = self.flusher.stage_unlinked(|frames| {
            let framed = record::stage(engine, (command, at, origin), summed, frames);
            (engine.sequence, see(&framed, frames))
        });
        self.staged(waits);
        made
    }

    #[inline]
    fn staged(&mut self, waits: bool) {
        self.follow_when_due();
        if waits && self.flusher.durability() == Durability::Never {
            self.drain.start();
        }
    }

    /// Applies one command of a batch, which ends with [`Broker::settle`]; the frame is in [`Broker::frames`] until room is
    /// made.
    #[inline]
    pub fn stage(&mut self, command: &Command, at: u64, origin: &[u8]) -> Framed {
        if !self.in_batch {
            self.begin();
        }
        let framed = record::stage(&mut self.engine, (command, at, origin), self.summed, &mut self.run.frames);
        self.run.staged(self.engine.sequence);
        framed
    }

    #[cold]
    fn begin(&mut self) {
        (self.run, self.in_batch) = (self.flusher.take_run(), true);
    }

    /// A batch's last run goes on as what single records are staged into.
    fn end_batch(&mut self) {
        if std::mem::take(&mut self.in_batch) {
            self.flusher.give_back(std::mem::take(&mut self.run));
        }
    }

    /// The frames of the batch that were not handed on.
    #[inline]
    pub fn frames(&self) -> &[u8] {
        &self.run.frames
    }

    /// Between the parts of a batch: bounds what waits; the promise comes with [`Broker::settle`].
    #[inline]
    pub fn make_room(&mut self) -> Result<(), JournalError> {
        if self.run.frames.len() < HAND_ON_BYTES {
            return Ok(());
        }
        self.drain.start(); // first: single records before the batch may have filled all the room
        self.run = self.flusher.hand_on(std::mem::take(&mut self.run));
        if self.flusher.is_stuck() || !self.drain.runs() { self.flusher.write() } else { Ok(()) }
    }

    /// Ends a batch, or follows a single command, and keeps the promise of the durability; `never` promises nothing.
    pub fn settle(&mut self) -> Result<u64, JournalError> {
        self.end_batch();
        self.follow_when_due();
        if self.flusher.durability() != Durability::Never {
            return self.flusher.flush();
        }
        if self.flusher.is_stuck() {
            self.flusher.write()?;
        }
        Ok(self.flusher.durable())
    }

    /// What runs the journal again behind this engine; it is started when it is first asked for, or when
    /// `snapshot_records` came since the last snapshot.
    pub fn following(&mut self) -> Result<Arc<Following>, BrokerError> {
        if let Some(following) = &self.following.0 {
            return Ok(following.clone());
        }
        let started = Following::start(&self.data, self.options.snapshot_records, self.engine.sequence)?;
        Ok(self.following.0.insert(Arc::new(started)).clone())
    }

    /// Whether somebody follows already.
    pub fn followed(&self) -> Option<&Arc<Following>> {
        self.following.0.as_ref()
    }

    /// A snapshot of the present state, or of a later one, is in its file when this returns the path. Only a follower
    /// writes snapshots: this waits for it.
    pub fn snapshot(&mut self) -> Result<PathBuf, Arc<BrokerError>> {
        if self.engine.sequence == 0 {
            return Err(Arc::new(JournalError::Refused("nothing happened yet: there is nothing to snapshot").into()));
        }
        self.end_batch();
        self.flusher.flush().map_err(BrokerError::from)?;
        self.following()?.snapshot(self.engine.sequence)
    }

    #[inline]
    fn follow_when_due(&mut self) {
        if self.engine.sequence - self.recovered.snapshot >= self.options.snapshot_records && self.following.0.is_none()
        {
            self.follow();
        }
    }

    /// A follower that cannot start now is tried again at the stop, where it is missed.
    #[cold]
    fn follow(&mut self) {
        if self.lock.is_some() {
            let _ = self.following();
        }
    }

    /// A clean stop: everything written, a snapshot, the journal sealed, the folder free.
    pub fn close(&mut self) -> Result<(), Arc<BrokerError>> {
        if self.lock.is_none() {
            return Ok(());
        }
        if self.engine.sequence > 0 {
            self.snapshot()?;
        }
        self.following = Followed::default();
        self.drain.stop();
        self.flusher.seal().map_err(BrokerError::from)?;
        self.lock = None;
        Ok(())
    }
}

/// Frames that follow on record `sequence` with the hash `head`, whole and chained.
fn check_stretch(frames: &[u8], mut sequence: u64, mut head: Hash) -> Result<(), JournalError> {
    let mut rest = frames;
    while !rest.is_empty() {
        let offset = (frames.len() - rest.len()) as u64;
        let bad = |reason| JournalError::Damaged(FirstBad { record: sequence + 1, segment: 0, offset, reason });
        let (body, hash, behind) = frame::split(rest).map_err(bad)?;
        if frame::sequence(rest) != sequence + 1 {
            return Err(bad(BadReason::Sequence));
        }
        if frame::chain(&head, body) != *hash {
            return Err(bad(BadReason::Hash));
        }
        (sequence, head, rest) = (sequence + 1, *hash, behind);
    }
    Ok(())
}

/// The rules that made a record; None for the record before the first.
fn rules_of(data: &Path, sequence: u64) -> Result<Option<u16>, BrokerError> {
    if sequence == 0 {
        return Ok(None);
    }
    let mut scan = Scan::open(data, sequence, Check::Frames)?;
    let entry = scan.read()?.ok_or(BrokerError::Differs { record: sequence })?;
    let body = Body::read(entry.body).map_err(|_| BrokerError::Differs { record: sequence })?;
    Ok(Some(body.rules))
}
