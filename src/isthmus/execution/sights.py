"""What the venues show of each instrument, put together for paths: the other side of `policy.Market`.

Owns: the last book of every outside venue, volumes, rates, volatility, and how routes have done. Takes: what markets
publish, and the house book from the engine when asked. Emits: answers. Never: journals, sends, changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Protocol

from isthmus.execution.flow import Decaying, Volatility, Volume
from isthmus.execution.policy import PPM, Auction, Leg, Level, Pool, Venue
from isthmus.kernel.messages import BUY, SELL

LEVELS_MAX = 50
"""Levels a side of a venue that are looked at."""

Side = list[tuple[int, int]]


class HouseBook(Protocol):
    """What is asked of the engine: `isthmus.engine.engine.Engine`."""

    sequence: int

    def depth(
        self, instrument: int, levels: int, /
    ) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]: ...

    def indicative(self, instrument: int, /) -> tuple[int, int, int]: ...


class Sight:
    """One instrument. `venues`: what can be traded where, the house book included, in the order of their numbers."""

    def __init__(self, instrument: int, house: HouseBook) -> None:
        self.instrument = instrument
        self.known: dict[int, Venue] = {}
        self.shut: dict[int, str] = {}
        """Venues that are not to be used now, and why: quarantined, locked, disconnected."""
        self.volume = Volume()
        self.volatility = Volatility()
        self.curve: Callable[[int, int], int] | None = None
        self.impact: tuple[float, float, float] | None = None
        self.call: Auction | None = None
        self.at = 0
        self._house = house
        self._house_seen = -1
        self._books: dict[int, tuple[Side, Side]] = {}
        self._rates: dict[tuple[int, int], Decaying] = {}
        self._merged: dict[int, list[Level]] = {}
        self._changes = 0

    def admit(self, venue: Venue) -> None:
        """The instrument can be traded there."""
        self.known[venue.number] = venue
        self._change()

    def show(self, venue: int, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]], at: int) -> None:
        """The venue's whole book now."""
        self._books[venue] = (list(islice(bids, LEVELS_MAX)), list(islice(asks, LEVELS_MAX)))
        self._change()
        self._see(at)

    def trade(self, venue: int, quantity: int, taker_side: int, at: int) -> None:
        """Somebody traded; `taker_side` 0 when nobody knows."""
        self.volume.add(at, quantity)
        self.at = max(self.at, at)
        if taker_side:
            self._rates.setdefault((venue, BUY + SELL - taker_side), Decaying()).add(at, quantity)

    def shut_out(self, venue: int, why: str | None) -> None:
        """The venue is not used from now on, for this reason, or is again (None)."""
        if why is None:
            self.shut.pop(venue, None)
        else:
            self.shut[venue] = why
        self._change()

    def venues(self) -> list[Venue]:
        """Those that can be used now."""
        return [venue for number, venue in self.known.items() if number not in self.shut]

    def book(self, venue: int) -> tuple[Side, Side]:
        """Bids and asks of one venue."""
        if venue == 0:
            self._read_house()
        return self._books.get(venue, ([], []))

    def levels(self, side: int, most: int) -> Sequence[Level]:
        """All venues' levels of a side, best all-in price first; ties: the house book, then by number."""
        self._read_house()
        merged = self._merged.get(side)
        if merged is None:
            merged = self._merged[side] = list(
                merge(*(self._of(venue, side) for venue in self.venues()), key=_rank(side))
            )
        return merged[:most]

    def best(self, venue: int, side: int) -> tuple[int, int] | None:
        """The top of one venue's side."""
        if venue in self.shut:
            return None
        levels = self.book(venue)[0 if side == BUY else 1]
        return levels[0] if levels else None

    def middle_x2(self) -> int | None:
        """Twice the middle of the best plain prices; of one side alone nothing can be said."""
        bid, ask = self.touch()
        return bid + ask if bid and ask else None

    def version(self) -> int:
        """Another number whenever any book changed."""
        self._read_house()
        return self._changes

    def touch(self) -> tuple[int, int]:
        """The best plain prices: bid and ask, 0 where there is none."""
        tops = [(self.best(venue.number, BUY), self.best(venue.number, SELL)) for venue in self.venues()]
        bids = [bid[0] for bid, _ in tops if bid is not None]
        asks = [ask[0] for _, ask in tops if ask is not None]
        return max(bids, default=0), min(asks, default=0)

    def rate(self, venue: int, side: int, at: int) -> int:
        """Lots a second x 10^6 that takers trade against a side of a venue."""
        found = self._rates.get((venue, side))
        return int(found.rate(at) * PPM) if found is not None else 0

    def rate_of_all(self, at: int) -> float:
        """Lots a second that anybody trades, of late."""
        return sum(rate.rate(at) for rate in self._rates.values())

    def _change(self) -> None:
        self._changes += 1
        self._merged.clear()

    def _of(self, venue: Venue, side: int) -> list[Level]:
        fee = PPM + venue.taker_fee_ppm if side == SELL else PPM - venue.taker_fee_ppm
        rows = self.book(venue.number)[0 if side == BUY else 1]
        return [Level(price * fee, price, quantity, venue.number) for price, quantity in rows]

    def _read_house(self) -> None:
        if 0 not in self.known or self._house.sequence == self._house_seen:
            return
        self._house_seen = self._house.sequence
        bids, asks = self._house.depth(self.instrument, LEVELS_MAX)
        book = ([row[:2] for row in bids], [row[:2] for row in asks])
        if book != self._books.get(0):
            self._books[0] = book
            self._change()

    def _see(self, at: int) -> None:
        self.at = max(self.at, at)
        middle = self.middle_x2()
        if middle is not None:
            self.volatility.see(self.at, middle)


