//! The rules of an instrument's book: a table of numbers, set by command and read by matching.
use crate::engine::{Effects, Engine};
use crate::messages::{RuleSet, SetRule};
use crate::names::{Reason, Rule};

/// Books: how orders of an instrument meet.
pub const LIT: i64 = 1;
pub const PRO_RATA: i64 = 2;
pub const MIXED: i64 = 3;
pub const DARK: i64 = 4;
pub const CALL: i64 = 5;
pub const RFQ: i64 = 6;
pub const NEGOTIATED: i64 = 7;
pub const SEALED: i64 = 8;

/// What happens when both sides of a trade are the same account's.
pub const SELF_TRADE_ALLOWED: i64 = 0;
pub const CANCEL_NEWEST: i64 = 1;
pub const CANCEL_OLDEST: i64 = 2;
pub const CANCEL_BOTH: i64 = 3;
pub const DECREMENT: i64 = 4;

/// A minimum quantity counts for each fill, or once for the first pass in which the order executes.
pub const MINIMUM_EACH: i64 = 1;
pub const MINIMUM_TOTAL: i64 = 2;
/// What a rest below its minimum does under [`MINIMUM_EACH`]: it goes (1: its minimum shrinks with it).
pub const CANCEL_REMAINDER: i64 = 2;
/// An all-or-none order takes later orders whole by taking less of earlier ones (2: priority alone).
pub const COMBINE: i64 = 1;
/// A smaller quantity at the same price keeps its place (2: nothing does).
pub const LESS_KEEPS_PLACE: i64 = 1;

const COUNT: usize = Rule::ALL.len() + 1;

/// A value for every [`Rule`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules([i64; COUNT]);

impl Default for Rules {
    fn default() -> Self {
        let mut rules = Self([0; COUNT]);
        for (rule, value) in DEFAULTS {
            rules.0[*rule as usize] = *value;
        }
        rules
    }
}

/// What is not 0 by default.
const DEFAULTS: &[(Rule, i64)] = &[
    (Rule::Book, LIT),
    (Rule::SelfTrade, CANCEL_NEWEST),
    (Rule::HiddenAfterVisible, 1),
    (Rule::MinQuantity, 1),
    (Rule::HiddenRemainder, 1),
    (Rule::AuctionTie, 1),
    (Rule::StopOrder, 1),
    (Rule::StopTrigger, 3),
    (Rule::ReplaceKeepsPriority, 1),
    (Rule::BandAction, 1),
    (Rule::DarkPriority, 1),
    (Rule::SealedPrice, 1),
    (Rule::AllOrNone, 1),
];

/// The values that a rule may have.
pub fn allowed(rule: Rule) -> std::ops::RangeInclusive<i64> {
    match rule {
        Rule::Book => LIT..=SEALED,
        Rule::SelfTrade => SELF_TRADE_ALLOWED..=DECREMENT,
        Rule::HiddenAfterVisible | Rule::TopOrder | Rule::Locate | Rule::MakerPriority => 0..=1,
        Rule::MinQuantity
        | Rule::HiddenRemainder
        | Rule::StopOrder
        | Rule::ReplaceKeepsPriority
        | Rule::DarkPriority
        | Rule::AllOrNone => 1..=2,
        Rule::AuctionTie => 1..=4,
        Rule::StopTrigger | Rule::BandAction | Rule::SealedPrice => 1..=3,
        Rule::FifoShare | Rule::MakerShare => 0..=10_000,
        Rule::Collar | Rule::StaticBand | Rule::DynamicBand => 0..=9_999,
        Rule::ProRataMinimum | Rule::DarkMinimum => 0..=crate::values::QUANTITY_MAX,
        Rule::LimitStateTime | Rule::PauseTime | Rule::MinNotional | Rule::Expiry | Rule::FirmUp => 0..=i64::MAX,
    }
}

impl Rules {
    #[inline]
    pub fn get(&self, rule: Rule) -> i64 {
        self.0[rule as usize]
    }

    pub fn set(&mut self, rule: Rule, value: i64) {
        self.0[rule as usize] = value;
    }
}

impl Engine {
    pub(crate) fn set_rule(&mut self, c: &SetRule, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.at(c.instrument)?;
        let rule = Rule::of(c.rule).ok_or(Reason::UnknownRule)?;
        if !allowed(rule).contains(&c.value) {
            return Err(Reason::BadRule);
        }
        let old = self.markets[at].rules.get(rule);
        let same = old == c.value;
        if rule == Rule::Expiry {
            self.check_expiry(at)?;
            if c.value != 0 && c.value as u64 <= self.stamp {
                return Err(Reason::BadRule);
            }
            self.set_expiry(at, old, c.value);
        }
        if rule == Rule::Book && !same && self.has_live_orders(at) {
            return Err(Reason::BookNotEmpty);
        }
        self.markets[at].rules.set(rule, c.value);
        self.markets[at].replan();
        self.touch(at);
        effects.push(&RuleSet { instrument: c.instrument, rule: c.rule, value: c.value });
        Ok(())
    }
}
