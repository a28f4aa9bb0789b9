"""17 IS_AC: the efficient schedule against the price at arrival, faster where waiting is risky and impact small.

Source: R. Almgren, N. Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3(2), 2000/01: held after
slice j, x_j = X sinh(kappa (T - t_j)) / sinh(kappa T), with 2 (cosh(kappa tau) - 1) / tau^2 = lambda sigma^2 / (eta -
gamma tau / 2). The schedule is consistent in time, so each slice does the first step of a schedule for what is left:
the same lots while all goes to plan and the estimates stand, a new optimum where they do not.
"""

from __future__ import annotations

from isthmus.execution.paths.schedules import (
    Due,
    before_schedule,
    filled_since,
    slice_at,
    span_of,
    work_slice,
)
from isthmus.execution.paths.urgency import Urgency, rate_of
from isthmus.execution.policy import Decision, Market, Path, Work
from isthmus.execution.schedules.almgren_chriss import first_share


class IsAcParameters(Urgency, frozen=True, kw_only=True):
    """Nothing but the urgency and the slices."""


def decide(work: Work, market: Market, parameters: IsAcParameters, now: int) -> Decision:
    """The first step of the efficient schedule for what was left when the slice began."""
    span = span_of(work.parent, parameters)
    stopped = before_schedule(work, market, span.end, now)
    if stopped is not None:
        return stopped
    piece = slice_at(span, now)
    left = work.left + filled_since(work, piece.start)
    rate = rate_of(market, parameters, span)
    share = first_share(rate, span.slices - piece.number, span.seconds)
    why = f"Slice {piece.number + 1} of {span.slices}: {share:.2%} of {left} lots left, kappa {rate:.4g} a second."
    return work_slice(work, market, parameters, Due(piece, round(left * share), why), now)


IS_AC = Path(
    number=17,
    name="IS_AC",
    title="Implementation shortfall: the front-loaded efficient schedule",
    source="Almgren, Chriss (2000), Journal of Risk 3(2)",
    parameters=IsAcParameters,
    decide=decide,
    measured_on="simulator",
)
