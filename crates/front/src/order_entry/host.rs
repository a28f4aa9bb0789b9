//! The broker above its FIX sessions: plain orders go to the engine without Python, everything else to Python in its order.
//!
//! A session is a key and a version, made when its key first logs on. Order within a session is kept: while a message is with
//! Python, those behind it go there as well. Nothing is answered before its record is released, and a message counts as taken
//! when its record is committed, or when Python is done with it.
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use isthmus_wire::fix::index::View;
use rustc_hash::FxHashMap;

use super::channel::{Asked, Channel, Event, Sent};
use super::desk::{Desk, Outcome};
use super::instruction::Bad;
use super::member::{Member, Members};
use super::report::Report;
use super::writing;
use crate::rules::DictionaryRules;
use crate::server::{Dial, Host, Server, Sessions};
use crate::session::{
    Application, BusinessReason, Credentials, Identity, LogonRefusal, Phase, Role, Session, Settings, Version,
};
use crate::store::{Store, StoreSettings};

/// How long sessions wait at a time for Python to catch up.
const BREATH: Duration = Duration::from_micros(200);
const VERSIONS: [Version; 3] = [Version::Fix42, Version::Fix44, Version::Fix50Sp2];
/// Journal records between two writes of what they owe, at a start.
const LEARN_AT_ONCE: usize = 4_096;

/// How the sessions of a broker behave.
pub struct Terms {
    /// Every session's settings but for its identity and its rules.
    pub each: Settings,
    /// Where their stores are.
    pub folder: PathBuf,
    /// Flush the stores to the disk, too.
    pub sync: bool,
}

/// Whom we call.
pub struct Counterparty {
    pub identity: Identity,
    pub heartbeat_s: u32,
    pub reset_on_logon: bool,
    pub credentials: Option<Credentials>,
    pub dial: Dial,
}

/// What the host keeps of one session.
#[derive(Default)]
struct Seat {
    member: Option<Member>,
    /// Numbers of messages that are with Python, oldest first.
    cold: VecDeque<u64>,
    /// Something came or was done since messages were last counted as taken.
    moved: bool,
}

/// All of it.
pub struct Broker {
    terms: Terms,
    desk: Desk,
    members: Members,
    channel: Arc<Channel>,
    seats: Vec<Seat>,
    /// Where a member's reports go: the session that he logged on with last.
    places: FxHashMap<u32, usize>,
    /// Reports of one turn, reused.
    due: Vec<Report>,
}

impl Broker {
    pub fn new(terms: Terms, desk: Desk, channel: Arc<Channel>) -> Self {
        let (members, places) = (Members::default(), FxHashMap::default());
        Self { terms, desk, members, channel, seats: Vec::new(), places, due: Vec::new() }
    }

    /// Opens the sessions of everybody who may log on and did before. Errors name the store that is damaged.
    pub fn open(&mut self, all: Vec<(String, Member)>, sessions: &mut Sessions, now: u64) -> Result<(), String> {
        self.members.set(all);
        let mut found = Vec::new();
        for (key, member) in self.members.iter() {
            for version in VERSIONS {
                if self.path(version, key).exists() {
                    found.push((version, key.to_owned(), member.clone()));
                }
            }
        }
        for (version, key, member) in found {
            let place = self.add(version, &key, sessions, now)?;
            self.sit(place, member);
        }
        Ok(())
    }

    /// A session that we begin, with a venue or another broker: whatever comes is for Python.
    pub fn call(&self, counterparty: Counterparty, server: &mut Server, now: u64) -> Result<usize, String> {
        let Counterparty { identity, heartbeat_s, reset_on_logon, credentials, dial } = counterparty;
        let name = format!("{identity}").replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.', "-");
        let path = Some(self.terms.folder.join(format!("{name}.session")));
        let store = StoreSettings { path, sync: self.terms.sync, ..Default::default() };
        let store = Store::open(store, now).map_err(|error| error.to_string())?;
        let mut settings = Settings::new(identity, Role::Initiator);
        settings.rules = Some(DictionaryRules::of(settings.identity.version));
        settings.taken_by_host = true;
        settings.heartbeat_s = heartbeat_s;
        settings.resets.on_logon = reset_on_logon;
        settings.credentials = credentials;
        let place = server.sessions.add(Session::new(settings, store, 0)).ok_or("two sessions have the same names")?;
        server.dial(place, dial);
        Ok(place)
    }

