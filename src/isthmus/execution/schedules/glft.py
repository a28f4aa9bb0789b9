"""Liquidating by limit orders only: where to quote with so much left and so much time.

Source: O. Gueant, C.-A. Lehalle, J. Fernandez-Tapia, "Optimal portfolio liquidation with limit orders", SIAM Journal on
Financial Mathematics 3, 2012 (arXiv 1106.3279), theorem 1: fills of one unit arrive with intensity A exp(-k d) at
distance d from the price, which is a random walk with volatility sigma; the owner has constant absolute risk aversion
gamma and pays b a unit for what is left at the end.

    alpha = k gamma sigma^2 / 2,  eta = A (1 + gamma / k)^-(1 + k / gamma)
    dv_q/dt = alpha q^2 v_q - eta v_(q-1),  v_q(T) = exp(-k q b),  v_0 = 1
    d*(t, q) = (1/k) ln(v_q / v_(q-1)) + (1/gamma) ln(1 + gamma / k)

(without drift, mu = 0). Here time s runs back from the end, and u_q = v_q exp(k q b) / c^q is solved instead:

    du_q/ds = -alpha q^2 u_q + (eta e^(kb) / c) u_(q-1),  u_q = c^-q at s = 0

with c chosen so that neither end of the range leaves the floats. All its terms but the decay are positive, so that
squaring exp(matrix x small step) loses nothing by cancellation.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

UNITS_MOST = 50
"""Units (clips) that are solved for at once."""
TERMS = 18
"""Of the exponential's series at a step of at most 1/2: the next is below 1e-21."""
LEAST_SCALE = 1e-5
"""Of c: below it a unit cannot wait anyway."""


class Intensity(msgspec.Struct, frozen=True, kw_only=True):
    """The market as a quoting seller sees it. `arrivals` A: fills of one unit a second at distance 0; `decay` k: per
    price step of distance; `volatility` sigma: price steps over one second; `risk_aversion` gamma: per step x unit;
    `penalty` b: price steps a unit for what is left at the end.
    """

    arrivals: float
    decay: float
    volatility: float
    risk_aversion: float
    penalty: float

    @property
    def alpha(self) -> float:
        """k gamma sigma^2 / 2, a second."""
        return self.decay * self.risk_aversion * self.volatility**2 / 2

    @property
    def eta(self) -> float:
        """A (1 + gamma/k)^-(1 + k/gamma), a second."""
        ratio = self.risk_aversion / self.decay
        return self.arrivals * math.exp(-(1 + 1 / ratio) * math.log1p(ratio))


def distances(market: Intensity, units: int, left: float) -> list[float]:
    """d* for 1, 2, ..., `units` left, `left` seconds before the end, in price steps from the price. It may be negative,
    and minus infinity for units that are too risky to wait at any price.

    Raises ValueError for parameters that are not above zero, or more units than UNITS_MOST.
    """
    if min(market.arrivals, market.decay, market.risk_aversion) <= 0 or market.volatility < 0:
        raise ValueError("arrivals, decay and risk_aversion must be above 0, volatility must not be below 0")
    if not 1 <= units <= UNITS_MOST:
        raise ValueError(f"units must be 1 to {UNITS_MOST}")
    flat = math.log1p(market.risk_aversion / market.decay) / market.risk_aversion
    growth = market.decay * market.penalty
    flow = math.log(market.eta) + growth
    reach = min(max(left, 1e-9), 1 / market.alpha if market.alpha > 0 else math.inf)
    scale = max(flow + math.log(reach), math.log(LEAST_SCALE))
    solved = _solution(market, units, max(0.0, left), flow - scale, scale)
    return [
        (math.log(here / before) + scale) / market.decay - market.penalty + flat
        if here > 0 and before > 0
        else -math.inf
        for before, here in zip(solved, solved[1:], strict=False)
    ]


def long_before(market: Intensity, units: int) -> float:
    """d* with so many units left when the end is far away: (1/k) ln(eta / (alpha q^2)) + (1/gamma) ln(1 + gamma/k).

    The stationary limit; infinite without volatility.
    """
    if market.alpha == 0:
        return math.inf
    flat = math.log1p(market.risk_aversion / market.decay) / market.risk_aversion
    return math.log(market.eta / (market.alpha * units**2)) / market.decay + flat


def _solution(market: Intensity, units: int, left: float, flow: float, scale: float) -> list[float]:
    """u_0 ... u_units at `left` seconds before the end; `flow`: ln of the fill term, `scale`: ln c."""
    inside = np.arange(units + 1, dtype=np.float64)
    matrix = np.diag(-market.alpha * inside**2) + np.diag(np.full(units, math.exp(flow)), -1)
    solved = _exponential(matrix * left) @ np.exp(-scale * inside)
    return [float(value) for value in solved]


def _exponential(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp of a matrix that is not negative off its diagonal.

    Shifted by its least diagonal entry all terms are positive; the shift is taken back at the small step, before the
    squarings, each of which doubles the relative error.
    """
    size = len(matrix)
    shift = float(np.max(-np.diag(matrix)))
    positive = matrix + shift * np.eye(size)
    norm = float(np.max(positive.sum(axis=1)))
    squarings = max(0, math.ceil(math.log2(norm)) + 1) if norm > 0 else 0
    small = positive / 2.0**squarings
    term = total = np.eye(size)
    for number in range(1, TERMS):
        term = term @ small / number
        total = total + term
    total = total * math.exp(-shift / 2.0**squarings)
    for _ in range(squarings):
        total = total @ total
    return total
