//! Margined positions: tiers, leverage, where an account stands, the daily close, funding.
//!
//! docs/reference/perpetuals.md is the specification. An account's margin in an asset is what all its perpetuals that settle
//! in it count for at their marks (`cross margin`): kept as sums, so that a mark costs one look at each holder.
use std::collections::BTreeMap;

use isthmus_margin::perpetual::{Requirement, Standing, Tier};

use crate::deadlines::MARGIN_CALL;
use crate::engine::{Effects, Engine};
use crate::instrument::FUTURE;
use crate::ledger::{LOST_TOO_MUCH, Ledger, ROUNDING, SETTLEMENT};
use crate::messages::{
    CloseDay, DayClosed, EndFreeze, Fund, Funded, LeverageSet, LossFreeze, MarginPolicySet, MarginState, Posted,
    SetLeverage, SetMarginPolicy, SetMarginTier, Settled, TierSet,
};
use crate::names::{Reason, Template};
use crate::perpetual::{Position, Valued};
use crate::values::{BPS, PPM, floor_div};

/// Where a margin account stands.
pub const WELL: u8 = 0;
pub const CALLED: u8 = 1;
pub const LIQUIDATABLE: u8 = 2;
pub const OVERDUE: u8 = 3;

/// Rates of funding are parts of this.
const PPB: i128 = 1_000_000_000;
/// Rows of a tier table.
const TIERS_MAX: usize = 64;
/// The longest time of a margin call: a year.
const CALL_NS_MAX: u64 = 366 * 86_400 * 1_000_000_000;

/// How the margin accounts of an asset are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub loss_bps: u32,
    pub call_ns: u64,
    pub fee_ppm: u32,
}

impl Default for Policy {
    /// A loss of 30 % a day freezes, a call stands an hour, the insurance fund takes at most half a percent.
    fn default() -> Self {
        Self { loss_bps: 3_000, call_ns: 3_600_000_000_000, fee_ppm: 5_000 }
    }
}

/// What margined positions and their accounts are known by: policies by asset.
#[derive(Debug, Clone, Default)]
pub struct Margining {
    pub policies: BTreeMap<u32, Policy>,
}

/// What was there at the daily close.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Day {
    pub balance: i128,
    pub unrealised: i128,
}

/// The account's number in the deadline of its margin call.
pub(crate) fn call_of(account: u32, asset: u32) -> u64 {
    u64::from(account) << 32 | u64::from(asset)
}

/// An account's margin in one asset. `sum`: of its positions; `earned`: what they brought since the daily close; `due`: when
/// the call ends (0: none, or without end).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Margin {
    pub sum: Valued,
    pub earned: i128,
    pub day: Option<Day>,
    pub state: u8,
    pub due: u64,
}

/// A posting with its effect, unless the amount is 0; a negative one goes the other way.
pub(crate) fn pay(
    ledger: &mut Ledger,
    effects: &mut Effects,
    template: Template,
    (source, target): (u32, u32),
    (asset, amount): (u32, i64),
) {
    if amount == 0 {
        return;
    }
    let (source, target) = if amount < 0 { (target, source) } else { (source, target) };
    ledger.post(source, target, asset, amount.abs());
    effects.push(&Posted { source, target, asset, template: template as u8, amount: amount.abs() });
}

