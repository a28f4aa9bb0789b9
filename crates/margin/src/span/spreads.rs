//! Intra-commodity spreads and delivery charges of one product.
use super::amounts::{Allowance, share_up, sum};
use super::parameters::{Listed, Period, PlacedLeg, PlacedSpread};
use super::{Fault, ONE, Side};

/// Charges for all spreads in their order; `remaining` holds each month's delta and keeps what no spread consumed.
pub fn charge_spreads(listed: &Listed, remaining: &mut [i64]) -> Result<i64, Fault> {
    let mut charge = 0;
    if !offsets(&listed.periods, remaining) {
        return Ok(charge);
    }
    for spread in &listed.spreads {
        for long in [Side::A, Side::B] {
            charge = sum(charge, form(spread, long, &listed.periods, remaining)?)?;
        }
    }
    Ok(charge)
}

/// Without a long month and a short one there is nothing to spread: the usual case, and the quick way out.
fn offsets(periods: &[Period], remaining: &[i64]) -> bool {
    let deltas = || periods.iter().map(|period| remaining[period.slot as usize]);
    deltas().any(|delta| delta > 0) && deltas().any(|delta| delta < 0)
}

/// Forms as many spreads as the scarcest leg allows, with side `long` long, and says their charge.
fn form(spread: &PlacedSpread, long: Side, periods: &[Period], remaining: &mut [i64]) -> Result<i64, Fault> {
    let mut limit: Option<Allowance> = None;
    for leg in &spread.legs {
        let available = available(leg, leg.side == long, periods, remaining);
        if available == 0 {
            return Ok(0);
        }
        let allowance = Allowance { available, ratio: leg.ratio };
        limit = Some(limit.map_or(allowance, |least| least.least(allowance)));
    }
    let Some(limit) = limit else { return Ok(0) };
    for leg in &spread.legs {
        consume(leg, leg.side == long, limit.taken(leg.ratio)?, (periods, remaining));
    }
    share_up(limit.available, spread.charge, limit.ratio)
}

fn available(leg: &PlacedLeg, long: bool, periods: &[Period], remaining: &[i64]) -> i64 {
    let deltas = periods[leg.first..leg.end].iter().map(|period| remaining[period.slot as usize]);
    deltas.map(|delta| if long { delta.max(0) } else { -delta.min(0) }).sum()
}

/// Takes deltas from the nearest month first.
fn consume(leg: &PlacedLeg, long: bool, mut amount: i64, (periods, remaining): (&[Period], &mut [i64])) {
    for period in &periods[leg.first..leg.end] {
        let delta = &mut remaining[period.slot as usize];
        let here = if long { (*delta).max(0) } else { -(*delta).min(0) }.min(amount);
        *delta += if long { -here } else { here };
        amount -= here;
        if amount == 0 {
            return;
        }
    }
}

/// Charges for months in delivery: what spreads consumed of their delta, and what remained.
pub fn charge_delivery(listed: &Listed, before: &[i64], remaining: &[i64]) -> Result<i64, Fault> {
    let mut charge = 0;
    for delivery in &listed.product.deliveries {
        let Ok(place) = listed.periods.binary_search_by_key(&delivery.month, |period| period.month) else { continue };
        let slot = listed.periods[place].slot as usize;
        let outright = remaining[slot].abs();
        let consumed = before[slot].abs() - outright;
        charge = sum(charge, share_up(consumed, delivery.spread_charge, ONE)?)?;
        charge = sum(charge, share_up(outright, delivery.outright_charge, ONE)?)?;
    }
    Ok(charge)
}
