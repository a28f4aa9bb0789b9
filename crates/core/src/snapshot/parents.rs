//! Parents with their children, and fees of venues, in the state.
use super::bytes::{BadState, In, Out};
use crate::engine::Engine;
use crate::names::CancelReason;
use crate::orders::{CHILD, WORKED};
use crate::parents::Family;
use crate::values::{PRICE_MAX, QUANTITY_MAX};

impl Engine {
    pub(super) fn put_parents(&self, out: &mut Out) {
        out.list(self.parents.families.iter(), |out, (parent, family)| {
            out.put(*parent);
            out.put(family.path);
            out.put(family.placed);
            out.put(family.limit);
            out.put(family.total);
            out.put(u8::from(family.pending));
            out.put(u8::from(family.ending.is_some()));
            out.put(family.ending.map_or(0, |reason| reason as u8));
            out.list(family.children.iter(), |out, child| out.put(*child));
            out.list(family.late.iter(), |out, (child, venue)| {
                out.put(*child);
                out.put(*venue);
            });
        });
        out.list(self.venue_fees.iter(), |out, ((venue, instrument), (maker_ppm, taker_ppm))| {
            out.put(*venue);
            out.put(*instrument);
            out.put(*maker_ppm);
            out.put(*taker_ppm);
        });
    }

    /// Orders are there already: each parent has its family, each child its parent.
    pub(super) fn take_parents(&mut self, bytes: &mut In) -> Result<(), BadState> {
        self.parents.families = bytes.list(|b| Ok((b.take()?, take_family(b)?)))?.into_iter().collect();
        for (parent, family) in &self.parents.families {
            for child in family.children.iter().chain(family.late.keys()) {
                self.parents.of.insert(*child, *parent);
            }
        }
        if !self.are_families_whole() {
            return Err(BadState);
        }
        let fees = bytes.list(|b| Ok(((b.take()?, b.take()?), (b.take()?, b.take()?))))?;
        self.venue_fees = fees.into_iter().collect();
        Ok(())
    }

    fn are_families_whole(&self) -> bool {
        let known = |row: u32| {
            let order = self.orders.get(row);
            let parent = || self.parents.of.get(&order.id).and_then(|id| self.parents.families.get(id));
            let is_child = || parent().is_some_and(|family| family.children.contains(&order.id));
            (order.kind != WORKED || self.parents.families.contains_key(&order.id))
                && (order.marks & CHILD == 0 || is_child())
        };
        let is_worked = |(id, family): (&u64, &Family)| {
            let row = self.orders.find(*id).filter(|row| self.orders.get(*row).kind == WORKED);
            let Some(parent) = row.map(|row| self.orders.get(row)) else {
                return false;
            };
            let alike = |child: &u64| {
                let order = self.orders.find(*child).map(|row| self.orders.get(row));
                order.is_some_and(|order| {
                    let (account, at, side) = (order.account, order.instrument, order.side);
                    order.marks & CHILD != 0 && (account, at, side) == (parent.account, parent.instrument, parent.side)
                })
            };
            family.children.iter().all(alike)
        };
        self.orders.by_id().all(known) && self.parents.families.iter().all(is_worked)
    }
}

fn take_family(bytes: &mut In) -> Result<Family, BadState> {
    let (path, placed, limit, total) = (bytes.take()?, bytes.take()?, bytes.take()?, bytes.take()?);
    let (pending, ending, reason) = (bytes.flag()?, bytes.flag()?, bytes.take()?);
    let reason = CancelReason::of(reason).ok_or(BadState)?;
    let family = Family {
        path,
        placed,
        limit,
        total,
        pending,
        ending: ending.then_some(reason),
        children: bytes.list(|b| b.take())?.into_iter().collect(),
        late: bytes.list(|b| Ok((b.take()?, b.take()?)))?.into_iter().collect(),
    };
    let can_be = (1..=PRICE_MAX).contains(&limit) && (0..=QUANTITY_MAX).contains(&total);
    if can_be { Ok(family) } else { Err(BadState) }
}
