"""A market's day so far, and how much stands near its middle price."""

from __future__ import annotations

import msgspec

from isthmus.views.books import Level, Sides
from isthmus.views.tape import DAY_NS, BarRow, Tape

PROFILE_BPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
"""Distances from the middle price at which the book is summed."""
BPS = 10_000


class Step(msgspec.Struct, frozen=True):
    """What stands within `bps` of the middle on each side: lots, and price x lots."""

    bps: int
    bids: int
    bid_turnover: int
    asks: int
    ask_turnover: int


def day_of(tape: Tape, instrument: int, now: int) -> BarRow | None:
    """The bar of the present day (UTC); None before its first trade."""
    bar = tape.last_bar(instrument, "1d")
    return bar if bar is not None and bar.start == now - now % DAY_NS else None


def profile(sides: Sides) -> list[Step]:
    """Cumulative depth by distance from the middle; empty unless both sides have a price."""
    bids, asks = sides
    if not bids or not asks:
        return []
    doubled = bids[0][0] + asks[0][0]  # twice the middle price: halves stay whole
    return [Step(bps, *_within(bids, doubled, bps), *_within(asks, doubled, bps)) for bps in PROFILE_BPS]


def _within(side: list[Level], doubled: int, bps: int) -> tuple[int, int]:
    near = [(price, lots) for price, lots, _ in side if abs(doubled - 2 * price) * BPS <= bps * doubled]
    return sum(lots for _, lots in near), sum(price * lots for price, lots in near)
