"""19 OW_RESIL: a block, a trickle at the speed at which the book comes back, a block.

Sources: A. Obizhaeva, J. Wang, "Optimal trading strategy and supply/demand dynamics", Journal of Financial Markets
16(1), 2013; the closed form for N + 1 trades at even times is of A. Alfonsi, A. Fruth, A. Schied, Quantitative Finance
10(2), 2010: with a = exp(-rho T / N) the first and the last trade X / ((N - 1)(1 - a) + 2), each between (1 - a) times
that. The model trades by market orders, so every part is taken when its time comes; the last `lead_ms` before the end,
so that what it does not find can be asked for again.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Annotated

import msgspec

from isthmus.execution.paths.schedules import (
    LEAST_SLICE,
    MS,
    SECOND,
    Span,
    before_schedule,
    cross,
    end_of,
)
from isthmus.execution.policy import Decision, Market, Parent, Path, Work
from isthmus.execution.schedules.obizhaeva_wang import trades


class OwResilParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`duration_s`: the time of a parent that has none; `intervals`: N; `resilience`: rho a second (0: the market's
    estimate; where that is 0 too the book is taken to come back once in the parent's time); `lead_ms`: the last trade
    comes so long before the end.
    """

    duration_s: Annotated[int, msgspec.Meta(ge=1, le=604_800)] = 900
    intervals: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 10
    resilience: Annotated[float, msgspec.Meta(ge=0.0, le=1e6)] = 0.0
    lead_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 2_000


def decide(work: Work, market: Market, parameters: OwResilParameters, now: int) -> Decision:
    """Takes what the trades whose time has come should have done together, less what is done and out."""
    end = end_of(work.parent, parameters.duration_s)
    stopped = before_schedule(work, market, end, now)
    if stopped is not None:
        return stopped
    span = grid(work.parent, parameters, end)
    come = min(span.slices, max(0, (now - span.start) * span.slices // max(1, span.end - span.start)))
    if come < span.slices and span.edge(come + 1) <= now:
        come += 1
    lots = due(work.parent.quantity, market, parameters, span, come) - work.filled - work.working
    following = span.edge(come + 1) if come < span.slices else end
    what = "a block" if come in (0, span.slices) else "what the book has regained"
    why = f"Trade {come + 1} of {span.slices + 1}: {what}."
    return cross(work, market, lots, following, (now, why))


def grid(parent: Parent, parameters: OwResilParameters, end: int) -> Span:
    """The intervals between the trades; no more of them than lots, and none too short."""
    last = max(parent.arrived_at + 1, end - parameters.lead_ms * MS)
    room = max(1, (last - parent.arrived_at) // LEAST_SLICE)
    return Span(parent.arrived_at, last, max(1, min(parameters.intervals, parent.quantity, room)))


def due(quantity: int, market: Market, parameters: OwResilParameters, span: Span, come: int) -> int:
    """Lots of the trades 0 to `come` together."""
    if come >= span.slices:
        return quantity
    horizon = (span.end - span.start) / SECOND
    resilience = parameters.resilience or market.impact()[2] or 1.0 / horizon
    return round(list(accumulate(trades(quantity, resilience, horizon, span.slices)))[come])


OW_RESIL = Path(
    number=19,
    name="OW_RESIL",
    title="Block, trickle, block against a book that comes back",
    source="Obizhaeva, Wang (2013), Journal of Financial Markets 16(1); Alfonsi, Fruth, Schied (2010)",
    parameters=OwResilParameters,
    decide=decide,
    measured_on="simulator",
)
