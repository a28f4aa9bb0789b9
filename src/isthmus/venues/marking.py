"""Marks of an instrument by the books of the outside venues that show it."""

from __future__ import annotations

from typing import Any, Protocol

from isthmus.kernel.messages import Mark
from isthmus.kernel.values import NS_PER_S

MARK_NS = NS_PER_S
SETTLEMENT_NS = 60 * NS_PER_S


class Showing(Protocol):
    """A venue that shows an instrument."""

    instrument: int
    venue: int

    def middle(self) -> int | None:
        """The middle of the book, None while a side is empty."""


class Marks:
    """Says when an instrument is to be marked with the middle of its first venue that shows both sides: at most each
    `mark_ns`, a second where nothing is margined by it, if it changed; perpetuals settle each minute.
    """

    def __init__(self, settles: bool, at: int, mark_ns: int = MARK_NS) -> None:
        self._mark_ns = mark_ns if settles else MARK_NS
        self.venues: list[Showing] = []
        self._settles = settles
        self._mark_at = at
        self._settle_at = at + SETTLEMENT_NS
        self._marked = 0

    def due(self, at: int) -> Any:
        """The Mark to send now, or None."""
        if at < self._mark_at:
            return None
        self._mark_at = at + self._mark_ns
        middles = ((showing, price) for showing in self.venues if (price := showing.middle()) is not None)
        showing, price = next(middles, (None, 0))
        settlement = self._settles and at >= self._settle_at
        if showing is None or (price == self._marked and not settlement):
            return None
        if settlement:
            self._settle_at = at + SETTLEMENT_NS
        self._marked = price
        return Mark(instrument=showing.instrument, settlement=int(settlement), source=showing.venue, price=price)
