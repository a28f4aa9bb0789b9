"""Transaction-cost analysis: what a parent cost, against which prices, where, and what its path costs on average.

Costs are basis points of the benchmark price, positive when the order paid more (or got less) than the benchmark: side
x (price - benchmark) / benchmark x 10^4. Definitions: implementation shortfall Perold 1988, J. Portfolio Management
14(3); Kissell and Glantz 2003, *Optimal Trading Strategies*, ch. 1; effective spread and price improvement as in SEC
Rule 605; reversion as the part of the move that is gone a minute after the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from statistics import fmean, stdev

import msgspec

from isthmus.execution.policy import Child, Fill, Parent, Work
from isthmus.execution.trace import Trace
from isthmus.kernel.values import NS_PER_S

BPS = 10_000.0
REVERSION_NS = 60 * NS_PER_S
RESAMPLES = 2_000
CONFIDENCE = 0.95


class VenuePart(msgspec.Struct, frozen=True):
    """What one venue gave."""

    venue: int
    children: int
    quantity: int
    fills: int
    maker_share: float
    cost_bps: float | None


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """One parent. Prices in price steps, None where there is no benchmark; `fee_bps` of what was traded.

    `shortfall_bps` counts what was not filled at the middle of the end (opportunity cost); `leakage_bps` is the move of
    the middle against the order between its arrival and its end.
    """

    parent: int
    path: str
    instrument: int
    side: int
    quantity: int
    filled: int
    started_at: int
    ended_at: int
    arrival: float | None
    average: float | None
    vwap: float | None
    twap: float | None
    arrival_bps: float | None
    vwap_bps: float | None
    twap_bps: float | None
    shortfall_bps: float | None
    spread_capture: float | None
    reversion_bps: float | None
    leakage_bps: float | None
    fee_bps: float | None
    participation: float | None
    children: int
    venues: list[VenuePart]

    @property
    def fill_rate(self) -> float:
        """Share of the quantity that was filled."""
        return self.filled / self.quantity


def analyse(path: str, work: Work, ended_at: int, trace: Trace, fees_ppm: float = 0.0) -> Analysis:
    """The analysis of a parent that has ended. `fees_ppm`: fees paid over the turnover, in millionths."""
    parent = work.parent
    fills = sorted((fill for child in work.children for fill in child.fills), key=lambda fill: fill.at)
    average = work.turnover / work.filled if work.filled else None
    arrival = parent.arrival_x2 / 2 if parent.arrival_x2 else trace.middle(parent.arrived_at)
    end = trace.middle(ended_at)
    vwap = trace.vwap(parent.arrived_at, ended_at)
    twap = trace.twap(parent.arrived_at, ended_at)
    volume = trace.volume(parent.arrived_at, ended_at)
    later = trace.middle(ended_at + REVERSION_NS)
    return Analysis(
        parent=parent.number,
        path=path,
        instrument=parent.instrument,
        side=parent.side,
        quantity=parent.quantity,
        filled=work.filled,
        started_at=parent.arrived_at,
        ended_at=ended_at,
        arrival=arrival,
        average=average,
        vwap=vwap,
        twap=twap,
        arrival_bps=cost_bps(parent.sign, average, arrival),
        vwap_bps=cost_bps(parent.sign, average, vwap),
        twap_bps=cost_bps(parent.sign, average, twap),
        shortfall_bps=_shortfall(parent, work, arrival, end),
        spread_capture=_capture(parent.sign, fills, trace),
        reversion_bps=cost_bps(-parent.sign, later, end),
        leakage_bps=cost_bps(parent.sign, end, arrival),
        fee_bps=fees_ppm / 100 if work.filled else None,
        participation=work.filled / volume if volume else None,
        children=work.placed,
        venues=_by_venue(parent, work.children, arrival),
    )


def cost_bps(sign: int, price: float | None, benchmark: float | None) -> float | None:
    """Of a price against a benchmark; positive is dearer for the side."""
    if price is None or not benchmark:
        return None
    return sign * (price - benchmark) / benchmark * BPS


def _shortfall(parent: Parent, work: Work, arrival: float | None, end: float | None) -> float | None:
    if not arrival or end is None:
        return None
    paid = work.turnover - work.filled * arrival + work.left * (end - arrival)
    return parent.sign * paid / (parent.quantity * arrival) * BPS


def _capture(sign: int, fills: Sequence[Fill], trace: Trace) -> float | None:
    """1: every fill earned half the spread, -1: every fill paid it; weighted by quantity."""
    parts = []
    for fill in fills:
        middle, half = trace.middle(fill.at - 1), trace.half_spread(fill.at - 1)
        if middle is not None and half:
            parts.append((sign * (middle - fill.price) / half, fill.quantity))
    quantity = sum(part[1] for part in parts)
    return sum(value * weight for value, weight in parts) / quantity if quantity else None


def _by_venue(parent: Parent, children: Iterable[Child], arrival: float | None) -> list[VenuePart]:
    parts = []
    rows: dict[int, list[Child]] = {}
    for child in children:
        rows.setdefault(child.venue, []).append(child)
    for venue, own in sorted(rows.items()):
        fills = [fill for child in own for fill in child.fills]
        quantity = sum(fill.quantity for fill in fills)
        turnover = sum(fill.price * fill.quantity for fill in fills)
        makers = sum(fill.quantity for fill in fills if fill.maker)
        average = turnover / quantity if quantity else None
        share = makers / quantity if quantity else 0.0
        parts.append(VenuePart(venue, len(own), quantity, len(fills), share, cost_bps(parent.sign, average, arrival)))
    return parts


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A path on one kind of market, over parents. The interval is of the mean arrival cost; `risk_bps` is the standard
    deviation of that cost over parents, `tracking_bps` the mean distance from VWAP, whichever way.
    """

    path: str
    parents: int
    market: str
    cost_bps: float | None
    ci_low: float | None
    ci_high: float | None
    vwap_bps: float | None
    shortfall_bps: float | None
    fill_rate: float
    leakage_bps: float | None
    spread_capture: float | None
    seconds: float
    risk_bps: float | None
    tracking_bps: float | None


