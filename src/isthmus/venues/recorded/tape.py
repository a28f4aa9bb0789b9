"""A recorded depth and trade stream as a session to be played: in step, in the venue's own time, in whole units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.kernel.values import NS_PER_S
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
from isthmus.venues.formats.speakers import LINES_TO_TELL, reader_of, venue_of
from isthmus.venues.level_book import LevelBook, StreamSync

EVENTS_MAX = 20_000_000
"""Events held of one recording; some 100 bytes each."""

Level = tuple[int, int]

TEXTS_MAX = 1 << 20
"""Numbers of a recording that are remembered."""


class UnitsOf(dict[str, int]):
    """Whole units of decimal texts, each worked out once. What is finer is dust that nobody can take.

    Raises ValueError for a text that is no number.
    """

    def __init__(self, decimals: int) -> None:
        super().__init__()
        self.decimals = decimals
        self._step: int = 10 ** (PLACES - decimals)

    def __missing__(self, text: str) -> int:
        made = scaled(text) // self._step
        if len(self) < TEXTS_MAX:
            self[text] = made
        return made


class BookEvent(msgspec.Struct, frozen=True, gc=False):
    """Levels that change, as the venue wrote them: `Session.levels` makes units of them when they are played.
    `whole`: they are the whole book.
    """

    at: int
    bids: Sequence[TextLevel]
    asks: Sequence[TextLevel]
    whole: bool = False


class TradeEvent(msgspec.Struct, frozen=True, gc=False):
    """A trade between others."""

    at: int
    price: int
    quantity: int
    taker_side: int


Event = BookEvent | TradeEvent


class Session(msgspec.Struct, frozen=True):
    """A recording of one instrument. The first event is the whole book; times are ns UTC, never going back."""

    venue: str
    symbol: str
    prices: UnitsOf
    quantities: UnitsOf
    events: list[Event]
    left_out: int
    """Lines that were not understood."""

    def levels(self, side: Sequence[TextLevel]) -> list[Level]:
        """A side of a book in whole units."""
        prices, quantities = self.prices, self.quantities
        return [(prices[price], quantities[quantity]) for price, quantity in side]

    @property
    def price_decimals(self) -> int:
        """A price counts 10^-this."""
        return self.prices.decimals

    @property
    def quantity_decimals(self) -> int:
        """A quantity counts 10^-this."""
        return self.quantities.decimals

    @property
    def start(self) -> int:
        """When it begins."""
        return self.events[0].at

    @property
    def length_ns(self) -> int:
        """How long it lasts."""
        return self.events[-1].at - self.events[0].at

    @property
    def label(self) -> str:
        """ "recorded 2024-08-08": the UTC day of its first event."""
        return f"recorded {datetime.fromtimestamp(self.start // NS_PER_S, UTC):%Y-%m-%d}"


def venue_in(path: Path) -> str | None:
    """Which venue a file comes from; None when its content does not tell. Raises BadInput for what is no stream."""
    for line in read_lines(open_input(path)):
        if line.message is not None and (venue := venue_of(line)):
            return venue
        if line.number > LINES_TO_TELL:
            break
    return None


def load(path: Path, venue: str) -> Session:
    """Read one instrument's stream. Raises BadInput when it is malformed, holds several books, or none."""
    taken = _Reading(venue)
    for line in read_lines(open_input(path)):
        if line.message is not None:
            taken.read(line)
    return taken.session()


class _Reading:
    """Gathers the events that come once the book is in step, as text; `session` makes whole units of them."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._reader = reader_of(venue)
        self._sync = StreamSync()
        self._symbol: str | None = None
        self._events: list[tuple[int, Update | TapeTrade | Snapshot]] = []
        self._left_out = 0

    def read(self, line: RawLine) -> None:
        try:
            events = self._reader(line)
            if events is None:
                self._left_out += 1
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

    def session(self) -> Session:
        """The whole recording. Raises BadInput when there is no book in it."""
        if self._symbol is None or not any(isinstance(event, Update) for _, event in self._events):
            raise BadInput("events", "holds no book that can be put in step (no snapshot, or no updates after it)")
        first = self._events[0][1]
        if not isinstance(first, Snapshot) or not first.bids or not first.asks:
            raise BadInput("events", "the first book has an empty side")
        prices, quantities = (UnitsOf(decimals) for decimals in _decimals(event for _, event in self._events))
        made = [_played(at, event, prices, quantities) for at, event in self._events]
        return Session(self._venue, self._symbol, prices, quantities, _in_order(made), self._left_out)


def _in_order(events: list[Event]) -> list[Event]:
    """By the venue's time, trades before a book of the same moment: what they took is then seen to be gone once, not
    twice.

    Books keep their order whatever their times say.
    """
    latest = 0
    keyed: list[tuple[int, int, Event]] = []
    first = events[0]
    for event in events[1:]:
        if isinstance(event, BookEvent):
            latest = max(latest, event.at, first.at)
            keyed.append((latest, 1, event))
        elif event.at >= first.at:
            keyed.append((event.at, 0, event))
    keyed.sort(key=lambda row: row[:2])
    return [first, *(event if event.at == at else msgspec.structs.replace(event, at=at) for at, _, event in keyed)]


def _decimals(events: Iterable[Update | TapeTrade | Snapshot]) -> tuple[int, int]:
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


def _played(at: int, event: Update | TapeTrade | Snapshot, prices: UnitsOf, quantities: UnitsOf) -> Event:
    if not isinstance(event, TapeTrade):
        return BookEvent(at, event.bids, event.asks, isinstance(event, Snapshot))
    try:
        return TradeEvent(at, prices[event.price], quantities[event.size], event.taker_side)
    except ValueError as error:
        raise BadInput("events", str(error)) from error
