"""A recorded depth and trade stream of Binance: in step, in the venue's own time, its numbers kept as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import overload

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.venues.formats import binance
from isthmus.venues.formats.depth import (
    PLACES,
    RawLine,
    Snapshot,
    TapeTrade,
    TextLevel,
    Update,
    read_lines,
    scaled,
)
from isthmus.venues.formats.speakers import LINES_TO_TELL, VENUES, reader_of, venue_named, venue_of
from isthmus.venues.level_book import LevelBook, StreamSync
from isthmus.venues.recorded.events import EVENTS_MAX, BookEvent, Event, Events, Level, TradeEvent
from isthmus.venues.recorded.kinds import CRYPTO_SPOT, INVERSE, INVERSE_PERPETUAL, LINEAR_PERPETUAL
from isthmus.venues.recorded.session import Market, Part, costs_of
from isthmus.venues.recorded.settings import Terms

QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "DAI", "USD", "EUR", "GBP", "TRY", "BRL", "JPY", "BTC", "ETH", "BNB")
"""Quote assets that Binance's symbols end with, tried in this order."""
CONTRACT_USD, CONTRACT_USD_BTC = 10, 100
"""What a coin-margined contract is worth in dollars: 100 for bitcoin, 10 for every other coin (Binance, "Coin-margined
futures contract specifications").
"""
TEXTS_MAX = 1 << 20
"""Numbers of a recording that are remembered."""

Raw = Update | TapeTrade | Snapshot


class UnitsOf(dict[str, int]):
    """Whole units of decimal texts, each worked out once. What is finer is dust that nobody can take.

    Raises ValueError for a text that is no number.
    """

    def __init__(self, decimals: int, factor: int = 1) -> None:
        super().__init__()
        self._step: int = 10 ** (PLACES - decimals)
        self._factor = factor

    def __missing__(self, text: str) -> int:
        made = scaled(text) // self._step * self._factor
        if len(self) < TEXTS_MAX:
            self[text] = made
        return made


class Texts:
    """The events of a stream as the venue wrote them: units are made of levels when they are played."""

    def __init__(self, rows: list[tuple[int, Raw]], quantity_decimals: int) -> None:
        self.rows = rows
        self.quantity_decimals = quantity_decimals
        self.times: Sequence[int] = [at for at, _ in rows]

    def scaled(self, price_decimals: int, quantity_factor: int) -> Events:
        """Raises BadInput when a trade has no numbers."""
        return TextEvents(self, UnitsOf(price_decimals), UnitsOf(self.quantity_decimals, quantity_factor))


class TextEvents(Sequence[Event]):
    """Texts in the units of an instrument. Trades are made at once, so that what is no number is told at the start."""

    def __init__(self, texts: Texts, prices: UnitsOf, quantities: UnitsOf) -> None:
        self.times = texts.times
        self._prices = prices
        self._quantities = quantities
        try:
            self._rows = [(at, self._trade(at, raw)) for at, raw in texts.rows]
        except ValueError as error:
            raise BadInput("events", str(error)) from error

    def _trade(self, at: int, raw: Raw) -> TradeEvent | Update | Snapshot:
        if not isinstance(raw, TapeTrade):
            return raw
        return TradeEvent(at, self._prices[raw.price], self._quantities[raw.size], raw.taker_side)

    def _levels(self, side: Sequence[TextLevel]) -> list[Level]:
        prices, quantities = self._prices, self._quantities
        return [(prices[price], quantities[quantity]) for price, quantity in side]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        at, raw = self._rows[place]
        if isinstance(raw, TradeEvent):
            return raw
        return BookEvent(at, self._levels(raw.bids), self._levels(raw.asks), isinstance(raw, Snapshot))


def venue_in(path: Path) -> str | None:
    """Which venue a stream comes from, by its content, else by its name (binance_spot_btcusdt_20240808.gz). Raises
    BadInput for what is no stream.
    """
    for line in read_lines(open_input(path)):
        if line.message is not None and (venue := venue_of(line)):
            return venue
        if line.number > LINES_TO_TELL:
            break
    words = path.name.lower().replace("_", "-").replace(".", "-").split("-")
    return next((venue_named(venue) for venue in VENUES if all(part in words for part in venue.split("-"))), None)


def read_stream(path: Path, told: str | None, terms: Terms) -> Part:
    """One instrument's stream of the venue `told`. Raises BadInput when it cannot be played, is malformed, holds
    several books, or none.
    """
    if told is None:
        raise BadInput("venue", "neither content nor name tells the venue, or it is no depth stream")
    if told not in binance.VENUES:
        raise BadInput("venue", f"recordings of {told} are read by `replay depth` but not played")
    if terms.entry.begins or terms.entry.ends:
        raise BadInput("begins", "streams are played whole")
    taken = _Reading(told)
    for line in read_lines(open_input(path)):
        if line.message is not None:
            taken.read(line)
    return _part(path, told, taken, terms)


