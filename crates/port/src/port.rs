//! The engine's side: reads the asks of every lane in turn, applies them, replies when the promise is kept.
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use isthmus_core::broker::Broker;
use isthmus_core::journal::JournalError;
use isthmus_core::messages::Traded;
use isthmus_core::record::Origin;
use isthmus_core::row::{self, Outcome, ROW};

use crate::lane::{FILLS, Fault, Fill, GATEWAYS_MAX, MORE, Reply, SLOTS};
use crate::memory::{self, Memory, Reserved};
use crate::watch::Watch;

/// Replies that a lane may owe beyond its places before its asks are left to wait.
const OWED_MAX: usize = 4_096;

/// Turns between two looks at who calls.
const CALLERS_TURNS: u64 = 64;
/// Tries to open a lane before it is left alone.
const TRIES: u32 = 3;

/// One gateway's lane.
struct Lane {
    path: PathBuf,
    memory: Memory,
    /// The numbers of the next ask to read and the next reply to write.
    ask: u64,
    reply: u64,
    /// Replies up to this number were read, as far as the engine knows.
    seen: u64,
    owed: VecDeque<Reply>,
    origin: Vec<u8>,
}

/// All lanes of an engine.
pub struct Port {
    lanes: Vec<Lane>,
    /// Lanes that could not be opened, and how often that was tried.
    failed: BTreeMap<PathBuf, u32>,
    fills: Vec<Fill>,
    turns: u64,
    watch: Watch,
    _reserved: Reserved,
}

impl Port {
    /// Begins to serve gateways that call `name`.
    pub fn create(name: &str) -> Result<Self, Fault> {
        let folder = memory::folder(name)?;
        let reserved = Reserved::take(&folder)?;
        let (lanes, failed, fills, watch) = (Vec::new(), BTreeMap::new(), Vec::new(), Watch::start(&folder));
        Ok(Self { lanes, failed, fills, turns: 0, watch, _reserved: reserved })
    }

    /// Gateways that are served now.
    pub fn gateways(&self) -> usize {
        self.lanes.len()
    }

    /// Serves every lane once, of each at most as many asks as it has places; returns how many were applied. One flush
    /// keeps the promise for all of them.
    pub fn turn(&mut self, broker: &mut Broker) -> Result<usize, JournalError> {
        self.turns += 1;
        if self.turns.is_multiple_of(CALLERS_TURNS)
            && let Some(callers) = self.watch.callers()
        {
            self.meet(callers);
        }
        let mut applied = 0;
        for lane in &mut self.lanes {
            let before = applied;
            while applied - before < SLOTS as usize && lane.owed.len() < OWED_MAX {
                let Some(row) = lane.memory.ask(lane.ask) else { break };
                lane.apply(broker, &row, &mut self.fills);
                applied += 1;
            }
            if applied > before {
                broker.make_room()?;
            }
        }
        if applied > 0 {
            broker.settle()?;
        }
        self.lanes.iter_mut().for_each(Lane::pay);
        Ok(applied)
    }

    /// Opens lanes of gateways that are new, lets go of those of gateways that are gone.
    fn meet(&mut self, callers: Vec<PathBuf>) {
        self.lanes.retain(|lane| callers.contains(&lane.path));
        self.failed.retain(|lane, _| callers.contains(lane));
        for path in callers {
            let known = self.lanes.iter().any(|lane| lane.path == path);
            let tried = self.failed.get(&path).copied().unwrap_or(0);
            if known || tried == TRIES || self.lanes.len() == GATEWAYS_MAX {
                continue;
            }
            match Memory::take(&path) {
                Ok(memory) => self.lanes.push(Lane::new(path, memory)),
                Err(_) => {
                    self.failed.insert(path, tried + 1);
                }
            }
        }
    }
}

impl Lane {
    fn new(path: PathBuf, memory: Memory) -> Self {
        let origin = Origin { gateway: memory::gateway_of(&path), ..Origin::default() }.encode();
        Self { path, memory, ask: 1, reply: 1, seen: 0, owed: VecDeque::new(), origin }
    }

    /// Applies one ask and owes its replies.
    #[inline]
    fn apply(&mut self, broker: &mut Broker, row: &[u8; ROW], fills: &mut Vec<Fill>) {
        let command = row::command(row);
        let framed = broker.stage(&command, now(), &self.origin);
        let sequence = broker.engine.sequence;
        fills.clear();
        let outcome = Outcome::of(framed.effects(broker.frames()), |fields| {
            let Traded { maker_order, price, quantity, .. } = Traded::read(fields);
            fills.push(Fill { maker_order, price, quantity });
        });
        let whole = Reply::new(self.ask, sequence, row::order_of(&command, sequence), outcome);
        self.owe(whole, fills);
        self.ask += 1;
    }

    /// Owes as many replies as the fills need.
    #[inline]
    fn owe(&mut self, whole: Reply, mut fills: &[Fill]) {
        loop {
            let (now, later) = fills.split_at(fills.len().min(FILLS));
            let mut reply = whole.with(now);
            if !later.is_empty() {
                reply.status = MORE;
            }
            self.owed.push_back(reply);
            if later.is_empty() {
                return;
            }
            fills = later;
        }
    }

    /// Writes what is owed, as far as there are free places.
    #[inline]
    fn pay(&mut self) {
        while let Some(reply) = self.owed.front() {
            if self.reply - self.seen > SLOTS {
                self.seen = self.memory.read();
                if self.reply - self.seen > SLOTS {
                    return;
                }
            }
            self.memory.write_reply(self.reply, reply);
            self.reply += 1;
            self.owed.pop_front();
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}
