//! Where something can be bought and sold at once for more than both fees.
use crate::consolidated::{ConsolidatedBook, Level};
use crate::sweep::usable;
use crate::terms::Terms;
use crate::values::{PPM, Side, narrow};

/// Buy at one venue, sell at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub buy: u32,
    pub sell: u32,
    /// Lots that can be had at both, in whole lots of both.
    pub quantity: i64,
    /// All-in price x lots: what is got less what is paid, both fees counted.
    pub profit: i128,
    /// The worst prices in price steps; the limits of the two orders.
    pub buy_price: i64,
    pub sell_price: i64,
    pub own_buy: (i64, i64),
    pub own_sell: (i64, i64),
    /// The venues are of two families (spot and perpetual): what is gained is a basis that has still to close.
    pub basis: bool,
}

/// The most profitable pair that the venue at this place is part of, after its book changed. None: there is nothing to be
/// had. Only open venues are looked at.
pub fn scan(book: &ConsolidatedBook, place: usize) -> Option<Pair> {
    let mut open = book.open();
    if open >> place & 1 == 0 {
        return None;
    }
    open &= !(1 << place);
    let (bid, ask) = (book.side(place, Side::Bids).first(), book.side(place, Side::Asks).first());
    let mut best: Option<Pair> = None;
    let mut keep = |found: Option<Pair>| {
        if let Some(pair) = found.filter(|pair| best.is_none_or(|best| pair.profit > best.profit)) {
            best = Some(pair);
        }
    };
    for other in book.places(open) {
        if let (Some(bid), Some(ask)) = (bid, book.side(other, Side::Asks).first())
            && bid.all_in > ask.all_in
        {
            keep(walk(book, other, place));
        }
        if let (Some(ask), Some(bid)) = (ask, book.side(other, Side::Bids).first())
            && bid.all_in > ask.all_in
        {
            keep(walk(book, place, other));
        }
    }
    best
}

/// Both books from the top while a lot more still gains.
fn walk(book: &ConsolidatedBook, buy: usize, sell: usize) -> Option<Pair> {
    let step = whole_lots(book, buy, sell);
    let (asks, bids) = (book.side(buy, Side::Asks), book.side(sell, Side::Bids));
    let reach = crossed(asks, bids);
    let quantity = reach - reach % step;
    if quantity == 0 {
        return None;
    }
    let (buyer, seller) = (&book.venues()[buy].terms, &book.venues()[sell].terms);
    let (bought, sold) = (taken(buyer, asks, quantity), taken(seller, bids, quantity));
    let profit = sold.0 - bought.0;
    if profit <= 0 {
        return None;
    }
    Some(Pair {
        buy: buyer.number,
        sell: seller.number,
        quantity,
        profit,
        buy_price: bought.1.price,
        sell_price: sold.1.price,
        own_buy: (bought.1.own_price, bought.2),
        own_sell: (sold.1.own_price, sold.2),
        basis: buyer.family != seller.family,
    })
    .filter(|pair| pair.own_buy.1 > 0 && pair.own_sell.1 > 0)
}

/// Lots whose bid is over their ask, both all-in.
fn crossed(asks: &[Level], bids: &[Level]) -> i64 {
    let (mut asks, mut bids) = (asks.iter(), bids.iter());
    let (mut ask, mut bid) = (asks.next(), bids.next());
    let (mut left_ask, mut left_bid) = (ask.map_or(0, |level| level.quantity), bid.map_or(0, |level| level.quantity));
    let mut reach = 0;
    while let (Some(one), Some(other)) = (ask, bid) {
        if other.all_in <= one.all_in {
            break;
        }
        let both = left_ask.min(left_bid);
        reach += both;
        (left_ask, left_bid) = (left_ask - both, left_bid - both);
        if left_ask == 0 {
            ask = asks.next();
            left_ask = ask.map_or(0, |level| level.quantity);
        }
        if left_bid == 0 {
            bid = bids.next();
            left_bid = bid.map_or(0, |level| level.quantity);
        }
    }
    reach
}

/// All-in price x lots of so many lots from the top, the last level that they reach, and the venue's own quantity for them.
/// The levels hold that many.
fn taken(terms: &Terms, levels: &[Level], quantity: i64) -> (i128, Level, i64) {
    let (mut left, mut value, mut last, mut own) = (quantity, 0, Level::default(), 0);
    for level in levels {
        if left == 0 {
            break;
        }
        let lots = level.quantity.min(left);
        own += usable(terms, level, lots).0;
        left -= lots;
        value += i128::from(level.all_in) * i128::from(lots);
        last = *level;
    }
    (value, last, own)
}

