//! The treasury: money between banks, clients and the house, by purpose, at once and in two steps, from asset to asset.
use isthmus_core::messages::{ClientId, Command, Exchange, Move, MovePending, OpenAccount, PostPending, VoidPending};
use isthmus_core::names::Purpose;

use crate::chance::Chance;
use crate::world::{CLIENTS, FIRST_CLIENT, USD, VENUE};

const HOUSE: u32 = VENUE + 1;
const CLIENT_BANK: u32 = VENUE + 2;
const FIRM_BANK: u32 = VENUE + 3;
const OMNIBUS: u32 = VENUE + 4;
const FEES: u32 = VENUE + 5;

/// (kind, side) of the accounts above.
const OPENED: [(u8, u8); 5] = [(2, 0), (5, 1), (5, 2), (6, 0), (10, 0)];

/// Ways that money goes every day.
const WAYS: &[(u32, u32, Purpose)] = &[
    (CLIENT_BANK, FIRST_CLIENT, Purpose::Deposit),
    (FIRST_CLIENT, CLIENT_BANK, Purpose::Withdrawal),
    (FIRST_CLIENT + 1, CLIENT_BANK, Purpose::Withdrawal),
    (FIRST_CLIENT, FIRST_CLIENT + 1, Purpose::Allocation),
    (CLIENT_BANK, OMNIBUS, Purpose::Deposit),
    (OMNIBUS, FIRST_CLIENT + 2, Purpose::Allocation),
    (FIRST_CLIENT + 2, FEES, Purpose::Fee),
    (HOUSE, FIRST_CLIENT + 1, Purpose::Interest),
    (HOUSE, FIRM_BANK, Purpose::Invoice),
    (CLIENT_BANK, FIRM_BANK, Purpose::TopUp),
    (FIRM_BANK, CLIENT_BANK, Purpose::Excess),
];

/// The accounts of the house and its banks, with money at them.
pub fn opening() -> Vec<Command> {
    let opened = OPENED.map(|(kind, side)| OpenAccount { kind, client_id: [0; 16], side }.into());
    let brought = [(CLIENT_BANK, FIRST_CLIENT, 90_000), (CLIENT_BANK, OMNIBUS, 30_000), (FIRM_BANK, HOUSE, 60_000)];
    let brought = brought.map(|(source, target, amount)| {
        let purpose = Purpose::Deposit as u8;
        Move { source, target, asset: USD, amount, purpose, client_id: [0; 16] }.into()
    });
    opened.into_iter().chain(brought).collect()
}

/// What the treasury asks next; `pending` are transfers that began lately.
pub fn write(chance: &mut Chance, pending: &[u64], client_id: ClientId, now: u64) -> Command {
    match chance.below(10) {
        0..=2 => {
            let (source, target, purpose) = way(chance);
            Move { source, target, asset: USD, amount: amount(chance), purpose, client_id }.into()
        }
        3..=5 => {
            let (source, target, purpose) = way(chance);
            let expire = if chance.permille(500) { 0 } else { now + chance.below(40_000) };
            MovePending { source, target, asset: USD, amount: amount(chance), purpose, client_id, expire }.into()
        }
        6..=8 => {
            let recent = &pending[pending.len().saturating_sub(6)..];
            let transfer = if recent.is_empty() { 1 } else { *chance.pick(recent) };
            if chance.permille(400) {
                return VoidPending { transfer, client_id }.into();
            }
            let amount = if chance.permille(600) { 0 } else { amount(chance) };
            PostPending { transfer, amount, client_id }.into()
        }
        _ => {
            let account = FIRST_CLIENT + chance.below(CLIENTS.into()) as u32;
            let (sell_asset, buy_asset) = (1 + chance.below(3) as u32, 1 + chance.below(3) as u32);
            let (sell_amount, buy_amount) = (amount(chance), amount(chance));
            Exchange { account, sell_asset, sell_amount, buy_asset, buy_amount, client_id }.into()
        }
    }
}

/// Mostly one of every day; now and then any two accounts for any purpose.
fn way(chance: &mut Chance) -> (u32, u32, u8) {
    if chance.permille(850) {
        let (source, target, purpose) = *chance.pick(WAYS);
        return (source, target, purpose as u8);
    }
    let any = |chance: &mut Chance| 1 + chance.below(u64::from(FEES)) as u32;
    (any(chance), any(chance), chance.below(21) as u8)
}

fn amount(chance: &mut Chance) -> i64 {
    *chance.pick(&[1, 20, 500, 4_000])
}
