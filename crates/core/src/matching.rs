//! Matching and what a trade does to money: price-time priority, at the resting order's price, never beyond the limit.
use crate::engine::{Alive, Effects, Engine};
use crate::instrument::{Instrument, fee};
use crate::ledger::{FEES, Ledger, ROUNDING};
use crate::messages::{Cancelled, Traded};
use crate::names::CancelReason;
use crate::orders::{
    ASIDE, CHILD, COUNTED, Details, FOK, HAS_SPECIAL, LIQUIDATION, NAMED, Order, PARENT, PARKED, POST_ONLY, Special,
    UNHELD,
};
use crate::place::Walk;
use crate::values::{ceil_div, floor_div};

/// An order on its way through the book. `walk` is what is left of the walk of a market order without a collar.
#[derive(Debug, Clone, Copy)]
pub struct Taker {
    pub order: Order,
    pub details: Details,
    /// The special terms of one that is not in the slab yet.
    pub special: Option<Special>,
    pub walk: Option<Walk>,
}

/// What a trade moved.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flows {
    pub buyer_pays: i64,
    pub seller_gets: i64,
    pub buyer_fee: i64,
    pub seller_fee: i64,
}

/// Pays, delivers and charges a spot trade.
#[inline]
pub(crate) fn trade_spot(
    instrument: &Instrument,
    ledger: &mut Ledger,
    (buyer, seller): (&mut Order, &mut Order),
    (buyer_ppm, seller_ppm): (i32, i32),
    (price, quantity): (i64, i64),
) -> Flows {
    let pays = instrument.pays(price, quantity, &mut buyer.value_carry);
    let gets = instrument.gets(price, quantity, &mut seller.value_carry);
    let buyer_fee = fee(pays, buyer_ppm, &mut buyer.fee_carry);
    let seller_fee = fee(gets, seller_ppm, &mut seller.fee_carry);
    let (base, quote) = (instrument.terms.base, instrument.terms.quote);
    ledger.post(buyer.account, seller.account, quote, gets);
    ledger.post(buyer.account, ROUNDING, quote, pays - gets);
    ledger.post(seller.account, buyer.account, base, quantity * instrument.base_units);
    ledger.post(buyer.account, FEES, quote, buyer_fee);
    ledger.post(seller.account, FEES, quote, seller_fee);
    Flows { buyer_pays: pays, seller_gets: gets, buyer_fee, seller_fee }
}

/// Settles a trade in positions against the mark, or pays an option's premium, and charges the fees.
pub(crate) fn trade_perpetual(
    instrument: &Instrument,
    ledger: &mut Ledger,
    (buyer, seller): (&mut Order, &mut Order),
    (buyer_ppm, seller_ppm): (i32, i32),
    (price, quantity): (i64, i64),
) -> Flows {
    let asset = instrument.margin_asset();
    let (pays, gets) = settlement(instrument, (buyer.account, seller.account), (price, quantity));
    let fee_on =
        |rate_ppm: i32, carry: &mut u32| fee(fee_value(instrument, price, quantity, rate_ppm), rate_ppm, carry);
    let buyer_fee = fee_on(buyer_ppm, &mut buyer.fee_carry);
    let seller_fee = fee_on(seller_ppm, &mut seller.fee_carry);
    ledger.post(buyer.account, seller.account, asset, gets);
    ledger.post(buyer.account, ROUNDING, asset, pays - gets);
    ledger.post(buyer.account, FEES, asset, buyer_fee);
    ledger.post(seller.account, FEES, asset, seller_fee);
    // a premium is what an option is worth, no loss of its buyer
    let (lost, won) = if instrument.is_option() { (0, 0) } else { (pays, gets) };
    ledger.earn(buyer.account, asset, -lost - buyer_fee);
    ledger.earn(seller.account, asset, won - seller_fee);
    Flows { buyer_pays: pays, seller_gets: gets, buyer_fee, seller_fee }
}

