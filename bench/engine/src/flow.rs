//! A flow of the published mix over any number of instruments, accounts and resting orders, the same for the same seed.
//!
//! An account trades some instruments and is always on one side, so that it never meets itself, as in the published workload.
use isthmus_core::Engine;
use isthmus_core::messages::{CancelOrder, Command, PlaceOrder};
use isthmus_core::orders::{BUY, GTC, IOC, LIMIT, MARKET, SELL};

use crate::market::{self, FIRST_ACCOUNT};

const MID: i64 = 10_000;
/// Instruments that one account trades.
const TRADES: u32 = 10;
/// Money and stock of each account: enough for every order it can have.
const AMOUNT: i64 = 1_000_000_000_000;
/// Half of the cancels are of one of so many newest orders.
const NEWEST: u64 = 256;
/// A cancel that finds no live order in so many tries becomes a market order.
const TRIES: u32 = 16;

/// How large the market is.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub instruments: u32,
    pub accounts: u32,
    pub resting: u32,
}

/// Draws commands and remembers which orders it placed.
pub struct Flow {
    shape: Shape,
    seed: u64,
    placed: Vec<(u64, u32)>,
}

impl Flow {
    pub fn new(shape: Shape) -> Self {
        Self { shape, seed: 42, placed: Vec::new() }
    }

    /// The instruments of an account, by its place in the list of accounts.
    fn instruments(&self, owner: u32) -> impl Iterator<Item = u32> + use<> {
        let all = self.shape.instruments;
        (0..TRADES.min(all)).map(move |k| (owner.wrapping_mul(7) + k * 101) % all + 1)
    }

    /// What the engine is told before the first order.
    pub fn setup(&self) -> Vec<Command> {
        let owners = (0..self.shape.accounts).flat_map(|owner| {
            let mut instruments: Vec<u32> = self.instruments(owner).collect();
            instruments.sort_unstable();
            market::owner(FIRST_ACCOUNT + owner, &instruments, AMOUNT)
        });
        market::listing(self.shape.instruments).into_iter().chain(owners).collect()
    }

    /// An order that rests; the engine will give it the number `order`.
    pub fn resting(&mut self, order: u64) -> Command {
        let distance = self.distance();
        self.limit(order, -distance)
    }

    /// The next command of the mix, for an engine like `seen`; a new order gets the number `order`.
    pub fn next(&mut self, seen: &Engine, order: u64) -> Command {
        let kind = self.below(100);
        if kind < 70 {
            let distance = self.distance();
            let crosses = self.below(4) == 0;
            return self.limit(order, if crosses { distance } else { -distance });
        }
        let cancelled = if kind < 95 { self.live(seen) } else { None };
        if let Some((order, account)) = cancelled {
            return Command::CancelOrder(CancelOrder { order, account, reason: 0, client_id: [0; 16] });
        }
        let quantity = 1 + self.below(200) as i64;
        self.order(MARKET, 0, quantity)
    }

    /// One of the orders that are still in the books: half of the time a new one.
    fn live(&mut self, seen: &Engine) -> Option<(u64, u32)> {
        let all = self.placed.len() as u64;
        let pool = if self.below(2) == 0 { all } else { all.min(NEWEST) };
        (0..TRIES).find_map(|_| {
            let back = self.below(pool);
            let (order, account) = self.placed[(all - 1 - back) as usize];
            seen.orders.find(order).map(|_| (order, account))
        })
    }

    /// A limit order so many ticks beyond the middle (negative: on its own side of it).
    fn limit(&mut self, order: u64, beyond: i64) -> Command {
        let quantity = 1 + self.below(100) as i64;
        let command = self.order(LIMIT, beyond, quantity);
        if let Command::PlaceOrder(c) = &command {
            self.placed.push((order, c.account));
        }
        command
    }

    fn order(&mut self, kind: u8, beyond: i64, quantity: i64) -> Command {
        let owner = self.below(u64::from(self.shape.accounts)) as u32;
        let choice = self.below(u64::from(TRADES.min(self.shape.instruments))) as usize;
        let instrument = self.instruments(owner).nth(choice).expect("an account trades at least one instrument");
        let buys = owner.is_multiple_of(2);
        Command::PlaceOrder(PlaceOrder {
            account: FIRST_ACCOUNT + owner,
            instrument,
            venue: 0,
            side: if buys { BUY } else { SELL },
            kind,
            tif: if kind == MARKET { IOC } else { GTC },
            flags: 0,
            price: match kind {
                MARKET => 0,
                _ if buys => MID + beyond,
                _ => MID - beyond,
            },
            quantity,
            client_id: [0; 16],
            session: 0,
        })
    }

    /// 1 to 60 ticks, each further one with 7/8 of the chance; up to 200 more for one in twenty.
    fn distance(&mut self) -> i64 {
        let mut distance = 1;
        while distance < 60 && self.below(8) != 0 {
            distance += 1;
        }
        if self.below(20) == 0 { distance + self.below(200) as i64 } else { distance }
    }

    /// splitmix64, cut to a range.
    fn below(&mut self, bound: u64) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((u128::from(z ^ (z >> 31)) * u128::from(bound)) >> 64) as u64
    }
}
