//! A gateway's side: sends instruction rows, reads what became of them.
use std::time::{Duration, Instant};

use isthmus_core::row::ROW;

use crate::lane::{Fault, MORE, Reply, SLOTS};
use crate::memory::{self, Memory};

/// Looks for a reply between two looks at the clock.
const LOOKS: u32 = 1_024;

/// Between two looks for the engine.
const CALL: Duration = Duration::from_millis(1);

/// One gateway on its lane. One that comes back after its own end or the engine's knows nothing of what it asked before: it
/// asks again under the same client ids, which count once.
pub struct Gateway {
    memory: Memory,
    /// The numbers of the next ask to write and the next reply to read.
    ask: u64,
    reply: u64,
    /// Asks whose last reply was read.
    replied: u64,
}

impl Gateway {
    /// Calls the engine that serves `name`; `gateway` (from 1) becomes the origin of what is asked. A fault when no engine
    /// has answered within `limit`.
    pub fn open(name: &str, gateway: u8, limit: Duration) -> Result<Self, Fault> {
        let memory = Memory::create(&memory::folder(name)?, gateway)?;
        let started = Instant::now();
        while !memory.is_taken() {
            if started.elapsed() > limit {
                return Err(Fault(format!("{name}: no engine answers")));
            }
            std::thread::sleep(CALL);
        }
        Ok(Self { memory, ask: 1, reply: 1, replied: 0 })
    }

    /// Sends a row; returns the ask's number, or None while [`SLOTS`] asks have no reply yet.
    #[inline]
    pub fn send(&mut self, row: [u8; ROW]) -> Option<u64> {
        let number = self.ask;
        if number - self.replied > SLOTS {
            return None;
        }
        self.memory.write_ask(number, row);
        self.ask += 1;
        Some(number)
    }

    /// The next reply, if it is here.
    #[inline]
    pub fn poll(&mut self) -> Option<Reply> {
        let reply = self.memory.reply(self.reply)?;
        self.memory.set_read(self.reply);
        self.reply += 1;
        if reply.status != MORE {
            self.replied = reply.ask;
        }
        Some(reply)
    }

    /// Waits for the next reply without giving up the core; None when `limit` has passed.
    pub fn wait(&mut self, limit: Duration) -> Option<Reply> {
        let started = Instant::now();
        loop {
            for _ in 0..LOOKS {
                if let Some(reply) = self.poll() {
                    return Some(reply);
                }
                std::hint::spin_loop();
            }
            if started.elapsed() > limit {
                return None;
            }
        }
    }
}
