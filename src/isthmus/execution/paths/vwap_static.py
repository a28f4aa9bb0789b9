"""14 VWAP_STATIC: slices by the historical volume curve of the day.

Source: H. Konishi, "Optimal slice of a VWAP trade", Journal of Financial Markets 5(2), 2002: among schedules fixed in
advance the slippage to VWAP varies least when the share done by each time is the expected share of the market's volume
(`isthmus.execution.schedules.curves.konishi`, which also has the form for a volatility that moves with volume). The
curve is the market's (`volume`); where it knows none, slices are equal.
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
from isthmus.execution.policy import PPM, Decision, Market, Path, Work


class VwapStaticParameters(Slicing, frozen=True, kw_only=True):
    """`catch_up_ppm`: the most that a slice does, as a share of what the curve gives it."""

    catch_up_ppm: Annotated[int, msgspec.Meta(ge=PPM, le=1_000 * PPM)] = 2 * PPM


def decide(work: Work, market: Market, parameters: VwapStaticParameters, now: int) -> Decision:
    """What the curve gives the present slice, and what earlier ones left undone, up to the limit of catching up."""
    span = span_of(work.parent, parameters)
    stopped = before_schedule(work, market, span.end, now)
    if stopped is not None:
        return stopped
    piece, quantity = slice_at(span, now), work.parent.quantity
    begun, done = (curve_at(market, span, quantity, number) for number in (piece.number, piece.number + 1))
    lots = done - (work.filled - filled_since(work, piece.start))
    if not piece.last:
        lots = min(lots, -(-(done - begun) * parameters.catch_up_ppm // PPM))
    why = f"Slice {piece.number + 1} of {span.slices}: by its end {done} of {quantity} lots, as the day's volume goes."
    return work_slice(work, market, parameters, Due(piece, lots, why), now)


def curve_at(market: Market, span: Span, quantity: int, number: int) -> int:
    """Lots that should be done when the slice of this number begins, by the historical curve."""
    whole = market.volume(span.start, span.end)
    if whole <= 0:
        return quantity * number // span.slices
    if number >= span.slices:
        return quantity
    return quantity * min(whole, market.volume(span.start, span.edge(number))) // whole


VWAP_STATIC = Path(
    number=14,
    name="VWAP_STATIC",
    title="Volume-weighted: slices by the historical volume curve",
    source="Konishi (2002), Journal of Financial Markets 5(2)",
    parameters=VwapStaticParameters,
    decide=decide,
    measured_on="tape",
)
