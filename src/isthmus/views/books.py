"""Books as people see them: the house book from the engine, outside venues as markets published them, and both
merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isthmus.engine.engine import Engine
from isthmus.refdata.directory import Directory

BOOK_LEVELS_MAX = 50
"""Levels a side that are kept and shown."""

Level = tuple[int, int, int | None]
"""Price, quantity, orders (None where the venue does not tell)."""
Sides = tuple[list[Level], list[Level]]

EMPTY: Sides = ([], [])


class Books:
    """Answers at any time with what stands now."""

    def __init__(self, engine: Engine, directory: Directory) -> None:
        self._engine = engine
        self._directory = directory
        self._outside: dict[tuple[int, int], Sides] = {}
        self._published = 0

    @property
    def version(self) -> tuple[int, int]:
        """Stays the same while no book can have changed."""
        return self._engine.sequence, self._published

    def publish(
        self, venue: int, instrument: int, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]]
    ) -> None:
        """The venue's whole book now."""
        self._published += 1
        self._outside[(instrument, venue)] = (_levels(bids), _levels(asks))

    def at(self, instrument: int, venue: int, depth: int) -> Sides:
        """One venue's book; 0 is the house book."""
        if venue == 0:
            bids, asks = self._engine.depth(instrument, depth)
            return list(bids), list(asks)
        bids_outside, asks_outside = self._outside.get((instrument, venue), EMPTY)
        return bids_outside[:depth], asks_outside[:depth]

    def merged(self, instrument: int, depth: int) -> Sides:
        """All venues by price, best first."""
        books = [self.at(instrument, 0, depth)]
        books += [self.at(instrument, venue, depth) for venue in self._directory.venues_of(instrument)]
        if len(books) == 1:
            return books[0]
        bids = _merge((book[0] for book in books), descending=True)
        return bids[:depth], _merge((book[1] for book in books), descending=False)[:depth]

    def best(self, instrument: int) -> tuple[Level | None, Level | None]:
        """The best bid and ask over all venues."""
        bids, asks = self.merged(instrument, 1)
        return (bids[0] if bids else None), (asks[0] if asks else None)


def _levels(rows: Sequence[tuple[int, int]]) -> list[Level]:
    return [(price, quantity, None) for price, quantity in rows[:BOOK_LEVELS_MAX]]


def _merge(sides: Iterable[list[Level]], descending: bool) -> list[Level]:
    total: dict[int, Level] = {}
    for side in sides:
        for price, quantity, orders in side:
            _, before, counted = total.get(price, (price, 0, 0))
            both = None if orders is None or counted is None else orders + counted
            total[price] = (price, before + quantity, both)
    return sorted(total.values(), key=lambda level: level[0], reverse=descending)
