//! Portfolio margin: what all positions of an account that have risk arrays hold together, with the worst of their orders.
//!
//! Five cases are reckoned: no order fills; all buys; all sells; all that add delta; all that take delta. Each is the SPAN
//! requirement of the positions as they would be then, and what the fills cost. The account holds the greatest.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use isthmus_margin::span::{Fault, Position as Lot, Workspace};

use crate::engine::{Effects, Engine};
use crate::instrument::Instrument;
use crate::ledger::Ledger;
use crate::messages::{MarginModeSet, Margined, SetMarginMode, Settled};
use crate::names::Reason;
use crate::perpetual::{Position, Valued};
use crate::values::{PPM, ceil_div};

/// Modes of margin.
pub const ISOLATED: u8 = 1;
pub const PORTFOLIO: u8 = 2;
/// What an account holds at most; also where its requirement is beyond all numbers.
pub const NEED_MAX: i128 = 1 << 62;

/// What portfolio margin knows of an instrument: its contract of the parameters, the value of a long one, does a long one
/// add delta?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scanned {
    pub instrument: u32,
    pub contract: u32,
    pub value: i64,
    pub long: bool,
}

/// An account whose positions are margined together: the instruments in which it may have any, what it holds by asset, and
/// what it counts for in its margin (follows from the positions).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Portfolio {
    pub instruments: BTreeSet<u32>,
    pub holds: BTreeMap<u32, i64>,
    pub(crate) counted: BTreeMap<u32, Valued>,
}

/// What positions require with the worst of their orders, and alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Need {
    all: i64,
    kept: i64,
}

/// Live orders of one side: lots, and what their fills cost beyond the value of what they bring.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    lots: i64,
    cost: i128,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    contract: u32,
    currency: usize,
    long: bool,
    buys: Side,
    sells: Side,
}

/// The room that checks share; nothing of it outlives a check, so that a copy begins with an empty one.
#[derive(Debug, Default)]
pub(crate) struct Room(Mutex<Scratch>);

impl Clone for Room {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Room {
    fn enter(&self) -> MutexGuard<'_, Scratch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for one reckoning. By currency: `needs`, what is required, and `kept`, what positions alone require.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch {
    space: Workspace,
    lots: Vec<Lot>,
    open: Vec<Open>,
    costs: Vec<i128>,
    needs: Vec<i128>,
    kept: Vec<i128>,
}

/// Which orders a case fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Buys,
    Sells,
    Adding,
    Taking,
}

/// What an account would hold with an order, and whether it may place it. `need` and `hold`: with and without it;
/// `available`: beyond what is held; all of the asset that the instrument is margined in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhatIf {
    pub asset: u32,
    pub need: i128,
    pub hold: i64,
    pub available: i128,
    pub reason: Option<Reason>,
}

impl Portfolio {
    /// The account's margin calls go by what its positions require: called below all of it, liquidatable below what they
    /// require without orders.
    fn count(&mut self, ledger: &mut Ledger, account: u32, asset: u32, need: Need) {
        let now = Valued { initial: need.all.into(), maintenance: need.kept.into(), ..Valued::default() };
        let before = self.counted.get(&asset).copied().unwrap_or_default();
        if now != before {
            ledger.margin(account, asset);
            ledger.count_margin(account, asset, &before, &now);
            self.counted.insert(asset, now);
        }
    }
}

impl Case {
    fn fills(self, buys: bool, long: bool) -> bool {
        match self {
            Self::Buys => buys,
            Self::Sells => !buys,
            Self::Adding => buys == long,
            Self::Taking => buys != long,
        }
    }
}

impl Scratch {
    /// Notes a position and its live orders.
    fn count(&mut self, instrument: &Instrument, scanned: &Scanned, position: &Position) {
        if position.quantity != 0 {
            self.lots.push(Lot { contract: scanned.contract, quantity: position.quantity });
        }
        if position.buy != 0 || position.sell != 0 {
            self.open.push(Open {
                contract: scanned.contract,
                currency: instrument.terms.quote as usize - 1,
                long: scanned.long,
                buys: Side { lots: position.buy, cost: buy_cost(instrument, scanned, position) },
                sells: Side { lots: -position.sell, cost: sell_cost(instrument, scanned, position) },
            });
        }
    }

    /// The cases that differ: where every order adds delta or none does, two of them are the others again.
    fn cases(&self) -> &'static [Case] {
        let all = |long: bool| self.open.iter().all(|open| open.long == long);
        match self.open.is_empty() {
            true => &[],
            false if all(true) || all(false) => &[Case::Buys, Case::Sells],
            false => &[Case::Buys, Case::Sells, Case::Adding, Case::Taking],
        }
    }

    /// Adds the orders that the case fills to the positions, and their cost; is there any?
    fn fill(&mut self, case: Case) -> bool {
        let Self { lots, open, costs, .. } = self;
        costs.fill(0);
        let before = lots.len();
        for open in open.iter() {
            for (buys, side) in [(true, open.buys), (false, open.sells)] {
                if side.lots != 0 && case.fills(buys, open.long) {
                    lots.push(Lot { contract: open.contract, quantity: side.lots });
                    costs[open.currency] += side.cost;
                }
            }
        }
        lots.len() != before
    }
}

