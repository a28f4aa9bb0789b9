//! A future and an option on it: listed, traded by everybody, margined together for some, exercised, settled at the end.
use isthmus_core::messages::{
    AddInstrument, ApplyRisk, Command, Exercise, Mark, SetContract, SetMarginMode, SetRiskArray, SetRiskProduct,
    SettleExpiry, Symbol,
};

use crate::chance::Chance;
use crate::world::{BTC, CLIENTS, FIRST_CLIENT, FUTURE, OPTION, START, USD, middle, padded};

/// A run comes so far, mostly: then they are settled.
const LIFE_NS: u64 = 600_000;
const PHYSICAL: u8 = 2;
const CALL: u8 = 1;
const AMERICAN: u8 = 2;
const PORTFOLIO: u8 = 2;

fn listing(number: u32, symbol: &str, fees: (i32, i32)) -> AddInstrument {
    AddInstrument {
        symbol: Symbol(padded(symbol)),
        kind: if number == FUTURE { 6 } else { 7 },
        base: BTC,
        quote: USD,
        price_decimals: 0,
        quantity_decimals: 0,
        tick: 1,
        lot: 1,
        multiplier: 1,
        maker_fee_ppm: fees.0,
        taker_fee_ppm: fees.1,
        collar_bps: 0,
        initial_margin_bps: 1_000,
        mark: middle(number),
    }
}

/// The two instruments: the future is physical, the option delivers it at its middle.
pub fn instruments(chance: &mut Chance) -> [Command; 2] {
    let fees = *chance.pick(&[(0, 0), (100, 200)]);
    [listing(FUTURE, "BTC-FUT", fees).into(), listing(OPTION, "BTC-CALL", fees).into()]
}

/// Their terms and risk arrays, and who is margined by these.
pub fn opening(chance: &mut Chance) -> Vec<Command> {
    let expire = START + LIFE_NS;
    let terms = |instrument, underlying, right, style, strike| SetContract {
        instrument,
        underlying,
        delivery: PHYSICAL,
        right,
        style,
        strike,
        floor: 0,
        expire,
    };
    let product = SetRiskProduct { product: 1, asset: USD, minimum: 1, caps: 0, price_risk: 0, scan: 0 };
    vec![
        terms(FUTURE, 0, 0, 0, 0).into(),
        terms(OPTION, FUTURE, CALL, AMERICAN, middle(FUTURE)).into(),
        product.into(),
        array(FUTURE, 1_000_000, 0, 3_000).into(),
        array(OPTION, 500_000, middle(OPTION) * 100, 1_500).into(),
        ApplyRisk {}.into(),
        SetMarginMode { account: FIRST_CLIENT + chance.below(CLIENTS.into()) as u32, mode: PORTFOLIO }.into(),
    ]
}

/// Losses in proportion to the move of the price, in thirds of `scan`; the extremes lose a third of twice that.
fn array(instrument: u32, delta: i64, value: i64, scan: i64) -> SetRiskArray {
    let third = |thirds: i64| scan * thirds / 3;
    SetRiskArray {
        instrument,
        product: 1,
        month: 202_606,
        delta,
        value,
        short_minimum: value / 10,
        loss_1: 0,
        loss_2: 0,
        loss_3: third(-1),
        loss_4: third(-1),
        loss_5: third(1),
        loss_6: third(1),
        loss_7: third(-2),
        loss_8: third(-2),
        loss_9: third(2),
        loss_10: third(2),
        loss_11: -scan,
        loss_12: -scan,
        loss_13: scan,
        loss_14: scan,
        loss_15: third(-2),
        loss_16: third(2),
    }
}

/// What a clearing desk does next.
pub fn write(chance: &mut Chance) -> Command {
    let account = FIRST_CLIENT + chance.below(CLIENTS.into()) as u32;
    let instrument = *chance.pick(&[FUTURE, OPTION]);
    match chance.below(6) {
        0 | 1 => {
            let price = middle(instrument) + chance.between(-3, 3);
            Mark { instrument, settlement: 1, source: 0, price: price.max(1) }.into()
        }
        2 | 3 => {
            let quantity = chance.between(1, 3);
            Exercise { account, instrument: OPTION, quantity, client_id: [0; 16] }.into()
        }
        4 => SettleExpiry { instrument, priced: 1, price: middle(FUTURE) + chance.between(-5, 5) }.into(),
        _ => SetMarginMode { account, mode: *chance.pick(&[1, 2, 2]) }.into(),
    }
}