/// What a perpetual trade moves against the mark: the buyer pays, the seller gets. Only an inverse one leaves a rest.
pub(crate) fn settlement(
    instrument: &Instrument,
    (buyer, seller): (u32, u32),
    (price, quantity): (i64, i64),
) -> (i64, i64) {
    if !instrument.is_inverse() {
        let way = i128::from(price - instrument.settled_at());
        let flow = (way * i128::from(quantity) * i128::from(instrument.num)) as i64;
        return (flow, flow);
    }
    let bought = instrument.held_by(buyer);
    let sold = if buyer == seller { bought + quantity } else { instrument.held_by(seller) };
    (-instrument.flow(bought, quantity, price), instrument.flow(sold, -quantity, price))
}

/// The value that a fee is on; of an inverse perpetual rounded against the trader.
fn fee_value(instrument: &Instrument, price: i64, quantity: i64, rate_ppm: i32) -> i64 {
    let lots = i128::from(quantity) * i128::from(instrument.num);
    if !instrument.is_inverse() {
        return (lots * i128::from(price)) as i64;
    }
    (if rate_ppm < 0 { floor_div(lots, price.into()) } else { ceil_div(lots, price.into()) }) as i64
}

/// After a fill: what the spot order holds now.
#[inline]
pub(crate) fn rehold_spot(instrument: &Instrument, ledger: &mut Ledger, order: &mut Order) -> i64 {
    if order.marks & (UNHELD | ASIDE) != 0 {
        return 0;
    }
    let left = order.left;
    let (asset, hold) = if order.buys() {
        let hold = instrument.buy_hold(order.price, left, order.value_carry, order.fee_carry);
        (instrument.terms.quote, hold.expect("a hold only shrinks"))
    } else {
        (instrument.terms.base, left * instrument.base_units)
    };
    ledger.hold(order.account, asset, hold - order.hold);
    order.hold = hold;
    hold
}

impl Engine {
    /// Matches an accepted order and lets its rest stay or go. `row` is its row if it rested before.
    #[inline]
    pub(crate) fn work(&mut self, at: usize, mut taker: Taker, row: Option<u32>, effects: &mut Effects) -> Alive {
        self.touch(at);
        if !self.markets[at].plain || !taker.order.is_plain() {
            return self.work_special(at, taker, row, effects);
        }
        let opposite = self.markets[at].book.side(!taker.order.buys());
        let crosses = opposite.meets(taker.order.price) && taker.order.price > 0;
        let ended = if !crosses {
            (taker.order.tif == FOK).then_some(CancelReason::Fok)
        } else if taker.order.flags & POST_ONLY != 0 {
            Some(CancelReason::PostOnly)
        } else if taker.order.tif == FOK && !self.can_fill(at, &taker.order) {
            Some(CancelReason::Fok)
        } else {
            self.match_order(at, &mut taker, effects)
        };
        if taker.order.left == 0 {
            self.release(at, &mut taker);
            if let Some(row) = row {
                *self.orders.get_mut(row) = taker.order;
                self.bury(row);
            }
            return false;
        }
        let ended = ended.or(taker.order.is_immediate().then_some(CancelReason::Ioc));
        if let Some(reason) = ended {
            self.end(at, &mut taker, reason, effects);
            if let Some(row) = row {
                *self.orders.get_mut(row) = taker.order;
                self.bury(row);
            }
            return false;
        }
        let row = match row {
            Some(row) => {
                *self.orders.get_mut(row) = taker.order;
                row
            }
            None => self.orders.insert(taker.order, taker.details),
        };
        self.markets[at].book.side_mut(taker.order.buys()).push(&mut self.orders, row);
        true
    }

    /// Could the crossing orders, up to the first of the same account, fill it whole?
    fn can_fill(&self, at: usize, order: &Order) -> bool {
        let side = self.markets[at].book.side(!order.buys());
        let mut wanted = order.left;
        for row in side.in_priority(&self.orders) {
            let resting = self.orders.get(row);
            let beyond = if order.buys() { resting.price > order.price } else { resting.price < order.price };
            if beyond || resting.account == order.account {
                return false;
            }
            wanted -= resting.left;
            if wanted <= 0 {
                return true;
            }
        }
        false
    }

