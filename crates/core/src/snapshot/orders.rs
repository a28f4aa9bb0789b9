//! Live orders in the state: those in books in priority, then the others by id.
use super::bytes::{BadState, In, Out};
use crate::engine::Engine;
use crate::market::Market;
use crate::orders::{
    ASIDE, AWAITS_CALL, CHILD, COUNTED, Details, HAS_SPECIAL, NONE, Order, QUOTE, Special, WATCHED, WORKED,
};
use crate::values::{PRICE_MAX, QUANTITY_MAX};

impl Engine {
    /// By instrument, buys before sells, market orders in a call before visible before hidden ones, each in priority; then what stands in no book, by id.
    fn orders_in_state<'a>(&'a self) -> Vec<u32> {
        let both = |buys: bool| move |m: &'a Market| [&m.unpriced, &m.book, &m.hidden].map(|book| book.side(buys));
        let sides = |m: &'a Market| [both(true)(m), both(false)(m)].into_iter().flatten();
        let all = self.markets.iter().flat_map(sides);
        let mut rows: Vec<u32> = all.flat_map(|side| side.in_priority(&self.orders)).collect();
        rows.extend(self.orders.by_id().filter(|row| !self.orders.get(*row).is_in_a_book()));
        rows
    }

    pub(super) fn put_orders(&self, out: &mut Out) {
        out.list(self.orders_in_state().into_iter(), |out, row| {
            put_order(out, self.orders.get(row), self.orders.details(row));
            if let Some(special) = self.orders.special(row) {
                put_special(out, special);
            }
        });
    }

    pub(super) fn take_orders(&mut self, bytes: &mut In) -> Result<(), BadState> {
        bytes.list(|b| {
            let (order, details) = take_order(b)?;
            let special = if order.marks & HAS_SPECIAL == 0 { None } else { Some(take_special(b)?) };
            self.adopt(order, details, special)
        })?;
        self.markets.iter_mut().for_each(Market::replan);
        Ok(())
    }

    pub(super) fn adopt(&mut self, order: Order, details: Details, special: Option<Special>) -> Result<(), BadState> {
        let at = (order.instrument as usize).checked_sub(1).ok_or(BadState)?;
        if !self.can_be(&order, special.as_ref()) {
            return Err(BadState);
        }
        let market = self.markets.get_mut(at).ok_or(BadState)?;
        let row = self.orders.insert(order, details);
        if order.flags & QUOTE != 0 {
            self.orders.watch_row(row);
        }
        if let Some(special) = special {
            self.orders.specify(row, special);
        }
        if order.marks & AWAITS_CALL != 0 {
            market.held.insert(order.id);
        }
        if order.marks & COUNTED != 0 {
            market.specials += 1;
        }
        self.remind(row);
        self.remember_special(row);
        let market = &mut self.markets[at];
        if order.is_in_a_book() {
            let book = market.shelf(order.marks);
            book.side_mut(order.buys()).push(&mut self.orders, row);
        }
        Ok(())
    }
}

impl Engine {
    /// Is it an order that the books can take? Bytes that nobody wrote must not make them count beyond their numbers.
    fn can_be(&self, order: &Order, special: Option<&Special>) -> bool {
        let known = (order.account as usize) < self.ledger.accounts.len() && self.orders.find(order.id).is_none();
        let stands = order.is_in_a_book();
        let is_of_family = order.kind == WORKED || order.marks & CHILD != 0;
        let counts = (1..=PRICE_MAX).contains(&order.price) && (0..=QUANTITY_MAX).contains(&order.left);
        let family = !is_of_family || (counts && special.is_some());
        let fits = (1..=PRICE_MAX).contains(&order.price) && (1..=QUANTITY_MAX).contains(&order.left);
        let shows = special.is_none_or(|special| (0..=order.left).contains(&special.shown));
        let near = |term: i64| term.unsigned_abs() <= PRICE_MAX.unsigned_abs();
        let aims = special.is_none_or(|special| near(special.stop) && near(special.offset));
        let watches =
            !order.is_stop() || order.marks & ASIDE != 0 || special.is_some_and(|s| (1..=3).contains(&s.trigger));
        known && aims && watches && family && order.id <= self.sequence && (!stands || fits && shows)
    }
}

fn put_order(out: &mut Out, order: &Order, details: &Details) {
    out.put(order.id);
    out.put(order.account);
    out.put(u32::from(order.instrument));
    out.put(details.venue);
    out.put(details.session);
    out.put(order.price);
    out.put(details.quantity);
    out.put(order.left);
    out.put(order.hold);
    out.put(order.value_carry);
    out.put(order.fee_carry);
    out.put(order.marks & !WATCHED);
    out.put(order.side);
    out.put(order.kind);
    out.put(order.tif);
    out.put(order.flags);
    out.put(details.client_id);
}

fn take_order(bytes: &mut In) -> Result<(Order, Details), BadState> {
    let (id, account) = (bytes.take()?, bytes.take()?);
    let instrument = u16::try_from(bytes.take::<u32>()?).map_err(|_| BadState)?;
    let (venue, session, price, quantity) = (bytes.take()?, bytes.take()?, bytes.take()?, bytes.take()?);
    let order = Order {
        id,
        price,
        left: bytes.take()?,
        hold: bytes.take()?,
        account,
        page: NONE,
        prev: NONE,
        next: NONE,
        value_carry: bytes.take()?,
        fee_carry: bytes.take()?,
        instrument,
        marks: bytes.take()?,
        side: bytes.take()?,
        kind: bytes.take()?,
        tif: bytes.take()?,
        flags: bytes.take()?,
    };
    Ok((order, Details { quantity, client_id: bytes.take()?, venue, session, special: NONE }))
}

fn put_special(out: &mut Out, special: &Special) {
    out.put(special.stop);
    out.put(special.offset);
    out.put(special.display);
    out.put(special.display_high);
    out.put(special.seed);
    out.put(special.min_quantity);
    out.put(special.expire);
    out.put(special.one_cancels);
    out.put(special.parent);
    out.put(special.request);
    out.put(special.shown);
    out.put(special.drawn);
    out.put(special.done);
    out.put(special.peg);
    out.put(special.trigger);
    out.put(special.limit);
    out.put(special.arrived);
    out.put(special.invited);
}

fn take_special(bytes: &mut In) -> Result<Special, BadState> {
    Ok(Special {
        stop: bytes.take()?,
        offset: bytes.take()?,
        display: bytes.take()?,
        display_high: bytes.take()?,
        seed: bytes.take()?,
        min_quantity: bytes.take()?,
        expire: bytes.take()?,
        one_cancels: bytes.take()?,
        parent: bytes.take()?,
        request: bytes.take()?,
        shown: bytes.take()?,
        drawn: bytes.take()?,
        done: bytes.take()?,
        peg: bytes.take()?,
        trigger: bytes.take()?,
        limit: bytes.take()?,
        arrived: bytes.take()?,
        invited: bytes.take()?,
    })
}
