//! Rows that need nothing but memory, one round of all at a time, so that a slow minute of the machine meets all of them.
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::time::Instant;

use isthmus_core::messages::{Command, Effect, HEAD};

use crate::array_book::ArrayBook;
use crate::clock::{Took, timed};
use crate::core_books::CoreBooks;
use crate::market;
use crate::plain_book::PlainBook;
use crate::workload::{self, Instruction, Trade, trade_hash};

/// Bytes of effects that are kept before the buffer is used again.
pub const EFFECTS_BYTES: usize = 1 << 18;
/// Books of the row with many of them; an order belongs to the book of its id modulo this.
const MANY: u32 = 1_000;

/// What the rows of a round work on.
pub struct Rounds {
    workload: Vec<Instruction>,
    setup: Vec<Command>,
    commands: Vec<Command>,
    prices: usize,
    ids: usize,
}

/// Answers lines on standard input: "truth", "round", "each NAME".
pub fn serve(path: &Path) -> io::Result<()> {
    let rounds = Rounds::new(workload::read(path)?);
    for line in io::stdin().lock().lines() {
        let answer = match line?.split_whitespace().collect::<Vec<_>>()[..] {
            ["truth"] => rounds.truth(),
            ["round"] => rounds.round(),
            ["each", "match"] => rounds.each_match(),
            ["each", "gated"] => rounds.each_gated(),
            ref other => return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("what is {other:?}?"))),
        };
        println!("{answer}");
        io::stdout().flush()?;
    }
    Ok(())
}

impl Rounds {
    fn new(workload: Vec<Instruction>) -> Self {
        let setup = market::setup();
        let commands = market::commands(&workload, setup.len() as u64);
        let prices = workload.iter().map(|c| c.price).max().unwrap_or(0) as usize + 1;
        let ids = workload.iter().map(|c| c.order).max().unwrap_or(0) as usize + 1;
        Self { workload, setup, commands, prices, ids }
    }

    fn round(&self) -> String {
        let rows = [
            ("match", self.core_books(1)),
            ("plain_map_book", self.plain_book()),
            ("tick_array_book", self.array_book()),
            ("match_1000_books", self.core_books(MANY)),
            ("gated", self.gated()),
        ];
        let each =
            rows.map(|(name, took)| format!(r#""{name}":{{"cpu_s":{:.9},"wall_s":{:.9}}}"#, took.cpu_s, took.wall_s));
        format!("{{{}}}", each.join(","))
    }

    fn core_books(&self, instruments: u32) -> Took {
        let mut books = CoreBooks::new(instruments as usize, false);
        timed(|| self.workload.iter().for_each(|c| books.apply(c.order % instruments, c)))
    }

    fn plain_book(&self) -> Took {
        let (mut book, mut trades) = (PlainBook::default(), Vec::with_capacity(self.workload.len()));
        timed(|| self.workload.iter().for_each(|c| book.apply(c, &mut trades)))
    }

    fn array_book(&self) -> Took {
        let (mut book, mut trades) = (ArrayBook::new(self.prices, self.ids), Vec::with_capacity(self.workload.len()));
        timed(|| self.workload.iter().for_each(|c| book.apply(c, &mut trades)))
    }

    fn gated(&self) -> Took {
        let mut engine = market::engine_after(&self.setup);
        let mut effects = Vec::with_capacity(2 * EFFECTS_BYTES);
        timed(|| {
            for command in &self.commands {
                engine.apply(command, 1, &mut effects);
                if effects.len() > EFFECTS_BYTES {
                    effects.clear();
                }
            }
        })
    }

    /// The trade hash of every subject; that of many books is compared with as many arrays.
    fn truth(&self) -> String {
        let hash = |trades: &[Trade]| format!("\"{:016x}\"", trade_hash(trades));
        let (mut plain, mut trades) = (PlainBook::default(), Vec::new());
        self.workload.iter().for_each(|c| plain.apply(c, &mut trades));
        let plain = hash(&trades);
        let books = |instruments: u32| {
            let mut books = CoreBooks::new(instruments as usize, true);
            self.workload.iter().for_each(|c| books.apply(c.order % instruments, c));
            hash(&books.trades())
        };
        format!(
            r#"{{"match":{},"plain_map_book":{plain},"tick_array_book":{},"gated":{},"match_1000_books":{},"tick_array_1000_books":{}}}"#,
            books(1),
            hash(&self.array_trades(1)),
            hash(&self.engine_trades()),
            books(MANY),
            hash(&self.array_trades(MANY)),
        )
    }

    fn array_trades(&self, instruments: u32) -> Vec<Trade> {
        let mut trades = Vec::new();
        let mut books: Vec<ArrayBook> = (0..instruments).map(|_| ArrayBook::new(self.prices, self.ids)).collect();
        self.workload.iter().for_each(|c| books[(c.order % instruments) as usize].apply(c, &mut trades));
        trades
    }

    fn engine_trades(&self) -> Vec<Trade> {
        let mut engine = market::engine_after(&self.setup);
        let (mut effects, mut trades) = (Vec::new(), Vec::new());
        let id = |order: u64| self.workload[(order as usize) - self.setup.len() - 1].order;
        for command in &self.commands {
            effects.clear();
            engine.apply(command, 1, &mut effects);
            let mut rest = &effects[..];
            while rest.len() >= HEAD {
                let (effect, length) = Effect::decode(rest).expect("the engine's own effects");
                if let Effect::Traded(t) = effect {
                    let (maker, taker) = (id(t.maker_order), id(t.taker_order));
                    trades.push(Trade { maker, taker, price: t.price as i32, quantity: t.quantity as u32 });
                }
                rest = &rest[length..];
            }
        }
        trades
    }

    fn each_match(&self) -> String {
        let mut books = CoreBooks::new(1, false);
        percentiles(self.workload.iter().map(|c| lasted(|| books.apply(0, c))))
    }

    fn each_gated(&self) -> String {
        let mut engine = market::engine_after(&self.setup);
        let mut effects = Vec::new();
        percentiles(self.commands.iter().map(|command| {
            effects.clear();
            lasted(|| engine.apply(command, 1, &mut effects))
        }))
    }
}

/// Nanoseconds on the wall, the clock's own included.
fn lasted<T>(act: impl FnOnce() -> T) -> u64 {
    let started = Instant::now();
    std::hint::black_box(act());
    started.elapsed().as_nanos() as u64
}

/// Percentiles of times in ns, as JSON.
pub fn percentiles(times: impl Iterator<Item = u64>) -> String {
    let mut times: Vec<u64> = times.collect();
    times.sort_unstable();
    let at = |permille: usize| times.get(times.len().saturating_sub(1) * permille / 1_000).copied().unwrap_or(0);
    format!(
        r#"{{"p50_ns":{},"p99_ns":{},"p999_ns":{},"max_ns":{}}}"#,
        at(500),
        at(990),
        at(999),
        times.last().copied().unwrap_or(0)
    )
}
