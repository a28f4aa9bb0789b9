//! Instruments and their markets in the state.
use super::bytes::{BadState, In, Out};
use crate::instrument::{Asset, Instrument};
use crate::market::{Edge, Market};
use crate::messages::AddInstrument;
use crate::names::{Rule, SessionState};
use crate::perpetual::Position;
use crate::rules::Rules;

pub(super) fn put_instrument(out: &mut Out, instrument: &Instrument) {
    let at = out.0.len();
    out.0.resize(at + AddInstrument::SIZE, 0);
    instrument.terms.write(&mut out.0[at..]);
    out.put(u8::from(instrument.halted));
    out.put(instrument.mark);
    out.put(instrument.settlement_mark);
    out.put(instrument.last_trade);
    out.put(instrument.latest);
    out.list(instrument.positions.iter(), |out, (account, position)| {
        out.put(*account);
        out.put(position.quantity);
        out.put(position.buy);
        out.wide(position.buy_value);
        out.put(position.sell);
        out.wide(position.sell_value);
        out.put(position.hold);
    });
    out.list(instrument.ticks.iter(), |out, (lowest, tick)| {
        out.put(*lowest);
        out.put(*tick);
    });
}

pub(super) fn take_instrument(bytes: &mut In, assets: &[Asset]) -> Result<Instrument, BadState> {
    let (head, rest) = bytes.0.split_at_checked(AddInstrument::SIZE).ok_or(BadState)?;
    bytes.0 = rest;
    let mut instrument = Instrument::new(&AddInstrument::read(head), assets, &[]).map_err(|_| BadState)?;
    instrument.halted = bytes.flag()?;
    instrument.mark = bytes.take()?;
    instrument.settlement_mark = bytes.take()?;
    instrument.last_trade = bytes.take()?;
    instrument.latest = bytes.take()?;
    let positions = bytes.list(|b| {
        let account = b.take()?;
        let position = Position {
            quantity: b.take()?,
            buy: b.take()?,
            buy_value: b.wide()?,
            sell: b.take()?,
            sell_value: b.wide()?,
            hold: b.take()?,
            ..Position::default()
        };
        Ok((account, position))
    })?;
    instrument.positions = positions.into_iter().collect();
    instrument.ticks = bytes.list(|b| Ok((b.take()?, b.take()?)))?;
    Ok(instrument)
}

/// What of a market does not follow from its orders.
pub(super) fn put_market(out: &mut Out, market: &Market) {
    out.put(market.state as u8);
    out.put(market.auction_price);
    out.put(market.edge.map_or(0, |edge| edge.side));
    out.put(market.edge.map_or(0, |edge| edge.price));
    out.put(market.timer);
    out.list(Rule::ALL.iter(), |out, (number, _)| {
        let rule = Rule::of(*number).expect("a listed rule");
        out.put(market.rules.get(rule) as u64);
    });
}

pub(super) fn take_market(bytes: &mut In) -> Result<Market, BadState> {
    let state = SessionState::of(bytes.take()?).ok_or(BadState)?;
    let auction_price = bytes.take()?;
    let edge = Edge { side: bytes.take()?, price: bytes.take()? };
    let timer = bytes.take()?;
    let mut rules = Rules::default();
    let values = bytes.list(|b| b.take::<u64>())?;
    if values.len() != Rule::ALL.len() {
        return Err(BadState);
    }
    for ((number, _), value) in Rule::ALL.iter().zip(values) {
        rules.set(Rule::of(*number).ok_or(BadState)?, value as i64);
    }
    let edge = (edge.side != 0).then_some(edge);
    let mut market = Market { state, rules, auction_price, edge, timer, ..Market::default() };
    market.replan();
    Ok(market)
}
