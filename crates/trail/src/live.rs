//! A live order as the rows need it.
use isthmus_core::messages::{Command, PlaceChild, PlaceSpecial, ReplaceSpecial};
use isthmus_core::record::Origin;

pub const BUY: u8 = 1;
pub const SELL: u8 = 2;
pub const LIMIT: u8 = 1;
pub const MARKET: u8 = 2;
pub const MARKET_TO_LIMIT: u8 = 3;
pub const STOP: u8 = 4;
pub const STOP_LIMIT: u8 = 5;
pub const TRAILING_STOP: u8 = 6;
pub const PEG: u8 = 7;
pub const REQUEST: u8 = 8;
pub const WORKED: u8 = 10;
pub const GTC: u8 = 1;
pub const GTD: u8 = 5;
pub const POST_ONLY: u8 = 1;
pub const HIDDEN: u8 = 2;
pub const SHORT: u8 = 16;
pub const QUOTE: u8 = 64;

/// What becomes of an order (O66).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Open,
    Parked,
    PartiallyFilled,
    Filled,
    PendingCancel,
    PendingReplace,
    Cancelled,
    Rejected,
}

impl Status {
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Open, "open"),
        (Self::Parked, "parked"),
        (Self::PartiallyFilled, "partially_filled"),
        (Self::Filled, "filled"),
        (Self::PendingCancel, "pending_cancel"),
        (Self::PendingReplace, "pending_replace"),
        (Self::Cancelled, "cancelled"),
        (Self::Rejected, "rejected"),
    ];

    pub fn text(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// Terms beyond price and quantity; 0 where it has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Special {
    pub stop: i64,
    pub offset: i64,
    pub display: i64,
    pub display_high: i64,
    pub min_quantity: i64,
    pub expire: u64,
    pub one_cancels: u64,
    pub parent: u64,
    pub request: u64,
}

/// An order that is not done. Numbers as the engine has them; `of` and `path` are a child's parent and how that is worked.
/// `shown`: lots in sight, None where the journal does not say. `origin`: of the record that placed it.
#[derive(Debug, Clone)]
pub struct Live {
    pub number: u64,
    pub account: u32,
    pub instrument: u32,
    pub venue: u32,
    pub side: u8,
    pub kind: u8,
    pub tif: u8,
    pub flags: u8,
    pub price: i64,
    pub quantity: i64,
    pub session: u32,
    pub special: Special,
    pub of: u64,
    pub path: u8,
    pub tape: Option<u64>,
    pub filled: i64,
    pub hold: i64,
    pub shown: Option<i64>,
    pub priority: u64,
    pub acknowledged: u64,
    pub status: Status,
    pub origin: Origin,
}

impl Live {
    /// What every order begins as, at (sequence, stamp).
    fn blank(at: (u64, u64), origin: &Origin) -> Self {
        let (number, priority) = at;
        Self {
            number,
            account: 0,
            instrument: 0,
            venue: 0,
            side: 0,
            kind: WORKED,
            tif: GTC,
            flags: 0,
            price: 0,
            quantity: 0,
            session: 0,
            special: Special::default(),
            of: 0,
            path: 0,
            tape: None,
            filled: 0,
            hold: 0,
            shown: Some(0),
            priority,
            acknowledged: 0,
            status: Status::Open,
            origin: origin.clone(),
        }
    }

    /// Lots.
    pub fn left(&self) -> i64 {
        (self.quantity - self.filled).max(0)
    }

    pub fn is_done(&self) -> bool {
        self.filled >= self.quantity
    }

    /// Lots in sight if it stands in a book now, the first peak of an iceberg; None for one drawn by chance.
    pub fn rests(&self) -> Option<i64> {
        let is_out = matches!(self.kind, MARKET | STOP | STOP_LIMIT | TRAILING_STOP | REQUEST);
        if self.path != 0 || self.flags & HIDDEN != 0 || is_out {
            return Some(0);
        }
        if self.special.display_high != 0 {
            return None;
        }
        let peak = if self.special.display != 0 { self.special.display } else { self.left() };
        Some(peak.min(self.left()))
    }

