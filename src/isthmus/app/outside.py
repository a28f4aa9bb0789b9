"""What markets publish goes three ways: to the read models, to the router's sights, and onto the tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.engine.market import CallIndication, MarketData
from isthmus.engine.tape import Tape
from isthmus.execution.book import Care, Event
from isthmus.execution.guard import Guard
from isthmus.execution.policy import Auction, Venue
from isthmus.execution.route_words import Units, units_of
from isthmus.execution.sights import HouseBook, Sight
from isthmus.kernel.messages import FILLED_OUTSIDE, Accepted, Acknowledged, Cancelled, Traded
from isthmus.refdata.directory import Directory

PPM = 1_000_000
NOTE_BYTES_MAX = 255
"""Of a note on the tape (`crates/tape`)."""


class Outside:
    """A MarketData that feeds the read models and the sights of the router."""

    def __init__(self, views: MarketData, house: HouseBook, directory: Directory) -> None:
        self._views = views
        self._house = house
        self._directory = directory
        self.tape: Tape | None = None
        """Where everything is kept, once somebody opened it."""
        self._sights: dict[int, Sight] = {}
        self._listed: dict[int, int] = {}
        self._asked: dict[int, tuple[int, int, int]] = {}
        """Orders at outside venues that have no answer yet: instrument, venue, when they were sent."""
        self.reserves: dict[str, str] = {}
        """Who stands in for whom, by the venues' names: a reserve is used only while its principal is not."""
        self.references: frozenset[str] = frozenset()
        """Sources whose clock and price are believed where two differ, by name."""
        self.guard = Guard(self.sight, self._units)
        self.on_change: Callable[[], None] = _nothing
        """Called when an outside book changed."""
        self.on_trade: Callable[[int, int, int, int], None] = _nobody
        """Hears of every trade of anybody: instrument, at, price, quantity."""

    def sight(self, instrument: int) -> Sight:
        """What the venues show of the instrument; its venues as the directory knows them now."""
        sight = self._sights.get(instrument)
        if sight is None:
            sight = self._sights[instrument] = Sight(instrument, self._house, self._told)
        facts = self._directory.venue_facts(instrument)
        if len(facts) != self._listed.get(instrument):
            self._listed[instrument] = len(facts)
            for row in facts:
                if row.number not in sight.known and row.takes_orders:
                    sight.admit(venue_of(row), row, self._care(row.name))
        return sight

    def _units(self, instrument: int) -> Units:
        """How the instrument's figures are written."""
        found = self._directory.instruments[instrument]
        return units_of(found.kind_name, found.quote.code, found.price_decimals, self._directory.venue_name)

    def _care(self, venue: str) -> Care:
        reserve = self.reserves.get(venue)
        number = self._directory.venue_number(reserve) if reserve is not None else None
        return Care(reference=venue in self.references, backup=number)

    def book(
        self, venue: int, instrument: int, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]], at: int
    ) -> None:
        """The venue's whole book now."""
        self._views.book(venue, instrument, bids, asks, at)
        self.sight(instrument).show(venue, bids, asks, at)
        if self.tape is not None:
            self.tape.book(at, venue, instrument, list(bids), list(asks))
        self.on_change()

    def trade(self, venue: int, instrument: int, price: int, quantity: int, taker_side: int, at: int) -> None:
        """Others traded at the venue."""
        self._views.trade(venue, instrument, price, quantity, taker_side, at)
        self.sight(instrument).trade(venue, quantity, taker_side, at)
        if self.tape is not None:
            self.tape.trade(at, venue, instrument, price, quantity, taker_side)
        self.on_trade(instrument, at, price, quantity)

    def call(self, indication: CallIndication) -> None:
        """What a call at an outside venue would trade now."""
        self._views.call(indication)
        self.sight(indication.instrument).call = Auction(
            venue=indication.venue,
            price=indication.price,
            volume=indication.volume,
            imbalance=indication.imbalance,
            at=indication.ends_at,
            closing=indication.closing,
        )

    def offset(self) -> int:
        """The last frame of the tape, which is on disk now; 0 without a tape."""
        if self.tape is None:
            return 0
        self.tape.flush()
        return self.tape.next - 1

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
        if self.tape is not None:
            for event in events:
                said = self.guard.said(instrument, event)
                self.tape.health(event.at, event.venue, instrument, int(event.on), noted(f"{event.state}: {said}"))

    def on_record(self, record: Record) -> None:
        """Our own trades count as volume too, wherever they happened; and routes are judged by what came of orders."""
        command = record.command
        venue = getattr(command, "venue", 0)
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

    def _sent(self, record: Record, effect: Any) -> None:
        order = self._house.order(effect.order)
        if order is None:
            return
        instrument, venue = order["instrument"], record.command.venue
        if venue in self.sight(instrument).known:
            self._asked[effect.order] = (instrument, venue, record.stamp)
            self.sight(instrument).watched.sent(venue, record.command.quantity)

    def _answered(self, order: int, at: int, *, rejected: bool) -> None:
        asked = self._asked.pop(order, None)
        if asked is not None:
            instrument, venue, sent = asked
            self.sight(instrument).watched.answered(venue, max(0, at - sent), rejected)

    def _own(self, record: Record, effect: Any) -> None:
        venue = record.command.venue if effect.flags & FILLED_OUTSIDE else 0
        sight = self.sight(effect.instrument)
        if venue in sight.known and venue:
            side = record.command.side
            sight.watched.filled(venue, record.stamp, side, effect.quantity)
            self._asked.pop(effect.maker_order or effect.taker_order, None)
        sight.trade(venue, effect.quantity, effect.taker_side, record.stamp)
        self.on_trade(effect.instrument, record.stamp, effect.price, effect.quantity)


class RouteFigures(msgspec.Struct, frozen=True):
    """How a route did: None while nothing is known."""

    latency_ns: int | None = None
    reject_rate: float | None = None
    fill_rate: float | None = None
    toxicity_bps: float | None = None


def noted(text: str) -> str:
    """As much of it as a frame of the tape takes."""
    return text.encode()[:NOTE_BYTES_MAX].decode(errors="ignore")


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
