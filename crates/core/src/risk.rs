//! Risk parameters as reference data: set one by one, they count together from ApplyRisk on.
use std::collections::BTreeMap;

use isthmus_margin::span::{
    Contract as Listed, Credit, CreditLeg, Delivery, Fault, Kind, LARGEST, Leg, MinimumRule, Months, Parameters,
    PriceRisk, Product, Side, Spread,
};

use crate::contracts::CALL;
use crate::engine::{Effects, Engine};
use crate::instrument::{Instrument, PERPETUAL};
use crate::messages::{
    RiskApplied, RiskSet, SetRiskArray, SetRiskCredit, SetRiskDelivery, SetRiskProduct, SetRiskSpread, SetRiskTier,
};
use crate::names::Reason;
use crate::portfolio::Scanned;

/// Tiers of months.
pub const SCAN_TIER: u8 = 1;
pub const INTER_TIER: u8 = 2;
const ASSET_MAX: u32 = 256;

/// Everything that margin by arrays needs, as it was set; what was taken away is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Risk {
    pub products: BTreeMap<u32, SetRiskProduct>,
    pub arrays: BTreeMap<u32, SetRiskArray>,
    pub tiers: BTreeMap<(u32, u8, u16), SetRiskTier>,
    pub spreads: BTreeMap<(u32, u16), SetRiskSpread>,
    pub credits: BTreeMap<u16, SetRiskCredit>,
    pub deliveries: BTreeMap<(u32, u32), SetRiskDelivery>,
}

/// The parameters, and each instrument's place in them.
pub(crate) type Built = (Parameters, BTreeMap<u32, Scanned>);

impl Risk {
    /// What the parameters are together, if they can be.
    pub(crate) fn build(&self, instruments: &[Instrument]) -> Result<Built, Reason> {
        self.build_checked(instruments).map_err(|_| Reason::BadRisk)
    }

    fn build_checked(&self, instruments: &[Instrument]) -> Result<Built, Fault> {
        let mut parameters = Parameters::new();
        for number in self.products.keys() {
            parameters.add_product(self.product(*number)?)?;
        }
        self.check_products()?;
        let mut scanned = BTreeMap::new();
        for array in self.arrays.values() {
            let instrument = &instruments[array.instrument as usize - 1];
            let (place, product) = self.place(array.product)?;
            if product.asset != instrument.terms.quote || instrument.is_inverse() {
                return Err(fault("asset", "is not the instrument's"));
            }
            let contract = parameters.add_contract(&listed(instrument, array, place))?;
            let (instrument, value) = (array.instrument, array.value);
            scanned.insert(instrument, Scanned { instrument, contract, value, long: array.delta >= 0 });
        }
        let credits = self.credits.values().map(|credit| self.credit(credit)).collect::<Result<_, _>>()?;
        parameters.set_credits(credits)?;
        Ok((parameters, scanned))
    }

    /// Its place in the order of the numbers.
    fn place(&self, number: u32) -> Result<(u32, &SetRiskProduct), Fault> {
        let product = self.products.get(&number).ok_or(fault("product", "is not listed"))?;
        Ok((self.products.range(..number).count() as u32, product))
    }

    /// Does all that belongs to a product belong to a listed one?
    fn check_products(&self) -> Result<(), Fault> {
        let tiers = self.tiers.keys().map(|key| key.0);
        let others = self.spreads.keys().map(|key| key.0).chain(self.deliveries.keys().map(|key| key.0));
        tiers.chain(others).try_for_each(|number| self.place(number).map(|_| ()))
    }

    fn product(&self, number: u32) -> Result<Product, Fault> {
        let (_, own) = self.place(number)?;
        let tiers = |list: u8| {
            let tiers = self.tiers.range((number, list, 0)..=(number, list, u16::MAX));
            tiers.map(|(_, tier)| Months { first: tier.first, last: tier.last }).collect()
        };
        let spreads = self.spreads.range((number, 0)..=(number, u16::MAX));
        let deliveries = self.deliveries.range((number, 0)..=(number, u32::MAX)).map(|(_, delivery)| Delivery {
            month: delivery.month,
            spread_charge: delivery.spread_charge,
            outright_charge: delivery.outright_charge,
        });
        Ok(Product {
            currency: own.asset - 1,
            scan_tiers: tiers(SCAN_TIER),
            inter_tiers: tiers(INTER_TIER),
            spreads: spreads.map(|(_, spread)| spread_of(spread)).collect(),
            deliveries: deliveries.collect(),
            minimum_rule: if own.minimum == 1 { MinimumRule::Sum } else { MinimumRule::Greater },
            caps_option_value: own.caps == 1,
            price_risk: match own.price_risk {
                0 => PriceRisk::Scanned,
                1 => PriceRisk::CappedAt(own.scan),
                _ => PriceRisk::Fixed(own.scan),
            },
        })
    }

