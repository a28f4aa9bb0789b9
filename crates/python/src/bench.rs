//! What `isthmus bench engine` times inside Rust: the books alone, and the engine's pass without journal or Python.
//!
//! A trial does its preparations when it is made; the caller times [`Trial::run`] with the clock of its choice.
use std::time::Instant;

use isthmus_core::book::{Book, Side};
use isthmus_core::messages::{Command, Effect, HEAD, PlaceOrder, Traded};
use isthmus_core::orders::{BUY, Details, LIMIT, NONE, Order, Orders};
use isthmus_core::values::PRICE_MAX;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::batch::{self, ROW};
use crate::messages as classes;

/// Bytes of effects that are kept before the buffer is used again.
const EFFECTS_BYTES: usize = 1 << 20;

/// A trade as the trade hash sees it: maker, taker, price, quantity.
type Trade = (u64, u64, i64, i64);

/// The books of one instrument and the orders in them: no accounts, no money, no records.
struct Books {
    sequence: u64,
    book: Book,
    orders: Orders,
}

/// What a trial drives.
enum Subject {
    Books(Box<Books>),
    Engine(Box<isthmus_core::Engine>),
}

/// INSTRUCTION rows and what they are applied to.
#[pyclass(module = "isthmus._core")]
pub struct Trial {
    subject: Subject,
    rows: Vec<u8>,
    effects: Vec<u8>,
    trades: Vec<Trade>,
}

#[pymethods]
impl Trial {
    /// How the extension was built.
    #[classattr]
    const PROFILE: &'static str = if cfg!(debug_assertions) { "dev" } else { "release" };

    /// `setup`: commands applied beforehand. With `books_alone` they only move the sequence.
    #[new]
    #[pyo3(signature = (setup, rows, books_alone = false))]
    fn new(setup: &Bound<'_, PyList>, rows: &Bound<'_, PyAny>, books_alone: bool) -> PyResult<Self> {
        let rows = batch::bytes_of(rows)?.as_slice()?.to_vec();
        let subject = if books_alone {
            Subject::Books(Box::new(Books {
                sequence: setup.len() as u64,
                book: Book::default(),
                orders: Orders::default(),
            }))
        } else {
            let mut engine = isthmus_core::Engine::default();
            let mut effects = Vec::new();
            for command in setup {
                engine.apply(&classes::command(&command)?, 1, &mut effects);
                effects.clear();
            }
            Subject::Engine(Box::new(engine))
        };
        Ok(Self {
            subject,
            trades: Vec::with_capacity(rows.len() / ROW),
            rows,
            effects: Vec::with_capacity(2 * EFFECTS_BYTES),
        })
    }

    /// Applies every row.
    fn run(&mut self) {
        let Self { subject, rows, effects, trades } = self;
        let each = rows.chunks_exact(ROW).map(batch::command);
        match subject {
            Subject::Books(books) => each.for_each(|command| books.apply(&command, trades)),
            Subject::Engine(engine) => each.for_each(|command| {
                engine.apply(&command, 1, effects);
                if effects.len() > EFFECTS_BYTES {
                    effects.clear();
                }
            }),
        }
    }

    /// Applies every row with the clock read around each: (p50, p99, p99.9) in ns, the clock's own time included.
    fn run_timed(&mut self) -> PyResult<(u64, u64, u64)> {
        let Self { subject, rows, effects, trades } = self;
        let mut times: Vec<u64> = Vec::with_capacity(rows.len() / ROW);
        for row in rows.chunks_exact(ROW) {
            let started = Instant::now();
            let command = batch::command(row);
            match subject {
                Subject::Books(books) => books.apply(&command, trades),
                Subject::Engine(engine) => {
                    effects.clear();
                    engine.apply(&command, 1, effects);
                }
            }
            times.push(started.elapsed().as_nanos() as u64);
        }
        if times.is_empty() {
            return Err(PyValueError::new_err("rows: there are none"));
        }
        times.sort_unstable();
        let at = |permille: usize| times[(times.len() - 1) * permille / 1_000];
        Ok((at(500), at(990), at(999)))
    }

