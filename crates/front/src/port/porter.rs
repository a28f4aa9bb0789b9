//! The port's thread: lets connections in, looks at what they speak, and brings each to who serves it.
use std::io;
use std::mem;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{self, SocketFlags};

use super::carried::{Carried, SCRATCH_BYTES, Turn, ready};
use super::outer::Outer;
use super::poll::Poll;
use super::proxy::{self, HEADER_BYTES_MAX, Told};
use super::rooms::{Place, Rooms, Row, Waiting};
use super::sniff::{FIRST_BYTES_MAX, Kind, Sniffed, sniff};
use super::tower::Orders;
use super::{Counted, Options, Takers, Tower};

const LISTENER: u64 = u64::MAX;
const WAKE: u64 = u64::MAX - 1;
/// Connections let in before others get a turn.
const ACCEPTED_AT_ONCE: usize = 64;
/// How long a client may take to read the last bytes of a connection whose server has ended it.
const LINGER: Duration = Duration::from_secs(5);
/// After the kernel had no memory for a connection.
const BREATH: Duration = Duration::from_millis(1);
/// A peer that is gone without a word is found out after IDLE and PROBES times BETWEEN.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_BETWEEN: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 4;

/// A client whose first bytes lie in the socket still.
pub(super) struct Came {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub since: Instant,
    /// A proxy has spoken for it.
    pub proxied: bool,
}

/// A client inside TLS; what came out of it so far.
pub(super) struct Greeting {
    pub outer: Outer,
    pub first: Vec<u8>,
    pub peer: SocketAddr,
    pub since: Instant,
}

pub(super) enum State {
    Peeking(Came),
    Greeting(Box<Greeting>),
    Carried(Box<Carried>),
}

pub(super) struct Connection {
    pub state: State,
    /// Its row among the undecided, or, of a carried one, among those that linger.
    pub row: Option<Row>,
    /// A taker counts it as its own.
    pub taken: bool,
}

/// What a look at a client's bytes told.
pub(super) enum Look {
    Waits,
    Is(Kind),
    Gone,
}

pub(super) struct Porter {
    listener: Option<TcpListener>,
    /// Given up for a moment to turn a client away when there is no descriptor left.
    spare: Option<OwnedFd>,
    pub(super) poll: Poll,
    pub(super) options: Options,
    pub(super) takers: Takers,
    pub(super) tower: Arc<Tower>,
    pub(super) rooms: Rooms<Connection>,
    undecided: Waiting,
    lingering: Waiting,
    pub(super) taken: usize,
    again: Vec<Place>,
    pub(super) scratch: Vec<u8>,
    ends: Option<Instant>,
}

impl Porter {
    pub fn new(listener: TcpListener, options: Options, takers: Takers, tower: Arc<Tower>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        // Connections inherit these from their listener.
        net::sockopt::set_tcp_nodelay(&listener, true)?;
        net::sockopt::set_socket_keepalive(&listener, true)?;
        net::sockopt::set_tcp_keepidle(&listener, KEEPALIVE_IDLE)?;
        net::sockopt::set_tcp_keepintvl(&listener, KEEPALIVE_BETWEEN)?;
        net::sockopt::set_tcp_keepcnt(&listener, KEEPALIVE_PROBES)?;
        let poll = Poll::new()?;
        poll.add_level(&listener, LISTENER)?;
        poll.add_level(tower.wake(), WAKE)?;
        Ok(Self {
            spare: Some(listener.try_clone()?.into()),
            listener: Some(listener),
            poll,
            undecided: Waiting::new(options.deadline),
            lingering: Waiting::new(LINGER),
            options,
            takers,
            tower,
            rooms: Rooms::new(),
            taken: 0,
            again: Vec::new(),
            scratch: vec![0; SCRATCH_BYTES],
            ends: None,
        })
    }

    /// Until it is told to end. An error is a fault of the port itself.
    pub fn run(&mut self) -> io::Result<()> {
        let mut told = Vec::new();
        loop {
            self.poll.wait(self.patience(), &mut told)?;
            for news in &told {
                match news.token {
                    LISTENER => self.let_in()?,
                    WAKE => self.follow_orders()?,
                    token => self.step(Place::of(token), news.ended),
                }
            }
            for place in mem::take(&mut self.again) {
                self.step(place, false);
            }
            let now = Instant::now();
            self.expire(now);
            self.tower.is(self.undecided.len(), self.rooms.len() - self.undecided.len());
            if self.ends.is_some_and(|at| at <= now || self.rooms.len() == 0) {
                return Ok(());
            }
        }
    }

