//! The end of contracts: final settlement, delivery, exercise and who is assigned.
//!
//! Every amount goes through house:settlement, which is left as it was: the positions of an instrument sum to zero.
use sha2::{Digest, Sha256};

use crate::contracts::{AMERICAN, CALL, Contract, worth};
use crate::engine::{Effects, Engine};
use crate::instrument::FUTURE;
use crate::ledger::SETTLEMENT;
use crate::messages::{Assigned, Exercise, Exercised, ExpirySettled, Posted, SettleExpiry, Settled};
use crate::names::{Reason, Template};
use crate::perpetual::Position;

/// What the end of a position moves, seen from its account: signed amounts of the quote and the base asset, and lots of the
/// future that is delivered, at the strike. `cash` is what its price was worth, `pays` what is paid for the delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ends {
    cash: i64,
    pays: i64,
    base: i64,
    lots: i64,
}

impl Engine {
    pub(crate) fn settle_expiry(&mut self, c: &SettleExpiry, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.at(c.instrument)?;
        let contract = self.check_settled(at, c)?;
        let held: Vec<(u32, i64)> = self.instruments[at].positions.iter().map(|(who, p)| (*who, p.quantity)).collect();
        let ends = |&(account, quantity): &(u32, i64)| {
            let ends = self.ends_at(at, &contract, quantity, c.price)?;
            self.check_delivery(&contract, account, ends.lots)?;
            Ok((account, ends))
        };
        let all = held.iter().map(ends).collect::<Result<Vec<_>, Reason>>()?;
        effects.push(&ExpirySettled { instrument: c.instrument, price: c.price });
        for (account, ends) in all {
            // whoever was listed above is still there: what others are delivered goes to other instruments
            let mut position = self.instruments[at].positions.remove(&account).expect("a position that was listed");
            let had = std::mem::take(&mut position.quantity) != 0;
            let Self { instruments, ledger, .. } = self;
            instruments[at].hold_of(ledger, account, &mut position);
            instruments[at].revalue(ledger, account, &mut position);
            if had {
                self.fulfil(at, (account, position), ends, effects);
            }
        }
        self.instruments[at].contract = Some(Contract { settled: true, ..contract });
        Ok(())
    }