/// An amount as an effect tells it.
pub(crate) fn told(amount: i128) -> i64 {
    amount.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

impl Margin {
    /// Loss since the daily close, and the equity that it is a loss of: what was there then and what came in since.
    pub fn loss(&self, balance: i128) -> Option<(i128, i128)> {
        let day = self.day?;
        let came_in = balance - day.balance - self.earned;
        let loss = -(self.earned + self.sum.unrealised - day.unrealised);
        Some((loss, day.balance + day.unrealised + came_in.max(0)))
    }
}

impl Engine {
    pub fn policy(&self, asset: u32) -> Policy {
        self.margining.policies.get(&asset).copied().unwrap_or_default()
    }

    /// Equity and requirement of an account in an asset at the marks. A credit line counts.
    pub fn standing(&self, account: u32, asset: u32) -> Standing {
        let balance = self.ledger.look(account, asset);
        let sum = self.ledger.margins.get(&(account, asset)).map_or(Valued::default(), |margin| margin.sum);
        Standing {
            equity: balance.amount + i128::from(balance.credit) + sum.unrealised,
            requirement: Requirement { initial: sum.initial, maintenance: sum.maintenance },
        }
    }

    pub(crate) fn perpetual_at(&self, instrument: u32) -> Result<usize, Reason> {
        let at = self.at(instrument)?;
        let instrument = &self.instruments[at];
        // an option has neither tiers nor a bankruptcy price: its premium was paid
        if instrument.is_perpetual() && !instrument.is_option() { Ok(at) } else { Err(Reason::NotAPerpetual) }
    }

    pub(crate) fn set_margin_tier(&mut self, c: &SetMarginTier, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.perpetual_at(c.instrument)?;
        let row =
            Tier { from_notional: c.from_notional, initial_bps: c.initial_bps, maintenance_bps: c.maintenance_bps };
        self.instruments[at].tiers = tiers_with(&self.instruments[at].tiers, row)?;
        effects.push(&TierSet {
            instrument: c.instrument,
            from_notional: c.from_notional,
            initial_bps: c.initial_bps,
            maintenance_bps: c.maintenance_bps,
        });
        let Self { instruments, ledger, .. } = self;
        let mut positions = std::mem::take(&mut instruments[at].positions);
        for (account, position) in &mut positions {
            instruments[at].revalue(ledger, *account, position);
            let before = position.hold;
            let hold = instruments[at].hold_of(ledger, *account, position);
            if hold != before {
                let (account, quantity) = (*account, position.quantity);
                effects.push(&Settled { account, instrument: c.instrument, position: quantity, amount: 0, hold });
            }
        }
        instruments[at].positions = positions;
        Ok(())
    }

    /// A leverage that what is live cannot afford is refused.
    pub(crate) fn set_leverage(&mut self, c: &SetLeverage, effects: &mut Effects) -> Result<(), Reason> {
        self.may_trade(c.account)?;
        let at = self.perpetual_at(c.instrument)?;
        let instrument = &self.instruments[at];
        let least = instrument.tiers.first().map_or(0, |tier| tier.initial_bps);
        let allowed = c.initial_bps >= least && i128::from(c.initial_bps) <= BPS;
        if c.initial_bps != 0 && (!allowed || instrument.tiers.is_empty()) {
            return Err(Reason::BadLeverage);
        }
        let asset = instrument.margin_asset();
        let mut position = instrument.positions.get(&c.account).copied().unwrap_or_default();
        let before = position.hold;
        position.leverage_bps = c.initial_bps;
        let balance = self.ledger.look(c.account, asset);
        let more = i128::from(instrument.own_hold(&self.ledger, c.account, &position)) - i128::from(before);
        if more > 0 && more > balance.available() - self.ledger.unrealised_loss(c.account, asset) {
            return Err(Reason::InsufficientFunds);
        }
        let Self { instruments, ledger, .. } = self;
        let hold = instruments[at].hold_of(ledger, c.account, &mut position);
        instruments[at].positions.insert(c.account, position);
        let (account, instrument, initial_bps) = (c.account, c.instrument, c.initial_bps);
        effects.push(&LeverageSet { account, instrument, initial_bps, hold });
        Ok(())
    }

    fn check_asset(&self, asset: u32) -> Result<(), Reason> {
        if asset == 0 || asset as usize > self.assets.len() { Err(Reason::UnknownAsset) } else { Ok(()) }
    }

    /// Calls that stand keep their time; losses are judged by the new limit at once.
    pub(crate) fn set_margin_policy(&mut self, c: &SetMarginPolicy, effects: &mut Effects) -> Result<(), Reason> {
        self.check_asset(c.asset)?;
        if i128::from(c.loss_bps) > BPS || c.call_ns > CALL_NS_MAX || i64::from(c.fee_ppm) > PPM {
            return Err(Reason::BadTerms);
        }
        let policy = Policy { loss_bps: c.loss_bps, call_ns: c.call_ns, fee_ppm: c.fee_ppm };
        self.margining.policies.insert(c.asset, policy);
        let (asset, loss_bps, call_ns, fee_ppm) = (c.asset, c.loss_bps, c.call_ns, c.fee_ppm);
        effects.push(&MarginPolicySet { asset, loss_bps, call_ns, fee_ppm });
        let Ledger { margins, touched, .. } = &mut self.ledger;
        touched.extend(margins.keys().filter(|pair| pair.1 == asset));
        Ok(())
    }

    /// Notes the equity of every margin account in the asset; whoever was frozen for a loss may open again.
    pub(crate) fn close_day(&mut self, c: &CloseDay, effects: &mut Effects) -> Result<(), Reason> {
        self.check_asset(c.asset)?;
        self.ledger.closed.insert(c.asset);
        let mut accounts: Vec<u32> =
            self.ledger.margins.keys().filter(|(_, asset)| *asset == c.asset).map(|(account, _)| *account).collect();
        accounts.sort_unstable();
        effects.push(&DayClosed { asset: c.asset, accounts: accounts.len() as u32 });
        for account in accounts {
            self.begin_day(account, c.asset, effects);
        }
        Ok(())
    }

    /// From here on the account's losses count.
    fn begin_day(&mut self, account: u32, asset: u32, effects: &mut Effects) {
        let balance = self.ledger.balance(account, asset);
        let was_frozen = balance.frozen & LOST_TOO_MUCH != 0;
        balance.frozen &= !LOST_TOO_MUCH;
        let amount = balance.amount;
        let margin = self.ledger.margins.get_mut(&(account, asset)).expect("a margin account");
        let (loss, base) = margin.loss(amount).unwrap_or_default();
        margin.day = Some(Day { balance: amount, unrealised: margin.sum.unrealised });
        margin.earned = 0;
        if was_frozen {
            effects.push(&LossFreeze { account, asset, frozen: 0, loss: told(loss), base: told(base) });
        }
    }

    pub(crate) fn end_freeze(&mut self, c: &EndFreeze, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        self.check_asset(c.asset)?;
        if self.ledger.look(c.account, c.asset).frozen & LOST_TOO_MUCH == 0 {
            return Err(Reason::NotHalted);
        }
        self.begin_day(c.account, c.asset, effects);
        Ok(())
    }

    /// At the end of a pass: where the account stands now, and whether it lost too much. Told when it changes.
    pub(crate) fn judge_margin(&mut self, account: u32, asset: u32, effects: &mut Effects) {
        let Some(margin) = self.ledger.margins.get(&(account, asset)).copied() else {
            return;
        };
        let (policy, balance) = (self.policy(asset), self.ledger.look(account, asset));
        let standing = self.standing(account, asset);
        let called = standing.is_called() && !balance.endless();
        let mut due = margin.due;
        if !called {
            due = 0;
        } else if margin.state == WELL && policy.call_ns != 0 {
            due = self.stamp.saturating_add(policy.call_ns);
            self.deadlines.add(due, MARGIN_CALL, call_of(account, asset));
        }
        if due != margin.due && margin.due > self.stamp {
            self.deadlines.remove(margin.due, MARGIN_CALL, call_of(account, asset));
        }
        let state = match (called, standing.is_liquidatable()) {
            (false, _) => WELL,
            (true, true) => LIQUIDATABLE,
            (true, false) if due != 0 && due <= self.stamp => OVERDUE,
            (true, false) => CALLED,
        };
        if (state, due) != (margin.state, margin.due) {
            let margin = self.ledger.margins.get_mut(&(account, asset)).expect("it was found");
            (margin.state, margin.due) = (state, due);
            let (initial, maintenance) = (standing.requirement.initial, standing.requirement.maintenance);
            let (equity, initial, maintenance) = (told(standing.equity), told(initial), told(maintenance));
            effects.push(&MarginState { account, asset, state, equity, initial, maintenance, due });
        }
        self.judge_loss((account, asset), &margin, policy, effects);
    }

    fn judge_loss(&mut self, (account, asset): (u32, u32), margin: &Margin, policy: Policy, effects: &mut Effects) {
        let balance = self.ledger.balance(account, asset);
        let Some((loss, base)) = margin.loss(balance.amount) else {
            return;
        };
        let limit = i128::from(policy.loss_bps);
        let judged = policy.loss_bps != 0 && base > 0 && balance.frozen & LOST_TOO_MUCH == 0 && !balance.endless();
        if judged && loss.saturating_mul(BPS) > base.saturating_mul(limit) {
            balance.frozen |= LOST_TOO_MUCH;
            effects.push(&LossFreeze { account, asset, frozen: 1, loss: told(loss), base: told(base) });
        }
    }

    /// Each position pays, or receives, its value at the mark times the rate; what rounding leaves goes to house:rounding.
    pub(crate) fn fund(&mut self, c: &Fund, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.perpetual_at(c.instrument)?;
        if self.instruments[at].terms.kind == FUTURE {
            return Err(Reason::NotAPerpetual);
        }
        if i128::from(c.rate_ppb.unsigned_abs()) > PPB {
            return Err(Reason::BadRate);
        }
        let Self { instruments, ledger, .. } = self;
        let instrument = &instruments[at];
        let mark = instrument.reference();
        let received = |position: &Position| {
            let worth = instrument.notional(position.quantity.abs().into(), mark);
            let rate = -i128::from(c.rate_ppb) * i128::from(position.quantity.signum());
            let exact = worth.checked_mul(rate).ok_or(Reason::NotionalTooLarge)?;
            i64::try_from(floor_div(exact, PPB)).map_err(|_| Reason::NotionalTooLarge)
        };
        let holders = instrument.positions.iter().filter(|(_, position)| position.quantity != 0);
        let paid: Vec<(u32, i64)> =
            holders.map(|(account, p)| Ok((*account, received(p)?))).collect::<Result<_, _>>()?;
        let asset = instrument.margin_asset();
        effects.push(&Funded { instrument: c.instrument, rate_ppb: c.rate_ppb, price: mark });
        let mut rest = 0;
        for (account, amount) in paid {
            rest -= i128::from(amount);
            pay(ledger, effects, Template::Funding, (SETTLEMENT, account), (asset, amount));
            ledger.earn(account, asset, amount);
        }
        pay(ledger, effects, Template::Rounding, (SETTLEMENT, ROUNDING), (asset, told(rest)));
        Ok(())
    }

    /// In an instrument with tiers: a price worse than the mark may cost an opening order no more than what the initial margin
    /// leaves above the maintenance margin, and closing no more than the account's equity. So nobody ends up bankrupt by his
    /// own order, whoever takes the other side.
    pub(crate) fn check_distance(
        &self,
        at: usize,
        account: u32,
        (old, new): (&Position, &Position),
        price: i64,
    ) -> Result<(), Reason> {
        let instrument = &self.instruments[at];
        let buys = (new.buy, new.buy_value) != (old.buy, old.buy_value);
        let mark = instrument.reference();
        let way = i128::from(if buys { price - mark } else { mark - price });
        if way <= 0 {
            return Ok(());
        }
        let base = i128::from(if instrument.is_inverse() { price } else { mark });
        let opens = if buys { new.opening_buy() > 0 } else { new.opening_sell() > 0 };
        let spare = instrument.tiers.iter().map(|tier| tier.initial_bps - tier.maintenance_bps).min().unwrap_or(0);
        if opens && way * BPS > base * i128::from(spare) {
            return Err(Reason::BeyondMargin);
        }
        let closes = if buys { new.quantity < 0 } else { new.quantity > 0 };
        let value = instrument.notional(new.quantity.abs().into(), mark);
        let equity = self.standing(account, instrument.margin_asset()).equity;
        let costs = value.checked_mul(way).is_none_or(|cost| cost > equity.saturating_mul(base));
        if closes && costs { Err(Reason::BeyondMargin) } else { Ok(()) }
    }
}

/// The table with this row, which replaces one that begins at the same notional; both rates 0 take it away. It begins at 0 and
/// asks for more as it rises, always with something between initial and maintenance margin.
fn tiers_with(tiers: &[Tier], row: Tier) -> Result<Vec<Tier>, Reason> {
    let mut all: Vec<Tier> = tiers.iter().filter(|tier| tier.from_notional != row.from_notional).copied().collect();
    if (row.initial_bps, row.maintenance_bps) != (0, 0) {
        all.push(row);
    } else if all.len() == tiers.len() {
        return Err(Reason::BadTier);
    }
    all.sort_by_key(|tier| tier.from_notional);
    let right = |tier: &Tier| {
        i128::from(tier.initial_bps) <= BPS && 0 < tier.maintenance_bps && tier.maintenance_bps < tier.initial_bps
    };
    let rises = |pair: &[Tier]| {
        pair[0].initial_bps <= pair[1].initial_bps && pair[0].maintenance_bps <= pair[1].maintenance_bps
    };
    let begins = all.first().is_none_or(|tier| tier.from_notional == 0);
    if begins && all.len() <= TIERS_MAX && all.iter().all(right) && all.windows(2).all(rises) {
        Ok(all)
    } else {
        Err(Reason::BadTier)
    }
}
