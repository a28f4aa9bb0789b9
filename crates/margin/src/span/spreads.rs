//! Intra-commodity spreads and delivery charges of one product.
use super::amounts::{Allowance, share_up, sum};
use super::parameters::{Listed, Period, PlacedLeg, period_bit};
use super::{Fault, ONE, Side};

/// Charges for all spreads in their order; `remaining` holds each month's delta and keeps what no spread consumed.
pub fn charge_spreads(listed: &Listed, remaining: &mut [i64]) -> Result<i64, Fault> {
    let mut charge = 0;
    let mut open = sides(&listed.periods, remaining);
    for spread in &listed.spreads {
        let (long, short) = open;
        if long == 0 || short == 0 {
            break;
        }
        let ways = [
            (Side::A, long & spread.bits_a != 0 && short & spread.bits_b != 0),
            (Side::B, long & spread.bits_b != 0 && short & spread.bits_a != 0),
        ];
        if !ways[0].1 && !ways[1].1 {
            continue;
        }
        let legs = &listed.legs[spread.first_leg as usize..spread.end_leg as usize];
        for (side, can_form) in ways {
            if can_form {
                charge = sum(charge, form((legs, spread.charge), side, (&listed.periods, remaining), &mut open)?)?;
            }
        }
    }
    Ok(charge)
}

/// Bits of the periods that are long, and of those that are short.
fn sides(periods: &[Period], remaining: &[i64]) -> (u64, u64) {
    let (mut long, mut short) = (0, 0);
    for (place, period) in periods.iter().enumerate() {
        let delta = remaining[period.slot as usize];
        long |= if delta > 0 { period_bit(place) } else { 0 };
        short |= if delta < 0 { period_bit(place) } else { 0 };
    }
    (long, short)
}

/// Forms as many spreads as the scarcest leg allows, with side `long` long, and says their charge.
fn form(
    (legs, charge): (&[PlacedLeg], i64),
    long: Side,
    (periods, remaining): (&[Period], &mut [i64]),
    open: &mut (u64, u64),
) -> Result<i64, Fault> {
    let mut limit: Option<Allowance> = None;
    for leg in legs {
        let available = available(leg, leg.side == long, periods, remaining);
        if available == 0 {
            return Ok(0);
        }
        let allowance = Allowance { available, ratio: leg.ratio };
        limit = Some(limit.map_or(allowance, |least| least.least(allowance)));
    }
    let Some(limit) = limit else { return Ok(0) };
    for leg in legs {
        let emptied = consume(leg, leg.side == long, limit.taken(leg.ratio)?, (periods, remaining));
        *open = (open.0 & !emptied, open.1 & !emptied);
    }
    share_up(limit.available, charge, limit.ratio)
}

fn available(leg: &PlacedLeg, long: bool, periods: &[Period], remaining: &[i64]) -> i64 {
    let deltas = periods[leg.first as usize..leg.end as usize].iter().map(|period| remaining[period.slot as usize]);
    deltas.map(|delta| if long { delta.max(0) } else { -delta.min(0) }).sum()
}

/// Takes deltas from the nearest month first; says which periods have none left, as bits (never the one that many share).
fn consume(leg: &PlacedLeg, long: bool, mut amount: i64, (periods, remaining): (&[Period], &mut [i64])) -> u64 {
    let mut emptied = 0;
    for place in leg.first as usize..leg.end as usize {
        let delta = &mut remaining[periods[place].slot as usize];
        let here = if long { (*delta).max(0) } else { -(*delta).min(0) }.min(amount);
        *delta += if long { -here } else { here };
        amount -= here;
        if *delta == 0 {
            emptied |= period_bit(place) & !SHARED;
        }
        if amount == 0 {
            break;
        }
    }
    emptied
}

/// The bit of all periods from the 64th on.
const SHARED: u64 = 1 << 63;

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
