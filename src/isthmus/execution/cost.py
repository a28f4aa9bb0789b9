"""What a schedule is expected to cost, and how uncertain that is, before it is traded.

Source: R. Almgren, N. Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3(2), 2000/01, the
sections on capture and cost and on linear impact: permanent impact g(v) = gamma v, temporary impact h(v) = epsilon +
eta v, and a price that walks at random.

Units: quantities in lots, times in seconds, prices in steps, so that costs are steps x lots; any others do as long as
they agree. Costs are against the price at arrival and positive when they hurt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from isthmus.execution.schedules.almgren_chriss import holdings, kappa, temporary_left


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """How trading moves the price. `gamma`: permanent, a lot; `eta`: temporary, for a lot a second; `epsilon`: half the
    spread and fees, a lot.
    """

    gamma: float = 0.0
    eta: float = 0.0
    epsilon: float = 0.0


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule and what it is expected to cost. `held`: lots at the end of each interval, the whole first, 0 last."""

    kappa: float
    held: tuple[float, ...]
    cost: float
    deviation: float


def expected_cost(held: Sequence[float], interval: float, impact: Impact) -> float:
    """E = gamma X^2 / 2 + epsilon sum |n_j| + (eta~ / tau) sum n_j^2."""
    trades = [before - after for before, after in zip(held, held[1:], strict=False)]
    whole = held[0] - held[-1]
    eta_left = temporary_left(impact.eta, impact.gamma, interval)
    return (
        impact.gamma * whole**2 / 2
        + impact.epsilon * sum(abs(trade) for trade in trades)
        + eta_left / interval * sum(trade**2 for trade in trades)
    )


def cost_variance(held: Sequence[float], interval: float, volatility: float) -> float:
    """V = sigma^2 tau sum x_j^2, over what is held after each trade. In (steps x lots)^2."""
    return volatility**2 * interval * sum(lots**2 for lots in held[1:])


def forecast(
    quantity: float, times: tuple[int, float], volatility: float, impact: Impact, risk_aversion: float
) -> Forecast:
    """The efficient schedule for a risk aversion (per step x lot; 0: least expected cost) over `times` (intervals, the
    length of one).
    """
    intervals, interval = times
    rate = kappa(risk_aversion, volatility, temporary_left(impact.eta, impact.gamma, interval), interval)
    held = tuple(holdings(quantity, rate, intervals, interval))
    return Forecast(
        kappa=rate,
        held=held,
        cost=expected_cost(held, interval, impact),
        deviation=math.sqrt(cost_variance(held, interval, volatility)),
    )
