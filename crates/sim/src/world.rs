//! What every run begins with: assets, instruments of every sort, accounts and their money.
use isthmus_core::messages::{AddAsset, AddInstrument, Code, Command, Deposit, OpenAccount, Symbol};

use crate::chance::Chance;
use crate::clients::Clients;
use crate::contracts;
use crate::desk::Made;
use crate::treasury;

pub const USD: u32 = 1;
pub const BTC: u32 = 2;
pub const XYZ: u32 = 3;

/// Plain for the whole run: nothing but PlaceOrder, CancelOrder, ReplaceOrder and ReduceOrder concerns it.
pub const PLAIN: u32 = 1;
pub const CRYPTO: u32 = 2;
pub const PERPETUAL: u32 = 3;
/// Its book kind, rules and trading state change during the run.
pub const CHANGING: u32 = 4;
/// They expire during the run.
pub const FUTURE: u32 = 5;
pub const OPTION: u32 = 6;
pub const INSTRUMENTS: [u32; 6] = [PLAIN, CRYPTO, PERPETUAL, CHANGING, FUTURE, OPTION];
/// Those of them that are listed one way.
const LISTED: [u32; 4] = [PLAIN, CRYPTO, PERPETUAL, CHANGING];

pub const FIRST_CLIENT: u32 = 16;
pub const CLIENTS: u32 = 6;
pub const VENUE: u32 = FIRST_CLIENT + CLIENTS;
pub const START: u64 = 1_700_000_000_000_000_000;

/// Prices around which an instrument trades.
pub fn middle(instrument: u32) -> i64 {
    [0, 100, 100_000, 512, 1_000, 100, 6][instrument as usize]
}

pub fn tick(instrument: u32) -> i64 {
    [1, 1, 5, 1, 1, 1, 1][instrument as usize]
}

pub fn lot(instrument: u32) -> i64 {
    [1, 1, 10, 1, 1, 1, 1][instrument as usize]
}

pub(crate) fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes
}

fn listing(chance: &mut Chance, number: u32) -> AddInstrument {
    let (symbol, kind, base, price_decimals, quantity_decimals) = match number {
        PLAIN => ("XYZ/USD", 1, XYZ, 2, 0),
        CRYPTO => ("BTC/USD", 3, BTC, 2, 4),
        PERPETUAL => ("BTC-PERP", 4, BTC, 1, 0),
        _ => ("XYZ/USD-2", 1, XYZ, 2, 0),
    };
    let fees = *chance.pick(&[(0, 0), (100, 200), (-50, 75), (300, -100), (7, 7)]);
    let perpetual = number == PERPETUAL;
    AddInstrument {
        symbol: Symbol(padded(symbol)),
        kind,
        base,
        quote: USD,
        price_decimals,
        quantity_decimals,
        tick: tick(number),
        lot: lot(number),
        multiplier: if perpetual { *chance.pick(&[1, 10]) } else { 1 },
        maker_fee_ppm: fees.0,
        taker_fee_ppm: fees.1,
        collar_bps: if number == CRYPTO { 300 } else { 0 },
        initial_margin_bps: if perpetual { *chance.pick(&[10_000, 2_000, 333]) } else { 0 },
        mark: if perpetual || chance.permille(300) { middle(number) } else { 0 },
    }
}

/// The commands that set it up.
fn opening(chance: &mut Chance) -> Vec<Command> {
    let mut commands: Vec<Command> = [("USD", 2), ("BTC", 8), ("XYZ", 0)]
        .map(|(code, decimals)| AddAsset { code: Code(padded(code)), decimals }.into())
        .to_vec();
    commands.extend(LISTED.map(|number| Command::from(listing(chance, number))));
    commands.extend(contracts::instruments(chance));
    for at in 0..=CLIENTS {
        let kind = if at == CLIENTS { 3 } else { 1 };
        commands.push(OpenAccount { kind, client_id: [0; 16], side: 0 }.into());
    }
    for account in FIRST_CLIENT..VENUE {
        let poor = account == VENUE - 1;
        for (asset, amount) in [(USD, 5_000_000), (BTC, 100_000_000), (XYZ, 500)] {
            let amount = if poor { amount / 1_000 + 1 } else { amount };
            commands.push(Deposit { account, asset, amount, client_id: [0; 16] }.into());
        }
    }
    commands.extend(contracts::opening(chance));
    commands.extend(treasury::opening());
    commands
}

/// Clients with their clock: the commands of one seed, one after the other.
pub struct World {
    chance: Chance,
    clients: Clients,
    now: u64,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let clients = Clients::new(Chance::new(chance.next()));
        Self { chance, clients, now: START }
    }

    pub fn opening(&mut self) -> Vec<Command> {
        opening(&mut self.chance)
    }

    /// The next command and its time: mostly later, but a clock may stand still or go back.
    pub fn next(&mut self, state: u8) -> (u64, Command) {
        self.now = match self.chance.below(20) {
            0 => self.now,
            1 => self.now.saturating_sub(self.chance.below(5_000)),
            2 => self.now + self.chance.below(2_000_000),
            _ => self.now + self.chance.below(3_000),
        };
        (self.now, self.clients.next(state))
    }

    /// A trade was made: an operator may correct it.
    pub fn made(&mut self, trade: Made) {
        self.clients.made(trade);
    }

    /// A transfer waits: it may be posted or voided.
    pub fn pending(&mut self, transfer: u64) {
        self.clients.pending(transfer);
    }

    /// An order was accepted: from now on it can be changed.
    pub fn placed(&mut self, order: u64, command: &Command) {
        self.clients.placed(order, command);
    }
}
