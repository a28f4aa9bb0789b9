"""Market trades and bars, from the house book's own trades and from what outside venues published."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

import msgspec

from isthmus.kernel.values import NS_PER_S

TRADES_MAX = 10_000
"""Market trades kept for each instrument."""
DAY_NS = 86_400 * NS_PER_S
INTERVALS_NS = {"1s": NS_PER_S, "1m": 60 * NS_PER_S, "1d": DAY_NS}
BARS_MAX = {"1s": 7_200, "1m": 10_080, "1d": 3_650}
"""Bars kept for each instrument: two hours, a week, ten years."""


class TradeRow(msgspec.Struct, frozen=True):
    """A trade that everybody sees. `venue` 0 is the house book."""

    id: str
    instrument: int
    venue: int
    price: int
    quantity: int
    taker_side: int
    time: int


class BarRow(msgspec.Struct):
    """Trades of one interval; `turnover` is the sum of price x quantity."""

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int
    turnover: int

    def add(self, price: int, quantity: int) -> None:
        """One more trade."""
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.volume += quantity
        self.trades += 1
        self.turnover += price * quantity


class Tape:
    """Everything bounded: the oldest trades and bars go first."""

    def __init__(self) -> None:
        self._trades: dict[int, deque[TradeRow]] = {}
        self._bars: dict[tuple[int, str], deque[BarRow]] = {}

    def add(self, trade: TradeRow) -> None:
        """A trade happened; times may repeat, a trade older than the newest bar counts in that bar."""
        self._trades.setdefault(trade.instrument, deque(maxlen=TRADES_MAX)).append(trade)
        for interval, length in INTERVALS_NS.items():
            bars = self._bars.get((trade.instrument, interval))
            if bars is None:
                bars = self._bars[(trade.instrument, interval)] = deque(maxlen=BARS_MAX[interval])
            start = trade.time - trade.time % length
            if bars and bars[-1].start >= start:
                bars[-1].add(trade.price, trade.quantity)
            else:
                bars.append(_first(start, trade))

    def trades_newest_first(self, instrument: int) -> Iterator[TradeRow]:
        """What is kept."""
        return reversed(self._trades.get(instrument, deque()))

    def last(self, instrument: int) -> TradeRow | None:
        """The newest trade."""
        trades = self._trades.get(instrument)
        return trades[-1] if trades else None

    def bars(self, instrument: int, interval: str, start: int, end: int, most: int) -> list[BarRow]:
        """The newest `most` bars with start <= bar start <= end, oldest first. Seconds without a trade have no bar."""
        kept = self._bars.get((instrument, interval), deque())
        wanted = (bar for bar in reversed(kept) if start <= bar.start <= end)
        return list(islice(wanted, most))[::-1]

    def last_bar(self, instrument: int, interval: str) -> BarRow | None:
        """The bar that is still growing."""
        bars = self._bars.get((instrument, interval))
        return bars[-1] if bars else None

    def price_before(self, instrument: int, at: int) -> int | None:
        """The last close of a minute that started before `at`; the first open kept if there is none."""
        bars = self._bars.get((instrument, "1m"))
        if not bars:
            return None
        before = next((bar.close for bar in reversed(bars) if bar.start < at), None)
        return bars[0].open if before is None else before


def _first(start: int, trade: TradeRow) -> BarRow:
    price = trade.price
    return BarRow(start, price, price, price, price, trade.quantity, 1, price * trade.quantity)
