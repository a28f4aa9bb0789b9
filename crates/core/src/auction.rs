//! Call auctions: one price for everybody. The price is found by most volume, least imbalance, pressure, and the book's
//! rule for ties; docs/reference/sessions.md has the rule books.
use crate::engine::{Effects, Engine};
use crate::instrument::Instrument;
use crate::messages::Auctioned;
use crate::names::{Reason, Rule};
use crate::orders::{ALL_OR_NONE, AT_OPEN, Order, PEG, REDUCE_ONLY, UNPRICED};
use crate::values::PRICE_MAX;

/// Ties of the price: the rule `auction_tie`.
const REFERENCE: i64 = 1;
const HIGHER: i64 = 2;
const LOWER: i64 = 3;

/// What an order brings to an auction. `limit`: the worst price it trades at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    row: u32,
    limit: i64,
    lots: i64,
    priced: bool,
}

/// The result of a call, also while it goes on. `price` 0: nothing would trade.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Equilibrium {
    pub price: i64,
    pub volume: i64,
    /// What is left over at the price; more to buy: positive.
    pub imbalance: i64,
}

/// One price with what would be bought and sold there.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    price: i64,
    demand: i128,
    supply: i128,
}

impl Candidate {
    fn volume(&self) -> i128 {
        self.demand.min(self.supply)
    }

    fn imbalance(&self) -> i128 {
        self.demand - self.supply
    }
}

impl Engine {
    /// What an uncross would do now, without doing it. `at`: the instrument's place.
    pub fn indicative(&self, at: usize) -> Equilibrium {
        if !self.markets[at].has_auctions() {
            return Equilibrium::default();
        }
        self.equilibrium(at, &self.offers(at, true), &self.offers(at, false))
    }

    /// The price at which a market order stands in a call: its protection price; for an account that needs no funds,
    /// and has no such price, the furthest price at which the notional fits.
    pub(crate) fn call_price(&self, at: usize, order: &Order) -> Result<i64, Reason> {
        let instrument = &self.instruments[at];
        let found = self.protection(at, order.side);
        let asset = instrument.held_asset(order);
        if found.is_ok() || instrument.is_perpetual() || !self.ledger.look(order.account, asset).endless() {
            return found;
        }
        if !order.buys() {
            return Ok(instrument.terms.tick);
        }
        let most = (i128::from(instrument.den) << 62) / (i128::from(instrument.num) * i128::from(order.left));
        let price = instrument.floor_tick(most.min(i128::from(PRICE_MAX)) as i64);
        if price == 0 { Err(Reason::NoReferencePrice) } else { Ok(price) }
    }

    /// Is a new market order one whose price an auction will find?
    pub(crate) fn waits_for_call(&self, at: usize, order: &Order) -> bool {
        order.tif >= AT_OPEN || (self.markets[at].guarded && self.markets[at].is_call())
    }

    /// One side of the book in priority: price, market orders before limits, visible before hidden, time. Orders with
    /// conditions and pegged ones stand aside.
    fn offers(&self, at: usize, buys: bool) -> Vec<Offer> {
        let market = &self.markets[at];
        let sides = [market.unpriced.side(buys), market.book.side(buys), market.hidden.side(buys)];
        let rows = sides.iter().flat_map(|side| side.in_priority(&self.orders));
        let mut offers: Vec<Offer> =
            rows.filter(|row| self.takes_part(*row) && !self.follows_pair(*row)).map(|row| self.offer(row)).collect();
        offers.sort_by_key(|offer| if buys { -offer.limit } else { offer.limit });
        offers
    }

    fn takes_part(&self, row: u32) -> bool {
        let order = self.orders.get(row);
        let minimum = self.orders.special(row).is_some_and(|special| special.min_quantity > 0);
        order.flags & (ALL_OR_NONE | REDUCE_ONLY) == 0 && !minimum && order.kind != PEG
    }

