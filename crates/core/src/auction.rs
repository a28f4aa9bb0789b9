//! Call auctions: one price for everybody. The price is found by most volume, least imbalance, pressure, and the book's
//! rule for ties; docs/reference/sessions.md has the rule books.
use crate::engine::{Effects, Engine};
use crate::instrument::Instrument;
use crate::matching::{Flows, rehold_spot, trade_perpetual, trade_spot};
use crate::messages::{Auctioned, Traded};
use crate::names::{CancelReason, Reason, Rule};
use crate::orders::{Order, PARTLY_SHOWN, PEG, UNPRICED};
use crate::place::protection_price;
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
        let found = protection_price(instrument, order.side);
        let asset = if order.buys() { instrument.terms.quote } else { instrument.terms.base };
        if found.is_ok() || instrument.is_perpetual() || !self.is_endless(order.account, asset) {
            return found;
        }
        if !order.buys() {
            return Ok(instrument.terms.tick);
        }
        let most = (i128::from(instrument.den) << 62) / (i128::from(instrument.num) * i128::from(order.left));
        let price = instrument.floor_tick(most.min(i128::from(PRICE_MAX)) as i64);
        if price == 0 { Err(Reason::NotionalTooLarge) } else { Ok(price) }
    }

    /// One side of the book in priority: price, market orders before limits, visible before hidden, time. Orders with
    /// conditions and pegged ones stand aside.
    fn offers(&self, at: usize, buys: bool) -> Vec<Offer> {
        let market = &self.markets[at];
        let sides = [market.unpriced.side(buys), market.book.side(buys), market.hidden.side(buys)];
        let rows = sides.iter().flat_map(|side| side.in_priority(&self.orders));
        let mut offers: Vec<Offer> = rows.filter(|row| self.takes_part(*row)).map(|row| self.offer(row)).collect();
        offers.sort_by_key(|offer| if buys { -offer.limit } else { offer.limit });
        offers
    }

    fn takes_part(&self, row: u32) -> bool {
        let order = self.orders.get(row);
        let minimum = self.orders.special(row).is_some_and(|special| special.min_quantity > 0);
        let conditions = crate::orders::ALL_OR_NONE | crate::orders::REDUCE_ONLY;
        order.flags & conditions == 0 && !minimum && order.kind != PEG
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
        let rest = self.take_off(at, &fills);
        for (buy, sell, lots) in &fills {
            self.trade_at(at, (*buy, *sell), (found.price, *lots), effects);
        }
        self.instruments[at].last_trade = found.price;
        self.markets[at].auction_price = found.price;
        for row in rest {
            self.refresh(at, row, effects);
        }
    }

    /// Takes what is going to trade off the books; returns icebergs whose peak is used up, buy before sell.
    fn take_off(&mut self, at: usize, fills: &[(u32, u32, i64)]) -> Vec<u32> {
        let mut lots: Vec<(u32, i64)> = Vec::new();
        for side in [true, false] {
            let from = lots.len();
            for (buy, sell, part) in fills {
                let row = if side { *buy } else { *sell };
                match lots[from..].last_mut() {
                    Some(last) if last.0 == row => last.1 += part,
                    _ => lots.push((row, *part)),
                }
            }
        }
        lots.into_iter().filter_map(|(row, part)| self.take_lots_off(at, row, part).then_some(row)).collect()
    }

    /// Takes an order's lots off its list, and the order itself if nothing is left or shown; true: it shows a new peak.
    fn take_lots_off(&mut self, at: usize, row: u32, lots: i64) -> bool {
        let order = *self.orders.get(row);
        let shown = self.orders.shown(row);
        let side = self.markets[at].shelf(order.marks).side_mut(order.buys());
        let used_up = order.marks & PARTLY_SHOWN != 0 && shown > 0 && lots >= shown;
        if lots == order.left || used_up {
            side.unlink(&mut self.orders, row);
            return lots < order.left;
        }
        if shown > 0 {
            side.shrink(&self.orders, row, lots);
        }
        if order.marks & PARTLY_SHOWN != 0
            && shown > 0
            && let Some(special) = self.orders.special_mut(row)
        {
            special.shown -= lots;
        }
        false
    }

    /// One trade of an auction; who came first is the maker.
    fn trade_at(&mut self, at: usize, rows: (u32, u32), terms: (i64, i64), effects: &mut Effects) {
        let (mut buyer, mut seller) = (*self.orders.get(rows.0), *self.orders.get(rows.1));
        let buyer_makes = buyer.id < seller.id;
        let Self { instruments, ledger, .. } = self;
        let instrument = &mut instruments[at];
        let rates = (instrument.terms.maker_fee_ppm, instrument.terms.taker_fee_ppm);
        let ppm = if buyer_makes { rates } else { (rates.1, rates.0) };
        buyer.left -= terms.1;
        seller.left -= terms.1;
        let (flows, holds) = if instrument.is_perpetual() {
            let flows = trade_perpetual(instrument, ledger, (&mut buyer, &mut seller), ppm, terms);
            (flows, shift_both(instrument, ledger, (&buyer, &seller), terms.1))
        } else {
            let flows = trade_spot(instrument, ledger, (&mut buyer, &mut seller), ppm, terms);
            let holds =
                (rehold_spot(instrument, ledger, &mut buyer), rehold_spot(instrument, ledger, &mut seller));
            (flows, holds)
        };
        effects.push(&told((&buyer, &seller), terms, flows, holds));
        for (row, order) in [(rows.0, buyer), (rows.1, seller)] {
            *self.orders.get_mut(row) = order;
            if order.left == 0 {
                self.bury(row);
            }
        }
    }

    /// Market orders, and orders for an auction only, do not stay after it.
    pub(crate) fn end_of_call(&mut self, at: usize, effects: &mut Effects) {
        for row in self.for_the_call(at) {
            self.cancel_row(row, CancelReason::Session, effects);
        }
    }
}

/// Moves both positions; what they hold then, buyer before seller.
fn shift_both(
    instrument: &mut Instrument,
    ledger: &mut crate::ledger::Ledger,
    (buyer, seller): (&Order, &Order),
    lots: i64,
) -> (i64, i64) {
    let value = |order: &Order| i128::from(order.price) * i128::from(lots);
    let buys = instrument.shift(ledger, buyer.account, lots, (true, lots, value(buyer)));
    let sells = instrument.shift(ledger, seller.account, -lots, (false, lots, value(seller)));
    if buyer.account == seller.account { (sells, sells) } else { (buys, sells) }
}

fn told((buyer, seller): (&Order, &Order), terms: (i64, i64), flows: Flows, holds: (i64, i64)) -> Traded {
    let buyer_makes = buyer.id < seller.id;
    let (maker, taker) = if buyer_makes { (buyer, seller) } else { (seller, buyer) };
    let in_order = |(buyer, seller): (i64, i64)| if buyer_makes { (buyer, seller) } else { (seller, buyer) };
    let fees = in_order((flows.buyer_fee, flows.seller_fee));
    let holds = in_order(holds);
    Traded {
        maker_order: maker.id,
        taker_order: taker.id,
        maker: maker.account,
        taker: taker.account,
        instrument: u32::from(maker.instrument),
        taker_side: taker.side,
        flags: 0,
        price: terms.0,
        quantity: terms.1,
        buyer_pays: flows.buyer_pays,
        seller_gets: flows.seller_gets,
        maker_fee: fees.0,
        taker_fee: fees.1,
        maker_hold: holds.0,
        taker_hold: holds.1,
    }
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
