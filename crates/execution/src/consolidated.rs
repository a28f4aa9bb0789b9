//! One book of an instrument over all venues that trade it.
//!
//! What is compared is the all-in price: price steps x 10^6 with the taker's fee, rounded once, against the taker. Each
//! level keeps its venue, its own price and its own quantity.
use crate::merge::Merge;
use crate::terms::Terms;
use crate::values::{LEVELS_MAX, PPM, PRICE_MAX, QUANTITY_MAX, Refused, Side, VENUES_MAX, refuse};

/// Lots that one venue shows at a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Price steps x 10^6, the taker's fee included.
    pub all_in: i64,
    /// Price steps, rounded against the taker.
    pub price: i64,
    /// Lots that an order there can take: whole lots of the venue, counted from the best level on, so that the odd rest
    /// of a level is taken with the next one.
    pub quantity: i64,
    pub own_price: i64,
    pub own_quantity: i64,
}

/// What a venue that does not show a book says it would do. Not firm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indication {
    pub at: u64,
    /// Price steps; 0: no price is said (a dark pool at the reference price).
    pub price: i64,
    /// Lots; 0: no size is said.
    pub quantity: i64,
}

/// The last trade that a venue reported, in the instrument's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    pub at: u64,
    pub price: i64,
    pub quantity: i64,
    /// Which side was taken, if it is known.
    pub taken: Option<Side>,
}

/// An own level as a venue sends it: price, quantity.
pub type OwnLevel = (i64, i64);

/// A venue's part of the book.
#[derive(Clone, Debug)]
pub struct Shown {
    pub terms: Terms,
    pub updated_at: u64,
    pub updates: u64,
    /// Lots that others traded there.
    pub volume: i64,
    pub last_trade: Option<Print>,
    pub indications: [Option<Indication>; 2],
    levels: [Vec<Level>; 2],
    tops: [i64; 2],
}

impl Shown {
    fn new(terms: Terms) -> Self {
        Self {
            terms,
            updated_at: 0,
            updates: 0,
            volume: 0,
            last_trade: None,
            indications: [None; 2],
            levels: [Vec::with_capacity(LEVELS_MAX), Vec::with_capacity(LEVELS_MAX)],
            tops: [0; 2],
        }
    }

    /// The best price of a side in price steps x 10^6, without fees; None when nothing stands there.
    #[inline]
    pub fn top(&self, side: Side) -> Option<i64> {
        Some(self.tops[side as usize]).filter(|top| *top > 0)
    }

    /// Half way between its best prices, in price steps x 10^6.
    pub fn middle(&self) -> Option<i64> {
        Some((self.top(Side::Bids)? + self.top(Side::Asks)?) / 2)
    }

    /// Between its best prices, in price steps x 10^6; below 0 when it is crossed.
    pub fn spread(&self) -> Option<i64> {
        Some(self.top(Side::Asks)? - self.top(Side::Bids)?)
    }
}

/// All venues of one instrument. A venue's *place* is where it stands in the list; masks are of places.
#[derive(Clone, Debug, Default)]
pub struct ConsolidatedBook {
    venues: Vec<Shown>,
    shut: u64,
}

impl ConsolidatedBook {
    /// No venues yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The instrument can be traded there: the venue's place. Equal prices go to the venue that was listed first.
    pub fn list(&mut self, terms: Terms) -> Result<usize, Refused> {
        terms.check()?;
        if self.venues.len() == VENUES_MAX {
            return refuse("venue", "there are 64 already");
        }
        if self.place(terms.number).is_some() {
            return refuse("venue", "is listed already");
        }
        self.venues.push(Shown::new(terms));
        Ok(self.venues.len() - 1)
    }

    /// Where the venue stands.
    #[inline]
    pub fn place(&self, number: u32) -> Option<usize> {
        self.venues.iter().position(|venue| venue.terms.number == number)
    }

    /// The place of a venue that must be known.
    #[inline]
    pub fn known(&self, number: u32) -> Result<usize, Refused> {
        self.place(number).ok_or(Refused { field: "venue", reason: "is not listed" })
    }

    /// All venues in their places.
    #[inline]
    pub fn venues(&self) -> &[Shown] {
        &self.venues
    }

    /// A venue's levels of one side, best first.
    #[inline]
    pub fn side(&self, place: usize, side: Side) -> &[Level] {
        &self.venues[place].levels[side as usize]
    }

    /// Places that may be used: listed and not shut.
    #[inline]
    pub fn open(&self) -> u64 {
        let all = if self.venues.len() == VENUES_MAX { u64::MAX } else { (1 << self.venues.len()) - 1 };
        all & !self.shut
    }

    /// Which places are not to be used: their levels are kept and not shown.
    pub fn shut(&mut self, places: u64) {
        self.shut = places;
    }

    /// The venue's whole book now; sides that are empty are cleared. Refused whole: nothing changes.
    pub fn update(&mut self, number: u32, at: u64, bids: &[OwnLevel], asks: &[OwnLevel]) -> Result<usize, Refused> {
        let place = self.known(number)?;
        let terms = self.venues[place].terms;
        if !terms.kind.shows() {
            return refuse("venue", "shows no book: it indicates");
        }
        check_side(&terms, Side::Bids, bids)?;
        check_side(&terms, Side::Asks, asks)?;
        let venue = &mut self.venues[place];
        for (side, own) in [(Side::Bids, bids), (Side::Asks, asks)] {
            venue.tops[side as usize] =
                own.first().map_or(0, |level| terms.scaled(level.0, PPM, side).try_into().unwrap_or(0));
            fill(&terms, side, own, &mut venue.levels[side as usize]);
        }
        venue.updated_at = at;
        venue.updates += 1;
        Ok(place)
    }

