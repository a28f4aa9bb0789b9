//! What the port's thread and the others share: orders for it, figures from it.
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};

/// What the thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Orders {
    Serve,
    Stop,
    End(Duration),
}

/// What became of connections, counted from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Accepted,
    Http,
    Grpc,
    Fix,
    /// Ended here; what came out of it is counted as well.
    Tls,
    /// Those that a trusted proxy spoke for.
    Proxied,
    Mqtt,
    Amqp,
    /// A protocol that this port knows and nobody here serves.
    Unserved,
    /// Nothing that is known, or nothing at all.
    Closed,
    /// Undecided for too long.
    Late,
    /// Over a limit of connections.
    Crowded,
}

impl Counted {
    pub const ALL: [(Self, &str); 12] = [
        (Self::Accepted, "accepted"),
        (Self::Http, "http"),
        (Self::Grpc, "grpc"),
        (Self::Fix, "fix"),
        (Self::Tls, "tls"),
        (Self::Proxied, "proxied"),
        (Self::Mqtt, "mqtt"),
        (Self::Amqp, "amqp"),
        (Self::Unserved, "unserved"),
        (Self::Closed, "closed"),
        (Self::Late, "late"),
        (Self::Crowded, "crowded"),
    ];
}

/// Orders wake the thread; figures are read without asking it.
pub struct Tower {
    wake: OwnedFd,
    orders: Mutex<Orders>,
    counts: [AtomicU64; Counted::ALL.len()],
    /// Connections undecided now, and carried now.
    undecided: AtomicU64,
    carried: AtomicU64,
}

impl Tower {
    pub(super) fn new() -> io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let counts = std::array::from_fn(|_| AtomicU64::new(0));
        let (undecided, carried) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { wake, orders: Mutex::new(Orders::Serve), counts, undecided, carried })
    }

    /// How many of them came so far.
    pub fn count(&self, counted: Counted) -> u64 {
        self.counts[counted as usize].load(Ordering::Relaxed)
    }

    /// Connections that are undecided now.
    pub fn undecided(&self) -> u64 {
        self.undecided.load(Ordering::Relaxed)
    }

    /// Connections that the port carries now.
    pub fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, counted: Counted) {
        self.counts[counted as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn is(&self, undecided: usize, carried: usize) {
        self.undecided.store(undecided as u64, Ordering::Relaxed);
        self.carried.store(carried as u64, Ordering::Relaxed);
    }

    pub(super) fn order(&self, orders: Orders) {
        *self.orders.lock().expect("nobody panics with the orders") = orders;
        // A full counter is a wake-up that waits already.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }

    /// The orders now; the wake-up is spent.
    pub(super) fn orders(&self) -> Orders {
        let _ = rustix::io::read(&self.wake, &mut [0_u8; 8]);
        *self.orders.lock().expect("nobody panics with the orders")
    }

    pub(super) fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}
