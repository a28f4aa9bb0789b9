//! Positions in perpetuals, linear and inverse, futures and options: what they are worth, settlement against the mark, and
//! what must be held.
//!
//! docs/reference/perpetuals.md has the formulas. A position without tiers is margined at the instrument's initial rate on
//! its value at the settlement mark; a short option at its mark and that rate on its strike (derivatives.md).
use isthmus_margin::perpetual::requirement;

use crate::instrument::Instrument;
use crate::ledger::{Ledger, VENUE};
use crate::values::{BPS, EXPOSURE_MAX, PPM, ceil_div, floor_div};

/// No value of a position counts for more; what is held and settled stays far below.
pub const WORTH_MAX: i128 = 1 << 100;

/// What a position may have cost, as far as it is remembered.
const ENTRY_MAX: i128 = 1 << 62;

/// What a position adds to its account's margin at the mark: gain since the last settlement, value without sign, margins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Valued {
    pub unrealised: i128,
    pub notional: i128,
    pub initial: i128,
    pub maintenance: i128,
}

/// One account in one perpetual: its signed position and its live orders, summed by side.
///
/// `leverage_bps`: the initial margin that its owner chose (0: none). `entry`: what the position cost when it was opened, signed
/// as the position. `valued`: what it counts for in its account's margin (follows from the rest).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    pub quantity: i64,
    pub buy: i64,
    pub buy_value: i128,
    pub sell: i64,
    pub sell_value: i128,
    pub hold: i64,
    pub leverage_bps: u32,
    pub entry: i128,
    pub valued: Valued,
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
        if instrument.is_inverse() {
            let lowest = if price > 0 { price.min(instrument.settlement_mark) } else { instrument.settlement_mark };
            return units * num / i128::from(lowest) <= EXPOSURE_MAX;
        }
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
            if instrument.is_inverse() {
                instrument.notional(opening.into(), instrument.settlement_mark)
            } else if all == 0 {
                0
            } else {
                ceil_div(value * num * i128::from(opening), i128::from(all))
            }
        };
        let buy = share(self.buy_value, self.opening_buy(), self.buy);
        let sell = share(self.sell_value, self.opening_sell(), self.sell);
        if instrument.is_option() {
            return self.required_of_option(instrument, (buy, sell));
        }
        let position = instrument.notional(self.quantity.abs().into(), instrument.settlement_mark);
        let rate = self.initial_bps(instrument, position + buy.max(sell));
        let margin = |value: i128| ceil_div(value * rate, BPS);
        let fee = |value: i128| ceil_div(value * i128::from(instrument.worst_fee_ppm()), i128::from(PPM));
        (margin(buy) + fee(buy) + margin(sell) + fee(sell) + margin(position)) as i64
    }

    /// The initial margin that holds: what the owner chose (else the listing's), at least that of the tier of `exposure`.
    fn initial_bps(&self, instrument: &Instrument, exposure: i128) -> i128 {
        let own = if self.leverage_bps == 0 { instrument.terms.initial_margin_bps } else { self.leverage_bps };
        let tier = isthmus_margin::perpetual::tier_of(&instrument.tiers, exposure).map_or(0, |tier| tier.initial_bps);
        own.max(tier).into()
    }

    /// The entry after the position moved by `change` at `price`: what is closed takes its share, what is opened adds its cost.
    fn entry_after(&self, instrument: &Instrument, change: i64, price: i64) -> i128 {
        let after = self.quantity + change;
        let opens = self.quantity == 0 || (self.quantity > 0) == (change > 0);
        let entry = if opens {
            self.entry + instrument.cost(change, price)
        } else if after == 0 {
            0
        } else if (after > 0) == (self.quantity > 0) {
            self.entry * i128::from(after) / i128::from(self.quantity)
        } else {
            instrument.cost(after, price)
        };
        entry.clamp(-ENTRY_MAX, ENTRY_MAX)
    }
}

