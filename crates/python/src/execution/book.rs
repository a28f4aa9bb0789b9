//! One instrument over all its venues, watched.
use std::collections::HashMap;

use isthmus_execution::arbitrage::{self, Links, Pair, Touch};
use isthmus_execution::consolidated::{Indication, Print};
use isthmus_execution::events::Event;
use isthmus_execution::feed::Message;
use isthmus_execution::split::{Block, Split};
use isthmus_execution::sweep::Sweep;
use isthmus_execution::terms::{Kind, Ratio, Terms};
use isthmus_execution::values::RATIO_MAX;
use isthmus_execution::watched::{Care, WatchedBook};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::{RouteRefused, refused, settings, side_of};

/// All-in price, price, quantity, venue, own price, own quantity.
type LevelRow = (i64, i64, i64, u32, i64, i64);
/// Venue, time, state, reason, on, figures.
type EventRow = (u32, u64, &'static str, &'static str, bool, [i64; 3]);
/// Venue, lots, price, own quantity, own price.
type LegRow = (u32, i64, i64, i64, i64);

/// See `isthmus.execution.book.ConsolidatedBook`.
#[pyclass(module = "isthmus._core")]
pub struct ConsolidatedBook {
    watched: WatchedBook,
    sweep: Sweep,
    split: Split,
}

fn event_row(event: &Event) -> EventRow {
    (event.venue, event.at, event.reason.state(), event.reason.name(), event.on, event.figures)
}

impl ConsolidatedBook {
    fn events(&self) -> Vec<EventRow> {
        self.watched.events().iter().map(event_row).collect()
    }

    fn swept<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        let legs = self.sweep.legs.iter().map(|l| (l.venue, l.quantity, l.price, l.own_quantity, l.own_price));
        found.set_item("legs", legs.collect::<Vec<LegRow>>())?;
        found.set_item("quantity", self.sweep.quantity)?;
        found.set_item("cost", self.sweep.cost)?;
        Ok(found)
    }
}

#[pymethods]
impl ConsolidatedBook {
    #[new]
    #[pyo3(signature = (settings = HashMap::new()))]
    fn new(settings: HashMap<String, i64>) -> PyResult<Self> {
        let (health, breakers) = settings::settings_of(&settings)?;
        Ok(Self { watched: WatchedBook::new(health, breakers), sweep: Sweep::default(), split: Split::default() })
    }

