//! All-or-none and fill-or-kill orders after liquibook's rule book: what stands first is used first, but an order that
//! trades whole or not at all is taken whole where the others before it can give way.
use crate::names::CancelReason;
use crate::orders::{Order, REDUCE_ONLY};
use crate::rules::CANCEL_OLDEST;
use crate::walking::{Act, Place, Planner, Step};

/// What was collected on the way, in priority. An order in `drops` goes if the incoming one is filled, before the
/// collected one with that number.
#[derive(Default)]
struct Collected {
    places: Vec<(Place, i64)>,
    drops: Vec<(usize, Step)>,
    lots: i64,
}

impl Planner<'_> {
    /// Walks in priority and collects until the incoming order is filled; if it is not, nothing happens.
    pub(crate) fn combine(&mut self) {
        if self.taker.flags & REDUCE_ONLY != 0 && self.capacity(self.taker, 0) < self.left {
            return;
        }
        let mut collected = Collected::default();
        self.each_queue(|planner, hidden, price| {
            planner.each_place(hidden, price, |planner, place| planner.collect(&mut collected, place));
        });
    }

    fn collect(&mut self, collected: &mut Collected, place: Place) -> Option<Place> {
        let drop = |reason| (collected.places.len(), Step { row: place.row, quantity: 0, act: Act::Drop(reason) });
        if self.is_own(&place) {
            if self.self_trade == CANCEL_OLDEST {
                collected.drops.push(drop(CancelReason::SelfTrade));
            } else {
                self.plan.end = Some(CancelReason::SelfTrade);
            }
            return None;
        }
        let order = self.order(&place);
        let size = self.offered(&place, self.of_account(collected, order));
        if size == 0 {
            collected.drops.push(drop(CancelReason::ReduceOnly));
        } else if size >= self.left - collected.lots {
            self.finish(collected, place, size);
        } else if self.fits(&place, size) {
            collected.places.push((place, size));
            collected.lots += size;
            return self.next_peak(&place, size, self.of_account(collected, order));
        }
        None
    }

    /// Lots of the order's account that are collected; none count where it trades with itself.
    fn of_account(&self, collected: &Collected, order: &Order) -> i128 {
        if order.account == self.taker.account {
            return 0;
        }
        let same = collected.places.iter().filter(|(place, _)| self.order(place).account == order.account);
        same.map(|(_, size)| i128::from(*size)).sum()
    }

    /// With this one the incoming order is filled: by a part of it, or by its least with less of those before.
    fn finish(&mut self, collected: &mut Collected, place: Place, size: i64) {
        let needed = self.left - collected.lots;
        let part = if self.fits(&place, needed) { needed } else { self.least(&place) };
        if part > size.min(self.left) {
            return;
        }
        let wanted = self.left - part;
        let (mut given, stopped) = self.front_first(collected, wanted);
        if given.iter().sum::<i64>() == wanted && !stopped.contains(&place.row) {
            collected.places.push((place, part));
            given.push(part);
            self.carry(collected, &given);
        }
    }

    /// What each collected order gives of `lots`: in priority as much as it can, or nothing if that does not fit.
    /// An iceberg stands there once a peak. Without all of one peak it gives nothing of the next: its row is stopped.
    fn front_first(&self, collected: &Collected, mut lots: i64) -> (Vec<i64>, Vec<u32>) {
        let mut stopped: Vec<u32> = Vec::new();
        let give = |(place, size): &(Place, i64)| {
            let mut part = lots.min(*size);
            if !self.fits(place, part) || stopped.contains(&place.row) {
                part = 0;
            }
            if part < *size && self.order(place).is_iceberg() {
                stopped.push(place.row);
            }
            lots -= part;
            part
        };
        let given = collected.places.iter().map(give).collect();
        (given, stopped)
    }

    fn carry(&mut self, collected: &Collected, given: &[i64]) {
        let mut drops = collected.drops.iter().peekable();
        for (number, ((place, _), lots)) in collected.places.iter().zip(given).enumerate() {
            while let Some((_, step)) = drops.next_if(|(at, _)| *at == number) {
                self.plan.steps.push(*step);
            }
            if *lots > 0 {
                self.fill(place, *lots);
            }
        }
    }
}
