//! One turn of the loop: accept, read, tick, write, close.
use std::io;
use std::mem;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use isthmus_wire::fix::frame::{Head, head};
use isthmus_wire::fix::index::Index;
use rustix::event::epoll::EventFlags;

use crate::session::{Identity, Phase, Role, Version};

use super::link::{Found, Link, State};
use super::{Host, Server, dial, nanoseconds};

/// Time goes on for the sessions so often.
pub(super) const TICK: Duration = Duration::from_millis(50);
/// A connection that was shut is dropped after so long, if the other side does not close it.
const LINGER: Duration = Duration::from_secs(2);

impl Server {
    pub(super) fn accept_all(&mut self, now: u64, host: &mut impl Host) {
        while let Some(listener) = &self.listener {
            match listener.accept() {
                Ok((stream, peer)) => self.welcome(stream, peer, now, host),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => {
                    host.note(None, &format!("cannot accept: {error}"));
                    break;
                }
            }
        }
    }

    pub(super) fn take_handed(&mut self, now: u64, host: &mut impl Host) {
        while let Ok(handed) = self.inbox.try_recv() {
            self.welcome(handed.stream, handed.peer, now, host);
        }
    }

    fn welcome(&mut self, stream: TcpStream, peer: SocketAddr, now: u64, host: &mut impl Host) {
        if self.links.len() >= self.settings.connections || self.stopping.is_some() {
            return host.note(None, &format!("closed {peer}: the limit of connections is reached"));
        }
        let _ = stream.set_nodelay(true); // what comes out of TLS is no TCP
        let ready = stream.set_nonblocking(true);
        let link = Link::new(stream, peer, State::Unknown, now);
        if let Err(error) = ready.and_then(|()| self.links.add(link)) {
            host.note(None, &format!("closed {peer}: {error}"));
        }
    }

