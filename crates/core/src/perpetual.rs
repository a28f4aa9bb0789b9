//! Positions in perpetuals, futures and options: settlement against the mark, and what must be held for them.
//!
//! A position is margined at the instrument's initial rate on its value at the settlement mark; a short option at its mark
//! and that rate on its strike.
use crate::instrument::Instrument;
use crate::ledger::{Ledger, VENUE};
use crate::values::{BPS, EXPOSURE_MAX, PPM, ceil_div};

/// One account in one perpetual: its signed position and its live orders, summed by side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    pub quantity: i64,
    pub buy: i64,
    pub buy_value: i128,
    pub sell: i64,
    pub sell_value: i128,
    pub hold: i64,
}

impl Position {
    /// Buy orders beyond what closes a short.
    pub fn opening_buy(&self) -> i64 {
        (self.buy - (-self.quantity).max(0)).max(0)
    }

    /// Sell orders beyond what closes a long.
    pub fn opening_sell(&self) -> i64 {
        (self.sell - self.quantity.max(0)).max(0)
    }

    /// Adds `quantity` at a total of `value` (price x quantity) to the live orders of a side; negative takes away.
    pub fn count(&mut self, buy: bool, quantity: i64, value: i128) {
        if buy {
            self.buy += quantity;
            self.buy_value += value;
        } else {
            self.sell += quantity;
            self.sell_value += value;
        }
    }

    /// Does everything that this position may turn into stay within [`EXPOSURE_MAX`]?
    pub fn fits(&self, instrument: &Instrument, extra: i64, price: i64) -> bool {
        let num = i128::from(instrument.num);
        let units = i128::from(self.quantity.abs()) + i128::from(self.buy) + i128::from(self.sell) + i128::from(extra);
        let within = |value: i128| value.checked_mul(num).is_some_and(|v| v <= EXPOSURE_MAX);
        let strike = instrument.contract.map_or(0, |contract| contract.terms.strike.abs());
        within(units * i128::from(price.max(instrument.settlement_mark).max(strike)))
            && within(self.buy_value)
            && within(self.sell_value)
    }

    /// What must be held now (docs/reference/engine.md, "Hold, perpetual").
    pub fn required(&self, instrument: &Instrument) -> i64 {
        let num = i128::from(instrument.num);
        let share = |value: i128, opening: i64, all: i64| {
            if all == 0 { 0 } else { ceil_div(value * num * i128::from(opening), i128::from(all)) }
        };
        let margin = |value: i128| ceil_div(value * i128::from(instrument.terms.initial_margin_bps), BPS);
        let fee = |value: i128| ceil_div(value * i128::from(instrument.worst_fee_ppm()), i128::from(PPM));
        let buy = share(self.buy_value, self.opening_buy(), self.buy);
        let sell = share(self.sell_value, self.opening_sell(), self.sell);
        if instrument.is_option() {
            let short = i128::from(self.opening_sell()) + i128::from((-self.quantity).max(0));
            let strike = instrument.contract.map_or(0, |contract| i128::from(contract.terms.strike.abs()));
            let at_mark = short * i128::from(instrument.settlement_mark) * num;
            return (buy + fee(buy) + fee(sell) + at_mark + margin(short * strike * num)) as i64;
        }
        let position = i128::from(self.quantity.abs()) * i128::from(instrument.settlement_mark) * num;
        (margin(buy) + fee(buy) + margin(sell) + fee(sell) + margin(position)) as i64
    }
}

impl Position {
    /// What all live buys of an option would pay.
    pub fn premium(&self, instrument: &Instrument) -> i128 {
        self.buy_value * i128::from(instrument.num)
    }
}

impl Instrument {
    /// The price that a trade is settled against at once: the settlement mark, or nothing for an option, whose premium is
    /// paid whole.
    #[inline]
    pub fn settled_at(&self) -> i64 {
        if self.is_option() { 0 } else { self.settlement_mark }
    }

    /// What the position itself holds: nothing of an account without end, and nothing where all are margined together.
    pub(crate) fn own_hold(&self, ledger: &Ledger, account: u32, position: &Position) -> i64 {
        let together = self.scanned.is_some() && ledger.is_portfolio(account);
        let endless = ledger.look(account, self.terms.quote).endless();
        if endless || together { 0 } else { position.required(self) }
    }

    /// Recomputes what the position holds and books the difference; an outside venue's account, and one that is without
    /// end, hold nothing.
    pub fn hold_of(&self, ledger: &mut Ledger, account: u32, position: &mut Position) -> i64 {
        if ledger.kind(account) == VENUE {
            return 0;
        }
        let hold = self.own_hold(ledger, account, position);
        if let Some(scanned) = &self.scanned {
            ledger.note_margined(account, scanned.instrument);
        }
        ledger.hold(account, self.terms.quote, hold - position.hold);
        position.hold = hold;
        hold
    }
}