    /// A record of the journal, at a start: what sessions are still owed of it goes into their stores.
    pub fn learn(&mut self, body: &[u8], sessions: &mut Sessions, now: u64) {
        let due = &mut self.due;
        self.desk.learn(body, |report| due.push(report));
        if self.due.len() >= LEARN_AT_ONCE {
            self.learnt(sessions, now);
        }
    }

    /// The end of the journal.
    pub fn learnt(&mut self, sessions: &mut Sessions, now: u64) {
        self.desk.hear();
        let due = std::mem::take(&mut self.due);
        let known = |report: &Report| self.places.get(&report.order.member).and_then(|place| sessions.get(*place));
        let owed: Vec<Report> = due
            .into_iter()
            .filter(|report| known(report).is_some_and(|session| report.sequence > session.numbers().cause))
            .collect();
        self.tell(sessions, &owed, now);
    }

    fn path(&self, version: Version, key: &str) -> PathBuf {
        self.terms.folder.join(format!("{}-{key}.session", version.name()))
    }

    fn add(&mut self, version: Version, key: &str, sessions: &mut Sessions, now: u64) -> Result<usize, String> {
        let settings =
            StoreSettings { path: Some(self.path(version, key)), sync: self.terms.sync, ..Default::default() };
        let store = Store::open(settings, now).map_err(|error| error.to_string())?;
        let mut settings = self.terms.each.clone();
        settings.identity.version = version;
        settings.identity.target = key.as_bytes().to_vec();
        settings.rules = Some(DictionaryRules::of(version));
        let identity = settings.identity.clone();
        let place = sessions.add(Session::new(settings, store, 0));
        place.or_else(|| sessions.find(&identity)).ok_or_else(|| "the session is there already".to_owned())
    }

    fn sit(&mut self, place: usize, member: Member) {
        self.places.insert(member.session, place);
        self.seat(place).member = Some(member);
    }

    fn seat(&mut self, place: usize) -> &mut Seat {
        if place >= self.seats.len() {
            self.seats.resize_with(place + 1, Seat::default);
        }
        &mut self.seats[place]
    }

    fn cold(&mut self, session: &Session, view: &View<'_>) {
        let order = self.known(session.place, view);
        let version = session.settings().identity.version;
        self.channel.tell(Event::Message { place: session.place, version, bytes: view.bytes.to_vec(), order });
        let number = view.seq_num().unwrap_or(0);
        self.seat(session.place).cold.push_back(number);
    }

    /// The order that a cancel, a replacement or a question names, if a session placed it.
    fn known(&mut self, place: usize, view: &View<'_>) -> u64 {
        let Some(account) = self.seat(place).member.as_ref().map(|member| member.account) else { return 0 };
        let named = match view.msg_type() {
            b"F" | b"G" => view.get(41),
            b"H" => view.get(11),
            _ => None,
        };
        let client = named.and_then(|client| std::str::from_utf8(client).ok());
        client.and_then(|client| self.desk.blotter.by_client(account, client)).unwrap_or(0)
    }

    fn bad(&mut self, session: &mut Session, view: &View<'_>, bad: Bad, now: u64) {
        let why = format!("tag {}: {}", bad.tag, bad.why);
        let version = session.settings().identity.version;
        if view.msg_type() == b"D" {
            let _ = session.send(b"8", 0, now, |encoder| writing::write_bad_order(view, &why, version, encoder));
            return;
        }
        let order = self.known(session.place, view);
        let Some(status) = self.desk.blotter.order(order).map(|order| order.status) else { return };
        let _ = session.send(b"9", 0, now, |encoder| writing::write_bad_change(view, order, status, &why, encoder));
    }

