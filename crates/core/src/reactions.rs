//! What a change of a market sets off in the same pass: stops, pegs, orders with conditions, dark matches.
use crate::engine::{Effects, Engine};
use crate::names::SessionState;

impl Engine {
    /// Remembers that the market must be looked at again before the pass ends.
    #[inline]
    pub(crate) fn touch(&mut self, at: usize) {
        if self.markets[at].watched() {
            self.touched.push(at as u32);
        }
    }

    /// Looks at every touched market, lowest number first, until nothing more happens.
    pub(crate) fn react(&mut self, effects: &mut Effects) {
        while let Some(at) = self.touched.iter().min().copied() {
            self.touched.retain(|other| *other != at);
            while self.react_once(at as usize, effects) {}
        }
    }

    fn react_once(&mut self, at: usize, effects: &mut Effects) -> bool {
        if !self.ledger.quote_fills.is_empty() {
            self.guard_quotes(effects);
        }
        let continuous = self.markets[at].state == SessionState::Continuous;
        self.part(at, effects)
            || self.trail(at, effects)
            || self.release_child(at, effects)
            || self.fire_stop(at, effects)
            || (continuous && self.reprice_peg(at, effects))
            || self.retry_conditional(at, effects)
            || (continuous && self.match_dark(at, effects))
            || (continuous && self.invite(at, effects))
            || self.clear_responses(at, effects)
            || self.leave_limit_state(at, effects)
    }
}
