"""When things happen: Poisson and self-exciting arrivals, and draws from a table of quantiles."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import exp, log
from random import Random

from isthmus.venues.simulated.measures import NANOSECONDS, QUANTILES

EXCITEMENT_PER_S = 1.0
"""How fast one aggressor's call for others dies away."""


class Table:
    """A distribution kept as its quantiles; between two of them the logarithm is uniform."""

    def __init__(self, values: Sequence[float]) -> None:
        assert len(values) == len(QUANTILES)
        self._logs = [log(max(value, 1.0)) for value in values]

    def draw(self, random: Random) -> float:
        """A value, at least 1."""
        share = random.random()
        place = min(bisect_right(QUANTILES, share), len(QUANTILES) - 1) - 1
        part = (share - QUANTILES[place]) / (QUANTILES[place + 1] - QUANTILES[place])
        return exp(self._logs[place] + part * (self._logs[place + 1] - self._logs[place]))

    def mean(self) -> float:
        """The expected value of `draw`."""
        total = 0.0
        for place, (low, high) in enumerate(zip(self._logs, self._logs[1:], strict=False)):
            width = high - low
            total += (QUANTILES[place + 1] - QUANTILES[place]) * (
                exp(low) if width < 1e-12 else (exp(high) - exp(low)) / width
            )
        return total


def wait_ns(random: Random, rate: float) -> int:
    """Time to the next of Poisson arrivals at `rate` a second."""
    return int(random.expovariate(rate) * NANOSECONDS)


class Hawkes:
    """Arrivals of which each raises the rate of those to come: intensity(t) = base + sum of n*b*exp(-b*(t - arrival)).

    A. G. Hawkes, Spectra of some self-exciting and mutually exciting point processes, Biometrika 58 (1971); drawn by
    Ogata's thinning (IEEE Trans. Inf. Theory 27, 1981). `rate` is the long-run mean, `branching` n in [0, 1).
    """

    def __init__(self, rate: float, branching: float) -> None:
        assert rate > 0
        assert 0 <= branching < 1
        self._base = rate * (1 - branching)
        self._kick = branching * EXCITEMENT_PER_S
        self._excited = rate - self._base

    def wait_ns(self, random: Random) -> int:
        """Time from the last arrival to the next; the next is taken as having happened."""
        waited = 0.0
        while True:
            ceiling = self._base + self._excited
            step = random.expovariate(ceiling)
            waited += step
            self._excited *= exp(-EXCITEMENT_PER_S * step)
            if random.random() * ceiling <= self._base + self._excited:
                self._excited += self._kick
                return int(waited * NANOSECONDS)


def branching_of(clustering: float, window_s: float) -> float:
    """The branching ratio at which counts in windows of `window_s` have this variance over mean.

    For the exponential kernel (Hawkes 1971): V/M = g + (1 - g)*(1 - exp(-k*T))/(k*T), g = 1/(1 - n)^2, k = b*(1 - n).
    """
    low, high = 0.0, 0.999
    for _ in range(60):
        middle = (low + high) / 2
        gain = 1 / (1 - middle) ** 2
        fade = EXCITEMENT_PER_S * (1 - middle) * window_s
        if gain + (1 - gain) * (1 - exp(-fade)) / fade < clustering:
            low = middle
        else:
            high = middle
    return low
