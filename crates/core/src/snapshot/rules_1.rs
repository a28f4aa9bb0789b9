//! The state as rules 1 wrote it: one book an instrument, orders of price and quantity only.
use super::bytes::{BadState, In};
use super::{take_answer, take_asset};
use crate::engine::Engine;
use crate::instrument::{Asset, Instrument};
use crate::ledger::{Account, Balance};
use crate::market::Market;
use crate::memory::Ended;
use crate::messages::AddInstrument;
use crate::orders::{Details, NAMED, NONE, Order, ROUTED};
use crate::perpetual::Position;

/// Bytes of an instrument's terms.
const TERMS_BYTES: usize = 91;

/// The engine that goes on from it. What was added since stands at its default; the digests of commands by which client
/// ids are known again are kept as they are, so that an id used before stays used (a repetition is refused as a duplicate).
pub(super) fn from_state(bytes: &mut In) -> Result<Engine, BadState> {
    let mut engine =
        Engine { sequence: bytes.take()?, stamp: bytes.take()?, halted: bytes.flag()?, ..Engine::default() };
    engine.assets = bytes.list(take_asset)?;
    let assets = engine.assets.clone();
    engine.instruments = bytes.list(|b| take_instrument(b, &assets))?;
    engine.markets = vec![Market::default(); engine.instruments.len()];
    engine.ledger.accounts = bytes.list(take_account)?;
    for (order, details) in bytes.list(take_order)? {
        engine.adopt(order, details, None)?;
    }
    for (sequence, stamp, (key, answer)) in bytes.list(|b| Ok((b.take()?, b.take()?, take_answer(b)?)))? {
        engine.memory.answers.insert(key, answer);
        engine.memory.ended.push_back(Ended { sequence, stamp, key });
    }
    engine.memory.answers.extend(bytes.list(take_answer)?);
    Ok(engine)
}

/// Whether the last trade or the mark came later was not kept: the trade counts, where there was one.
fn take_instrument(bytes: &mut In, assets: &[Asset]) -> Result<Instrument, BadState> {
    let (head, rest) = bytes.0.split_at_checked(TERMS_BYTES).ok_or(BadState)?;
    bytes.0 = rest;
    let mut terms = [0; AddInstrument::SIZE];
    terms[..TERMS_BYTES].copy_from_slice(head);
    let mut instrument = Instrument::new(&AddInstrument::read(&terms), assets, &[]).map_err(|_| BadState)?;
    instrument.halted = bytes.flag()?;
    instrument.mark = bytes.take()?;
    instrument.settlement_mark = bytes.take()?;
    instrument.last_trade = bytes.take()?;
    instrument.latest = if instrument.last_trade > 0 { instrument.last_trade } else { instrument.mark };
    let positions = bytes.list(|b| {
        let (account, quantity, buy, buy_value) = (b.take()?, b.take()?, b.take()?, b.wide()?);
        let (sell, sell_value, hold) = (b.take()?, b.wide()?, b.take()?);
        Ok((account, Position { quantity, buy, buy_value, sell, sell_value, hold, ..Position::default() }))
    })?;
    instrument.positions = positions.into_iter().collect();
    Ok(instrument)
}

fn take_account(bytes: &mut In) -> Result<Account, BadState> {
    let kind = bytes.take()?;
    let balances = bytes.list(|b| {
        let (asset, margined, frozen, amount, held) = (b.take()?, b.flag()?, b.take()?, b.wide()?, b.wide()?);
        Ok(Balance { asset, margined, frozen, amount, held, ..Balance::default() })
    })?;
    Ok(Account { kind, balances, ..Account::default() })
}

fn take_order(bytes: &mut In) -> Result<(Order, Details), BadState> {
    let (id, account, instrument): (u64, u32, u32) = (bytes.take()?, bytes.take()?, bytes.take()?);
    let (venue, price): (u32, i64) = (bytes.take()?, bytes.take()?);
    let (quantity, filled, hold): (i64, i64, i64) = (bytes.take()?, bytes.take()?, bytes.take()?);
    let (value_carry, fee_carry) = (bytes.take()?, bytes.take()?);
    let [side, kind, tif, flags] = bytes.take()?;
    let client_id: [u8; 16] = bytes.take()?;
    let named = if client_id == [0; 16] { 0 } else { NAMED };
    let routed = if venue == 0 { 0 } else { ROUTED };
    let order = Order {
        id,
        price,
        left: quantity.checked_sub(filled).ok_or(BadState)?,
        hold,
        account,
        page: NONE,
        prev: NONE,
        next: NONE,
        value_carry,
        fee_carry,
        instrument: u16::try_from(instrument).map_err(|_| BadState)?,
        marks: named | routed,
        side,
        kind,
        tif,
        flags,
    };
    Ok((order, Details { quantity, client_id, venue, ..Details::default() }))
}
