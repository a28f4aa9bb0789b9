//! A trade between two live orders at a price given from outside: dark pools, answers to requests, sealed bids.
use crate::engine::{Effects, Engine};
use crate::orders::REQUEST;
use crate::place::Walk;

/// Traded in a dark pool.
pub const DARK_TRADE: u8 = 4;
/// Traded by request and response, by negotiation or by sealed bids.
pub const NEGOTIATED_TRADE: u8 = 8;

impl Engine {
    /// Trades between maker and taker, (price, quantity); the caller takes them out of their lists if this uses them up.
    pub(crate) fn deal(&mut self, rows: (u32, u32), deal: (i64, i64), flags: u8, effects: &mut Effects) {
        let mut walk = self.count_request(rows.1, deal);
        self.trade(rows, &mut walk, deal, flags, effects);
        for row in [rows.0, rows.1] {
            if self.orders.get(row).left == 0 {
                self.bury(row);
            }
        }
    }

    /// A request holds nothing of a perpetual before it trades: what trades now is counted first, at its price.
    fn count_request(&mut self, taker: u32, (price, quantity): (i64, i64)) -> Option<Walk> {
        let order = *self.orders.get(taker);
        if order.kind != REQUEST {
            return None;
        }
        let (instrument, value) = (&mut self.instruments[order.at()], i128::from(price) * i128::from(quantity));
        if instrument.is_perpetual() {
            self.ledger.margin(order.account, instrument.margin_asset());
            instrument.positions.entry(order.account).or_default().count(order.buys(), quantity, value);
        }
        Some(Walk { units: quantity, value, worst: price })
    }
}
