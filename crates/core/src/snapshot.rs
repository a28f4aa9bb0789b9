//! The whole state as canonical bytes: the same state gives the same bytes, whatever way it was reached.
//!
//! Little-endian, in one fixed order; lists are preceded by their length (u64). The state hash is the SHA-256 of it.
use sha2::{Digest, Sha256};

use crate::book::Book;
use crate::engine::Engine;
use crate::instrument::{Asset, Instrument};
use crate::ledger::{Account, Balance};
use crate::memory::{Answer, Ended, Key};
use crate::messages::{AddInstrument, Field};
use crate::orders::{NONE, Order};
use crate::perpetual::Position;

/// The bytes are not those of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadState;

#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn put<F: Field>(&mut self, value: F) {
        let at = self.0.len();
        self.0.resize(at + F::SIZE, 0);
        value.write(&mut self.0[at..]);
    }

    fn wide(&mut self, value: i128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        self.put(items.len() as u64);
        for item in items {
            each(self, item);
        }
    }
}

struct In<'a>(&'a [u8]);

impl In<'_> {
    fn take<F: Field>(&mut self) -> Result<F, BadState> {
        let (head, rest) = self.0.split_at_checked(F::SIZE).ok_or(BadState)?;
        self.0 = rest;
        Ok(F::read(head))
    }

    fn flag(&mut self) -> Result<bool, BadState> {
        Ok(self.take::<u8>()? != 0)
    }

    fn wide(&mut self) -> Result<i128, BadState> {
        Ok(i128::from_le_bytes(self.take::<[u8; 16]>()?))
    }

    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Result<T, BadState>) -> Result<Vec<T>, BadState> {
        let length = self.take::<u64>()?;
        (0..length).map(|_| each(self)).collect()
    }
}

impl Engine {
    /// The canonical bytes of the state.
    pub fn state(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.put(self.sequence);
        out.put(self.stamp);
        out.put(u8::from(self.halted));
        out.list(self.assets.iter(), |out, asset| {
            out.put(asset.code);
            out.put(asset.decimals);
        });
        out.list(self.instruments.iter(), put_instrument);
        out.list(self.ledger.accounts.iter(), put_account);
        out.list(self.orders_in_state().into_iter(), |out, row| put_order(out, self.orders.get(row)));
        out.list(self.memory.ended.iter(), |out, ended| {
            out.put(ended.sequence);
            out.put(ended.stamp);
            put_answer(out, &ended.key, &self.memory.answers[&ended.key]);
        });
        let alive: Vec<Key> = self.keys_alive();
        out.list(alive.iter(), |out, key| put_answer(out, key, &self.memory.answers[key]));
        out.0
    }

    /// SHA-256 of the canonical state.
    pub fn state_hash(&self) -> [u8; 32] {
        Sha256::digest(self.state()).into()
    }

    /// Resting orders by instrument, buys before sells, in priority; then the orders at outside venues by id.
    fn orders_in_state(&self) -> Vec<u32> {
        let sides = self.books.iter().flat_map(|book| [&book.buys, &book.sells]);
        let mut rows: Vec<u32> = sides.flat_map(|side| side.in_priority(&self.orders)).collect();
        rows.extend(self.orders.by_id().filter(|row| self.orders.get(*row).venue != 0));
        rows
    }

    /// Keys whose order still lives, by the order's id.
    fn keys_alive(&self) -> Vec<Key> {
        let orders = self.orders.by_id().map(|row| self.orders.get(row));
        orders.map(|o| (o.account, o.client_id)).filter(|key| key.1 != [0; 16]).collect()
    }

    /// The engine with this state.
    pub fn from_state(bytes: &[u8]) -> Result<Self, BadState> {
        let mut bytes = In(bytes);
        let mut engine =
            Self { sequence: bytes.take()?, stamp: bytes.take()?, halted: bytes.flag()?, ..Self::default() };
        engine.assets = bytes.list(|b| Ok(Asset { code: b.take()?, decimals: b.take()? }))?;
        let assets = engine.assets.clone();
        engine.instruments = bytes.list(|b| take_instrument(b, &assets))?;
        engine.books = vec![Book::default(); engine.instruments.len()];
        engine.ledger.accounts = bytes.list(take_account)?;
        for order in bytes.list(take_order)? {
            let book = engine.books.get_mut((order.instrument as usize).wrapping_sub(1)).ok_or(BadState)?;
            let row = engine.orders.insert(order);
            if order.venue == 0 {
                book.side_mut(order.buys()).push(&mut engine.orders, row);
            }
        }
        let ended = bytes.list(|b| Ok((b.take::<u64>()?, b.take::<u64>()?, take_answer(b)?)))?;
        for (sequence, stamp, (key, answer)) in ended {
            engine.memory.answers.insert(key, answer);
            engine.memory.ended.push_back(Ended { sequence, stamp, key });
        }
        engine.memory.answers.extend(bytes.list(take_answer)?);
        if bytes.0.is_empty() { Ok(engine) } else { Err(BadState) }
    }
}

