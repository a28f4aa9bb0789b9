//! Orders, cancels and replacements of plain kind, read without a copy. Whatever has more to it is for Python.
use isthmus_core::engine::Engine;
use isthmus_core::messages::{CancelOrder, ClientId, PlaceOrder, ReplaceOrder};
use isthmus_core::orders::{AT_CLOSE, AT_OPEN, DAY, FOK, GTC, IOC, LIMIT, MARKET, POST_ONLY, SHORT};
use isthmus_core::record::TEXT_MAX;
use isthmus_wire::fix::index::View;
use isthmus_wire::fix::values;
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use super::blotter::Tracked;
use super::member::Member;

/// What became of the reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<T> {
    /// A command, and the client's own id.
    Plain(T),
    /// More than a plain instruction: Python reads it.
    Cold,
    /// A value that cannot be what it says.
    Bad(Bad),
}

impl<T, U> Reading<(T, U)> {
    /// The same with another form of the command.
    pub fn map<V>(self, form: impl FnOnce(T) -> V) -> Reading<(V, U)> {
        match self {
            Self::Plain((command, text)) => Reading::Plain((form(command), text)),
            Self::Cold => Reading::Cold,
            Self::Bad(bad) => Reading::Bad(bad),
        }
    }
}

/// The field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    pub tag: u32,
    pub why: &'static str,
}

/// What the front knows of an instrument.
#[derive(Debug, Clone)]
pub struct Listed {
    pub number: u32,
    pub symbol: Box<[u8]>,
    pub price_decimals: u8,
    pub quantity_decimals: u8,
    pub quote: Box<[u8]>,
    pub quote_decimals: u8,
}

/// Instruments by symbol and by number, as the engine has them.
#[derive(Debug, Default)]
pub struct Listing {
    by_symbol: FxHashMap<Box<[u8]>, u32>,
    all: Vec<Listed>,
    /// Those that outside venues trade, too: a choice is due, which is Python's.
    routed: FxHashSet<u32>,
}

impl Listing {
    /// Takes in what the engine has listed meanwhile.
    pub fn refresh(&mut self, engine: &Engine) {
        for instrument in &engine.instruments[self.all.len()..] {
            let terms = &instrument.terms;
            let symbol: Box<[u8]> = unpadded(&terms.symbol.0).into();
            let quote = &engine.assets[terms.quote as usize - 1];
            let number = self.all.len() as u32 + 1;
            self.by_symbol.insert(symbol.clone(), number);
            let (price_decimals, quantity_decimals) = (terms.price_decimals, terms.quantity_decimals);
            let (quote, quote_decimals) = (unpadded(&quote.code.0).into(), quote.decimals);
            self.all.push(Listed { number, symbol, price_decimals, quantity_decimals, quote, quote_decimals });
        }
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn route(&mut self, routed: impl IntoIterator<Item = u32>) {
        self.routed = routed.into_iter().collect();
    }

    pub fn of(&self, number: u32) -> Option<&Listed> {
        self.all.get((number as usize).wrapping_sub(1))
    }

    fn named(&self, symbol: &[u8]) -> Option<&Listed> {
        self.by_symbol.get(symbol).and_then(|number| self.of(*number))
    }
}

fn unpadded(text: &[u8]) -> &[u8] {
    &text[..text.iter().position(|byte| *byte == 0).unwrap_or(text.len())]
}

/// The engine's id of a client's own id: the first 16 bytes of its SHA-256, as every gateway makes it.
pub fn client_id(text: &[u8]) -> ClientId {
    let mut id = [0; 16];
    id.copy_from_slice(&Sha256::digest(text)[..16]);
    id
}

/// Fields of header and trailer, which the session has checked, and those that change nothing: HandlInst(21) automated,
/// TransactTime(60).
fn is_no_matter(tag: u32) -> bool {
    matches!(tag, 8 | 9 | 10 | 34 | 35 | 43 | 49 | 50 | 52 | 56 | 57 | 60 | 97 | 115 | 122 | 142 | 369 | 1128 | 1129)
}

/// The fields of a plain instruction.
#[derive(Debug, Default)]
struct Terms<'a> {
    account: Option<&'a [u8]>,
    client: &'a [u8],
    original: &'a [u8],
    symbol: &'a [u8],
    side: &'a [u8],
    quantity: &'a [u8],
    kind: &'a [u8],
    price: Option<&'a [u8]>,
    tif: &'a [u8],
    instructions: &'a [u8],
    order: Option<&'a [u8]>,
    destination: Option<&'a [u8]>,
}

impl<'a> Terms<'a> {
    /// None: a field that only Python knows what to do with.
    fn of(view: &View<'a>) -> Option<Self> {
        let mut terms = Self::default();
        for field in view.fields {
            let value = &view.bytes[field.start as usize..field.end as usize];
            match field.tag {
                1 => terms.account = Some(value),
                11 => terms.client = value,
                18 => terms.instructions = value,
                21 if value == b"3" => return None,
                21 => {}
                37 => terms.order = Some(value),
                38 => terms.quantity = value,
                40 => terms.kind = value,
                41 => terms.original = value,
                44 => terms.price = Some(value),
                54 => terms.side = value,
                55 => terms.symbol = value,
                59 => terms.tif = value,
                100 => terms.destination = Some(value),
                tag if is_no_matter(tag) => {}
                _ => return None,
            }
        }
        let plain = terms.client.len() <= TEXT_MAX && terms.client.iter().all(|byte| matches!(byte, b' '..=b'~'));
        (plain && !terms.client.is_empty()).then_some(terms)
    }