    fn credit(&self, credit: &SetRiskCredit) -> Result<Credit, Fault> {
        let legs = credit_legs(credit).into_iter().filter(|leg| leg.ratio != 0).map(|leg| {
            let (product, _) = self.place(leg.product)?;
            Ok(CreditLeg { product, ..leg })
        });
        Ok(Credit { legs: legs.collect::<Result<_, Fault>>()? })
    }
}

fn fault(field: &'static str, reason: &'static str) -> Fault {
    Fault { field, reason }
}

fn listed(instrument: &Instrument, a: &SetRiskArray, product: u32) -> Listed {
    let call = instrument.contract.is_some_and(|contract| contract.terms.right == CALL);
    let kind = match instrument.is_option() {
        false => Kind::Future,
        true if call => Kind::Call,
        true => Kind::Put,
    };
    let (month, delta, value, short_minimum) = (a.month, a.delta, a.value, a.short_minimum);
    Listed { product, month, kind, array: losses(a), delta, value, short_minimum }
}

fn losses(a: &SetRiskArray) -> [i64; 16] {
    [
        a.loss_1, a.loss_2, a.loss_3, a.loss_4, a.loss_5, a.loss_6, a.loss_7, a.loss_8, a.loss_9, a.loss_10, a.loss_11,
        a.loss_12, a.loss_13, a.loss_14, a.loss_15, a.loss_16,
    ]
}

fn side_of(side: u8) -> Side {
    if side == 1 { Side::A } else { Side::B }
}

fn spread_legs(s: &SetRiskSpread) -> [(u32, u32, u8, i64); 4] {
    [
        (s.first_1, s.last_1, s.side_1, s.ratio_1),
        (s.first_2, s.last_2, s.side_2, s.ratio_2),
        (s.first_3, s.last_3, s.side_3, s.ratio_3),
        (s.first_4, s.last_4, s.side_4, s.ratio_4),
    ]
}

fn spread_of(s: &SetRiskSpread) -> Spread {
    let legs = spread_legs(s).into_iter().filter(|leg| leg.3 != 0);
    let leg = |(first, last, side, ratio)| Leg { months: Months { first, last }, side: side_of(side), ratio };
    Spread { legs: legs.map(leg).collect(), charge: s.charge }
}

fn credit_legs(c: &SetRiskCredit) -> [CreditLeg; 4] {
    let leg = |product, tier, side, ratio, rate| CreditLeg { product, tier, side: side_of(side), ratio, rate };
    [
        leg(c.product_1, c.tier_1, c.side_1, c.ratio_1, c.rate_1),
        leg(c.product_2, c.tier_2, c.side_2, c.ratio_2, c.rate_2),
        leg(c.product_3, c.tier_3, c.side_3, c.ratio_3, c.rate_3),
        leg(c.product_4, c.tier_4, c.side_4, c.ratio_4, c.rate_4),
    ]
}

/// Keeps the row under its key, or takes that away.
fn keep<K: Ord, V>(rows: &mut BTreeMap<K, V>, key: K, row: V, stays: bool) {
    if stays {
        rows.insert(key, row);
    } else {
        rows.remove(&key);
    }
}

fn told(command: u16, of: u32, place: u32) -> RiskSet {
    RiskSet { command: command as u8, of, place }
}

fn bad_unless(well: bool) -> Result<(), Reason> {
    if well { Ok(()) } else { Err(Reason::BadRisk) }
}

impl Engine {
    pub(crate) fn set_risk_product(&mut self, c: &SetRiskProduct, effects: &mut Effects) -> Result<(), Reason> {
        if c.asset as usize > self.assets.len() {
            return Err(Reason::UnknownAsset);
        }
        let words = matches!(c.minimum, 1 | 2) && c.caps <= 1 && c.price_risk <= 2 && (0..=LARGEST).contains(&c.scan);
        bad_unless(c.product != 0 && (c.asset == 0 || (words && c.asset <= ASSET_MAX)))?;
        keep(&mut self.contracts.staged.products, c.product, *c, c.asset != 0);
        effects.push(&told(SetRiskProduct::KIND, c.product, 0));
        Ok(())
    }

