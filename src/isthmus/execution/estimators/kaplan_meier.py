"""How much a dark pool holds, learnt from what it gave: censored tails and the greedy split.

Source: Ganchev, Kearns, Nevmyvaka, Wortman Vaughan, "Censored exploration and the dark pool problem", CACM 53(5) 2010
(UAI 2009). A pool that was asked for v units and gave r < v had r; one that gave all v had v or more (censored).

Departures. Units are whole shares of a parent (64 or so) and not single lots. The paper calls the tail up to s known
after 128 (s V / eps)^2 ln(2 V / delta) observations of s - 1 (`paper_needs`), which a proof needs and no trading day
gives; a number of observations stands in its place. Beyond the last observed size the estimator says nothing: the tail
there is 0, and units that no tail tells apart go where least was put.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from heapq import heapify, heapreplace

Observation = tuple[int, int]
"""Units asked of a pool, units that it gave."""


def at_risk(observed: Iterable[Observation], sizes: int) -> tuple[list[int], list[int]]:
    """For every s below `sizes`: D_s, how often exactly s units were there (r = s < v), and N_s, how often at least s
    were and more were asked for (r >= s, v > s).
    """
    exact, reached = [0] * sizes, [0] * sizes
    for asked, given in observed:
        for size in range(min(given + 1, asked, sizes)):
            reached[size] += 1
        if given < asked and given < sizes:
            exact[given] += 1
    return exact, reached


def kaplan_meier(exact: Sequence[int], reached: Sequence[int]) -> list[float]:
    """Tail T(s), the chance that a pool holds s units or more, for s from 0: T(s) = prod over s' < s of 1 - D/N."""
    tail = [1.0]
    for dead, risk in zip(exact, reached, strict=True):
        tail.append(tail[-1] * (1 - dead / risk) if risk else 0.0)
    return tail


def known_up_to(reached: Sequence[int], needed: int) -> int:
    """The cut-off c: the largest s with s = 0 or N_(s-1) >= needed."""
    known = 0
    while known < len(reached) and reached[known] >= needed:
        known += 1
    return known


def optimistic_tail(observed: Iterable[Observation], sizes: int, needed: int) -> list[float]:
    """T(0..sizes), with T(c + 1) raised to T(c): the first unexplored size is thought as good as the last known one, so
    that somebody tries it (OptimisticKM).
    """
    exact, reached = at_risk(observed, sizes)
    tail = kaplan_meier(exact, reached)
    known = known_up_to(reached, max(1, needed))
    if known + 1 < len(tail):
        tail[known + 1] = tail[known]
    return tail


def paper_needs(size: int, volume: int, epsilon: float, delta: float) -> float:
    """Observations of size - 1 after which the paper calls the tail at `size` known: 128 (s V / eps)^2 ln(2 V /
    delta).
    """
    return 128 * (size * volume / epsilon) ** 2 * math.log(2 * volume / delta)


def greedy_split(volume: int, tails: Sequence[Sequence[float]]) -> list[int]:
    """Units to each pool: one after the other to the pool with the greatest T_i(v_i + 1), which maximises the expected
    fill (the tails do not rise). Of equal pools the one with fewer units, then the earlier.
    """
    split = [0] * len(tails)
    if not tails:
        return split
    queue = [(-_at(tail, 1), 0, pool) for pool, tail in enumerate(tails)]
    heapify(queue)
    for _ in range(volume):
        _, units, pool = queue[0]
        split[pool] = units + 1
        heapreplace(queue, (-_at(tails[pool], units + 2), units + 1, pool))
    return split


def _at(tail: Sequence[float], size: int) -> float:
    return tail[size] if size < len(tail) else 0.0
