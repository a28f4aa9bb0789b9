"""Books at one moment as a market that paths can ask: what `route --explain` and a decision without a server see.

They stand in the same consolidated book as in the server, with the same health of sources and breakers of routes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from isthmus.engine.market import VenueFacts
from isthmus.execution.book import Care
from isthmus.execution.guard import HELD, OPEN, Guard
from isthmus.execution.policy import AMM, HOUSE, LIT, PPM, Venue
from isthmus.execution.route_words import Units
from isthmus.execution.sights import Basket, Sight, View, estimated_impact
from isthmus.kernel.messages import BUY
from isthmus.kernel.values import NS_PER_S

Side = Sequence[tuple[int, int]]
"""Price and lots, best first."""
SHOWING = (LIT, AMM, HOUSE)
"""Kinds of venues whose prices stand in the consolidated book."""
DAY_NS = 86_400 * NS_PER_S
NOT_TRUSTED = "it is not trusted"


class ShownVenue(msgspec.Struct, frozen=True, kw_only=True):
    """A venue and its book. `rates`: lots a second (x 10^6) that takers trade against bids and asks. `trusted`: False
    takes its route out. Venues of one `family` trade the same thing. `at`: when the book was so; 0: now.
    """

    venue: Venue
    bids: Side = ()
    asks: Side = ()
    rates: tuple[int, int] = (0, 0)
    trusted: bool = True
    family: int = 0
    at: int = 0


class Look(msgspec.Struct, frozen=True):
    """An earlier book of a venue, from which its source and its route are judged."""

    at: int
    venue: int
    bids: Side
    asks: Side


class Source(msgspec.Struct, frozen=True):
    """A venue that is not used: the first state against it, and why."""

    venue: Venue
    state: str
    why: str


class ShownMarket(View):
    """A `policy.Market` of books that stand still. `volatility`: price steps over a second; `day`: lots of a day;
    `before`: earlier books. Raises BadInput for terms of a venue that the consolidated book does not
    take.
    """

    def __init__(
        self,
        venues: Sequence[ShownVenue],
        volatility: float = 0.0,
        day: int = 0,
        now: int = NS_PER_S,
        before: Iterable[Look] = (),
    ) -> None:
        self._rows = {row.venue.number: row for row in venues}
        self._told = volatility
        self.price_decimals = 0
        """Of the price steps, as the reasons of `unused` write them."""
        self._guard = Guard(lambda _: sight, lambda _: Units(self.price_decimals, self._name))
        sight = Sight(0, _NoEngine(), self._guard.take)
        sight.curve = lambda start, end: day * (end - start) // DAY_NS
        super().__init__(sight, now, (), {}, Basket())
        for row in venues:
            sight.admit(row.venue, _facts(row.venue), Care(family=row.family))
            if not row.trusted:
                self._guard.hold(0, row.venue.number, NOT_TRUSTED, now)
        last = [
            Look(row.at or now, row.venue.number, row.bids, row.asks)
            for row in venues
            if row.venue.kind in SHOWING and (row.bids or row.asks)
        ]
        for look in sorted((*before, *last), key=lambda look: look.at):
            sight.show(look.venue, look.bids, look.asks, look.at)

    def _name(self, number: int) -> str:
        row = self._rows.get(number)
        return row.venue.name if row is not None else str(number)

    def unused(self) -> list[Source]:
        """Venues that the book does not use, in their order."""
        found = []
        for number, row in self._rows.items():
            told = self._guard.standing(0, number)
            if not row.trusted:
                found.append(Source(row.venue, HELD, NOT_TRUSTED))
            elif told.state != OPEN:
                found.append(Source(row.venue, told.state, told.why))
        return found

    def rate(self, venue: int, side: int) -> int:
        """As it was told."""
        row = self._rows.get(venue)
        return row.rates[0 if side == BUY else 1] if row is not None else 0

    def volatility(self) -> float:
        """As it was told."""
        return self._told

    def impact(self) -> tuple[float, float, float]:
        """From what stands, and the rates that were told."""
        return estimated_impact(self._sight, sum(sum(row.rates) for row in self._rows.values()) / PPM)


class _NoEngine:
    """Nothing trades here; a house book is shown like another's."""

    sequence = -1

    def depth(self, _: int, __: int, /) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        """Nothing."""
        return [], []

    def order(self, _: int, /) -> dict[str, int] | None:
        """None."""
        return None


def _facts(venue: Venue) -> VenueFacts:
    return VenueFacts(
        venue.number, venue.name, venue.kind, venue.maker_fee_ppm, venue.taker_fee_ppm, tick=venue.tick, lot=venue.lot,
        latency_ns=venue.latency_ns,
    )  # fmt: skip


def by_number(venues: Sequence[ShownVenue]) -> Mapping[int, Venue]:
    """Venues by their number, those that are not used too."""
    return {row.venue.number: row.venue for row in venues}
