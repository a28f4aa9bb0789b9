"""How a large order is cut over a day: by expected volume and depth, in hundreds of children, exact to the lot."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, isfinite
from typing import NamedTuple

import msgspec

PPM = 1_000_000
CHILDREN_MOST = 10_000


class Cutting(msgspec.Struct, frozen=True, kw_only=True):
    """`participation_ppm` of the expected volume of a bin, and `touch_ppm` of the expected depth for one child, at
    most. `children`: how many are wanted; there are more where the depth asks for it.
    """

    quantity: int
    lot: int = 1
    participation_ppm: int = 100_000
    touch_ppm: int = 250_000
    children: int = 300


class Slice(NamedTuple):
    """A child: its bin, how far into it (millionths), its lots."""

    place: int
    within_ppm: int
    quantity: int


class Cut(msgspec.Struct, frozen=True):
    """All children in order; `left`: what the caps let nowhere."""

    slices: tuple[Slice, ...]
    left: int
    longest_bin: int
    """Most children in one bin."""


class Bin(NamedTuple):
    """A bin that may be traded in: expected volume and depth, None where not known."""

    place: int
    volume: float | None
    depth: float | None


def cut(bins: Sequence[Bin], rule: Cutting) -> Cut:
    """Cut over these bins: each gets a share by its expected volume (by its depth where no volume is known; bins
    without both get nothing), held to the participation; what a bin cannot take goes to the others. Raises ValueError.
    """
    if rule.quantity <= 0 or rule.lot <= 0 or rule.quantity % rule.lot:
        raise ValueError(f"quantity: {rule.quantity} is no positive number of lots of {rule.lot}")
    if not (0 < rule.participation_ppm <= PPM and 0 < rule.touch_ppm <= PPM and 0 < rule.children <= CHILDREN_MOST):
        raise ValueError("participation_ppm, touch_ppm, children: out of range")
    weights = [_weight(of) for of in bins]
    most = [_most(of, rule) for of in bins]
    amounts = shared(rule.quantity // rule.lot, weights, most)
    placed = sum(amounts)
    slices: list[Slice] = []
    longest = 0
    for of, lots in zip(bins, amounts, strict=True):
        parts = _parts(of, lots, placed, rule)
        longest = max(longest, len(parts))
        slices += [
            Slice(of.place, (2 * at + 1) * PPM // (2 * len(parts)), part * rule.lot) for at, part in enumerate(parts)
        ]
    return Cut(tuple(slices), rule.quantity - placed * rule.lot, longest)


def shared(total: int, weights: Sequence[float], most: Sequence[int]) -> list[int]:
    """Whole lots in proportion to the weights, none above its most, their sum as near to the total as that allows: the
    largest remainders are rounded up, and what a full one cannot take goes to the others.
    """
    given = [0] * len(weights)
    while (left := total - sum(given)) > 0:
        open_ = [at for at, weight in enumerate(weights) if weight > 0 and given[at] < most[at]]
        if not open_:
            break
        whole = sum(weights[at] for at in open_)
        wanted = {at: left * weights[at] / whole for at in open_}
        floors = {at: min(int(wanted[at]), most[at] - given[at]) for at in open_}
        if not any(floors.values()):
            for at in sorted(open_, key=lambda at: (-wanted[at], at))[:left]:
                given[at] += 1
            continue
        for at, lots in floors.items():
            given[at] += lots
    return given


def _weight(of: Bin) -> float:
    value = of.volume if of.volume is not None else of.depth
    return value if value is not None and isfinite(value) and value > 0 else 0.0


def _most(of: Bin, rule: Cutting) -> int:
    """Lots that the participation and the depth allow; no bound by what is not known."""
    lots = rule.quantity // rule.lot
    if of.volume is not None:
        lots = min(lots, int(of.volume * rule.participation_ppm / PPM) // rule.lot if isfinite(of.volume) else 0)
    touch = _touch(of, rule)
    return lots if touch is None else min(lots, touch * CHILDREN_MOST)


def _touch(of: Bin, rule: Cutting) -> int | None:
    """Most lots of a child, at least one; None where no depth is known."""
    if of.depth is None or not isfinite(of.depth):
        return None
    return max(1, int(of.depth * rule.touch_ppm / PPM) // rule.lot)


def _parts(of: Bin, lots: int, placed: int, rule: Cutting) -> list[int]:
    """The bin's children: as many as its share of the wanted ones, more where one would be too large for the depth,
    each of nearly the same size.
    """
    if lots == 0:
        return []
    count = max(1, round(rule.children * lots / placed))
    if (touch := _touch(of, rule)) is not None:
        count = max(count, ceil(lots / touch))
    count = min(count, lots, CHILDREN_MOST)
    return [lots * (at + 1) // count - lots * at // count for at in range(count)]
