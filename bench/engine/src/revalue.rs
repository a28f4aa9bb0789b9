//! How many margin accounts a second are revalued by marks: the engine's pass alone, effects made, nothing journalled.
use isthmus_core::engine::Engine;
use isthmus_core::messages::{
    AddAsset, AddInstrument, Code, Command, Deposit, Mark, OpenAccount, PlaceOrder, SetLeverage, SetMarginTier, Symbol,
};
use isthmus_core::orders::{BUY, GTC, LIMIT, SELL};

use crate::clock::timed;

const NOBODY: [u8; 16] = [0; 16];
const FIRST_ACCOUNT: u32 = 16;
const PRICE: i64 = 100_000;
const USD: u32 = 1;
const COIN: u32 = 2;
const PERPETUAL: u32 = 1;

fn named<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// A perpetual with tiers, and `accounts` that hold it, half of them short; none comes near a margin call.
fn market(accounts: u32) -> Engine {
    let (mut engine, mut out) = (Engine::default(), Vec::new());
    let mut apply = |command: Command| {
        out.clear();
        engine.apply(&command, 1, &mut out);
    };
    for (code, decimals) in [("USD", 2), ("BTC", 8)] {
        apply(AddAsset { code: Code(named(code)), decimals }.into());
    }
    apply(
        AddInstrument {
            symbol: Symbol(named("BTC-PERP")),
            kind: 4,
            base: COIN,
            quote: USD,
            price_decimals: 1,
            quantity_decimals: 0,
            tick: 1,
            lot: 1,
            multiplier: 1,
            maker_fee_ppm: 0,
            taker_fee_ppm: 0,
            collar_bps: 0,
            initial_margin_bps: 10_000,
            mark: PRICE,
        }
        .into(),
    );
    for (from_notional, initial_bps, maintenance_bps) in [(0, 1_000, 500), (1_000_000_000, 2_000, 1_000)] {
        apply(SetMarginTier { instrument: PERPETUAL, from_notional, initial_bps, maintenance_bps }.into());
    }
    for account in FIRST_ACCOUNT..FIRST_ACCOUNT + accounts {
        apply(OpenAccount { kind: 1, client_id: NOBODY, side: 0 }.into());
        apply(Deposit { account, asset: USD, amount: 100_000_000, client_id: NOBODY }.into());
        apply(SetLeverage { account, instrument: PERPETUAL, initial_bps: 1_000 }.into());
        let side = if account % 2 == 0 { SELL } else { BUY };
        apply(
            PlaceOrder {
                account,
                instrument: PERPETUAL,
                venue: 0,
                side,
                kind: LIMIT,
                tif: GTC,
                flags: 0,
                price: PRICE,
                quantity: 10,
                client_id: NOBODY,
                session: 0,
            }
            .into(),
        );
    }
    engine
}

/// {"accounts", "marks", "cpu_s"}: so many marks around one price, none of which settles.
pub fn measure(accounts: u32, marks: u32) -> String {
    let (mut engine, mut out) = (market(accounts), Vec::new());
    let took = timed(|| {
        for number in 0..marks {
            out.clear();
            let price = PRICE + i64::from(number % 7) - 3;
            engine.apply(&Mark { instrument: PERPETUAL, settlement: 0, source: 0, price }.into(), 1, &mut out);
        }
    });
    format!(r#"{{"accounts":{accounts},"marks":{marks},"cpu_s":{:.9}}}"#, took.cpu_s)
}