def summarise(path: str, market: str, analyses: Sequence[Analysis]) -> Summary:
    """Means over parents, each parent the same weight, and the interval of the mean by resampling with a fixed seed."""
    costs = [row.arrival_bps for row in analyses if row.arrival_bps is not None]
    low, high = interval(costs)
    return Summary(
        path=path,
        parents=len(analyses),
        market=market,
        cost_bps=mean(costs),
        ci_low=low,
        ci_high=high,
        vwap_bps=mean(row.vwap_bps for row in analyses),
        shortfall_bps=mean(row.shortfall_bps for row in analyses),
        fill_rate=fmean(row.fill_rate for row in analyses) if analyses else 0.0,
        leakage_bps=mean(row.leakage_bps for row in analyses),
        spread_capture=mean(row.spread_capture for row in analyses),
        seconds=fmean((row.ended_at - row.started_at) / NS_PER_S for row in analyses) if analyses else 0.0,
        risk_bps=deviation(costs),
        tracking_bps=mean(abs(row.vwap_bps) for row in analyses if row.vwap_bps is not None),
    )


def mean(values: Iterable[float | None]) -> float | None:
    """Of those that are known; None when none is."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The 95 % interval of the mean by the percentile bootstrap (Efron 1979); None for fewer than two values."""
    if len(values) < 2:
        return None, None
    chance = Random(len(values))  # noqa: S311 (a fixed seed: the same figures for the same parents)
    means = sorted(fmean(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    tail = int((1 - CONFIDENCE) / 2 * RESAMPLES)
    return means[tail], means[-tail - 1]


def deviation(values: Sequence[float]) -> float | None:
    """The standard deviation of a sample; None for fewer than two values."""
    return stdev(values) if len(values) > 1 else None
