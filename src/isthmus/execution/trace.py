"""What the market did while an order was worked: middles and trades by time, bounded, for measuring afterwards."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from isthmus.kernel.values import NS_PER_S

MIDDLES_MAX = 1_000_000
TRADES_MAX = 1_000_000
HALF = MIDDLES_MAX // 2


class Trace:
    """One instrument. Times never go back; a middle at a time stands until the next. Arrays: 16 bytes a middle, 24 a
    trade; when one is full its older half goes.
    """

    def __init__(self) -> None:
        self._at = array("q")
        self._middle_x2 = array("q")
        self._spread = array("q")
        self._traded_at = array("q")
        self._turnover = array("d")
        self._volume = array("q")

    def see(self, at: int, bid: int, ask: int) -> None:
        """The best prices now; one side alone says nothing."""
        if not bid or not ask:
            return
        if self._middle_x2 and self._middle_x2[-1] == bid + ask and self._spread[-1] == ask - bid:
            return
        self._at.append(at)
        self._middle_x2.append(bid + ask)
        self._spread.append(ask - bid)
        if len(self._at) > MIDDLES_MAX:
            for column in (self._at, self._middle_x2, self._spread):
                del column[:HALF]

    def trade(self, at: int, price: int, quantity: int) -> None:
        """Somebody traded."""
        turnover = self._turnover[-1] if self._turnover else 0.0
        volume = self._volume[-1] if self._volume else 0
        self._traded_at.append(at)
        self._turnover.append(turnover + price * quantity)
        self._volume.append(volume + quantity)
        if len(self._traded_at) > TRADES_MAX:
            for column in (self._traded_at, self._turnover, self._volume):
                del column[:HALF]

    def middle(self, at: int) -> float | None:
        """The middle at a time: the last before it, or the first known."""
        if not self._at:
            return None
        return self._middle_x2[max(0, bisect_right(self._at, at) - 1)] / 2

    def half_spread(self, at: int) -> float | None:
        """Half of the spread at a time."""
        if not self._at:
            return None
        return self._spread[max(0, bisect_right(self._at, at) - 1)] / 2

    def volume(self, start: int, end: int) -> int:
        """Lots traded in start < t <= end."""
        first, last = self._between(start, end)
        return self._volume[last - 1] - (self._volume[first - 1] if first else 0) if last > first else 0

    def vwap(self, start: int, end: int) -> float | None:
        """Volume-weighted mean price of what traded in start < t <= end; None if nothing did."""
        first, last = self._between(start, end)
        if last <= first:
            return None
        volume = self.volume(start, end)
        turnover = self._turnover[last - 1] - (self._turnover[first - 1] if first else 0.0)
        return turnover / volume

    def twap(self, start: int, end: int) -> float | None:
        """Time-weighted mean of the middle, sampled each second."""
        if not self._at:
            return None
        samples = [self.middle(at) or 0.0 for at in range(start, max(start + 1, end), NS_PER_S)]
        return sum(samples) / len(samples)

    def path(self, start: int, end: int, most: int) -> list[tuple[int, float]]:
        """Middles of a stretch, thinned to `most` points, for pictures."""
        first, last = max(0, bisect_right(self._at, start) - 1), bisect_left(self._at, end)
        step = max(1, (last - first) // most)
        return [(self._at[row], self._middle_x2[row] / 2) for row in range(first, last, step)]

    def _between(self, start: int, end: int) -> tuple[int, int]:
        return bisect_right(self._traded_at, start), bisect_right(self._traded_at, end)
