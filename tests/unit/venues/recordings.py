"""Small recordings and a desk with a real engine, for the tests of recorded markets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from isthmus.engine.engine import Engine, Record
from isthmus.engine.market import CallIndication, VenueFacts
from isthmus.kernel.messages import AddAsset, Deposit, OpenAccount, PlaceOrder

START_MS = 1_723_161_300_000
NS_PER_MS = 1_000_000


def line(at_ms: int, message: dict[str, Any]) -> str:
    return f"{(START_MS + at_ms) * NS_PER_MS} {json.dumps(message)}\n"


def snapshot(at_ms: int, last: int, bids: list[list[str]], asks: list[list[str]]) -> str:
    return line(at_ms, {"lastUpdateId": last, "bids": bids, "asks": asks})


def depth(at_ms: int, first: int, last: int, bids: list[list[str]], asks: list[list[str]], **more: Any) -> str:
    data = {"e": "depthUpdate", "E": START_MS + at_ms, "s": "BTCUSDT", "U": first, "u": last, "b": bids, "a": asks}
    return line(at_ms, {"stream": "btcusdt@depth@100ms", "data": data | more})


def trade(at_ms: int, price: str, size: str, buyer_is_maker: bool) -> str:
    data = {"e": "trade", "E": START_MS + at_ms, "s": "BTCUSDT", "t": 1, "p": price, "q": size}
    data |= {"T": START_MS + at_ms, "m": buyer_is_maker}
    return line(at_ms, {"stream": "btcusdt@trade", "data": data})


def written(folder: Path, name: str, lines: Iterable[str]) -> Path:
    path = folder / name
    path.write_text("".join(lines))
    return path


SPOT = (
    depth(0, 1, 5, [["99.00", "1.0"]], []),
    snapshot(10, 4, [["100.00", "2.00000"], ["99.00", "5.00000"]], [["101.00", "3.00000"], ["102.51", "4.00000"]]),
    trade(1_000, "101.00", "1.00000", False),
    depth(1_100, 6, 7, [], [["101.00", "2.00000"]]),
    trade(2_000, "100.00", "2.50000", True),
    depth(2_100, 8, 8, [["100.00", "0"]], []),
    trade(3_000, "99.00", "1.00001", True),
    depth(3_100, 9, 9, [["99.00", "3.00000"]], []),
)
"""A spot book around 100 for 3.1 seconds after its snapshot; sizes trade in 10^-5."""


class PlainDesk:
    """A MarketDesk over an engine in memory: what is submitted is durable at once, and the market hears of it."""

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine = engine or Engine()
        self.data = self
        self.books: list[tuple[int, int, list[tuple[int, int]], list[tuple[int, int]]]] = []
        self.trades: list[tuple[int, int, int, int, int]] = []
        self.shown: list[tuple[int, int]] = []
        self.facts: list[VenueFacts] = []
        self.calls: list[CallIndication] = []
        self.curves: dict[int, Callable[[int, int], int]] = {}
        self.records: list[Record] = []
        self.refusing = False
        self.time = 1_000_000_000
        self._heard: Callable[[Record], None] | None = None
        self._names: dict[tuple[str, str], int] = {}

    def hear(self, market: Any) -> None:
        self._heard = market.on_record

    def now(self) -> int:
        return self.time

    def submit(self, command: Any) -> Record | None:
        if self.refusing:
            return None
        record = self.engine.submit(command, self.time)
        self.records.append(record)
        if self._heard is not None:
            self._heard(record)
        return record

    def account(self, name: str, kind: int) -> int:
        return self._numbered(name, OpenAccount(kind=kind), "account")

    def asset(self, code: str, decimals: int) -> int:
        return self._numbered(code, AddAsset(code=code, decimals=decimals), "asset")

    def instrument(self, command: Any) -> int:
        return self._numbered(command.symbol, command, "instrument")

    def _numbered(self, name: str, command: Any, field: str) -> int:
        if (field, name) not in self._names:
            record = self.engine.submit(command)
            assert record.reason is None, record.reason
            self._names[field, name] = getattr(record.effects[0], field)
        return self._names[field, name]

    def past(self) -> Iterator[Record]:
        """The engine of this desk has no journal: what it was asked so far."""
        return iter(list(self.records))

    def shown_at(self, instrument: int) -> list[int]:
        return [venue for of, venue in self.shown if of == instrument]

    def show_at(self, instrument: int, venue: int, facts: VenueFacts | None = None) -> None:
        self.shown.append((instrument, venue))
        self.facts += [facts] if facts is not None else []

    def book(
        self, venue: int, instrument: int, bids: list[tuple[int, int]], asks: list[tuple[int, int]], at: int
    ) -> None:
        self.books.append((venue, instrument, list(bids), list(asks)))

    def trade(self, venue: int, instrument: int, price: int, quantity: int, taker_side: int, at: int) -> None:
        self.trades.append((venue, instrument, price, quantity, taker_side))

    def curve(self, instrument: int, expected: Callable[[int, int], int]) -> None:
        """The usual day."""
        self.curves[instrument] = expected

    def call(self, indication: CallIndication) -> None:
        self.calls.append(indication)

    def client(self) -> int:
        """An account with plenty of everything that is listed."""
        account = self.account(f"client-{len(self._names)}", 1)
        for asset in self.engine.assets():
            self.engine.submit(Deposit(account=account, asset=asset["asset"], amount=10**17))
        return account

    def order(self, **terms: int) -> int:
        """Place an order (a limit order until cancelled unless said otherwise); returns its number."""
        record = self.submit(PlaceOrder(**({"kind": 1, "tif": 1} | terms)))
        assert record is not None
        assert record.reason is None, record.reason
        return record.sequence

    def effects(self, name: str) -> list[Any]:
        """Every effect of this sort so far."""
        return [effect for record in self.records for effect in record.effects if type(effect).__name__ == name]
