//! The connections of a server by their tokens, and what epoll watches of them.
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;

use super::link::{Link, State};

pub(super) const LISTENER: u64 = 0;
pub(super) const WAKER: u64 = 1;
/// Tokens of connections: slot in the low half, a count that tells its tenants apart (never 0) in the high half.
const FIRST_TENANT: u32 = 1;

struct Slot {
    tenant: u32,
    link: Option<Link>,
}

pub(super) struct Links {
    epoll: OwnedFd,
    slots: Vec<Slot>,
    free: Vec<usize>,
    /// The token of each session's connection, by place.
    of_session: Vec<Option<u64>>,
}

impl Links {
    pub fn new() -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, slots: Vec::new(), free: Vec::new(), of_session: Vec::new() })
    }

    pub fn watch(&self, source: &impl AsFd, token: u64) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, source, epoll::EventData::new_u64(token), epoll::EventFlags::IN)?)
    }

    pub fn forget(&self, source: &impl AsFd) {
        let _ = epoll::delete(&self.epoll, source);
    }

    pub fn wait(&self, events: &mut Vec<epoll::Event>, wait: Duration) -> io::Result<()> {
        let wait = Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: i64::from(wait.subsec_nanos()) };
        match epoll::wait(&self.epoll, spare_capacity(events), Some(&wait)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a connection in and says its token.
    pub fn add(&mut self, link: Link) -> io::Result<u64> {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { tenant: FIRST_TENANT, link: None });
            self.slots.len() - 1
        });
        let token = u64::from(self.slots[slot].tenant) << 32 | slot as u64;
        let flags = wanted(&link);
        if let Err(error) = epoll::add(&self.epoll, &link, epoll::EventData::new_u64(token), flags) {
            self.free.push(slot);
            return Err(error.into());
        }
        self.slots[slot].link = Some(link);
        Ok(token)
    }

    pub fn get(&mut self, token: u64) -> Option<&mut Link> {
        let slot = self.slots.get_mut(token as u32 as usize)?;
        if u64::from(slot.tenant) == token >> 32 { slot.link.as_mut() } else { None }
    }

    /// The connection is dropped, and with it closed.
    pub fn remove(&mut self, token: u64) -> Option<Link> {
        let at = token as u32 as usize;
        let slot = self.slots.get_mut(at)?;
        if u64::from(slot.tenant) != token >> 32 {
            return None;
        }
        let link = slot.link.take()?;
        slot.tenant = slot.tenant.wrapping_add(1).max(FIRST_TENANT);
        self.free.push(at);
        let _ = epoll::delete(&self.epoll, &link);
        Some(link)
    }

    /// Has epoll watch what the connection waits for now.
    pub fn renew(&mut self, token: u64) {
        let epoll = self.epoll.try_clone();
        if let (Ok(epoll), Some(link)) = (epoll, self.get(token)) {
            let _ = epoll::modify(&epoll, &*link, epoll::EventData::new_u64(token), wanted(link));
        }
    }

    pub fn of_session(&self, place: usize) -> Option<u64> {
        self.of_session.get(place).copied().flatten()
    }

    pub fn set_session(&mut self, place: usize, token: Option<u64>) {
        if self.of_session.len() <= place {
            self.of_session.resize(place + 1, None);
        }
        self.of_session[place] = token;
    }

    /// The tokens of all connections.
    pub fn tokens(&self) -> Vec<u64> {
        let there = self.slots.iter().enumerate().filter(|(_, slot)| slot.link.is_some());
        there.map(|(at, slot)| u64::from(slot.tenant) << 32 | at as u64).collect()
    }
}

fn wanted(link: &Link) -> epoll::EventFlags {
    let mut flags = epoll::EventFlags::empty();
    flags.set(epoll::EventFlags::IN, link.paused.is_none() && !matches!(link.state, State::Connecting { .. }));
    flags.set(epoll::EventFlags::OUT, link.wants_write || matches!(link.state, State::Connecting { .. }));
    flags
}
