"""How fast the paths after Almgren and Chriss go: from a risk aversion and the market's estimates, or set by hand."""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.paths.schedules import Slicing, Span
from isthmus.execution.policy import Market
from isthmus.execution.schedules.almgren_chriss import kappa, temporary_left


class Urgency(Slicing, frozen=True, kw_only=True):
    """`risk_aversion`: lambda, per price step x lot; 0: `urgency` is used, since a sensible lambda depends on how large
    steps and lots are. `urgency`: kappa T, how uneven the whole is (0: even slices, 3: half is done in a quarter of the
    time), also used where volatility or impact are not known. `urgency_most`: kappa T goes no higher, as
    estimates may be wrong. `volatility` (price steps over one second), `temporary` (price steps for a lot a second) and
    `permanent` (price steps a lot): 0 takes the market's estimate.
    """

    risk_aversion: Annotated[float, msgspec.Meta(ge=0.0, le=1e6)] = 0.0
    urgency: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 2.0
    urgency_most: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 20.0
    volatility: Annotated[float, msgspec.Meta(ge=0.0, le=1e9)] = 0.0
    temporary: Annotated[float, msgspec.Meta(ge=0.0, le=1e9)] = 0.0
    permanent: Annotated[float, msgspec.Meta(ge=0.0, le=1e9)] = 0.0


def rate_of(market: Market, parameters: Urgency, span: Span) -> float:
    """kappa, a second, for slices of this length."""
    whole = (span.end - span.start) / 1e9
    most = parameters.urgency_most / whole
    volatility = parameters.volatility or market.volatility()
    permanent, temporary, _ = market.impact()
    temporary, permanent = parameters.temporary or temporary, parameters.permanent or permanent
    if parameters.risk_aversion == 0 or volatility <= 0 or temporary <= 0:
        return min(most, parameters.urgency / whole)
    left = temporary_left(temporary, permanent, span.seconds)
    return min(most, kappa(parameters.risk_aversion, volatility, left, span.seconds))
