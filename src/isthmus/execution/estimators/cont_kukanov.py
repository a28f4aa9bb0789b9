"""How to divide an order between a market order and limit orders at several venues.

Source: Cont, Kukanov, "Optimal order placement in limit order markets", Quantitative Finance 17(1) 2017, arXiv
1210.1625v4. To trade S lots by a horizon with M lots at the market and L_k in the queue of venue k (Q_k lots before
ours, outflow xi_k from that queue by the horizon), A = M + sum of (xi_k - Q_k)^+ - (xi_k - Q_k - L_k)^+ is done, at

    (h + f) M - sum (h + r_k) fills_k + theta (M + sum L_k + (S - A)^+) + lambda_u (S - A)^+ + lambda_o (A - S)^+ .

One venue (their proposition 3, derived anew: with M = S - L the derivative in L is -(h + f) - (h + r) P(xi > Q + L) +
(lambda_u + theta) P(xi <= Q + L)): the optimum has

    L = F^-1((2h + f + r) / (lambda_u + h + r + theta)) - Q cut to [0, S],   M = S - L,

that is all limit up to lambda_u = (2h + f + r) / F(Q + S) - (h + r + theta), all market from (2h + f + r) / F(Q) -
(h + r + theta) on (`thresholds`). Quoted without theta, as it often is, it holds for theta = 0 only. Several venues:
the subgradient of the cost for one sample of outflows, averaged iterates, a constant step of the robust kind
(Nemirovski, Juditsky, Lan, Shapiro 2009).

Departures. M + sum L = S: the paper may send more than S and pay lambda_o for what is done too much, a broker's parent
must never be over-filled, so iterates are projected on that simplex (and lambda_o falls away). The step is S over the
length of the greatest subgradient and the root of the number of steps. The best of the averaged split and the corners
is taken, since with few samples the average of iterates that should end in a corner stays near it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from isthmus.execution.estimators.allocation import projected


class Terms(msgspec.Struct, frozen=True):
    """In price steps a lot. `half_spread` h, `taker_fee` f, `impact` theta, `underfill` lambda_u."""

    half_spread: float
    taker_fee: float
    underfill: float
    impact: float = 0.0


class Queue(msgspec.Struct, frozen=True):
    """A venue's queue: lots before ours, and what a maker's fill is worth there beyond the half spread (r_k: the rebate
    less what adverse selection costs), price steps a lot.
    """

    ahead: float
    rebate: float


Split = tuple[float, list[float]]
"""Lots at the market, lots in each queue."""


def one_venue(quantity: float, queue: Queue, terms: Terms, quantile: Callable[[float], float]) -> tuple[float, float]:
    """(market, limit) lots; `quantile` is F^-1 of the outflow."""
    passive = terms.half_spread + queue.rebate
    least = 2 * terms.half_spread + terms.taker_fee + queue.rebate
    most = terms.underfill + terms.impact + passive
    if least <= 0:
        return quantity, 0.0
    if most <= least:
        return 0.0, quantity
    limit = min(quantity, max(0.0, quantile(least / most) - queue.ahead))
    return quantity - limit, limit


def thresholds(quantity: float, queue: Queue, terms: Terms, chance: Callable[[float], float]) -> tuple[float, float]:
    """The underfill prices below which all is a limit order and above which all goes to the market; `chance` is F. An
    outflow that never comes short gives infinity.
    """
    least = 2 * terms.half_spread + terms.taker_fee + queue.rebate
    passive = terms.half_spread + queue.rebate + terms.impact
    short_of_all, short_of_one = chance(queue.ahead + quantity), chance(queue.ahead)
    return (
        least / short_of_all - passive if short_of_all > 0 else math.inf,
        least / short_of_one - passive if short_of_one > 0 else math.inf,
    )


def filled(limits: Sequence[float], queues: Sequence[Queue], outflows: Sequence[float]) -> list[float]:
    """Lots done in each queue."""
    return [
        min(limit, max(0.0, outflow - queue.ahead))
        for limit, queue, outflow in zip(limits, queues, outflows, strict=True)
    ]


def cost(split: Split, queues: Sequence[Queue], outflows: Sequence[float], terms: Terms) -> float:
    """Of one outcome, in price steps x lots, against the middle."""
    market, limits = split
    fills = filled(limits, queues, outflows)
    short = max(0.0, sum(limits) - sum(fills))
    gained = sum((terms.half_spread + queue.rebate) * fill for queue, fill in zip(queues, fills, strict=True))
    sent = market + sum(limits)
    return (
        (terms.half_spread + terms.taker_fee) * market
        - gained
        + terms.impact * (sent + short)
        + (terms.underfill * short)
    )


def mean_cost(split: Split, queues: Sequence[Queue], samples: Sequence[Sequence[float]], terms: Terms) -> float:
    """Over all samples of outflows."""
    return sum(cost(split, queues, outflows, terms) for outflows in samples) / len(samples)


def subgradient(split: Split, queues: Sequence[Queue], outflows: Sequence[float], terms: Terms) -> list[float]:
    """Of one outcome, by M and each L_k: h + f - (lambda_u + theta) 1{A < S} and, where the queue was not served to our
    end, 0, else -(h + r_k + (lambda_u + theta) 1{A < S}); theta of what is sent is the same everywhere and left out.
    """
    limits = split[1]
    fills = filled(limits, queues, outflows)
    short = sum(fills) < sum(limits)
    missed = terms.underfill + terms.impact if short else 0.0
    slopes = [terms.half_spread + terms.taker_fee - missed]
    for limit, queue, outflow in zip(limits, queues, outflows, strict=True):
        served = outflow > queue.ahead + limit
        slopes.append(-(terms.half_spread + queue.rebate + missed) if served else 0.0)
    return slopes


def many_venues(quantity: float, queues: Sequence[Queue], samples: Sequence[Sequence[float]], terms: Terms) -> Split:
    """The split by stochastic approximation over the samples, in their order."""
    if not queues or not samples or quantity <= 0:
        return quantity, [0.0] * len(queues)
    scale = _longest(queues, terms)
    step = 1 / (scale * math.sqrt(len(samples)))
    point = [1 / (len(queues) + 1)] * (len(queues) + 1)
    total = [0.0] * len(point)
    for outflows in samples:
        slopes = subgradient(_lots(point, quantity), queues, outflows, terms)
        point = projected([share - step * slope for share, slope in zip(point, slopes, strict=True)])
        total = [one + other for one, other in zip(total, point, strict=True)]
    averaged = [share / len(samples) for share in total]
    corners = [[float(place == corner) for place in range(len(point))] for corner in range(len(point))]
    rivals = [_lots(shares, quantity) for shares in (*corners, averaged, point)]
    return min(rivals, key=lambda split: mean_cost(split, queues, samples, terms))


def _lots(shares: Sequence[float], quantity: float) -> Split:
    return shares[0] * quantity, [share * quantity for share in shares[1:]]


def _longest(queues: Sequence[Queue], terms: Terms) -> float:
    """An upper bound of the length of a subgradient, at least a trifle."""
    missed = terms.underfill + terms.impact
    market = abs(terms.half_spread + terms.taker_fee) + missed
    squares = market**2 + sum((abs(terms.half_spread + queue.rebate) + missed) ** 2 for queue in queues)
    return max(1e-12, math.sqrt(squares))
