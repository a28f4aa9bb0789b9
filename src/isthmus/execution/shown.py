"""Books at one moment as a market that paths can ask: what `route --explain` and a decision without a server see.

`consolidated` puts the books of all venues together. It is the one place where that is done here, and goes by plain
sorting: a decision for a person is made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from isthmus.execution.policy import DARK, PPM, Auction, Leg, Level, Pool, Venue
from isthmus.kernel.messages import BUY, SELL

Side = Sequence[tuple[int, int]]
"""Price and lots, best first."""


class ShownVenue(msgspec.Struct, frozen=True, kw_only=True):
    """A venue and its book. `rates`: lots a second (x 10^6) that takers trade against bids and asks. `trusted`: False
    leaves it out.
    """

    venue: Venue
    bids: Side = ()
    asks: Side = ()
    rates: tuple[int, int] = (0, 0)
    trusted: bool = True

    @property
    def fault(self) -> str:
        """Why its book cannot be used; "" when it can."""
        if not self.trusted:
            return "it is not trusted"
        if self.bids and self.asks and self.bids[0][0] >= self.asks[0][0]:
            return f"its book is crossed: bid {self.bids[0][0]} at or above ask {self.asks[0][0]}, in price steps"
        return ""


def consolidated(venues: Sequence[ShownVenue], side: int) -> list[Level]:
    """One side of all books that can be used, best all-in price first; ties by plain price, then number. Dark pools
    show nothing.
    """
    sign = 1 if side == SELL else -1
    levels = [
        Level(price * (PPM + sign * row.venue.taker_fee_ppm), price, lots, row.venue.number)
        for row in venues
        if not row.fault and row.venue.kind != DARK
        for price, lots in (row.bids if side == BUY else row.asks)
    ]
    return sorted(levels, key=lambda level: (sign * level.all_in, sign * level.price, level.venue))


class ShownMarket:
    """A `policy.Market` of books that stand still. `volatility`: price steps over a second; `day`: lots of a day."""

    def __init__(self, venues: Sequence[ShownVenue], volatility: float = 0.0, day: int = 0) -> None:
        self._rows = {row.venue.number: row for row in venues if not row.fault}
        self._sides = {side: consolidated(venues, side) for side in (BUY, SELL)}
        self._volatility = volatility
        self._day = day

    def venues(self) -> Sequence[Venue]:
        """Those whose books can be used."""
        return [row.venue for row in self._rows.values()]

    def levels(self, side: int, most: int = 50) -> Sequence[Level]:
        """Best all-in price first."""
        return self._sides[side][:most]

    def best(self, venue: int, side: int) -> tuple[int, int] | None:
        """The top of one venue's side."""
        levels = self._side(venue, side)
        return levels[0] if levels else None

    def middle_x2(self) -> int | None:
        """Twice the middle of the best plain prices."""
        bids, asks = [level.price for level in self._sides[BUY]], [level.price for level in self._sides[SELL]]
        return max(bids) + min(asks) if bids and asks else None

    def traded(self, since: int) -> int:
        """Nothing trades while books stand still."""
        return 0

    def queue(self, venue: int, side: int, price: int) -> int:
        """Lots at this price of the venue."""
        return next((lots for level, lots in self._side(venue, side) if level == price), 0)

    def rate(self, venue: int, side: int) -> int:
        """As it was told."""
        row = self._rows.get(venue)
        return row.rates[0 if side == BUY else 1] if row is not None else 0

    def volume(self, start: int, end: int) -> int:
        """A day's lots, spread evenly."""
        return self._day * (end - start) // 86_400_000_000_000

    def volatility(self) -> float:
        """As it was told."""
        return self._volatility

    def impact(self) -> tuple[float, float, float]:
        """From the book: the way to the tenth level of a side, over the lots on it, is what a lot a second costs; a
        tenth of it stays; it refills in ten seconds. Rules of thumb.
        """
        middle_x2, rows = self.middle_x2(), [*self._sides[BUY][:10], *self._sides[SELL][:10]]
        if middle_x2 is None:
            return 0.0, 0.0, 0.1
        lots = max(1.0, sum(row.quantity for row in rows) / 2)
        eta = max(abs(row.price - middle_x2 / 2) for row in rows) / lots
        return eta / 10, eta, 0.1

    def auction(self) -> Auction | None:
        """None is told."""
        return None

    def pools(self) -> Sequence[Pool]:
        """No history."""
        return ()

    def invited(self, order: int) -> int:
        """Nobody is."""
        return 0

    def basket(self) -> Sequence[Leg]:
        """None."""
        return ()

    def correlation(self, one: int, other: int) -> float:
        """Not known."""
        return 1.0 if one == other else 0.0

    def _side(self, venue: int, side: int) -> Side:
        row = self._rows.get(venue)
        if row is None or row.venue.kind == DARK:
            return ()
        return row.bids if side == BUY else row.asks


def by_number(venues: Sequence[ShownVenue]) -> Mapping[int, Venue]:
    """Venues by their number, those left out too."""
    return {row.venue.number: row.venue for row in venues}
