"""One view of all liquidity of an instrument: `ConsolidatedBook`.

Prices are price steps of the instrument, quantities its lots, times ns UTC. What is compared is the all-in price: price
steps x 10^6 with the taker's fee, rounded once, against the taker. Venues whose sources cannot be believed or whose
routes are locked are in no answer; every change of that is an `Event`. The work is done in Rust (`crates/execution`).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import msgspec

from isthmus.engine import routes
from isthmus.engine.market import VenueFacts
from isthmus.engine.routes import RouteRefused
from isthmus.kernel.errors import BadInput, PartMissing
from isthmus.kernel.messages import BUY, SELL

LEVELS_MAX = 50
"""Levels of a side of a venue."""
ALL_LEVELS = LEVELS_MAX * 64
COLUMNS = ("all_in", "price", "quantity", "venue", "own_price", "own_quantity")
"""Of a row of `levels`: all-in price, price, lots, venue, and price and quantity in the venue's own units."""

OwnLevels = Sequence[tuple[int, int]]
Row = tuple[int, int, int, int, int, int]


class Event(msgspec.Struct, frozen=True):
    """A mark set (`on`) on a source or a route, or taken back.

    `state` is "stale", "crossed", "skewed", "clock_shifted", "snapshot", "malformed", "quarantined", "backup",
    "locked", "doubted" or "held", `reason` the rule that found it; docs/reference/routing.md lists the figures of each.
    """

    venue: int
    at: int
    state: str
    reason: str
    on: bool
    figures: tuple[int, int, int]


class Units(msgspec.Struct, frozen=True):
    """What a price step is in the quote asset and a lot in the base asset (of contracts: in contracts)."""

    step: Fraction
    lot: Fraction


class Care(msgspec.Struct, frozen=True, kw_only=True):
    """How a source is looked after. Venues of one `family` trade the same thing and are held against one another; a
    perpetual and its spot are two. `reference`: its clock and price are believed where two differ. `backup`: who stands
    in for it. `stale_ns`: how long it may be quiet while others move (None: as the guards say).
    """

    family: int = 0
    reference: bool = False
    backup: int | None = None
    stale_ns: int | None = None


class Leg(msgspec.Struct, frozen=True):
    """What goes to one venue: lots and the worst price, and both in the venue's own units."""

    venue: int
    quantity: int
    price: int
    own_quantity: int
    own_price: int


class Decision(msgspec.Struct, frozen=True):
    """Where a quantity goes. `cost`: all-in price x lots that is paid (by a seller: got)."""

    legs: tuple[Leg, ...]
    quantity: int
    cost: int


class Split(msgspec.Struct, frozen=True):
    """A split of least cost. `impact` is estimated, in all-in price x lots; `exact`: no other split costs less,
    otherwise it can be off by `gap` at most.
    """

    legs: tuple[Leg, ...]
    quantity: int
    cost: int
    impact: int
    exact: bool
    gap: int


class Pair(msgspec.Struct, frozen=True):
    """Buy at one venue, sell at another. `profit`: all-in price x lots, both fees counted. `basis`: the two are of
    different families, so the gain has still to close. `own_buy`, `own_sell`: limit and quantity in the venues' units.
    """

    buy: int
    sell: int
    quantity: int
    profit: int
    buy_price: int
    sell_price: int
    own_buy: tuple[int, int]
    own_sell: tuple[int, int]
    basis: bool


class Triangle(msgspec.Struct, frozen=True):
    """A round trip through three instruments at their best prices: the gain in millionths, and the lots of each."""

    buys_first: bool
    gain_ppm: int
    first: int
    second: int
    cross: int


class Route(msgspec.Struct, frozen=True):
    """How a route has done. `toxicity_ppm`: how far the middle moves against us within a second of a fill."""

    sent: int
    answered: int
    rejected: int
    latency_ns: int
    latency_max_ns: int
    reject_ppm: int
    fill_ppm: int
    toxicity_ppm: int
    measured: int


