//! One engine for two threads: that on which Python drives it, and that on which FIX sessions are served.
//!
//! Whoever stages holds the lock, so that both stage in one order. What one of them made, the other hears of in that
//! order: FIX sessions of what Python staged ([`Held::for_sessions`]), Python of what sessions staged ([`Held::for_python`]).
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use isthmus_core::broker::Broker;
use isthmus_core::flusher::{Flusher, Link};

/// Records that sessions made and Python has not told its subscribers yet; then sessions wait.
pub const BEHIND_MAX: u64 = 65_536;

/// What is behind the lock.
pub struct Held {
    pub broker: Broker,
    /// Bodies of what Python staged, oldest first; kept only while sessions are served.
    pub for_sessions: VecDeque<Vec<u8>>,
    /// Bodies of what sessions staged, with their place in the chain, oldest first.
    pub for_python: VecDeque<(Vec<u8>, Link)>,
    /// The last of them.
    pub made: u64,
    served: bool,
}

impl Deref for Held {
    type Target = Broker;
    fn deref(&self) -> &Broker {
        &self.broker
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Broker {
        &mut self.broker
    }
}

impl Held {
    /// A record that Python staged, for sessions to hear of.
    #[inline]
    pub fn staged_by_python(&mut self, body: &[u8]) {
        if self.served {
            self.for_sessions.push_back(body.to_vec());
        }
    }
}

/// The engine and what its two users tell each other.
pub struct Shared {
    held: Mutex<Held>,
    /// The record up to which answers may go out.
    released: AtomicU64,
    /// The record up to which Python has told its subscribers.
    settled: AtomicU64,
    /// Nothing is taken: the journal cannot be written, or a standby is waited for.
    refusing: AtomicBool,
    /// Answers wait for somebody besides the disk, so that only Python may release.
    waits_for_receipts: AtomicBool,
}

impl Shared {
    pub fn new(broker: Broker) -> Arc<Self> {
        let sequence = broker.engine.sequence;
        let held =
            Held { broker, for_sessions: VecDeque::new(), for_python: VecDeque::new(), made: sequence, served: false };
        Arc::new(Self {
            held: Mutex::new(held),
            released: AtomicU64::new(sequence),
            settled: AtomicU64::new(sequence),
            refusing: AtomicBool::new(false),
            waits_for_receipts: AtomicBool::new(false),
        })
    }

    /// The engine, for a moment.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sessions are served from now on, and hear of everything that is staged.
    pub fn serve(&self) {
        let mut held = self.lock();
        held.served = true;
        let sequence = held.engine.sequence;
        held.made = sequence;
        self.released.fetch_max(sequence, Ordering::AcqRel);
        self.settled.fetch_max(sequence, Ordering::AcqRel);
    }

    /// Sessions are served no more.
    pub fn stop_serving(&self) {
        let mut held = self.lock();
        held.served = false;
        held.for_sessions.clear();
    }

    /// Keeps the durability's promise for what was staged and releases it, unless others must agree. None: the journal
    /// cannot be written now; Python tries again, and releases then.
    pub fn commit(&self, flusher: &Flusher) -> Option<u64> {
        let Ok(durable) = flusher.flush() else {
            self.refusing.store(true, Ordering::Release);
            return None;
        };
        if !self.waits_for_receipts.load(Ordering::Acquire) {
            self.released.fetch_max(durable, Ordering::AcqRel);
        }
        Some(self.released())
    }

    /// Answers up to this record may go out.
    pub fn release(&self, sequence: u64) {
        self.released.fetch_max(sequence, Ordering::AcqRel);
    }

    pub fn released(&self) -> u64 {
        self.released.load(Ordering::Acquire)
    }

    /// Python has told its subscribers of the records up to this one.
    pub fn settle(&self, sequence: u64) {
        self.settled.fetch_max(sequence, Ordering::AcqRel);
    }

    /// Whether Python is so far behind that sessions must wait, seen from record `made`.
    pub fn is_behind(&self, made: u64) -> bool {
        made.saturating_sub(self.settled.load(Ordering::Acquire)) >= BEHIND_MAX
    }

    /// Takes nothing, or takes commands again.
    pub fn refuse(&self, refusing: bool) {
        self.refusing.store(refusing, Ordering::Release);
    }

    pub fn is_refusing(&self) -> bool {
        self.refusing.load(Ordering::Acquire)
    }

    /// Answers wait for a standby's receipts, too.
    pub fn wait_for_receipts(&self) {
        self.waits_for_receipts.store(true, Ordering::Release);
    }
}
