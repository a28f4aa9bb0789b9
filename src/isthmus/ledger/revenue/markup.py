"""Revenue from spreads: a client's price against the middle when he traded, split by what the market did afterwards.

revenue = side x quantity x (client price - middle at the trade), side 1 where the client buys. What is kept after an
adverse move over a horizon is side x quantity x (client price - middle then); the difference is the move. The parts add
up to the whole for each fill (revenue = kept + move).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from isthmus.kernel.errors import BadInput

HORIZONS_S = (1, 10, 60)
NS_PER_S = 1_000_000_000


class Dealt(Struct, frozen=True):
    """A client's fill against the house: prices are counts of the instrument's price unit, `units` turns price times
    quantity into minor units.
    """

    account: str
    buys: bool
    price: int
    quantity: int
    units: int
    stamp: int


class Spread(Struct, frozen=True):
    """Minor units of the quote asset. `kept` by horizon in seconds; None where no middle was known then."""

    account: str
    revenue: int
    kept: dict[int, int | None]


class Middles:
    """Twice the middle of an instrument over time (bid + ask, so that it stays an integer)."""

    def __init__(self, rows: Sequence[tuple[int, int]]) -> None:
        self._stamps = [stamp for stamp, _ in rows]
        self._doubled = [doubled for _, doubled in rows]
        if self._stamps != sorted(self._stamps):
            raise BadInput("middles", "are not in the order of time")
        self._end = self._stamps[-1] if rows else 0

    def at(self, stamp: int) -> int | None:
        """The last one known then; None before the first one and after the end of what was seen."""
        place = bisect_right(self._stamps, stamp)
        return self._doubled[place - 1] if place and stamp <= self._end else None


def spread(fill: Dealt, middles: Middles) -> Spread | None:
    """None where no middle was known when the client traded."""
    now = middles.at(fill.stamp)
    if now is None:
        return None
    kept = {horizon: _against(fill, middles.at(fill.stamp + horizon * NS_PER_S)) for horizon in HORIZONS_S}
    revenue = _against(fill, now)
    assert revenue is not None
    return Spread(fill.account, revenue, kept)


def _against(fill: Dealt, doubled: int | None) -> int | None:
    """Rounded down: revenue is never claimed that is not there."""
    if doubled is None:
        return None
    side = 1 if fill.buys else -1
    return side * (2 * fill.price - doubled) * fill.quantity * fill.units // 2
