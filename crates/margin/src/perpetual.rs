//! Perpetuals: tiers, equity against its requirements, prices of a liquidation, the insurance fund's part, and who is
//! deleveraged first.
//!
//! Amounts are minor units of the asset in which the position settles. A *value* is signed as its position: what it is worth
//! at the mark, negative for a short. A *quote* is signed as the money: what the account receives, negative where it pays.
//! Rates are basis points (bps) or parts per million (ppm). Every rounding goes against the trader; None is an overflow or a
//! quotient by nothing. The formulas of bankruptcy and fillable price are those of dYdX v4 (x/clob/keeper/liquidations.go).
use std::cmp::Ordering;

use crate::wide::compare_products;

const BPS: i128 = 10_000;
/// One whole in parts per million.
pub const PPM: i128 = 1_000_000;

/// A row of a tier table: from this notional on (the table is sorted by it), the whole position is margined at these rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    pub from_notional: i64,
    pub initial_bps: u32,
    pub maintenance_bps: u32,
}

/// What must be there to open, and what must remain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requirement {
    pub initial: i128,
    pub maintenance: i128,
}

/// One position at its mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holding {
    pub value: i128,
    pub requirement: Requirement,
}

/// An account: what is left when everything is closed at the mark, and what all its positions require.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    pub equity: i128,
    pub requirement: Requirement,
}

/// A quotient that has not been rounded. The denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    pub numerator: i128,
    pub denominator: i128,
}

impl Ratio {
    /// A quotient with its sign in the numerator; None by 0.
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        match denominator {
            0 => None,
            d if d < 0 => Some(Self { numerator: numerator.checked_neg()?, denominator: d.checked_neg()? }),
            _ => Some(Self { numerator, denominator }),
        }
    }

    /// The greatest integer not above it.
    pub fn floor(self) -> i128 {
        self.numerator.div_euclid(self.denominator)
    }

    /// The least integer not below it.
    pub fn ceil(self) -> i128 {
        self.floor() + i128::from(self.numerator.rem_euclid(self.denominator) != 0)
    }
}

/// value * rate / one, rounded up; None if it is too large. Neither is negative.
fn share_up(value: i128, rate: i128, one: i128) -> Option<i128> {
    Some(Ratio { numerator: value.checked_mul(rate)?, denominator: one }.ceil())
}

/// The tier that a notional falls into; None below the first (or where there is none).
pub fn tier_of(tiers: &[Tier], notional: i128) -> Option<&Tier> {
    tiers.iter().take_while(|tier| i128::from(tier.from_notional) <= notional).last()
}

/// What a position of this value requires; nothing where no tier applies.
pub fn requirement(tiers: &[Tier], value: i128) -> Option<Requirement> {
    let notional = value.checked_abs()?;
    let Some(tier) = tier_of(tiers, notional) else {
        return Some(Requirement::default());
    };
    Some(Requirement {
        initial: share_up(notional, tier.initial_bps.into(), BPS)?,
        maintenance: share_up(notional, tier.maintenance_bps.into(), BPS)?,
    })
}

/// An account with `collateral` (its money, which for a long bought on credit is negative) and these positions.
pub fn standing(collateral: i128, holdings: &[Holding]) -> Option<Standing> {
    let mut all = Standing { equity: collateral, requirement: Requirement::default() };
    for holding in holdings {
        all.equity = all.equity.checked_add(holding.value)?;
        all.requirement.initial = all.requirement.initial.checked_add(holding.requirement.initial)?;
        all.requirement.maintenance = all.requirement.maintenance.checked_add(holding.requirement.maintenance)?;
    }
    Some(all)
}

impl Standing {
    /// Below the maintenance margin, with something to close.
    pub fn is_liquidatable(&self) -> bool {
        self.requirement.maintenance > 0 && self.equity < self.requirement.maintenance
    }

    /// Below the initial margin, with something to close: a margin call.
    pub fn is_called(&self) -> bool {
        self.requirement.initial > 0 && self.equity < self.requirement.initial
    }
}

/// What closing from `before` to `after` must bring so that the account bears exactly its share of what it still has:
/// -dN - TNC * |dMMR| / TMMR, the quotient rounded down.
pub fn bankruptcy_quote(account: &Standing, before: &Holding, after: &Holding) -> Option<i128> {
    let way = after.value.checked_sub(before.value)?;
    let freed = before.requirement.maintenance.checked_sub(after.requirement.maintenance)?.checked_abs()?;
    let share = Ratio::new(account.equity.checked_mul(freed)?, account.requirement.maintenance)?;
    way.checked_neg()?.checked_sub(share.floor())
}

