"""Clearing in charge: an engine of its own that goes on from the trading journal's end, with venue sessions of its own.

It may mark, cancel orders of an account that is being closed, and send reduce-only orders to outside venues. It never
matches on the house book: whoever has orders resting there cannot reach them while trading is down.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from isthmus.app.clearing_book import DELEVERAGE, LIQUIDATE, Other, Terms, id_of, text_of
from isthmus.app.clearing_prices import PriceFile
from isthmus.app.desk import Desk
from isthmus.app.live_venues import LiveVenues
from isthmus.app.settings import Settings
from isthmus.clearing.decisions import Row
from isthmus.engine.archive import records
from isthmus.engine.driver import Driver
from isthmus.engine.engine import Engine, Record
from isthmus.engine.market import CallIndication, Market
from isthmus.kernel.clock import Clock
from isthmus.kernel.messages import (
    CANCEL_REASONS,
    COMMANDS,
    FLAGS,
    ORDER_TYPES,
    TIMES_IN_FORCE,
    CancelAll,
    CancelOrder,
    Mark,
    PlaceOrder,
)
from isthmus.kernel.values import NS_PER_S
from isthmus.refdata.directory import Directory
from isthmus.venues.answering import orders_at
from isthmus.venues.simulated.closing import ClosingVenue

ALL = 1 << 30
ROUNDS_MAX = 10_000
PAUSE_S = 0.01
SOURCE = 2
"""The source of a mark: 2 says that clearing's own prices made it."""
CLEARED = next(number for number, name in CANCEL_REASONS.items() if name == "cleared")


class Governing:
    """`hear` gets every record of its journal, once it is on the disk."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        clock: Clock,
        known: tuple[Directory, PriceFile | None],
        hear: Callable[[list[Record]], None],
    ) -> None:
        self._settings = settings.clearing
        self._directory, self._prices = known
        self.engine = Engine(str(folder), "group")
        self._clock: Clock = lambda: max(clock(), self.engine.stamp)
        self._driver = Driver(self.engine, self._clock)
        self._folder = folder
        self._hear = hear
        self._data = _Books()
        self._desk = Desk(self._driver, self._directory, self._data, self._clock)
        self._markets: list[Market] = []
        self._live: LiveVenues | None = None
        self._marked: dict[int, int] = {}
        self.loops: list[Coroutine[Any, Any, None]] = []

    def open(self) -> None:
        """What an earlier part of this charge did is heard first; then sessions at the venues open."""
        for record in records(self._folder):
            self._hear([record])
        self._driver.observe(self._directory.on_record)
        self._driver.subscribe(lambda record: self._hear([record]))
        if self._settings.venues:
            self._live = LiveVenues(self._settings.venues, self._clock)
            self._markets.append(self._live.market)
        if self._settings.simulated.play:
            self._markets.append(ClosingVenue(self._settings.simulated, self._price_of))
        for market in self._markets:
            market.open(self._desk)
            self._driver.send_by(market.on_record)
        self.loops = self._live.loops() if self._live is not None else []
        self._pump()

    def step(self, at: int) -> None:
        """Mark what is due, let venues answer."""
        self._mark(at)
        for market in self._markets:
            market.step(at)
        self._pump()

    def terms(self, account: int, instrument: int) -> Terms | None:
        """None while the price is stale: an old price closes nobody."""
        if self._fresh(instrument, self._clock()) is None:
            return None
        return terms_of(self.engine, account, instrument)

    def close_position(self, row: Row) -> bool:
        """Cancel the account's orders in the instrument, then a reduce-only order to a venue that trades it; False
        when none does.
        """
        venue = next(iter(self._directory.venues_of(row["instrument"])), None)
        if venue is None:
            return False
        why = f"clearing decision {row['n']}: equity {row['equity']} below {row['kept']}, {row['votes']} votes"
        for command in commands_of(row, venue):
            self._desk.submit(command, text=text_of(row), note=why)
        self._pump()
        return True

    def end(self, wait_s: float) -> int:
        """Cancel what is at venues and wait for their answers; how many orders have none yet."""
        venues = {market.number for market in self._markets if isinstance(market, ClosingVenue)}
        venues |= {venue.number for venue in self._live.market.venues} if self._live is not None else set()
        until = time.monotonic() + wait_s
        for order, _ in list(orders_at(self.engine, venues)):
            self._desk.submit(CancelOrder(order=order, account=0, reason=CLEARED, client_id=bytes(16)))
        self.step(self._clock())
        while (left := len(list(orders_at(self.engine, venues)))) and time.monotonic() < until:
            time.sleep(PAUSE_S)
            self.step(self._clock())
        for market in self._markets:
            market.close()
        self._pump()
        return left

    def _mark(self, at: int) -> None:
        for number, instrument in self._directory.instruments.items():
            if not instrument.perpetual or at < self._marked.get(number, 0):
                continue
            price = self._fresh(number, at)
            if price is not None and price != self.engine.reference(number):
                self._desk.submit(Mark(instrument=number, settlement=0, source=SOURCE, price=price))
                self._marked[number] = at + self._settings.mark_ms * 1_000_000

    def _fresh(self, number: int, at: int) -> int | None:
        """Clearing's own price of an instrument, None while there is none or it is stale."""
        instrument = self._directory.instruments[number]
        stale = int(self._settings.stale_s * NS_PER_S)
        if self._prices is not None:
            told = self._prices.price(instrument.symbol, instrument.price_decimals)
            return told[0] if told is not None and at - told[1] <= stale else None
        shown = self._data.middles.get(number)
        return shown[0] if shown is not None and at - shown[1] <= stale else None

    def _price_of(self, number: int) -> int | None:
        return self._fresh(number, self._clock())

    def _pump(self) -> None:
        """Make everything durable and let everybody answer until nobody has anything to say."""
        for _ in range(ROUNDS_MAX):
            if not self._driver.work_waiting:
                return
            self._driver.hand_over()
            self._driver.settle(self._driver.flush(), ALL)
        raise AssertionError("records keep answering records")


