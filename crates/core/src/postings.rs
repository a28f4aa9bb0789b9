//! The double entries behind an effect, in their order (docs/reference/engine.md, "Traded"). This is the one place that
//! knows them: books, replays and proofs ask here, and whatever changes a balance must be told here.
use crate::engine::Engine;
use crate::instrument::{Asset, Instrument};
use crate::ledger::{FEES, ROUNDING};
use crate::messages::{Command, Effect, Posted, Traded};
use crate::names::Template;

impl Engine {
    /// Every balance change that the effect stands for.
    pub fn postings(&self, effect: &Effect) -> Vec<Posted> {
        let mut all = Vec::new();
        self.each_posting(effect, |posted| all.push(posted));
        all
    }

    /// As [`Engine::postings`], one after the other.
    #[inline]
    pub fn each_posting(&self, effect: &Effect, mut take: impl FnMut(Posted)) {
        match effect {
            Effect::Posted(posted) => take(*posted),
            Effect::Traded(traded) => self.trade_postings(traded, take),
            _ => {}
        }
    }

    fn trade_postings(&self, t: &Traded, take: impl FnMut(Posted)) {
        let Ok(at) = self.at(t.instrument) else {
            return;
        };
        let instrument = &self.instruments[at];
        let (base, quote) = (instrument.terms.base, instrument.terms.quote);
        let taker_buys = t.taker_side == crate::orders::BUY;
        let (buyer, seller) = if taker_buys { (t.taker, t.maker) } else { (t.maker, t.taker) };
        let fees = if taker_buys { (t.taker_fee, t.maker_fee) } else { (t.maker_fee, t.taker_fee) };
        let asset = if instrument.is_perpetual() { instrument.margin_asset() } else { quote };
        let charged =
            [post(buyer, FEES, asset, Template::Fee, fees.0), post(seller, FEES, asset, Template::Fee, fees.1)];
        if instrument.is_perpetual() {
            let settled = [
                post(buyer, seller, asset, Template::Settlement, t.seller_gets),
                post(buyer, ROUNDING, asset, Template::Rounding, t.buyer_pays - t.seller_gets),
            ];
            moved(settled.into_iter().chain(charged), take);
        } else {
            let exchanged = [
                post(buyer, seller, quote, Template::Payment, t.seller_gets),
                post(buyer, ROUNDING, quote, Template::Rounding, t.buyer_pays - t.seller_gets),
                post(seller, buyer, base, Template::Delivery, t.quantity * instrument.base_units),
            ];
            moved(exchanged.into_iter().chain(charged), take);
        }
    }
}

/// Postings of nothing are left out.
fn moved(all: impl Iterator<Item = Posted>, take: impl FnMut(Posted)) {
    all.filter(|posted| posted.amount != 0).for_each(take);
}

/// A posting; a negative amount goes the other way.
fn post(source: u32, target: u32, asset: u32, template: Template, amount: i64) -> Posted {
    let (source, target) = if amount < 0 { (target, source) } else { (source, target) };
    Posted { source, target, asset, template: template as u8, amount: amount.abs() }
}

/// What the postings of recorded effects depend on, folded from records without running a command.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Assets and instruments; nothing else of it is used.
    listed: Engine,
}

impl Listing {
    /// Takes in what a record lists. Whether the record must be shown to whoever begins behind it; `None`: no engine could
    /// have made it.
    pub fn take(&mut self, command: &Command, effect: &Effect) -> Option<bool> {
        let listed = &mut self.listed;
        match (command, effect) {
            (Command::AddAsset(c), Effect::AssetAdded(_)) => {
                listed.assets.push(Asset { code: c.code, decimals: c.decimals });
            }
            (Command::AddInstrument(c), Effect::InstrumentAdded(_)) => {
                let made = Instrument::new(c, &listed.assets, &listed.instruments).ok()?;
                listed.instruments.push(made);
            }
            (Command::OpenAccount(_), Effect::AccountOpened(_)) => {}
            _ => return Some(false),
        }
        Some(true)
    }

    /// Every balance change that a recorded effect stands for.
    #[inline]
    pub fn each_posting(&self, effect: &Effect, take: impl FnMut(Posted)) {
        self.listed.each_posting(effect, take);
    }
}
