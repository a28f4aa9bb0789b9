//! Between the sessions' thread and Python: messages up, answers down, each side woken by the other.
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, eventfd};

use super::member::Member;
use crate::session::Version;

/// What Python is told, oldest first.
#[derive(Debug)]
pub enum Event {
    /// A session is logged on with this key; `last_cause`: the last record that it was told of.
    LoggedOn {
        place: usize,
        version: &'static str,
        key: String,
        last_cause: u64,
    },
    LoggedOut {
        place: usize,
    },
    /// A message for Python; `order`: what the front knows of the order that it names (0: none).
    Message {
        place: usize,
        version: Version,
        bytes: Vec<u8>,
        order: u64,
    },
    /// For the log.
    Note(String),
}

/// A message that Python sends: fields between header and trailer, and the record that it tells of (0: none).
#[derive(Debug)]
pub struct Sent {
    pub place: usize,
    pub msg_type: String,
    pub body: Vec<(u32, String)>,
    pub cause: u64,
}

/// What Python asks for.
#[derive(Debug, Default)]
pub struct Asked {
    pub sent: Vec<Sent>,
    /// A message of the session at this place is dealt with.
    pub done: Vec<usize>,
    /// Everybody who may log on, when that changed.
    pub members: Option<Vec<(String, Member)>>,
    /// Instruments that outside venues trade, when that changed.
    pub routed: Option<Vec<u32>>,
}

/// A descriptor that is readable while somebody rang and nobody listened.
#[derive(Debug)]
pub struct Bell(OwnedFd);

impl Bell {
    pub fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    pub fn ring(&self) {
        // a full counter is readable, too
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    pub fn hush(&self) {
        let _ = rustix::io::read(&self.0, &mut [0_u8; 8]);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Both queues.
#[derive(Debug)]
pub struct Channel {
    events: Mutex<VecDeque<Event>>,
    asked: Mutex<Asked>,
    /// Bytes that wait for each session's counterparty, as of a moment ago.
    unsent: Mutex<Vec<usize>>,
    /// Readable for Python while there are events or records that sessions made.
    pub bell: Bell,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Channel {
    pub fn new() -> io::Result<Self> {
        Ok(Self { events: Mutex::default(), asked: Mutex::default(), unsent: Mutex::default(), bell: Bell::new()? })
    }

    /// For Python, which is not woken yet: see `bell`.
    pub fn tell(&self, event: Event) {
        held(&self.events).push_back(event);
    }

    pub fn events(&self) -> VecDeque<Event> {
        self.bell.hush();
        std::mem::take(&mut held(&self.events))
    }

    /// Changes what Python asks for; whoever does this wakes the sessions' thread.
    pub fn ask(&self, change: impl FnOnce(&mut Asked)) {
        change(&mut held(&self.asked));
    }

    pub fn unsent(&self, all: impl Iterator<Item = usize>) {
        let mut unsent = held(&self.unsent);
        unsent.clear();
        unsent.extend(all);
    }

    pub fn unsent_of(&self, place: usize) -> usize {
        held(&self.unsent).get(place).copied().unwrap_or(0)
    }

    pub fn asked(&self) -> Asked {
        std::mem::take(&mut held(&self.asked))
    }
}
