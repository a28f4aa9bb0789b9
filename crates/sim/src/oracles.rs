//! What holds in every state that an engine can reach, computed from scratch and by other means than the engine's.
use std::collections::{BTreeMap, HashSet};

use isthmus_core::Engine;
use isthmus_core::instrument::Instrument;
use isthmus_core::ledger::VENUE;
use isthmus_core::messages::{ClientId, Command, Effect};
use isthmus_core::orders::{ASIDE, HAS_SPECIAL, Order, REQUEST, ROUTED, UNHELD};

use crate::world::PLAIN;

type Held = BTreeMap<(u32, u32), i128>;

/// Every oracle over the state; the name of the first that is broken.
pub fn check(engine: &Engine) -> Result<(), &'static str> {
    if !conserved(engine) {
        return Err("conservation");
    }
    if crossed(engine) {
        return Err("crossed book at rest");
    }
    if over_filling(engine) {
        return Err("house children within their parent");
    }
    if overdrawn(engine) {
        return Err("a bank pays what it has");
    }
    if demanded(engine)? != held(engine) {
        return Err("holds equal to open risk");
    }
    Ok(())
}

/// Over all accounts every asset sums to zero.
fn conserved(engine: &Engine) -> bool {
    let mut sums: BTreeMap<u32, i128> = BTreeMap::new();
    for balance in engine.ledger.accounts.iter().flat_map(|account| &account.balances) {
        *sums.entry(balance.asset).or_default() += balance.amount;
    }
    sums.values().all(|sum| *sum == 0)
}

/// Does a bank owe us less than nothing, what is promised out of it counted in?
fn overdrawn(engine: &Engine) -> bool {
    let banks = engine.ledger.accounts.iter().filter(|account| account.place.is_bank());
    banks.flat_map(|account| &account.balances).any(|balance| balance.amount + balance.held > 0)
}

fn crossed(engine: &Engine) -> bool {
    let book = engine.markets.get(PLAIN as usize - 1).map(|market| &market.book);
    let best = book.map(|book| (book.buys.best(), book.sells.best()));
    matches!(best, Some((Some(bid), Some(ask))) if bid >= ask)
}

/// Could children at the house trade more than is left of their parent?
fn over_filling(engine: &Engine) -> bool {
    engine.parents.families.iter().any(|(parent, family)| {
        let rows = family.children.iter().filter_map(|id| engine.orders.find(*id));
        let house = rows.map(|row| engine.orders.get(row)).filter(|order| order.marks & ROUTED == 0);
        let worked: i64 = house.map(|order| order.left).sum();
        let filled = engine.orders.find(*parent).map_or(0, |row| engine.orders.filled(row));
        worked > 0 && worked > family.total - filled
    })
}

fn held(engine: &Engine) -> Held {
    let accounts = engine.ledger.accounts.iter().zip(0u32..);
    let all = accounts.flat_map(|(account, number)| account.balances.iter().map(move |b| ((number, b.asset), b.held)));
    all.filter(|(_, amount)| *amount != 0).collect()
}

fn up(value: i128, by: i128) -> i128 {
    value.div_euclid(by) + i128::from(value.rem_euclid(by) > 0)
}

/// What live orders, positions and pending transfers need.
fn demanded(engine: &Engine) -> Result<Held, &'static str> {
    let mut held = Held::new();
    for row in engine.orders.by_id() {
        let order = engine.orders.get(row);
        let instrument = &engine.instruments[order.at()];
        if instrument.is_perpetual() {
            continue;
        }
        let due = (spot_hold(instrument, order) - of_pair(engine, row, order)).max(0);
        if order.marks & ROUTED == 0 && i128::from(order.hold) != due {
            return Err("an order holds what it may cost");
        }
        *held.entry((order.account, instrument.held_asset(order))).or_default() += i128::from(order.hold);
    }
    for (instrument, number) in engine.instruments.iter().zip(1u16..) {
        if instrument.is_perpetual() {
            demand_positions(engine, instrument, number, &mut held);
        }
    }
    // what arrays require is compared by the twin (tests/oracle/span.py)
    for (account, portfolio) in &engine.ledger.portfolios {
        for (asset, hold) in &portfolio.holds {
            *held.entry((*account, *asset)).or_default() += i128::from(*hold);
        }
    }
    for waiting in engine.transfers.pending.values() {
        let (source, target) = (engine.ledger.place(waiting.source), engine.ledger.place(waiting.target));
        let holding = [(waiting.source, source.is_holder()), (waiting.target, target.is_bank())];
        for (account, _) in holding.into_iter().filter(|(_, holds)| *holds) {
            *held.entry((account, waiting.asset)).or_default() += i128::from(waiting.amount);
        }
    }
    held.retain(|_, amount| *amount != 0);
    Ok(held)
}

/// What the earlier order of a pair on one side holds for both, since only one of them can trade.
fn of_pair(engine: &Engine, row: u32, order: &Order) -> i128 {
    let pair = engine.orders.special(row).filter(|_| order.marks & HAS_SPECIAL != 0).map_or(0, |s| s.one_cancels);
    let earlier = engine.orders.find(pair).filter(|_| pair != 0 && pair < order.id).map(|row| engine.orders.get(row));
    earlier.filter(|other| other.side == order.side && !order.is_at_market()).map_or(0, |other| other.hold.into())
}