    /// The settings that a book has when none are given.
    #[staticmethod]
    fn defaults() -> HashMap<&'static str, i64> {
        settings::defaults()
    }

    #[pyo3(signature = (number, kind = "lit", *, maker_fee_ppm = 0, taker_fee_ppm = 0, tick = 1, lot = 1,
        price = (1, 1), quantity = (1, 1), inverse = false, family = 0, reference = false, backup = None, stale_ns = None))]
    #[allow(clippy::too_many_arguments)] // the terms of a venue, by keyword
    fn list_venue(
        &mut self,
        number: u32,
        kind: &str,
        maker_fee_ppm: i64,
        taker_fee_ppm: i64,
        tick: i64,
        lot: i64,
        price: (i64, i64),
        quantity: (i64, i64),
        inverse: bool,
        family: u8,
        reference: bool,
        backup: Option<u32>,
        stale_ns: Option<u64>,
    ) -> PyResult<()> {
        let kind = Kind::named(kind).ok_or_else(|| RouteRefused::new_err(("kind", "is no kind of venue")))?;
        let (price, quantity) = (Ratio { num: price.0, den: price.1 }, Ratio { num: quantity.0, den: quantity.1 });
        let terms = Terms { number, kind, maker_fee_ppm, taker_fee_ppm, tick, lot, price, quantity, inverse, family };
        self.watched.list(terms, Care { reference, backup, stale_ns }).map_err(refused)
    }

    #[pyo3(signature = (venue, at, bids, asks, /))]
    fn update(&mut self, venue: u32, at: u64, bids: Vec<(i64, i64)>, asks: Vec<(i64, i64)>) -> PyResult<Vec<EventRow>> {
        self.watched.update(venue, at, &bids, &asks).map_err(refused)?;
        Ok(self.events())
    }

    /// What the last call did, also one that was refused.
    fn last_events(&self) -> Vec<EventRow> {
        self.events()
    }

    #[pyo3(signature = (venue, at, last, /))]
    fn feed_snapshot(&mut self, venue: u32, at: u64, last: u64) -> PyResult<Vec<EventRow>> {
        self.watched.feed(venue, at, Message::Snapshot { last }).map_err(refused)?;
        Ok(self.events())
    }

    #[pyo3(signature = (venue, at, first, last, previous = None, /))]
    fn feed_update(
        &mut self,
        venue: u32,
        at: u64,
        first: u64,
        last: u64,
        previous: Option<u64>,
    ) -> PyResult<Vec<EventRow>> {
        self.watched.feed(venue, at, Message::Update { first, last, previous }).map_err(refused)?;
        Ok(self.events())
    }

    #[pyo3(signature = (venue, side, at, price, quantity, /))]
    fn indicate(&mut self, venue: u32, side: u8, at: u64, price: i64, quantity: i64) -> PyResult<()> {
        let said = Indication { at, price, quantity };
        self.watched.indicate(venue, side_of(side)?, Some(said)).map_err(refused)
    }

    #[pyo3(signature = (venue, side, /))]
    fn take_back(&mut self, venue: u32, side: u8) -> PyResult<()> {
        self.watched.indicate(venue, side_of(side)?, None).map_err(refused)
    }

    /// (venue, at, price, quantity) of a side.
    #[pyo3(signature = (side, /))]
    fn indications(&self, side: u8) -> PyResult<Vec<(u32, u64, i64, i64)>> {
        let (side, book) = (side_of(side)?, self.watched.book());
        let open = book.places(book.open()).map(|place| &book.venues()[place]);
        let said = open.filter_map(|venue| Some((venue.terms.number, venue.indications[side as usize]?)));
        Ok(said.map(|(venue, said)| (venue, said.at, said.price, said.quantity)).collect())
    }

    /// `taken`: the side of the book that was taken from, 0 when nobody knows.
    #[pyo3(signature = (venue, at, price, quantity, taken = 0, /))]
    fn trade(&mut self, venue: u32, at: u64, price: i64, quantity: i64, taken: u8) -> PyResult<()> {
        let taken = if taken == 0 { None } else { Some(side_of(taken)?) };
        self.watched.trade(venue, Print { at, price, quantity, taken }).map_err(refused)
    }

    #[pyo3(signature = (venue, at, out, /))]
    fn hold(&mut self, venue: u32, at: u64, out: bool) -> PyResult<Vec<EventRow>> {
        self.watched.hold(venue, at, out).map_err(refused)?;
        Ok(self.events())
    }

    #[pyo3(signature = (price, /))]
    fn set_reference(&mut self, price: Option<i64>) {
        self.watched.set_reference(price);
    }

    #[pyo3(signature = (side, most = 50, /))]
    fn levels(&self, side: u8, most: usize) -> PyResult<Vec<LevelRow>> {
        let book = self.watched.book();
        let row = |(place, l): (usize, &isthmus_execution::consolidated::Level)| {
            (l.all_in, l.price, l.quantity, book.venues()[place].terms.number, l.own_price, l.own_quantity)
        };
        Ok(book.merged(side_of(side)?).take(most).map(row).collect())
    }

    /// Half way between the best plain prices, in price steps x 10^6.
    fn middle(&self) -> Option<i64> {
        self.watched.book().middle()
    }

    /// Venues that are used now.
    fn open(&self) -> Vec<u32> {
        let book = self.watched.book();
        book.places(book.open()).map(|place| book.venues()[place].terms.number).collect()
    }

    /// Reasons why a venue is not used.
    #[pyo3(signature = (venue, /))]
    fn why_not(&self, venue: u32) -> PyResult<Vec<&'static str>> {
        let bits = self.watched.why_not(venue).map_err(refused)?;
        let all = isthmus_execution::events::Reason::NAMES.iter();
        Ok(all.filter(|(reason, _, _)| bits & reason.bit() != 0).map(|(_, state, _)| *state).collect())
    }

    /// `side`: who takes, 1 a buyer.
    #[pyo3(signature = (side, quantity, limit = None, /))]
    fn sweep<'py>(
        &mut self,
        py: Python<'py>,
        side: u8,
        quantity: i64,
        limit: Option<i64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.sweep.take(self.watched.book(), side_of(side)?.other(), quantity, limit);
        self.swept(py)
    }

    #[pyo3(signature = (side, quantity, limit = None, /))]
    fn single<'py>(
        &mut self,
        py: Python<'py>,
        side: u8,
        quantity: i64,
        limit: Option<i64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.sweep.take_single(self.watched.book(), side_of(side)?.other(), quantity, limit);
        self.swept(py)
    }

    /// `slopes`: (venue, all-in price x 10^-6 a lot) of the venues that take part.
    #[pyo3(signature = (side, quantity, slopes, limit = None, /))]
    fn split<'py>(
        &mut self,
        py: Python<'py>,
        side: u8,
        quantity: i64,
        slopes: Vec<(u32, i64)>,
        limit: Option<i64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let block = Block { side: side_of(side)?.other(), quantity, limit };
        self.split.make(self.watched.book(), block, &slopes).map_err(refused)?;
        let (split, found) = (&self.split, PyDict::new(py));
        let parts = split.parts.iter().map(|p| (p.venue, p.quantity, p.price, p.own_quantity, p.own_price));
        found.set_item("legs", parts.collect::<Vec<LegRow>>())?;
        found.set_item("quantity", split.quantity)?;
        found.set_item("cost", split.paid)?;
        found.set_item("impact", split.impact)?;
        found.set_item("exact", split.exact)?;
        found.set_item("gap", split.gap)?;
        Ok(found)
    }

    /// The best pair that a venue is part of, or None.
    #[pyo3(signature = (venue, /))]
    fn arbitrage<'py>(&self, py: Python<'py>, venue: u32) -> PyResult<Option<Bound<'py, PyDict>>> {
        let place = self.watched.book().known(venue).map_err(refused)?;
        arbitrage::scan(self.watched.book(), place).map(|pair| pair_of(py, &pair)).transpose()
    }

    #[pyo3(signature = (venue, lots, /))]
    fn sent(&mut self, venue: u32, lots: i64) -> PyResult<()> {
        self.watched.sent(venue, lots).map_err(refused)
    }

    #[pyo3(signature = (venue, latency_ns, rejected, /))]
    fn answered(&mut self, venue: u32, latency_ns: u64, rejected: bool) -> PyResult<()> {
        self.watched.answered(venue, latency_ns, rejected).map_err(refused)
    }

    /// `side`: ours, 1 when we bought.
    #[pyo3(signature = (venue, at, side, lots, /))]
    fn filled(&mut self, venue: u32, at: u64, side: u8, lots: i64) -> PyResult<()> {
        self.watched.filled(venue, at, side_of(side)?.other(), lots).map_err(refused)
    }

    #[pyo3(signature = (venue, /))]
    fn route<'py>(&self, py: Python<'py>, venue: u32) -> PyResult<Bound<'py, PyDict>> {
        let route = self.watched.route(venue).map_err(refused)?;
        let found = PyDict::new(py);
        found.set_item("sent", route.sent)?;
        found.set_item("answered", route.answered)?;
        found.set_item("rejected", route.rejected)?;
        found.set_item("latency_ns", route.latency_ns())?;
        found.set_item("latency_max_ns", route.latency_max_ns)?;
        found.set_item("reject_ppm", route.reject_ppm())?;
        found.set_item("fill_ppm", route.fill_ppm())?;
        found.set_item("toxicity_ppm", route.toxicity_ppm())?;
        found.set_item("measured", route.measured)?;
        Ok(found)
    }
}

