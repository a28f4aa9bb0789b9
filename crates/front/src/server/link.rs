//! One connection: plain, or TLS where we are the client; what came and is not yet a message.
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use rustls::ClientConnection;

/// Bytes read at once from one connection, so that no other waits long.
const READ_AT_ONCE: usize = 128 * 1024;

/// What a read found.
pub(super) enum Found {
    Bytes,
    Nothing,
    End,
}

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// We connect; a session waits for it.
    Connecting {
        place: usize,
    },
    /// Nobody knows yet whose it is.
    Unknown,
    Session {
        place: usize,
    },
    /// Everything is written; the other side may still read it.
    Lingering,
}

pub(super) struct Link {
    stream: TcpStream,
    tls: Option<Box<ClientConnection>>,
    pub peer: SocketAddr,
    pub state: State,
    /// Came, and is not yet dealt with.
    pub input: Vec<u8>,
    /// When the present state began, ns since 1970.
    pub since: u64,
    /// Until when nothing is read, since a limit of the session was reached.
    pub paused: Option<u64>,
    pub wants_write: bool,
}

impl Link {
    pub fn new(stream: TcpStream, peer: SocketAddr, state: State, now: u64) -> Self {
        let input = Vec::new();
        Self { stream, tls: None, peer, state, input, since: now, paused: None, wants_write: false }
    }

    pub fn with_tls(mut self, tls: Option<ClientConnection>) -> Self {
        self.tls = tls.map(Box::new);
        self
    }

    pub fn enter(&mut self, state: State, now: u64) {
        (self.state, self.since) = (state, now);
    }

    /// The error of a connection that was being made.
    pub fn connected(&self) -> io::Result<()> {
        match self.stream.take_error()? {
            Some(error) => Err(error),
            None => self.stream.set_nodelay(true),
        }
    }

    /// Appends what is there to the input, once.
    pub fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<Found> {
        buffer.resize(READ_AT_ONCE, 0);
        let Some(tls) = &mut self.tls else {
            let read = self.stream.read(buffer);
            return found(read, buffer, &mut self.input);
        };
        match tls.read_tls(&mut self.stream) {
            Ok(0) => return Ok(Found::End),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        tls.process_new_packets().map_err(io::Error::other)?;
        let read = tls.reader().read(buffer);
        found(read, buffer, &mut self.input)
    }

    /// Writes what can be written, and drains it. True if something is left.
    pub fn write(&mut self, output: &mut Vec<u8>) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else {
            let written = write_some(&mut self.stream, output)?;
            output.drain(..written);
            return Ok(!output.is_empty());
        };
        loop {
            let taken = tls.writer().write(output)?;
            output.drain(..taken);
            while tls.wants_write() {
                match tls.write_tls(&mut self.stream) {
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                    Err(error) => return Err(error),
                }
            }
            if taken == 0 || output.is_empty() {
                // before the handshake is done nothing more can be taken
                return Ok(false);
            }
        }
    }

    /// Says that nothing more will be written.
    pub fn shut(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut self.stream);
        }
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

fn found(read: io::Result<usize>, buffer: &[u8], input: &mut Vec<u8>) -> io::Result<Found> {
    match read {
        Ok(0) => Ok(Found::End),
        Ok(length) => {
            input.extend_from_slice(&buffer[..length]);
            Ok(Found::Bytes)
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
            Ok(Found::Nothing)
        }
        Err(error) => Err(error),
    }
}

fn write_some(stream: &mut TcpStream, output: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while written < output.len() {
        match stream.write(&output[written..]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(length) => written += length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}