fn spot_hold(instrument: &Instrument, order: &Order) -> i128 {
    if order.marks & (UNHELD | ASIDE) != 0 {
        return 0;
    }
    let left = i128::from(order.left);
    if !order.buys() {
        return left * i128::from(instrument.base_units);
    }
    let exact = i128::from(order.price) * left * i128::from(instrument.num) - i128::from(order.value_carry);
    let value = up(exact, i128::from(instrument.den)).max(0);
    let rate = instrument.terms.maker_fee_ppm.max(instrument.terms.taker_fee_ppm).max(0);
    value + up(value * i128::from(rate) - i128::from(order.fee_carry), 1_000_000).max(0)
}

/// The orders of one account in a perpetual (but its requests, which hold nothing): lots, and price x lots, of buys and
/// sells.
#[derive(Default)]
struct Sides {
    lots: [i128; 2],
    value: [i128; 2],
}

fn demand_positions(engine: &Engine, instrument: &Instrument, number: u16, held: &mut Held) {
    let mut sides: BTreeMap<u32, Sides> = BTreeMap::new();
    for row in engine.orders.by_id() {
        let order = engine.orders.get(row);
        if order.instrument == number && order.kind != REQUEST {
            let side = usize::from(!order.buys());
            let sum = sides.entry(order.account).or_default();
            let (lots, value) = order.exposure();
            sum.lots[side] += i128::from(lots);
            sum.value[side] += value;
        }
    }
    let quote = instrument.terms.quote;
    let holders: HashSet<u32> = instrument.positions.keys().chain(sides.keys()).copied().collect();
    for account in holders {
        let endless = engine.ledger.look(account, quote).endless();
        let together =
            engine.ledger.is_portfolio(account) && engine.contracts.applied.arrays.contains_key(&number.into());
        if engine.ledger.kind(account) != VENUE && !endless && !together {
            let position = instrument.positions.get(&account).map_or(0, |p| i128::from(p.quantity));
            let leverage = instrument.positions.get(&account).map_or(0, |p| p.leverage_bps);
            let need = margin(instrument, leverage, position, sides.get(&account).unwrap_or(&Sides::default()));
            *held.entry((account, quote)).or_default() += need;
        }
    }
}

fn margin(instrument: &Instrument, leverage: u32, position: i128, sides: &Sides) -> i128 {
    let (num, terms) = (i128::from(instrument.num), &instrument.terms);
    let rate = i128::from(terms.maker_fee_ppm.max(terms.taker_fee_ppm).max(0));
    let closing = [(-position).max(0), position.max(0)];
    if instrument.is_option() {
        return option_margin(instrument, position, sides);
    }
    let held = position.abs() * i128::from(instrument.settlement_mark) * num;
    let opening = [0, 1].map(|side| {
        let (lots, value) = (sides.lots[side], sides.value[side]);
        if lots > 0 { up(value * num * (lots - closing[side]).max(0), lots) } else { 0 }
    });
    let exposure = held + opening[0].max(opening[1]);
    let tiers = instrument.tiers.iter().filter(|tier| i128::from(tier.from_notional) <= exposure);
    let own = if leverage == 0 { terms.initial_margin_bps } else { leverage };
    let bps = i128::from(tiers.map(|tier| tier.initial_bps).fold(own, u32::max));
    let fees: i128 = opening.iter().map(|worth| up(worth * rate, 1_000_000)).sum();
    fees + [held, opening[0], opening[1]].iter().map(|worth| up(worth * bps, 10_000)).sum::<i128>()
}

/// Buys hold the premium of what they open; shorts, and sells that open one, the mark and a share of the strike.
fn option_margin(instrument: &Instrument, position: i128, sides: &Sides) -> i128 {
    let (num, terms) = (i128::from(instrument.num), &instrument.terms);
    let rate = i128::from(terms.maker_fee_ppm.max(terms.taker_fee_ppm).max(0));
    let strike = instrument.contract.map_or(0, |contract| i128::from(contract.terms.strike.abs()));
    let closing = [(-position).max(0), position.max(0)];
    let opens = [0, 1].map(|side| (sides.lots[side] - closing[side]).max(0));
    let worth = |side: usize| match sides.lots[side] {
        0 => 0,
        lots => up(sides.value[side] * num * opens[side], lots),
    };
    let short = opens[1] + (-position).max(0);
    let fees = up(worth(0) * rate, 1_000_000) + up(worth(1) * rate, 1_000_000);
    let share = up(short * strike * num * i128::from(terms.initial_margin_bps), 10_000);
    worth(0) + fees + short * i128::from(instrument.settlement_mark) * num + share
}

/// No order is placed twice under one client id.
#[derive(Default)]
pub struct Once(HashSet<(u32, ClientId)>);

impl Once {
    pub fn take(&mut self, command: &Command, effects: &[Effect]) -> Result<(), &'static str> {
        let (account, id) = match command {
            Command::PlaceOrder(c) => (c.account, c.client_id),
            Command::PlaceSpecial(c) => (c.account, c.client_id),
            Command::PlaceParent(c) => (c.account, c.client_id),
            _ => return Ok(()),
        };
        let accepted = effects.iter().any(|effect| matches!(effect, Effect::Accepted(_)));
        if accepted && id != [0; 16] && !self.0.insert((account, id)) { Err("idempotency") } else { Ok(()) }
    }
}