fn pair_of<'py>(py: Python<'py>, pair: &Pair) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("buy", pair.buy)?;
    found.set_item("sell", pair.sell)?;
    found.set_item("quantity", pair.quantity)?;
    found.set_item("profit", pair.profit)?;
    found.set_item("buy_price", pair.buy_price)?;
    found.set_item("sell_price", pair.sell_price)?;
    found.set_item("own_buy", pair.own_buy)?;
    found.set_item("own_sell", pair.own_sell)?;
    found.set_item("basis", pair.basis)?;
    Ok(found)
}

/// A round trip through three books, or None. `links`: price, second and cross of `arbitrage::Links` as fractions.
#[pyfunction]
#[pyo3(signature = (first, second, cross, links, /))]
pub fn triangle<'py>(
    py: Python<'py>,
    first: PyRef<'py, ConsolidatedBook>,
    second: PyRef<'py, ConsolidatedBook>,
    cross: PyRef<'py, ConsolidatedBook>,
    links: [(i64, i64); 3],
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let right = |part: i64| (1..=RATIO_MAX).contains(&part);
    if !links.iter().all(|link| right(link.0) && right(link.1)) {
        return Err(RouteRefused::new_err(("units", "must make fractions of numbers from 1 to 10^12")));
    }
    let links = Links { price: links[0], second: links[1], cross: links[2] };
    let touch = |book: &ConsolidatedBook| Touch::of(book.watched.book());
    let (Some(first), Some(second), Some(cross)) = (touch(&first), touch(&second), touch(&cross)) else {
        return Ok(None);
    };
    let Some(way) = arbitrage::triangle(&first, &second, &cross, &links) else { return Ok(None) };
    let found = PyDict::new(py);
    found.set_item("buys_first", way.buys_first)?;
    found.set_item("gain_ppm", way.gain_ppm)?;
    found.set_item("first", way.first)?;
    found.set_item("second", way.second)?;
    found.set_item("cross", way.cross)?;
    Ok(Some(found))
}
