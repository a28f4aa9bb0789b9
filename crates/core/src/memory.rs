//! What makes every command idempotent: the client ids already answered, with what they asked and how it ended.
use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::messages::ClientId;
use crate::values::{REMEMBER_COMMANDS, REMEMBER_NS};

/// Account and client id.
pub type Key = (u32, ClientId);

/// `content` is a digest of the command, `first` the sequence that answered it, `reason` 0 unless it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub content: [u8; 16],
    pub first: u64,
    pub reason: u16,
}

/// An id that is no longer alive: forgotten some commands or some time after.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    pub sequence: u64,
    pub stamp: u64,
    pub key: Key,
}

#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub answers: FxHashMap<Key, Answer>,
    pub ended: VecDeque<Ended>,
}

impl Memory {
    #[inline]
    pub fn forget(&mut self, sequence: u64, stamp: u64) {
        while let Some(front) = self.ended.front() {
            let due =
                front.sequence + REMEMBER_COMMANDS <= sequence || front.stamp.saturating_add(REMEMBER_NS) <= stamp;
            if !due {
                return;
            }
            self.answers.remove(&front.key);
            self.ended.pop_front();
        }
    }

    #[inline]
    pub fn end(&mut self, sequence: u64, stamp: u64, key: Key) {
        if key.1 != [0; 16] {
            self.ended.push_back(Ended { sequence, stamp, key });
        }
    }
}
