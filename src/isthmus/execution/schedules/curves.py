"""How much of a day's volume has traded by when, and what is still to come.

Sources: H. Konishi, "Optimal slice of a VWAP trade", Journal of Financial Markets 5(2), 2002; J. Bialkowski, S.
Darolles, G. Le Fol, "Improving VWAP strategies: a dynamic volume approach", Journal of Banking and Finance 32(9),
2008.

Units: lots in equal bins of time; shares 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence


def cumulative_shares(volumes: Sequence[float]) -> list[float]:
    """The share of the whole that has traded by the end of each bin; the last is 1. Nothing known: even bins."""
    whole = sum(volumes)
    if whole <= 0:
        return [(place + 1) / len(volumes) for place in range(len(volumes))]
    shares, so_far = [], 0.0
    for volume in volumes:
        so_far += volume
        shares.append(so_far / whole)
    shares[-1] = 1.0
    return shares


def konishi(days: Sequence[Sequence[float]], variances: Sequence[Sequence[float]] | None = None) -> list[float]:
    """The static schedule with the least expected squared slippage to VWAP: shares done by the end of each bin.

    `days`: lots by bin, one row a day; `variances`: of the price in the same bins. The slippage is the sum of
    (X_j - x_j) dP_j, with X_j the market's and x_j our share by then, so that its variance E[(X_j - x_j)^2 s_j^2] is
    least bin by bin at x_j = E[X_j s_j^2] / E[s_j^2]: the mean curve where volatility does not move with volume
    (variances None), else drawn to the curves of volatile days. Kept from falling: the parent only trades one way.
    """
    curves = [cumulative_shares(day) for day in days]
    weights = variances if variances is not None else [[1.0] * len(curves[0])] * len(curves)
    shares: list[float] = []
    for place in range(len(curves[0])):
        weight = sum(row[place] for row in weights)
        share = sum(curve[place] * row[place] for curve, row in zip(curves, weights, strict=True))
        plain = sum(curve[place] for curve in curves) / len(curves)
        least = shares[-1] if shares else 0.0
        shares.append(max(least, share / weight if weight > 0 else plain))
    shares[-1] = 1.0
    return shares


def volumes_ahead(usual: Sequence[float], seen: Sequence[float], phi: float, theta: float) -> list[float]:
    """Lots expected in each bin that is not over: the usual ones plus what is special about today so far.

    `usual`: the historical lots of all bins; `seen`: today's in those that are over. What is special, y_j = seen_j -
    usual_j, follows the paper's ARMA(1,1) without constant, y_j = phi y_(j-1) + e_j + theta e_(j-1), begun at 0;
    its forecast h bins on is phi^(h-1) (phi y + theta e). No forecast is below 0. The paper estimates the usual part by
    principal components over many stocks; here it is the historical curve.
    """
    special = shock = 0.0
    for expected, lots in zip(usual, seen, strict=False):
        now = lots - expected
        shock = now - phi * special - theta * shock
        special = now
    ahead, carry = [], phi * special + theta * shock
    for expected in usual[len(seen) :]:
        ahead.append(max(0.0, expected + carry))
        carry *= phi
    return ahead


def share_next(ahead: Sequence[float]) -> float:
    """The share of what is left to do that belongs to the next bin: its forecast over all that is to come."""
    if len(ahead) <= 1:
        return 1.0
    whole = sum(ahead)
    return ahead[0] / whole if whole > 0 else 1.0 / len(ahead)