    /// Something happened on a connection. True if a session took bytes.
    pub(super) fn ready(&mut self, token: u64, flags: EventFlags, now: u64, host: &mut impl Host) -> bool {
        let Some(link) = self.links.get(token) else { return false };
        if let State::Connecting { place } = link.state {
            self.made(token, place, now, host);
            return false;
        }
        if flags.contains(EventFlags::OUT) {
            link.wants_write = false;
            if let State::Session { place } = link.state {
                self.sessions.get_mut(place);
            }
            self.links.renew(token);
        }
        flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) && self.read(token, now, host)
    }

    /// A connection that we began is there, or failed.
    fn made(&mut self, token: u64, place: usize, now: u64, host: &mut impl Host) {
        let Some(link) = self.links.get(token) else { return };
        if let Err(error) = link.connected() {
            let text = format!("cannot connect to {}: {error}", link.peer);
            host.note(self.sessions.get(place), &text);
            self.links.set_session(place, None);
            self.links.remove(token);
            return;
        }
        link.enter(State::Session { place }, now);
        self.links.renew(token);
        if let Some(session) = self.sessions.get_mut(place) {
            session.connect(now);
        }
    }

    fn read(&mut self, token: u64, now: u64, host: &mut impl Host) -> bool {
        let Some(link) = self.links.get(token) else { return false };
        let found = link.read(&mut self.buffer);
        let state = link.state;
        match (found, state) {
            (Ok(Found::Nothing), State::Session { place }) => {
                // a handshake may have something to say
                self.sessions.get_mut(place);
                false
            }
            (Ok(Found::Nothing), _) => false,
            (Ok(Found::Bytes), State::Lingering) => {
                link.input.clear();
                false
            }
            (Ok(Found::Bytes), _) => self.digest(token, now, host),
            (Ok(Found::End), _) => {
                self.lose(token, "the other side closed the connection", now, host);
                false
            }
            (Err(error), _) => {
                self.lose(token, &error.to_string(), now, host);
                false
            }
        }
    }

    /// Hands the input of a connection to its session, which is looked for if need be.
    fn digest(&mut self, token: u64, now: u64, host: &mut impl Host) -> bool {
        let Some(link) = self.links.get(token) else { return false };
        let mut input = mem::take(&mut link.input);
        let place = match link.state {
            State::Session { place } => Ok(Some(place)),
            State::Unknown => self.recognise(&input, now, host),
            State::Connecting { .. } | State::Lingering => Ok(None),
        };
        let mut until = None;
        let mut taken = 0;
        match place {
            Err(why) => {
                self.lose(token, &why, now, host);
                return false;
            }
            Ok(None) => {}
            Ok(Some(place)) => {
                self.attach(token, place, now);
                if let Some(session) = self.sessions.get_mut(place) {
                    taken = session.receive(&input, now, host);
                    until = session.waits_until();
                }
            }
        }
        input.drain(..taken);
        if let Some(link) = self.links.get(token) {
            let changed = link.paused != until;
            (link.input, link.paused) = (input, until);
            if changed {
                self.links.renew(token);
            }
        }
        matches!(place, Ok(Some(_)))
    }

    /// The session whose Logon the input begins with; None if more is needed.
    fn recognise(&mut self, input: &[u8], now: u64, host: &mut impl Host) -> Result<Option<usize>, String> {
        let length = match head(input) {
            Head::Message { length } => length,
            Head::Incomplete => return Ok(None),
            Head::Garbled { reason, .. } => return Err(format!("not a Logon: {}", reason.text())),
        };
        let mut index = Index::new();
        index.read(&input[..length]).map_err(|malformed| format!("not a Logon: {malformed}"))?;
        let view = index.view(&input[..length]);
        if view.msg_type() != b"A" {
            return Err("the first message is not a Logon".to_owned());
        }
        host.admit(&view, &mut self.sessions, now)?;
        let version = [Version::Fix42, Version::Fix44, Version::Fix50Sp2];
        let version = version.into_iter().find(|version| Some(version.begin_string()) == view.get(8));
        let (Some(version), Some(sender), Some(target)) = (version, view.get(56), view.get(49)) else {
            return Err("a Logon of a version or of names that no session has".to_owned());
        };
        let identity = Identity { version, sender: sender.to_vec(), target: target.to_vec() };
        let place = self.sessions.find(&identity).ok_or_else(|| format!("no session {identity}"))?;
        let session = self.sessions.get(place).ok_or("no session")?;
        if session.settings().role != Role::Acceptor {
            return Err(format!("session {identity} connects itself"));
        }
        if session.phase() != Phase::Down || self.links.of_session(place).is_some() {
            return Err(format!("session {identity} has a connection already"));
        }
        Ok(Some(place))
    }

    fn attach(&mut self, token: u64, place: usize, now: u64) {
        let is_new = self.links.get(token).is_some_and(|link| link.state == State::Unknown);
        if !is_new {
            return;
        }
        if let Some(link) = self.links.get(token) {
            link.enter(State::Session { place }, now);
        }
        self.links.set_session(place, Some(token));
        if let Some(session) = self.sessions.get_mut(place) {
            session.connect(now);
        }
    }

    /// The connection is gone, or not wanted.
    fn lose(&mut self, token: u64, why: &str, now: u64, host: &mut impl Host) {
        let Some(link) = self.links.remove(token) else { return };
        match link.state {
            State::Session { place } => {
                host.note(self.sessions.get(place), why);
                self.part(place, now, host);
            }
            State::Connecting { place } => self.links.set_session(place, None),
            State::Unknown => host.note(None, &format!("closed {}: {why}", link.peer)),
            State::Lingering => {}
        }
    }

    /// A session and its connection part.
    fn part(&mut self, place: usize, now: u64, host: &mut impl Host) {
        self.links.set_session(place, None);
        if let Some(session) = self.sessions.get_mut(place) {
            session.disconnected(now, host);
        }
    }

    /// Time passed. True if a session took bytes that waited for a limit.
    pub(super) fn tick_all(&mut self, now: u64, host: &mut impl Host) -> bool {
        if now.abs_diff(self.ticked) < nanoseconds(TICK) {
            return false;
        }
        self.ticked = now;
        let mut has_read = false;
        for token in self.links.tokens() {
            has_read |= self.tick(token, now, host);
        }
        self.dial_all(now, host);
        host.ticked(&mut self.sessions, now);
        has_read
    }

    fn tick(&mut self, token: u64, now: u64, host: &mut impl Host) -> bool {
        let Some(link) = self.links.get(token) else { return false };
        let age = now.saturating_sub(link.since);
        match link.state {
            State::Session { place } => {
                let is_due = link.paused.is_some_and(|until| now >= until);
                if let Some(session) = self.sessions.get_mut(place) {
                    session.tick(now, host);
                }
                return is_due && self.digest(token, now, host);
            }
            State::Unknown | State::Connecting { .. } if age >= nanoseconds(self.settings.logon_timeout) => {
                self.lose(token, "no Logon in time", now, host);
            }
            State::Lingering if age >= nanoseconds(LINGER) => {
                self.links.remove(token);
            }
            _ => {}
        }
        false
    }

    fn dial_all(&mut self, now: u64, host: &mut impl Host) {
        for at in 0..self.dialers.len() {
            let dialer = &mut self.dialers[at];
            let place = dialer.place;
            let is_open = |session: &crate::session::Session| {
                session.phase() == Phase::Down && session.settings().schedule.opened(now).is_some()
            };
            let is_wanted = now >= dialer.next
                && self.links.of_session(place).is_none()
                && self.sessions.get(place).is_some_and(is_open);
            if !is_wanted {
                continue;
            }
            dialer.next = now.saturating_add(nanoseconds(dialer.dial.every));
            if let Err(error) = self.begin_dial(at, now) {
                host.note(self.sessions.get(place), &format!("cannot connect: {error}"));
            }
        }
    }

    fn begin_dial(&mut self, at: usize, now: u64) -> io::Result<()> {
        let dialer = &mut self.dialers[at];
        let place = dialer.place;
        let address = dialer.address().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let tls = dialer.dial.tls.as_ref().map(dial::Tls::begin).transpose()?;
        let link = Link::new(dial::begin(address)?, address, State::Connecting { place }, now).with_tls(tls);
        let token = self.links.add(link)?;
        self.links.set_session(place, Some(token));
        Ok(())
    }

    /// Keeps and writes what the sessions have to say, until none has anything more that can go now.
    pub(super) fn write_all(&mut self, now: u64, host: &mut impl Host) {
        let mut places = mem::take(&mut self.touched);
        self.sessions.take_touched(&mut places);
        for place in &places {
            self.write(*place, now, host);
        }
        // sessions that are not done, or that were touched meanwhile, have the next turn come at once
        self.sessions.take_touched(&mut places);
        for place in &places {
            self.sessions.get_mut(*place);
        }
        self.touched = places;
    }

    fn write(&mut self, place: usize, now: u64, host: &mut impl Host) {
        let Some(session) = self.sessions.get_mut(place) else { return };
        for text in session.take_notes() {
            host.note(Some(session), &text);
        }
        let kept = session.commit();
        if let Err(error) = &kept {
            host.note(Some(session), &error.to_string());
        }
        let closes = session.close_after_output();
        let limit = session.settings().limits.output_bytes;
        let token = self.links.of_session(place);
        let link = token.and_then(|token| Some((token, self.links.get(token)?)));
        let Some((token, link)) = link.filter(|(_, link)| link.state == State::Session { place }) else {
            self.sessions.settle(place);
            return;
        };
        let left = match kept {
            Ok(()) => link.write(session.output()).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let waiting = session.output().len();
        match left {
            Err(why) => self.lose(token, &why, now, host),
            Ok(_) if waiting > limit => {
                let why = format!("reads too slowly: {waiting} bytes wait, limit output_bytes {limit}");
                self.lose(token, &why, now, host);
            }
            Ok(false) if closes && waiting == 0 => self.linger(token, place, now, host),
            Ok(left) => {
                let is_done = left || !session.work(now, host) && session.output().is_empty();
                let changed = link.wants_write != left;
                link.wants_write = left;
                if changed {
                    self.links.renew(token);
                }
                if is_done {
                    self.sessions.settle(place);
                }
            }
        }
    }

    /// Everything is written: the session parts, the connection stays until the other side has read it.
    fn linger(&mut self, token: u64, place: usize, now: u64, host: &mut impl Host) {
        if let Some(link) = self.links.get(token) {
            link.shut();
            link.input = Vec::new();
            link.paused = None;
            link.wants_write = false;
            link.enter(State::Lingering, now);
        }
        self.links.renew(token);
        self.part(place, now, host);
    }

    /// Connections without a session end at once when the server stops.
    pub(super) fn close_unknown(&mut self) {
        for token in self.links.tokens() {
            let is_unknown = |link: &mut Link| matches!(link.state, State::Unknown | State::Connecting { .. });
            if self.links.get(token).is_some_and(is_unknown) {
                self.links.remove(token);
            }
        }
    }
}
