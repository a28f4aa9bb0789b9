//! The router and the venues: parents, their children, and what becomes of these outside.
use isthmus_core::messages::{
    CancelOrder, Command, PlaceChild, PlaceParent, ReplaceOrder, SetVenueFees, VenueCancelled, VenueFilled,
};
use isthmus_core::orders::{BUY, FOK, GTC, HIDDEN, IOC, LIMIT, PEG, REQUEST, RESPONSE, SELL};

use crate::chance::Chance;
use crate::world::{CHANGING, CLIENTS, CRYPTO, FIRST_CLIENT, PERPETUAL, VENUE, lot, middle, tick};

/// Parents of which the router sends more children.
const RECENT: usize = 6;

/// A parent as the router knows it; `placed`: children that were accepted.
#[derive(Debug, Clone, Copy)]
struct Parent {
    order: u64,
    terms: PlaceParent,
    placed: u32,
}

/// A child that was accepted, with its parent's terms.
#[derive(Debug, Clone, Copy)]
struct Child {
    order: u64,
    terms: PlaceChild,
    parent: PlaceParent,
}

/// What it remembers of its orders.
#[derive(Debug, Default)]
pub struct Router {
    parents: Vec<Parent>,
    children: Vec<Child>,
    fills: u64,
}

impl Router {
    /// The engine accepted an order.
    pub fn placed(&mut self, order: u64, command: &Command) {
        match command {
            Command::PlaceParent(c) => self.parents.push(Parent { order, terms: *c, placed: 0 }),
            Command::PlaceChild(c) => {
                if let Some(parent) = self.parents.iter_mut().find(|parent| parent.order == c.parent) {
                    parent.placed += 1;
                    let parent = parent.terms;
                    self.children.push(Child { order, terms: *c, parent });
                }
            }
            _ => {}
        }
    }

    pub fn write(&mut self, chance: &mut Chance) -> Command {
        match chance.below(20) {
            0..=3 => parent(chance).into(),
            4..=11 => self.child(chance),
            12..=15 => self.outside(chance),
            16 => self.end(chance),
            17 => self.change(chance),
            18 => self.recall(chance),
            _ => fees(chance).into(),
        }
    }

    fn known(&self, chance: &mut Chance) -> Option<Parent> {
        let recent = &self.parents[self.parents.len().saturating_sub(RECENT)..];
        if recent.is_empty() { None } else { Some(*chance.pick(recent)) }
    }

    /// The next child of a parent; now and then one again, or too early.
    fn child(&mut self, chance: &mut Chance) -> Command {
        let Some(Parent { order, terms, placed }) = self.known(chance) else {
            return parent(chance).into();
        };
        let instrument = terms.instrument;
        let (kind, tif, flags) = *chance.pick(&[
            (LIMIT, GTC, 0),
            (LIMIT, GTC, 0),
            (LIMIT, IOC, 0),
            (LIMIT, FOK, 0),
            (LIMIT, GTC, HIDDEN),
            (PEG, GTC, 0),
            (REQUEST, GTC, 0),
            (RESPONSE, GTC, 0),
        ]);
        let own = |child: &&Child| child.terms.parent == order && child.terms.kind == REQUEST;
        let request = if kind == RESPONSE { self.children.iter().rfind(own).map_or(0, |child| child.order) } else { 0 };
        let limit = if terms.price == 0 { middle(instrument) } else { terms.price };
        let venue = if kind == LIMIT && chance.permille(400) { VENUE } else { 0 };
        PlaceChild {
            parent: order,
            ordinal: placed + if chance.permille(100) { chance.below(3) as u32 } else { 1 },
            venue,
            kind,
            tif,
            flags: if venue == 0 { flags } else { 0 },
            price: limit + chance.between(-2, 1) * tick(instrument),
            quantity: chance.between(1, 6) * lot(instrument),
            tape: chance.below(1_000),
            display: 0,
            display_high: 0,
            seed: 0,
            min_quantity: 0,
            offset: 0,
            peg: if kind == PEG { 1 + chance.below(3) as u8 } else { 0 },
            expire: 0,
            request,
        }
        .into()
    }

    fn at_venue(&self, chance: &mut Chance) -> Option<Child> {
        let recent = self.children.iter().rev().filter(|child| child.terms.venue != 0).take(RECENT);
        let recent: Vec<Child> = recent.copied().collect();
        if recent.is_empty() { None } else { Some(*chance.pick(&recent)) }
    }

    /// What a venue says of a child: filled, now and then beyond what was asked or late, or gone.
    fn outside(&mut self, chance: &mut Chance) -> Command {
        let Some(Child { order, terms, parent }) = self.at_venue(chance) else {
            return fees(chance).into();
        };
        if chance.permille(350) {
            return VenueCancelled { order, venue: VENUE, reason: 0 }.into();
        }
        self.fills += u64::from(chance.permille(950));
        let mut fill_id = [2; 16];
        fill_id[..8].copy_from_slice(&self.fills.to_le_bytes());
        VenueFilled {
            order,
            venue: VENUE,
            account: parent.account,
            instrument: parent.instrument,
            side: parent.side,
            liquidity: 1 + chance.below(2) as u8,
            price: terms.price,
            quantity: chance.between(1, 3) * lot(parent.instrument),
            fill_id,
        }
        .into()
    }

    fn end(&mut self, chance: &mut Chance) -> Command {
        let (order, account) = self.known(chance).map_or((1, 0), |parent| (parent.order, parent.terms.account));
        CancelOrder { order, account, reason: 0, client_id: [0; 16] }.into()
    }

    fn change(&mut self, chance: &mut Chance) -> Command {
        let Some(Parent { order, terms, .. }) = self.known(chance) else {
            return parent(chance).into();
        };
        let price = if chance.permille(500) { 0 } else { limit(chance, terms.instrument) };
        let quantity = chance.between(1, 20) * lot(terms.instrument);
        ReplaceOrder { order, account: terms.account, price, quantity, client_id: [0; 16] }.into()
    }

    /// The router takes a child back.
    fn recall(&mut self, chance: &mut Chance) -> Command {
        let order = if self.children.is_empty() { 1 } else { chance.pick(&self.children).order };
        CancelOrder { order, account: 0, reason: 0, client_id: [0; 16] }.into()
    }
}

fn limit(chance: &mut Chance, instrument: u32) -> i64 {
    middle(instrument) + chance.between(-4, 4) * tick(instrument)
}

fn parent(chance: &mut Chance) -> PlaceParent {
    let instrument = *chance.pick(&[CRYPTO, PERPETUAL, CHANGING]);
    PlaceParent {
        account: FIRST_CLIENT + chance.below(CLIENTS.into()) as u32,
        instrument,
        side: *chance.pick(&[BUY, SELL]),
        path: 1 + chance.below(23) as u8,
        price: if chance.permille(100) { 0 } else { limit(chance, instrument) },
        quantity: chance.between(2, 24) * lot(instrument),
        expire: if chance.permille(200) { crate::world::START + chance.below(4_000_000) } else { 0 },
        client_id: [0; 16],
        session: chance.below(3) as u32,
    }
}

fn fees(chance: &mut Chance) -> SetVenueFees {
    let (maker_fee_ppm, taker_fee_ppm) = *chance.pick(&[(0, 0), (-50, 7), (7, 75), (100, 200)]);
    SetVenueFees { venue: VENUE, instrument: *chance.pick(&[CRYPTO, PERPETUAL]), maker_fee_ppm, taker_fee_ppm }
}
