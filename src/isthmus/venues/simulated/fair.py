"""The value that the participants believe in: a random walk held near its anchor, or a basis over another value."""

from __future__ import annotations

from math import exp, log, sqrt
from random import Random
from typing import Protocol

from isthmus.venues.simulated.measures import NANOSECONDS

REVERSION_S = 6 * 3600.0
"""Time in which a departure from the anchor shrinks to 1/e: a broker left running for weeks stays near its prices."""


class Fair(Protocol):
    """A value in the instrument's price units."""

    price: float

    def move(self, at: int, random: Random) -> None:
        """Bring the value to the time `at` (ns)."""


class Walk:
    """Moves at the times it is asked to; over a time t its logarithm varies by volatility x sqrt(t)."""

    def __init__(self, anchor: float, price: float, volatility: float, at: int) -> None:
        self.price = price
        self._anchor = anchor
        self.volatility = volatility
        self._at = at

    def move(self, at: int, random: Random) -> None:
        """An Ornstein-Uhlenbeck step of the logarithm: exact for any length of time."""
        elapsed_s = (at - self._at) / NANOSECONDS
        kept = exp(-elapsed_s / REVERSION_S)
        spread = self.volatility * sqrt(REVERSION_S / 2 * (1 - kept * kept))
        self.price = self._anchor * exp(kept * log(self.price / self._anchor) + random.gauss(0, spread))
        self._at = at


class Basis:
    """A value tied to another: `scale` x the other x (1 + basis); the basis returns to its mean."""

    def __init__(self, of: Fair, scale: float, mean_bps: float, deviation_bps: float, left_after_1s: float) -> None:
        self._of = of
        self._scale = scale
        self._mean = mean_bps
        self._deviation = deviation_bps
        self._left = left_after_1s
        self._basis = mean_bps
        self._at: int | None = None
        self.price = self._value()

    def move(self, at: int, random: Random) -> None:
        """The other value as it is now, and a step of the basis."""
        elapsed_s = (at - self._at) / NANOSECONDS if self._at is not None else 0.0
        kept = self._left**elapsed_s
        self._basis = self._mean + kept * (self._basis - self._mean)
        self._basis += random.gauss(0, self._deviation * sqrt(1 - kept * kept))
        self._at = at
        self.price = self._value()

    def _value(self) -> float:
        return self._of.price * self._scale * (1 + self._basis / 10_000)