    /// Is it the later order of a pair both of which could take part? Only the earlier one does.
    fn follows_pair(&self, row: u32) -> bool {
        let Some(special) = self.orders.special(row) else {
            return false;
        };
        let earlier = special.one_cancels < self.orders.get(row).id;
        let other = self.orders.find(special.one_cancels).filter(|_| special.one_cancels != 0);
        earlier && other.is_some_and(|other| self.stands(other) && self.takes_part(other))
    }

    fn offer(&self, row: u32) -> Offer {
        let order = self.orders.get(row);
        Offer { row, limit: order.price, lots: order.left, priced: order.marks & UNPRICED == 0 }
    }

    fn equilibrium(&self, at: usize, buys: &[Offer], sells: &[Offer]) -> Equilibrium {
        let instrument = &self.instruments[at];
        let candidates = candidates(instrument, buys, sells);
        let most = candidates.iter().map(Candidate::volume).max().unwrap_or(0);
        if most == 0 {
            return Equilibrium::default();
        }
        let full = || candidates.iter().filter(|candidate| candidate.volume() == most);
        let least = full().map(|candidate| candidate.imbalance().abs()).min().unwrap_or(0);
        let tied: Vec<&Candidate> = full().filter(|candidate| candidate.imbalance().abs() == least).collect();
        let (low, high) = (tied[0], tied[tied.len() - 1]);
        let price = if low.imbalance() > 0 && high.imbalance() > 0 {
            high.price
        } else if low.imbalance() < 0 && high.imbalance() < 0 {
            low.price
        } else {
            self.break_tie(at, low.price, high.price)
        };
        let (demand, supply) = (up_to(buys, |limit| limit >= price), up_to(sells, |limit| limit <= price));
        Equilibrium { price, volume: narrow(most), imbalance: narrow(demand - supply) }
    }

    /// A price from `low` to `high`, both of the grid.
    fn break_tie(&self, at: usize, low: i64, high: i64) -> i64 {
        let instrument = &self.instruments[at];
        let reference = instrument.reference();
        match self.markets[at].rules.get(Rule::AuctionTie) {
            HIGHER => high,
            LOWER => low,
            REFERENCE if reference > 0 => instrument.nearest_tick(reference).clamp(low, high),
            _ => instrument.floor_tick(low + (high - low) / 2),
        }
    }

    /// Finds the price and trades at it. Without volume nothing is told unless `always`.
    pub(crate) fn auction(&mut self, at: usize, always: bool, effects: &mut Effects) {
        let (buys, sells) = (self.offers(at, true), self.offers(at, false));
        let found = self.equilibrium(at, &buys, &sells);
        if found.volume == 0 && !always {
            return;
        }
        effects.push(&Auctioned {
            instrument: at as u32 + 1,
            price: found.price,
            quantity: found.volume,
            imbalance: found.imbalance,
            reference: self.instruments[at].reference(),
        });
        if found.volume == 0 {
            return;
        }
        let fills = pair_off(&buys, &sells, found.price);
        let used_up = self.take_off(&fills);
        for (buy, sell, lots) in &fills {
            for row in [*buy, *sell] {
                self.is_parted(row, effects);
            }
            self.trade_at((*buy, *sell), (found.price, *lots), effects);
        }
        self.markets[at].auction_price = found.price;
        for row in used_up {
            self.refresh(at, row, effects);
        }
    }

    /// Takes what is going to trade off the books; returns the icebergs of it that are not filled, buy before sell.
    fn take_off(&mut self, fills: &[(u32, u32, i64)]) -> Vec<u32> {
        let sides =
            [fills.iter().map(|fill| (fill.0, fill.2)).collect(), fills.iter().map(|fill| (fill.1, fill.2)).collect()];
        let mut icebergs = Vec::new();
        for (row, lots) in sides.into_iter().flat_map(sum_runs) {
            if lots == self.orders.get(row).left {
                self.take_out(row);
                continue;
            }
            self.show_less(row, lots);
            if self.orders.get(row).is_iceberg() {
                icebergs.push(row);
            }
        }
        icebergs
    }

