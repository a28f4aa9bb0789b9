"""How much of a purchase of metal is bought now and stored, and how much three months forward, by stock and basis.

Theory of storage: N. Kaldor, Speculation and economic stability, Review of Economic Studies 7 (1939); H. Working, The
theory of price of storage, American Economic Review 39 (1949); M. Brennan, The supply of storage, American Economic
Review 48 (1958). A forward price is the spot price plus interest and storage minus the convenience yield, which is what
having the metal is worth; it falls as stocks rise. E. Fama, K. French, Business cycles and the behavior of metals
prices, Journal of Finance 43 (1988): with low stocks the forward stands under spot, and spot moves more than forward.

The rule, in millionths of the purchase:

    spot share = half + PRICE_WEIGHT * p + STOCK_WEIGHT * (2 s - 1), within SHARE_LEAST and SHARE_MOST

p = (basis - carry) / FULL_BASIS, within -1 and 1: the forward stands above spot by `basis`, holding the metal costs
`carry` for the same three months; a forward dearer than that speaks for spot, a cheaper one for the forward.
s, from 0 (plenty) to 1 (scarce): two thirds the share of the last year's days with more stock than today, one third the
fall over twenty days (-FULL_FALL and less: 1, +FULL_FALL and more: 0); 1 as soon as the stock covers less than
COVER_LEAST_DAYS of use. Scarce metal speaks for having it: a forward is a promise, and in March 2022 the exchange
cancelled trades. Integers; prices and tonnes in 10^-4, shares in millionths.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

PPM = 1_000_000
YEAR_DAYS = 250
"""Trading days of the stock's own past that it is held against."""
PAST_LEAST = 60
CHANGE_DAYS = 20
PRICE_WEIGHT = 400_000
STOCK_WEIGHT = 200_000
SHARE_LEAST, SHARE_MOST = 100_000, 900_000
FULL_BASIS = 20_000
"""2 % in three months between forward and full carry moves the price signal all the way."""
FULL_FALL = 200_000
COVER_LEAST_DAYS = 2
DECIMALS = 4
BPS = 10_000

DAILY_USE = {"copper": 70_000, "aluminium": 190_000, "nickel": 8_000}
"""Tonnes of refined metal that the world uses in a day, in round figures of the early 2020s (25, 69 and 3 million a
year): an assumption, to be replaced by the user's own.
"""


class Day(NamedTuple):
    """What was published: cash and three-month price and stock in 10^-4, None where nothing was."""

    day: str
    cash: int | None
    three_month: int | None
    stock: int | None


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """`carry_bps`: interest, storage and insurance a year; `daily_use` in tonnes, 0: not known. `stock_share_ppm`: of
    the warehouse stock, at most so much is bought at once.
    """

    carry_bps: int = 400
    daily_use: int = 0
    tonnes: int = 0
    stock_share_ppm: int = 20_000


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """One day. Shares, basis and yield in millionths, tonnes whole; None where it cannot be said: `why` says why."""

    day: str
    basis_ppm: int | None = None
    carry_ppm: int | None = None
    convenience_ppm: int | None = None
    stock_tonnes: int | None = None
    stock_rank_ppm: int | None = None
    stock_change_ppm: int | None = None
    days_of_cover: float | None = None
    scarcity_ppm: int | None = None
    spot_ppm: int | None = None
    futures_ppm: int | None = None
    spot_tonnes: int | None = None
    futures_tonnes: int | None = None
    why: str = ""


def splits(days: Iterable[Day], costs: Costs) -> Iterator[Split]:
    """A split for every day, from that day and the days before it only. A day without one of its three figures is
    refused, and its stock still counts for later days.
    """
    past: deque[int] = deque(maxlen=YEAR_DAYS)
    for day in days:
        if day.stock is not None:
            past.append(day.stock)
        yield split(day, tuple(past), costs)


