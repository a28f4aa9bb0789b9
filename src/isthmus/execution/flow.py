"""What an instrument's own history says: volume, takers' rates, volatility, and how two move together. Fed by trades
and middles, bounded, floats only as estimates.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import pairwise
from math import exp, sqrt

from isthmus.kernel.values import NS_PER_S

TRADES_MAX = 65_536
"""Trades whose volume is remembered; older ones count as one sum."""
MEMORY_S = 60.0
"""Half of what a rate or a volatility remembers is younger than about 40 seconds."""
SECONDS_MAX = 600
"""Middles of whole seconds that are remembered."""
CORRELATED_S = 300
"""A correlation is of so many seconds: less than is remembered, so that forgetting does not change it."""
SECONDS_LEAST = 30
"""Of fewer common changes nothing is said about a correlation."""
DEFAULT_BIN_NS = 300 * NS_PER_S
PPM = 1_000_000


class Volume:
    """Lots traded, by time."""

    def __init__(self) -> None:
        self._times: deque[int] = deque(maxlen=TRADES_MAX)
        self._sums: deque[int] = deque(maxlen=TRADES_MAX)
        self.total = 0

    def add(self, at: int, quantity: int) -> None:
        """A trade; times never go back."""
        self.total += quantity
        if self._times and self._times[-1] >= at:
            self._sums[-1] = self.total
            return
        self._times.append(at)
        self._sums.append(self.total)

    def since(self, at: int) -> int:
        """Lots after this time, as far back as is remembered."""
        place = bisect_right(self._times, at)
        if place == len(self._times):
            return 0
        before = (
            self._sums[place - 1] if place else self._sums[0] - (self._sums[0] if len(self._sums) < TRADES_MAX else 0)
        )
        return self.total - before


class Decaying:
    """A sum that forgets: what came a minute ago counts 1/e."""

    def __init__(self) -> None:
        self.sum = 0.0
        self._at = 0
        self._first = 0

    def add(self, at: int, amount: float) -> None:
        """So much came at this time."""
        self.sum = self._left(at) + amount
        self._at = max(self._at, at)
        self._first = self._first or at

    def rate(self, at: int) -> float:
        """A second, of late; what was seen for less than the memory counts for what was seen. Asking changes nothing,
        so that the answer does not depend on who asked before.
        """
        if not self._first:
            return 0.0
        seen = max(1.0, (at - self._first) / NS_PER_S)
        return self._left(at) / (MEMORY_S * (1.0 - exp(-seen / MEMORY_S)))

    def _left(self, at: int) -> float:
        """What is remembered of the sum at a time."""
        if at <= self._at or not self._at:
            return self.sum
        return self.sum * exp(-(at - self._at) / NS_PER_S / MEMORY_S)


class Volatility:
    """Standard deviation of the price over one second, from middles sampled once a second."""

    def __init__(self) -> None:
        self._squares = Decaying()
        self._middle_x2 = 0
        self._at = 0

    def see(self, at: int, middle_x2: int) -> None:
        """The middle now; more than one a second are left out."""
        if not self._at:
            self._at, self._middle_x2 = at, middle_x2
            return
        gap = at - self._at
        if gap < NS_PER_S:
            return
        change = (middle_x2 - self._middle_x2) / 2
        self._squares.add(at, change * change)
        self._at, self._middle_x2 = at, middle_x2

    def per_second(self, at: int) -> float:
        """Price steps."""
        return sqrt(self._squares.rate(at))


class Middles:
    """The last middle of each second in which one was seen, ten minutes of them at most."""

    def __init__(self) -> None:
        self._rows: deque[tuple[int, int]] = deque(maxlen=SECONDS_MAX)

    def see(self, at: int, middle_x2: int) -> None:
        """The middle now."""
        second = at // NS_PER_S
        if self._rows and self._rows[-1][0] >= second:
            self._rows[-1] = (self._rows[-1][0], middle_x2)
        else:
            self._rows.append((second, middle_x2))

    def span(self) -> tuple[int, int]:
        """The first and the last second; (0, -1) while nothing was seen."""
        return (self._rows[0][0], self._rows[-1][0]) if self._rows else (0, -1)

    def each_second(self, first: int, last: int) -> list[int]:
        """The middle at the end of every second of a span within the own one; what was seen last stands."""
        filled, rows = [], deque(self._rows)
        middle = rows[0][1]
        for second in range(first, last + 1):
            while rows and rows[0][0] <= second:
                middle = rows.popleft()[1]
            filled.append(middle)
        return filled


def correlation(one: Middles, other: Middles, second: int) -> float:
    """Of the one-second changes of two middles up to a second since 1970, -1 to 1; 0 while too little is known or one
    of them stood still.

    The realised correlation from previous-tick middles (Barndorff-Nielsen, Shephard 2004, Econometrica 72(3)), means
    taken as zero. Changes that follow each other by more than a second count too little (Epps 1979): it is understated.
    """
    first = max(second - CORRELATED_S, one.span()[0], other.span()[0])
    last = min(second, one.span()[1], other.span()[1])
    if last - first < SECONDS_LEAST:
        return 0.0
    ours, theirs = _changes(one.each_second(first, last)), _changes(other.each_second(first, last))
    squares = sum(change * change for change in ours) * sum(change * change for change in theirs)
    return sum(a * b for a, b in zip(ours, theirs, strict=True)) / sqrt(squares) if squares else 0.0


def _changes(middles: list[int]) -> list[int]:
    return [after - before for before, after in pairwise(middles)]
