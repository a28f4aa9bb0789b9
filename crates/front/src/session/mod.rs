//! One FIX session, acceptor or initiator, FIX 4.2, 4.4 and FIXT 1.1 with 5.0 SP2, without a socket and without a clock.
//!
//! Owns: the numbering of both directions, the state of the link, what waits to be sent. Takes: bytes that came and the time,
//! in nanoseconds since 1970. Emits: bytes to be sent, messages for the application. Never: reads a clock, opens a socket.
//!
//! Rules: FIX Session Layer (FIX Trading Community), FIX 4.2 and 4.4 volume 2, "Session protocol"; what is done in each case
//! stands in docs/reference/fix-session.md.
mod fault;
mod header;
mod incoming;
mod logon;
mod outgoing;
mod resend;
mod schedule;
mod sequence;
mod settings;
mod timing;

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use isthmus_wire::fix::frame::{Head, head};
use isthmus_wire::fix::index::{Index, View};

use crate::store::{Numbers, Store, StoreError};

pub use fault::{BusinessReason, Fault, LogonRefusal};
pub use header::is_header;
pub use outgoing::Outgoing;
pub use schedule::{Moment, Schedule};
pub use settings::{Credentials, Identity, Limits, Resets, Role, Rules, Settings, Version};

use outgoing::Outbound;
use sequence::Gap;
use timing::{Bucket, Timing};

/// Notes kept until somebody takes them.
const NOTES_MAX: usize = 256;

/// What stands above a session. Each call may send on the session that it is given.
pub trait Application {
    /// A Logon that the session itself found good: let in, or refuse with the text of a Logout. Nothing can be sent yet.
    fn on_logon(&mut self, session: &mut Session, view: &View, now: u64) -> Result<(), LogonRefusal>;
    /// Both Logons are exchanged.
    fn on_established(&mut self, _session: &mut Session, _now: u64) {}
    /// An application message in its turn, each number once.
    fn on_message(&mut self, session: &mut Session, view: &View, now: u64);
    /// The counterparty's session-level Reject (3) of something that we sent.
    fn on_reject(&mut self, _session: &mut Session, _view: &View, _now: u64) {}
    /// A session that was logged on no longer is.
    fn on_logout(&mut self, session: &mut Session);
    /// Whether a message is worth sending again; what is not is filled over.
    fn may_resend(&mut self, _message: &View) -> bool {
        true
    }
}

/// Where the link of a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No connection.
    Down,
    /// Connected; the counterparty's Logon is waited for.
    Connected,
    LoggedOn,
    /// We sent a Logout and wait for the answer.
    LoggingOut,
}

/// What a session counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub received: u64,
    pub sent: u64,
    pub resent: u64,
    pub garbled: u64,
    pub rejected: u64,
}

/// One session. `receive` and `tick` move it, `output` is to be written to the connection after `commit`.
pub struct Session {
    settings: Settings,
    /// Its place among the sessions of a server.
    pub place: usize,
    store: Store,
    phase: Phase,
    timing: Timing,
    bucket: Bucket,
    /// The number expected next; the store has the one that the application took.
    next_in: u64,
    /// Messages that came before their turn; an empty one was dealt with already and only counts.
    early: BTreeMap<u64, Vec<u8>>,
    early_bytes: usize,
    gap: Option<Gap>,
    /// Delivered messages that the host has not yet taken.
    untaken: VecDeque<u64>,
    out: Outbound,
    index: Index,
    /// Our Logon carried ResetSeqNumFlag and is not answered yet.
    reset_sent: bool,
    closing: bool,
    /// Numbers begin with 1 as soon as the connection is gone.
    reset_after: bool,
    pub counts: Counts,
    notes: VecDeque<String>,
}

