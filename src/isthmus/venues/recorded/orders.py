"""Order-by-order recordings and books by level (Databento's MBO and MBP) as parts of a market."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.kernel.messages import BUY, SELL
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.formats import dbn, mbo
from isthmus.venues.recorded import session
from isthmus.venues.recorded.events import Level, Rows, TradeEvent, taker_side
from isthmus.venues.recorded.kinds import DATED, EQUITY, FUTURE, LINEAR_PERPETUAL
from isthmus.venues.recorded.session import Market, Part, costs_of
from isthmus.venues.recorded.settings import DAY_S, Terms

ORDERS_MAX = 5_000_000
"""Orders alive at one time in a recording."""
FUTURES_EXCHANGES = ("GLBX", "IFEU", "IFUS", "IFLL", "NDEX", "XEUR", "XEEE")
"""Databento's dataset names begin with the exchange: CME Globex, ICE, Endex, Eurex, EEX."""
PUBLISHERS = {
    1: "GLBX.MDP3",
    2: "XNAS.ITCH",
    3: "XBOS.ITCH",
    4: "XPSX.ITCH",
    5: "BATS.PITCH",
    6: "BATY.PITCH",
    7: "EDGA.PITCH",
    8: "EDGX.PITCH",
    9: "XNYS.PILLAR",
    10: "XCIS.PILLAR",
    11: "XASE.PILLAR",
    12: "XCHI.PILLAR",
}
"""Databento's first publisher ids: a CSV file has only these, no dataset."""


class Tape(Protocol):
    """What a recording was read into, and what it says of itself."""

    rows: Rows
    dataset: str
    symbol: str


def read_orders(path: Path, terms: Terms) -> Part:
    """A book made of order events. Raises BadInput when they are malformed or of several instruments."""
    tape = _OrderTape(_told_by_metadata(path), terms)
    for line, event in mbo.read_events(open_input(path)):
        _append(partial(tape.take, event), line)
    return _part(path, tape, session.FULL, terms)


def read_levels(path: Path, terms: Terms) -> Part:
    """The best levels after every event, as DBN. Raises BadInput as `read_orders`."""
    tape = _LevelTape(_told_by_metadata(path), terms)
    for line, found in dbn.read_levels(open_input(path)):
        _append(partial(tape.take, found), line)
    return _part(path, tape, session.WINDOW, terms)


def _append(step: partial[None], line: int) -> None:
    try:
        step()
    except ValueError as error:
        raise BadInput("events", str(error), line) from error


class _LevelTape:
    """Whole windows of levels of one instrument."""

    def __init__(self, told: dbn.Metadata, terms: Terms) -> None:
        self.rows = Rows()
        self.dataset, self.symbol = told.dataset, "".join(told.symbols)
        self._hours = _Hours(terms)
        self._source = ""
        self._traded = 0

    def take(self, found: dbn.LevelsRecord) -> None:
        """One record. A trade's shows the book before it. Raises ValueError."""
        self._source = _same(self._source, f"{found.publisher}/{found.instrument}")
        bids, asks = _sides(found.levels)
        if not self._hours.take(found.ts_event) or not (len(self.rows) or (bids and asks)):
            return
        if found.action != mbo.TRADE or not len(self.rows):
            self.rows.book(found.ts_event, bids, asks, True)
        if found.action == mbo.TRADE and found.price > 0 and found.size:
            side = mbo.SIDES.get(found.side) or 0
            inferred = taker_side(found.price, bids[0][0] if bids else 0, asks[0][0] if asks else 0, self._traded)
            self.rows.trade(TradeEvent(found.ts_event, found.price, found.size, side or inferred, side != mbo.NONE))
            self._traded = found.price


def _sides(levels: Sequence[Sequence[int]]) -> tuple[list[Level], list[Level]]:
    """Raises ValueError for a price or size that is none."""
    bids = [(level[0], level[1]) for level in levels if level[1] and level[0] != mbo.UNDEFINED_PRICE]
    asks = [(level[3], level[4]) for level in levels if level[4] and level[3] != mbo.UNDEFINED_PRICE]
    for price, _ in (*bids, *asks):
        if price <= 0:
            raise ValueError(f"a level's price of {price} is not positive")
    return bids, asks


def _same(source: str, name: str) -> str:
    if source not in ("", name):
        raise ValueError(f"holds several books ({source}, {name})")
    return name


class _Hours:
    """Whether a moment is within the hours that are played (of the UTC day), and times do not go back by much."""

    def __init__(self, terms: Terms) -> None:
        self._first, self._last = (second * NS_PER_S for second in terms.hours())
        self._latest = 0

    def take(self, at: int) -> bool:
        if at <= 0:
            raise ValueError("has no time (ts_event)")
        if at < self._latest - BACK_MAX_NS:
            raise ValueError(f"ts_event goes back by {(self._latest - at) / 1e9:.3f} s")
        self._latest = max(self._latest, at)
        return self._first <= at % (DAY_S * NS_PER_S) < self._last


BACK_MAX_NS = NS_PER_S
"""An exchange's own times of records sent one after the other differ by microseconds; a second is another file."""


