"""Block, trickle, block against a book that comes back: Obizhaeva and Wang.

Sources: A. Obizhaeva, J. Wang, "Optimal trading strategy and supply/demand dynamics", Journal of Financial Markets
16(1), 2013 (continuous time); the closed discrete form is of A. Alfonsi, A. Fruth, A. Schied, "Optimal execution
strategies in limit order books with general shape functions", Quantitative Finance 10(2), 2010 (arXiv 0708.1756), for a
block-shaped book whose displacement decays as exp(-rho t) and a trader neutral to risk.
"""

from __future__ import annotations

import math


def trades(quantity: float, resilience: float, horizon: float, intervals: int) -> list[float]:
    """Lots to trade at times 0, T/N, ..., T: N + 1 of them.

    a = exp(-rho T/N); first and last X / ((N-1)(1-a) + 2), each between (1-a) times that. Without resilience it is two
    equal blocks (what lies between costs the same then), with endless resilience N + 1 equal trades.
    """
    if intervals < 1:
        return [quantity]
    fresh = -math.expm1(-resilience * horizon / intervals)
    block = quantity / ((intervals - 1) * fresh + 2)
    return [block, *[fresh * block] * (intervals - 1), block]


def continuous(quantity: float, resilience: float, horizon: float) -> tuple[float, float]:
    """The block at each end, X / (rho T + 2), and the rate between them, rho times that."""
    block = quantity / (resilience * horizon + 2)
    return block, resilience * block


def cost(traded: list[float], resilience: float, horizon: float, depth: float) -> float:
    """What a sequence of trades at even times pays above the price at arrival in a block-shaped book.

    `depth`: lots a price step. A trade of n lots finds the book displaced by D and pays D n + n^2 / (2 depth); D grows
    by n / depth and decays by exp(-rho dt). The spread itself is left out: all schedules pay it alike.
    """
    keeps = math.exp(-resilience * horizon / max(1, len(traded) - 1))
    displaced = paid = 0.0
    for lots in traded:
        paid += displaced * lots + lots**2 / (2 * depth)
        displaced = (displaced + lots / depth) * keeps
    return paid
