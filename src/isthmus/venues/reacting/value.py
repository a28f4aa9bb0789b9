"""The fair value: news at random, and what order flow leaves behind for good."""

from __future__ import annotations

from math import exp, sqrt
from random import Random

from isthmus.kernel.values import NS_PER_S
from isthmus.venues.simulated.fair import Walk

UNREST = 0.3
"""Stationary standard deviation of the logarithm of volatility; assumed."""
UNREST_S = 600.0
"""Time in which it returns to 1/e of its departure; assumed."""
FADE_S = 6 * 3600.0
"""Time in which what others' flow left shrinks to 1/e, so that a market left running stays near its prices."""


class FairValue:
    """price = news + others + ours, in price steps.

    `news` is a walk with volatility sigma x e^(z - UNREST^2), z an Ornstein-Uhlenbeck process: the variance is
    sigma^2 on average. `ours` is the permanent impact of the orders that were sent here and never fades: what they
    bought in lots x gamma, and what dark pools leaked.
    """

    def __init__(self, prices: tuple[float, float], volatility: float, at: int, random: Random) -> None:
        """`prices`: what it returns to over hours, and where it starts; `volatility` of the logarithm in a second."""
        self._walk = Walk(prices[0], prices[1], 1.0, at)
        self._volatility = volatility
        self._random = random
        self._at = at
        self._flow_at = at
        self._unrest = random.gauss(0, UNREST)
        self.others = 0.0
        self.ours = 0.0

    @property
    def price(self) -> float:
        """The value now, in price steps."""
        return self._walk.price + self.others + self.ours

    @property
    def restlessness(self) -> float:
        """Volatility now over the usual one; its square is 1 on average."""
        return exp(self._unrest - UNREST * UNREST)

    def news(self, at: int) -> None:
        """Bring news and unrest to the time `at`."""
        kept = exp(-(at - self._at) / NS_PER_S / UNREST_S)
        self._unrest = kept * self._unrest + self._random.gauss(0, UNREST * sqrt(1 - kept * kept))
        self._walk.volatility = self._volatility * self.restlessness
        self._walk.move(at, self._random)
        self._at = at

    def push(self, steps: float, at: int) -> None:
        """What others' flow leaves behind."""
        self.others = self.others * exp(-(at - self._flow_at) / NS_PER_S / FADE_S) + steps
        self._flow_at = at

    def push_ours(self, steps: float) -> None:
        """What our own flow leaves behind."""
        self.ours += steps
