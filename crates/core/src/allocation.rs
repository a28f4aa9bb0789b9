//! How an incoming order is shared among the orders at a price: pro rata and mixed books.
use crate::names::Rule;
use crate::rules::{MIXED, Rules};
use crate::values::BPS;

/// One order's part: what it has to give, what it gets, and what the rules know about it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Share {
    pub size: i64,
    pub given: i64,
    pub top: bool,
    pub maker: bool,
}

impl Share {
    fn left(&self) -> i64 {
        self.size - self.given
    }
}

/// Divides `taken` lots, at most what all have, among the shares, which stand in time order.
pub(crate) fn share_out(shares: &mut [Share], taken: i64, lot: i64, rules: &Rules) {
    if i128::from(taken) == total(shares, |_| true) {
        shares.iter_mut().for_each(|share| share.given = share.size);
        return;
    }
    let mut rest = taken;
    if rules.get(Rule::Book) == MIXED {
        rest = first(shares, rest, lot, rules);
    }
    rest = pro_rata(shares, |_| true, rest, lot, rules.get(Rule::ProRataMinimum));
    in_time(shares, |_| true, rest);
}

/// What mixed books do before pro rata: top order, makers' share, the share of the oldest; returns what is over.
fn first(shares: &mut [Share], mut rest: i64, lot: i64, rules: &Rules) -> i64 {
    if rules.get(Rule::TopOrder) != 0 {
        rest = in_time(shares, |share| share.top, rest);
    }
    let makers = total(shares, |share| share.maker);
    let part = portion(rest, rules.get(Rule::MakerShare), lot).min(makers.min(i128::from(i64::MAX)) as i64);
    let over = pro_rata(shares, |share| share.maker, part, lot, 0);
    rest -= part - in_time(shares, |share| share.maker, over);
    let part = portion(rest, rules.get(Rule::FifoShare), lot);
    rest - part + in_time(shares, |_| true, part)
}

fn portion(lots: i64, bps: i64, lot: i64) -> i64 {
    let part = (i128::from(lots) * i128::from(bps) / BPS) as i64;
    part - part % lot
}

fn total(shares: &[Share], among: impl Fn(&Share) -> bool) -> i128 {
    shares.iter().filter(|share| among(share)).map(|share| i128::from(share.left())).sum()
}

fn in_time(shares: &mut [Share], among: impl Fn(&Share) -> bool, mut rest: i64) -> i64 {
    for share in shares.iter_mut().filter(|share| among(share)) {
        let part = rest.min(share.left());
        share.given += part;
        rest -= part;
    }
    rest
}

/// Each gets its part of `rest` by what it has left, rounded down to lots; parts below `least` are not given.
fn pro_rata(shares: &mut [Share], among: impl Fn(&Share) -> bool, rest: i64, lot: i64, least: i64) -> i64 {
    let total = total(shares, &among);
    let mut over = rest;
    for share in shares.iter_mut().filter(|share| among(share)) {
        let part = if total == 0 { 0 } else { (i128::from(rest) * i128::from(share.left()) / total) as i64 };
        let part = part - part % lot;
        if part >= least {
            share.given += part;
            over -= part;
        }
    }
    over
}