def _part(path: Path, told: str, taken: _Reading, terms: Terms) -> Part:
    entry, (symbol, rows) = terms.entry, taken.result()
    kind = entry.kind or _KIND_OF[told]
    inverse = kind == INVERSE_PERPETUAL
    base, quote = split_symbol(symbol.partition("_")[0], ("USD",) if inverse else QUOTES)
    named = f"{symbol}-PERP" if kind == LINEAR_PERPETUAL else symbol.replace("_", "-")
    price_decimals, quantity_decimals = _decimals(raw for _, raw in rows)
    venue = entry.venue or told
    contract = entry.multiplier or (CONTRACT_USD_BTC if base == "BTC" else CONTRACT_USD)
    return Part(
        files=[path.name],
        market=Market(kind, entry.instrument or named, entry.base or base, entry.quote or quote, venue),
        kept=Texts(rows, quantity_decimals),
        price_decimals=price_decimals,
        quantity_decimals=quantity_decimals,
        costs=costs_of(kind, terms.of_venue(venue)),
        left_out=taken.left_out,
        assumed=(f"a contract is worth {contract} {quote}",) if inverse else (),
        data_only=INVERSE if inverse else "",
        contract=contract if inverse else 0,
    )


_KIND_OF = {
    binance.SPOT: CRYPTO_SPOT,
    binance.USD_MARGINED: LINEAR_PERPETUAL,
    binance.COIN_MARGINED: INVERSE_PERPETUAL,
}


def split_symbol(symbol: str, quotes: Sequence[str] = QUOTES) -> tuple[str, str]:
    """Base and quote asset of a Binance symbol. Raises BadInput when its end is none of the quote assets."""
    for quote in quotes:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol.removesuffix(quote), quote
    raise BadInput("instrument", f"{symbol} ends with no quote asset known here")


class _Reading:
    """Gathers the events that come once the book is in step, as text."""

    def __init__(self, venue: str) -> None:
        self.left_out = 0
        self._reader = reader_of(venue)
        self._sync = StreamSync()
        self._symbol: str | None = None
        self._events: list[tuple[int, Raw]] = []

    def read(self, line: RawLine) -> None:
        try:
            events = self._reader(line)
            if events is None:
                self.left_out += 1
                return
            for event in events:
                self._take(event, line.at)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise BadInput("events", f"malformed message: {error}", line.number) from error
        if len(self._events) > EVENTS_MAX:
            raise BadInput("events", f"more than {EVENTS_MAX} events", line.number)

    def _take(self, event: Snapshot | Update | TapeTrade, received: int) -> None:
        if event.instrument is not None:
            if self._symbol not in (None, event.instrument):
                raise ValueError(f"holds several books ({self._symbol}, {event.instrument})")
            self._symbol = event.instrument
        if isinstance(event, Snapshot):
            self._start(event, received)
        elif isinstance(event, Update):
            if self._sync.take_update(event):
                self._events.append((event.at or received, event))
        elif self._sync.synced:
            self._events.append((event.at or received, event))

    def _start(self, snapshot: Snapshot, received: int) -> None:
        """The book as it is after the updates that waited for the snapshot; a stale snapshot changes nothing."""
        waiting = self._sync.take_snapshot(snapshot)
        if waiting is None:
            return
        book = LevelBook()
        book.change(snapshot.bids, snapshot.asks)
        for update in waiting:
            if self._sync.take_update(update):
                book.change(update.bids, update.asks)
        whole = Snapshot(snapshot.instrument, book.bids.top(len(book.bids)), book.asks.top(len(book.asks)))
        self._events.append((waiting[-1].at if waiting and waiting[-1].at else received, whole))

    def result(self) -> tuple[str, list[tuple[int, Raw]]]:
        """Symbol and events. Raises BadInput when there is no book in it."""
        if self._symbol is None or not any(isinstance(event, Update) for _, event in self._events):
            raise BadInput("events", "holds no book that can be put in step (no snapshot, or no updates after it)")
        first = self._events[0][1]
        if not isinstance(first, Snapshot) or not first.bids or not first.asks:
            raise BadInput("events", "the first book has an empty side")
        return self._symbol, _in_order(self._events)


def _in_order(events: list[tuple[int, Raw]]) -> list[tuple[int, Raw]]:
    """By the venue's time, trades before a book of the same moment: what they took is then seen to be gone once, not
    twice.

    Books keep their order whatever their times say.
    """
    start, opening = latest, _ = events[0]
    keyed: list[tuple[int, int, Raw]] = []
    for at, event in events[1:]:
        if not isinstance(event, TapeTrade):
            latest = max(latest, at)
            keyed.append((latest, 1, event))
        elif at >= start:
            keyed.append((at, 0, event))
    keyed.sort(key=lambda row: row[:2])
    return [(start, opening), *((at, event) for at, _, event in keyed)]


def _decimals(events: Iterable[Raw]) -> tuple[int, int]:
    """The decimals of the prices, and those of the quantities that trade (of the levels, where none does)."""
    prices: set[str] = set()
    shown: set[str] = set()
    traded: set[str] = set()
    for event in events:
        if isinstance(event, TapeTrade):
            prices.add(event.price)
            traded.add(event.size)
        else:
            for levels in (event.bids, event.asks):
                prices.update([level[0] for level in levels])
                if not traded:
                    shown.update([level[1] for level in levels])
    return max(map(_needed, prices)), max(map(_needed, traded or shown))


def _needed(text: str) -> int:
    return len(text.partition(".")[2].rstrip("0"))