    /// A dark pool, an auction or a dealer says what it would do on a side; None takes it back.
    pub fn indicate(&mut self, number: u32, side: Side, indication: Option<Indication>) -> Result<usize, Refused> {
        let place = self.known(number)?;
        if self.venues[place].terms.kind.shows() {
            return refuse("venue", "shows a book: it does not indicate");
        }
        if let Some(said) = indication {
            check_range("price", said.price, 0, PRICE_MAX)?;
            check_range("quantity", said.quantity, 0, QUANTITY_MAX)?;
            self.venues[place].updated_at = said.at;
        }
        self.venues[place].indications[side as usize] = indication;
        Ok(place)
    }

    /// Others traded there.
    pub fn trade(&mut self, number: u32, print: Print) -> Result<usize, Refused> {
        let place = self.known(number)?;
        check_range("price", print.price, 1, PRICE_MAX)?;
        check_range("quantity", print.quantity, 1, QUANTITY_MAX)?;
        let venue = &mut self.venues[place];
        venue.last_trade = Some(print);
        venue.volume = venue.volume.saturating_add(print.quantity);
        Ok(place)
    }

    /// Levels of a side over all open venues, best all-in price first, with the places of their venues.
    pub fn merged(&self, side: Side) -> Merge<'_> {
        Merge::new(self, side, self.open())
    }

    /// The best level of a side over all open venues.
    pub fn best(&self, side: Side) -> Option<(usize, &Level)> {
        self.merged(side).next()
    }

    /// Half way between the best prices of all open venues, without fees, in price steps x 10^6.
    pub fn middle(&self) -> Option<i64> {
        let tops = |side: Side| self.places(self.open()).filter_map(move |place| self.venues[place].top(side));
        Some((tops(Side::Bids).max()? + tops(Side::Asks).min()?) / 2)
    }

    /// The places of a mask, lowest first.
    pub fn places(&self, mask: u64) -> impl Iterator<Item = usize> + use<> {
        let mut left = mask;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (place < VENUES_MAX).then_some(place)
        })
    }
}

fn check_range(field: &'static str, value: i64, low: i64, high: i64) -> Result<(), Refused> {
    match value {
        value if value < low => refuse(field, "is too small"),
        value if value > high => refuse(field, "is too large"),
        _ => Ok(()),
    }
}

/// Best first, no price twice, nothing below 1, prices on the tick, everything within the limits once converted.
fn check_side(terms: &Terms, side: Side, own: &[OwnLevel]) -> Result<(), Refused> {
    let field = if side == Side::Bids { "bids" } else { "asks" };
    if own.len() > LEVELS_MAX {
        return refuse(field, "more than 50 levels");
    }
    let mut before: Option<i64> = None;
    for &(price, quantity) in own {
        if price <= 0 {
            return refuse(field, "a price is not positive");
        }
        if quantity <= 0 {
            return refuse(field, "a quantity is not positive");
        }
        if quantity > QUANTITY_MAX {
            return refuse(field, "a quantity is too large");
        }
        if terms.tick > 1 && price % terms.tick != 0 {
            return refuse(field, "a price is off the tick");
        }
        if before.is_some_and(|before| side.sign() * (price - before) <= 0) {
            return refuse(field, "levels are not in order");
        }
        before = Some(price);
    }
    // in order, so that the first and the last bound all
    for &(price, _) in own.first().into_iter().chain(own.last()) {
        if price > PRICE_MAX || terms.steps(price, Side::Asks) > i128::from(PRICE_MAX) {
            return refuse(field, "a price is too large");
        }
        if terms.steps(price, Side::Bids) == 0 {
            return refuse(field, "a price is less than one step");
        }
    }
    Ok(())
}

/// Own levels in the instrument's units. Their form was checked.
fn fill(terms: &Terms, side: Side, own: &[OwnLevel], levels: &mut Vec<Level>) {
    levels.clear();
    let (factor, plain) = (terms.factor(side), terms.is_plain());
    let mut rest = 0;
    for &(price, shown) in own {
        let whole = rest + shown;
        let usable = if terms.lot == 1 { whole } else { whole - whole % terms.lot };
        rest = whole - usable;
        if usable == 0 {
            continue;
        }
        let level = if plain {
            Level { all_in: price * factor, price, quantity: usable, own_price: price, own_quantity: usable }
        } else {
            converted(terms, side, price, usable)
        };
        if level.quantity > 0 {
            levels.push(level);
        }
    }
}

fn converted(terms: &Terms, side: Side, price: i64, usable: i64) -> Level {
    let bounded = |value: i128| i64::try_from(value).unwrap_or(i64::MAX);
    Level {
        all_in: bounded(terms.scaled(price, terms.factor(side), side)),
        price: bounded(terms.steps(price, side)),
        quantity: bounded(terms.lots(usable, price).min(i128::from(QUANTITY_MAX))),
        own_price: price,
        own_quantity: usable,
    }
}

#[cfg(test)]
#[path = "consolidated_tests.rs"]
mod tests;
