"""One side of a lit book: depth of others by price level, what of it is consumed, and how it comes back.

A. Obizhaeva, J. Wang, Optimal trading strategy and supply/demand dynamics, Journal of Financial Markets 16 (2013), in
price levels: behind the best price stand q lots a price step. Of them the first E lots, counted from the best price,
are consumed; E grows with each trade and fades as E(t) = E(0) e^(-rho t), so the best price is displaced by E / q and
comes back at rho. The depth that stands is the depth that was planned less the first E lots of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp

from isthmus.kernel.messages import BUY
from isthmus.kernel.values import NS_PER_S


class Side:
    """Others' levels. `sign`: 1 for asks (prices rise behind the best), -1 for bids."""

    __slots__ = ("_at", "_best", "_block", "_consumed", "_gap", "_levels", "_lot", "_rate", "_touch", "sign")

    def __init__(self, side: int, steps: tuple[int, int], levels: int, resilience: float, at: int) -> None:
        """`steps`: price steps between levels, and the venue's lot."""
        self.sign = -1 if side == BUY else 1
        self._gap, self._lot = steps
        self._levels = levels
        self._rate = resilience / NS_PER_S
        self._consumed = 0.0
        self._at = at
        self._best = 0
        self._touch = 0
        self._block = 0

    def quote(self, best: int, touch: float, block: float) -> None:
        """Makers plan these from now on: the best price with `touch` lots, `block` lots at each level behind it."""
        self._best = best
        self._touch, self._block = (max(1, round(lots / self._lot)) * self._lot for lots in (touch, block))

    def consumed(self, at: int) -> float:
        """Lots, counted from the best planned price, that are gone at `at`."""
        if at > self._at:
            self._consumed *= exp(-self._rate * (at - self._at))
            if self._consumed < 1:
                self._consumed = 0.0
            self._at = at
        return self._consumed

    def consume(self, lots: int, at: int) -> None:
        """A trade took the first lots that stood."""
        self._consumed = self.consumed(at) + lots

    def levels(self, at: int) -> Iterator[tuple[int, int]]:
        """(price, lots) that stand, best first."""
        gone = int(self.consumed(at)) // self._lot * self._lot
        if gone < self._touch:
            yield self._best, self._touch - gone
            place, gone = 0, 0
        elif self._block:
            place, gone = divmod(gone - self._touch, self._block)
        else:
            return
        gap, block = self._gap, self._block
        price = self._behind() + self.sign * gap * place
        for _ in range(place, self._levels if block else 0):
            if price <= 0:
                return
            yield price, block - gone
            gone = 0
            price += self.sign * gap

    def best(self, at: int) -> tuple[int, int] | None:
        """The first level that stands."""
        return next(self.levels(at), None)

    def lots_at(self, price: int, at: int) -> int:
        """What stands at a price."""
        for level, lots in self.levels(at):
            if level == price:
                return lots
            if (level - price) * self.sign > 0:
                break
        return 0

    def _behind(self) -> int:
        """The first level behind the best: prices behind are multiples of the gap, so that queues there last."""
        steps = self._best // self._gap if self.sign > 0 else -(-self._best // self._gap)
        return (steps + self.sign) * self._gap
