"""Shares of an order over dark pools that learn by stochastic approximation.

Source: Laruelle, Lehalle, Pages, "Optimal split of orders across liquidity pools: a stochastic algorithm approach",
SIAM J. Financial Math. 2 (2011), arXiv 0910.1166, section 3: with an order of V, pool i is sent r_i V and holds D_i,
and

    r_i <- r_i + gamma_n V (rho_i 1{r_i V < D_i} - mean over j of rho_j 1{r_j V < D_j}),   sum of r = 1,

where rho_i is what a lot saves there. The fixed point equalises rho_i P(r_i V < D_i).

Departures. What is observed is a fill, so 1{r_i V < D_i} is "it gave all that it was asked for" (the same but on a null
set), and 1 for a pool that was asked for nothing (D_i > 0 in the paper). V is divided by its mean, so that the gain has
no unit. Shares that leave the simplex are projected back on it (the paper extends the mean field instead).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Asked = Mapping[int, tuple[int, int]]
"""One round: lots asked of each pool and lots that it gave."""


def projected(shares: Sequence[float]) -> list[float]:
    """The nearest point (Euclid) with no negative share and sum 1: Held, Wolfe, Crowder, Math. Programming 6 (1974)."""
    excess, threshold = 0.0, 0.0
    for count, share in enumerate(sorted(shares, reverse=True), 1):
        excess += share
        if share - (excess - 1) / count <= 0:
            break
        threshold = (excess - 1) / count
    return [max(0.0, share - threshold) for share in shares]


def corrected(shares: Sequence[float], gains: Sequence[float], filled: Sequence[bool], step: float) -> list[float]:
    """One step: `gains` are the rho, `filled` whether each gave all, `step` is gamma_n V."""
    scores = [gain if gave else 0.0 for gain, gave in zip(gains, filled, strict=True)]
    mean = sum(scores) / len(scores)
    return projected([share + step * (score - mean) for share, score in zip(shares, scores, strict=True)])


def rounds(observed: Iterable[tuple[int, int, int]]) -> list[dict[int, tuple[int, int]]]:
    """Past children (pool, asked, given), oldest first, as rounds: a round ends where one of its pools comes again."""
    found: list[dict[int, tuple[int, int]]] = []
    for pool, asked, given in observed:
        if asked <= 0:
            continue
        if not found or pool in found[-1]:
            found.append({})
        found[-1][pool] = (asked, given)
    return found


def learnt(pools: Sequence[int], gains: Sequence[float], past: Sequence[Asked], gain: float) -> list[float]:
    """Shares of the pools after all past rounds, from equal ones; gamma_n = gain / n. Rounds that asked none of these
    pools teach nothing.
    """
    shares = [1 / len(pools)] * len(pools)
    told = [asked for asked in past if any(pool in asked for pool in pools)]
    volumes = [sum(lots for lots, _ in asked.values()) for asked in told]
    mean = sum(volumes) / len(volumes) if volumes else 1.0
    for count, (asked, volume) in enumerate(zip(told, volumes, strict=True), 1):
        filled = [_gave_all(asked, pool) for pool in pools]
        shares = corrected(shares, gains, filled, gain / count * volume / mean)
    return shares


def whole_lots(quantity: int, shares: Sequence[float], lots: Sequence[int]) -> list[int]:
    """The quantity by shares, each a multiple of its pool's lot; what rounding leaves goes lot by lot to the greatest
    remainders, the earlier of equals first.
    """
    parts = [int(quantity * share) // lot * lot for share, lot in zip(shares, lots, strict=True)]
    short = sorted(range(len(parts)), key=lambda pool: (parts[pool] - quantity * shares[pool], pool))
    rest = quantity - sum(parts)
    for pool in short:
        if shares[pool] > 0 and lots[pool] <= rest:
            parts[pool] += lots[pool]
            rest -= lots[pool]
    return parts


def _gave_all(asked: Asked, pool: int) -> bool:
    lots, given = asked.get(pool, (0, 0))
    return given >= lots
