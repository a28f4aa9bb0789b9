//! A connection that the port carries: bytes both ways between a client and whoever serves it.
//!
//! What one side cannot take yet is kept, up to one read of the other side, which is not read meanwhile: a slow reader
//! slows its writer down and costs no memory. Each half ends by itself.
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;

use super::outer::Outer;

/// Of one read, and so of what is kept for one direction.
pub(super) const SCRATCH_BYTES: usize = 1 << 16;
/// Reads of a side before other connections get a turn.
const ROUNDS: usize = 16;

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Until there is news of a side.
    Waits,
    /// There is more to do.
    Again,
    /// The server's half has ended and everything of it was sent: the client may still speak, to nobody.
    Ending,
    Over,
}

/// One direction: what was read and not yet written, and how far its end has come.
#[derive(Default)]
struct Half {
    kept: Vec<u8>,
    written: usize,
    /// Its reader saw the end.
    ended: bool,
    /// Its writer was told, or is gone.
    told: bool,
}

impl Half {
    fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.kept = bytes.to_vec();
        self.written = 0;
    }

    /// Writes what is kept; whether something went.
    fn send(&mut self, mut write: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<bool> {
        let before = self.written;
        while self.written < self.kept.len() {
            match ready(write(&self.kept[self.written..]))? {
                Some(taken) => self.written += taken,
                None => return Ok(self.written > before),
            }
        }
        let moved = self.written > before;
        self.keep(&[]);
        Ok(moved)
    }

    /// Nobody reads this direction any more: what comes is dropped. Always true: something changed.
    fn lose_writer(&mut self) -> bool {
        self.keep(&[]);
        self.told = true;
        true
    }
}

/// None where the call would have waited.
pub(super) fn ready<T>(said: io::Result<T>) -> io::Result<Option<T>> {
    match said {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) struct Carried {
    pub outer: Outer,
    /// Any stream socket: what is done with it here is the same for all of them.
    pub inner: TcpStream,
    inward: Half,
    outward: Half,
}

impl Carried {
    /// `first` is what was read of the client so far. The inner side must not block.
    pub fn new(outer: Outer, inner: OwnedFd, first: &[u8]) -> Self {
        let mut inward = Half::default();
        inward.keep(first);
        Self { outer, inner: TcpStream::from(inner), inward, outward: Half::default() }
    }

    /// Moves what can be moved now. An error ends the connection: the client's side failed.
    pub fn turn(&mut self, scratch: &mut [u8]) -> io::Result<Turn> {
        for _ in 0..ROUNDS {
            let inward = self.inward(scratch)?;
            let outward = self.outward(scratch)?;
            if !inward && !outward {
                return Ok(match (self.inward.told && self.inward.ended, self.outward.told) {
                    (true, true) => Turn::Over,
                    (_, true) => Turn::Ending,
                    _ => Turn::Waits,
                });
            }
        }
        Ok(Turn::Again)
    }

    /// From the client. A server that is gone hears nothing more, but what it said last is still sent.
    fn inward(&mut self, scratch: &mut [u8]) -> io::Result<bool> {
        let Self { outer, inner, inward, .. } = self;
        let mut moved = inward.send(|bytes| inner.write(bytes)).unwrap_or_else(|_| inward.lose_writer());
        if inward.is_empty() && !inward.ended {
            match ready(outer.read(scratch))? {
                None => {}
                Some(0) => (inward.ended, moved) = (true, true),
                Some(count) => {
                    moved = true;
                    if !inward.told {
                        match ready(inner.write(&scratch[..count])) {
                            Ok(taken) => inward.keep(&scratch[taken.unwrap_or(0)..count]),
                            Err(_) => moved = inward.lose_writer(),
                        }
                    }
                }
            }
        }
        if inward.ended && inward.is_empty() && !inward.told {
            // A server that is gone cannot be told.
            drop(inner.shutdown(Shutdown::Write));
            (inward.told, moved) = (true, true);
        }
        Ok(moved)
    }

    /// To the client.
    fn outward(&mut self, scratch: &mut [u8]) -> io::Result<bool> {
        let Self { outer, inner, outward, .. } = self;
        outer.flush()?;
        let mut moved = outward.send(|bytes| outer.write(bytes))?;
        if outward.is_empty() && !outward.ended {
            match ready(inner.read(scratch)).unwrap_or(Some(0)) {
                None => {}
                Some(0) => (outward.ended, moved) = (true, true),
                Some(count) => {
                    moved = true;
                    let taken = ready(outer.write(&scratch[..count]))?.unwrap_or(0);
                    outward.keep(&scratch[taken..count]);
                }
            }
        }
        if outward.ended && outward.is_empty() && !outward.told {
            outer.say_end();
            if outer.flush()? {
                outer.end()?;
                (outward.told, moved) = (true, true);
            }
        }
        outer.flush()?;
        Ok(moved)
    }
}
