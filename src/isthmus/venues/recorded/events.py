"""What happens at a recorded venue, in the units of its instrument, and how much of it is kept in little room."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from math import gcd
from typing import Protocol, overload

import msgspec

from isthmus.kernel.messages import BUY, SELL

EVENTS_MAX = 20_000_000
"""Events held of one recording."""
ROWS_MAX = 60_000_000
"""Levels and trades held of one recording, 17 bytes each."""
PRICE_DECIMALS = 9
"""Prices of `Rows` count 10^-9."""
TICK_ODDS = 1_000_000
"""A common step of the prices beyond a power of ten is the tick if chance makes it less than once in so many times."""

Level = tuple[int, int]
"""Price and quantity."""


class BookEvent(msgspec.Struct, frozen=True, gc=False):
    """Levels that change; quantity 0 takes one away. `whole`: they are all that is shown."""

    at: int
    bids: Sequence[Level]
    asks: Sequence[Level]
    whole: bool = False


class TradeEvent(msgspec.Struct, frozen=True, gc=False):
    """A trade between others. `on_book` false: it took no displayed size at that moment (hidden, off exchange, auction,
    reported late). `reporter` is the letter of the exchange that reported it, where the recording says so.
    """

    at: int
    price: int
    quantity: int
    taker_side: int
    on_book: bool = True
    reporter: str = ""


Event = BookEvent | TradeEvent


class Events(Protocol):
    """Events of a recording in time order, made when they are asked for."""

    @property
    def times(self) -> Sequence[int]:
        """When each happens, ns UTC, never going back."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> Event: ...

    def __iter__(self) -> Iterator[Event]: ...


_BID, _ASK, _BOUGHT, _SOLD = range(4)
_WHOLE, _OFF_BOOK = 1, 2


class Rows:
    """Events in columns: prices in 10^-9, quantities in the recording's own unit. Append in time order."""

    def __init__(self) -> None:
        self.times = array("q")
        self._ends = array("Q")
        self._marks = bytearray()
        self._reporters = bytearray()
        self._codes = bytearray()
        self._prices = array("q")
        self._quantities = array("q")
        self._quoted: set[int] = set()
        self._traded: set[int] = set()

    def __len__(self) -> int:
        return len(self.times)

    def book(self, at: int, bids: Sequence[Level], asks: Sequence[Level], whole: bool) -> None:
        """Append a change of levels. Raises ValueError beyond the limits."""
        for code, levels in ((_BID, bids), (_ASK, asks)):
            for price, quantity in levels:
                self._row(code, price, quantity)
                self._quoted.add(price)
        self._end(at, _WHOLE if whole else 0, 0)

    def trade(self, event: TradeEvent) -> None:
        """Append a trade, its price in 10^-9. Raises ValueError beyond the limits."""
        self._row(_BOUGHT if event.taker_side == BUY else _SOLD, event.price, event.quantity)
        self._traded.add(event.price)
        self._end(event.at, 0 if event.on_book else _OFF_BOOK, ord(event.reporter[:1] or "\0") & 0x7F)

    def _row(self, code: int, price: int, quantity: int) -> None:
        self._codes.append(code)
        self._prices.append(price)
        self._quantities.append(quantity)

    def _end(self, at: int, marks: int, reporter: int) -> None:
        if len(self.times) >= EVENTS_MAX or len(self._codes) > ROWS_MAX:
            raise ValueError(f"more than {EVENTS_MAX} events or {ROWS_MAX} levels")
        self.times.append(max(at, self.times[-1]) if self.times else at)
        self._ends.append(len(self._codes))
        self._marks.append(marks)
        self._reporters.append(reporter)

    @property
    def price_decimals(self) -> int:
        """The fewest decimals that tell every price."""
        step = gcd(*self._quoted, *self._traded)
        return next((n for n in range(PRICE_DECIMALS) if step % 10 ** (PRICE_DECIMALS - n) == 0), PRICE_DECIMALS)

    @property
    def ticks(self) -> int:
        """The step of the quoted prices in 10^-price_decimals: their common divisor if there are enough of them to
        tell (n prices are multiples of k by chance once in k^(n-1) times), else the power of ten in it.
        """
        step: int = gcd(*self._quoted) // 10 ** (PRICE_DECIMALS - self.price_decimals)
        ten: int = next((10**n for n in range(PRICE_DECIMALS, 0, -1) if step % 10**n == 0), 1)
        certain = (step // ten) ** max(0, len(self._quoted) - 1) >= TICK_ODDS
        return step if certain else ten

    def scaled(self, price_decimals: int, quantity_factor: int) -> Events:
        """The events with prices in 10^-price_decimals, quantities times the factor."""
        return ScaledRows(self, 10 ** (PRICE_DECIMALS - price_decimals), quantity_factor)

    def event(self, place: int, step: int, factor: int) -> Event:
        """One event, its prices divided by `step`, its quantities times `factor`."""
        start, end = self._ends[place - 1] if place else 0, self._ends[place]
        at, marks, prices, quantities = self.times[place], self._marks[place], self._prices, self._quantities
        if end > start and self._codes[start] >= _BOUGHT:
            side = BUY if self._codes[start] == _BOUGHT else SELL
            price, quantity = prices[start] // step, quantities[start] * factor
            reporter = chr(self._reporters[place]) if self._reporters[place] else ""
            return TradeEvent(at, price, quantity, side, not marks & _OFF_BOOK, reporter)
        sides: tuple[list[Level], list[Level]] = [], []
        for row in range(start, end):
            sides[self._codes[row]].append((prices[row] // step, quantities[row] * factor))
        return BookEvent(at, sides[0], sides[1], bool(marks & _WHOLE))


class ScaledRows(Sequence[Event]):
    """Rows in the units of an instrument."""

    def __init__(self, rows: Rows, step: int, factor: int) -> None:
        self.times: Sequence[int] = rows.times
        self._rows = rows
        self._step = step
        self._factor = factor

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._rows.event(place % len(self), self._step, self._factor)


class Chain(Sequence[Event]):
    """Several recordings of one market, one after the other."""

    def __init__(self, parts: Sequence[Events]) -> None:
        self.times: Sequence[int] = array("q", (at for part in parts for at in part.times))
        self._parts = parts

    def __len__(self) -> int:
        return len(self.times)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        left = place + len(self) if place < 0 else place
        for part in self._parts:
            if 0 <= left < len(part):
                return part[left]
            left -= len(part)
        raise IndexError(place)


def taker_side(price: int, bid: int, ask: int, before: int) -> int:
    """Who took, where a recording does not say: at the ask or nearer to it than to the bid the buyer, and the other way
    round; in the middle, by the last price `before` that differed (Lee and Ready, Journal of Finance 1991, quote rule
    and then tick rule). Price 0: not known.
    """
    if bid and ask and 2 * price != bid + ask:
        return BUY if 2 * price > bid + ask else SELL
    return SELL if price < before else BUY