/// How far a liquidation goes with its price: `bankruptcy_adjustment_ppm` (BA) how fast it nears the bankruptcy price,
/// `spread_ppm` (s) the share of the maintenance margin given up at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pricing {
    pub bankruptcy_adjustment_ppm: i64,
    pub spread_ppm: i64,
}

/// What the whole position fetches at the price at which others take it over: N - ABR * s * MMR with
/// ABR = BA * (1 - TNC / TMMR) within 0 and 1. Not rounded; divided by the quantity it is the fillable price.
pub fn fillable_quote(account: &Standing, position: &Holding, pricing: Pricing) -> Option<Ratio> {
    let total = account.requirement.maintenance;
    let lacking = total.checked_sub(account.equity)?.checked_mul(pricing.bankruptcy_adjustment_ppm.into())?;
    let rate = Ratio::new(lacking, total.checked_mul(PPM)?)?; // ABR before it is held within 0 and 1
    let (over, under) = if rate.numerator <= 0 {
        (0, 1)
    } else if rate.numerator >= rate.denominator {
        (1, 1)
    } else {
        let by = greatest_divisor(rate.numerator, rate.denominator);
        (rate.numerator / by, rate.denominator / by)
    };
    let spread = position.requirement.maintenance.checked_mul(pricing.spread_ppm.into())?.checked_mul(over)?;
    let denominator = PPM.checked_mul(under)?;
    Ratio::new(position.value.checked_mul(denominator)?.checked_sub(spread)?, denominator)
}

fn greatest_divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

/// What the insurance fund receives (negative: pays) when a fill brought `fill_quote`: the gain beyond the bankruptcy price,
/// at most `max_fee_ppm` of the fill's value; a lack whole.
pub fn insurance_delta(fill_quote: i128, bankruptcy_quote: i128, max_fee_ppm: i64) -> Option<i128> {
    let gain = fill_quote.checked_sub(bankruptcy_quote)?;
    if gain <= 0 {
        return Some(gain);
    }
    let most = Ratio::new(fill_quote.checked_abs()?.checked_mul(max_fee_ppm.into())?, PPM)?.floor();
    Some(gain.min(most))
}

/// How much of a position a liquidation closes at once: what leads into the tier below, in the lowest tier all of it.
///
/// `quantity` is its size without sign, `notional` its value at the mark; the rest of a lot is closed too.
pub fn step(tiers: &[Tier], quantity: i64, notional: i128, lot: i64) -> Option<i64> {
    let edge = match tier_of(tiers, notional) {
        Some(tier) if tier.from_notional > 0 && tier.from_notional > tiers[0].from_notional => {
            i128::from(tier.from_notional)
        }
        _ => return Some(quantity),
    };
    // least q with (Q - q) * V < edge * Q, that is q > Q - edge * Q / V
    let stays = Ratio::new(edge.checked_sub(1)?.checked_mul(quantity.into())?, notional)?.floor();
    let closes = i128::from(quantity) - stays;
    let lots = Ratio::new(closes, lot.into())?.ceil().checked_mul(lot.into())?;
    i64::try_from(lots.min(quantity.into())).ok()
}

/// What a place in the queue of deleveraging is made of, of one open position: gain since it was opened, the value at which
/// it was opened, its value now, and the money that stands behind it. All but the gain without sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leverage {
    pub gain: i64,
    pub entry: u64,
    pub value: u64,
    pub margin: u64,
}

impl Leverage {
    /// The order of BitMEX's queue: gain / entry times value / margin; a loss is divided by value / margin. Greatest first in
    /// line. What would be divided by 0 counts as divided by one unit.
    pub fn rank(&self, other: &Self) -> Ordering {
        self.gain.signum().cmp(&other.gain.signum()).then_with(|| {
            let (a, b) = (self.quotient(), other.quotient());
            let order = compare_products(a.0, b.1, b.0, a.1);
            if self.gain < 0 { order.reverse() } else { order }
        })
    }

    /// Numerator and denominator of the rank, without its sign.
    fn quotient(&self) -> (u128, u128) {
        let whole = |amount: u64| u128::from(amount.max(1));
        let gain = u128::from(self.gain.unsigned_abs());
        if self.gain >= 0 {
            (gain * whole(self.value), whole(self.entry) * whole(self.margin))
        } else {
            (gain * whole(self.margin), whole(self.entry) * whole(self.value))
        }
    }
}

#[cfg(test)]
mod tests;
