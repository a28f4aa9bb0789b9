//! The form of an order: which words exist and which go together. Checks run in the order of docs/reference/engine.md.
use crate::instrument::Instrument;
use crate::messages::{PlaceOrder, PlaceSpecial};
use crate::names::Reason;
use crate::orders::{
    ALL_OR_NONE, AT_CLOSE, AT_OPEN, BUY, DAY, FOK, FRESH, GOOD_FOR_AUCTION, GTC, GTD, HIDDEN, IOC, LIMIT, MARKET,
    MARKET_TO_LIMIT, PEG, POST_ONLY, QUOTE, REQUEST, RESPONSE, SELL, SHORT, SLIDE, STOP, STOP_LIMIT, Special,
    TRAILING_STOP,
};
use crate::place::check_price;
use crate::values::PRICE_MAX;

/// An iceberg has at most so many peaks.
const PEAKS_MAX: i64 = 1_000;

/// The form of a PlaceOrder.
#[inline]
pub fn check_plain(c: &PlaceOrder) -> Result<(), Reason> {
    if c.flags == 0 && c.kind <= MARKET && c.tif <= DAY && c.side != 0 && c.kind != 0 && c.tif != 0 && c.side <= SELL {
        return Ok(());
    }
    check_words(c, MARKET_TO_LIMIT)?;
    if c.tif == GTD { Err(Reason::UnknownTif) } else { check_flags(c) }
}

/// The form of a PlaceSpecial, as far as it is the same.
pub fn check_special(c: &PlaceOrder) -> Result<(), Reason> {
    check_words(c, RESPONSE)?;
    check_flags(c)
}

fn check_words(c: &PlaceOrder, last_kind: u8) -> Result<(), Reason> {
    if c.side != BUY && c.side != SELL {
        return Err(Reason::UnknownSide);
    }
    if !(LIMIT..=last_kind).contains(&c.kind) {
        return Err(Reason::UnknownKind);
    }
    if !(GTC..=GOOD_FOR_AUCTION).contains(&c.tif) { Err(Reason::UnknownTif) } else { Ok(()) }
}

fn check_flags(c: &PlaceOrder) -> Result<(), Reason> {
    let has = |flag: u8| c.flags & flag != 0;
    let stays = matches!(c.tif, GTC | DAY | GTD);
    if has(POST_ONLY) && !(c.kind == LIMIT && stays) {
        return Err(Reason::PostOnlyConflict);
    }
    let for_auction = matches!(c.tif, AT_OPEN | AT_CLOSE | GOOD_FOR_AUCTION);
    let asks = matches!(c.kind, REQUEST | RESPONSE);
    let odd = (has(FRESH) && !has(QUOTE))
        || (has(SLIDE) && !has(POST_ONLY))
        || (has(SHORT) && c.side == BUY)
        || (has(QUOTE) && !(c.kind == LIMIT && stays))
        || (has(ALL_OR_NONE) && has(POST_ONLY))
        || (for_auction && (!matches!(c.kind, LIMIT | MARKET) || has(ALL_OR_NONE)))
        || (asks && (!stays || c.flags & !SHORT != 0));
    if odd { Err(Reason::BadTerms) } else { Ok(()) }
}

/// The limit price: needed, possible, or forbidden by the kind.
#[inline]
pub fn check_limit(c: &PlaceOrder, instrument: &Instrument) -> Result<(), Reason> {
    match c.kind {
        LIMIT | STOP_LIMIT | RESPONSE => check_price(c.price, instrument.tick_at(c.price)),
        TRAILING_STOP | PEG | REQUEST if c.price != 0 => check_price(c.price, instrument.tick_at(c.price)),
        MARKET | MARKET_TO_LIMIT | STOP if c.price != 0 => Err(Reason::PriceOnMarket),
        _ => Ok(()),
    }
}

