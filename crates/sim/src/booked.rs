//! Balances as the postings of records alone make them: what books of record hold.
use std::collections::BTreeMap;

use isthmus_core::Engine;
use isthmus_core::messages::{Command, Effect};
use isthmus_core::postings::Listing;

#[derive(Debug, Default)]
pub struct Booked {
    listing: Listing,
    sums: BTreeMap<(u32, u32), i128>,
}

impl Booked {
    pub fn take(&mut self, command: &Command, effects: &[Effect]) -> Result<(), &'static str> {
        let Self { listing, sums } = self;
        for effect in effects {
            listing.take(command, effect).ok_or("listings that read back")?;
            listing.each_posting(effect, |posted| {
                *sums.entry((posted.source, posted.asset)).or_default() -= i128::from(posted.amount);
                *sums.entry((posted.target, posted.asset)).or_default() += i128::from(posted.amount);
            });
        }
        Ok(())
    }

    /// Every change of a balance has its posting: the sums are the engine's balances.
    pub fn agrees(&self, engine: &Engine) -> bool {
        let accounts = engine.ledger.accounts.iter().zip(0u32..);
        let all =
            accounts.flat_map(|(account, number)| account.balances.iter().map(move |b| ((number, b.asset), b.amount)));
        let held: BTreeMap<_, _> = all.filter(|(_, amount)| *amount != 0).collect();
        let booked: BTreeMap<_, _> =
            self.sums.iter().map(|(key, sum)| (*key, *sum)).filter(|(_, sum)| *sum != 0).collect();
        held == booked
    }
}
