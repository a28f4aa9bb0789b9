//! The engine as Python drives it.
use std::path::Path;
use std::sync::{Arc, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use isthmus_core::broker::{Broker, Options};
use isthmus_core::journal::Durability;
use isthmus_core::messages::{CancelOrder, ClientId, Command, Effect, PlaceOrder, Posted, ReplaceOrder};
use isthmus_core::record::Framed;
use isthmus_core::row::order_of;
use isthmus_front::shared::{Held, Shared};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::answer::Answer;
use crate::batch::{self, Batch};
use crate::errors::{broker_error, journal_error, shared_error};
use crate::messages as classes;
use crate::moves;
use crate::questions;
use crate::record::{Chained, Origin, Record};
use crate::threads::{Flusher, Follower};

/// The broker's engine. Without a data folder everything stays in memory.
#[pyclass(module = "isthmus._core")]
pub struct Engine {
    pub shared: Arc<Shared>,
    clock_held: u64,
    closed: bool,
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// Zeros where none was given.
fn client_id_of(given: Option<&[u8]>) -> PyResult<ClientId> {
    given.map_or(Ok([0; 16]), |bytes| bytes.try_into().map_err(|_| PyValueError::new_err("client_id: not 16 bytes")))
}

fn durability(name: &str) -> PyResult<Durability> {
    match name {
        "never" => Ok(Durability::Never),
        "os" => Ok(Durability::Os),
        "group" => Ok(Durability::Group),
        _ => Err(PyValueError::new_err("durability: never, os or group")),
    }
}

impl Engine {
    fn of(broker: Broker) -> Self {
        Self { shared: Shared::new(broker), clock_held: 0, closed: false }
    }

    #[inline]
    fn held(&self) -> MutexGuard<'_, Held> {
        self.shared.lock()
    }

    fn open(&self) -> PyResult<()> {
        match (self.closed, self.held().stands_by()) {
            (true, _) => Err(PyRuntimeError::new_err("the engine is closed")),
            (_, true) => Err(PyRuntimeError::new_err("the engine stands by: another process writes")),
            _ => Ok(()),
        }
    }

    fn following(&self) -> PyResult<()> {
        if self.held().stands_by() { Ok(()) } else { Err(PyRuntimeError::new_err("the engine does not stand by")) }
    }

    fn on_disk(&self) -> PyResult<()> {
        self.open()?;
        if self.held().flusher().in_memory() {
            return Err(PyRuntimeError::new_err("an engine in memory has no place for a snapshot"));
        }
        Ok(())
    }

    fn stage_one(&mut self, command: &Bound<'_, PyAny>, at: Option<u64>, origin: Option<&Origin>) -> PyResult<Record> {
        self.open()?;
        let command = classes::command(command)?;
        let block = origin.map_or(&[][..], |origin| &origin.block);
        let seen = |framed: &Framed, frames: &[u8]| (framed.body(frames).to_vec(), framed.passed.clock_held);
        let mut engine = self.held();
        let ((bytes, held), link) = engine.stage_one(&command, at.unwrap_or_else(now), block, seen);
        engine.staged_by_python(&bytes);
        drop(engine);
        self.clock_held += u64::from(held);
        Ok(Record { bytes, chained: Chained::Linked(link) })
    }

    /// Keeps the durability's promise for what was staged.
    #[inline]
    fn settle(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.held().flusher().in_memory() {
            return Ok(());
        }
        py.detach(|| self.held().settle()).map_err(journal_error).map(|_| ())
    }

    #[inline]
    fn answer(&mut self, py: Python<'_>, command: &Command, at: Option<u64>) -> PyResult<Answer> {
        self.open()?;
        let seen = |framed: &Framed, frames: &[u8]| (framed.effects(frames).to_vec(), framed.passed.clock_held);
        let mut engine = self.held();
        let (effects, held) = engine.stage_unlinked(command, at.unwrap_or_else(now), &[], seen);
        let sequence = engine.engine.sequence;
        drop(engine);
        self.clock_held += u64::from(held);
        self.settle(py)?;
        Ok(Answer { sequence, order: order_of(command, sequence), effects })
    }

    fn instrument_at(&self, instrument: u32) -> PyResult<usize> {
        let at = (instrument as usize).wrapping_sub(1);
        if at < self.held().engine.instruments.len() {
            Ok(at)
        } else {
            Err(PyValueError::new_err(format!("instrument: there is no {instrument}")))
        }
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (data = None, durability = "never", segment_bytes = 67_108_864, snapshot_records = 1_000_000))]
    fn new(
        py: Python<'_>,
        data: Option<&str>,
        durability: &str,
        segment_bytes: u64,
        snapshot_records: u64,
    ) -> PyResult<Self> {
        let options = Options { durability: self::durability(durability)?, segment_bytes, snapshot_records };
        let broker = match data {
            None => Broker::in_memory(),
            Some(path) => py.detach(|| Broker::open(Path::new(path), options)).map_err(broker_error)?,
        };
        Ok(Self::of(broker))
    }

    /// An engine that follows a folder which another process owns, until `take_over`.
    #[staticmethod]
    #[pyo3(signature = (data, durability = "never", segment_bytes = 67_108_864, snapshot_records = 1_000_000))]
    fn stand_by(
        py: Python<'_>,
        data: &str,
        durability: &str,
        segment_bytes: u64,
        snapshot_records: u64,
    ) -> PyResult<Self> {
        let options = Options { durability: self::durability(durability)?, segment_bytes, snapshot_records };
        let broker = py.detach(|| Broker::stand_by(Path::new(data), options)).map_err(broker_error)?;
        Ok(Self::of(broker))
    }

    #[getter]
    fn stands_by(&self) -> bool {
        self.held().stands_by()
    }

    /// Grows with every take-over; 0 before the first.
    #[getter]
    fn epoch(&self) -> u32 {
        self.held().epoch()
    }

    /// At most `most` records that the owner wrote meanwhile.
    fn catch_up(&mut self, py: Python<'_>, most: usize) -> PyResult<Vec<Record>> {
        self.following()?;
        let mut seen = Vec::new();
        py.detach(|| self.held().catch_up(most, |entry| seen.push(Record::from(entry)))).map_err(broker_error)?;
        Ok(seen)
    }

    /// Becomes the owner, of a folder whose lock is free or by force; returns the records that were missing.
    #[pyo3(signature = (force = false))]
    fn take_over(&mut self, py: Python<'_>, force: bool) -> PyResult<Vec<Record>> {
        self.following()?;
        let mut seen = Vec::new();
        let taken = py.detach(|| self.held().take_over(force, |entry| seen.push(Record::from(entry))));
        taken.map_err(broker_error)?;
        Ok(seen)
    }

    /// Takes in frames that an owner elsewhere wrote; they are as durable as promised when it returns their records.
    fn receive(&mut self, py: Python<'_>, frames: &[u8]) -> PyResult<Vec<Record>> {
        self.open()?;
        let mut seen = Vec::new();
        let keep = |body: &[u8], prev: &[u8; 32], hash: &[u8; 32]| {
            let chained = Chained::Known { prev: *prev, hash: *hash };
            seen.push(Record { bytes: body.to_vec(), chained });
        };
        py.detach(|| self.held().receive(frames, keep)).map_err(broker_error)?;
        Ok(seen)
    }

    /// Goes on in an epoch later than `above` and than this folder's; returns it.
    fn begin_epoch(&mut self, py: Python<'_>, above: u32) -> PyResult<u32> {
        self.open()?;
        py.detach(|| self.held().begin_epoch(above)).map_err(broker_error)
    }

    #[getter]
    fn sequence(&self) -> u64 {
        self.held().engine.sequence
    }
    /// When something falls due by time next (ns); None if nothing does.
    #[getter]
    fn next_deadline(&self) -> Option<u64> {
        self.held().engine.deadlines.next_at()
    }
    #[getter]
    fn stamp(&self) -> u64 {
        self.held().engine.stamp
    }
    #[getter]
    fn head<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.held().head()))
    }
    #[getter]
    fn durable(&self) -> u64 {
        let held = self.held();
        let flusher = held.flusher();
        if flusher.in_memory() { held.engine.sequence } else { flusher.durable() }
    }
    #[getter]
    fn clock_held(&self) -> u64 {
        self.clock_held
    }
    #[getter]
    fn recovered<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = self.held().recovered;
        let dict = PyDict::new(py);
        dict.set_item("records", found.records)?;
        dict.set_item("snapshot", found.snapshot)?;
        dict.set_item("torn_bytes", found.torn_bytes)?;
        Ok(dict)
    }
    #[getter]
    fn flusher(&self) -> Option<Flusher> {
        let held = self.held();
        let flusher = held.flusher();
        (!flusher.in_memory()).then(|| Flusher(flusher.clone()))
    }

    /// Applies one command and keeps the durability's promise before it returns.
    #[pyo3(signature = (command, at = None, origin = None, /))]
    fn submit(
        &mut self,
        py: Python<'_>,
        command: &Bound<'_, PyAny>,
        at: Option<u64>,
        origin: Option<Bound<'_, Origin>>,
    ) -> PyResult<Record> {
        let record = self.stage_one(command, at, origin.as_ref().map(Bound::get))?;
        self.settle(py)?;
        Ok(record)
    }

    /// Places an order: `submit(PlaceOrder(...))` for programs that are in a hurry. All by position, all integers.
    #[pyo3(signature = (account, instrument, side, kind, tif, flags, price, quantity, at = None, client_id = None, /))]
    #[allow(clippy::too_many_arguments)]
    fn place(
        &mut self,
        py: Python<'_>,
        account: u32,
        instrument: u32,
        side: u8,
        kind: u8,
        tif: u8,
        flags: u8,
        price: i64,
        quantity: i64,
        at: Option<u64>,
        client_id: Option<&[u8]>,
    ) -> PyResult<Answer> {
        let (venue, session, client_id) = (0, 0, client_id_of(client_id)?);
        let order =
            PlaceOrder { account, instrument, venue, side, kind, tif, flags, price, quantity, client_id, session };
        self.answer(py, &Command::PlaceOrder(order), at)
    }

    /// Cancels an order: `submit(CancelOrder(...))` by position. `account` 0 is an operator.
    #[pyo3(signature = (order, account, at = None, client_id = None, /))]
    fn cancel(
        &mut self,
        py: Python<'_>,
        order: u64,
        account: u32,
        at: Option<u64>,
        client_id: Option<&[u8]>,
    ) -> PyResult<Answer> {
        let client_id = client_id_of(client_id)?;
        self.answer(py, &Command::CancelOrder(CancelOrder { order, account, reason: 0, client_id }), at)
    }

    /// Replaces an order: `submit(ReplaceOrder(...))` by position.
    #[pyo3(signature = (order, account, price, quantity, at = None, client_id = None, /))]
    #[allow(clippy::too_many_arguments)]
    fn replace(
        &mut self,
        py: Python<'_>,
        order: u64,
        account: u32,
        price: i64,
        quantity: i64,
        at: Option<u64>,
        client_id: Option<&[u8]>,
    ) -> PyResult<Answer> {
        let client_id = client_id_of(client_id)?;
        let replacement = ReplaceOrder { order, account, price, quantity, client_id };
        self.answer(py, &Command::ReplaceOrder(replacement), at)
    }

    /// Applies one command; nothing is promised before `hand_over` and a flush.
    #[pyo3(signature = (command, at = None, origin = None, /))]
    fn stage(
        &mut self,
        command: &Bound<'_, PyAny>,
        at: Option<u64>,
        origin: Option<Bound<'_, Origin>>,
    ) -> PyResult<Record> {
        self.stage_one(command, at, origin.as_ref().map(Bound::get))
    }

    /// Hands what was staged to the flusher; returns the last sequence handed over.
    fn hand_over(&mut self) -> u64 {
        self.held().engine.sequence
    }

    /// Applies an array of INSTRUCTION rows as one flush group.
    #[pyo3(signature = (rows, at = None, origin = None, /))]
    fn submit_batch(
        &mut self,
        py: Python<'_>,
        rows: &Bound<'_, PyAny>,
        at: Option<u64>,
        origin: Option<Bound<'_, Origin>>,
    ) -> PyResult<Batch> {
        self.open()?;
        let bytes = batch::bytes_of(rows, &batch::INSTRUCTIONS, "INSTRUCTION")?;
        let rows = bytes.as_slice()?;
        let block = origin.as_ref().map_or(&[][..], |origin| &origin.get().block);
        let at = at.unwrap_or_else(now);
        py.detach(|| batch::submit(&mut self.held(), rows, at, block)).map_err(journal_error)
    }

    /// Applies an array of MOVE rows as one flush group.
    #[pyo3(signature = (rows, at = None, origin = None, /))]
    fn submit_moves(
        &mut self,
        py: Python<'_>,
        rows: &Bound<'_, PyAny>,
        at: Option<u64>,
        origin: Option<Bound<'_, Origin>>,
    ) -> PyResult<moves::Moved> {
        self.open()?;
        let bytes = batch::bytes_of(rows, &moves::MOVES, "MOVE")?;
        let rows = bytes.as_slice()?;
        let block = origin.as_ref().map_or(&[][..], |origin| &origin.get().block);
        let at = at.unwrap_or_else(now);
        py.detach(|| moves::submit(&mut self.held(), rows, at, block)).map_err(journal_error)
    }

    /// (bid, bid quantity, ask, ask quantity) of the house book; zeros where a side is empty.
    fn best(&self, instrument: u32) -> PyResult<(i64, i64, i64, i64)> {
        let (at, held) = (self.instrument_at(instrument)?, self.held());
        let market = &held.engine.markets[at];
        let [(bid, bids), (ask, asks)] = [true, false].map(|buys| market.best_shown(buys).unwrap_or_default());
        Ok((bid, bids, ask, asks))
    }

    /// (price, volume, imbalance) that the call would find now; price 0 where nothing would trade.
    fn indicative(&self, instrument: u32) -> PyResult<(i64, i64, i64)> {
        let at = self.instrument_at(instrument)?;
        let found = self.held().engine.indicative(at);
        Ok((found.price, found.volume, found.imbalance))
    }

    /// Bids and asks as everybody sees them, best first: (price, quantity, orders).
    #[allow(clippy::type_complexity)]
    fn depth(&self, instrument: u32, levels: usize) -> PyResult<(Vec<(i64, i64, u32)>, Vec<(i64, i64, u32)>)> {
        let (at, held) = (self.instrument_at(instrument)?, self.held());
        let (market, orders) = (&held.engine.markets[at], &held.engine.orders);
        let list = |buys| market.shown(orders, buys).take(levels).collect();
        Ok((list(true), list(false)))
    }

    /// Orders at a price, oldest first: (order, account, what is left).
    fn queue(&self, instrument: u32, side: u8, price: i64) -> PyResult<Vec<(u64, u32, i64)>> {
        let (at, held) = (self.instrument_at(instrument)?, self.held());
        let engine = &held.engine;
        let side = engine.markets[at].book.side(side == 1);
        let rows = side.queue(&engine.orders, price).map(|row| engine.orders.get(row));
        Ok(rows.map(|order| (order.id, order.account, order.left)).collect())
    }

    /// Every live order of the instrument that is not at an outside venue: bids, then asks, each in priority, then those
    /// that wait outside the book, by number: (order, account, side, price, shown, left, waits). At most `most` of them.
    #[pyo3(signature = (instrument, most = usize::MAX))]
    fn book_orders(&self, instrument: u32, most: usize) -> PyResult<Vec<questions::BookOrder>> {
        let at = self.instrument_at(instrument)?;
        Ok(questions::book_orders(&self.held().engine, at, most))
    }

    /// A live order, or None.
    fn order<'py>(&self, py: Python<'py>, order: u64) -> PyResult<Option<Bound<'py, PyDict>>> {
        questions::order(py, &self.held().engine, order)
    }

    /// Ids of an account's live orders, ascending.
    fn orders(&self, account: u32) -> Vec<u64> {
        let held = self.held();
        let orders = &held.engine.orders;
        orders.by_id().map(|row| orders.get(row)).filter(|o| o.account == account).map(|o| o.id).collect()
    }

    /// (balance, held) in minor units.
    fn balance(&self, account: u32, asset: u32) -> (i128, i128) {
        self.held().engine.ledger.peek(account, asset)
    }

    /// Of every asset that the account ever had: (asset, balance, held, frozen).
    fn balances(&self, account: u32) -> Vec<(u32, i128, i128, bool)> {
        let held = self.held();
        let account = held.engine.ledger.accounts.get(account as usize);
        account.map_or_else(Vec::new, |account| {
            account.balances.iter().map(|b| (b.asset, b.amount, b.held, b.frozen != 0)).collect()
        })
    }

    /// (signed quantity, hold) of a perpetual position.
    fn position(&self, account: u32, instrument: u32) -> PyResult<(i64, i64)> {
        let (at, held) = (self.instrument_at(instrument)?, self.held());
        let instrument = &held.engine.instruments[at];
        Ok(instrument.positions.get(&account).map_or((0, 0), |p| (p.quantity, p.hold)))
    }

    /// What a limit order in an instrument held as a position would do to its account's margin, by field: `asset`, `need` with
    /// the order, `hold` without it, `available` beyond that, `reason` of a refusal or None. Changes nothing. ValueError
    /// with the reason where the order could not be at all.
    fn what_if<'py>(
        &self,
        py: Python<'py>,
        account: u32,
        instrument: u32,
        buys: bool,
        price: i64,
        quantity: i64,
    ) -> PyResult<Bound<'py, PyDict>> {
        let found = self.held().engine.what_if(account, instrument, buys, (price, quantity));
        questions::what_if(py, &found.map_err(|reason| PyValueError::new_err(reason.text()))?)
    }

    /// What the account's positions hold that are margined together, by asset; None where each is margined by itself.
    fn portfolio(&self, account: u32) -> Option<std::collections::BTreeMap<u32, i64>> {
        self.held().engine.ledger.portfolios.get(&account).map(|portfolio| portfolio.holds.clone())
    }

    /// An account's margin in an asset, by name; None where no perpetual ever drew on it.
    fn margin<'py>(&self, py: Python<'py>, account: u32, asset: u32) -> PyResult<Option<Bound<'py, PyDict>>> {
        questions::margin(py, &self.held().engine, account, asset)
    }

    /// (initial margin that its owner chose in bps, what it cost, gain since the last settlement, initial and maintenance
    /// margin at the mark) of a perpetual position.
    fn position_margin(&self, account: u32, instrument: u32) -> PyResult<(u32, i128, i128, i128, i128)> {
        let (at, held) = (self.instrument_at(instrument)?, self.held());
        let position = held.engine.instruments[at].positions.get(&account).copied().unwrap_or_default();
        let valued = position.valued;
        Ok((position.leverage_bps, position.entry, valued.unrealised, valued.initial, valued.maintenance))
    }

    /// Rows of a perpetual's tier table: (from notional, initial bps, maintenance bps).
    fn tiers(&self, instrument: u32) -> PyResult<Vec<(i64, u32, u32)>> {
        let (at, held) = (self.instrument_at(instrument)?, self.held());
        let tiers = &held.engine.instruments[at].tiers;
        Ok(tiers.iter().map(|tier| (tier.from_notional, tier.initial_bps, tier.maintenance_bps)).collect())
    }

    /// Whom the queue of deleveraging names first against an account's position; None if nobody is on the other side.
    fn first_in_line(&self, account: u32, instrument: u32) -> PyResult<Option<u32>> {
        let (at, held) = (self.instrument_at(instrument)?, self.held());
        Ok(held.engine.first_in_line(at, account))
    }

    /// The price at which so many lots of a position leave its account with its share: what Deleverage must name. None if
    /// nothing is required of the account, or no price does.
    fn bankruptcy_price(&self, account: u32, instrument: u32, quantity: i64) -> PyResult<Option<i64>> {
        let (at, held) = (self.instrument_at(instrument)?, self.held());
        Ok(held.engine.bankruptcy_price(at, account, quantity))
    }

    /// (ns in which a market maker met its obligations, ns in which the market was open, does it meet them now, are its
    /// quotes pulled) since the trading session began; None if it is no maker of the instrument.
    fn maker(&self, account: u32, instrument: u32) -> PyResult<Option<(u64, u64, bool, bool)>> {
        let (at, held) = (self.instrument_at(instrument)?, self.held());
        let engine = &held.engine;
        Ok(engine.makers.get(&(at, account)).map(|maker| {
            let (quoted_ns, open_ns) = maker.score(engine.stamp);
            (quoted_ns, open_ns, maker.meets, maker.protection.as_ref().is_some_and(|p| p.pulled))
        }))
    }

    /// The price that collars are measured from; 0 for none.
    fn reference(&self, instrument: u32) -> PyResult<i64> {
        let at = self.instrument_at(instrument)?;
        Ok(self.held().engine.instruments[at].reference())
    }

    /// Of every asset: (asset, sum of all balances), the sum being zero.
    fn totals(&self) -> Vec<(u32, i128)> {
        let held = self.held();
        let ledger = &held.engine.ledger;
        let all = || ledger.accounts.iter().flat_map(|account| &account.balances);
        let assets = 1..=held.engine.assets.len() as u32;
        assets.map(|asset| (asset, all().filter(|b| b.asset == asset).map(|b| b.amount).sum())).collect()
    }

    /// Of every account: (number, kind).
    fn accounts(&self) -> Vec<(u32, u8)> {
        let held = self.held();
        let accounts = held.engine.ledger.accounts.iter().enumerate();
        accounts.filter(|(_, a)| a.kind != 0).map(|(number, a)| (number as u32, a.kind)).collect()
    }

    /// Of every transfer that waits, oldest first: (the sequence that made it, source, target, asset, purpose, amount,
    /// expire in ns or 0).
    fn pending_transfers(&self) -> Vec<(u64, u32, u32, u32, u8, i64, u64)> {
        let held = self.held();
        let pending = held.engine.transfers.pending.iter();
        pending.map(|(at, w)| (*at, w.source, w.target, w.asset, w.purpose as u8, w.amount, w.expire)).collect()
    }

    fn assets<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        questions::assets(py, &self.held().engine)
    }

    fn instruments<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        questions::instruments(py, &self.held().engine)
    }

    /// The double entries of a record's effects: list of Posted.
    fn postings<'py>(&self, py: Python<'py>, record: &Record) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let mut all: Vec<Posted> = Vec::new();
        let held = self.held();
        for effect in record.all_effects()? {
            all.extend(held.engine.postings(&effect));
        }
        all.into_iter().map(|posted| classes::python_effect(py, Effect::Posted(posted))).collect()
    }

    /// The canonical bytes of the state.
    fn state<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.held().engine.state())
    }

    /// SHA-256 of the canonical state, hexadecimal.
    fn state_hash(&self) -> String {
        crate::errors::hex(&self.held().engine.state_hash())
    }

    /// Another engine, in memory, that goes on from the canonical bytes of this one's state.
    fn restored(&self) -> PyResult<Self> {
        Ok(Self::of(self.held().restored().map_err(broker_error)?))
    }

    /// What runs the journal again behind the engine and writes the snapshots; started when first asked for.
    #[getter]
    fn follower(&mut self, py: Python<'_>) -> PyResult<Follower> {
        self.on_disk()?;
        py.detach(|| self.held().following()).map(Follower).map_err(broker_error)
    }

    /// Waits for a snapshot of the present state and returns its path.
    fn snapshot(&mut self, py: Python<'_>) -> PyResult<String> {
        self.on_disk()?;
        let path = py.detach(|| self.held().snapshot()).map_err(shared_error)?;
        Ok(path.display().to_string())
    }

    /// From now on sessions outside Python stage commands too, and hear of what is staged here.
    fn serve_sessions(&self) {
        self.shared.serve();
    }

    /// What sessions staged since this was asked for last, oldest first.
    fn made_by_sessions(&self) -> Vec<Record> {
        let made = std::mem::take(&mut self.held().for_python);
        made.into_iter().map(|(bytes, link)| Record { bytes, chained: Chained::Linked(link) }).collect()
    }

    /// Sessions may answer up to this record.
    fn release(&self, sequence: u64) {
        self.shared.release(sequence);
    }

    /// Everybody in Python was told of the records up to this one.
    #[pyo3(name = "settle")]
    fn settled(&self, sequence: u64) {
        self.shared.settle(sequence);
    }

    /// Sessions take no commands, or take them again.
    fn refuse(&self, refusing: bool) {
        self.shared.refuse(refusing);
    }

    /// Answers of sessions wait for a standby's receipts: only `release` lets them go.
    fn wait_for_receipts(&self) {
        self.shared.wait_for_receipts();
    }

    /// A clean stop: everything written, a snapshot, the journal sealed.
    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        if !self.closed {
            py.detach(|| self.held().close()).map_err(shared_error)?;
            self.closed = true;
        }
        Ok(())
    }
}
