//! A trade between two live orders at a price given from outside: dark pools, answers to requests, sealed bids.
use crate::engine::{Effects, Engine};
use crate::instrument::Instrument;
use crate::ledger::Ledger;
use crate::matching::{Flows, rehold_spot, trade_perpetual, trade_spot};
use crate::messages::Traded;
use crate::orders::{Order, REQUEST};

/// Traded in a dark pool.
pub const DARK_TRADE: u8 = 4;
/// Traded by request and response, by negotiation or by sealed bids.
pub const NEGOTIATED_TRADE: u8 = 8;

/// At which price, how many lots.
pub(crate) type Deal = (i64, i64);

impl Engine {
    /// Trades between two orders that stand in no list any more if this uses them up; such a one is buried.
    pub(crate) fn exchange(&mut self, rows: (u32, u32), deal: Deal, flags: u8, effects: &mut Effects) {
        let Self { instruments, ledger, orders, .. } = self;
        let (mut maker, mut taker) = (*orders.get(rows.0), *orders.get(rows.1));
        let instrument = &mut instruments[maker.at()];
        instrument.last_trade = deal.0;
        maker.left -= deal.1;
        taker.left -= deal.1;
        let (flows, holds) = if instrument.is_perpetual() {
            exchange_perpetual(instrument, ledger, (&mut maker, &mut taker), deal)
        } else {
            exchange_spot(instrument, ledger, (&mut maker, &mut taker), deal)
        };
        effects.push(&traded(&maker, &taker, deal, (&flows, holds), flags));
        for (row, order) in [(rows.0, maker), (rows.1, taker)] {
            *self.orders.get_mut(row) = order;
            if order.left == 0 {
                self.bury(row);
            }
        }
    }
}

/// (buyer, seller) and their fee rates.
fn by_side<'a>(
    instrument: &Instrument,
    (maker, taker): (&'a mut Order, &'a mut Order),
) -> ((&'a mut Order, &'a mut Order), (i32, i32)) {
    let (maker_ppm, taker_ppm) = (instrument.terms.maker_fee_ppm, instrument.terms.taker_fee_ppm);
    if taker.buys() { ((taker, maker), (taker_ppm, maker_ppm)) } else { ((maker, taker), (maker_ppm, taker_ppm)) }
}

/// Returns what moved and what maker and taker hold then.
fn exchange_spot(
    instrument: &Instrument,
    ledger: &mut Ledger,
    (maker, taker): (&mut Order, &mut Order),
    deal: Deal,
) -> (Flows, (i64, i64)) {
    let (sides, ppm) = by_side(instrument, (&mut *maker, &mut *taker));
    let flows = trade_spot(instrument, ledger, sides, ppm, deal);
    let maker_hold = rehold_spot(instrument, ledger, maker);
    let asks_to_buy = taker.kind == REQUEST && taker.buys();
    let taker_hold = if asks_to_buy { 0 } else { rehold_spot(instrument, ledger, taker) };
    (flows, (maker_hold, taker_hold))
}

fn exchange_perpetual(
    instrument: &mut Instrument,
    ledger: &mut Ledger,
    (maker, taker): (&mut Order, &mut Order),
    deal: Deal,
) -> (Flows, (i64, i64)) {
    for order in [&*maker, &*taker] {
        ledger.margin(order.account, instrument.terms.quote);
    }
    let (sides, ppm) = by_side(instrument, (&mut *maker, &mut *taker));
    let flows = trade_perpetual(instrument, ledger, sides, ppm, deal);
    let mut shift = |order: &Order| {
        let moved = if order.buys() { deal.1 } else { -deal.1 };
        let off = if order.kind == REQUEST { 0 } else { deal.1 };
        instrument.shift(ledger, order.account, moved, (order.buys(), off, i128::from(order.price) * i128::from(off)))
    };
    let (maker_hold, taker_hold) = (shift(maker), shift(taker));
    let maker_hold = if maker.account == taker.account { taker_hold } else { maker_hold };
    (flows, (maker_hold, taker_hold))
}

fn traded(maker: &Order, taker: &Order, deal: Deal, (flows, holds): (&Flows, (i64, i64)), flags: u8) -> Traded {
    let buys = taker.buys();
    Traded {
        maker_order: maker.id,
        taker_order: taker.id,
        maker: maker.account,
        taker: taker.account,
        instrument: u32::from(maker.instrument),
        taker_side: taker.side,
        flags,
        price: deal.0,
        quantity: deal.1,
        buyer_pays: flows.buyer_pays,
        seller_gets: flows.seller_gets,
        maker_fee: if buys { flows.seller_fee } else { flows.buyer_fee },
        taker_fee: if buys { flows.buyer_fee } else { flows.seller_fee },
        maker_hold: holds.0,
        taker_hold: holds.1,
    }
}