def split(day: Day, past: Sequence[int], costs: Costs) -> Split:
    """The split of one day; `past`: stocks up to and with today, oldest first."""
    names = (("cash price", day.cash), ("three-month price", day.three_month), ("warehouse stock", day.stock))
    missing = [name for name, figure in names if figure is None]
    known = _known(day, past, costs)
    if missing:
        return msgspec.structs.replace(known, why=f"no allocation: no {' and no '.join(missing)} was published")
    if len(past) < PAST_LEAST:
        return msgspec.structs.replace(known, why=f"no allocation: {len(past)} days of stock, {PAST_LEAST} are needed")
    basis, carry = known.basis_ppm, known.carry_ppm
    rank, change = known.stock_rank_ppm, known.stock_change_ppm
    assert basis is not None and carry is not None and rank is not None and change is not None
    scarcity = scarcity_of(rank, change, known.days_of_cover)
    price = _clamped((basis - carry) * PPM // FULL_BASIS, -PPM, PPM)
    wanted = PPM // 2 + PRICE_WEIGHT * price // PPM + STOCK_WEIGHT * (2 * scarcity - PPM) // PPM
    spot = _clamped(wanted, SHARE_LEAST, SHARE_MOST)
    tonnes, capped = _tonnes(spot, day.stock or 0, costs)
    return msgspec.structs.replace(
        known,
        scarcity_ppm=scarcity,
        spot_ppm=spot,
        futures_ppm=PPM - spot,
        spot_tonnes=tonnes if costs.tonnes else None,
        futures_tonnes=costs.tonnes - tonnes if costs.tonnes else None,
        why=_why(known, scarcity, capped),
    )


def scarcity_of(rank: int, change: int, cover: float | None) -> int:
    """0 plenty to 10^6 scarce, from the share of days with more stock, the change over twenty days and the cover."""
    if cover is not None and cover < COVER_LEAST_DAYS:
        return PPM
    fall = _clamped((FULL_FALL - change) * PPM // (2 * FULL_FALL), 0, PPM)
    return (2 * rank + fall) // 3


class Theory(msgspec.Struct, frozen=True):
    """Whether a metal's own history is as the theory says. `rank_correlation`: of stock and basis (Spearman; theory:
    positive). `basis_low`, `basis_high`: mean basis (millionths) on the third of days with least and most stock of
    their year. `moves_low`, `moves_high`: standard deviation of the daily change of spot over that of three months,
    where the forward stands under full carry by more than usual, and by less (Fama and French: the first is greater).
    """

    days: int
    rank_correlation: float
    basis_low: int
    basis_high: int
    moves_low: float
    moves_high: float


def theory(days: Sequence[Day], found: Sequence[Split]) -> Theory | None:
    """None with fewer than a year of days."""
    rows = [
        (split.stock_rank_ppm, split.basis_ppm)
        for split in found
        if split.stock_rank_ppm is not None and split.basis_ppm is not None and split.spot_ppm is not None
    ]
    if len(rows) < YEAR_DAYS:
        return None
    scarce = np.array([row[0] for row in rows], dtype=float)
    basis = np.array([row[1] for row in rows], dtype=float)
    order = np.argsort(scarce, kind="stable")
    third = len(rows) // 3
    low, high = _moves(days, found)
    return Theory(
        days=len(rows),
        rank_correlation=round(-_spearman(scarce, basis), 3),
        basis_low=int(basis[order[-third:]].mean()),
        basis_high=int(basis[order[:third]].mean()),
        moves_low=round(low, 3),
        moves_high=round(high, 3),
    )


def _moves(days: Sequence[Day], found: Sequence[Split]) -> tuple[float, float]:
    """Spot's standard deviation over three months', below and above the median basis of the day before the move (the
    basis after it is part of it).
    """
    changes = []
    for before, after, at in zip(days, days[1:], found, strict=False):
        if before.cash and after.cash and before.three_month and after.three_month and at.basis_ppm is not None:
            spot, forward = after.cash / before.cash, after.three_month / before.three_month
            changes.append((float(at.basis_ppm), float(np.log(spot)), float(np.log(forward))))
    table = np.array(changes)
    under = table[:, 0] < np.median(table[:, 0])
    return tuple(float(part[:, 1].std() / part[:, 2].std()) for part in (table[under], table[~under]))  # type: ignore[return-value]


def _known(day: Day, past: Sequence[int], costs: Costs) -> Split:
    """What can be said of the day, whatever is missing."""
    basis = (day.three_month - day.cash) * PPM // day.cash if day.cash and day.three_month else None
    carry = costs.carry_bps * PPM // BPS // 4
    stock = day.stock
    rank = change = None
    if stock is not None and past:
        rank = sum(before > stock for before in past) * PPM // len(past)
        then = past[-1 - CHANGE_DAYS] if len(past) > CHANGE_DAYS else past[0]
        change = (stock - then) * PPM // then if then else 0
    tonnes = stock // 10**DECIMALS if stock is not None else None
    cover = round(tonnes / costs.daily_use, 2) if tonnes is not None and costs.daily_use else None
    return Split(
        day=day.day,
        basis_ppm=basis,
        carry_ppm=carry,
        convenience_ppm=carry - basis if basis is not None else None,
        stock_tonnes=tonnes,
        stock_rank_ppm=rank,
        stock_change_ppm=change,
        days_of_cover=cover,
    )


def _tonnes(spot: int, stock: int, costs: Costs) -> tuple[int, bool]:
    """Tonnes to buy now, and whether the warehouse's share held them down."""
    wanted = costs.tonnes * spot // PPM
    most = stock * costs.stock_share_ppm // PPM // 10**DECIMALS
    return min(wanted, most), most < wanted


def _why(known: Split, scarcity: int, capped: bool) -> str:
    assert known.convenience_ppm is not None and known.basis_ppm is not None
    shape = "contango" if known.basis_ppm > 0 else "backwardation" if known.basis_ppm < 0 else "flat"
    cheap = (
        "the forward is cheaper than storing" if known.convenience_ppm > 0 else "storing is cheaper than the forward"
    )
    stock = "scarce" if scarcity > 2 * PPM // 3 else "plenty" if scarcity < PPM // 3 else "ordinary"
    held = "; spot is held down by the share of the stock" if capped else ""
    return f"{shape}, {cheap}; stock {stock}{held}"


def _spearman(one: np.ndarray, other: np.ndarray) -> float:
    """0 where one of the two never changes."""
    ranks, others = _ranks(one), _ranks(other)
    return float(np.corrcoef(ranks, others)[0, 1]) if np.ptp(ranks) and np.ptp(others) else 0.0


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]


def _clamped(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))