impl Session {
    /// A session over its store, not connected.
    pub fn new(settings: Settings, store: Store, place: usize) -> Self {
        let next_in = store.numbers().next_in;
        let bucket = Bucket::new(&settings.limits);
        Self {
            settings,
            place,
            store,
            phase: Phase::Down,
            timing: Timing::default(),
            bucket,
            next_in,
            early: BTreeMap::new(),
            early_bytes: 0,
            gap: None,
            untaken: VecDeque::new(),
            out: Outbound::default(),
            index: Index::new(),
            reset_sent: false,
            closing: false,
            reset_after: false,
            counts: Counts::default(),
            notes: VecDeque::new(),
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn is_logged_on(&self) -> bool {
        self.phase == Phase::LoggedOn
    }

    /// Next numbers (the incoming one as it was taken), the latest cause told of, the beginning of the numbering.
    pub fn numbers(&self) -> Numbers {
        self.store.numbers()
    }

    /// The number expected of the counterparty's next message.
    pub fn next_in(&self) -> u64 {
        self.next_in
    }

    /// A connection is there. An initiator sends its Logon at once, if the schedule is open.
    pub fn connect(&mut self, now: u64) {
        self.phase = Phase::Connected;
        self.closing = false;
        self.reset_sent = false;
        self.out.begin_link();
        self.timing.connected(now, self.settings.heartbeat_s);
        if self.settings.role == Role::Initiator {
            self.begin_period(now);
            self.send_logon_request(now);
        }
    }

    /// The connection is gone.
    pub fn disconnected(&mut self, now: u64, application: &mut impl Application) {
        let was = mem::replace(&mut self.phase, Phase::Down);
        self.closing = false;
        self.gap = None;
        self.early.clear();
        self.early_bytes = 0;
        self.out.end_link();
        if matches!(was, Phase::LoggedOn | Phase::LoggingOut) {
            application.on_logout(self);
            if mem::take(&mut self.reset_after) || self.settings.resets.on_disconnect {
                self.reset(now);
            }
        }
    }

    /// Takes the bytes that came and says how many of them are done with; the rest is to be handed in again with what follows.
    pub fn receive<A: Application>(&mut self, bytes: &[u8], now: u64, application: &mut A) -> usize {
        let mut at = 0;
        while !self.closing && self.phase != Phase::Down && at < bytes.len() {
            match head(&bytes[at..]) {
                Head::Incomplete => break,
                Head::Garbled { skip, reason } => {
                    at += skip;
                    self.garbled(reason.text());
                }
                Head::Message { length } => {
                    if !self.bucket.take(length, now) {
                        break;
                    }
                    self.timing.received(now);
                    self.message(&bytes[at..at + length], now, application);
                    self.take_early(now, application);
                    at += length;
                }
            }
        }
        if self.closing { bytes.len() } else { at }
    }

    /// When reading may go on after a limit was reached.
    pub fn waits_until(&self) -> Option<u64> {
        self.bucket.waits_until()
    }

    /// The host took all messages below this number (with `taken_by_host`): they will not be asked for again.
    pub fn taken(&mut self, below: u64) {
        while self.untaken.front().is_some_and(|number| *number < below) {
            self.untaken.pop_front();
        }
    }

    /// Everything that happened is kept when this returns; only then may `output` be written.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        let taken = self.untaken.front().copied().unwrap_or(self.next_in);
        self.store.expect(taken);
        self.store.commit()
    }

    /// Bytes to be written to the connection; whoever writes drains what it wrote.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.out.output
    }

    /// Bytes that wait to be written.
    pub fn unsent(&self) -> usize {
        self.out.output.len()
    }

    /// Whether the connection is to be closed when the output is written.
    pub fn close_after_output(&self) -> bool {
        self.closing
    }

    /// What happened, for a log, oldest first.
    pub fn take_notes(&mut self) -> impl Iterator<Item = String> + use<> {
        mem::take(&mut self.notes).into_iter()
    }

    /// A cause that needs no message on this session: a host that starts again need not look at it.
    pub fn told(&mut self, cause: u64) {
        self.store.told(cause);
    }

    /// Both numberings begin with 1; what came early or waits to be sent again is forgotten.
    fn reset(&mut self, now: u64) {
        if let Err(error) = self.store.reset(now) {
            self.fail(&error);
        }
        self.next_in = 1;
        self.gap = None;
        self.early.clear();
        self.early_bytes = 0;
        self.untaken.clear();
        self.out.forget();
    }

    /// New hours of the schedule begin with new numbers. False when the session is closed at this time.
    fn begin_period(&mut self, now: u64) -> bool {
        let Some(opened) = self.settings.schedule.opened(now) else { return false };
        if self.store.numbers().began < opened {
            self.note("numbers begin with 1: new hours of the schedule");
            self.reset(now);
        }
        true
    }

    fn garbled(&mut self, why: &str) {
        self.counts.garbled += 1;
        self.note(&format!("ignored garbled bytes: {why}"));
        if self.phase == Phase::Connected {
            self.close("no Logon but garbled bytes");
        }
    }

    /// Closes the connection as soon as the output is written.
    fn close(&mut self, why: &str) {
        self.note(&format!("closing: {why}"));
        self.out.forget();
        self.closing = true;
    }

    #[cold]
    fn fail(&mut self, error: &StoreError) {
        self.note(&error.to_string());
        self.closing = true;
    }

    fn note(&mut self, text: &str) {
        if self.notes.len() == NOTES_MAX {
            self.notes.pop_front();
        }
        self.notes.push_back(text.to_owned());
    }
}