    pub(crate) fn exercise(&mut self, c: &Exercise, effects: &mut Effects) -> Result<(), Reason> {
        self.may_trade(c.account)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            let at = engine.at(c.instrument)?;
            let (contract, price) = engine.check_exercise(at, c)?;
            let shares = engine.assign(at, c.quantity);
            let one = |&(account, quantity): &(u32, i64)| {
                let ends = engine.fulfilment(at, &contract, -quantity, price)?;
                engine.check_delivery(&contract, account, ends.lots)?;
                Ok((account, quantity, ends))
            };
            let assigned = shares.iter().map(one).collect::<Result<Vec<_>, Reason>>()?;
            let ends = engine.fulfilment(at, &contract, c.quantity, price)?;
            engine.check_exerciser(at, &contract, c, ends)?;
            effects.push(&Exercised { account: c.account, instrument: c.instrument, quantity: c.quantity });
            engine.give_up(at, (c.account, -c.quantity), ends, effects);
            for (account, quantity, ends) in assigned {
                effects.push(&Assigned { account, instrument: c.instrument, quantity });
                engine.give_up(at, (account, quantity), ends, effects);
            }
            Ok(false)
        })
    }

    /// What a position is worth at its expiry: a future's last move and its delivery, an option's exercise where it gains.
    fn ends_at(&self, at: usize, contract: &Contract, quantity: i64, price: i64) -> Result<Ends, Reason> {
        let instrument = &self.instruments[at];
        if instrument.is_option() {
            let gains = contract.intrinsic(price) > 0;
            return if gains { self.fulfilment(at, contract, quantity, price) } else { Ok(Ends::default()) };
        }
        let way = price - contract.terms.floor - instrument.settlement_mark;
        let cash = worth(way, quantity, instrument.num)?;
        if !contract.is_physical() {
            return Ok(Ends { cash, ..Ends::default() });
        }
        Ok(Ends { cash, pays: worth(-price, quantity, instrument.num)?, base: delivered(contract, quantity)?, lots: 0 })
    }

    /// What an option's use moves for an account that is long (short: negative) so many of it.
    fn fulfilment(&self, at: usize, contract: &Contract, quantity: i64, price: i64) -> Result<Ends, Reason> {
        let instrument = &self.instruments[at];
        if !contract.is_physical() {
            return Ok(Ends { cash: worth(contract.intrinsic(price), quantity, instrument.num)?, ..Ends::default() });
        }
        let takes = if contract.terms.right == CALL { quantity } else { -quantity };
        let Some(future) = self.delivered_future(contract) else {
            let pays = worth(-contract.terms.strike, takes, instrument.num)?;
            return Ok(Ends { pays, base: delivered(contract, takes)?, ..Ends::default() });
        };
        let future = &self.instruments[future];
        let way = future.quoted(future.settlement_mark) - contract.terms.strike;
        Ok(Ends { cash: worth(way, takes, future.num)?, lots: takes, ..Ends::default() })
    }

    fn delivered_future(&self, contract: &Contract) -> Option<usize> {
        let at = (contract.terms.underlying as usize).checked_sub(1)?;
        (contract.is_physical() && self.instruments[at].terms.kind == FUTURE).then_some(at)
    }

    /// The account's position in the delivered future, if there is one, with what it gets.
    fn with_delivery(&self, contract: &Contract, account: u32, lots: i64) -> Option<(usize, Position)> {
        let at = self.delivered_future(contract).filter(|_| lots != 0)?;
        let mut position = self.instruments[at].positions.get(&account).copied().unwrap_or_default();
        position.quantity += lots;
        Some((at, position))
    }

    fn check_delivery(&self, contract: &Contract, account: u32, lots: i64) -> Result<(), Reason> {
        match self.with_delivery(contract, account, lots) {
            Some((at, position)) if !position.fits(&self.instruments[at], 0, 0) => Err(Reason::NotionalTooLarge),
            _ => Ok(()),
        }
    }

    /// May the option be used now? Tells the price that a cash option is used at.
    fn check_exercise(&self, at: usize, c: &Exercise) -> Result<(Contract, i64), Reason> {
        let instrument = &self.instruments[at];
        let contract = instrument.contract.ok_or(Reason::NoContract)?;
        instrument.check_contract()?;
        self.check_expiry(at)?;
        if !instrument.is_option() || contract.terms.style != AMERICAN {
            return Err(Reason::NotExercisable);
        }
        if c.quantity <= 0 {
            return Err(Reason::QuantityNotPositive);
        }
        if c.quantity > instrument.positions.get(&c.account).map_or(0, |position| position.quantity) {
            return Err(Reason::QuantityTooLarge);
        }
        if let Some(future) = self.delivered_future(&contract) {
            self.instruments[future].check_contract()?;
        }
        if contract.is_physical() {
            return Ok((contract, 0));
        }
        let on = &self.instruments[contract.terms.underlying as usize - 1];
        if on.reference() == 0 {
            return Err(Reason::NoSettlementPrice);
        }
        let price = on.quoted(on.reference());
        if contract.intrinsic(price) > 0 { Ok((contract, price)) } else { Err(Reason::NotExercisable) }
    }

    /// Who uses an option must have what it costs. Who is assigned took that on when it sold.
    fn check_exerciser(&self, at: usize, contract: &Contract, c: &Exercise, ends: Ends) -> Result<(), Reason> {
        let instrument = &self.instruments[at];
        let more = |at: usize, position: &Position| {
            let instrument = &self.instruments[at];
            i128::from(instrument.own_hold(&self.ledger, c.account, position)) - i128::from(position.hold)
        };
        let mut left = instrument.positions[&c.account];
        left.quantity -= c.quantity;
        let mut due = more(at, &left) - i128::from(ends.cash) - i128::from(ends.pays);
        if let Some((future, position)) = self.with_delivery(contract, c.account, ends.lots) {
            self.check_delivery(contract, c.account, ends.lots)?;
            due += more(future, &position);
        }
        let quote = self.ledger.look(c.account, instrument.terms.quote);
        let base = self.ledger.look(c.account, instrument.terms.base);
        let (own, available) = (
            base.own() - self.ledger.unrealised_loss(c.account, instrument.terms.base),
            quote.available() - self.ledger.unrealised_loss(c.account, instrument.terms.quote),
        );
        let short_of_base = ends.base < 0 && -i128::from(ends.base) > own;
        if short_of_base || (due > 0 && due > available && !quote.endless()) {
            return Err(Reason::InsufficientFunds);
        }
        Ok(())
    }

    /// How many of the exercised options each short account fulfils, by account: pro rata, rounded down; each that is left
    /// goes to another account, in the order of a digest of this record's number and the account's.
    fn assign(&self, at: usize, quantity: i64) -> Vec<(u32, i64)> {
        let positions = self.instruments[at].positions.iter();
        let shorts: Vec<(u32, i64)> =
            positions.filter(|(_, p)| p.quantity < 0).map(|(a, p)| (*a, -p.quantity)).collect();
        let all: i128 = shorts.iter().map(|(_, short)| i128::from(*short)).sum();
        let share = |short: i64| (i128::from(quantity) * i128::from(short) / all) as i64;
        let mut shares: Vec<(u32, i64)> = shorts.iter().map(|(account, short)| (*account, share(*short))).collect();
        let rest = quantity - shares.iter().map(|(_, share)| share).sum::<i64>();
        let mut drawn: Vec<usize> = (0..shares.len()).collect();
        drawn.sort_by_cached_key(|place| self.lot_of(shares[*place].0));
        for place in drawn.into_iter().take(rest as usize) {
            shares[place].1 += 1;
        }
        shares.retain(|(_, share)| *share > 0);
        shares
    }

    /// What decides an account's place in the draw.
    fn lot_of(&self, account: u32) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.sequence.to_le_bytes());
        digest.update(account.to_le_bytes());
        digest.finalize().into()
    }

    /// The position moves by `change`, and what ends with it is fulfilled.
    fn give_up(&mut self, at: usize, (account, change): (u32, i64), ends: Ends, effects: &mut Effects) {
        let Self { instruments, ledger, .. } = self;
        let mark = instruments[at].settlement_mark;
        instruments[at].shift(ledger, account, (change, mark), (true, 0, 0));
        let position = instruments[at].positions[&account];
        self.fulfil(at, (account, position), ends, effects);
    }

    /// Posts what the end of a position moves; then says what is left of it.
    fn fulfil(&mut self, at: usize, (account, position): (u32, Position), ends: Ends, effects: &mut Effects) {
        let terms = self.instruments[at].terms;
        let contract = self.instruments[at].contract.expect("a contract");
        self.owe(account, terms.quote, ends.cash, Template::Settlement, effects);
        if !self.instruments[at].is_option() {
            self.ledger.earn(account, terms.quote, ends.cash);
        }
        self.owe(account, terms.quote, ends.pays, Template::Payment, effects);
        self.owe(account, terms.base, ends.base, Template::Delivery, effects);
        let amount = if ends.lots == 0 { ends.cash } else { 0 };
        let Position { quantity, hold, .. } = position;
        effects.push(&Settled { account, instrument: at as u32 + 1, position: quantity, amount, hold });
        if let Some((future, moved)) = self.with_delivery(&contract, account, ends.lots) {
            let Self { instruments, ledger, .. } = self;
            let price = contract.terms.strike - instruments[future].quoted(0);
            let hold = instruments[future].shift(ledger, account, (ends.lots, price), (true, 0, 0));
            let (instrument, position) = (contract.terms.underlying, moved.quantity);
            effects.push(&Settled { account, instrument, position, amount: ends.cash, hold });
        }
    }

    /// Pays the account, or (negative) takes from it; whoever cannot pay is short of it and freezes.
    fn owe(&mut self, account: u32, asset: u32, amount: i64, template: Template, effects: &mut Effects) {
        if amount == 0 {
            return;
        }
        if self.ledger.trades(account) {
            self.ledger.margin(account, asset);
        }
        let (source, target) = if amount < 0 { (account, SETTLEMENT) } else { (SETTLEMENT, account) };
        self.ledger.post(source, target, asset, amount.abs());
        effects.push(&Posted { source, target, asset, template: template as u8, amount: amount.abs() });
    }
}

/// Base units that a contract brings to who is long so many.
fn delivered(contract: &Contract, quantity: i64) -> Result<i64, Reason> {
    quantity.checked_mul(contract.base_units).ok_or(Reason::NotionalTooLarge)
}
