"""23 BASKET_IS: the efficient schedule of a whole basket, each leg by what it adds to the others' risk.

Source: R. Almgren, N. Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3(2), 2000/01, the
appendix on several assets, with impact on each asset's own price alone. Every leg's parent solves the same system from
what is left of all and does its own part of the first step. A leg that hedges the others is done later, one that adds
to them sooner; where the optimum would trade a leg backwards, it waits instead.

Cash balance: what purchases have spent may not run ahead of what sales have brought, nor behind, by more than
`cash_band_ppm` of the basket's value, beside the part that the basket spends or brings as a whole; in the last slice
being done goes first. Prices of a step, risks and impacts are compared in the quote's minor units; all legs must have
the same quote asset. A leg whose impact is not known is taken to pay, for the same money a second, the same share of
its price as the own leg.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from isthmus.execution.paths.schedules import (
    SECOND,
    Due,
    Slicing,
    Span,
    before_schedule,
    filled_since,
    slice_at,
    span_of,
    work_slice,
)
from isthmus.execution.policy import PPM, Decision, Leg, Market, Path, Work
from isthmus.execution.schedules.almgren_chriss import portfolio_holdings
from isthmus.kernel.messages import BUY, SELL

LEGS_MOST = 200
"""Of a basket: the eigenvalues of so many are found in a few milliseconds."""


class BasketIsParameters(Slicing, frozen=True, kw_only=True):
    """`risk_aversion`: lambda, per minor unit of the quote asset; 0: by `urgency`, kappa T of a basket of unrelated
    legs. `urgency_most`: kappa T so reckoned goes no higher. `cash_band_ppm`: of the basket's value.
    """

    risk_aversion: Annotated[float, msgspec.Meta(ge=0.0, le=1e6)] = 0.0
    urgency: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 2.0
    urgency_most: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 20.0
    cash_band_ppm: Annotated[int, msgspec.Meta(ge=1_000, le=PPM)] = 50_000


def decide(work: Work, market: Market, parameters: BasketIsParameters, now: int) -> Decision:
    """The own leg's part of the first step for what was left when the slice began, within the cash band."""
    span = span_of(work.parent, parameters)
    stopped = before_schedule(work, market, span.end, now)
    if stopped is not None:
        return stopped
    piece = slice_at(span, now)
    since = filled_since(work, piece.start)
    legs = legs_of(work, market)
    lots = since + work.left
    if not piece.last:
        plan = planned(legs, market, parameters, span, piece.number)
        lots = min(round(plan), since + max(work.working, cash_room(legs, parameters.cash_band_ppm)))
    why = f"Slice {piece.number + 1} of {span.slices}: {lots} lots, by the risk of {len(legs)} legs and their cash."
    return work_slice(work, market, parameters, Due(piece, lots, why), now)


def legs_of(work: Work, market: Market) -> list[Leg]:
    """The legs, the own one first with what its records say; it alone where there is no basket."""
    parent = work.parent
    legs = list(market.basket())[:LEGS_MOST]
    own = next((leg for leg in legs if leg.parent == parent.number), None)
    if own is None:
        middle_x2 = market.middle_x2() or parent.arrival_x2
        own = Leg(parent.number, parent.instrument, parent.side, 0, middle_x2, market.volatility(), middle_x2 / 2)
        legs = []
    own = own._replace(left=work.left, quantity=parent.quantity, temporary=own.temporary or market.impact()[1])
    return [own, *(leg for leg in legs if leg.parent != parent.number)]


def planned(legs: Sequence[Leg], market: Market, parameters: BasketIsParameters, span: Span, number: int) -> float:
    """Lots of the own leg in the slice of this number, not below 0."""
    # what filled in this slice already is not put back for the other legs: they only hedge
    own = legs[0]
    etas = impacts(legs)
    covariance = covariances(legs, market)
    intervals, seconds = span.slices - number, span.seconds
    held = [leg.left * (1.0 if leg.side == SELL else -1.0) for leg in legs]
    aversion = aversion_of(parameters, etas, covariance, (span.end - span.start) / SECOND)
    after = float(portfolio_holdings(held, covariance, etas, aversion, (intervals, seconds))[1][0])
    return max(0.0, own.left - after * (1.0 if own.side == SELL else -1.0))


def impacts(legs: Sequence[Leg]) -> list[float]:
    """eta of each leg in minor units a lot, for a lot a second; the own leg first."""
    own = legs[0]
    # the share of the price that a minor unit a second costs
    share = own.temporary / max(own.middle_x2 / 2, 1.0) / max(own.value, 1e-12) if own.temporary > 0 else 1e-12
    return [leg.temporary * _unit(leg) if leg.temporary > 0 else share * max(leg.value, 1e-12) ** 2 for leg in legs]


def covariances(legs: Sequence[Leg], market: Market) -> NDArray[np.float64]:
    """Of the legs' price changes over one second, in minor units a lot."""
    risks = [leg.volatility * _unit(leg) for leg in legs]
    return np.array(
        [
            [
                risks[row] * risks[column] * market.correlation(legs[row].instrument, legs[column].instrument)
                for column in range(len(legs))
            ]
            for row in range(len(legs))
        ],
        dtype=np.float64,
    )


def aversion_of(
    parameters: BasketIsParameters, etas: Sequence[float], covariance: NDArray[np.float64], whole: float
) -> float:
    """lambda: as given, but with kappa T no higher than `urgency_most`; or such that kappa T is `urgency`.

    kappa^2 = lambda (sum of variances) / (sum of etas): that of one asset with the basket's mean risk and impact.
    """
    variance = float(np.trace(covariance))
    if variance <= 0:
        return 0.0
    unit = sum(etas) / variance / whole**2
    wanted = parameters.risk_aversion or parameters.urgency**2 * unit
    return min(wanted, parameters.urgency_most**2 * unit)


def cash_room(legs: Sequence[Leg], band_ppm: int) -> int:
    """Lots that the own leg may still do before cash is out of balance by more than the band; the own leg is first."""
    own = legs[0]
    whole = {BUY: 0.0, SELL: 0.0}
    done = {BUY: 0.0, SELL: 0.0}
    for leg in legs:
        quantity = max(leg.quantity, leg.left)
        whole[leg.side] += quantity * leg.value
        done[leg.side] += (quantity - leg.left) * leg.value
    other, gross = whole[SELL if own.side == BUY else BUY], whole[BUY] + whole[SELL]
    if other <= 0 or own.value <= 0:
        return own.left
    net = (done[BUY] - done[SELL]) - (whole[BUY] - whole[SELL]) * (done[BUY] + done[SELL]) / gross
    ahead = net if own.side == BUY else -net
    # a lot more of the own side moves the balance by its value, less the part that the whole basket moves
    room = (gross * band_ppm / PPM - ahead) / (own.value * 2 * other / gross)
    return max(0, min(own.left, int(room)))


def _unit(leg: Leg) -> float:
    """Minor units of one price step of one lot."""
    return leg.value / max(leg.middle_x2 / 2, 1.0)


BASKET_IS = Path(
    number=23,
    name="BASKET_IS",
    title="Basket shortfall: one schedule by covariance, with cash in balance",
    source="Almgren, Chriss (2000), Journal of Risk 3(2), appendix on several assets",
    parameters=BasketIsParameters,
    decide=decide,
    measured_on="simulator",
)