    fn patience(&self) -> Option<Duration> {
        if !self.again.is_empty() {
            return Some(Duration::ZERO);
        }
        let all = [self.undecided.first_due(), self.lingering.first_due(), self.ends];
        all.into_iter().flatten().min().map(|at| at.saturating_duration_since(Instant::now()))
    }

    fn follow_orders(&mut self) -> io::Result<()> {
        let orders = self.tower.orders();
        if orders == Orders::Serve {
            return Ok(());
        }
        self.spare = None;
        if let Some(listener) = self.listener.take() {
            // Somebody else may hold the listener too, and then closing it here does not take it out.
            self.poll.remove(&listener)?;
        }
        while let Some(place) = self.undecided.longest() {
            self.end(place);
        }
        if let Orders::End(grace) = orders {
            self.ends = Some(Instant::now() + grace);
        }
        Ok(())
    }

    fn expire(&mut self, now: Instant) {
        while let Some(place) = self.undecided.due(now) {
            self.tower.add(Counted::Late);
            self.end(place);
        }
        while let Some(place) = self.lingering.due(now) {
            self.end(place);
        }
    }

    // Letting in.

    fn let_in(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPTED_AT_ONCE {
            let Some(listener) = &self.listener else {
                return Ok(());
            };
            match net::acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
                Ok((stream, peer)) => {
                    self.tower.add(Counted::Accepted);
                    if let Some(peer) = peer.and_then(|peer| SocketAddr::try_from(peer).ok()) {
                        self.welcome(TcpStream::from(stream), peer);
                    }
                }
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::MFILE | Errno::NFILE) => self.turn_away(),
                Err(Errno::NOBUFS | Errno::NOMEM) => {
                    std::thread::sleep(BREATH);
                    return Ok(());
                }
                Err(Errno::BADF | Errno::INVAL | Errno::NOTSOCK) => {
                    return Err(io::Error::other("the listener is no listening socket"));
                }
                // The client has gone already, or the network said something about it (accept(2)).
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// No descriptor is left: the next client is closed, or it would be told of for ever.
    fn turn_away(&mut self) {
        self.spare = None;
        if let Some(listener) = &self.listener {
            drop(net::accept_with(listener, SocketFlags::CLOEXEC));
            self.spare = listener.try_clone().ok().map(OwnedFd::from);
        }
        self.tower.add(Counted::Crowded);
    }

    fn welcome(&mut self, stream: TcpStream, peer: SocketAddr) {
        let taken = self.takers.http.open() + self.takers.fix.as_ref().map_or(0, |fix| fix.open());
        if self.rooms.len() - self.taken + taken >= self.options.connections {
            self.tower.add(Counted::Crowded);
            return;
        }
        self.meet(Came { stream, peer, since: Instant::now(), proxied: false });
    }

    fn meet(&mut self, mut came: Came) {
        match self.look(&mut came, false) {
            Look::Waits => self.keep(State::Peeking(came)),
            Look::Is(kind) => self.decide(came, kind),
            Look::Gone => self.tower.add(Counted::Closed),
        }
    }

    /// An undecided connection waits for more bytes.
    pub(super) fn keep(&mut self, state: State) {
        if self.undecided.len() >= self.options.undecided
            && let Some(place) = self.undecided.longest()
        {
            self.tower.add(Counted::Crowded);
            self.end(place);
        }
        let since = match &state {
            State::Peeking(came) => came.since,
            State::Greeting(greeting) => greeting.since,
            State::Carried(_) => return,
        };
        let place = self.rooms.add(Connection { state, row: None, taken: false });
        let mut connection = self.rooms.lift(place).expect("it was just added");
        connection.row = Some(self.undecided.add(place, since));
        let added = match &connection.state {
            State::Peeking(came) => self.poll.add_edge(&came.stream, place.token(false)),
            State::Greeting(greeting) => self.poll.add_edge(&greeting.outer, place.token(false)),
            State::Carried(_) => Ok(()),
        };
        self.rooms.put_back(place, connection);
        if added.is_err() {
            self.end(place);
        }
    }

    // Looking.

    /// `ended`: no more bytes will come.
    fn look(&mut self, came: &mut Came, ended: bool) -> Look {
        loop {
            let mut first = [0_u8; FIRST_BYTES_MAX];
            let count = match ready(came.stream.peek(&mut first)) {
                Ok(Some(count)) if count > 0 => count,
                Ok(None) => return Look::Waits,
                _ => return Look::Gone,
            };
            let expected = !came.proxied && self.is_trusted(came.peer);
            match sniff(&first[..count]) {
                Sniffed::More => return if ended { Look::Gone } else { Look::Waits },
                Sniffed::Is(Kind::Proxy) if expected => match self.read_header(came) {
                    Look::Is(_) => {}
                    Look::Waits if ended => return Look::Gone,
                    other => return other,
                },
                // Whoever speaks for others must say so each time: a header that may be left out can be forged by the
                // client behind a proxy that sends none (proxy-protocol.txt, section 2).
                Sniffed::Is(kind) if !expected && kind != Kind::Proxy => return Look::Is(kind),
                _ => return Look::Gone,
            }
        }
    }

    fn is_trusted(&self, peer: SocketAddr) -> bool {
        self.options.trusted.iter().any(|network| network.holds(peer.ip()))
    }

    /// Takes a proxy's header, and nothing else, off the stream when it is whole.
    fn read_header(&mut self, came: &mut Came) -> Look {
        let room = &mut self.scratch[..HEADER_BYTES_MAX];
        let Ok(Some(count)) = ready(came.stream.peek(room)) else {
            return Look::Gone;
        };
        match proxy::read(&room[..count]) {
            Told::More => Look::Waits,
            Told::Bad => Look::Gone,
            Told::Header { length, client } => {
                if net::recv(&came.stream, &mut room[..length], net::RecvFlags::empty()).map(|got| got.0) != Ok(length)
                {
                    return Look::Gone;
                }
                came.peer = client.unwrap_or(came.peer);
                came.proxied = true;
                self.tower.add(Counted::Proxied);
                Look::Is(Kind::Proxy)
            }
        }
    }

    /// Decrypts until it is known what is inside.
    pub(super) fn look_inside(&mut self, greeting: &mut Greeting) -> Look {
        loop {
            match ready(greeting.outer.read(&mut self.scratch)) {
                Ok(Some(count)) if count > 0 => greeting.first.extend_from_slice(&self.scratch[..count]),
                Ok(None) => return greeting.outer.flush().map_or(Look::Gone, |_| Look::Waits),
                _ => return Look::Gone,
            }
            match sniff(&greeting.first) {
                Sniffed::More => {}
                Sniffed::Is(kind) => return Look::Is(kind),
                Sniffed::Close => return Look::Gone,
            }
        }
    }

    // Going on.

    /// There is news of the connection.
    pub(super) fn step(&mut self, place: Place, ended: bool) {
        let Some(mut connection) = self.rooms.lift(place) else {
            return;
        };
        match &mut connection.state {
            State::Peeking(came) => {
                let look = self.look(came, ended);
                self.settle(place, connection, look);
            }
            State::Greeting(greeting) => {
                let look = self.look_inside(greeting);
                self.settle(place, connection, look);
            }
            State::Carried(carried) => {
                let turn = carried.turn(&mut self.scratch).unwrap_or(Turn::Over);
                if turn == Turn::Ending && connection.row.is_none() {
                    connection.row = Some(self.lingering.add(place, Instant::now()));
                }
                if turn == Turn::Again {
                    self.again.push(place);
                }
                self.rooms.put_back(place, connection);
                if turn == Turn::Over {
                    self.end(place);
                }
            }
        }
    }

    /// An undecided connection was looked at.
    fn settle(&mut self, place: Place, connection: Connection, look: Look) {
        if matches!(look, Look::Waits) {
            return self.rooms.put_back(place, connection);
        }
        self.rooms.leave(place);
        if let Some(row) = connection.row {
            self.undecided.remove(row);
        }
        let Look::Is(kind) = look else {
            return self.close();
        };
        match connection.state {
            State::Peeking(came) if self.poll.remove(&came.stream).is_ok() => self.decide(came, kind),
            State::Greeting(greeting) if self.poll.remove(&greeting.outer).is_ok() => {
                self.serve(greeting.outer, &greeting.first, greeting.peer, kind);
            }
            _ => self.close(),
        }
    }

    /// The connection is closed whatever it does.
    pub(super) fn end(&mut self, place: Place) {
        let Some(connection) = self.rooms.lift(place) else {
            return;
        };
        self.rooms.leave(place);
        self.taken -= usize::from(connection.taken);
        let waiting =
            if matches!(connection.state, State::Carried(_)) { &mut self.lingering } else { &mut self.undecided };
        if let Some(row) = connection.row {
            waiting.remove(row);
        }
    }
}
