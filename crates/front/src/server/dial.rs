//! Connections that we make, for initiators: again and again until there is one.
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

/// Whom an initiator connects to.
#[derive(Clone)]
pub struct Dial {
    /// Tried one after the other.
    pub addresses: Vec<SocketAddr>,
    /// The wait between two tries.
    pub every: Duration,
    pub tls: Option<Tls>,
}

/// TLS of a connection that we make: whom to trust, and the name that the certificate has to have.
#[derive(Clone)]
pub struct Tls {
    pub config: Arc<ClientConfig>,
    pub name: ServerName<'static>,
}

impl Tls {
    pub(super) fn begin(&self) -> io::Result<ClientConnection> {
        ClientConnection::new(self.config.clone(), self.name.clone()).map_err(io::Error::other)
    }
}

/// The tries of one session.
pub(super) struct Dialer {
    pub place: usize,
    pub dial: Dial,
    pub tries: usize,
    pub next: u64,
}

impl Dialer {
    /// The address of the next try.
    pub fn address(&mut self) -> Option<SocketAddr> {
        let count = self.dial.addresses.len();
        let address = self.dial.addresses.get(self.tries.checked_rem(count)?).copied();
        self.tries += 1;
        address
    }
}

/// Begins a connection, which is there when the socket can be written to.
pub(super) fn begin(address: SocketAddr) -> io::Result<TcpStream> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    match connect(&socket, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(socket.into()),
        Err(error) => Err(error.into()),
    }
}
