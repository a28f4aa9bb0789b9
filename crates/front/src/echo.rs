//! An application that sends orders, security definitions and e-mails back: what a session engine is tested with.
//!
//! NewOrderSingle (D), SecurityDefinition (d) and Email (C) come back with the same fields, the body in ascending order of
//! tags, groups as their dictionary has them. An order marked as a possible resend whose ClOrdID was seen since the Logon is
//! passed over. Every other type is answered by a BusinessMessageReject. In listening mode nothing is sent back: messages
//! are kept for whoever asks.
use std::collections::{HashSet, VecDeque};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use isthmus_wire::fix::index::View;

use crate::rules::dictionary_of;
use crate::server::{Host, Sessions};
use crate::session::{Application, BusinessReason, LogonRefusal, Outgoing, Phase, Session, is_header};
use crate::store::Numbers;

/// Identifiers of orders remembered a session; more are not.
const SEEN_MAX: usize = 1_000_000;
/// Messages and notes kept until somebody asks.
const KEPT_MAX: usize = 1_000_000;
const NOTES_MAX: usize = 1_000;

/// A message that another thread wants sent.
#[derive(Debug)]
pub struct Wanted {
    pub place: usize,
    pub msg_type: Vec<u8>,
    pub cause: u64,
    /// The body, in the order of the wire.
    pub fields: Vec<(u32, Vec<u8>)>,
}

/// What one session is at.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub phase: Phase,
    pub numbers: Numbers,
}

/// What other threads see of a running echo.
#[derive(Default)]
struct Board {
    wanted: Vec<Wanted>,
    heard: VecDeque<(usize, Vec<u8>)>,
    notes: VecDeque<String>,
    standings: Vec<Standing>,
}

/// A handle on a running echo for other threads; wake the loop after `want`.
#[derive(Clone, Default)]
pub struct EchoBoard(Arc<Mutex<Board>>);

impl EchoBoard {
    /// Has a message sent at the next wake.
    pub fn want(&self, wanted: Wanted) {
        self.lock().wanted.push(wanted);
    }

    /// Messages heard since the last time, with the place of their session.
    pub fn take_heard(&self) -> Vec<(usize, Vec<u8>)> {
        mem::take(&mut self.lock().heard).into()
    }

    /// What happened since the last time.
    pub fn take_notes(&self) -> Vec<String> {
        mem::take(&mut self.lock().notes).into()
    }

    /// What a session was at when the loop last looked.
    pub fn standing(&self, place: usize) -> Option<Standing> {
        self.lock().standings.get(place).copied()
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The application.
pub struct Echo {
    board: EchoBoard,
    is_listening: bool,
    /// ClOrdIDs by the place of the session.
    seen: Vec<HashSet<Vec<u8>>>,
    heard: VecDeque<(usize, Vec<u8>)>,
}

impl Echo {
    /// An echo, or with `is_listening` an ear.
    pub fn new(board: EchoBoard, is_listening: bool) -> Self {
        Self { board, is_listening, seen: Vec::new(), heard: VecDeque::new() }
    }

    /// What the sessions are at, for those who look before the loop runs.
    pub fn show(&mut self, sessions: &Sessions) {
        let mut board = self.board.lock();
        board.standings.clear();
        board.standings.extend(sessions.iter().map(|s| Standing { phase: s.phase(), numbers: s.numbers() }));
        board.heard.append(&mut self.heard);
        let surplus = board.heard.len().saturating_sub(KEPT_MAX);
        board.heard.drain(..surplus);
    }

    /// Whether an order is a possible resend of one that was seen since the Logon.
    fn is_repeated(&mut self, place: usize, view: &View) -> bool {
        let Some(id) = view.get(11) else { return false };
        if self.seen.len() <= place {
            self.seen.resize_with(place + 1, HashSet::new);
        }
        let seen = &mut self.seen[place];
        if seen.contains(id) {
            return view.get(97) == Some(b"Y");
        }
        if seen.len() < SEEN_MAX {
            seen.insert(id.to_vec());
        }
        false
    }

    fn send_back(&self, session: &mut Session, view: &View, now: u64) {
        const OURS: [u32; 9] = [8, 9, 34, 35, 43, 49, 52, 56, 122];
        let dictionary = dictionary_of(session.settings().identity.version);
        let Some(part) = dictionary.part(*view) else { return };
        let mut header: Vec<_> = view.iter().filter(|(tag, _)| is_header(*tag) && !OURS.contains(tag)).collect();
        // the hops (627) are a group: its members stay behind the count
        header.sort_by_key(|(tag, _)| if (628..=630).contains(tag) { 627 } else { *tag });
        let message = Outgoing { msg_type: view.msg_type(), header: &header, cause: 0 };
        let sent = session.send_with(message, now, |encoder| {
            for entry in part.sorted_body() {
                encoder.copy(view, entry.fields);
            }
            let trailer = view.fields.iter().filter(|field| matches!(field.tag, 89 | 93));
            trailer.for_each(|field| encoder.copy(view, std::slice::from_ref(field)));
        });
        if let Err(fault) = sent {
            self.note(Some(session), &format!("cannot be sent back: {fault}"));
        }
    }

    fn note(&self, session: Option<&Session>, text: &str) {
        let whose = session.map_or(String::new(), |session| format!("{} ", session.settings().identity));
        let mut board = self.board.lock();
        if board.notes.len() >= NOTES_MAX {
            board.notes.pop_front();
        }
        board.notes.push_back(format!("{whose}{text}"));
    }
}

impl Application for Echo {
    fn on_logon(&mut self, session: &mut Session, _: &View, _: u64) -> Result<(), LogonRefusal> {
        if let Some(seen) = self.seen.get_mut(session.place) {
            seen.clear();
        }
        Ok(())
    }

    fn on_message(&mut self, session: &mut Session, view: &View, now: u64) {
        if self.is_listening {
            return self.heard.push_back((session.place, view.bytes.to_vec()));
        }
        match view.msg_type() {
            b"D" if self.is_repeated(session.place, view) => {}
            b"D" | b"d" | b"C" => self.send_back(session, view, now),
            _ => session.reject_business(view, BusinessReason::UnsupportedMessageType, None, "", now),
        }
    }

    fn on_logout(&mut self, _: &mut Session) {}
}

impl Host for Echo {
    fn woken(&mut self, sessions: &mut Sessions, now: u64) {
        let wanted = mem::take(&mut self.board.lock().wanted);
        for message in wanted {
            let Some(session) = sessions.get_mut(message.place) else { continue };
            let sent = session.send(&message.msg_type, message.cause, now, |encoder| {
                message.fields.iter().for_each(|(tag, value)| encoder.field(*tag, value));
            });
            if let Err(fault) = sent {
                self.note(Some(session), &format!("cannot be sent: {fault}"));
            }
        }
        self.show(sessions);
    }

    fn after_read(&mut self, sessions: &mut Sessions, _: u64) {
        if self.is_listening {
            self.show(sessions);
        }
    }

    fn ticked(&mut self, sessions: &mut Sessions, _: u64) {
        self.show(sessions);
    }

    fn note(&mut self, session: Option<&Session>, text: &str) {
        Self::note(self, session, text);
    }
}
