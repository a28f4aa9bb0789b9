//! The client's side of a connection, plain or encrypted, as a stream that does not block.
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use rustls::ServerConnection;

use super::tls::TlsConfig;

pub(super) enum Outer {
    Plain(TcpStream),
    Tls(TcpStream, Box<ServerConnection>),
}

impl Outer {
    /// A TLS server on the stream. Fails only for want of randomness.
    pub fn encrypted(stream: TcpStream, config: &TlsConfig) -> io::Result<Self> {
        Ok(Self::Tls(stream, Box::new(config.connection()?)))
    }

    /// Bytes in clear; 0 when the client has ended its half in order. An end without TLS's own is an error: what is
    /// missing may have been cut off by somebody else.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (stream, tls) = match self {
            Self::Plain(stream) => return stream.read(buffer),
            Self::Tls(stream, tls) => (stream, tls),
        };
        loop {
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                said => return said,
            }
            tls.read_tls(stream)?;
            if let Err(broken) = tls.process_new_packets() {
                // The client is told by an alert, if it can be sent at once.
                drop(tls.write_tls(stream));
                return Err(io::Error::new(io::ErrorKind::InvalidData, broken));
            }
        }
    }

    /// Takes as many bytes as there is room for; `flush` sends what is kept.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(_, tls) => match tls.writer().write(bytes)? {
                0 if !bytes.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
                taken => Ok(taken),
            },
        }
    }

    /// Whether everything that was written went out.
    pub fn flush(&mut self) -> io::Result<bool> {
        let Self::Tls(stream, tls) = self else {
            return Ok(true);
        };
        while tls.wants_write() {
            match tls.write_tls(stream) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Queues TLS's own end; send it with `flush` before `end`.
    pub fn say_end(&mut self) {
        if let Self::Tls(_, tls) = self {
            tls.send_close_notify();
        }
    }

    /// Ends our half.
    pub fn end(&mut self) -> io::Result<()> {
        self.stream().shutdown(Shutdown::Write)
    }

    /// What the handshake agreed on.
    pub fn agreed(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(_, tls) => tls.alpn_protocol(),
        }
    }

    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(..))
    }

    fn stream(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) | Self::Tls(stream, _) => stream,
        }
    }
}

impl AsFd for Outer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream().as_fd()
    }
}
