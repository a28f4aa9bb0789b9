"""The efficient schedule of Almgren and Chriss, and how one is re-made on the way.

Source: R. Almgren, N. Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3(2), 2000/01: section 2.2
(the explicit solution) and the appendix on several assets. Adaptation: R. Almgren, J. Lorenz, "Adaptive
arrival price", Algorithmic Trading III, 2007.

Units: quantities in lots, times in seconds, prices in steps; any others do as long as they agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LARGE = 700.0
"""Beyond this sinh overflows: the ratio is then that of the exponentials, exact to the last digit."""


def temporary_left(eta: float, gamma: float, interval: float) -> float:
    """eta~ = eta - gamma tau / 2: temporary impact, less what the permanent impact of the same trade counts twice."""
    return eta - gamma * interval / 2


def kappa(risk_aversion: float, volatility: float, eta_left: float, interval: float) -> float:
    """The rate at which holdings decay, per unit of time: 2 (cosh(kappa tau) - 1) / tau^2 = lambda sigma^2 / eta~.

    `eta_left` is `temporary_left`; not above zero, trading fast costs nothing and the rate is infinite.
    """
    if risk_aversion <= 0 or volatility <= 0:
        return 0.0
    if eta_left <= 0:
        return math.inf
    squared = risk_aversion * volatility**2 / eta_left
    return math.acosh(1 + squared * interval**2 / 2) / interval


def held_share(rate: float, left: float, whole: float) -> float:
    """sinh(kappa left) / sinh(kappa whole): the share still held with so much of the time left.

    A rate of 0 is the straight line, an infinite one holds nothing once it has begun.
    """
    if left <= 0 or whole <= 0:
        return 0.0
    if left >= whole:
        return 1.0
    if rate * whole < 1e-9:
        return left / whole
    if math.isinf(rate):
        return 0.0
    if rate * left > LARGE:
        return math.exp(-rate * (whole - left))
    # sinh(a)/sinh(b) written with exponentials that cannot overflow
    return math.exp(-rate * (whole - left)) * math.expm1(-2 * rate * left) / math.expm1(-2 * rate * whole)


def holdings(quantity: float, rate: float, intervals: int, interval: float) -> list[float]:
    """Lots still held at the end of each interval, `quantity` first and 0 last."""
    whole = intervals * interval
    return [quantity * held_share(rate, whole - j * interval, whole) for j in range(intervals + 1)]


def first_share(rate: float, intervals: int, interval: float) -> float:
    """The share of what is held that the first of so many equal intervals trades.

    The schedule is consistent in time: begun anew from what is left, with the same rate, it goes on as it was.
    """
    if intervals <= 1:
        return 1.0
    return 1.0 - held_share(rate, (intervals - 1) * interval, intervals * interval)


def adapted(rate: float, gain: float, strength: float, least: float, most: float) -> float:
    """The rate after a price move: rate x min(most, max(least, 1 + strength x gain)).

    `gain` is the move of the middle since arrival in the parent's favour, in standard deviations of the price over the
    parent's whole time. Faster in the money: Almgren and Lorenz show that the optimum in mean and variance spends a
    gain on less risk. Theirs is a table of rates by intervals of the gain at one instant; this is the straight line
    through such a table, read again at every slice.
    """
    return rate * min(most, max(least, 1.0 + strength * gain))


def portfolio_holdings(
    quantities: Sequence[float],
    covariance: NDArray[np.float64],
    etas: Sequence[float],
    risk_aversion: float,
    times: tuple[int, float],
) -> NDArray[np.float64]:
    """Lots of each asset still held at the end of each interval, shape (intervals + 1, assets).

    The appendix on several assets, with a diagonal impact H: y = H^(1/2) x turns the coupled equations into those of
    A = H^(-1/2) C H^(-1/2), and along each of its eigenvectors holdings decay as for one asset, with lambda times its
    eigenvalue as kappa~^2.
    `quantities` are signed (sales positive, purchases negative), `covariance` of price changes a unit of time, `etas`
    temporary impact above zero, `times` (intervals, length of one).
    """
    intervals, interval = times
    root = np.sqrt(np.asarray(etas, dtype=np.float64))
    scaled = covariance / np.outer(root, root)
    values, vectors = np.linalg.eigh(scaled)
    start = vectors.T @ (root * np.asarray(quantities, dtype=np.float64))
    rates = [kappa(risk_aversion, math.sqrt(max(0.0, float(value))), 1.0, interval) for value in values]
    whole = intervals * interval
    shares = np.array(
        [[held_share(rate, whole - j * interval, whole) for rate in rates] for j in range(intervals + 1)],
        dtype=np.float64,
    )
    result: NDArray[np.float64] = (shares * start) @ vectors.T / root
    return result