class _Books:
    """What venues show, as far as clearing needs it: the middle of the last book of each instrument."""

    def __init__(self) -> None:
        self.middles: dict[int, tuple[int, int]] = {}

    def book(self, venue: int, instrument: int, bids: Any, asks: Any, at: int) -> None:
        if bids and asks:
            self.middles[instrument] = ((bids[0][0] + asks[0][0]) // 2, at)

    def trade(self, *_: Any, **__: Any) -> None:
        return None

    def curve(self, instrument: int, expected: Callable[[int, int], int]) -> None:
        return None

    def call(self, indication: CallIndication) -> None:
        return None


def terms_of(engine: Engine, account: int, instrument: int) -> Terms:
    """What an engine knows of a position and its instrument."""
    row = next(row for row in engine.instruments() if row["instrument"] == instrument)
    held = engine.position(account, instrument)[0]
    return Terms(engine.reference(instrument), row["tick"], row["lot"], row["num"], held)


def queue_of(engine: Any, account: int, instrument: int, quantity: int) -> Other | None:
    """Who is first in line to be deleveraged, as the engine ranks them, and the bankruptcy price that it asks for."""
    against = engine.first_in_line(account, instrument)
    if against is None:
        return None
    most = min(quantity, abs(engine.position(against, instrument)[0]))
    price = engine.bankruptcy_price(account, instrument, most)
    return Other(against, most, price) if most and price is not None else None


def commands_of(row: Row, venue: int) -> list[Any]:
    """A decision as commands: the account's orders in the instrument go, then the close. `venue` 0: the house book."""
    if row["how"] == "deleverage":
        terms = {name: row[name] for name in ("account", "against", "instrument", "quantity")}
        return [COMMANDS[DELEVERAGE](**terms, price=row["limit"])]
    if row["how"] == "liquidate":
        terms = {name: row[name] for name in ("account", "instrument", "quantity", "limit")}
        return [COMMANDS[LIQUIDATE](**terms)]
    return [
        CancelAll(account=row["account"], instrument=row["instrument"], side=0, session=0, reason=CLEARED),
        PlaceOrder(
            account=row["account"],
            instrument=row["instrument"],
            venue=venue,
            side=row["side"],
            kind=ORDER_TYPES["limit"],
            tif=TIMES_IN_FORCE["ioc"],
            flags=FLAGS["reduce_only"],
            price=row["limit"],
            quantity=row["quantity"],
            client_id=id_of(row),
            session=0,
        ),
    ]
