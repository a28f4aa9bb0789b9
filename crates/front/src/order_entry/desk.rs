//! Orders of sessions into the engine, and the reports that records owe out of it when they may go.
use std::collections::VecDeque;
use std::sync::Arc;

use isthmus_core::flusher::Flusher;
use isthmus_core::messages::Command;
use isthmus_core::record::Origin;
use isthmus_wire::fix::index::View;
use sha2::{Digest, Sha256};

use super::blotter::{Blotter, GATEWAY, Tracked};
use super::instruction::{self, Bad, Found, Listing, Reading};
use super::member::Member;
use super::report::Report;
use crate::shared::{Held, Shared};

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is a record; its reports come when the record is durable.
    Staged,
    /// It is for Python.
    Cold,
    /// It cannot be what it says, and never was a command.
    Bad(Bad),
}

/// The engine's side of all sessions.
pub struct Desk {
    shared: Arc<Shared>,
    flusher: Arc<Flusher>,
    pub blotter: Blotter,
    pub listing: Listing,
    /// In the order of their records; those whose records are not released wait.
    reports: VecDeque<Report>,
    made: Vec<Report>,
    /// The last record staged here, and the last that was committed.
    staged: u64,
    committed: u64,
}

struct Own<'a> {
    blotter: &'a Blotter,
    account: u32,
}

impl Found for Own<'_> {
    fn by_client(&self, client: &str) -> Option<(u64, &Tracked)> {
        let number = self.blotter.by_client(self.account, client)?;
        self.blotter.order(number).filter(|order| !order.is_over()).map(|order| (number, order))
    }
}

impl Desk {
    pub fn new(shared: Arc<Shared>) -> Self {
        let flusher = shared.lock().flusher().clone();
        Self {
            shared,
            flusher,
            blotter: Blotter::default(),
            listing: Listing::default(),
            reports: VecDeque::new(),
            made: Vec::new(),
            staged: 0,
            committed: 0,
        }
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// A NewOrderSingle(D), OrderCancelRequest(F) or OrderCancelReplaceRequest(G), at `now` (ns).
    pub fn instruct(&mut self, member: &Member, view: &View<'_>, now: u64) -> Outcome {
        let own = Own { blotter: &self.blotter, account: member.account };
        let reading = match view.msg_type() {
            b"D" => instruction::order(view, member, &self.listing).map(Command::PlaceOrder),
            b"F" => instruction::cancel(view, member, own).map(Command::CancelOrder),
            b"G" => instruction::replace(view, member, &self.listing, own).map(Command::ReplaceOrder),
            _ => Reading::Cold,
        };
        match reading {
            Reading::Plain((command, text)) => {
                let origin = Origin {
                    session: member.session,
                    user: member.user,
                    role: member.role,
                    gateway: GATEWAY,
                    received_at: now,
                    text: text.to_owned(),
                    instruction: Some(Sha256::digest(view.bytes).into()),
                    note: String::new(),
                };
                self.stage(&command, now, &origin.encode());
                Outcome::Staged
            }
            Reading::Cold => Outcome::Cold,
            Reading::Bad(bad) => Outcome::Bad(bad),
        }
    }

    fn stage(&mut self, command: &Command, now: u64, origin: &[u8]) {
        let shared = self.shared.clone();
        let mut held = shared.lock();
        self.hear_of(&mut held);
        let (body, link) = held.stage_one(command, now, origin, |framed, frames| framed.body(frames).to_vec());
        self.staged = held.engine.sequence;
        self.take(&body, &held);
        held.made = self.staged;
        held.for_python.push_back((body, link));
    }

    /// Takes in what Python staged meanwhile.
    pub fn hear(&mut self) {
        let shared = self.shared.clone();
        self.hear_of(&mut shared.lock());
    }

    fn hear_of(&mut self, held: &mut Held) {
        if held.engine.instruments.len() > self.listing.len() {
            self.listing.refresh(&held.engine);
        }
        while let Some(body) = held.for_sessions.pop_front() {
            self.take(&body, held);
        }
    }

    fn take(&mut self, body: &[u8], held: &Held) {
        let belongs = |account: u32| {
            held.engine.ledger.accounts.get(account as usize).map_or((0, 0), |account| (account.group, account.firm))
        };
        self.blotter.take(body, belongs, &mut self.made);
        self.reports.extend(self.made.drain(..));
    }

    /// A record of the journal, at a start; what it owes is returned, for those who were not told.
    pub fn learn(&mut self, body: &[u8], mut owed: impl FnMut(Report)) {
        self.blotter.take(body, |_| (0, 0), &mut self.made);
        self.made.drain(..).for_each(&mut owed);
    }

    /// Keeps the durability's promise for what was staged since the last time; one flush for all of it.
    pub fn commit(&mut self) {
        if self.staged > self.committed && self.shared.commit(&self.flusher).is_some() {
            self.committed = self.staged;
        }
    }

    /// Whether everything that was staged here is as durable as promised.
    pub fn is_committed(&self) -> bool {
        self.committed == self.staged
    }

    /// The next report whose record is released.
    pub fn due(&mut self) -> Option<Report> {
        let released = self.shared.released();
        if self.reports.front()?.sequence > released { None } else { self.reports.pop_front() }
    }

    /// Reports that wait for their records.
    pub fn waiting(&self) -> usize {
        self.reports.len()
    }

    /// The last record that sessions made.
    pub fn made(&self) -> u64 {
        self.staged
    }
}
