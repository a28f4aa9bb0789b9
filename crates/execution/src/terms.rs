//! What has to be known of a venue before its prices can be compared with those of others.
use crate::values::{FEE_MAX_PPM, PPM, PRICE_MAX, QUANTITY_MAX, RATIO_MAX, Refused, Side, ceil_div, floor_div, refuse};

/// What a venue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Lit,
    Dark,
    Auction,
    Rfq,
    Amm,
    House,
}

impl Kind {
    /// All, by the names that people use.
    pub const NAMES: [(&'static str, Kind); 6] = [
        ("lit", Kind::Lit),
        ("dark", Kind::Dark),
        ("auction", Kind::Auction),
        ("rfq", Kind::Rfq),
        ("amm", Kind::Amm),
        ("house", Kind::House),
    ];

    /// The kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|known| known.0 == name).map(|known| known.1)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|known| known.1 == self).map_or("", |known| known.0)
    }

    /// Does it show levels that can be taken? The others indicate.
    pub fn shows(self) -> bool {
        matches!(self, Kind::Lit | Kind::Amm | Kind::House)
    }
}

/// Denominator of the quantity x numerator of the price of an inverse contract.
const INVERSE_MAX: i128 = 10_000_000_000_000;

/// A positive fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    pub num: i64,
    pub den: i64,
}

impl Ratio {
    pub const ONE: Ratio = Ratio { num: 1, den: 1 };

    fn check(self, field: &'static str) -> Result<(), Refused> {
        let right = |part: i64| (1..=RATIO_MAX).contains(&part);
        if right(self.num) && right(self.den) { Ok(()) } else { refuse(field, "must be two numbers from 1 to 10^12") }
    }
}

/// One venue of an instrument. Its prices and quantities come in units of its own: own price x `price` is a price in
/// price steps of the instrument, own quantity x `quantity` a quantity in its lots. With `inverse` (contracts that are
/// worth a fixed sum of the quote asset) own quantity x `quantity` is a value, price steps x lots, instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The venue's account; 0 is the house book.
    pub number: u32,
    pub kind: Kind,
    /// Millionths of the value; a negative fee is a rebate.
    pub maker_fee_ppm: i64,
    pub taker_fee_ppm: i64,
    /// Own prices are multiples of this.
    pub tick: i64,
    /// Orders there are multiples of this own quantity.
    pub lot: i64,
    pub price: Ratio,
    pub quantity: Ratio,
    pub inverse: bool,
    /// Venues of one family trade the same thing; a perpetual beside its spot is of another.
    pub family: u8,
}

impl Terms {
    /// A lit venue in the instrument's own units.
    pub fn plain(number: u32, taker_fee_ppm: i64) -> Self {
        Self {
            number,
            kind: Kind::Lit,
            maker_fee_ppm: 0,
            taker_fee_ppm,
            tick: 1,
            lot: 1,
            price: Ratio::ONE,
            quantity: Ratio::ONE,
            inverse: false,
            family: 0,
        }
    }

    /// Are they terms at all?
    pub fn check(&self) -> Result<(), Refused> {
        if self.maker_fee_ppm.abs() > FEE_MAX_PPM || self.taker_fee_ppm.abs() > FEE_MAX_PPM {
            return refuse("fee_ppm", "must be from -100000 to 100000");
        }
        if !(1..=PRICE_MAX).contains(&self.tick) {
            return refuse("tick", "must be from 1 to 4 x 10^12");
        }
        if !(1..=QUANTITY_MAX).contains(&self.lot) {
            return refuse("lot", "must be from 1 to 10^12");
        }
        self.price.check("price_multiplier")?;
        self.quantity.check("quantity_multiplier")?;
        // lots x price x these two fit 128 bits
        if self.inverse && i128::from(self.quantity.den) * i128::from(self.price.num) > INVERSE_MAX {
            return refuse("quantity_multiplier", "is too fine for an inverse contract");
        }
        Ok(())
    }