/// The least common multiple of the lots of two plain venues; contracts are rounded to whole ones leg by leg, so that what
/// the legs differ by is less than one contract.
fn whole_lots(book: &ConsolidatedBook, one: usize, other: usize) -> i64 {
    let lot = |place: usize| {
        let terms = &book.venues()[place].terms;
        if terms.is_plain() { terms.lot } else { 1 }
    };
    let (one, other) = (lot(one), lot(other));
    (one / gcd(one, other)).saturating_mul(other)
}

fn gcd(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { gcd(other, one % other) }
}

/// The best bid and ask of an instrument: (all-in price, lots).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    pub bid: (i64, i64),
    pub ask: (i64, i64),
}

impl Touch {
    /// Of a book's open venues; None when a side is empty.
    pub fn of(book: &ConsolidatedBook) -> Option<Self> {
        let (bid, ask) = (book.best(Side::Bids)?.1, book.best(Side::Asks)?.1);
        Some(Self { bid: (bid.all_in, bid.quantity), ask: (ask.all_in, ask.quantity) })
    }
}

/// How three instruments fit together: `first` is A in B, `second` is B in C, `cross` is A in C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Links {
    /// Price steps of the cross that a price step of the first x a price step of the second makes: numerator, denominator.
    pub price: (i64, i64),
    /// Lots of the second that (a lot of the first) x (a price step of the first) makes.
    pub second: (i64, i64),
    /// Lots of the cross that a lot of the first makes.
    pub cross: (i64, i64),
}

/// A round trip through three instruments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Triangle {
    /// Buy first and second, sell the cross; otherwise sell first and second, buy the cross.
    pub buys_first: bool,
    /// Gain in millionths of the value, fees counted.
    pub gain_ppm: i64,
    /// Lots of each, at the best prices.
    pub first: i64,
    pub second: i64,
    pub cross: i64,
}

/// Looks both ways round at the best prices alone. None: nothing gains.
pub fn triangle(first: &Touch, second: &Touch, cross: &Touch, links: &Links) -> Option<Triangle> {
    let around = |one: i64, other: i64| {
        // both all-in prices carry 10^6, and so does the product once
        let product = i128::from(one) * i128::from(other) / i128::from(PPM);
        product.checked_mul(i128::from(links.price.0)).map(|value| value / i128::from(links.price.1))
    };
    let (bought, sold) = (around(first.ask.0, second.ask.0)?, around(first.bid.0, second.bid.0)?);
    let (cross_bid, cross_ask) = (i128::from(cross.bid.0), i128::from(cross.ask.0));
    if bought > 0 && cross_bid > bought {
        let lots = sizes((first.ask, second.ask, cross.bid), links)?;
        return Some(made(true, gain_ppm(cross_bid, bought), lots));
    }
    if cross_ask > 0 && sold > cross_ask {
        let lots = sizes((first.bid, second.bid, cross.ask), links)?;
        return Some(made(false, gain_ppm(sold, cross_ask), lots));
    }
    None
}

/// In millionths of what is paid; a gain too great for 128 bits is no gain that anybody believes.
fn gain_ppm(got: i128, paid: i128) -> i128 {
    (got - paid).saturating_mul(i128::from(PPM)) / paid
}

fn made(buys_first: bool, gain: i128, lots: (i64, i64, i64)) -> Triangle {
    Triangle { buys_first, gain_ppm: narrow(gain), first: lots.0, second: lots.1, cross: lots.2 }
}

type Quote = (i64, i64);

/// Lots of each leg that all three can fill; None when that is nothing.
fn sizes(quotes: (Quote, Quote, Quote), links: &Links) -> Option<(i64, i64, i64)> {
    let (first, second, cross) = quotes;
    let each = i128::from(first.0).checked_mul(i128::from(links.second.0))?.max(1);
    let unit = i128::from(links.second.1) * i128::from(PPM);
    let of_second = i128::from(second.1).checked_mul(unit)? / each;
    let of_cross = i128::from(cross.1) * i128::from(links.cross.1) / i128::from(links.cross.0);
    let lots = i128::from(first.1).min(of_second).min(of_cross);
    let legs = [lots, lots.checked_mul(each)? / unit, lots * i128::from(links.cross.0) / i128::from(links.cross.1)];
    let [one, two, three] = legs.map(narrow);
    (one > 0 && two > 0 && three > 0).then_some((one, two, three))
}

#[cfg(test)]
#[path = "arbitrage_tests.rs"]
mod tests;
