//! Requests, responses, negotiated sales and sealed bids. Neither stands in a book; docs/reference/dark-and-negotiated.md.
use crate::deadlines::FIRM_UP;
use crate::dealing::NEGOTIATED_TRADE;
use crate::engine::{Effects, Engine};
use crate::matching::Taker;
use crate::messages::{AcceptQuote, ClearSealed};
use crate::names::{CancelReason, Reason, Rule, SessionState};
use crate::orders::{ASIDE, LIMIT, Order, PARKED, PEG, REQUEST, RESPONSE, UNHELD};
use crate::place::spot_hold;
use crate::rules::SEALED;

const FIRST_PRICE: i64 = 1;
const UNIFORM_PRICE: i64 = 3;

impl Engine {
    /// What a new request holds: what it would deliver. A perpetual's holds nothing before it trades.
    pub(crate) fn hold_request(&mut self, at: usize, taker: &mut Taker) -> Result<i64, Reason> {
        let instrument = &self.instruments[at];
        if instrument.is_perpetual() {
            return Ok(instrument.positions.get(&taker.order.account).map_or(0, |position| position.hold));
        }
        if taker.order.buys() || self.is_dark(at) {
            taker.order.marks |= UNHELD;
            return Ok(0);
        }
        let price = std::mem::take(&mut taker.order.price);
        let hold = self.hold_spot(at, taker);
        taker.order.price = price;
        hold
    }

    /// Puts a request or a response beside the books; a response in a dark pool is a firm order.
    pub(crate) fn enter_negotiation(&mut self, at: usize, row: u32, effects: &mut Effects) {
        if self.is_dark(at) && self.orders.get(row).kind == RESPONSE {
            return self.firm_up(at, row, effects);
        }
        self.orders.get_mut(row).marks |= PARKED;
        self.markets[at].waiting += 1;
        self.remember_special(row);
        self.touch(at);
    }

    /// Whom a response answers, who follows a reference, who is conditional: what a market looks up.
    pub(crate) fn remember_special(&mut self, row: u32) {
        let (order, special) = (*self.orders.get(row), self.special_of(row));
        let dark = self.is_dark(order.at());
        let market = &mut self.markets[order.at()];
        match order.kind {
            RESPONSE => market.responses.entry(special.request).or_default().push(order.id),
            REQUEST if dark => {
                market.conditionals.insert(order.id);
            }
            PEG if order.marks & ASIDE == 0 => {
                market.pegs.insert(order.id);
            }
            _ => {}
        }
        if special.invited != 0 {
            self.deadlines.add(special.invited, FIRM_UP, order.id);
        }
    }

