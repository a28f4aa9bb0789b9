//! The double entries behind an effect, in their order (docs/reference/engine.md, "Traded").
use crate::engine::Engine;
use crate::ledger::{FEES, ROUNDING};
use crate::messages::{Effect, Posted, Traded};
use crate::names::Template;

impl Engine {
    /// Every balance change that the effect stands for.
    pub fn postings(&self, effect: &Effect) -> Vec<Posted> {
        match effect {
            Effect::Posted(posted) => vec![*posted],
            Effect::Traded(traded) => self.trade_postings(traded),
            _ => Vec::new(),
        }
    }

    fn trade_postings(&self, t: &Traded) -> Vec<Posted> {
        let Ok(at) = self.at(t.instrument) else {
            return Vec::new();
        };
        let instrument = &self.instruments[at];
        let (base, quote) = (instrument.terms.base, instrument.terms.quote);
        let taker_buys = t.taker_side == crate::orders::BUY;
        let (buyer, seller) = if taker_buys { (t.taker, t.maker) } else { (t.maker, t.taker) };
        let fees = if taker_buys { (t.taker_fee, t.maker_fee) } else { (t.maker_fee, t.taker_fee) };
        let asset = if instrument.is_perpetual() { instrument.margin_asset() } else { quote };
        let mut all = if instrument.is_perpetual() {
            vec![
                post(buyer, seller, asset, Template::Settlement, t.seller_gets),
                post(buyer, ROUNDING, asset, Template::Rounding, t.buyer_pays - t.seller_gets),
            ]
        } else {
            vec![
                post(buyer, seller, quote, Template::Payment, t.seller_gets),
                post(buyer, ROUNDING, quote, Template::Rounding, t.buyer_pays - t.seller_gets),
                post(seller, buyer, base, Template::Delivery, t.quantity * instrument.base_units),
            ]
        };
        all.push(post(buyer, FEES, asset, Template::Fee, fees.0));
        all.push(post(seller, FEES, asset, Template::Fee, fees.1));
        all.retain(|posted| posted.amount != 0);
        all
    }
}

/// A posting; a negative amount goes the other way.
fn post(source: u32, target: u32, asset: u32, template: Template, amount: i64) -> Posted {
    let (source, target) = if amount < 0 { (target, source) } else { (source, target) };
    Posted { source, target, asset, template: template as u8, amount: amount.abs() }
}
