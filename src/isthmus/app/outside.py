"""What markets publish goes three ways: to the read models, to the router's sights, and onto the tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.engine.market import CallIndication, MarketData
from isthmus.engine.tape import Tape
from isthmus.execution.guard import Guard
from isthmus.execution.policy import Auction, Venue
from isthmus.execution.sights import HouseBook, Sight
from isthmus.kernel.messages import FILLED_OUTSIDE, Traded
from isthmus.refdata.directory import Directory


class Outside:
    """A MarketData that feeds the read models and the sights of the router."""

    def __init__(self, views: MarketData, house: HouseBook, directory: Directory) -> None:
        self._views = views
        self._house = house
        self._directory = directory
        self.tape: Tape | None = None
        """Where everything is kept, once somebody opened it."""
        self._sights: dict[int, Sight] = {}
        self.guard = Guard(self.sight)
        self.on_change: Callable[[], None] = _nothing
        """Called when an outside book changed."""
        self.on_trade: Callable[[int, int, int, int], None] = _nobody
        """Hears of every trade of anybody: instrument, at, price, quantity."""

    def sight(self, instrument: int) -> Sight:
        """What the venues show of the instrument; its venues as the directory knows them now."""
        sight = self._sights.get(instrument)
        if sight is None:
            sight = self._sights[instrument] = Sight(instrument, self._house)
        facts = self._directory.venue_facts(instrument)
        if len(facts) != len(sight.known):
            for row in facts:
                sight.admit(venue_of(row))
        return sight

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
        """How a route did so far."""
        return RouteFigures()

    def on_record(self, record: Record) -> None:
        """Our own trades count as volume too, wherever they happened."""
        for effect in record.effects:
            if type(effect) is Traded:
                self._own(record, effect)

    def _own(self, record: Record, effect: Any) -> None:
        venue = record.command.venue if effect.flags & FILLED_OUTSIDE else 0
        self.sight(effect.instrument).trade(venue, effect.quantity, effect.taker_side, record.stamp)
        self.on_trade(effect.instrument, record.stamp, effect.price, effect.quantity)


class RouteFigures(msgspec.Struct, frozen=True):
    """How a route did: None while nothing is known. `votes` of the breaker's checks: True is against the route."""

    latency_ns: int | None = None
    reject_rate: float | None = None
    fill_rate: float | None = None
    toxicity_bps: float | None = None
    votes: dict[str, bool] = {}


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
