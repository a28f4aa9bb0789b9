"""What is measured on a market, recorded or simulated, by the same arithmetic.

A tape is two columns: quotes (time in ns, best bid, best ask; in ticks, only when they change) and aggressors (time in
ns, quantity; one entry an incoming order that traded, however many resting orders it met).
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import log, sqrt

import msgspec

NANOSECONDS = 1_000_000_000
QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 1.0)
"""The shares at which the facts keep a distribution."""

Quote = tuple[int, int, int]
Aggressor = tuple[int, float]


class Tape(msgspec.Struct, frozen=True):
    """A stretch of one market: from `start_ns` to `end_ns`, quotes and aggressors in the order of their times."""

    start_ns: int
    end_ns: int
    quotes: Sequence[Quote]
    aggressors: Sequence[Aggressor]

    @property
    def span_s(self) -> float:
        """Length of the stretch in seconds."""
        return (self.end_ns - self.start_ns) / NANOSECONDS


class Measures(msgspec.Struct, frozen=True):
    """The figures of a tape; prices in ticks, quantities in the tape's unit, returns in basis points."""

    span_s: float
    aggressors_per_s: float
    clustering_10s: float
    size_mean: float
    size_median: float
    spread_ticks_mean: float
    spread_ticks_median: float
    moves_per_s: float
    volatility_1s_bps: float
    volatility_60s_bps: float


def measure(tape: Tape) -> Measures:
    """The figures of a tape of at least two minutes."""
    assert tape.span_s >= 120, "the one-minute volatility needs more than one return"
    sizes = sorted(size for _, size in tape.aggressors)
    spreads = spread(tape)
    return Measures(
        span_s=tape.span_s,
        aggressors_per_s=len(sizes) / tape.span_s,
        clustering_10s=clustering(tape, 10) if sizes else 0.0,
        size_mean=sum(sizes) / len(sizes) if sizes else 0.0,
        size_median=quantile(sizes, 0.5) if sizes else 0.0,
        spread_ticks_mean=sum(ticks * share for ticks, share in spreads),
        spread_ticks_median=weighted_quantile(spreads, 0.5),
        moves_per_s=moves(tape) / tape.span_s,
        volatility_1s_bps=volatility_bps(tape, 1),
        volatility_60s_bps=volatility_bps(tape, 60),
    )


def quantile(ascending: Sequence[float], share: float) -> float:
    """The value under which `share` of the sorted values lie, interpolated."""
    place = share * (len(ascending) - 1)
    low = int(place)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (place - low) * (ascending[high] - ascending[low])


def quantiles(values: Sequence[float]) -> list[float]:
    """The values at QUANTILES."""
    ascending = sorted(values)
    return [quantile(ascending, share) for share in QUANTILES]


def spread(tape: Tape) -> list[tuple[int, float]]:
    """The values of ask - bid in ticks, ascending, each with the share of the time that it stood."""
    held: dict[int, int] = {}
    for (at, bid, ask), until in zip(tape.quotes, _ends(tape), strict=True):
        held[ask - bid] = held.get(ask - bid, 0) + until - at
    total = sum(held.values())
    return [(ticks, held[ticks] / total) for ticks in sorted(held)]


def weighted_quantile(ascending: Sequence[tuple[int, float]], share: float) -> float:
    """The smallest value at or under which at least `share` of the weight lies."""
    seen = 0.0
    for value, weight in ascending:
        seen += weight
        if seen >= share:
            return float(value)
    return float(ascending[-1][0])


def moves(tape: Tape) -> int:
    """How often the middle of the best quotes changed."""
    middles = [bid + ask for _, bid, ask in tape.quotes]
    return sum(1 for before, after in pairwise(middles) if before != after)


def volatility_bps(tape: Tape, interval_s: int) -> float:
    """Root mean square of the middle's log returns over `interval_s`, sampled at multiples of it, in basis points."""
    times = [at for at, _, _ in tape.quotes]
    step = interval_s * NANOSECONDS
    middles = []
    for at in range(max(tape.start_ns, times[0]), tape.end_ns + 1, step):
        _, bid, ask = tape.quotes[bisect_right(times, at) - 1]
        middles.append((bid + ask) / 2)
    returns = [log(after / before) for before, after in pairwise(middles)]
    return 10_000 * sqrt(sum(change * change for change in returns) / len(returns))


def clustering(tape: Tape, window_s: int) -> float:
    """Variance over mean of the number of aggressors in windows: 1 for Poisson arrivals, more when they cluster."""
    windows = int(tape.span_s // window_s)
    counts = [0] * windows
    for at, _ in tape.aggressors:
        place = (at - tape.start_ns) // (window_s * NANOSECONDS)
        if place < windows:
            counts[place] += 1
    mean = sum(counts) / windows
    return sum((count - mean) ** 2 for count in counts) / (windows - 1) / mean


def _ends(tape: Tape) -> list[int]:
    """Until when each quote stood."""
    return [at for at, _, _ in tape.quotes[1:]] + [tape.end_ns]