    fn match_order(&mut self, at: usize, taker: &mut Taker, effects: &mut Effects) -> Option<CancelReason> {
        let buys = taker.order.buys();
        while taker.order.left > 0 && self.markets[at].book.side(!buys).meets(taker.order.price) {
            let row = self.markets[at].book.side(!buys).first().expect("a side that is met has a first order");
            if self.orders.get(row).account == taker.order.account {
                return Some(CancelReason::SelfTrade);
            }
            self.fill(at, taker, row, effects);
        }
        None
    }

    /// One trade between the taker and the resting order.
    #[inline]
    fn fill(&mut self, at: usize, taker: &mut Taker, row: u32, effects: &mut Effects) {
        let Self { instruments, markets, orders, ledger, .. } = self;
        let maker = orders.get_mut(row);
        let (price, quantity) = (maker.price, taker.order.left.min(maker.left));
        let pair = (&mut *maker, &mut taker.order);
        let traded = exchange(&mut instruments[at], ledger, pair, &mut taker.walk, (price, quantity));
        effects.push(&traded);
        let done = maker.left == 0;
        let side = markets[at].book.side_mut(!taker.order.buys());
        side.shrink(orders, row, quantity);
        if done {
            side.unlink(orders, row);
            self.bury(row);
        }
        self.guard_between(&taker.order, taker.walk.is_some(), effects);
    }

    /// Releases what is left of a hold; returns the amount.
    pub(crate) fn release(&mut self, at: usize, taker: &mut Taker) -> i64 {
        let Self { instruments, ledger, .. } = self;
        let instrument = &mut instruments[at];
        let order = &mut taker.order;
        if !instrument.is_perpetual() {
            ledger.hold(order.account, instrument.held_asset(order), -order.hold);
            return std::mem::take(&mut order.hold);
        }
        let (units, value) = match taker.walk {
            Some(walk) => (walk.units, walk.value),
            None => order.exposure(),
        };
        let Some(mut position) = instrument.positions.get(&order.account).copied() else {
            return 0;
        };
        let before = position.hold;
        position.count(order.buys(), -units, -value);
        let after = instrument.hold_of(ledger, order.account, &mut position);
        instrument.positions.insert(order.account, position);
        before - after
    }

    /// The rest of the order goes.
    pub(crate) fn end(&mut self, at: usize, taker: &mut Taker, reason: CancelReason, effects: &mut Effects) {
        let quantity = taker.order.left.max(0);
        self.cancels += 1;
        let released = self.release(at, taker);
        effects.push(&Cancelled { order: taker.order.id, quantity, reason: reason as u8, released });
    }

    /// Forgets a live order; its client id is remembered from now on for a while.
    #[inline]
    pub(crate) fn bury(&mut self, row: u32) {
        self.leave(row);
        self.orders.remove(row);
    }

    /// All that an order leaves behind: its client id is remembered for a while from now on, its market counts it no
    /// more, nothing waits for it in vain.
    #[inline]
    pub(crate) fn leave(&mut self, row: u32) {
        let order = self.orders.get(row);
        let (marks, at) = (order.marks, order.at());
        if marks & NAMED != 0 {
            let key = (order.account, self.orders.details(row).client_id);
            // an order that ends while it is being placed is remembered with the answer to its command
            let placing = order.id == self.sequence && !self.memory.answers.contains_key(&key);
            if !placing {
                self.memory.end(self.sequence, self.stamp, key);
            }
        }
        if marks & COUNTED != 0 {
            self.uncount(at);
        }
        if marks & (HAS_SPECIAL | PARENT | PARKED | CHILD) != 0 {
            self.untie(row);
        }
    }
}

