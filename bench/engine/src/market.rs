//! An engine that has been told of instruments and accounts: the same setup as `bench_workload.py` makes in Python.
use isthmus_core::Engine;
use isthmus_core::messages::{
    AddAsset, AddInstrument, CancelOrder, Code, Command, Deposit, OpenAccount, PlaceOrder, Symbol,
};
use isthmus_core::orders::{BUY, GTC, IOC, LIMIT, MARKET, SELL};

use crate::workload::{Instruction, Kind, OWNERS};

pub const FIRST_ACCOUNT: u32 = 16;
const CLIENT: u8 = 1;
const EQUITY: u8 = 1;
const MAKER_FEE_PPM: i32 = 100;
const TAKER_FEE_PPM: i32 = 200;

fn text<const N: usize>(text: &str) -> [u8; N] {
    let mut padded = [0; N];
    padded[..text.len()].copy_from_slice(text.as_bytes());
    padded
}

/// USD and one instrument with a base asset of its own for each of `instruments`.
pub fn listing(instruments: u32) -> Vec<Command> {
    let mut made = vec![Command::AddAsset(AddAsset { code: Code(text("USD")), decimals: 2 })];
    for number in 1..=instruments {
        made.push(Command::AddAsset(AddAsset { code: Code(text(&format!("W{number}"))), decimals: 0 }));
        made.push(Command::AddInstrument(AddInstrument {
            symbol: Symbol(text(&format!("W{number}-USD"))),
            kind: EQUITY,
            base: number + 1,
            quote: 1,
            price_decimals: 2,
            quantity_decimals: 0,
            tick: 1,
            lot: 1,
            multiplier: 1,
            maker_fee_ppm: MAKER_FEE_PPM,
            taker_fee_ppm: TAKER_FEE_PPM,
            collar_bps: 0,
            initial_margin_bps: 0,
            mark: 0,
        }));
    }
    made
}

/// An account and `amount` of USD and of the base asset of each instrument that it trades.
pub fn owner(account: u32, instruments: &[u32], amount: i64) -> Vec<Command> {
    let mut made = vec![Command::OpenAccount(OpenAccount { kind: CLIENT, client_id: [0; 16], side: 0 })];
    let assets = std::iter::once(1).chain(instruments.iter().map(|number| number + 1));
    made.extend(assets.map(|asset| Command::Deposit(Deposit { account, asset, amount, client_id: [0; 16] })));
    made
}

/// Everything that the engine is told before a workload.
pub fn setup() -> Vec<Command> {
    let owners = (0..OWNERS).flat_map(|number| owner(FIRST_ACCOUNT + number, &[1], i64::MAX));
    listing(1).into_iter().chain(owners).collect()
}

/// An engine after these commands.
pub fn engine_after(commands: &[Command]) -> Engine {
    let mut engine = Engine::default();
    let mut effects = Vec::new();
    for command in commands {
        engine.apply(command, 1, &mut effects);
        effects.clear();
    }
    engine
}

/// The workload as commands to an engine whose sequence is `before`; ids of orders become their sequence numbers.
pub fn commands(workload: &[Instruction], before: u64) -> Vec<Command> {
    let mut numbers: Vec<u64> = Vec::new();
    let each = workload.iter().enumerate().map(|(at, c)| {
        let order = c.order as usize;
        if numbers.len() <= order {
            numbers.resize(order + 1, 0);
        }
        if c.kind != Kind::Cancel {
            numbers[order] = before + at as u64 + 1;
        }
        command(c, numbers[order])
    });
    each.collect()
}

fn command(c: &Instruction, order: u64) -> Command {
    let account = FIRST_ACCOUNT + c.owner;
    if c.kind == Kind::Cancel {
        return Command::CancelOrder(CancelOrder { order, account, reason: 0, client_id: [0; 16] });
    }
    let market = c.kind == Kind::Market;
    Command::PlaceOrder(PlaceOrder {
        account,
        instrument: 1,
        venue: 0,
        side: if c.buys { BUY } else { SELL },
        kind: if market { MARKET } else { LIMIT },
        tif: if market { IOC } else { GTC },
        flags: 0,
        price: if market { 0 } else { i64::from(c.price) },
        quantity: i64::from(c.quantity),
        client_id: [0; 16],
        session: 0,
    })
}