    /// Applies every row and returns its trades: (u64 maker, u64 taker, i64 price, i64 quantity) each. Not for timing.
    fn run_traded<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let Self { subject, rows, effects, trades } = self;
        for row in rows.chunks_exact(ROW) {
            let command = batch::command(row);
            match subject {
                Subject::Books(books) => books.apply(&command, trades),
                Subject::Engine(engine) => {
                    effects.clear();
                    engine.apply(&command, 1, effects);
                    collect(effects, trades);
                }
            }
        }
        let words = trades.iter().flat_map(|t| [t.0, t.1, t.2 as u64, t.3 as u64]);
        PyBytes::new(py, &words.flat_map(u64::to_le_bytes).collect::<Vec<u8>>())
    }

    /// Best bid and ask; 0 where a side is empty.
    fn best(&self) -> (i64, i64) {
        let book = match &self.subject {
            Subject::Books(books) => Some(&books.book),
            Subject::Engine(engine) => engine.markets.first().map(|market| &market.book),
        };
        let top = |side: &Side| side.best().unwrap_or(0);
        book.map_or((0, 0), |book| (top(&book.buys), top(&book.sells)))
    }
}

/// Appends the trades among encoded effects.
fn collect(effects: &[u8], trades: &mut Vec<Trade>) {
    let mut rest = effects;
    while rest.len() >= HEAD {
        let Ok((effect, length)) = Effect::decode(rest) else {
            return;
        };
        if let Effect::Traded(Traded { maker_order, taker_order, price, quantity, .. }) = effect {
            trades.push((maker_order, taker_order, price, quantity));
        }
        rest = &rest[length..];
    }
}

impl Books {
    #[inline]
    fn apply(&mut self, command: &Command, trades: &mut Vec<Trade>) {
        self.sequence += 1;
        match command {
            Command::PlaceOrder(c) => self.place(c, trades),
            Command::CancelOrder(c) => self.cancel(c.order),
            _ => {}
        }
    }

    #[inline]
    fn place(&mut self, c: &PlaceOrder, trades: &mut Vec<Trade>) {
        let buys = c.side == BUY;
        let limit = match c.kind {
            LIMIT => c.price,
            _ if buys => PRICE_MAX,
            _ => 1,
        };
        let mut filled = 0;
        while filled < c.quantity && self.book.side(!buys).meets(limit) {
            filled += self.fill(!buys, c.quantity - filled, trades);
        }
        if filled < c.quantity && c.kind == LIMIT {
            let row = self.orders.insert(self.resting(c, filled), Details::default());
            self.book.side_mut(buys).push(&mut self.orders, row);
        }
    }

    /// Trades with the first order of the side; returns how much.
    #[inline]
    fn fill(&mut self, buys: bool, wanted: i64, trades: &mut Vec<Trade>) -> i64 {
        let side = self.book.side_mut(buys);
        let row = side.first().expect("a side that is met has a first order");
        let maker = self.orders.get_mut(row);
        let quantity = wanted.min(maker.left);
        maker.left -= quantity;
        trades.push((maker.id, self.sequence, maker.price, quantity));
        let done = maker.left == 0;
        side.shrink(&self.orders, row, quantity);
        if done {
            side.unlink(&mut self.orders, row);
            self.orders.remove(row);
        }
        quantity
    }

    #[inline]
    fn cancel(&mut self, order: u64) {
        if let Some(row) = self.orders.find(order) {
            let buys = self.orders.get(row).buys();
            self.book.side_mut(buys).unlink(&mut self.orders, row);
            self.orders.remove(row);
        }
    }

    #[inline]
    fn resting(&self, c: &PlaceOrder, filled: i64) -> Order {
        Order {
            id: self.sequence,
            price: c.price,
            left: c.quantity - filled,
            hold: 0,
            account: c.account,
            page: NONE,
            prev: NONE,
            next: NONE,
            value_carry: 0,
            fee_carry: 0,
            instrument: c.instrument as u16,
            marks: 0,
            side: c.side,
            kind: c.kind,
            tif: c.tif,
            flags: c.flags,
        }
    }
}

/// FNV-1a over the bytes of the trades, from the offset that the published workload's hash starts with.
#[pyfunction]
pub fn trade_hash(trades: &[u8]) -> u64 {
    const OFFSET: u64 = 1_469_598_103_934_665_603;
    const PRIME: u64 = 0x100_0000_01b3;
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    trades.iter().fold(OFFSET, step)
}
