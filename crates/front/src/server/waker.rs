//! How other threads reach the loop: an eventfd to wake it, and a queue of connections handed to it.
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use rustix::event::{EventfdFlags, eventfd};

use crate::port;

/// Wakes the loop from any thread.
#[derive(Clone)]
pub struct Waker {
    event: Arc<OwnedFd>,
    stop: Arc<AtomicBool>,
}

impl Waker {
    pub(super) fn new() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Self { event: Arc::new(event), stop: Arc::new(AtomicBool::new(false)) })
    }

    /// `Host::woken` is called soon; several wakes may come as one.
    pub fn wake(&self) {
        // a full counter already wakes
        let _ = rustix::io::write(&*self.event, &1u64.to_ne_bytes());
    }

    /// The loop logs every session out and ends.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    pub(super) fn clear(&self) {
        let mut count = [0; 8];
        let _ = rustix::io::read(&*self.event, &mut count);
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

/// A connection that somebody else accepted.
pub(super) struct Handed {
    pub stream: TcpStream,
    pub peer: SocketAddr,
}

/// Hands connections to the loop, from any thread.
#[derive(Clone)]
pub struct Taker {
    pub(super) sender: Sender<Handed>,
    pub(super) waker: Waker,
    /// Connections there are, as of the last turn, and those handed over since.
    pub(super) open: Arc<AtomicUsize>,
}

impl Taker {
    /// The loop takes the connection over; nothing may have been read from it. False if the loop has ended.
    pub fn take(&self, stream: TcpStream, peer: SocketAddr) -> bool {
        let taken = self.sender.send(Handed { stream, peer }).is_ok();
        self.waker.wake();
        taken
    }
}

impl port::Taker for Taker {
    /// Out of TLS the stream is one end of a pair, which is read and written like any other.
    fn take(&self, arrival: port::Arrival) {
        self.open.fetch_add(1, Ordering::Relaxed);
        Taker::take(self, TcpStream::from(arrival.stream), arrival.peer);
    }

    fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}
