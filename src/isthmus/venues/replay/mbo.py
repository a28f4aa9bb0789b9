"""Market by order through the engine: does it keep the vendor's ten-level book, are the makers the oldest orders?

An expected A, C or M row is compared with the book after the event of the same (sequence, action, order_id), a T row
with the book after the last event of that sequence, R with the empty book: price, size and count of every level. T
and F change nothing, the C that follows does.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.venues.formats.mbo import (
    ADD,
    CANCEL,
    CLEAR,
    FILL,
    MODIFY,
    PRICE_DECIMALS,
    TRADE,
    Event,
    ExpectedRow,
)
from isthmus.venues.replay.tape_book import Resting, Tape, TapeBook

Key = tuple[str, str, int, str, int | None]


class Counts(msgspec.Struct):
    """What a replay found. Figures about rows are None without expected ones."""

    events: int = 0
    expected_rows: int | None = None
    rows_equal: int | None = None
    trades: int = 0
    maker_known: int = 0
    maker_equal: int = 0
    set_apart: int = 0
    unmatched: int = 0
    """Cancels, modifications and fills of orders that the book does not hold."""


class Expectation:
    """The vendor's rows, each waiting for its event. Rows of the same key are met in their order."""

    def __init__(self, rows: Iterable[tuple[int, ExpectedRow]]) -> None:
        self._waiting: dict[Key, deque[ExpectedRow]] = defaultdict(deque)
        self._with_orders = True
        self._with_days = True
        self.rows = 0
        self.equal = 0
        for _, row in rows:
            self.rows += 1
            self._with_orders = row.order is not None
            self._with_days = row.day != ""
            order = row.order if row.action not in (TRADE, CLEAR) else None
            self._waiting[(row.source, row.day, row.sequence, row.action, order)].append(row)

    def after_event(self, event: Event, book: TapeBook) -> None:
        """Compare the row of this event, if there is one, with the book as it is now."""
        if event.action not in (TRADE, FILL):
            order = event.order if self._with_orders and event.action != CLEAR else None
            self._compare(self._key(event, event.action, order), book, every=False)

    def after_sequence(self, last: Event, book: TapeBook) -> None:
        """Compare the trade rows of a sequence whose last event this was."""
        self._compare(self._key(last, TRADE, None), book, every=True)

    def _key(self, event: Event, action: str, order: int | None) -> Key:
        return event.source, event.day if self._with_days else "", event.sequence, action, order

    def _compare(self, key: Key, book: TapeBook, every: bool) -> None:
        waiting = self._waiting.get(key)
        while waiting:
            row = waiting.popleft()
            self.equal += book.depth(row.levels) == row.book
            if not every:
                return


class MboReplay:
    """The books of a recording, one for each instrument and publisher."""

    def __init__(self, expected: Expectation | None) -> None:
        self.counts = Counts()
        self._tape = Tape(PRICE_DECIMALS)
        self._expected = expected
        self._books: dict[str, TapeBook] = {}
        self._orders: dict[tuple[str, int], Resting] = {}
        self._last: dict[str, Event] = {}

    def apply(self, event: Event) -> None:
        """Change the book as the event says and compare what is due."""
        self.counts.events += 1
        book = self._books.get(event.source) or self._open(event.source)
        last = self._last.get(event.source)
        if self._expected is not None and last is not None and _ends(last, event):
            self._expected.after_sequence(last, book)
        self._last[event.source] = event
        self._change(event, book)
        if self._expected is not None:
            self._expected.after_event(event, book)

    def _open(self, source: str) -> TapeBook:
        book = TapeBook(self._tape, f"TAPE-{len(self._books) + 1}")
        self._books[source] = book
        return book

    def _change(self, event: Event, book: TapeBook) -> None:
        if event.action == ADD:
            self._add(event, book)
        elif event.action == CANCEL:
            self._cancel(event, book)
        elif event.action == MODIFY:
            self._modify(event, book)
        elif event.action == FILL:
            self._fill(event, book)
        elif event.action == CLEAR:
            book.clear()
            self._orders = {key: resting for key, resting in self._orders.items() if key[0] != event.source}
        else:
            self.counts.trades += event.action == TRADE

    def _add(self, event: Event, book: TapeBook) -> None:
        key = event.source, event.order
        if key in self._orders:
            book.remove(self._orders[key])
        self._orders[key] = book.add(event.order, event.side, event.price, event.size)

    def _cancel(self, event: Event, book: TapeBook) -> None:
        resting = self._orders.get((event.source, event.order))
        if resting is None:
            self.counts.unmatched += 1
            return
        book.reduce(resting, event.size)
        if not resting.remaining:
            del self._orders[(event.source, event.order)]

    def _modify(self, event: Event, book: TapeBook) -> None:
        """A smaller size at the same price keeps the place; anything else goes to the end of the line."""
        key = event.source, event.order
        resting = self._orders.get(key)
        if resting is None:
            self.counts.unmatched += 1
        elif event.price == resting.price and event.side == resting.side and 0 < event.size <= resting.remaining:
            if event.size < resting.remaining:
                book.reduce(resting, resting.remaining - event.size)
            return
        else:
            book.remove(resting)
            del self._orders[key]
        if event.size > 0:
            self._orders[key] = book.add(event.order, event.side, event.price, event.size)

    def _fill(self, event: Event, book: TapeBook) -> None:
        resting = self._orders.get((event.source, event.order))
        if resting is None:
            self.counts.unmatched += 1
            return
        self.counts.maker_known += 1
        self.counts.maker_equal += book.queue(resting.side, resting.price)[0] is resting

    def finish(self) -> Counts:
        """The counts, complete."""
        if self._expected is not None:
            for source, last in self._last.items():
                self._expected.after_sequence(last, self._books[source])
            self.counts.expected_rows = self._expected.rows
            self.counts.rows_equal = self._expected.equal
        self.counts.set_apart = sum(book.set_apart for book in self._books.values())
        return self.counts


def _ends(last: Event, event: Event) -> bool:
    return (last.sequence, last.day) != (event.sequence, event.day)


def replay_mbo(
    events: Iterable[tuple[int, Event]], expected: Iterable[tuple[int, ExpectedRow]] | None = None
) -> Iterator[Counts]:
    """Replay a recording; yields the counts after every event, the last of which are the result."""
    replay = MboReplay(Expectation(expected) if expected is not None else None)
    for line, event in events:
        try:
            replay.apply(event)
        except BadInput as refusal:
            raise BadInput(refusal.field, refusal.reason, line) from refusal
        yield replay.counts
    yield replay.finish()