    /// Sends the reports whose records are released.
    fn report(&mut self, sessions: &mut Sessions, now: u64) {
        let mut due = std::mem::take(&mut self.due);
        while let Some(report) = self.desk.due() {
            due.push(report);
        }
        self.tell(sessions, &due, now);
        due.clear();
        self.due = due;
    }

    /// In their order. A record counts as told of with its last report to the session: after a stop in between, all of them
    /// are made again, with the ids that they had.
    fn tell(&self, sessions: &mut Sessions, reports: &[Report], now: u64) {
        for (at, report) in reports.iter().enumerate() {
            let member = report.order.member;
            let Some(session) = self.places.get(&member).and_then(|place| sessions.get_mut(*place)) else { continue };
            let Some(listed) = self.desk.listing.of(report.order.instrument) else { continue };
            let is_last = reports[at + 1..]
                .iter()
                .take_while(|later| later.sequence == report.sequence)
                .all(|later| later.order.member != member);
            let cause = if is_last { report.sequence } else { report.sequence - 1 };
            let version = session.settings().identity.version;
            let _ = session.send(writing::msg_type(report), cause, now, |encoder| {
                writing::write(report, listed, version, encoder);
            });
        }
    }

    /// What Python wants sent, in its order.
    fn send(sessions: &mut Sessions, sent: &[Sent], now: u64) {
        for message in sent {
            let Some(session) = sessions.get_mut(message.place) else { continue };
            let _ = session.send(message.msg_type.as_bytes(), message.cause, now, |encoder| {
                for (tag, value) in &message.body {
                    encoder.field(*tag, value.as_bytes());
                }
            });
        }
    }

    fn taken(&mut self, sessions: &mut Sessions) {
        if !self.desk.is_committed() {
            return;
        }
        for (place, seat) in self.seats.iter_mut().enumerate() {
            if std::mem::take(&mut seat.moved)
                && let Some(session) = sessions.get_mut(place)
            {
                session.taken(seat.cold.front().copied().unwrap_or(u64::MAX));
            }
        }
    }

    /// Python hears of new records and messages; sessions wait while it is far behind.
    fn keep_up(&self) {
        self.channel.bell.ring();
        while self.desk.shared().is_behind(self.desk.made()) {
            thread::sleep(BREATH);
        }
    }

    fn watch(&self, sessions: &Sessions) {
        self.channel.unsent(sessions.iter().map(Session::unsent));
    }
}

impl Application for Broker {
    /// Who asks was looked at by `admit`.
    fn on_logon(&mut self, _session: &mut Session, _view: &View, _now: u64) -> Result<(), LogonRefusal> {
        Ok(())
    }

    fn on_established(&mut self, session: &mut Session, _now: u64) {
        let (place, last_cause) = (session.place, session.numbers().cause);
        let version = session.settings().identity.version.name();
        let key = String::from_utf8_lossy(&session.settings().identity.target).into_owned();
        self.channel.tell(Event::LoggedOn { place, version, key, last_cause });
        self.channel.bell.ring();
    }

    fn on_message(&mut self, session: &mut Session, view: &View, now: u64) {
        let is_ours = session.settings().role == Role::Acceptor;
        if is_ours && self.desk.shared().is_refusing() {
            let why = "the journal cannot be written: nothing is taken until it can";
            return session.reject_business(view, BusinessReason::ApplicationNotAvailable, view.get(11), why, now);
        }
        let seat = self.seat(session.place);
        seat.moved = true;
        let is_plain = seat.cold.is_empty();
        let Some(member) = seat.member.take() else { return self.cold(session, view) };
        let outcome = match is_plain && member.account != 0 {
            true => self.desk.instruct(&member, view, now),
            false => Outcome::Cold,
        };
        self.seat(session.place).member = Some(member);
        match outcome {
            Outcome::Staged => {}
            Outcome::Cold => self.cold(session, view),
            Outcome::Bad(bad) => self.bad(session, view, bad, now),
        }
    }

