"""What an experimenter may ask afterwards: the fair value's path, what our orders did to it, and what was traded.

For cost analysis and tests only. No path and no participant sees any of it: whoever decides by it measures nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import msgspec

KEEP = 1_000_000
"""Rows kept at least of each kind; twice as many at most."""


class Print(msgspec.Struct, frozen=True, gc=False):
    """A trade. `taker_side`: of whoever took. `ours`: one side was an order of ours."""

    at: int
    venue: str
    price: int
    lots: int
    taker_side: int
    ours: bool


class Truth:
    """Rows in time order. Times in ns, prices in price steps, quantities in lots."""

    def __init__(self, keep: int = KEEP) -> None:
        assert keep > 0
        self._keep = keep
        self._times: list[int] = []
        self._fair: list[float] = []
        self._ours: list[float] = []
        self._prints: list[Print] = []
        self._print_times: list[int] = []

    def value(self, at: int, fair: float, ours: float) -> None:
        """The fair value changed; `ours` is the part of it that our orders moved it by."""
        self._times.append(at)
        self._fair.append(fair)
        self._ours.append(ours)
        if len(self._times) >= 2 * self._keep:
            for column in (self._times, self._fair, self._ours):
                del column[: self._keep]

    def trade(self, row: Print) -> None:
        """Somebody traded."""
        self._prints.append(row)
        self._print_times.append(row.at)
        if len(self._prints) >= 2 * self._keep:
            del self._prints[: self._keep]
            del self._print_times[: self._keep]

    def fair(self, at: int) -> float | None:
        """The fair value at a time; None before the first."""
        place = bisect_right(self._times, at) - 1
        return self._fair[place] if place >= 0 else None

    def impact(self, at: int) -> float:
        """Price steps by which our orders had moved the fair value for good."""
        place = bisect_right(self._times, at) - 1
        return self._ours[place] if place >= 0 else 0.0

    def untouched(self, at: int) -> float | None:
        """The fair value as it would be without our orders' permanent impact."""
        fair = self.fair(at)
        return None if fair is None else fair - self.impact(at)

    def path(self, start: int, end: int) -> list[tuple[int, float]]:
        """(time, fair value) at each change in [start, end)."""
        first, last = bisect_left(self._times, start), bisect_left(self._times, end)
        return list(zip(self._times[first:last], self._fair[first:last], strict=True))

    def prints(self, start: int, end: int) -> list[Print]:
        """Trades in [start, end), ours included."""
        first, last = bisect_left(self._print_times, start), bisect_left(self._print_times, end)
        return self._prints[first:last]

    def volume(self, start: int, end: int, ours: bool = True) -> int:
        """Lots traded in [start, end) at all venues; without ours if so asked."""
        return sum(row.lots for row in self.prints(start, end) if ours or not row.ours)

    def vwap(self, start: int, end: int, ours: bool = True) -> float | None:
        """Volume-weighted average price of the market in [start, end); None when nothing traded."""
        rows = [row for row in self.prints(start, end) if ours or not row.ours]
        lots = sum(row.lots for row in rows)
        return sum(row.price * row.lots for row in rows) / lots if lots else None