def _rank(side: int) -> Callable[[Level], tuple[int, int]]:
    sign = 1 if side == SELL else -1
    return lambda level: (sign * level.all_in, level.venue)


class View:
    """A `policy.Market`: one instrument as one parent's path sees it, at one time."""

    def __init__(
        self, sight: Sight, at: int, pools: Sequence[Pool], invited: Mapping[int, int], legs: Sequence[Leg]
    ) -> None:
        self._sight = sight
        self._at = at
        self._pools = pools
        self._invited = invited
        self._legs = legs

    def venues(self) -> Sequence[Venue]:
        """Where a child can go now."""
        return self._sight.venues()

    def levels(self, side: int, most: int = LEVELS_MAX) -> Sequence[Level]:
        """Best all-in price first."""
        return self._sight.levels(side, most)

    def best(self, venue: int, side: int) -> tuple[int, int] | None:
        """The top of one venue's side."""
        return self._sight.best(venue, side)

    def middle_x2(self) -> int | None:
        """Twice the middle."""
        return self._sight.middle_x2()

    def traded(self, since: int) -> int:
        """Lots traded by anybody after this time."""
        return self._sight.volume.since(since)

    def queue(self, venue: int, side: int, price: int) -> int:
        """Lots shown at this price of the venue."""
        rows = self._sight.book(venue)[0 if side == BUY else 1]
        return next((quantity for level, quantity in rows if level == price), 0)

    def rate(self, venue: int, side: int) -> int:
        """Lots a second x 10^6."""
        return self._sight.rate(venue, side, self._at)

    def volume(self, start: int, end: int) -> int:
        """By the day's curve; without one, at the rate of late."""
        if self._sight.curve is not None:
            return self._sight.curve(start, end)
        return int(self._sight.rate_of_all(self._at) * max(0, end - start) / 1e9)

    def volatility(self) -> float:
        """Price steps over one second."""
        return self._sight.volatility.per_second(self._at)

    def impact(self) -> tuple[float, float, float]:
        """What the sight was told; else from what stands and trades now (`estimated_impact`)."""
        return self._sight.impact or estimated_impact(self._sight, self._at)

    def auction(self) -> Auction | None:
        """The next call."""
        return self._sight.call

    def pools(self) -> Sequence[Pool]:
        """Past dark children."""
        return self._pools

    def invited(self, order: int) -> int:
        """Until when a conditional child may firm up."""
        return self._invited.get(order, 0)

    def basket(self) -> Sequence[Leg]:
        """The legs of the parent's basket."""
        return self._legs

    def correlation(self, one: int, other: int) -> float:
        """Not estimated: legs count as independent until somebody states otherwise."""
        return 1.0 if one == other else 0.0


def estimated_impact(sight: Sight, at: int) -> tuple[float, float, float]:
    """Rules of thumb where nothing was measured. Temporary: taking all lots of the nearest levels in a second costs the
    way to the last of them. Permanent: a tenth of the price steps that a lot walks. Resilience: the touch trades
    through and is back in the time in which takers trade its size, between 0.05 and 10 a second (Large 2007 finds some
    tens of seconds for a liquid share).
    """
    rows = [row for side in (BUY, SELL) for row in sight.levels(side, 10)]
    middle = sight.middle_x2()
    if not rows or middle is None:
        return 0.0, 0.0, 0.1
    lots = sum(row.quantity for row in rows) / 2 or 1.0
    way = max(abs(row.price - middle / 2) for row in rows)
    eta = way / lots
    touch = rows[0].quantity or 1
    resilience = min(10.0, max(0.05, sight.rate_of_all(at) / touch))
    return eta / 10, eta, resilience
