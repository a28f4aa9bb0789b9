"""Shares and rates over time, in whole minor units: what rounding leaves is carried, so that parts add up."""

from __future__ import annotations

from msgspec import Struct

PPM = 1_000_000


class Accrued(Struct, frozen=True):
    """`amount` minor units are due; `carry` is what is left over, in units of 1 / (PPM * year days)."""

    amount: int
    carry: int


def accrue(base: int, rate_ppm: int, days: int, year_days: int = 360, carry: int = 0) -> Accrued:
    """Simple interest on `base` minor units at `rate_ppm` a year for `days` of a year of `year_days` (ACT/360: 360).

    Rounded towards minus infinity; the rest goes on as carry. Over any cutting of the days the amounts add up to the
    same, as long as each step takes the carry of the one before it.
    """
    whole, rest = divmod(base * rate_ppm * days + carry, PPM * year_days)
    return Accrued(whole, rest)


def split(amount: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """`amount` by weights, exactly: the largest remainders get the units that are left over, the first of equals first.

    Source: largest remainder (Hamilton) method. A negative amount is the mirror of the positive one.
    """
    total = sum(weights)
    if total <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative and one must be positive")
    sign = -1 if amount < 0 else 1
    parts = [divmod(abs(amount) * weight, total) for weight in weights]
    left = abs(amount) - sum(part for part, _ in parts)
    favoured = set(sorted(range(len(weights)), key=lambda at: (-parts[at][1], at))[:left])
    return tuple(sign * (part + (at in favoured)) for at, (part, _) in enumerate(parts))