impl Position {
    /// Of an option: the premium of what opens a long, and what shorts hold by (docs/reference/derivatives.md).
    fn required_of_option(&self, instrument: &Instrument, (buy, sell): (i128, i128)) -> i64 {
        let num = i128::from(instrument.num);
        let fee = |value: i128| ceil_div(value * i128::from(instrument.worst_fee_ppm()), i128::from(PPM));
        let short = i128::from(self.opening_sell()) + i128::from((-self.quantity).max(0));
        let strike = instrument.contract.map_or(0, |contract| i128::from(contract.terms.strike.abs()));
        let at_mark = short * i128::from(instrument.settlement_mark) * num;
        let share = ceil_div(short * strike * num * i128::from(instrument.terms.initial_margin_bps), BPS);
        (buy + fee(buy) + fee(sell) + at_mark + share) as i64
    }

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
        let endless = ledger.look(account, self.margin_asset()).endless();
        if endless || together { 0 } else { position.required(self) }
    }

    /// What a position counts for at a price, so that its gain is the difference between two prices: price x quantity x num;
    /// of an inverse perpetual -quantity x num / price, rounded down.
    pub fn worth(&self, quantity: i64, price: i64) -> i128 {
        let lots = i128::from(quantity) * i128::from(self.num);
        if self.is_inverse() {
            return -ceil_div(lots, i128::from(price));
        }
        let most = if quantity < 0 { -WORTH_MAX } else { WORTH_MAX };
        lots.checked_mul(price.into()).map_or(most, |worth| worth.clamp(-WORTH_MAX, WORTH_MAX))
    }

    /// What moving a position by `quantity` at `price` costs, on the scale of [`Self::worth`], rounded against the trader.
    pub fn cost(&self, quantity: i64, price: i64) -> i128 {
        if self.is_inverse() {
            return -floor_div(i128::from(quantity) * i128::from(self.num), i128::from(price));
        }
        self.worth(quantity, price)
    }

    /// The value of so many units, rounded up.
    pub fn notional(&self, units: i128, price: i64) -> i128 {
        let lots = units * i128::from(self.num);
        if self.is_inverse() {
            return ceil_div(lots, i128::from(price));
        }
        lots.checked_mul(price.into()).map_or(WORTH_MAX, |value| value.min(WORTH_MAX))
    }

    /// What an account whose position is `held` receives when that moves by `change` at `price`.
    pub(crate) fn flow(&self, held: i64, change: i64, price: i64) -> i64 {
        let mark = self.settlement_mark;
        (self.worth(held + change, mark) - self.worth(held, mark) - self.cost(change, price)) as i64
    }

    /// What the position is at the mark.
    fn valued(&self, position: &Position) -> Valued {
        if position.quantity == 0 {
            return Valued::default();
        }
        let mark = self.reference();
        let notional = self.notional(position.quantity.abs().into(), mark);
        let margins = requirement(&self.tiers, notional).expect("a value is bounded");
        // an option's worth was paid for as its premium: it is no gain that waits to be settled
        let gain = self.worth(position.quantity, mark) - self.worth(position.quantity, self.settlement_mark);
        Valued {
            unrealised: if self.is_option() { 0 } else { gain },
            notional,
            initial: margins.initial,
            maintenance: margins.maintenance,
        }
    }

    /// Counts the position into its account's margin as it is now; an outside venue has none.
    pub(crate) fn revalue(&self, ledger: &mut Ledger, account: u32, position: &mut Position) {
        if ledger.kind(account) == VENUE {
            return;
        }
        let mut now = self.valued(position);
        if self.scanned.is_some() && ledger.is_portfolio(account) {
            (now.initial, now.maintenance) = (0, 0); // counted for all of them together
        }
        ledger.count_margin(account, self.margin_asset(), &position.valued, &now);
        position.valued = now;
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
        ledger.hold(account, self.margin_asset(), hold - position.hold);
        position.hold = hold;
        hold
    }

    /// Moves a position by `(quantity, price)`, takes `(buys, units, value)` off its live orders; returns what it holds then.
    pub(crate) fn shift(
        &mut self,
        ledger: &mut Ledger,
        account: u32,
        (change, price): (i64, i64),
        off: (bool, i64, i128),
    ) -> i64 {
        let mut position = self.positions.get(&account).copied().unwrap_or_default();
        if change != 0 {
            position.entry = position.entry_after(self, change, price);
            position.quantity += change;
            self.revalue(ledger, account, &mut position);
        }
        position.count(off.0, -off.1, -off.2);
        let hold = self.hold_of(ledger, account, &mut position);
        self.positions.insert(account, position);
        hold
    }

    /// The signed position of an account.
    pub(crate) fn held_by(&self, account: u32) -> i64 {
        self.positions.get(&account).map_or(0, |position| position.quantity)
    }
}
