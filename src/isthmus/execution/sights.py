"""What the venues show of each instrument, put together for paths: the other side of `policy.Market`.

Owns: the last book of every outside venue, volumes, rates, volatility, and how routes have done. Takes: what markets
publish, and the house book from the engine when asked. Emits: answers. Never: journals, sends, changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Protocol

import msgspec

from isthmus.engine.market import VenueFacts
from isthmus.execution.book import Care, ConsolidatedBook, Event
from isthmus.execution.flow import Decaying, Middles, Volatility, Volume
from isthmus.execution.policy import PPM, Auction, Leg, Level, Pool, Venue
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY, SELL
from isthmus.kernel.values import NS_PER_S

LEVELS_MAX = 50
"""Levels a side of a venue that are looked at."""

REFERENCE_NS = NS_PER_S
"""How often the middle of the routes that can be used becomes the price around which the hard band lies."""

Side = list[tuple[int, int]]


class HouseBook(Protocol):
    """What is asked of the engine: `isthmus.engine.engine.Engine`."""

    sequence: int

    def depth(
        self, instrument: int, levels: int, /
    ) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]: ...

    def order(self, order: int, /) -> dict[str, int] | None: ...


class Sight:
    """One instrument: the consolidated book of all venues with its guards, and what its trades say of the market."""

    def __init__(self, instrument: int, house: HouseBook, tell: Callable[[int, tuple[Event, ...]], None]) -> None:
        """`house` is read when something is asked; `on_house` hears of every change of it that is seen, before it
        counts.
        """
        self.instrument = instrument
        self.known: dict[int, Venue] = {}
        """What can be traded where, in the order in which it was listed, the house book included."""
        self.listed: dict[int, tuple[VenueFacts, Care]] = {}
        """The same as it was told."""
        self.volume = Volume()
        self.volatility = Volatility()
        self.middles = Middles()
        self.curve: Callable[[int, int], int] | None = None
        self.impact: tuple[float, float, float] | None = None
        self.call: Auction | None = None
        self.at = 0
        self.watched = ConsolidatedBook()
        self.on_house: Callable[[int], None] = _nobody
        self._tell = tell
        self._house = house
        self._house_seen = -1
        self._books: dict[int, tuple[Side, Side]] = {}
        self._rates: dict[tuple[int, int], Decaying] = {}
        self._merged: dict[int, list[Level]] = {}
        self._open: list[Venue] | None = None
        self._changes = 0
        self._referred_at = 0

    def admit(self, venue: Venue, facts: VenueFacts, care: Care) -> None:
        """The instrument can be traded there; equal prices go to who was admitted first."""
        self.known[venue.number] = venue
        self.listed[venue.number] = (facts, care)
        self.watched.list_venue(facts, care)
        self._change()

    def show(self, venue: int, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]], at: int) -> None:
        """The venue's whole book now; what its source and its route become counts from the next question on."""
        self.take(venue, bids, asks, at)
        self.see()

    def take(self, venue: int, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]], at: int) -> None:
        """As `show`, for who asks something before `see` is called."""
        self.read_house()
        book = (list(islice(bids, LEVELS_MAX)), list(islice(asks, LEVELS_MAX)))
        self._books[venue] = book
        self.at = max(self.at, at)
        try:
            events = self.watched.update(venue, at, *book)
        except BadInput:
            events = self.watched.last_events()
        self._change()
        if events:
            self._tell(self.instrument, events)

    def trade(self, venue: int, quantity: int, taker_side: int, at: int) -> None:
        """Somebody traded; `taker_side` 0 when nobody knows."""
        self.volume.add(at, quantity)
        self.at = max(self.at, at)
        if taker_side:
            self._rates.setdefault((venue, BUY + SELL - taker_side), Decaying()).add(at, quantity)

    def show_house(self, bids: Iterable[Sequence[int]], asks: Iterable[Sequence[int]]) -> None:
        """The house book as it stands now; only a change counts."""
        book = ([(row[0], row[1]) for row in bids], [(row[0], row[1]) for row in asks])
        if book != self._books.get(0):
            self.on_house(self.instrument)
            self._books[0] = book
            self.watched.update(0, self.at, *book)
            self._change()

    def read_house(self) -> None:
        """Look at the house book if a record came since; afterwards nothing that is asked changes anything."""
        if 0 not in self.known or self._house.sequence == self._house_seen:
            return
        self._house_seen = self._house.sequence
        self.show_house(*self._house.depth(self.instrument, LEVELS_MAX))

    def sent(self, venue: int, lots: int) -> None:
        """An order of ours went there."""
        self.watched.sent(venue, lots)
        self._open = None

    def answered(self, venue: int, latency_ns: int, *, rejected: bool) -> None:
        """Its first answer came."""
        self.watched.answered(venue, latency_ns, rejected)
        self._open = None

    def filled(self, venue: int, at: int, side: int, lots: int) -> None:
        """A fill of ours came; `side` is ours."""
        self.watched.filled(venue, at, side, lots)
        self._open = None

    def hold(self, venue: int, at: int, out: bool) -> None:
        """Take a route out, or give it back."""
        events = self.watched.hold(venue, at, out)
        self._change()
        if events:
            self._tell(self.instrument, events)

    def venues(self) -> list[Venue]:
        """Those that can be used now, with how their routes have done."""
        self.read_house()
        if self._open is None:
            open_ = set(self.watched.open())
            self._open = [self._rated(venue) for venue in self.known.values() if venue.number in open_]
        return self._open

    def book(self, venue: int) -> tuple[Side, Side]:
        """Bids and asks of one venue."""
        self.read_house()
        return self._books.get(venue, ([], []))

    def levels(self, side: int, most: int) -> Sequence[Level]:
        """All venues' levels of a side, best all-in price first; equal ones by who was admitted first."""
        self.read_house()
        merged = self._merged.get(side)
        if merged is None or len(merged) < most:
            rows = self.watched.levels(side, max(most, LEVELS_MAX))
            merged = self._merged[side] = [Level(row[0], row[1], row[2], row[3]) for row in rows]
        return merged[:most]

    def best(self, venue: int, side: int) -> tuple[int, int] | None:
        """The top of one venue's side, if the venue can be used."""
        if not any(known.number == venue for known in self.venues()):
            return None
        levels = self.book(venue)[0 if side == BUY else 1]
        return levels[0] if levels else None

    def middle_x2(self) -> int | None:
        """Twice the middle of the best plain prices; of one side alone nothing can be said."""
        bid, ask = self.touch()
        return bid + ask if bid and ask else None

    def version(self) -> int:
        """Another number whenever any book changed."""
        self.read_house()
        return self._changes

    def touch(self) -> tuple[int, int]:
        """The best plain prices: bid and ask, 0 where there is none."""
        self.read_house()
        bids, asks = [], []
        for number in self.watched.open():
            own_bids, own_asks = self.book(number)
            bids += [own_bids[0][0]] if own_bids else []
            asks += [own_asks[0][0]] if own_asks else []
        return max(bids, default=0), min(asks, default=0)

    def rate(self, venue: int, side: int, at: int) -> int:
        """Lots a second x 10^6 that takers trade against a side of a venue."""
        found = self._rates.get((venue, side))
        return int(found.rate(at) * PPM) if found is not None else 0

    def rate_of_all(self, at: int) -> float:
        """Lots a second that anybody trades, of late."""
        return sum(rate.rate(at) for rate in self._rates.values())

    def _rated(self, venue: Venue) -> Venue:
        if venue.number == 0:
            return venue
        route = self.watched.route(venue.number)
        if not route.sent:
            return venue
        return msgspec.structs.replace(
            venue,
            latency_ns=route.latency_ns or venue.latency_ns,
            fill_rate_ppm=route.fill_ppm,
            reject_rate_ppm=route.reject_ppm,
            toxicity_ppm=route.toxicity_ppm,
        )

    def _change(self) -> None:
        self._changes += 1
        self._merged.clear()
        self._open = None

    def see(self) -> None:
        """Take the middle into volatility and reference."""
        middle = self.middle_x2()
        if middle is None:
            return
        self.volatility.see(self.at, middle)
        self.middles.see(self.at, middle)
        if self.at >= self._referred_at + REFERENCE_NS:
            self._referred_at = self.at
            self.watched.set_reference(middle * PPM // 2)


def unrelated(one: int, other: int) -> float:
    """An instrument goes with itself alone."""
    return 1.0 if one == other else 0.0


class Basket(msgspec.Struct, frozen=True):
    """The live legs of a basket, and how the price changes of two instruments go together (-1 to 1)."""

    legs: Sequence[Leg] = ()
    correlation: Callable[[int, int], float] = unrelated


class View:
    """A `policy.Market`: one instrument as one parent's path sees it, at one time."""

    def __init__(
        self, sight: Sight, at: int, pools: Sequence[Pool], invited: Mapping[int, int], basket: Basket
    ) -> None:
        self._sight = sight
        self._at = at
        self._pools = pools
        self._invited = invited
        self._basket = basket
        self.expected: dict[tuple[int, int], int] = {}
        """What the day's curve answered, by the times that were asked about."""

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
            lots = self.expected[start, end] = self._sight.curve(start, end)
            return lots
        return int(self._sight.rate_of_all(self._at) * max(0, end - start) / 1e9)

    def volatility(self) -> float:
        """Price steps over one second."""
        return self._sight.volatility.per_second(self._at)

    def impact(self) -> tuple[float, float, float]:
        """What the sight was told; else from what stands and trades now (`estimated_impact`)."""
        return impact_of(self._sight, self._at)

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
        return self._basket.legs

    def correlation(self, one: int, other: int) -> float:
        """As their middles moved of late."""
        return self._basket.correlation(one, other)


def impact_of(sight: Sight, at: int) -> tuple[float, float, float]:
    """What the sight was told, else an estimate: permanent, temporary, resilience (`policy.Market.impact`)."""
    return sight.impact or estimated_impact(sight, sight.rate_of_all(at))


def estimated_impact(sight: Sight, rate: float) -> tuple[float, float, float]:
    """Rules of thumb where nothing was measured; `rate`: lots a second that takers trade. Temporary: taking all lots of
    the nearest levels in a second costs the way to the last of them. Permanent: a tenth of the price steps that a lot
    walks. Resilience: the touch trades through and is back in the time in which takers trade its size, between 0.05 and
    10 a second (Large 2007 finds some tens of seconds for a liquid share).
    """
    rows = [row for side in (BUY, SELL) for row in sight.levels(side, 10)]
    middle = sight.middle_x2()
    if not rows or middle is None:
        return 0.0, 0.0, 0.1
    lots = sum(row.quantity for row in rows) / 2 or 1.0
    way = max(abs(row.price - middle / 2) for row in rows)
    eta = way / lots
    touch = rows[0].quantity or 1
    resilience = min(10.0, max(0.05, rate / touch))
    return eta / 10, eta, resilience


def _nobody(_: int) -> None:
    return None
