//! Who serves a connection, once it is known what it speaks, and how it gets there.
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::carried::Carried;
use super::outer::Outer;
use super::porter::{Came, Connection, Greeting, Look, Porter, State};
use super::sniff::Kind;
use super::tls::{ALPN_HTTP, ALPN_HTTP2, TlsConfig};
use super::{Arrival, Counted, Taker, refusals};

/// Numbers the connections to the gRPC server over all ports of this process: the name of each must be its own.
static NAMED: AtomicU64 = AtomicU64::new(0);

impl Porter {
    pub(super) fn decide(&mut self, came: Came, kind: Kind) {
        let Came { stream, peer, since, .. } = came;
        if kind != Kind::Tls {
            return self.serve(Outer::Plain(stream), &[], peer, kind);
        }
        self.tower.add(Counted::Tls);
        let Some(config) = self.options.tls.clone() else {
            return self.refuse(Outer::Plain(stream), refusals::NO_TLS);
        };
        self.encrypt(stream, &config, peer, since);
    }

    fn encrypt(&mut self, stream: TcpStream, config: &TlsConfig, peer: SocketAddr, since: Instant) {
        let Ok(outer) = Outer::encrypted(stream, config) else {
            return self.tower.add(Counted::Closed);
        };
        let mut greeting = Greeting { outer, first: Vec::new(), peer, since };
        match self.look_inside(&mut greeting) {
            Look::Waits => self.keep(State::Greeting(Box::new(greeting))),
            Look::Is(kind) => self.serve(greeting.outer, &greeting.first, peer, kind),
            Look::Gone => self.tower.add(Counted::Closed),
        }
    }

    /// `first` was read of the client already.
    pub(super) fn serve(&mut self, outer: Outer, first: &[u8], peer: SocketAddr, kind: Kind) {
        if self.options.tls_only && !outer.is_tls() {
            return if kind == Kind::Http { self.refuse(outer, refusals::PLAIN_HTTP) } else { self.close() };
        }
        if !keeps_word(outer.agreed(), kind) {
            return self.close();
        }
        match kind {
            Kind::Http => self.hand_over(outer, first, peer, Counted::Http),
            Kind::Fix => self.hand_over(outer, first, peer, Counted::Fix),
            Kind::Http2 => match self.options.grpc.clone().map(|path| connect_grpc(&path, peer)) {
                Some(Ok(inner)) => self.carry_to(outer, inner, first, Counted::Grpc),
                _ => self.tower.add(Counted::Unserved),
            },
            Kind::Mqtt { level } => match self.options.mqtt.map(connect) {
                Some(Ok(inner)) => self.carry_to(outer, inner, first, Counted::Mqtt),
                _ => self.refuse(outer, refusals::connack(level)),
            },
            Kind::Amqp => match self.options.amqp.map(connect) {
                Some(Ok(inner)) => self.carry_to(outer, inner, first, Counted::Amqp),
                _ => self.refuse(outer, refusals::AMQP),
            },
            Kind::Tls | Kind::Proxy => self.close(),
        }
    }

    pub(super) fn close(&self) {
        self.tower.add(Counted::Closed);
    }

    /// A plain connection goes as it is; of an encrypted one the taker gets one end of a pair.
    fn hand_over(&mut self, outer: Outer, first: &[u8], peer: SocketAddr, counted: Counted) {
        self.tower.add(counted);
        let Some(taker) = self.taker(counted) else {
            return self.tower.add(Counted::Unserved);
        };
        match outer {
            Outer::Plain(stream) => taker.take(Arrival { stream: stream.into(), peer, tls: false }),
            Outer::Tls(..) => match pair() {
                Ok((near, far)) => {
                    taker.take(Arrival { stream: far, peer, tls: true });
                    self.carry(Carried::new(outer, near, first), true);
                }
                Err(_) => self.close(),
            },
        }
    }

    fn taker(&self, counted: Counted) -> Option<Arc<dyn Taker>> {
        if counted == Counted::Fix { self.takers.fix.clone() } else { Some(Arc::clone(&self.takers.http)) }
    }

    fn carry_to(&mut self, outer: Outer, inner: OwnedFd, first: &[u8], counted: Counted) {
        self.tower.add(counted);
        self.carry(Carried::new(outer, inner, first), false);
    }

    /// Carries what a server that says its sentence and goes would: the client gets all of it before the end.
    fn refuse(&mut self, outer: Outer, sentence: &[u8]) {
        self.tower.add(Counted::Unserved);
        if let Ok((near, far)) = pair()
            && rustix::io::write(&far, sentence) == Ok(sentence.len())
        {
            drop(far);
            self.carry(Carried::new(outer, near, &[]), false);
        }
    }

    fn carry(&mut self, carried: Carried, taken: bool) {
        let state = State::Carried(Box::new(carried));
        let place = self.rooms.add(Connection { state, row: None, taken });
        self.taken += usize::from(taken);
        let connection = self.rooms.lift(place).expect("it was just added");
        let State::Carried(carried) = &connection.state else {
            return;
        };
        let near = self.poll.add_edge(&carried.outer, place.token(false));
        let far = self.poll.add_edge(&carried.inner, place.token(true));
        self.rooms.put_back(place, connection);
        if near.and(far).is_err() {
            return self.end(place);
        }
        self.step(place, false);
    }
}

/// Whether what is spoken inside TLS is what the handshake agreed on, if it did.
fn keeps_word(agreed: Option<&[u8]>, kind: Kind) -> bool {
    match agreed {
        Some(ALPN_HTTP) => kind == Kind::Http,
        Some(ALPN_HTTP2) => kind == Kind::Http2,
        _ => true,
    }
}

/// Two ends of one stream; neither blocks.
fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (near, far) = UnixStream::pair()?;
    near.set_nonblocking(true)?;
    far.set_nonblocking(true)?;
    Ok((near.into(), far.into()))
}

/// To a broker of the hand-off; the connection may still be on its way.
fn connect(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = net::socket_with(family, SocketType::STREAM, flags, None)?;
    match net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

/// To the gRPC server. Our end is named for the client, as that is the only peer the server gets to see; without the name
/// it serves as well, but cannot tell clients with wrong keys apart.
fn connect_grpc(path: &Path, peer: SocketAddr) -> io::Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let number = NAMED.fetch_add(1, Ordering::Relaxed);
    let name = format!("isthmus/{}/{number}/{}", std::process::id(), peer.ip().to_canonical());
    let _ = SocketAddrUnix::new_abstract_name(name.as_bytes()).and_then(|name| net::bind(&socket, &name));
    net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}