/// The order and the special terms of a PlaceSpecial.
pub fn split(c: &PlaceSpecial) -> (PlaceOrder, Special) {
    let order = PlaceOrder {
        account: c.account,
        instrument: c.instrument,
        venue: c.venue,
        side: c.side,
        kind: c.kind,
        tif: c.tif,
        flags: c.flags,
        price: c.price,
        quantity: c.quantity,
        client_id: c.client_id,
        session: c.session,
    };
    let special = Special {
        stop: c.stop,
        offset: c.offset,
        display: c.display,
        display_high: c.display_high,
        seed: c.seed,
        min_quantity: c.min_quantity,
        expire: c.expire,
        one_cancels: c.one_cancels,
        parent: c.parent,
        request: c.request,
        peg: c.peg,
        trigger: c.trigger,
        ..Special::default()
    };
    (order, special)
}

/// The special terms against the order they stand on; `now` is the stamp.
pub fn check_terms(c: &PlaceOrder, s: &Special, instrument: &Instrument, now: u64) -> Result<(), Reason> {
    check_stop(c, s, instrument)?;
    check_offset(c, s, instrument)?;
    check_display(c, s, instrument.terms.lot)?;
    check_minimum(c, s.min_quantity, instrument.terms.lot)?;
    if (c.tif == GTD) != (s.expire != 0) || (s.expire != 0 && s.expire <= now) {
        return Err(Reason::BadExpire);
    }
    let pegged = c.kind == PEG;
    if s.peg > 3 || pegged != (s.peg != 0) { Err(Reason::BadPeg) } else { Ok(()) }
}

/// The trigger price; also asked of a replacement.
pub fn check_stop(c: &PlaceOrder, s: &Special, instrument: &Instrument) -> Result<(), Reason> {
    let needed = matches!(c.kind, STOP | STOP_LIMIT);
    let possible = needed || c.kind == TRAILING_STOP;
    let well = if s.stop == 0 { !needed } else { possible && check_price(s.stop, instrument.tick_at(s.stop)).is_ok() };
    if !well || s.trigger > 3 || (s.trigger != 0 && !possible) { Err(Reason::BadStop) } else { Ok(()) }
}

/// The distance of a trailing stop, what a peg adds; also asked of a replacement.
pub fn check_offset(c: &PlaceOrder, s: &Special, instrument: &Instrument) -> Result<(), Reason> {
    let well = match c.kind {
        TRAILING_STOP => (1..=PRICE_MAX).contains(&s.offset),
        PEG => (-PRICE_MAX..=PRICE_MAX).contains(&s.offset),
        _ => s.offset == 0,
    };
    if !well || s.offset % instrument.terms.tick != 0 { Err(Reason::BadOffset) } else { Ok(()) }
}

/// What an iceberg shows; also asked of a replacement.
pub fn check_display(c: &PlaceOrder, s: &Special, lot: i64) -> Result<(), Reason> {
    if s.display == 0 && s.display_high == 0 {
        return if s.seed == 0 { Ok(()) } else { Err(Reason::BadDisplay) };
    }
    let whole = |lots: i64| lots > 0 && lots % lot == 0;
    let high = if s.display_high == 0 { s.display } else { s.display_high };
    let well = whole(s.display) && whole(high) && s.display <= high && high <= c.quantity;
    let stays = !matches!(c.tif, IOC | FOK) && matches!(c.kind, LIMIT | STOP_LIMIT);
    let few = c.quantity <= s.display.saturating_mul(PEAKS_MAX) && s.min_quantity == 0;
    if !well || !stays || !few || c.flags & (HIDDEN | ALL_OR_NONE) != 0 { Err(Reason::BadDisplay) } else { Ok(()) }
}

/// Does an iceberg come to its end with so many peaks as one may have? Asked of a replacement.
pub fn check_peaks(c: &PlaceOrder, s: &Special) -> Result<(), Reason> {
    let few = s.display == 0 || c.quantity <= s.display.saturating_mul(PEAKS_MAX);
    if few { Ok(()) } else { Err(Reason::BadDisplay) }
}

/// A minimum quantity; also asked of a replacement.
pub fn check_minimum(c: &PlaceOrder, minimum: i64, lot: i64) -> Result<(), Reason> {
    let well = (0..=c.quantity).contains(&minimum) && minimum % lot == 0;
    let alone = minimum == 0 || c.flags & (ALL_OR_NONE | POST_ONLY) == 0;
    if well && alone { Ok(()) } else { Err(Reason::BadMinimum) }
}