fn put_instrument(out: &mut Out, instrument: &Instrument) {
    let at = out.0.len();
    out.0.resize(at + AddInstrument::SIZE, 0);
    instrument.terms.write(&mut out.0[at..]);
    out.put(u8::from(instrument.halted));
    out.put(instrument.mark);
    out.put(instrument.settlement_mark);
    out.put(instrument.last_trade);
    out.list(instrument.positions.iter(), |out, (account, position)| {
        out.put(*account);
        out.put(position.quantity);
        out.put(position.buy);
        out.wide(position.buy_value);
        out.put(position.sell);
        out.wide(position.sell_value);
        out.put(position.hold);
    });
}

fn take_instrument(bytes: &mut In, assets: &[Asset]) -> Result<Instrument, BadState> {
    let (head, rest) = bytes.0.split_at_checked(AddInstrument::SIZE).ok_or(BadState)?;
    bytes.0 = rest;
    let mut instrument = Instrument::new(&AddInstrument::read(head), assets, &[]).map_err(|_| BadState)?;
    instrument.halted = bytes.flag()?;
    instrument.mark = bytes.take()?;
    instrument.settlement_mark = bytes.take()?;
    instrument.last_trade = bytes.take()?;
    let positions = bytes.list(|b| {
        let account = b.take()?;
        let position = Position {
            quantity: b.take()?,
            buy: b.take()?,
            buy_value: b.wide()?,
            sell: b.take()?,
            sell_value: b.wide()?,
            hold: b.take()?,
        };
        Ok((account, position))
    })?;
    instrument.positions = positions.into_iter().collect();
    Ok(instrument)
}

fn put_account(out: &mut Out, account: &Account) {
    out.put(account.kind);
    out.list(account.balances.iter(), |out, balance| {
        out.put(balance.asset);
        out.put(u8::from(balance.margined));
        out.put(u8::from(balance.frozen));
        out.wide(balance.amount);
        out.wide(balance.held);
    });
}

fn take_account(bytes: &mut In) -> Result<Account, BadState> {
    let kind = bytes.take()?;
    let balances = bytes.list(|b| {
        Ok(Balance { asset: b.take()?, margined: b.flag()?, frozen: b.flag()?, amount: b.wide()?, held: b.wide()? })
    })?;
    Ok(Account { kind, balances })
}

fn put_order(out: &mut Out, order: &Order) {
    out.put(order.id);
    out.put(order.account);
    out.put(order.instrument);
    out.put(order.venue);
    out.put(order.price);
    out.put(order.quantity);
    out.put(order.filled);
    out.put(order.hold);
    out.put(order.value_carry);
    out.put(order.fee_carry);
    out.put([order.side, order.kind, order.tif, order.flags]);
    out.put(order.client_id);
}

fn take_order(bytes: &mut In) -> Result<Order, BadState> {
    let mut order = Order {
        id: bytes.take()?,
        account: bytes.take()?,
        instrument: bytes.take()?,
        venue: bytes.take()?,
        page: NONE,
        prev: NONE,
        next: NONE,
        price: bytes.take()?,
        quantity: bytes.take()?,
        filled: bytes.take()?,
        hold: bytes.take()?,
        value_carry: bytes.take()?,
        fee_carry: bytes.take()?,
        side: 0,
        kind: 0,
        tif: 0,
        flags: 0,
        client_id: [0; 16],
    };
    [order.side, order.kind, order.tif, order.flags] = bytes.take()?;
    order.client_id = bytes.take()?;
    Ok(order)
}

fn put_answer(out: &mut Out, key: &Key, answer: &Answer) {
    out.put(key.0);
    out.put(key.1);
    out.put(answer.content);
    out.put(answer.first);
    out.put(answer.reason);
}

fn take_answer(bytes: &mut In) -> Result<(Key, Answer), BadState> {
    let key = (bytes.take()?, bytes.take()?);
    Ok((key, Answer { content: bytes.take()?, first: bytes.take()?, reason: bytes.take()? }))
}
