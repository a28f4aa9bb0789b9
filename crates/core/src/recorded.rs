//! Records of earlier rules are not run again. What they did is added up from the effects they carry, and must be what the
//! snapshot says that the present rules began with.
use std::collections::BTreeMap;
use std::path::Path;

use crate::broker::BrokerError;
use crate::engine::Engine;
use crate::journal::{Check, Entry, scan_ahead, snapshot_file};
use crate::postings::Listing;
use crate::record::{Body, RULES};
use crate::replay::Replay;

/// Balances as the effects of records make them, without running a command.
#[derive(Default)]
pub struct Recorded {
    listing: Listing,
    sums: BTreeMap<(u32, u32), i128>,
    /// Records added up.
    pub records: u64,
}

impl Recorded {
    /// Adds one record up. Its command counts only as the name of what was listed.
    pub fn take(&mut self, body: &[u8]) -> Result<(), BrokerError> {
        let differs = BrokerError::Differs { record: self.records + 1 };
        let Ok(record) = Body::read(body) else {
            return Err(differs);
        };
        let mut effects = Vec::new();
        let read = record.each_effect(|effect| effects.push(effect));
        if read.is_err() || effects.len() != record.count as usize || record.sequence != self.records + 1 {
            return Err(differs);
        }
        for effect in &effects {
            self.listing.take(&record.command, effect).ok_or(BrokerError::Differs { record: record.sequence })?;
            let sums = &mut self.sums;
            self.listing.each_posting(effect, |posted| {
                *sums.entry((posted.source, posted.asset)).or_default() -= i128::from(posted.amount);
                *sums.entry((posted.target, posted.asset)).or_default() += i128::from(posted.amount);
            });
        }
        self.records += 1;
        Ok(())
    }

    /// Whether a state holds exactly these balances.
    pub fn agrees(&self, engine: &Engine) -> bool {
        let accounts = engine.ledger.accounts.iter().enumerate();
        let held = accounts.flat_map(|(number, account)| {
            account.balances.iter().map(move |balance| ((number as u32, balance.asset), balance.amount))
        });
        let held: BTreeMap<_, _> = held.filter(|(_, amount)| *amount != 0).collect();
        let added: BTreeMap<_, _> = self.sums.iter().map(|(key, sum)| (*key, *sum)).filter(|(_, s)| *s != 0).collect();
        held == added
    }
}

/// A journal from its first record: what the present rules made is run again, what earlier ones made is added up.
#[derive(Default)]
pub struct Whole {
    pub replay: Replay,
    pub recorded: Recorded,
}

impl Whole {
    pub fn run(data: &Path) -> Result<Self, BrokerError> {
        Self::default().go_on(data)
    }

    /// The rest of the journal behind the records that were taken.
    pub fn go_on(self, data: &Path) -> Result<Self, BrokerError> {
        let mut whole = self;
        let from = whole.recorded.records.max(whole.replay.engine.sequence) + 1;
        let end = scan_ahead(data, from, Check::Chain, |entry| whole.take(data, &entry))?;
        if whole.replay.engine.sequence == 0 && whole.recorded.records > 0 {
            whole.begin(data, whole.recorded.records, end.position.head)?;
        }
        Ok(whole)
    }

    /// The next record.
    pub fn take(&mut self, data: &Path, entry: &Entry<'_>) -> Result<(), BrokerError> {
        let rules = Body::read(entry.body).map_err(|_| BrokerError::Differs { record: entry.sequence })?.rules;
        if self.replay.engine.sequence == 0 && rules < RULES {
            return self.recorded.take(entry.body);
        }
        if self.replay.engine.sequence == 0 && self.recorded.records > 0 {
            self.begin(data, entry.sequence - 1, *entry.prev)?;
        }
        self.replay.take(entry)
    }

    /// The state after the last record of earlier rules, from the snapshot of it, whose balances must add up.
    fn begin(&mut self, data: &Path, sequence: u64, head: [u8; 32]) -> Result<(), BrokerError> {
        let paths = [snapshot_file::base_path(data, sequence), snapshot_file::path(data, sequence)];
        let found = paths.iter().find_map(|path| snapshot_file::load(path).ok());
        let found = found.filter(|found| found.of.sequence == sequence && found.of.head == head);
        let Some(replay) = found.and_then(|found| Replay::from(&found).ok()) else {
            return Err(BrokerError::BadState { sequence });
        };
        if !self.recorded.agrees(&replay.engine) {
            return Err(BrokerError::Differs { record: sequence });
        }
        self.replay = replay;
        Ok(())
    }
}
