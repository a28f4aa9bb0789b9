//! Which orders the book of an instrument takes.
use crate::engine::Engine;
use crate::matching::Taker;
use crate::messages::PlaceOrder;
use crate::names::{Reason, Rule};
use crate::orders::{
    ALL_OR_NONE, BUY, CHILD, DAY, FOK, GTC, GTD, HIDDEN, IOC, LIMIT, MARKET, PEG, REQUEST, RESPONSE, SHORT, Special,
};
use crate::pegs::MID;
use crate::rules::{DARK, NEGOTIATED, RFQ, SEALED};

impl Engine {
    /// For an order that names the house book; `special` is nothing for a PlaceOrder.
    pub(crate) fn admit(&self, at: usize, c: &PlaceOrder, special: &Special) -> Result<(), Reason> {
        if special.request != 0 && c.kind != RESPONSE {
            return Err(Reason::BadTerms);
        }
        let asks = matches!(c.kind, REQUEST | RESPONSE);
        match self.markets[at].rules.get(Rule::Book) {
            RFQ | NEGOTIATED | SEALED if asks => self.admit_asking(at, c, special),
            RFQ | NEGOTIATED | SEALED => Err(Reason::WrongBook),
            DARK if asks && self.is_of_child(special.request) => Err(Reason::ChildOfParent),
            DARK if asks => self.admit_conditional(at, c, special),
            _ if asks => Err(Reason::WrongBook),
            DARK if !suits_dark(c, special) => Err(Reason::WrongBook),
            _ => Ok(()),
        }
    }

    /// What a dark pool takes and what follows the middle is shown to nobody.
    pub(crate) fn shade(&self, at: usize, taker: &mut Taker) {
        if self.is_dark(at) || taker.special.is_some_and(|special| special.peg == MID) {
            taker.order.flags |= HIDDEN;
        }
    }

    /// A request stands alone; a response answers a live one of somebody else from the other side.
    fn admit_asking(&self, at: usize, c: &PlaceOrder, special: &Special) -> Result<(), Reason> {
        if special.min_quantity != 0 {
            return Err(Reason::BadTerms);
        }
        if c.kind == REQUEST {
            let one_seller = self.markets[at].rules.get(Rule::Book) != RFQ;
            return if c.side == BUY && one_seller { Err(Reason::WrongBook) } else { Ok(()) };
        }
        let row = self.orders.find(special.request).ok_or(Reason::UnknownRequest)?;
        let request = self.orders.get(row);
        if request.kind != REQUEST || request.at() != at {
            return Err(Reason::UnknownRequest);
        }
        if request.side == c.side {
            return Err(Reason::UnknownSide);
        }
        if request.account == c.account { Err(Reason::SameAccount) } else { Ok(()) }
    }

    /// A conditional order, or the firm one of the same account and side that takes its place when it is invited.
    pub(crate) fn admit_conditional(&self, at: usize, c: &PlaceOrder, special: &Special) -> Result<(), Reason> {
        if self.markets[at].rules.get(Rule::FirmUp) == 0 {
            return Err(Reason::WrongBook);
        }
        if c.kind == REQUEST {
            return Ok(());
        }
        let row = self.orders.find(special.request).ok_or(Reason::UnknownRequest)?;
        let asked = self.orders.get(row);
        if asked.kind != REQUEST || asked.at() != at || self.special_of(row).invited == 0 {
            return Err(Reason::UnknownRequest);
        }
        if asked.account != c.account {
            return Err(Reason::NotYourOrder);
        }
        if asked.side != c.side {
            return Err(Reason::UnknownSide);
        }
        if c.quantity > asked.left { Err(Reason::QuantityTooLarge) } else { Ok(()) }
    }
}

impl Engine {
    /// Is it the order of a child?
    fn is_of_child(&self, order: u64) -> bool {
        self.orders.find(order).is_some_and(|row| self.orders.get(row).marks & CHILD != 0)
    }
}

fn suits_dark(c: &PlaceOrder, special: &Special) -> bool {
    let kinds = matches!(c.kind, LIMIT | MARKET) || (c.kind == PEG && special.peg == MID);
    let plain = matches!(c.tif, GTC | IOC | FOK | DAY | GTD) && c.flags & !(HIDDEN | ALL_OR_NONE | SHORT) == 0;
    kinds && plain && special.display == 0
}