    pub(crate) fn accept_quote(&mut self, c: &AcceptQuote, effects: &mut Effects) -> Result<(), Reason> {
        self.known(c.account)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            let response = engine.live(c.response)?;
            if engine.orders.get(response).kind != RESPONSE {
                return Err(Reason::UnknownRequest);
            }
            let request = engine.request_of(response);
            let at = engine.orders.get(request).at();
            let deal = engine.check_acceptance(c, response, request)?;
            engine.deal((response, request), deal, NEGOTIATED_TRADE, effects);
            engine.touch(at);
            Ok(false)
        })
    }

    fn request_of(&self, response: u32) -> u32 {
        let special = self.orders.special(response).expect("a response has special terms");
        self.orders.find(special.request).expect("a response ends with its request")
    }

    /// Price and quantity of the trade.
    fn check_acceptance(&self, c: &AcceptQuote, response: u32, request: u32) -> Result<(i64, i64), Reason> {
        let (response, request) = (self.orders.get(response), self.orders.get(request));
        let at = request.at();
        if c.account != 0 && c.account != request.account {
            return Err(Reason::NotYourOrder);
        }
        if self.markets[at].rules.get(Rule::Book) == SEALED {
            return Err(Reason::WrongBook);
        }
        self.check_open(at)?;
        let most = request.left.min(response.left);
        if c.quantity < 0 {
            return Err(Reason::QuantityNotPositive);
        }
        if c.quantity > most {
            return Err(Reason::QuantityTooLarge);
        }
        if c.quantity % self.instruments[at].terms.lot != 0 {
            return Err(Reason::OffLot);
        }
        if request.price != 0 && !request.reaches(response.price) {
            return Err(Reason::BadTerms);
        }
        let quantity = if c.quantity == 0 { most } else { c.quantity };
        self.check_deal(at, request, (response.price, quantity))?;
        Ok((response.price, quantity))
    }

    fn check_open(&self, at: usize) -> Result<(), Reason> {
        if self.halted || self.instruments[at].halted {
            return Err(Reason::InstrumentHalted);
        }
        self.check_state(at)?;
        if self.markets[at].state == SessionState::Continuous { Ok(()) } else { Err(Reason::WrongSession) }
    }

    /// May the one who asked trade so much at this price? As for an order of that size with that limit.
    fn check_deal(&self, at: usize, request: &Order, (price, quantity): (i64, i64)) -> Result<(), Reason> {
        let instrument = &self.instruments[at];
        let endless = self.ledger.look(request.account, instrument.held_asset(request)).endless();
        let marks = if endless { request.marks | UNHELD } else { request.marks & !UNHELD };
        let order = Order { kind: LIMIT, price, left: quantity, marks, ..*request };
        if !instrument.is_perpetual() {
            let hold = spot_hold(instrument, &order, price, quantity)?;
            return self.afford(at, &order, hold).map(|_| ());
        }
        let old = instrument.positions.get(&order.account).copied().unwrap_or_default();
        let mut new = old;
        new.count(order.buys(), quantity, i128::from(price) * i128::from(quantity));
        self.check_perpetual(at, order.account, &old, &new, price)
    }

    /// Responses whose request is gone go too, by number; nothing else does.
    pub(crate) fn clear_responses(&mut self, at: usize, effects: &mut Effects) -> bool {
        let Self { markets, orders, .. } = self;
        let responses = &mut markets[at].responses;
        let gone: Vec<u64> = responses.keys().copied().filter(|request| orders.find(*request).is_none()).collect();
        let mut orphans: Vec<u64> = gone.iter().filter_map(|request| responses.remove(request)).flatten().collect();
        orphans.sort_unstable();
        for id in &orphans {
            if let Some(row) = self.orders.find(*id) {
                self.end_row(row, CancelReason::Cleared, effects);
            }
        }
        !orphans.is_empty()
    }

    pub(crate) fn clear_sealed(&mut self, c: &ClearSealed, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.at(c.instrument)?;
        if self.markets[at].rules.get(Rule::Book) != SEALED {
            return Err(Reason::WrongBook);
        }
        self.check_open(at)?;
        let is_offer = |row: &u32| self.orders.get(*row).kind == REQUEST && self.orders.get(*row).at() == at;
        let offers: Vec<u32> = self.orders.by_id().filter(is_offer).collect();
        for row in offers {
            self.award(at, row, effects);
        }
        self.touch(at);
        Ok(())
    }

    /// Best price first, then time, not under the reserve; until nothing is left. Then the offer goes.
    fn award(&mut self, at: usize, row: u32, effects: &mut Effects) {
        let request = *self.orders.get(row);
        let ranked = self.ranked_bids(at, &request);
        let mut left = request.left;
        let mut awards: Vec<(u32, i64)> = Vec::new();
        for bid in &ranked {
            let part = left.min(self.orders.get(*bid).left);
            if part > 0 {
                awards.push((*bid, part));
                left -= part;
            }
        }
        let prices = self.award_prices(at, &request, &ranked, awards.len());
        for ((bid, quantity), price) in awards.into_iter().zip(prices) {
            let request = *self.orders.get(row);
            if self.check_deal(at, &request, (price, quantity)).is_err() {
                return self.end_row(row, CancelReason::Funds, effects);
            }
            self.deal((bid, row), (price, quantity), NEGOTIATED_TRADE, effects);
        }
        if left > 0 {
            self.end_row(row, CancelReason::Cleared, effects);
        }
    }

    fn ranked_bids(&self, at: usize, request: &Order) -> Vec<u32> {
        let bids = self.markets[at].responses.get(&request.id).map_or(&[][..], Vec::as_slice);
        let live = bids.iter().filter_map(|id| self.orders.find(*id));
        let mut ranked: Vec<u32> = live.filter(|bid| self.orders.get(*bid).price >= request.price).collect();
        ranked.sort_by_key(|bid| (-self.orders.get(*bid).price, self.orders.get(*bid).id));
        ranked
    }

    /// First price: one's own. Uniform: the lowest that wins. Second: that of the next bidder, else the reserve.
    fn award_prices(&self, at: usize, request: &Order, ranked: &[u32], winners: usize) -> Vec<i64> {
        let bid = |row: &u32| *self.orders.get(*row);
        let price = |number: usize| {
            let own = bid(&ranked[number]);
            match self.markets[at].rules.get(Rule::SealedPrice) {
                FIRST_PRICE => own.price,
                UNIFORM_PRICE => bid(&ranked[winners - 1]).price,
                _ => {
                    let next = ranked[number + 1..].iter().map(bid).find(|other| other.account != own.account);
                    let reserve = if request.price == 0 { own.price } else { request.price };
                    next.map_or(reserve, |other| other.price)
                }
            }
        };
        (0..winners).map(price).collect()
    }
}
