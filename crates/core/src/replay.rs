//! Running a journal again: recovery, and the proof that the recorded effects are what the commands do.
use std::path::Path;

use crate::broker::BrokerError;
use crate::engine::Engine;
use crate::journal::{Check, End, Entry, Snapshot, scan_ahead, snapshot_file};
use crate::messages::Command;
use crate::record::{Body, CLOCK_HELD, RULES};

/// An engine on its way through a journal; every record it makes is compared with the one that stands there.
#[derive(Default)]
pub struct Replay {
    pub engine: Engine,
    /// The hash of the last record run.
    pub head: [u8; 32],
    /// Records run since the snapshot.
    pub records: u64,
    /// The snapshot's sequence; 0 for genesis.
    pub snapshot: u64,
    effects: Vec<u8>,
}

impl Replay {
    /// From a snapshot. A state of another release is not one that this one can go on from.
    pub fn from(found: &Snapshot) -> Result<Self, BrokerError> {
        let sequence = found.of.sequence;
        let engine = Engine::from_state_of(found.of.rules, &found.state);
        let engine = engine.map_err(|_| BrokerError::BadState { sequence })?;
        Ok(Self { engine, head: found.of.head, snapshot: sequence, ..Self::default() })
    }

    /// From an engine that came so far; `head` is the hash of its last record.
    pub fn at(engine: Engine, head: [u8; 32]) -> Self {
        Self { snapshot: engine.sequence, engine, head, ..Self::default() }
    }

    /// The journal run to its end from the newest snapshot that is whole and lies on the chain, else from genesis.
    pub fn newest(data: &Path) -> Result<(Self, End), BrokerError> {
        let mut other = None;
        for path in snapshot_file::list(data)? {
            let Ok(found) = snapshot_file::load(&path) else {
                continue;
            };
            let Ok(mut replay) = Self::from(&found) else {
                continue;
            };
            match replay.run(data) {
                Ok(end) if replay.reached(&end) => return Ok((replay, end)),
                Ok(_) | Err(BrokerError::Differs { .. }) => {}
                Err(error @ BrokerError::OtherRelease { .. }) => other = other.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        let mut replay = Self::default();
        match replay.run(data) {
            Ok(end) => Ok((replay, end)),
            Err(error @ BrokerError::OtherRelease { .. }) => Err(other.unwrap_or(error)),
            Err(error) => Err(error),
        }
    }

    /// A snapshot may lie beyond a journal that lost its end, or beside its chain: then it is no place to go on from.
    fn reached(&self, end: &End) -> bool {
        end.position.next_sequence == self.engine.sequence + 1 && end.position.head == self.head
    }

    /// Runs what the journal holds beyond the present state; a second thread reads, checks and hashes ahead.
    pub fn run(&mut self, data: &Path) -> Result<End, BrokerError> {
        self.run_and(data, |_| {})
    }

    /// As [`Replay::run`]; `see` is shown every record that was run.
    pub fn run_and(&mut self, data: &Path, mut see: impl FnMut(&Entry<'_>)) -> Result<End, BrokerError> {
        scan_ahead(data, self.engine.sequence + 1, Check::Chain, |entry| {
            self.take(&entry)?;
            see(&entry);
            Ok(())
        })
    }

    /// Runs one record, which must be the next.
    pub fn take(&mut self, entry: &Entry<'_>) -> Result<(), BrokerError> {
        if *entry.prev != self.head {
            return Err(BrokerError::Differs { record: entry.sequence });
        }
        again(&mut self.engine, &mut self.effects, entry.body)?;
        self.records += 1;
        self.head = *entry.hash;
        Ok(())
    }
}

/// The command again; its effects, and all that the head says, must be what was recorded. What the body holds besides is
/// the command and the origin themselves, which the chain has proven.
pub fn again(engine: &mut Engine, effects: &mut Vec<u8>, body: &[u8]) -> Result<(), BrokerError> {
    let differs = BrokerError::Differs { record: engine.sequence + 1 };
    let Ok(recorded) = Body::read(body) else {
        return Err(differs);
    };
    if recorded.rules != RULES {
        return Err(BrokerError::OtherRelease { record: recorded.sequence, rules: recorded.rules });
    }
    if let Command::UpgradeEngine(upgrade) = recorded.command
        && upgrade.state != engine.state_hash()
    {
        return Err(differs);
    }
    let held = recorded.flags & CLOCK_HELD != 0;
    let at = if held { recorded.stamp.saturating_sub(1) } else { recorded.stamp };
    effects.clear();
    let passed = engine.apply(&recorded.command, at, effects);
    let flags = if passed.clock_held { CLOCK_HELD } else { 0 };
    let made = (engine.sequence, engine.stamp, RULES, flags, passed.effects);
    let stands = (recorded.sequence, recorded.stamp, recorded.rules, recorded.flags, recorded.count);
    if made != stands || effects != recorded.effects {
        return Err(differs);
    }
    Ok(())
}
