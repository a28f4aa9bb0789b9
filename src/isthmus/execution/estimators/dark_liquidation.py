"""Lit pace beside a dark order for all that is left.

Source: Kratz, Schoeneborn, "Optimal liquidation in dark pools", Quantitative Finance 14(9) 2014, and "Portfolio
liquidation in dark pools in continuous time", Math. Finance 25 (2015), arXiv 1201.6130, one asset. Lit trading at rate
xi costs Lambda xi^2, holding x costs alpha Sigma x^2 a second, a dark order is filled whole at rate theta. The value is
C(t) x^2 with C' = C^2 / Lambda + theta C - alpha Sigma and C(T) = infinity; the dark order is the whole position and xi
= C x / Lambda. Solved here in closed form, with kappa^2 = alpha Sigma / Lambda, w = sqrt(theta^2 + 4 kappa^2) and u = T
- t:

    xi / x = (w coth(w u / 2) - theta) / 2,    x(u) / x(T) = sinh(w u / 2) / sinh(w T / 2) e^(theta (T - u) / 2).

Without dark pool (theta 0) it is Almgren-Chriss: sinh(kappa u) / sinh(kappa T). With theta it starts slower.
"""

from __future__ import annotations

import math

_STEEP = 300.0
"""Beyond it sinh is taken by its exponential, which it then equals to the last digit."""


def lit_rate(left_s: float, theta: float, kappa: float) -> float:
    """Share of what is left that is traded lit a second; `left_s` seconds to the end, rates a second."""
    if left_s <= 0:
        return math.inf
    width = math.sqrt(theta**2 + 4 * kappa**2)
    if width * left_s < 1e-9:
        return 1 / left_s
    return (width / math.tanh(width * left_s / 2) - theta) / 2


def undone(left_s: float, whole_s: float, theta: float, kappa: float) -> float:
    """Share of the order that is not traded with `left_s` of `whole_s` seconds to go, if no dark order fills."""
    if left_s <= 0 or whole_s <= 0:
        return 0.0
    left_s = min(left_s, whole_s)
    width = math.sqrt(theta**2 + 4 * kappa**2)
    if width * whole_s < 1e-9:
        return left_s / whole_s
    return _ratio(width * left_s / 2, width * whole_s / 2) * math.exp(theta * (whole_s - left_s) / 2)


def arrival_rate(asked: int, given: int, interval_s: float, prior: float) -> float:
    """theta from what dark orders that stood for an interval gave: -ln(1 - p) / interval, with p the filled share; the
    prior p counts as much as one order.
    """
    share = (given / asked + prior) / 2 if asked > 0 else prior
    return -math.log(1 - min(0.99, max(0.0, share))) / interval_s


def urgency(risk: float, volatility: float, impact: float) -> float:
    """kappa a second: sqrt(risk sigma^2 / eta); `risk` by price step and lot, volatility in price steps by root second,
    impact in price steps for a lot a second.
    """
    return math.sqrt(risk * volatility**2 / impact) if impact > 0 else 0.0


def _ratio(one: float, other: float) -> float:
    if other > _STEEP:
        return math.exp(one - other)
    return math.sinh(one) / math.sinh(other)