fn fee(instrument: &Instrument, value: i128) -> i128 {
    ceil_div(value * i128::from(instrument.worst_fee_ppm()), i128::from(PPM))
}

/// Buys pay their premium, or what is lost to the mark, and at least what they bring counts for.
fn buy_cost(instrument: &Instrument, scanned: &Scanned, position: &Position) -> i128 {
    let num = i128::from(instrument.num);
    let (lots, paid) = (i128::from(position.buy), position.buy_value * num);
    let cost = if instrument.is_option() {
        paid.max(lots * i128::from(scanned.value))
    } else {
        (paid - lots * i128::from(instrument.settlement_mark) * num).max(0)
    };
    cost + fee(instrument, paid)
}

/// Sells bring their premium, but no more than what they give away counts for.
fn sell_cost(instrument: &Instrument, scanned: &Scanned, position: &Position) -> i128 {
    let num = i128::from(instrument.num);
    let (lots, got) = (i128::from(position.sell), position.sell_value * num);
    let cost = if instrument.is_option() {
        -got.min(lots * i128::from(scanned.value))
    } else {
        (lots * i128::from(instrument.settlement_mark) * num - got).max(0)
    };
    cost + fee(instrument, got)
}

impl Engine {
    /// What the account needs by currency, its position in one instrument taken as `changed`.
    fn reckon(&self, account: u32, changed: Option<(usize, &Position)>, out: &mut Scratch) -> Result<(), Fault> {
        let currencies = self.contracts.parameters.currencies();
        out.lots.clear();
        out.open.clear();
        for sums in [&mut out.needs, &mut out.costs, &mut out.kept] {
            sums.clear();
            sums.resize(currencies, 0);
        }
        let mut taken = false;
        for number in self.ledger.portfolios.get(&account).into_iter().flat_map(|portfolio| &portfolio.instruments) {
            let at = *number as usize - 1;
            let instrument = &self.instruments[at];
            let other = changed.filter(|(place, _)| *place == at).map(|(_, position)| position);
            taken |= other.is_some();
            if let (Some(scanned), Some(position)) =
                (&instrument.scanned, other.or_else(|| instrument.positions.get(&account)))
            {
                out.count(instrument, scanned, position);
            }
        }
        if let Some((at, position)) = changed.filter(|_| !taken)
            && let Some(scanned) = &self.instruments[at].scanned
        {
            out.count(&self.instruments[at], scanned, position);
        }
        self.reckon_cases(out)
    }

    fn reckon_cases(&self, out: &mut Scratch) -> Result<(), Fault> {
        let (parameters, held) = (&self.contracts.parameters, out.lots.len());
        let first = parameters.requirement(&mut out.space, &out.lots)?;
        for (need, found) in out.needs.iter_mut().zip(first) {
            *need = found.requirement.into();
        }
        out.kept.copy_from_slice(&out.needs);
        for case in out.cases() {
            if out.fill(*case) {
                let found = parameters.requirement(&mut out.space, &out.lots)?;
                for ((need, found), cost) in out.needs.iter_mut().zip(found).zip(&out.costs) {
                    *need = (*need).max(i128::from(found.requirement) + cost);
                }
            }
            out.lots.truncate(held);
        }
        Ok(())
    }

    /// May the account's position in the instrument become `new`? What lowers a requirement always passes.
    pub(crate) fn check_portfolio(&self, at: usize, account: u32, new: &Position) -> Result<(), Reason> {
        let mut scratch = self.contracts.room.enter();
        self.reckon(account, Some((at, new)), &mut scratch).map_err(|_| Reason::NotionalTooLarge)?;
        if scratch.needs.iter().any(|need| *need > NEED_MAX) {
            return Err(Reason::NotionalTooLarge);
        }
        let holds = &self.ledger.portfolios[&account].holds;
        for (need, asset) in scratch.needs.iter().zip(1u32..) {
            let more = need - i128::from(holds.get(&asset).copied().unwrap_or(0));
            if more <= 0 {
                continue;
            }
            let balance = self.ledger.look(account, asset);
            if self.ledger.may_only_close(account, asset) {
                return Err(Reason::AccountFrozen);
            }
            let available = balance.available() - self.ledger.unrealised_loss(account, asset);
            if more > available && !balance.endless() {
                return Err(Reason::InsufficientMargin);
            }
        }
        Ok(())
    }

