"""Figures of a market that a tape and a simulation are measured by in the same way, and those of a simulation.

Quotes are (time, bid, ask) at each change, aggressors (time, lots: positive bought), both in time order; prices in
price steps, times in ns.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from isthmus.kernel.messages import BUY, SELL
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.reacting.marketplace import Marketplace
from isthmus.venues.reacting.terms import Terms
from isthmus.venues.simulated.measures import Quote, Tape, measure

IMPACT_S = 60
CALM_S = 120
"""What the spread comes back to is what it is so long after a trade."""
SAMPLE_NS = 250_000_000


Aggressors = Sequence[tuple[int, float]]


def impact(quotes: Sequence[Quote], aggressors: Aggressors, window_s: int = IMPACT_S) -> float:
    """Price steps a lot: slope through zero of the middle's change over net lots bought, window by window.

    A. S. Kyle, Continuous auctions and insider trading, Econometrica 53 (1985): his lambda, by least squares.
    """
    start, step = quotes[0][0], window_s * NS_PER_S
    windows = (quotes[-1][0] - start) // step
    flow = [0.0] * windows
    for at, lots in aggressors:
        if 0 <= (place := (at - start) // step) < windows:
            flow[place] += lots
    times = [at for at, _, _ in quotes]
    middles = [_middle(quotes, times, start + place * step) for place in range(windows + 1)]
    changes = [after - before for before, after in pairwise(middles)]
    return sum(x * y for x, y in zip(flow, changes, strict=True)) / sum(x * x for x in flow)


def spread_half_life(quotes: Sequence[Quote], aggressors: Aggressors) -> float:
    """Seconds until the spread has lost half of what trades that widened it added, against what it is CALM_S later.

    In the manner of J. Large, Measuring the resiliency of an electronic limit order book, Journal of Financial Markets
    10 (2007): averaged over all such trades, others in between included.
    """
    times = [at for at, _, _ in quotes]
    widened = []
    for at, _ in aggressors:
        before, after = bisect_left(times, at) - 1, bisect_right(times, at) - 1
        if before >= 0 and _width(quotes[after]) > _width(quotes[before]):
            widened.append(at)

    def mean_width(later_s: float) -> float:
        later = int(later_s * NS_PER_S)
        return sum(_width(quotes[bisect_right(times, at + later) - 1]) for at in widened) / len(widened)

    base, first = mean_width(CALM_S), mean_width(0)
    tenths = 0
    while mean_width(tenths / 10) - base > (first - base) / 2:
        tenths += 1
    return tenths / 10


def half_hours(aggressors: Aggressors, start: int, end: int, parts: int = 13) -> list[float]:
    """Volume of each part of [start, end), 1 on average."""
    found = [0.0] * parts
    for at, lots in aggressors:
        if start <= at < end:
            found[(at - start) * parts // (end - start)] += abs(lots)
    total = sum(found)
    return [parts * lots / total for lots in found]


def simulated(terms: Terms, hours: float, seed: int) -> dict[str, float]:
    """The figures of a simulation without orders of ours: spread, depth at the best, volatility, volume, impact."""
    market = Marketplace(terms, seed, 0)
    end, touch = int(hours * 3_600 * NS_PER_S), 0.0
    quotes: list[Quote] = []
    samples = 0
    first = market.lit[terms.lit[0].name]
    for at in range(SAMPLE_NS, end + 1, SAMPLE_NS):
        market.advance(at)
        sides = [
            [best for venue in market.lit.values() if (best := venue.best(side, at)) is not None]
            for side in (BUY, SELL)
        ]
        quote = (at, max(price for price, _ in sides[0]), min(price for price, _ in sides[1]))
        if not quotes or quotes[-1][1:] != quote[1:]:
            quotes.append(quote)
        for side in (BUY, SELL):
            best = first.best(side, at)
            touch += best[1] if best is not None else 0
            samples += 1
    calls = market.call.terms.name if market.call is not None else ""
    rows = [row for row in market.truth.prints(0, end) if row.venue != calls]
    takers = [(row.at, float(row.lots if row.taker_side == BUY else -row.lots)) for row in rows]
    merged = _by_time(takers)
    figures = measure(Tape(quotes[0][0], end, quotes, [(at, abs(lots)) for at, lots in merged]))
    return {
        "spread_ticks_mean": figures.spread_ticks_mean,
        "touch_lots_mean": touch / samples,
        "volatility_1s_bps": figures.volatility_1s_bps,
        "volatility_60s_bps": figures.volatility_60s_bps,
        "takers_per_s": figures.aggressors_per_s,
        "volume_per_minute": sum(abs(lots) for _, lots in merged) / hours / 60,
        "impact_ticks_per_lot": impact(quotes, merged),
    }


def _by_time(takers: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Prints of the same instant come from one taker."""
    merged: list[tuple[int, float]] = []
    for at, lots in takers:
        if merged and merged[-1][0] == at:
            merged[-1] = (at, merged[-1][1] + lots)
        else:
            merged.append((at, lots))
    return merged


def _width(quote: Quote) -> int:
    return quote[2] - quote[1]


def _middle(quotes: Sequence[Quote], times: Sequence[int], at: int) -> float:
    _, bid, ask = quotes[max(0, bisect_right(times, at) - 1)]
    return (bid + ask) / 2
