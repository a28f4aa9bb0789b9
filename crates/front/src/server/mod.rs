//! The loop of all FIX sessions: one thread, epoll, no session waiting for another.
//!
//! A turn: everything readable is read and taken by its session, the host's `after_read` is called once, then what the
//! sessions want to say is kept in their stores and written. A turn never waits for one connection: reads are bounded, writes
//! go as far as the socket takes them, and what is sent again goes out one slice a turn.
mod dial;
mod link;
mod links;
mod sessions;
mod turn;
mod waker;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use isthmus_wire::fix::index::View;
use rustix::event::epoll;

use crate::session::{Application, Session};

pub use dial::{Dial, Tls};
pub use sessions::Sessions;
pub use waker::{Taker, Waker};

use dial::Dialer;
use links::{LISTENER, Links, WAKER};
use waker::Handed;

/// What stands above a server: the application of all its sessions, and what it does between their turns.
pub trait Host: Application {
    /// A Logon came on a connection that is nobody's yet: whoever makes its sessions when they are first asked for adds the
    /// one that it names, after having looked at who asks. The reason of a refusal is for the log.
    fn admit(&mut self, _logon: &View, _sessions: &mut Sessions, _now: u64) -> Result<(), String> {
        Ok(())
    }
    /// Somebody woke the loop: anything may be sent on any session.
    fn woken(&mut self, _sessions: &mut Sessions, _now: u64) {}
    /// Once after each burst that was read, before anything is written.
    fn after_read(&mut self, _sessions: &mut Sessions, _now: u64) {}
    /// A few times a second.
    fn ticked(&mut self, _sessions: &mut Sessions, _now: u64) {}
    /// What happened, for a log; of a session, if it is known.
    fn note(&mut self, _session: Option<&Session>, _text: &str) {}
}

/// Limits of a server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Connections at once; more are closed at once.
    pub connections: usize,
    /// How long a connection may be there without a whole Logon.
    pub logon_timeout: Duration,
    /// For so long after a burst the next one is looked for without sleeping: waking a core takes longer than an order.
    pub spin: Duration,
    /// How long the sessions have to log out when the server stops.
    pub stop_timeout: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            connections: 4_096,
            logon_timeout: Duration::from_secs(5),
            spin: Duration::from_micros(50),
            stop_timeout: Duration::from_secs(2),
        }
    }
}

/// All sessions and their connections.
pub struct Server {
    settings: ServerSettings,
    pub sessions: Sessions,
    links: Links,
    listener: Option<TcpListener>,
    waker: Waker,
    inbox: Receiver<Handed>,
    taker: Taker,
    dialers: Vec<Dialer>,
    /// Places to be looked at in this turn, reused.
    touched: Vec<usize>,
    buffer: Vec<u8>,
    ticked: u64,
    /// Until when the next bytes are looked for without sleeping.
    awake_until: u64,
    stopping: Option<u64>,
}

impl Server {
    /// A server without sessions, listening nowhere.
    pub fn new(settings: ServerSettings) -> io::Result<Self> {
        let (sender, inbox) = channel();
        let waker = Waker::new()?;
        let links = Links::new()?;
        links.watch(&waker, WAKER)?;
        Ok(Self {
            settings,
            sessions: Sessions::default(),
            links,
            listener: None,
            taker: Taker { sender, waker: waker.clone(), open: Arc::default() },
            waker,
            inbox,
            dialers: Vec::new(),
            touched: Vec::new(),
            buffer: Vec::new(),
            ticked: 0,
            awake_until: 0,
            stopping: None,
        })
    }

    /// Accepts connections at this address (port 0: a free one), and says which it is.
    pub fn listen(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        self.links.watch(&listener, LISTENER)?;
        let address = listener.local_addr()?;
        self.listener = Some(listener);
        Ok(address)
    }

    /// Keeps that session, an initiator, connected.
    pub fn dial(&mut self, place: usize, dial: Dial) {
        self.dialers.push(Dialer { place, dial, tries: 0, next: 0 });
    }

    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    pub fn taker(&self) -> Taker {
        self.taker.clone()
    }

    /// Runs until `Waker::stop`; then every session is logged out.
    pub fn run(&mut self, host: &mut impl Host) -> io::Result<()> {
        let mut events = Vec::with_capacity(256);
        loop {
            self.turn(&mut events, host)?;
            let now = clock();
            match self.stopping {
                None if self.waker.is_stopped() => self.begin_stop(now, host),
                Some(_) if self.links.is_empty() => return Ok(()),
                Some(since) if now.saturating_sub(since) >= nanoseconds(self.settings.stop_timeout) => return Ok(()),
                _ => {}
            }
        }
    }

    fn begin_stop(&mut self, now: u64, host: &mut impl Host) {
        self.stopping = Some(now);
        self.dialers.clear();
        if let Some(listener) = self.listener.take() {
            self.links.forget(&listener);
        }
        for place in 0..self.sessions.len() {
            if let Some(session) = self.sessions.get_mut(place).filter(|session| session.is_logged_on()) {
                session.logout("", now);
            }
        }
        self.write_all(now, host);
        self.close_unknown();
    }

    fn turn(&mut self, events: &mut Vec<epoll::Event>, host: &mut impl Host) -> io::Result<()> {
        let is_awake = !self.touched.is_empty() || clock() < self.awake_until;
        let wait = if is_awake { Duration::ZERO } else { turn::TICK };
        self.links.wait(events, wait)?;
        let now = clock();
        let mut has_read = false;
        for event in events.drain(..) {
            match event.data.u64() {
                LISTENER => self.accept_all(now, host),
                WAKER => {
                    self.waker.clear();
                    self.take_handed(now, host);
                    host.woken(&mut self.sessions, now);
                }
                token => has_read |= self.ready(token, event.flags, now, host),
            }
        }
        has_read |= self.tick_all(now, host);
        if has_read {
            host.after_read(&mut self.sessions, now);
            self.awake_until = clock() + nanoseconds(self.settings.spin);
        }
        self.write_all(now, host);
        self.taker.open.store(self.links.len(), Ordering::Relaxed);
        Ok(())
    }
}

/// Nanoseconds since 1970.
pub(crate) fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanoseconds)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
