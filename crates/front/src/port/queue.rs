//! Arrivals for a thread that is woken by a descriptor, such as an event loop.
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::event::{EventfdFlags, eventfd};

use super::{Arrival, Taker};

/// Bounded by the port's own limit of connections, for which those that wait here count.
pub struct Queue {
    waiting: Mutex<VecDeque<Arrival>>,
    wake: OwnedFd,
    served: AtomicUsize,
}

impl Queue {
    pub fn new() -> io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { waiting: Mutex::default(), wake, served: AtomicUsize::new(0) })
    }

    /// Readable while something waits.
    pub fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Up to `most` arrivals, oldest first. Whoever takes them says with `serve` how many he then has.
    pub fn collect(&self, most: usize) -> Vec<Arrival> {
        let mut waiting = self.waiting.lock().expect("nobody panics with the queue");
        let count = most.min(waiting.len());
        let taken = waiting.drain(..count).collect();
        if waiting.is_empty() {
            let _ = rustix::io::read(&self.wake, &mut [0_u8; 8]);
        }
        taken
    }

    /// How many connections its reader has open now.
    pub fn serve(&self, count: usize) {
        self.served.store(count, Ordering::Relaxed);
    }
}

impl Taker for Queue {
    fn take(&self, arrival: Arrival) {
        let mut waiting = self.waiting.lock().expect("nobody panics with the queue");
        waiting.push_back(arrival);
        if waiting.len() == 1 {
            let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        }
    }

    fn open(&self) -> usize {
        self.waiting.lock().expect("nobody panics with the queue").len() + self.served.load(Ordering::Relaxed)
    }
}
