"""18 IS_ADAPT: as IS_AC, but faster after the price moved in the parent's favour and slower after it moved against.

Source: R. Almgren, J. Lorenz, "Adaptive arrival price", Algorithmic Trading III, 2007; J. Lorenz, R. Almgren,
"Mean-variance optimal adaptive execution", Applied Mathematical Finance 18(5), 2011: aggressive in the money.

The form here, exactly: at each slice kappa = kappa_0 x min(most, max(least, 1 + strength x g)), with kappa_0 that of
IS_AC and g = sign x (middle at arrival - middle now) / (sigma sqrt(T)), sign 1 for a buyer and -1 for a seller, sigma
a second, T the parent's whole time in seconds. Then the slice does the first step of an Almgren-Chriss schedule with
that kappa for what is left. The paper updates once, at a fixed time, from a table of kappas by intervals of the gain
on what was traded; here the update is proportional, made at every slice, and the gain is the move of the price. Where
middle at arrival, middle or volatility is not known it is IS_AC.
"""

from __future__ import annotations

import math
from typing import Annotated

import msgspec

from isthmus.execution.paths.schedules import (
    SECOND,
    Due,
    Span,
    before_schedule,
    filled_since,
    slice_at,
    span_of,
    work_slice,
)
from isthmus.execution.paths.urgency import Urgency, rate_of
from isthmus.execution.policy import Decision, Market, Parent, Path, Work
from isthmus.execution.schedules.almgren_chriss import adapted, first_share


class IsAdaptParameters(Urgency, frozen=True, kw_only=True):
    """`strength`: by how much a gain of one standard deviation raises kappa, as a share of it; `least`, `most`: kappa
    as a multiple of IS_AC's goes no lower or higher.
    """

    strength: Annotated[float, msgspec.Meta(ge=0.0, le=20.0)] = 1.0
    least: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.25
    most: Annotated[float, msgspec.Meta(ge=1.0, le=20.0)] = 4.0


def decide(work: Work, market: Market, parameters: IsAdaptParameters, now: int) -> Decision:
    """The first step of the schedule for what was left when the slice began, at the rate that the gain asks for."""
    span = span_of(work.parent, parameters)
    stopped = before_schedule(work, market, span.end, now)
    if stopped is not None:
        return stopped
    piece = slice_at(span, now)
    left = work.left + filled_since(work, piece.start)
    gain = gain_of(work.parent, market, parameters.volatility or market.volatility(), span)
    rate = adapted(rate_of(market, parameters, span), gain, parameters.strength, parameters.least, parameters.most)
    share = first_share(rate, span.slices - piece.number, span.seconds)
    why = f"Slice {piece.number + 1} of {span.slices}: {share:.2%} of {left} lots, after a gain of {gain:+.2f} sigma."
    return work_slice(work, market, parameters, Due(piece, round(left * share), why), now)


def gain_of(parent: Parent, market: Market, volatility: float, span: Span) -> float:
    """The move of the middle since arrival in the parent's favour, in standard deviations over its whole time."""
    middle_x2 = market.middle_x2()
    if not parent.arrival_x2 or middle_x2 is None or volatility <= 0:
        return 0.0
    spread = volatility * math.sqrt((span.end - span.start) / SECOND)
    return parent.sign * (parent.arrival_x2 - middle_x2) / 2 / spread


IS_ADAPT = Path(
    number=18,
    name="IS_ADAPT",
    title="Adaptive shortfall: faster in the money, slower out of it",
    source="Almgren, Lorenz (2007), Adaptive arrival price; Lorenz, Almgren (2011)",
    parameters=IsAdaptParameters,
    decide=decide,
    measured_on="simulator",
)
