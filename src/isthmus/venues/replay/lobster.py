"""LOBSTER messages through the engine: does it publish the exchange's best quotes, would it have hit the same makers?

With a book file, row 1 is the start: its levels enter as anonymous volume. After each later message the engine's best
bid and ask are compared with that message's row first; only then the published window is followed: a level absent
from the row is forgotten with its orders (the file does not mention them again), a level that shows more is topped up
with anonymous volume, one that shows less becomes anonymous. Without a book file every message is applied to an empty
book.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY, SELL
from isthmus.venues.formats.lobster import (
    DELETION,
    PARTIAL_CANCEL,
    PRICE_DECIMALS,
    SUBMISSION,
    VISIBLE_EXECUTION,
    BookRow,
    Level,
    Message,
)
from isthmus.venues.replay.tape_book import Resting, Tape, TapeBook

SYMBOL = "RECORDED"


class Counts(msgspec.Struct):
    """What a replay found. Figures about quotes are None without a book file."""

    messages: int = 0
    best_quote_rows: int | None = None
    best_quote_equal: int | None = None
    adopted_at_best: int | None = None
    visible_executions: int = 0
    maker_known: int = 0
    maker_equal: int = 0
    set_apart: int = 0
    unmatched: int = 0
    """Cancels and executions of which the book held neither the order nor anonymous volume at their price."""


class LobsterReplay:
    """The book of one day. `apply` a message, then `compare` and `follow` its row."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._book = TapeBook(Tape(PRICE_DECIMALS), SYMBOL)
        self._orders: dict[int, Resting] = {}

    def apply(self, message: Message) -> None:
        """Change the book as the message says. Hidden executions, cross trades and halts change nothing."""
        self.counts.messages += 1
        kind = message.kind
        if kind == SUBMISSION:
            self._submit(message)
        elif kind == DELETION or kind == PARTIAL_CANCEL:
            self._cancel(message)
        elif kind == VISIBLE_EXECUTION:
            self._execute(message)

    def _submit(self, message: Message) -> None:
        if message.order in self._orders:
            self._forget(self._orders[message.order])
        self._orders[message.order] = self._book.add(message.order, message.side, message.price, message.size)

    def _cancel(self, message: Message) -> None:
        resting = self._orders.get(message.order)
        if resting is None:
            self._reduce_anonymous(message)
        elif message.kind == DELETION:
            self._forget(resting)
        else:
            self._reduce(resting, message.size)

    def _execute(self, message: Message) -> None:
        self.counts.visible_executions += 1
        resting = self._orders.get(message.order)
        if resting is None:
            self._reduce_anonymous(message)
            return
        known = all(other.name is not None for other in self._book.queue(resting.side, resting.price))
        self.counts.maker_known += known
        if not self._book.would_hit(resting):
            self._reduce(resting, message.size)
            return
        hit = self._book.take(resting, message.size)
        self.counts.maker_equal += known and hit > 0
        if not resting.remaining:
            self._drop(resting)

    def _reduce(self, resting: Resting, quantity: int) -> None:
        self._book.reduce(resting, quantity)
        if not resting.remaining:
            self._drop(resting)

    def _forget(self, resting: Resting) -> None:
        self._book.remove(resting)
        self._drop(resting)

    def _drop(self, resting: Resting) -> None:
        if resting.name is not None:
            del self._orders[resting.name]

    def _reduce_anonymous(self, message: Message) -> None:
        """An order that was never announced goes or shrinks: it is part of the level's anonymous volume."""
        left = message.size
        for resting in self._book.queue(message.side, message.price):
            if resting.name is None and left:
                taken = min(left, resting.remaining)
                self._reduce(resting, taken)
                left -= taken
        self.counts.unmatched += left > 0

    def start(self, row: BookRow) -> None:
        """Enter the levels of the first row as anonymous volume."""
        self.counts.best_quote_rows = self.counts.best_quote_equal = self.counts.adopted_at_best = 0
        for side, levels in ((SELL, row.asks), (BUY, row.bids)):
            for price, size in levels:
                self._book.add(None, side, price, size)

    def compare(self, row: BookRow) -> None:
        """Count whether the engine's best bid and ask, price and size, are those of the row."""
        counts = self.counts
        assert counts.best_quote_rows is not None and counts.best_quote_equal is not None
        counts.best_quote_rows += 1
        bid, ask = (row.bids or _NO_LEVEL)[0], (row.asks or _NO_LEVEL)[0]
        counts.best_quote_equal += self._book.quote() == (*bid, *ask)

    def follow(self, row: BookRow) -> None:
        """Make the book what the row shows, counting what is adopted at the best price."""
        bids, asks = self._book.depth(row.levels + 1)
        if [level[:2] for level in asks] != row.asks:
            self._follow_side(SELL, asks, row.asks)
        if [level[:2] for level in bids] != row.bids:
            self._follow_side(BUY, bids, row.bids)

    def _follow_side(self, side: int, levels: list[tuple[int, int, int]], published: list[Level]) -> None:
        shown = dict(published)
        held = {price: quantity for price, quantity, _ in levels}
        for price in held:
            if price not in shown:
                self._forget_level(side, price)
        for place, (price, size) in enumerate(published):
            if size == held.get(price, 0):
                continue
            if size < held.get(price, 0):
                self._forget_level(side, price)
                self._book.add(None, side, price, size)
            else:
                self._book.add(None, side, price, size - held.get(price, 0))
            if place == 0:
                assert self.counts.adopted_at_best is not None
                self.counts.adopted_at_best += 1

    def _forget_level(self, side: int, price: int) -> None:
        for resting in self._book.queue(side, price):
            self._forget(resting)

    def finish(self) -> Counts:
        """The counts, complete."""
        self.counts.set_apart = self._book.set_apart
        return self.counts


_NO_LEVEL: list[Level] = [(0, 0)]


def replay_lobster(
    messages: Iterable[tuple[int, Message]], rows: Iterator[tuple[int, BookRow]] | None = None
) -> Iterator[Counts]:
    """Replay a day; yields the counts after every message, the last of which are the result."""
    replay = LobsterReplay()
    for line, message in messages:
        row = _row_of(rows, line) if rows is not None else None
        if row is not None and replay.counts.messages == 0:
            replay.counts.messages = 1
            replay.counts.visible_executions += message.kind == VISIBLE_EXECUTION
            replay.start(row)
            yield replay.counts
            continue
        try:
            replay.apply(message)
            if row is not None:
                replay.compare(row)
                replay.follow(row)
        except BadInput as refusal:
            raise BadInput(refusal.field, refusal.reason, line) from refusal
        yield replay.counts
    yield replay.finish()


def _row_of(rows: Iterator[tuple[int, BookRow]], line: int) -> BookRow:
    found = next(rows, None)
    if found is None:
        raise BadInput("orderbook", "has fewer rows than there are messages", line)
    return found[1]