    fn is_of(&self, member: &Member) -> bool {
        self.account.is_none_or(|account| account == member.account_text.as_bytes())
    }
}

fn number(value: &[u8], decimals: u8, tag: u32) -> Result<i64, Bad> {
    values::decimal(value, decimals).map_err(|_| Bad { tag, why: "not a number of the instrument's decimals" })
}

/// A NewOrderSingle(D) for the house book.
pub fn order<'a>(view: &View<'a>, member: &Member, listing: &Listing) -> Reading<(PlaceOrder, &'a str)> {
    let Some(terms) = Terms::of(view).filter(|terms| terms.is_of(member) && terms.original.is_empty()) else {
        return Reading::Cold;
    };
    let Some(listed) = listing.named(terms.symbol) else { return Reading::Cold };
    let house = terms.destination == Some(b"HOUSE");
    if !house && (terms.destination.is_some() || listing.routed.contains(&listed.number)) {
        return Reading::Cold;
    }
    let (Some((side, short)), Some(kind), Some(tif)) = (side(terms.side), kind(terms.kind), tif(terms.tif)) else {
        return Reading::Cold;
    };
    let Some(post_only) = instructions(terms.instructions) else { return Reading::Cold };
    let quantity = match number(terms.quantity, listed.quantity_decimals, 38) {
        Ok(quantity) => quantity,
        Err(bad) => return Reading::Bad(bad),
    };
    let price = match terms.price.map_or(Ok(0), |price| number(price, listed.price_decimals, 44)) {
        Ok(price) => price,
        Err(bad) => return Reading::Bad(bad),
    };
    let command = PlaceOrder {
        account: member.account,
        instrument: listed.number,
        venue: 0,
        side,
        kind,
        tif,
        flags: short | post_only,
        price,
        quantity,
        client_id: client_id(terms.client),
        session: member.session,
    };
    Reading::Plain((command, text(terms.client)))
}

/// An OrderCancelRequest(F) of a session's own order.
pub fn cancel<'a>(view: &View<'a>, member: &Member, found: impl Found) -> Reading<(CancelOrder, &'a str)> {
    let Some(terms) = Terms::of(view).filter(|terms| terms.is_of(member)) else { return Reading::Cold };
    let Some((order, _)) = found.by_client(text(terms.original)) else { return Reading::Cold };
    let command = CancelOrder { order, account: member.account, reason: 0, client_id: client_id(terms.client) };
    Reading::Plain((command, text(terms.client)))
}

/// An OrderCancelReplaceRequest(G) of price and quantity of a session's own limit order.
pub fn replace<'a>(
    view: &View<'a>,
    member: &Member,
    listing: &Listing,
    found: impl Found,
) -> Reading<(ReplaceOrder, &'a str)> {
    let Some(terms) = Terms::of(view).filter(|terms| terms.is_of(member)) else { return Reading::Cold };
    let Some((order, tracked)) = found.by_client(text(terms.original)) else { return Reading::Cold };
    let Some(listed) = listing.of(tracked.instrument) else { return Reading::Cold };
    let same = side(terms.side).is_some_and(|(side, _)| side == tracked.side)
        && *listed.symbol == *terms.symbol
        && kind(terms.kind) == Some(tracked.kind)
        && tracked.kind == LIMIT
        && (terms.tif.is_empty() || tif(terms.tif) == Some(tracked.tif));
    let Some(price) = terms.price.filter(|_| same) else { return Reading::Cold };
    let quantity = match number(terms.quantity, listed.quantity_decimals, 38) {
        Ok(quantity) => quantity,
        Err(bad) => return Reading::Bad(bad),
    };
    let price = match number(price, listed.price_decimals, 44) {
        Ok(price) => price,
        Err(bad) => return Reading::Bad(bad),
    };
    let client_id = client_id(terms.client);
    Reading::Plain((ReplaceOrder { order, account: member.account, price, quantity, client_id }, text(terms.client)))
}

/// Where a session's own orders are looked up.
pub trait Found {
    fn by_client(&self, client: &str) -> Option<(u64, &Tracked)>;
}

/// Checked to be printable ASCII before.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The engine's side, and the flag of a short sale.
fn side(code: &[u8]) -> Option<(u8, u8)> {
    match code {
        b"1" => Some((1, 0)),
        b"2" => Some((2, 0)),
        b"5" => Some((2, SHORT)),
        _ => None,
    }
}

fn kind(code: &[u8]) -> Option<u8> {
    match code {
        b"1" => Some(MARKET),
        b"2" => Some(LIMIT),
        _ => None,
    }
}

/// An absent TimeInForce(59) is a day order (FIX 4.4, field 59).
fn tif(code: &[u8]) -> Option<u8> {
    match code {
        b"" | b"0" => Some(DAY),
        b"1" => Some(GTC),
        b"2" => Some(AT_OPEN),
        b"3" => Some(IOC),
        b"4" => Some(FOK),
        b"7" => Some(AT_CLOSE),
        _ => None,
    }
}

/// ExecInst(18): 6, participate but do not initiate, is post-only.
fn instructions(code: &[u8]) -> Option<u8> {
    match code {
        b"" => Some(0),
        b"6" => Some(POST_ONLY),
        _ => None,
    }
}