    /// Accounts that were touched hold what they need now.
    pub(crate) fn margin_portfolios(&mut self, effects: &mut Effects) {
        let mut touched = std::mem::take(&mut self.ledger.remargin);
        touched.sort_unstable();
        touched.dedup();
        for account in touched.drain(..) {
            self.margin_portfolio(account, effects);
        }
        self.ledger.remargin = touched;
    }

    fn margin_portfolio(&mut self, account: u32, effects: &mut Effects) {
        let needs = self.needs(account);
        let Self { instruments, ledger, .. } = self;
        let Some(mut portfolio) = ledger.portfolios.remove(&account) else {
            return;
        };
        portfolio.instruments.retain(|number| {
            let position = instruments[*number as usize - 1].positions.get(&account);
            position.is_some_and(|position| position.quantity != 0 || position.buy != 0 || position.sell != 0)
        });
        let known = portfolio.holds.keys().chain(portfolio.counted.keys());
        let assets: BTreeSet<u32> = needs.keys().chain(known).copied().collect();
        for asset in assets {
            let before = portfolio.holds.get(&asset).copied().unwrap_or(0);
            let endless = ledger.look(account, asset).endless();
            let need = needs.get(&asset).copied().unwrap_or_default();
            portfolio.count(ledger, account, asset, need);
            let hold = if endless { 0 } else { need.all };
            if hold != before {
                ledger.margin(account, asset);
                ledger.hold(account, asset, hold - before);
                portfolio.holds.insert(asset, hold);
                effects.push(&Margined { account, asset, hold });
            }
        }
        portfolio.holds.retain(|_, hold| *hold != 0);
        ledger.portfolios.insert(account, portfolio);
    }

    /// What the account needs by asset; the most there is in each of its assets where that is beyond all numbers.
    fn needs(&self, account: u32) -> BTreeMap<u32, Need> {
        let mut scratch = self.contracts.room.enter();
        if self.reckon(account, None, &mut scratch).is_err() {
            let numbers = self.ledger.portfolios.get(&account).into_iter().flat_map(|portfolio| &portfolio.instruments);
            let scanned = numbers.map(|number| &self.instruments[*number as usize - 1]).filter(|i| i.scanned.is_some());
            let held = scanned.filter(|instrument| instrument.positions.contains_key(&account));
            let most = Need { all: NEED_MAX as i64, kept: NEED_MAX as i64 };
            return held.map(|instrument| (instrument.terms.quote, most)).collect();
        }
        let within = |need: i128| need.min(NEED_MAX) as i64;
        let all = scratch.needs.iter().zip(&scratch.kept).zip(1u32..);
        let needs = all.map(|((all, kept), asset)| (asset, Need { all: within(*all), kept: within(*kept) }));
        needs.filter(|(_, need)| need.all != 0).collect()
    }

    /// What accounts margined together count for, after the state was read back.
    pub(crate) fn count_portfolios(&mut self) {
        let accounts: Vec<u32> = self.ledger.portfolios.keys().copied().collect();
        for account in accounts {
            let needs = self.needs(account);
            let Self { instruments, ledger, .. } = self;
            let mut portfolio = ledger.portfolios.get(&account).cloned().unwrap_or_default();
            for number in &portfolio.instruments {
                let at = *number as usize - 1;
                if let Some(mut position) = instruments[at].positions.get(&account).copied() {
                    instruments[at].revalue(ledger, account, &mut position);
                    instruments[at].positions.insert(account, position);
                }
            }
            needs.into_iter().for_each(|(asset, need)| portfolio.count(ledger, account, asset, need));
            ledger.portfolios.insert(account, portfolio);
        }
        self.ledger.touched.clear();
    }

    /// The positions of accounts margined together in an instrument that gained or lost its array hold anew.
    pub(crate) fn hold_anew(&mut self, at: usize, gained: bool, effects: &mut Effects) {
        let accounts: Vec<u32> = self.ledger.portfolios.keys().copied().collect();
        for account in accounts {
            if !gained && let Some(portfolio) = self.ledger.portfolios.get_mut(&account) {
                portfolio.instruments.remove(&(at as u32 + 1));
            }
            self.rehold(at, account, effects);
        }
    }

    /// A position that holds otherwise says so.
    fn rehold(&mut self, at: usize, account: u32, effects: &mut Effects) {
        let Self { instruments, ledger, .. } = self;
        let Some(mut position) = instruments[at].positions.get(&account).copied() else {
            return;
        };
        let before = position.hold;
        let hold = instruments[at].hold_of(ledger, account, &mut position);
        instruments[at].revalue(ledger, account, &mut position);
        instruments[at].positions.insert(account, position);
        if hold != before {
            let (instrument, position) = (at as u32 + 1, position.quantity);
            effects.push(&Settled { account, instrument, position, amount: 0, hold });
        }
    }