    /// The terms that a ReplaceSpecial names.
    pub fn specify(&mut self, asked: &ReplaceSpecial) {
        let names = |bit: u16| asked.given & bit != 0;
        if self.kind == TRAILING_STOP && names(1) {
            self.price = asked.price;
        }
        let special = &mut self.special;
        for (bit, term, value) in [
            (4, &mut special.stop, asked.stop),
            (8, &mut special.offset, asked.offset),
            (16, &mut special.display, asked.display),
            (32, &mut special.min_quantity, asked.min_quantity),
        ] {
            if names(bit) {
                *term = value;
            }
        }
        if names(64) {
            special.expire = asked.expire;
        }
    }

    /// As Replaced says; of a stop the price is its trigger.
    pub fn replaced(&mut self, price: i64, quantity: i64, hold: i64) {
        (self.quantity, self.hold, self.status) = (quantity, hold, Status::Open);
        if self.kind == STOP || (self.kind == TRAILING_STOP && self.price == 0) {
            self.special.stop = price;
        } else if self.venue != 0 || !matches!(self.kind, MARKET | TRAILING_STOP) {
            self.price = price;
        }
    }

    /// It works from now on; `price` 0: its session or its parent came, not its price.
    pub fn triggered(&mut self, price: i64) {
        self.status = Status::Open;
        if price != 0 {
            self.kind = match self.kind {
                TRAILING_STOP if self.price != 0 => LIMIT,
                TRAILING_STOP | STOP => MARKET,
                STOP_LIMIT => LIMIT,
                kind => kind,
            };
        }
    }
}

pub fn places(command: &Command) -> bool {
    use Command::{PlaceChild, PlaceOrder, PlaceParent, PlaceSpecial};
    matches!(command, PlaceOrder(_) | PlaceSpecial(_) | PlaceParent(_) | PlaceChild(_))
}

/// The order of a placing command at (sequence, stamp); `parent`: of a PlaceChild. None for other commands, and for a
/// child without it.
pub fn placed(command: &Command, at: (u64, u64), origin: &Origin, parent: Option<&Live>) -> Option<Live> {
    let mut live = Live::blank(at, origin);
    match command {
        Command::PlaceOrder(made) => {
            (live.account, live.instrument, live.side, live.session) =
                (made.account, made.instrument, made.side, made.session);
            (live.price, live.quantity) = (made.price, made.quantity);
            (live.venue, live.kind, live.tif, live.flags) = (made.venue, made.kind, made.tif, made.flags);
        }
        Command::PlaceSpecial(made) => special(&mut live, made),
        Command::PlaceParent(made) => {
            (live.account, live.instrument, live.side, live.session) =
                (made.account, made.instrument, made.side, made.session);
            (live.price, live.quantity) = (made.price, made.quantity);
            (live.special.expire, live.path) = (made.expire, made.path);
        }
        Command::PlaceChild(made) => child(&mut live, made, parent?),
        _ => return None,
    }
    Some(live)
}

fn special(live: &mut Live, made: &PlaceSpecial) {
    (live.account, live.instrument, live.side, live.session) = (made.account, made.instrument, made.side, made.session);
    (live.price, live.quantity) = (made.price, made.quantity);
    (live.venue, live.kind, live.tif, live.flags) = (made.venue, made.kind, made.tif, made.flags);
    live.special = Special {
        stop: made.stop,
        offset: made.offset,
        display: made.display,
        display_high: made.display_high,
        min_quantity: made.min_quantity,
        expire: made.expire,
        one_cancels: made.one_cancels,
        parent: made.parent,
        request: made.request,
    };
}

fn child(live: &mut Live, made: &PlaceChild, above: &Live) {
    (live.account, live.instrument, live.side, live.session) =
        (above.account, above.instrument, above.side, above.session);
    (live.price, live.quantity) = (made.price, made.quantity);
    (live.venue, live.kind, live.tif, live.flags) = (made.venue, made.kind, made.tif, made.flags);
    live.special = Special {
        offset: made.offset,
        display: made.display,
        display_high: made.display_high,
        min_quantity: made.min_quantity,
        expire: made.expire,
        request: made.request,
        ..Special::default()
    };
    (live.of, live.path, live.tape) = (above.number, above.path, Some(made.tape));
}