    fn on_logout(&mut self, session: &mut Session) {
        self.channel.tell(Event::LoggedOut { place: session.place });
        self.channel.bell.ring();
    }

    /// Market data of long ago is nobody's news.
    fn may_resend(&mut self, message: &View) -> bool {
        !matches!(message.msg_type(), b"W" | b"X" | b"Y")
    }
}

impl Host for Broker {
    /// The key's id is SenderCompID(49), its secret Password(554), in 4.2 RawData(96).
    fn admit(&mut self, logon: &View, sessions: &mut Sessions, now: u64) -> Result<(), String> {
        let key = logon.get(49).and_then(|key| std::str::from_utf8(key).ok()).unwrap_or_default();
        let secret = logon.get(554).or_else(|| logon.get(96)).unwrap_or_default();
        let Some(member) = self.members.opened(key, secret).cloned() else {
            return Err("SenderCompID(49) or Password(554) is wrong".to_owned());
        };
        let named = logon.get(8).unwrap_or_default();
        let Some(version) = VERSIONS.into_iter().find(|version| version.begin_string() == named) else {
            return Err("BeginString(8) is FIX.4.2, FIX.4.4 or FIXT.1.1".to_owned());
        };
        let sender = self.terms.each.identity.sender.clone();
        let identity = Identity { version, sender, target: key.as_bytes().to_vec() };
        let other = self.places.get(&member.session).and_then(|place| sessions.get(*place));
        if other.is_some_and(|other| other.phase() != Phase::Down && other.settings().identity != identity) {
            return Err("the key has a session in another version already".to_owned());
        }
        let key = key.to_owned();
        let place = match sessions.find(&identity) {
            Some(place) => place,
            None => self.add(version, &key, sessions, now)?,
        };
        self.sit(place, member);
        Ok(())
    }

    fn after_read(&mut self, sessions: &mut Sessions, now: u64) {
        self.desk.commit();
        self.report(sessions, now);
        self.taken(sessions);
        self.keep_up();
    }

    fn woken(&mut self, sessions: &mut Sessions, now: u64) {
        let Asked { sent, done, members, routed } = self.channel.asked();
        if let Some(members) = members {
            self.members.set(members);
        }
        if let Some(routed) = routed {
            self.desk.listing.route(routed);
        }
        self.desk.hear();
        self.desk.commit();
        self.report(sessions, now);
        Self::send(sessions, &sent, now);
        for place in done {
            let seat = self.seat(place);
            seat.cold.pop_front();
            seat.moved = true;
        }
        self.taken(sessions);
        self.watch(sessions);
    }

    fn ticked(&mut self, sessions: &mut Sessions, _now: u64) {
        self.watch(sessions);
    }

    fn note(&mut self, session: Option<&Session>, text: &str) {
        let whose = session.map(|session| format!("{}: ", session.settings().identity)).unwrap_or_default();
        self.channel.tell(Event::Note(format!("{whose}{text}")));
    }
}

/// What a session's broker says in its Logon: every setting but the key.
pub fn settings(comp_id: &str) -> Settings {
    let identity = Identity { version: Version::Fix44, sender: comp_id.as_bytes().to_vec(), target: Vec::new() };
    let mut settings = Settings::new(identity, Role::Acceptor);
    settings.taken_by_host = true;
    settings
}

/// Made, if it is not there, for nobody but the owner.
pub fn folder_of(data: &Path) -> std::io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let folder = data.join("fix");
    std::fs::DirBuilder::new().mode(0o700).recursive(true).create(&folder)?;
    Ok(folder)
}
