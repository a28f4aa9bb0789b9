"""All read models behind one door, and the outlets that are told what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from isthmus.engine.engine import Engine, Record
from isthmus.engine.market import CallIndication
from isthmus.kernel.ids import trade_id
from isthmus.kernel.messages import (
    FILLED_OUTSIDE,
    CancelOrder,
    PendingEnded,
    PlaceOrder,
    PlaceSpecial,
    Purged,
    ReplaceOrder,
    ReplaceSpecial,
    Traded,
)
from isthmus.refdata.directory import Directory
from isthmus.views.books import Books
from isthmus.views.holdings import Holdings
from isthmus.views.journal import JournalTail
from isthmus.views.orders import FillRow, OrderRow, Orders
from isthmus.views.requests import Requests
from isthmus.views.sessions import Sessions
from isthmus.views.tape import Tape, TradeRow
from isthmus.views.versions import Versions

HOUSE_KINDS = frozenset((PlaceOrder, PlaceSpecial, ReplaceOrder, ReplaceSpecial, CancelOrder))
"""Kinds of commands that concern nobody but their account, unless they touch others' orders. `account` 0 is an
operator.
"""


class Outlet(Protocol):
    """Somebody who passes on what changed: a gateway's streams. Called in order, on the records' thread; no
    blocking.
    """

    def record(self, record: Record) -> None:
        """A record became durable."""

    def order(self, row: OrderRow) -> None:
        """A client's order changed."""

    def fill(self, row: FillRow) -> None:
        """A client's order was filled."""

    def balance(self, account: int, asset: int) -> None:
        """A balance or its held part changed."""

    def position(self, account: int, instrument: int) -> None:
        """A position changed."""

    def trade(self, row: TradeRow) -> None:
        """A trade that everybody sees; bars moved with it."""


class Views:
    """Feed it every durable record in order. It is also where markets publish what outside venues show."""

    def __init__(self, engine: Engine, directory: Directory, data: str | None) -> None:
        self.directory = directory
        self.orders = Orders(directory)
        self.versions = Versions(self.orders)
        self.holdings = Holdings(directory, engine.postings)
        self.tape = Tape()
        self.books = Books(engine, directory)
        self.calls: dict[tuple[int, int], CallIndication] = {}
        self.sessions = Sessions()
        self.requests = Requests(directory)
        self.journal = JournalTail(data)
        self.head = bytes(32)
        self._outlets: list[Outlet] = []
        self._outside_trades = 0

    def tell(self, outlet: Outlet) -> None:
        """From now on `outlet` hears what changes."""
        self._outlets.append(outlet)

    def on_record(self, record: Record) -> None:
        """Take a record in and tell the outlets; the directory must have seen it."""
        self.head = record.hash
        self.journal.on_record(record)
        for outlet in self._outlets:
            outlet.record(record)
        command, effects = record.command, record.effects
        self.sessions.on_record(record, effects)
        self.requests.on_record(record, effects)
        traded = [effect for effect in effects if type(effect) is Traded]
        if traded:
            self._tell_trades(record, traded)
        if self._concerns_clients(command, effects, traded):
            self._tell_clients(record, effects)

    def _concerns_clients(self, command: Any, effects: list[Any], traded: list[Any]) -> bool:
        """Most records are the house's own orders: nothing but what they do to clients' orders is anybody's here."""
        if type(command) not in HOUSE_KINDS or command.account == 0:
            return True
        clients = self.directory.client_numbers
        if command.account in clients or any(effect.maker in clients or effect.taker in clients for effect in traded):
            return True
        if any(type(effect) is PendingEnded for effect in effects):  # whose time had come
            return True
        touched = (getattr(effect, "order", None) for effect in effects)
        return any(order is not None and self.orders.order(order) is not None for order in touched)

    def _tell_trades(self, record: Record, traded: list[Any]) -> None:
        for trade in _trades(record, traded):
            self.tape.add(trade)
            self.holdings.note_trade(trade.instrument, trade.price)
            for outlet in self._outlets:
                outlet.trade(trade)

    def _tell_clients(self, record: Record, effects: list[Any]) -> None:
        self.versions.on_record(record, effects)
        orders, fills = self.orders.on_record(record, effects)
        balances, positions = self.holdings.on_record(record, effects)
        if any(type(effect) is Purged for effect in effects):
            self.holdings.forget([row.number for row in orders if row.reason == "kill"], balances)
        for outlet in self._outlets:
            tell = outlet.order
            for row in orders:
                tell(row)
            for fill in fills:
                outlet.fill(fill)
            for account, asset in balances:
                outlet.balance(account, asset)
            for account, instrument in positions:
                outlet.position(account, instrument)

    def book(
        self, venue: int, instrument: int, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]], at: int
    ) -> None:
        """An outside venue's whole book now (MarketData)."""
        self.books.publish(venue, instrument, bids, asks)

    def trade(self, venue: int, instrument: int, price: int, quantity: int, taker_side: int, at: int) -> None:
        """Others traded at an outside venue (MarketData)."""
        self._outside_trades += 1
        row = TradeRow(f"out-{venue}-{self._outside_trades}", instrument, venue, price, quantity, taker_side, at)
        self.tape.add(row)
        for outlet in self._outlets:
            outlet.trade(row)

    def curve(self, instrument: int, expected: Callable[[int, int], int]) -> None:
        """The usual day of an instrument is shown nowhere yet (MarketData)."""

    def call(self, indication: CallIndication) -> None:
        """What a call at an outside venue would trade now (MarketData)."""
        self.calls[(indication.instrument, indication.venue)] = indication


def _trades(record: Record, traded: list[Any]) -> list[TradeRow]:
    return [
        _trade_row(record, effect, ordinal)
        for ordinal, effect in enumerate(traded, 1)
        if not effect.flags & FILLED_OUTSIDE
    ]


def _trade_row(record: Record, traded: Any, ordinal: int) -> TradeRow:
    return TradeRow(
        id=trade_id(record.sequence, ordinal),
        instrument=traded.instrument,
        venue=0,
        price=traded.price,
        quantity=traded.quantity,
        taker_side=traded.taker_side,
        time=record.stamp,
    )