class ConsolidatedBook:
    """All venues of one instrument. `guards` are laid over `default_guards()`; `units` are the instrument's and are
    needed only when a venue has others. Whatever makes no sense raises BadInput with the field and the reason.
    """

    def __init__(
        self,
        venues: Iterable[VenueFacts] = (),
        *,
        units: Units | None = None,
        guards: Mapping[str, int] | None = None,
    ) -> None:
        self._units = units
        try:
            self._core = routes.ConsolidatedBook(dict(guards or {}))
        except RouteRefused as refused:
            raise _bad(refused) from refused
        for facts in venues:
            self.list_venue(facts)

    def list_venue(self, facts: VenueFacts, care: Care | None = None, own: Units | None = None) -> None:
        """The instrument can be traded there; equal prices go to who was listed first. `own`: units of what the venue
        publishes, if they are not the instrument's.
        """
        price, quantity = self._conversion(facts, own)
        care = care or Care()
        try:
            self._core.list_venue(
                facts.number, facts.kind, maker_fee_ppm=facts.maker_fee_ppm, taker_fee_ppm=facts.taker_fee_ppm,
                tick=facts.tick, lot=facts.lot, price=price, quantity=quantity, inverse=facts.inverse,
                family=care.family, reference=care.reference, backup=care.backup, stale_ns=care.stale_ns,
            )  # fmt: skip
        except (RouteRefused, OverflowError) as refused:
            raise _bad(refused) from refused

    def _conversion(self, facts: VenueFacts, own: Units | None) -> tuple[tuple[int, int], tuple[int, int]]:
        """What turns own prices into steps, and own quantities into lots (inverse: into steps x lots)."""
        price, quantity = Fraction(*facts.price_multiplier), Fraction(*facts.quantity_multiplier)
        theirs, ours = own or self._units, self._units
        if theirs is not None and ours is not None:
            price *= theirs.step / ours.step
            quantity *= theirs.lot / ours.lot
            if facts.inverse:
                quantity /= ours.step
        elif facts.inverse or own is not None:
            raise BadInput("units", "must be told for the book, since a venue has others")
        return price.as_integer_ratio(), quantity.as_integer_ratio()

    def update(self, venue: int, at: int, bids: OwnLevels, asks: OwnLevels) -> tuple[Event, ...]:
        """The venue's whole book now, in its own units: (price, quantity), best first, at most 50 a side. What becomes
        of the source and its route counts for the very next question. A refused update changes no level and marks the
        source.
        """
        try:
            return _events(self._core.update(venue, at, bids, asks))
        except (RouteRefused, OverflowError) as refused:
            raise _bad(refused) from refused

    def last_events(self) -> tuple[Event, ...]:
        """What the last update, feed message or hold did, also when it was refused."""
        return _events(self._core.last_events())

    def feed_snapshot(self, venue: int, at: int, last: int) -> tuple[Event, ...]:
        """A snapshot with that last number was applied to the venue's book."""
        return self._told(self._core.feed_snapshot, venue, at, last)

    def feed_update(self, venue: int, at: int, first: int, last: int, previous: int | None = None) -> tuple[Event, ...]:
        """An update with these numbers was applied to the venue's book; `previous` where venues tell it."""
        return self._told(self._core.feed_update, venue, at, first, last, previous)

    def hold(self, venue: int, at: int, out: bool) -> tuple[Event, ...]:
        """Take a route out by hand, or give it back."""
        return self._told(self._core.hold, venue, at, out)

    def indicate(self, venue: int, side: int, at: int, price: int, quantity: int) -> None:
        """A dark pool, an auction or a dealer says what it would do on a side; 0: no price or no size is said."""
        self._asked(self._core.indicate, venue, side, at, price, quantity)

    def take_back(self, venue: int, side: int) -> None:
        """It says so no more."""
        self._asked(self._core.take_back, venue, side)

    def indications(self, side: int) -> list[tuple[int, int, int, int]]:
        """(venue, at, price, lots) of every venue that indicates on a side."""
        return self._core.indications(side)

    def trade(self, venue: int, at: int, price: int, quantity: int, taken: int = 0) -> None:
        """Others traded there; `taken`: the side of the book that was taken from, 0 when nobody knows."""
        self._asked(self._core.trade, venue, at, price, quantity, taken)

    def set_reference(self, price: int | None) -> None:
        """The price in steps x 10^6 around which the hard band lies: a mark, a close, an auction's."""
        self._core.set_reference(price)

    def levels(self, side: int, most: int = LEVELS_MAX) -> list[Row]:
        """Rows of COLUMNS of a side over all venues that may be used, best all-in price first."""
        return self._core.levels(side, most)

    def middle(self) -> int | None:
        """Half way between the best plain prices, in price steps x 10^6."""
        return self._core.middle()

    def open(self) -> list[int]:
        """Venues that are used now."""
        return self._core.open()

    def why_not(self, venue: int) -> list[str]:
        """The states that keep a venue from being used; [] when none does."""
        return list(self._asked(self._core.why_not, venue))

    def sweep(self, side: int, quantity: int, limit: int | None = None) -> Decision:
        """Take from all venues at once, by all-in price, within the limit. `side`: the taker's."""
        return _decision(self._asked(self._core.sweep, side, quantity, limit))

    def single(self, side: int, quantity: int, limit: int | None = None) -> Decision:
        """Take at the one venue where most can be had, and of those where it is cheapest."""
        return _decision(self._asked(self._core.single, side, quantity, limit))

    def split(self, side: int, quantity: int, slopes: Mapping[int, int], limit: int | None = None) -> Split:
        """The split of least cost over the venues of `slopes`: what a lot moves the price there by, in price steps x
        10^12.
        """
        found = self._asked(self._core.split, side, quantity, list(slopes.items()), limit)
        return Split(_legs(found), *(found[name] for name in ("quantity", "cost", "impact", "exact", "gap")))

    def slope(self, venue: int, side: int) -> int:
        """An estimate for `split` where nothing was measured: the way from the venue's best level to its last over the
        lots in between, for a taker of that side, in price steps x 10^12 a lot.
        """
        rows = [row for row in self.levels(BUY + SELL - side, ALL_LEVELS) if row[3] == venue]
        lots = sum(row[2] for row in rows)
        return abs(rows[-1][0] - rows[0][0]) * 1_000_000 // lots if rows else 0

    def arbitrage(self, venue: int) -> Pair | None:
        """The best pair that a venue is part of, after its book changed; None when nothing is to be had."""
        found = self._asked(self._core.arbitrage, venue)
        return None if found is None else msgspec.convert(found, Pair)

    def sent(self, venue: int, lots: int) -> None:
        """An order went out on a route."""
        self._asked(self._core.sent, venue, lots)

    def answered(self, venue: int, latency_ns: int, rejected: bool = False) -> None:
        """Its first answer came."""
        self._asked(self._core.answered, venue, latency_ns, rejected)

    def filled(self, venue: int, at: int, side: int, lots: int) -> None:
        """A fill came; `side` is ours."""
        self._asked(self._core.filled, venue, at, side, lots)

    def route(self, venue: int) -> Route:
        """How a route has done."""
        return msgspec.convert(self._asked(self._core.route, venue), Route)

    def table(self) -> Any:
        """Both sides as a pyarrow Table: side ("bid", "ask"), rank from 1, and COLUMNS. Raises PartMissing."""
        return _part("pyarrow", "pip install pyarrow, or isthmus with its extra [archive]").table(self._columns())

    def frame(self) -> Any:
        """The same as a polars DataFrame. Raises PartMissing."""
        return _part("polars", "pip install polars").DataFrame(self._columns())

    def _columns(self) -> dict[str, Sequence[Any]]:
        bids, asks = self.levels(BUY, ALL_LEVELS), self.levels(SELL, ALL_LEVELS)
        rows = bids + asks
        columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
        return {
            "side": ["bid"] * len(bids) + ["ask"] * len(asks),
            "rank": [*range(1, len(bids) + 1), *range(1, len(asks) + 1)],
            **{name: list(column) for name, column in zip(COLUMNS, columns, strict=True)},
        }

    def _asked(self, call: Any, *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except (RouteRefused, OverflowError) as refused:
            raise _bad(refused) from refused

    def _told(self, call: Any, *arguments: Any) -> tuple[Event, ...]:
        return _events(self._asked(call, *arguments))


def default_guards() -> dict[str, int]:
    """What every guard is set to; docs/reference/routing.md says what each means."""
    return routes.ConsolidatedBook.defaults()


def triangle(
    books: tuple[ConsolidatedBook, ConsolidatedBook, ConsolidatedBook], units: tuple[Units, ...]
) -> Triangle | None:
    """A gain through three books, A in B, B in C, and A in C, at their best prices and net of fees; None when there is
    none. `units`: of each, in that order.
    """
    first, second, cross = units
    price = first.step * second.step / cross.step
    links = [price, first.lot * first.step / second.lot, first.lot / cross.lot]
    one, two, three = (book._core for book in books)
    try:
        found = routes.triangle(one, two, three, [link.as_integer_ratio() for link in links])
    except (RouteRefused, OverflowError) as refused:
        raise _bad(refused) from refused
    return None if found is None else msgspec.convert(found, Triangle)


def _bad(refused: Exception) -> BadInput:
    if isinstance(refused, RouteRefused):
        return BadInput(refused.args[0], refused.args[1])
    return BadInput(None, "a number does not fit 64 bits")


def _events(rows: Iterable[tuple[int, int, str, str, bool, Sequence[int]]]) -> tuple[Event, ...]:
    return tuple(Event(*row[:5], (row[5][0], row[5][1], row[5][2])) for row in rows)


def _legs(found: Mapping[str, Any]) -> tuple[Leg, ...]:
    return tuple(Leg(*row) for row in found["legs"])


def _decision(found: Mapping[str, Any]) -> Decision:
    return Decision(_legs(found), found["quantity"], found["cost"])


def _part(name: str, remedy: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise PartMissing(name, remedy) from error
