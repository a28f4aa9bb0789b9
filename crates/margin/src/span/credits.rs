//! Inter-commodity spread credits: in the order of the list, each consuming the net deltas of its legs.
use super::amounts::{Allowance, narrow, sum};
use super::evaluate::Workspace;
use super::parameters::Parameters;
use super::{Credit, CreditLeg, Fault, ONE, Side};

/// Notes each product's credit in the workspace.
pub fn give_credits(parameters: &Parameters, space: &mut Workspace) -> Result<(), Fault> {
    find_candidates(parameters, space);
    for word in 0..space.twice.len() {
        let mut bits = space.twice[word];
        while bits != 0 {
            let place = word * 64 + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            for long in [Side::A, Side::B] {
                form(&parameters.credits[place], long, parameters, space)?;
            }
        }
    }
    Ok(())
}

/// Credits with legs in at least two of the products held, or two tiers of one: the only ones that can form.
fn find_candidates(parameters: &Parameters, space: &mut Workspace) {
    space.once.fill(0);
    space.twice.fill(0);
    for product in &space.touched {
        let listed = &parameters.products[*product as usize];
        let several = listed.product.inter_tiers.len() > 1;
        for (word, mask) in listed.credits.iter().enumerate() {
            space.twice[word] |= if several { *mask } else { space.once[word] & mask };
            space.once[word] |= mask;
        }
    }
}

fn slot(leg: &CreditLeg, parameters: &Parameters) -> usize {
    (parameters.products[leg.product as usize].inter_slot + leg.tier) as usize
}

fn form(credit: &Credit, long: Side, parameters: &Parameters, space: &mut Workspace) -> Result<(), Fault> {
    let mut limit: Option<Allowance> = None;
    for leg in &credit.legs {
        let delta = space.inter[slot(leg, parameters)];
        let available = if leg.side == long { delta.max(0) } else { -delta.min(0) };
        if available == 0 {
            return Ok(());
        }
        let allowance = Allowance { available, ratio: leg.ratio };
        limit = Some(limit.map_or(allowance, |least| least.least(allowance)));
    }
    let Some(limit) = limit else { return Ok(()) };
    for leg in &credit.legs {
        let taken = limit.taken(leg.ratio)?;
        space.inter[slot(leg, parameters)] += if leg.side == long { -taken } else { taken };
        let held = &mut space.held[leg.product as usize];
        held.credit = sum(held.credit, leg_credit(held.twice_price_risk, taken, (held.offset_delta, leg.rate))?)?;
    }
    Ok(())
}

/// Price risk x the part of the delta that was taken x rate, rounded down. The price risk comes doubled, since it is a
/// difference of averages of two.
fn leg_credit(twice_price_risk: i64, taken: i64, (delta, rate): (i64, i64)) -> Result<i64, Fault> {
    if delta == 0 || twice_price_risk == 0 {
        return Ok(0);
    }
    // risk and delta are below 2^62 each, so that their product leaves no room for the rate: first whole, then the rest
    let product = i128::from(twice_price_risk) * i128::from(taken);
    let divisor = 2 * i128::from(delta);
    let (whole, rest) = (product / divisor, product % divisor);
    let (rate, one) = (i128::from(rate), i128::from(ONE));
    narrow((whole * rate + rest * rate / divisor) / one)
}