    /// One trade of an auction; who came first is the maker.
    fn trade_at(&mut self, (buy, sell): (u32, u32), terms: (i64, i64), effects: &mut Effects) {
        let buyer_makes = self.orders.get(buy).id < self.orders.get(sell).id;
        let (maker, taker) = if buyer_makes { (buy, sell) } else { (sell, buy) };
        self.trade((maker, taker), &mut None, terms, 0, effects);
        for row in [maker, taker] {
            if self.orders.get(row).left == 0 {
                self.bury(row);
            }
        }
    }
}

/// Lots of each row, whose fills follow one another.
fn sum_runs(fills: Vec<(u32, i64)>) -> Vec<(u32, i64)> {
    let mut sums: Vec<(u32, i64)> = Vec::new();
    for (row, lots) in fills {
        match sums.last_mut() {
            Some(last) if last.0 == row => last.1 += lots,
            _ => sums.push((row, lots)),
        }
    }
    sums
}

/// Prices that can be the auction's, ascending: of the grid from the lowest to the highest limit, those next to which
/// demand or supply changes. Without limit orders: the reference price.
fn candidates(instrument: &Instrument, buys: &[Offer], sells: &[Offer]) -> Vec<Candidate> {
    let limits = || buys.iter().chain(sells).filter(|offer| offer.priced).map(|offer| offer.limit);
    let mut prices: Vec<i64> = Vec::new();
    match (limits().min(), limits().max()) {
        (Some(low), Some(high)) => {
            let near = |price: i64| [instrument.floor_tick(price - 1), price, instrument.ceil_tick(price + 1)];
            let all = buys.iter().chain(sells).flat_map(|offer| near(offer.limit));
            prices.extend(all.filter(|price| (low..=high).contains(price)));
        }
        _ => prices.extend(Some(instrument.nearest_tick(instrument.reference())).filter(|price| *price > 0)),
    }
    prices.sort_unstable();
    prices.dedup();
    weigh(prices, buys, sells)
}

/// Demand and supply at ascending prices.
fn weigh(prices: Vec<i64>, buys: &[Offer], sells: &[Offer]) -> Vec<Candidate> {
    let mut demand: i128 = buys.iter().map(|offer| i128::from(offer.lots)).sum();
    let mut supply = 0;
    let (mut cheap, mut dear) = (buys.iter().rev().peekable(), sells.iter().peekable());
    let mut weighed = Vec::with_capacity(prices.len());
    for price in prices {
        while let Some(offer) = cheap.next_if(|offer| offer.limit < price) {
            demand -= i128::from(offer.lots);
        }
        while let Some(offer) = dear.next_if(|offer| offer.limit <= price) {
            supply += i128::from(offer.lots);
        }
        weighed.push(Candidate { price, demand, supply });
    }
    weighed
}

fn up_to(offers: &[Offer], reaches: impl Fn(i64) -> bool) -> i128 {
    offers.iter().take_while(|offer| reaches(offer.limit)).map(|offer| i128::from(offer.lots)).sum()
}

fn narrow(lots: i128) -> i64 {
    i64::try_from(lots).unwrap_or(if lots < 0 { i64::MIN } else { i64::MAX })
}

/// Both sides in priority, who trades with whom: (buy, sell, lots).
fn pair_off(buys: &[Offer], sells: &[Offer], price: i64) -> Vec<(u32, u32, i64)> {
    let mut buys = buys.iter().copied().take_while(|offer| offer.limit >= price);
    let mut sells = sells.iter().copied().take_while(|offer| offer.limit <= price);
    let (mut buy, mut sell) = (buys.next(), sells.next());
    let mut fills = Vec::new();
    while let (Some(buyer), Some(seller)) = (&mut buy, &mut sell) {
        let lots = buyer.lots.min(seller.lots);
        fills.push((buyer.row, seller.row, lots));
        buyer.lots -= lots;
        seller.lots -= lots;
        if buyer.lots == 0 {
            buy = buys.next();
        }
        if seller.lots == 0 {
            sell = sells.next();
        }
    }
    fills
}