    pub(crate) fn set_margin_mode(&mut self, c: &SetMarginMode, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        if !matches!(c.mode, ISOLATED | PORTFOLIO) {
            return Err(Reason::UnknownMode);
        }
        if (c.mode == PORTFOLIO) != self.ledger.is_portfolio(c.account) {
            self.switch_mode(c.account, c.mode, effects)?;
        } else {
            effects.push(&MarginModeSet { account: c.account, mode: c.mode });
        }
        Ok(())
    }

    /// The account holds by the other rule from now on, if it can.
    fn switch_mode(&mut self, account: u32, mode: u8, effects: &mut Effects) -> Result<(), Reason> {
        let scanned = (0..self.instruments.len()).filter(|at| self.instruments[*at].scanned.is_some());
        let held: Vec<usize> = scanned.filter(|at| self.instruments[*at].positions.contains_key(&account)).collect();
        let former = self.ledger.portfolios.remove(&account);
        if mode == PORTFOLIO {
            let instruments = held.iter().map(|at| *at as u32 + 1).collect();
            self.ledger.portfolios.insert(account, Portfolio { instruments, ..Portfolio::default() });
        }
        if let Err(reason) = self.check_mode(account, mode, &held, former.as_ref()) {
            self.ledger.portfolios.remove(&account);
            self.ledger.portfolios.extend(former.map(|former| (account, former)));
            return Err(reason);
        }
        effects.push(&MarginModeSet { account, mode });
        let former = former.unwrap_or_default();
        for (asset, counted) in &former.counted {
            self.ledger.count_margin(account, *asset, counted, &Valued::default());
        }
        for (asset, hold) in former.holds {
            self.ledger.hold(account, asset, -hold);
            effects.push(&Margined { account, asset, hold: 0 });
        }
        held.into_iter().for_each(|at| self.rehold(at, account, effects));
        Ok(())
    }

    /// Is what the account would hold by the other rule there?
    fn check_mode(&self, account: u32, mode: u8, held: &[usize], former: Option<&Portfolio>) -> Result<(), Reason> {
        let mut more: BTreeMap<u32, i128> = BTreeMap::new();
        if mode == PORTFOLIO {
            more.extend(self.needs(account).into_iter().map(|(asset, need)| (asset, need.all.into())));
        }
        for (asset, hold) in former.into_iter().flat_map(|former| &former.holds) {
            *more.entry(*asset).or_default() -= i128::from(*hold);
        }
        for at in held {
            let (instrument, position) = (&self.instruments[*at], &self.instruments[*at].positions[&account]);
            let now = instrument.own_hold(&self.ledger, account, position);
            *more.entry(instrument.terms.quote).or_default() += i128::from(now) - i128::from(position.hold);
        }
        let lacks = |(asset, more): (&u32, &i128)| {
            let balance = self.ledger.look(account, *asset);
            let available = balance.available() - self.ledger.unrealised_loss(account, *asset);
            *more > 0 && *more > available && !balance.endless()
        };
        if more.iter().any(lacks) { Err(Reason::InsufficientMargin) } else { Ok(()) }
    }

    /// What a limit order in an instrument that is held as a position would do to its account's margin. Changes nothing.
    pub fn what_if(
        &self,
        account: u32,
        number: u32,
        buys: bool,
        (price, quantity): (i64, i64),
    ) -> Result<WhatIf, Reason> {
        let at = self.at(number)?;
        self.may_trade(account)?;
        let instrument = &self.instruments[at];
        if !instrument.is_perpetual() {
            return Err(Reason::NoContract);
        }
        crate::place::check_quantity(quantity, instrument.terms.lot)?;
        crate::place::check_price(price, instrument.tick_at(price))?;
        let old = instrument.positions.get(&account).copied().unwrap_or_default();
        let mut new = old;
        new.count(buys, quantity, i128::from(price) * i128::from(quantity));
        let reason = self.check_perpetual(at, account, &old, &new, price).err();
        let asset = instrument.margin_asset();
        let (need, hold) = if instrument.scanned.is_some() && self.ledger.is_portfolio(account) {
            let mut scratch = self.contracts.room.enter();
            self.reckon(account, Some((at, &new)), &mut scratch).map_err(|_| Reason::NotionalTooLarge)?;
            let holds = &self.ledger.portfolios[&account].holds;
            (scratch.needs[asset as usize - 1], holds.get(&asset).copied().unwrap_or(0))
        } else {
            (instrument.own_hold(&self.ledger, account, &new).into(), old.hold)
        };
        let available = self.ledger.look(account, asset).available() - self.ledger.unrealised_loss(account, asset);
        Ok(WhatIf { asset, need, hold, available, reason })
    }
}