    /// Are its units those of the instrument?
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.price == Ratio::ONE && self.quantity == Ratio::ONE && !self.inverse
    }

    /// What a price of 1 comes to with the taker's fee, in millionths: buyers pay it on top, sellers get it less.
    #[inline]
    pub fn factor(&self, side: Side) -> i64 {
        PPM + side.sign() * self.taker_fee_ppm
    }

    /// An own price in price steps x 10^6, as it stands (`factor` = 10^6) or with a fee; rounded against the taker.
    #[inline]
    pub fn scaled(&self, own: i64, factor: i64, side: Side) -> i128 {
        let (value, den) =
            (i128::from(own) * i128::from(self.price.num) * i128::from(factor), i128::from(self.price.den));
        match side {
            Side::Bids => floor_div(value, den),
            Side::Asks => ceil_div(value, den),
        }
    }

    /// An own price in price steps, rounded against the taker.
    pub fn steps(&self, own: i64, side: Side) -> i128 {
        self.scaled(own, 1, side)
    }

    /// Lots that an own quantity at an own price comes to, rounded down.
    pub fn lots(&self, own: i64, own_price: i64) -> i128 {
        let (value, mut by) = (i128::from(own) * i128::from(self.quantity.num), i128::from(self.quantity.den));
        if !self.inverse {
            return floor_div(value, by);
        }
        by *= i128::from(own_price) * i128::from(self.price.num);
        floor_div(value * i128::from(self.price.den), by.max(1))
    }

    /// The greatest own quantity, in whole lots of the venue, that comes to at most so many lots at an own price.
    pub fn own_quantity(&self, lots: i64, own_price: i64) -> i64 {
        let (value, by) = (i128::from(lots) * i128::from(self.quantity.den), i128::from(self.quantity.num));
        let own = if self.inverse {
            floor_div(value * i128::from(own_price) * i128::from(self.price.num), by * i128::from(self.price.den))
        } else {
            floor_div(value, by)
        };
        let own = i64::try_from(own).unwrap_or(QUANTITY_MAX);
        own - own % self.lot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spot in steps of 0.01 and lots of 0.00001; contracts of 100 USD quoted in steps of 0.1.
    fn inverse() -> Terms {
        let value = Ratio { num: 100 * 100 * 100_000, den: 1 };
        Terms { price: Ratio { num: 10, den: 1 }, quantity: value, inverse: true, ..Terms::plain(1, 500) }
    }

    #[test]
    fn inverse_contracts_are_worth_more_lots_at_a_lower_price() {
        let terms = inverse();
        assert_eq!(terms.steps(600_000, Side::Asks), 6_000_000);
        // 60 contracts of 100 USD at 60,000.0 are 0.1 coins: 10,000 lots of 0.00001
        assert_eq!(terms.lots(60, 600_000), 10_000);
        assert_eq!(terms.lots(60, 300_000), 20_000);
        assert_eq!(terms.own_quantity(10_000, 600_000), 60);
        assert_eq!(terms.own_quantity(9_999, 600_000), 59);
    }

    #[test]
    fn a_quantity_there_and_back_never_grows() {
        for (own_price, lots) in [(600_000, 12_345), (617_301, 7), (599_999, 1_000_000)] {
            let terms = inverse();
            let own = terms.own_quantity(lots, own_price);
            assert!(terms.lots(own, own_price) <= i128::from(lots));
            assert!(terms.lots(own + terms.lot, own_price) >= i128::from(lots) || own == 0);
        }
    }

    #[test]
    fn prices_round_against_the_taker() {
        let terms = Terms { price: Ratio { num: 1, den: 3 }, ..Terms::plain(1, 0) };
        assert_eq!(terms.steps(10, Side::Asks), 4);
        assert_eq!(terms.steps(10, Side::Bids), 3);
        assert_eq!(terms.scaled(10, PPM, Side::Asks), 3_333_334);
        assert_eq!(terms.scaled(10, PPM, Side::Bids), 3_333_333);
    }

    #[test]
    fn terms_that_make_no_sense_are_refused_by_field() {
        let field = |terms: Terms| terms.check().unwrap_err().field;
        let good = Terms::plain(1, 0);
        assert_eq!(good.check(), Ok(()));
        assert_eq!(field(Terms { tick: 0, ..good }), "tick");
        assert_eq!(field(Terms { lot: -1, ..good }), "lot");
        assert_eq!(field(Terms { taker_fee_ppm: FEE_MAX_PPM + 1, ..good }), "fee_ppm");
        assert_eq!(field(Terms { price: Ratio { num: 0, den: 1 }, ..good }), "price_multiplier");
        assert_eq!(field(Terms { quantity: Ratio { num: 1, den: 0 }, ..good }), "quantity_multiplier");
        let fine = Ratio { num: 1, den: RATIO_MAX };
        let steep = Ratio { num: 100, den: 1 };
        assert_eq!(field(Terms { quantity: fine, price: steep, inverse: true, ..good }), "quantity_multiplier");
    }

    #[test]
    fn the_widest_terms_convert_without_overflow() {
        let widest = [
            (Ratio { num: 1, den: RATIO_MAX }, Ratio { num: RATIO_MAX, den: 1 }, false),
            (Ratio { num: RATIO_MAX, den: 1 }, Ratio { num: 1, den: RATIO_MAX }, false),
            (Ratio { num: 10, den: RATIO_MAX }, Ratio { num: RATIO_MAX, den: RATIO_MAX }, true),
            (Ratio { num: RATIO_MAX, den: RATIO_MAX }, Ratio { num: RATIO_MAX, den: 10 }, true),
        ];
        for (price, quantity, inverse) in widest {
            let terms = Terms { price, quantity, inverse, ..Terms::plain(1, FEE_MAX_PPM) };
            terms.check().unwrap();
            for own_price in [1, PRICE_MAX] {
                terms.scaled(own_price, terms.factor(Side::Asks), Side::Asks);
                terms.lots(QUANTITY_MAX, own_price);
                assert!(terms.own_quantity(QUANTITY_MAX, own_price) >= 0);
            }
        }
    }
}