class _OrderTape:
    """The book of one instrument by order; levels are told when the last record of an event has come."""

    def __init__(self, told: dbn.Metadata, terms: Terms) -> None:
        self.rows = Rows()
        self.dataset, self.symbol = told.dataset, "".join(told.symbols)
        self._hours = _Hours(terms)
        self._source = ""
        self._orders: dict[int, tuple[int, int, int]] = {}
        self._levels: dict[int, dict[int, int]] = {BUY: {}, SELL: {}}
        self._changed: set[tuple[int, int]] = set()
        self._cleared = False
        self._traded = 0

    def take(self, event: mbo.Event) -> None:
        """One record. T and F change nothing, the C that follows does. Raises ValueError."""
        if not self._source:
            self.dataset, self.symbol = self.dataset or _dataset_of(event.source), self.symbol or event.symbol
        self._source = _same(self._source, event.source)
        within = self._hours.take(event.at)
        if event.action == mbo.TRADE:
            if within and len(self.rows) and event.price > 0 and event.size:
                self.rows.trade(self._trade(event))
            self._traded = event.price
        else:
            self._apply(event)
        if event.flags & mbo.LAST and within and not event.flags & mbo.SNAPSHOT:
            self._tell(event.at)

    def _apply(self, event: mbo.Event) -> None:
        if event.action == mbo.CLEAR:
            self._orders.clear()
            self._levels = {BUY: {}, SELL: {}}
            self._cleared = True
        elif event.action == mbo.ADD:
            self._remove(event.order)
            self._add(event)
        elif event.action == mbo.MODIFY:
            self._remove(event.order)
            if event.size:
                self._add(event)
        elif event.action == mbo.CANCEL and (resting := self._orders.get(event.order)) is not None:
            side, price, size = resting
            self._remove(event.order)
            if size > event.size:
                self._orders[event.order] = (side, price, size - event.size)
                self._shift(side, price, size - event.size)

    def _add(self, event: mbo.Event) -> None:
        if len(self._orders) >= ORDERS_MAX:
            raise ValueError(f"more than {ORDERS_MAX} orders alive")
        self._orders[event.order] = (event.side, event.price, event.size)
        self._shift(event.side, event.price, event.size)

    def _remove(self, order: int) -> None:
        if (resting := self._orders.pop(order, None)) is not None:
            side, price, size = resting
            self._shift(side, price, -size)

    def _shift(self, side: int, price: int, size: int) -> None:
        levels = self._levels[side]
        levels[price] = levels.get(price, 0) + size
        if not levels[price]:
            del levels[price]
        self._changed.add((side, price))

    def _tell(self, at: int) -> None:
        """Tell what changed; the whole book at the start and after a clear."""
        bids, asks = self._levels[BUY], self._levels[SELL]
        if not len(self.rows) and not (bids and asks):
            return
        if self._cleared or not len(self.rows):
            self.rows.book(at, sorted(bids.items(), reverse=True), sorted(asks.items()), True)
        elif self._changed:
            told = {
                side: [(price, self._levels[side].get(price, 0)) for of, price in self._changed if of == side]
                for side in (BUY, SELL)
            }
            self.rows.book(at, sorted(told[BUY], reverse=True), sorted(told[SELL]), False)
        self._cleared = False
        self._changed.clear()

    def _trade(self, event: mbo.Event) -> TradeEvent:
        """The side of a trade is the taker's; without one it met no displayed order (hidden, or an auction)."""
        bid, ask = max(self._levels[BUY], default=0), min(self._levels[SELL], default=0)
        side = event.side or taker_side(event.price, bid, ask, self._traded)
        return TradeEvent(event.at, event.price, event.size, side, event.side != mbo.NONE)


def _told_by_metadata(path: Path) -> dbn.Metadata:
    """What a DBN file says of itself; a CSV file says nothing."""
    head, stream = dbn.peeked(open_input(path))
    if not dbn.is_dbn(head):
        stream.close()
        return dbn.Metadata("", "", [])
    told = dbn.read_metadata(stream)
    if len(told.symbols) > 1:
        raise BadInput("instrument", f"holds several books ({', '.join(told.symbols[:3])} ...)", 1)
    return told


def _dataset_of(source: str) -> str:
    """By the publisher of a CSV file ("2/1108")."""
    publisher = source.partition("/")[0]
    return PUBLISHERS.get(int(publisher), "") if publisher.isdigit() else ""


def _kind_of(dataset: str) -> str | None:
    if not dataset:
        return None
    return FUTURE if dataset.startswith(FUTURES_EXCHANGES) else EQUITY


def _part(path: Path, tape: Tape, depth: str, terms: Terms) -> Part:
    entry, rows, dataset = terms.entry, tape.rows, tape.dataset
    symbol, told = entry.instrument or tape.symbol, _kind_of(dataset)
    kind, venue = entry.kind or told, entry.venue or dataset.lower().replace(".", "-")
    if not len(rows):
        raise BadInput("events", "holds no moment with both a bid and an ask within its hours")
    for field, value in (("instrument", symbol), ("kind", kind), ("venue", venue)):
        if not value:
            raise BadInput(field, "neither the recording nor markets.toml tells it")
    assert kind is not None
    quote = entry.quote or "USD"
    endless = f"a dated future played without its end, {entry.multiplier or 1} {quote} a point"
    return Part(
        files=[path.name],
        market=Market(kind, symbol, entry.base or symbol, quote, venue),
        kept=rows,
        price_decimals=rows.price_decimals,
        quantity_decimals=0,
        costs=costs_of(told if told == FUTURE else kind, terms.of_venue(venue)),
        tick=rows.ticks,
        depth=depth,
        assumed=(endless,) if kind == LINEAR_PERPETUAL and told == FUTURE else (),
        data_only=DATED if kind == FUTURE else "",
        multiplier=entry.multiplier or 1,
    )