    pub(crate) fn set_risk_array(&mut self, c: &SetRiskArray, effects: &mut Effects) -> Result<(), Reason> {
        let instrument = &self.instruments[self.at(c.instrument)?];
        if c.product != 0 {
            bad_unless(instrument.terms.kind >= PERPETUAL)?;
            instrument.check_contract()?;
            let fits = |amount: &i64| (-LARGEST..=LARGEST).contains(amount);
            bad_unless(losses(c).iter().chain([&c.delta, &c.value]).all(fits))?;
            bad_unless((0..=LARGEST).contains(&c.short_minimum))?;
        }
        keep(&mut self.contracts.staged.arrays, c.instrument, *c, c.product != 0);
        effects.push(&told(SetRiskArray::KIND, c.instrument, 0));
        Ok(())
    }

    pub(crate) fn set_risk_tier(&mut self, c: &SetRiskTier, effects: &mut Effects) -> Result<(), Reason> {
        bad_unless(c.product != 0 && matches!(c.list, SCAN_TIER | INTER_TIER))?;
        keep(&mut self.contracts.staged.tiers, (c.product, c.list, c.place), *c, c.first <= c.last);
        effects.push(&told(SetRiskTier::KIND, c.product, c.place.into()));
        Ok(())
    }

    pub(crate) fn set_risk_spread(&mut self, c: &SetRiskSpread, effects: &mut Effects) -> Result<(), Reason> {
        let sides = spread_legs(c).iter().all(|leg| leg.3 == 0 || matches!(leg.2, 1 | 2));
        bad_unless(c.product != 0 && sides)?;
        let stays = spread_legs(c).iter().any(|leg| leg.3 != 0);
        keep(&mut self.contracts.staged.spreads, (c.product, c.place), *c, stays);
        effects.push(&told(SetRiskSpread::KIND, c.product, c.place.into()));
        Ok(())
    }

    pub(crate) fn set_risk_credit(&mut self, c: &SetRiskCredit, effects: &mut Effects) -> Result<(), Reason> {
        let sides = [(c.side_1, c.ratio_1), (c.side_2, c.ratio_2), (c.side_3, c.ratio_3), (c.side_4, c.ratio_4)];
        bad_unless(sides.iter().all(|(side, ratio)| *ratio == 0 || matches!(side, 1 | 2)))?;
        keep(&mut self.contracts.staged.credits, c.place, *c, sides.iter().any(|(_, ratio)| *ratio != 0));
        effects.push(&told(SetRiskCredit::KIND, 0, c.place.into()));
        Ok(())
    }

    pub(crate) fn set_risk_delivery(&mut self, c: &SetRiskDelivery, effects: &mut Effects) -> Result<(), Reason> {
        bad_unless(c.product != 0)?;
        let stays = (c.spread_charge, c.outright_charge) != (0, 0);
        keep(&mut self.contracts.staged.deliveries, (c.product, c.month), *c, stays);
        effects.push(&told(SetRiskDelivery::KIND, c.product, c.month));
        Ok(())
    }

    /// Positions that gain or lose an array hold anew; then all accounts that are margined by arrays do, at the pass's end.
    pub(crate) fn apply_risk(&mut self, effects: &mut Effects) -> Result<(), Reason> {
        let (parameters, mut scanned) = self.contracts.staged.build(&self.instruments)?;
        let (products, contracts) = (parameters.products() as u32, parameters.contracts() as u32);
        effects.push(&RiskApplied { products, contracts });
        self.contracts.applied = self.contracts.staged.clone();
        self.contracts.parameters = parameters;
        for at in 0..self.instruments.len() {
            let now = scanned.remove(&(at as u32 + 1));
            let before = std::mem::replace(&mut self.instruments[at].scanned, now);
            if before.is_some() != now.is_some() {
                self.hold_anew(at, now.is_some(), effects);
            }
        }
        let Self { ledger, .. } = self;
        ledger.remargin.extend(ledger.portfolios.keys());
        Ok(())
    }

    /// The arrays that count, after the state was read back.
    pub(crate) fn restore_risk(&mut self) -> Result<(), Reason> {
        let (parameters, scanned) = self.contracts.applied.build(&self.instruments)?;
        self.contracts.parameters = parameters;
        for (number, found) in scanned {
            self.instruments[number as usize - 1].scanned = Some(found);
        }
        Ok(())
    }
}
