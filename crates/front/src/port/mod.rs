//! The port that understands everyone.
//!
//! Owns: the listening socket and every connection until it is known what it speaks; TLS; the connections that it carries for
//! others (gRPC, hand-offs, what comes out of TLS). One thread, epoll, no Python.
//! Takes: a listening socket, [`Options`], and a [`Taker`] for each protocol that is served in this process.
//! Emits: [`Arrival`]s: descriptors whose first byte is still unread.
//! Never: reads a byte of a plain connection (it peeks; a proxy's header is the exception), or waits for a taker.
//!
//! A server of a protocol plugs in here: it implements [`Taker`] and is named in [`Takers`]. `take` is called on the port's
//! thread and must only put the arrival where its own thread finds it.
mod carried;
#[cfg(test)]
pub(crate) mod chance;
mod networks;
mod outer;
mod poll;
mod porter;
pub mod proxy;
mod queue;
mod refusals;
mod rooms;
mod serving;
pub mod sniff;
#[cfg(test)]
mod tests;
pub mod tls;
mod tower;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

pub use networks::Network;
use porter::Porter;
pub use queue::Queue;
use tls::TlsConfig;
use tower::Orders;
pub use tower::{Counted, Tower};

/// A connection whose protocol is known, with all of its bytes still to read.
#[derive(Debug)]
pub struct Arrival {
    /// A stream socket that does not block: the client's own, or, out of TLS, one end of a pair whose other end the port serves.
    pub stream: OwnedFd,
    /// The client: the peer, or whom a trusted proxy speaks for.
    pub peer: SocketAddr,
    /// Whether the client's side is encrypted.
    pub tls: bool,
}

/// A server that takes over connections of its protocol.
pub trait Taker: Send + Sync {
    /// Called on the port's thread: must not block.
    fn take(&self, arrival: Arrival);
    /// Connections it has open, those that wait to be picked up included; they count for `Options::connections`.
    fn open(&self) -> usize;
}

/// Who takes what. A protocol without a taker is closed.
pub struct Takers {
    pub http: Arc<dyn Taker>,
    /// FIX, of every version: the first bytes are `8=FIX`.
    pub fix: Option<Arc<dyn Taker>>,
}

/// How the port behaves. What happens above each bound is told in the settings.
#[derive(Clone)]
pub struct Options {
    /// From accepting a connection until it must have said what it speaks, TLS and a proxy's header included.
    pub deadline: Duration,
    /// Connections that have not yet; above it the one that waited longest is closed.
    pub undecided: usize,
    /// All connections, with those that takers have; above it new ones are closed.
    pub connections: usize,
    /// Peers whose connections begin with a proxy's header, and must.
    pub trusted: Vec<Network>,
    pub tls: Option<Arc<TlsConfig>>,
    /// Nothing is served in plain.
    pub tls_only: bool,
    /// The Unix socket of the gRPC server.
    pub grpc: Option<PathBuf>,
    /// Brokers that connections of these protocols are carried to.
    pub mqtt: Option<SocketAddr>,
    pub amqp: Option<SocketAddr>,
}

/// The port at work; dropping it ends it.
pub struct Port {
    tower: Arc<Tower>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Port {
    /// Serves the listener, which is set not to block, in a thread of its own.
    pub fn open(listener: TcpListener, options: Options, takers: Takers) -> io::Result<Self> {
        let tower = Arc::new(Tower::new()?);
        let mut porter = Porter::new(listener, options, takers, Arc::clone(&tower))?;
        let thread = std::thread::Builder::new().name("port".into()).spawn(move || porter.run())?;
        Ok(Self { tower, thread: Some(thread) })
    }

    /// What came so far.
    pub fn tower(&self) -> &Tower {
        &self.tower
    }

    /// Whether the thread works; it ends by `close`, or by a fault.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Takes no more connections and drops those that are undecided; what is carried goes on.
    pub fn stop(&self) {
        self.tower.order(Orders::Stop);
    }

    /// Waits up to `grace` for what is carried to end, then cuts it. An error is what the thread ended by.
    pub fn close(&mut self, grace: Duration) -> io::Result<()> {
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        self.tower.order(Orders::End(grace));
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the port's thread panicked")))
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // Who wants to know how it ended calls `close` first.
        drop(self.close(Duration::ZERO));
    }
}
