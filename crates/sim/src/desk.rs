//! The desks beside the clients: rules and limits that change, market makers, requests for quotes, kills, corrections.
use isthmus_core::messages::{
    AcceptQuote, ClearSealed, CloseDay, Command, CorrectTrade, Deleverage, EndFreeze, Fund, Kill, Liquidate,
    PlaceOrder, Rearm, RegisterMaker, SetAccount, SetCredit, SetDeadMan, SetLeverage, SetLimit, SetMarginPolicy,
    SetMarginTier, SetProtection, SetRule, Traded,
};
use isthmus_core::names::{Limit, Rule, Scope};
use isthmus_core::orders::{BUY, FRESH, GTC, LIMIT, QUOTE, SELL};

use crate::chance::Chance;
use crate::world::{CHANGING, CLIENTS, FIRST_CLIENT, PERPETUAL, middle, tick};

/// Rules of the changing instrument, with values near which something happens.
const RULES: &[(Rule, &[i64])] = &[
    (Rule::HiddenAfterVisible, &[0, 1]),
    (Rule::MinQuantity, &[1, 2]),
    (Rule::HiddenRemainder, &[1, 2]),
    (Rule::AuctionTie, &[1, 2, 3, 4]),
    (Rule::StopOrder, &[1, 2]),
    (Rule::StopTrigger, &[1, 2, 3]),
    (Rule::ReplaceKeepsPriority, &[1, 2]),
    (Rule::FifoShare, &[0, 4_000, 10_000]),
    (Rule::ProRataMinimum, &[0, 2]),
    (Rule::TopOrder, &[0, 1]),
    (Rule::MakerShare, &[0, 4_000]),
    (Rule::StaticBand, &[0, 0, 200]),
    (Rule::DynamicBand, &[0, 0, 50]),
    (Rule::BandAction, &[1, 2, 3]),
    (Rule::LimitStateTime, &[0, 2_000, 20_000]),
    (Rule::PauseTime, &[0, 2_000, 20_000]),
    (Rule::MinNotional, &[0, 0, 900]),
    (Rule::DarkPriority, &[1, 2]),
    (Rule::DarkMinimum, &[0, 0, 2]),
    (Rule::SealedPrice, &[1, 2, 3]),
    (Rule::AllOrNone, &[1, 2]),
    (Rule::MakerPriority, &[0, 1]),
    (Rule::FirmUp, &[0, 3_000]),
];

/// Limits with values that a run sometimes reaches; a negative one takes the limit away.
const LIMITS: &[(Limit, &[i64])] = &[
    (Limit::Collar, &[-1, 100]),
    (Limit::OrderQuantity, &[-1, 20]),
    (Limit::OrderNotional, &[-1, 200_000]),
    (Limit::SizeMultiple, &[-1, 5]),
    (Limit::NotionalMultiple, &[-1, 5]),
    (Limit::OrderRate, &[-1, 3]),
    (Limit::OpenOrders, &[-1, 2, 8]),
    (Limit::PositionNet, &[-1, 10, 100]),
    (Limit::PositionGross, &[-1, 20, 200]),
    (Limit::OpenNotional, &[-1, 1_000_000]),
    (Limit::Duplicate, &[-1, 2_000]),
];

/// A trade as its record has it, to be corrected.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    pub sequence: u64,
    pub index: u16,
    pub trade: Traded,
}

fn client(chance: &mut Chance) -> u32 {
    FIRST_CLIENT + chance.below(CLIENTS.into()) as u32
}

/// What a desk does next; `recent` are orders that were accepted lately, `made` trades.
pub fn write(chance: &mut Chance, recent: &[u64], made: &[Made]) -> Command {
    match chance.below(27) {
        0..=3 => rule(chance),
        4..=5 => limit(chance),
        6..=9 => quote(chance).into(),
        10 => maker(chance),
        11 => kill(chance),
        12 | 13 => rearm(chance),
        14 => credit(chance),
        15 => {
            let timeout_ns = *chance.pick(&[0, 2_000, 50_000]);
            SetDeadMan { account: client(chance), session: chance.below(3) as u32, timeout_ns }.into()
        }
        16 | 17 => accept(chance, recent),
        20 | 21 => margin(chance),
        22 => close(chance),
        23..=26 => crate::contracts::write(chance),
        18 => ClearSealed { instrument: CHANGING }.into(),
        _ => correct(chance, made),
    }
}

fn rule(chance: &mut Chance) -> Command {
    let (rule, values) = *chance.pick(RULES);
    SetRule { instrument: CHANGING, rule: rule as u16, value: *chance.pick(values) }.into()
}

/// Of one account or of all, in one instrument or in all.
fn limit(chance: &mut Chance) -> Command {
    let (limit, values) = *chance.pick(LIMITS);
    let (scope, of) = match chance.below(4) {
        0 => (Scope::Everything, 0),
        1 => (Scope::Group, 1),
        2 => (Scope::Firm, 1),
        _ => (Scope::Account, client(chance)),
    };
    let instrument = *chance.pick(&[0, CHANGING, PERPETUAL]);
    SetLimit { scope: scope as u8, of, instrument, limit: limit as u16, value: *chance.pick(values) }.into()
}

