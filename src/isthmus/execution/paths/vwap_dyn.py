"""15 VWAP_DYN: slices by a volume forecast that is made again as the day goes.

Source: J. Bialkowski, S. Darolles, G. Le Fol, "Improving VWAP strategies: a dynamic volume approach", Journal of
Banking and Finance 32(9), 2008: volume is a usual part, the historical curve, and a part special to the day that
follows an ARMA(1,1). At the beginning of each slice the special part is read off the slices that are over, all slices
to come are forecast, and the present one does its share of what is left: left x forecast of this slice / forecast of
all to come.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.paths.schedules import (
    Due,
    Slicing,
    Span,
    before_schedule,
    filled_since,
    slice_at,
    span_of,
    work_slice,
)
from isthmus.execution.policy import Decision, Market, Path, Work
from isthmus.execution.schedules.curves import share_next, volumes_ahead


class VwapDynParameters(Slicing, frozen=True, kw_only=True):
    """`phi`, `theta`: of the ARMA(1,1) that the special part of a slice's volume follows."""

    phi: Annotated[float, msgspec.Meta(ge=0.0, le=0.999)] = 0.7
    theta: Annotated[float, msgspec.Meta(ge=-0.999, le=0.999)] = -0.3


def decide(work: Work, market: Market, parameters: VwapDynParameters, now: int) -> Decision:
    """The present slice's share of what is left, by the forecast as it stood when the slice began."""
    span = span_of(work.parent, parameters)
    stopped = before_schedule(work, market, span.end, now)
    if stopped is not None:
        return stopped
    piece = slice_at(span, now)
    left = work.left + filled_since(work, piece.start)
    share = share_next(forecast(market, span, piece.number, parameters))
    lots = left if piece.last else round(left * share)
    why = (
        f"Slice {piece.number + 1} of {span.slices}: {share:.2%} of the volume still expected, so of {left} lots left."
    )
    return work_slice(work, market, parameters, Due(piece, lots, why), now)


def forecast(market: Market, span: Span, number: int, parameters: VwapDynParameters) -> list[float]:
    """Lots expected in the slice of this number and in each later one. Without a historical curve all are alike."""
    edges = [span.edge(place) for place in range(span.slices + 1)]
    usual = [float(market.volume(start, end)) for start, end in zip(edges, edges[1:], strict=False)]
    if not any(usual):
        return [1.0] * (span.slices - number)
    since = [market.traded(edge) for edge in edges[: number + 1]]
    seen = [float(before - after) for before, after in zip(since, since[1:], strict=False)]
    return volumes_ahead(usual, seen, parameters.phi, parameters.theta)


VWAP_DYN = Path(
    number=15,
    name="VWAP_DYN",
    title="Volume-weighted: slices by a forecast made again as the day goes",
    source="Bialkowski, Darolles, Le Fol (2008), Journal of Banking and Finance 32(9)",
    parameters=VwapDynParameters,
    decide=decide,
    measured_on="tape",
)
