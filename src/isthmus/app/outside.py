"""What markets publish goes three ways: to the read models, to the router's sights, and onto the tape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from isthmus.app.market_tape import MarketTape
from isthmus.engine.engine import Record
from isthmus.engine.market import CallIndication, MarketData, VenueFacts
from isthmus.engine.tape import Tape
from isthmus.execution.book import Care, Event
from isthmus.execution.guard import Guard
from isthmus.execution.policy import Auction, Parent, Venue
from isthmus.execution.route_words import Units
from isthmus.execution.sights import HouseBook, Sight
from isthmus.kernel.messages import FILLED_OUTSIDE, Accepted, Acknowledged, Cancelled, Traded

PPM = 1_000_000


class Listings(Protocol):
    """Who trades what: `refdata.directory.Directory`. `shown` changes whenever a venue is shown for an instrument."""

    shown: int

    def venue_facts(self, instrument: int, /) -> Sequence[VenueFacts]:
        """Of every venue that trades the instrument, in the order in which they were shown."""

    def venue_number(self, name: str, /) -> int | None:
        """Of a venue by its name."""


class Outside:
    """A MarketData that feeds the read models and the sights of the router."""

    def __init__(self, views: MarketData, house: HouseBook, directory: Listings) -> None:
        self._views = views
        self._house = house
        self._directory = directory
        self._tape: MarketTape | None = None
        self._sights: dict[int, Sight] = {}
        self._listed: dict[int, int] = {}
        self._asked: dict[int, tuple[int, int, int]] = {}
        """Orders at outside venues that have no answer yet: instrument, venue, when they were sent."""
        self.reserves: dict[str, str] = {}
        """Who stands in for whom, by the venues' names: a reserve is used only while its principal is not."""
        self.references: frozenset[str] = frozenset()
        """Sources whose clock and price are believed where two differ, by name."""
        self.guard = Guard(self.sight, lambda instrument: self.units(instrument))
        self.units: Callable[[int], Units] = lambda _: Units(0, str)
        """How an instrument's figures are written; until somebody says, prices are price steps and venues numbers."""
        self.on_change: Callable[[], None] = _nothing
        """Called when an outside book changed."""
        self.on_book: Callable[[int, int, int], None] = _no_desk
        """Hears at once of a venue's new book, before anybody else does: instrument, venue, at."""
        self.on_trade: Callable[[int, int, int, int], None] = _nobody
        """Hears of every trade of anybody: instrument, at, price, quantity."""

    def keep(self, tape: Tape, at: int) -> None:
        """Keep everything there from now on; before any market opened, so that nothing is missing."""
        self._tape = MarketTape(tape, at, self._house.sequence)
        for instrument, sight in self._sights.items():
            for facts, care in sight.listed.values():
                self._tape.listed(at, (facts.number, instrument), facts, care)

    def close(self) -> None:
        """Everything is on the tape, which is let go."""
        if self._tape is not None:
            self._tape.close()

    def sight(self, instrument: int) -> Sight:
        """What the venues show of the instrument; its venues as the directory knows them now."""
        sight = self._sights.get(instrument)
        if sight is None:
            sight = self._sights[instrument] = Sight(instrument, self._house, self._told)
            sight.on_house = self._house_read
        if self._directory.shown != self._listed.get(instrument):
            self._listed[instrument] = self._directory.shown
            for row in self._directory.venue_facts(instrument):
                if row.number not in sight.known and row.takes_orders:
                    self.admit(instrument, row, self._care(row.name))
        return sight

    def admit(self, instrument: int, facts: VenueFacts, care: Care) -> None:
        """The instrument can be traded there from now on."""
        sight = self._sights[instrument]
        if self._tape is not None:
            self._tape.listed(sight.at, (facts.number, instrument), facts, care)
        sight.admit(venue_of(facts), facts, care)

    def _care(self, venue: str) -> Care:
        reserve = self.reserves.get(venue)
        number = self._directory.venue_number(reserve) if reserve is not None else None
        return Care(reference=venue in self.references, backup=number)

    def book(
        self, venue: int, instrument: int, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]], at: int
    ) -> None:
        """The venue's whole book now."""
        sight = self.sight(instrument)
        sight.read_house()
        if self._tape is not None:
            self._tape.book(at, (venue, instrument), bids, asks)
        sight.take(venue, bids, asks, at)
        self.on_book(instrument, venue, at)
        sight.read_house()
        if self._tape is not None:
            self._tape.seen(at, instrument)
        sight.see()
        self._views.book(venue, instrument, bids, asks, at)
        self.on_change()

    def trade(self, venue: int, instrument: int, price: int, quantity: int, taker_side: int, at: int) -> None:
        """Others traded at the venue."""
        self._views.trade(venue, instrument, price, quantity, taker_side, at)
        sight = self.sight(instrument)
        if self._tape is not None:
            self._tape.trade(at, (venue, instrument), price, quantity, taker_side)
        sight.trade(venue, quantity, taker_side, at)
        self.on_trade(instrument, at, price, quantity)

    def curve(self, instrument: int, expected: Callable[[int, int], int]) -> None:
        """The usual day of an instrument."""
        self.sight(instrument).curve = expected

    def call(self, indication: CallIndication) -> None:
        """What a call at an outside venue would trade now."""
        self._views.call(indication)
        sight = self.sight(indication.instrument)
        if self._tape is not None:
            self._tape.call(sight.at, indication)
        sight.call = Auction(
            venue=indication.venue,
            price=indication.price,
            volume=indication.volume,
            imbalance=indication.imbalance,
            at=indication.ends_at,
            closing=indication.closing,
        )

    def mark(self, parent: Parent, at: int, expected: Mapping[tuple[int, int], int]) -> int:
        """A decision on the parent is made now, which was told such volumes of the day's curve: its offset on the tape,
        which is on disk then; 0 without a tape.
        """
        if self._tape is None:
            return 0
        for span, lots in expected.items():
            self._tape.expected(at, parent.instrument, span, lots)
        return self._tape.decision(at, parent.instrument, parent.number, self._house.sequence)

    def flush(self) -> None:
        """What was shown so far is on the tape."""
        if self._tape is not None:
            self._tape.flush()

    def figures(self, instrument: int, venue: int) -> RouteFigures:
        """How a route did so far; of the house book nothing is counted."""
        route = self.sight(instrument).watched.route(venue) if venue else None
        if route is None or not route.sent:
            return RouteFigures()
        answered = route.answered > 0
        return RouteFigures(
            latency_ns=route.latency_ns if answered else None,
            reject_rate=route.reject_ppm / PPM if answered else None,
            fill_rate=route.fill_ppm / PPM,
            toxicity_bps=route.toxicity_ppm / 100 if route.measured else None,
        )

    def _told(self, instrument: int, events: tuple[Event, ...]) -> None:
        """What an update did to routes: into the log, and onto the tape."""
        self.guard.take(instrument, events)
        if self._tape is not None:
            for event in events:
                self._tape.health(instrument, event, self.guard.said(instrument, event))

    def _house_read(self, instrument: int) -> None:
        if self._tape is not None:
            self._tape.house(self._sights[instrument].at, instrument, self._house.sequence)

    def on_record(self, record: Record) -> None:
        """Our own trades count as volume too, wherever they happened; and routes are judged by what came of orders."""
        venue = getattr(record.command, "venue", 0)
        taken = False
        for effect in record.effects:
            kind = type(effect)
            if kind is Traded:
                self._own(record, effect)
            elif kind is Accepted and venue:
                self._sent(record, effect)
            elif kind is Acknowledged:
                self._answered(effect.order, record.stamp, rejected=False)
            elif kind is Cancelled and effect.order in self._asked:
                self._answered(effect.order, record.stamp, rejected=True)
            else:
                continue
            taken = True
        if taken and self._tape is not None:
            self._tape.taken(record.sequence)

    def _sent(self, record: Record, effect: Any) -> None:
        command = record.command
        instrument = getattr(command, "instrument", 0) or self._instrument_of(effect.order)
        if not instrument:
            return
        sight = self.sight(instrument)
        if command.venue in sight.known:
            self._asked[effect.order] = (instrument, command.venue, record.stamp)
            sight.sent(command.venue, command.quantity)

    def _instrument_of(self, order: int) -> int:
        """Of a child, whose command says its parent only; 0 when it has ended already."""
        found = self._house.order(order)
        return found["instrument"] if found is not None else 0

    def _answered(self, order: int, at: int, *, rejected: bool) -> None:
        asked = self._asked.pop(order, None)
        if asked is not None:
            instrument, venue, sent = asked
            self.sight(instrument).answered(venue, max(0, at - sent), rejected=rejected)

    def _own(self, record: Record, effect: Any) -> None:
        venue = record.command.venue if effect.flags & FILLED_OUTSIDE else 0
        sight = self.sight(effect.instrument)
        if venue in sight.known and venue:
            side = record.command.side
            sight.filled(venue, record.stamp, side, effect.quantity)
            self._asked.pop(effect.maker_order or effect.taker_order, None)
        sight.trade(venue, effect.quantity, effect.taker_side, record.stamp)
        self.on_trade(effect.instrument, record.stamp, effect.price, effect.quantity)


class RouteFigures(msgspec.Struct, frozen=True):
    """How a route did: None while nothing is known."""

    latency_ns: int | None = None
    reject_rate: float | None = None
    fill_rate: float | None = None
    toxicity_bps: float | None = None


def venue_of(facts: Any) -> Venue:
    """A venue as paths know it."""
    return Venue(
        number=facts.number,
        name=facts.name,
        kind=facts.kind,
        maker_fee_ppm=facts.maker_fee_ppm,
        taker_fee_ppm=facts.taker_fee_ppm,
        tick=facts.tick,
        lot=facts.lot,
        latency_ns=facts.latency_ns,
    )


def _nothing() -> None:
    return None


def _nobody(_: int, __: int, ___: int, ____: int) -> None:
    return None


def _no_desk(_: int, __: int, ___: int) -> None:
    return None