fn quote(chance: &mut Chance) -> PlaceOrder {
    let instrument = *chance.pick(&[CHANGING, CHANGING, PERPETUAL]);
    let buys = chance.permille(500);
    let away = chance.between(-1, 4) * tick(instrument);
    PlaceOrder {
        account: FIRST_CLIENT + chance.below(2) as u32,
        instrument,
        venue: 0,
        side: if buys { BUY } else { SELL },
        kind: LIMIT,
        tif: GTC,
        flags: QUOTE | if chance.permille(300) { FRESH } else { 0 },
        price: middle(instrument) + if buys { -away } else { away },
        quantity: chance.between(1, 6),
        client_id: [0; 16],
        session: chance.below(3) as u32,
    }
}

fn maker(chance: &mut Chance) -> Command {
    let (account, instrument) = (FIRST_CLIENT + chance.below(2) as u32, *chance.pick(&[CHANGING, PERPETUAL]));
    if chance.permille(500) {
        let quantity = *chance.pick(&[0, 1, 2, 2]);
        return RegisterMaker { account, instrument, spread: 6, quantity, presence_bps: 5_000 }.into();
    }
    let (quantity, delta) = (*chance.pick(&[0, 2, 12]), *chance.pick(&[0, 0, 3]));
    SetProtection { account, instrument, window_ns: 50_000, quantity, delta, percent_bps: *chance.pick(&[0, 9_000]) }
        .into()
}

fn killed(chance: &mut Chance) -> (u8, u32) {
    let (scope, of) = *chance.pick(&[
        (Scope::Account, FIRST_CLIENT + 3),
        (Scope::Group, 1),
        (Scope::Session, 2),
        (Scope::Instrument, CHANGING),
        (Scope::Everything, 0),
    ]);
    (scope as u8, of)
}

fn kill(chance: &mut Chance) -> Command {
    let (scope, of) = if chance.permille(50) { (Scope::Everything as u8, 0) } else { killed(chance) };
    Kill { scope, of, user: 1 + chance.below(2) as u32 }.into()
}

fn rearm(chance: &mut Chance) -> Command {
    let (scope, of) = killed(chance);
    Rearm { scope, of, user: 1 + chance.below(2) as u32 }.into()
}

fn credit(chance: &mut Chance) -> Command {
    if chance.permille(500) {
        return SetAccount { account: client(chance), group: chance.below(2) as u32, firm: chance.below(2) as u32 }
            .into();
    }
    let asset = 1 + chance.below(3) as u32;
    SetCredit { account: client(chance), asset, amount: *chance.pick(&[0, 50, 100_000, i64::MAX]) }.into()
}

/// Tiers, leverage, policies and funding of the perpetual.
fn margin(chance: &mut Chance) -> Command {
    let instrument = PERPETUAL;
    match chance.below(4) {
        0 => {
            let (from_notional, initial_bps, maintenance_bps) =
                *chance.pick(&[(0, 300, 150), (0, 2_000, 1_000), (50_000, 4_000, 2_500), (50_000, 0, 0)]);
            SetMarginTier { instrument, from_notional, initial_bps, maintenance_bps }.into()
        }
        1 => SetLeverage { account: client(chance), instrument, initial_bps: *chance.pick(&[0, 400, 2_000, 10_000]) }
            .into(),
        2 => {
            let (loss_bps, call_ns) = (*chance.pick(&[0, 100, 3_000]), *chance.pick(&[0, 3_000, 100_000]));
            SetMarginPolicy { asset: 1, loss_bps, call_ns, fee_ppm: *chance.pick(&[0, 5_000, 1_000_000]) }.into()
        }
        _ => Fund { instrument, rate_ppb: *chance.pick(&[100_000, -2_500_000]) }.into(),
    }
}

/// Ends of days, and liquidations of whoever may be liquidated.
fn close(chance: &mut Chance) -> Command {
    let (account, instrument, quantity) = (client(chance), PERPETUAL, chance.between(1, 4));
    match chance.below(4) {
        0 => CloseDay { asset: 1 }.into(),
        1 => EndFreeze { account, asset: 1 }.into(),
        2 => {
            let price = middle(instrument) + chance.between(-20, 20) * tick(instrument);
            Deleverage { account, against: client(chance), instrument, quantity, price }.into()
        }
        _ => {
            let limit = middle(instrument) + chance.between(-30, 30) * tick(instrument);
            Liquidate { account, instrument, quantity, limit }.into()
        }
    }
}

fn accept(chance: &mut Chance, recent: &[u64]) -> Command {
    let response = if recent.is_empty() { 1 } else { *chance.pick(recent) };
    AcceptQuote { response, account: client(chance), quantity: chance.between(0, 3), client_id: [0; 16] }.into()
}

/// Of a trade as it was made, now and then with an amount that is not its own.
fn correct(chance: &mut Chance, made: &[Made]) -> Command {
    if made.is_empty() {
        return rule(chance);
    }
    let Made { sequence, index, trade: t } = *chance.pick(made);
    CorrectTrade {
        sequence,
        index,
        instrument: t.instrument,
        maker: t.maker,
        taker: t.taker,
        taker_side: t.taker_side,
        price: t.price,
        quantity: t.quantity + i64::from(chance.permille(50)),
        buyer_pays: t.buyer_pays,
        seller_gets: t.seller_gets,
        maker_fee: t.maker_fee,
        taker_fee: t.taker_fee,
        new_price: if chance.permille(500) { 0 } else { t.price + tick(t.instrument.min(4)) },
    }
    .into()
}