/// A trade between a resting order and one on its way: the money, both holds, the last price. `walk` is the taker's.
#[inline]
pub(crate) fn exchange(
    instrument: &mut Instrument,
    ledger: &mut Ledger,
    (maker, taker): (&mut Order, &mut Order),
    walk: &mut Option<Walk>,
    (price, quantity): (i64, i64),
) -> Traded {
    maker.left -= quantity;
    taker.left -= quantity;
    let rates = (instrument.terms.maker_fee_ppm, instrument.terms.taker_fee_ppm);
    let taker_buys = taker.buys();
    let (flows, maker_hold, taker_hold) = if instrument.is_perpetual() {
        fill_perpetual(instrument, ledger, (maker, taker), walk, (price, quantity))
    } else {
        let (sides, ppm) = if taker_buys {
            ((&mut *taker, &mut *maker), (rates.1, rates.0))
        } else {
            ((&mut *maker, &mut *taker), rates)
        };
        let flows = trade_spot(instrument, ledger, sides, ppm, (price, quantity));
        let maker_hold = rehold_spot(instrument, ledger, maker);
        let taker_hold = match walk {
            Some(_) if taker_buys => rehold_walk(instrument, ledger, taker, &flows),
            _ => rehold_spot(instrument, ledger, taker),
        };
        if let Some(walk) = walk {
            walk.units -= quantity;
            walk.value -= i128::from(price) * i128::from(quantity);
        }
        (flows, maker_hold, taker_hold)
    };
    (instrument.last_trade, instrument.latest) = (price, price);
    ledger.note_quote(maker, quantity);
    ledger.note_quote(taker, quantity);
    Traded {
        maker_order: maker.id,
        taker_order: taker.id,
        maker: maker.account,
        taker: taker.account,
        instrument: u32::from(maker.instrument),
        taker_side: taker.side,
        flags: 0,
        price,
        quantity,
        buyer_pays: flows.buyer_pays,
        seller_gets: flows.seller_gets,
        maker_fee: if taker_buys { flows.seller_fee } else { flows.buyer_fee },
        taker_fee: if taker_buys { flows.buyer_fee } else { flows.seller_fee },
        maker_hold,
        taker_hold,
    }
}

/// A market buy without a collar holds its exact cost: every fill takes its own.
fn rehold_walk(instrument: &Instrument, ledger: &mut Ledger, order: &mut Order, flows: &Flows) -> i64 {
    let spent = flows.buyer_pays + flows.buyer_fee.max(0);
    let hold = if order.left == 0 { 0 } else { (order.hold - spent).max(0) };
    ledger.hold(order.account, instrument.terms.quote, hold - order.hold);
    order.hold = hold;
    hold
}

fn fill_perpetual(
    instrument: &mut Instrument,
    ledger: &mut Ledger,
    (maker, taker): (&mut Order, &mut Order),
    walk: &mut Option<Walk>,
    (price, quantity): (i64, i64),
) -> (Flows, i64, i64) {
    let value = |limit: i64| i128::from(limit) * i128::from(quantity);
    let taker_value = match walk {
        Some(walk) => {
            walk.units -= quantity;
            walk.value -= value(price);
            value(price)
        }
        None => value(taker.price),
    };
    // a liquidation pays the insurance fund instead
    let taker_ppm = if taker.kind == LIQUIDATION { 0 } else { instrument.terms.taker_fee_ppm };
    let rates = (instrument.terms.maker_fee_ppm, taker_ppm);
    let (buys, maker_value) = (taker.buys(), value(maker.price));
    let (sides, ppm) =
        if buys { ((&mut *taker, &mut *maker), (rates.1, rates.0)) } else { ((&mut *maker, &mut *taker), rates) };
    let flows = trade_perpetual(instrument, ledger, sides, ppm, (price, quantity));
    let signed = if buys { quantity } else { -quantity };
    let maker_hold = instrument.shift(ledger, maker.account, (-signed, price), (!buys, quantity, maker_value));
    let taker_hold = instrument.shift(ledger, taker.account, (signed, price), (buys, quantity, taker_value));
    // an account that trades with itself holds once, for both
    let maker_hold = if maker.account == taker.account { taker_hold } else { maker_hold };
    (flows, maker_hold, taker_hold)
}
