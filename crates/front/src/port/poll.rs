//! Waiting for many descriptors at once, edge-triggered: each news is told once.
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

const EVENTS_AT_ONCE: usize = 256;

/// News of the descriptor that was added with this token.
#[derive(Clone, Copy, Debug)]
pub(super) struct News {
    pub token: u64,
    /// The other side has ended its half, or all of it.
    pub ended: bool,
}

pub(super) struct Poll {
    epoll: OwnedFd,
}

impl Poll {
    pub fn new() -> io::Result<Self> {
        Ok(Self { epoll: epoll::create(CreateFlags::CLOEXEC)? })
    }

    /// Tells again and again as long as there is something to read.
    pub fn add_level(&self, source: impl AsFd, token: u64) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, source, EventData::new_u64(token), EventFlags::IN)?)
    }

    /// Tells of each arrival, and of each time that there is room to write again.
    pub fn add_edge(&self, source: impl AsFd, token: u64) -> io::Result<()> {
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        Ok(epoll::add(&self.epoll, source, EventData::new_u64(token), flags)?)
    }

    /// Must be called for a descriptor that lives on elsewhere; closing one's last copy takes it out as well.
    pub fn remove(&self, source: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, source)?)
    }

    /// Puts what is new within the time into `told`; nothing if it passed.
    pub fn wait(&self, timeout: Option<Duration>, told: &mut Vec<News>) -> io::Result<()> {
        let timeout = timeout.map(|timeout| Timespec::try_from(timeout).expect("a deadline is no century away"));
        let mut room = [const { MaybeUninit::<Event>::uninit() }; EVENTS_AT_ONCE];
        told.clear();
        let events = match epoll::wait(&self.epoll, &mut room, timeout.as_ref()) {
            Ok((events, _)) => events,
            Err(rustix::io::Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let ended = EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
        told.extend(events.iter().map(|event| {
            let flags = event.flags;
            News { token: event.data.u64(), ended: flags.intersects(ended) }
        }));
        Ok(())
    }
}
