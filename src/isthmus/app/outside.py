"""What markets publish goes three ways: to the read models, to the router's sights, and onto the tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from isthmus.engine.engine import Record
from isthmus.engine.market import MarketData
from isthmus.execution.policy import Venue
from isthmus.execution.sights import HouseBook, Sight
from isthmus.kernel.messages import BUY, FILLED_OUTSIDE, SELL, Traded
from isthmus.refdata.directory import Directory


class Outside:
    """A MarketData that feeds the read models and the sights of the router."""

    def __init__(self, views: MarketData, house: HouseBook, directory: Directory) -> None:
        self._views = views
        self._house = house
        self._directory = directory
        self._sights: dict[int, Sight] = {}
        self.changed: dict[int, None] = {}
        """Instruments whose outside books changed since they were last looked at."""
        self.on_trade: Callable[[int, int], None] = _nobody

    def sight(self, instrument: int) -> Sight:
        """What the venues show of the instrument; its venues as the directory knows them now."""
        sight = self._sights.get(instrument)
        if sight is None:
            sight = self._sights[instrument] = Sight(instrument, self._house)
        facts = self._directory.venue_facts(instrument)
        if len(facts) != len(sight.known):
            for row in facts:
                sight.list(venue_of(row))
        return sight

    def book(
        self, venue: int, instrument: int, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]], at: int
    ) -> None:
        """The venue's whole book now."""
        self._views.book(venue, instrument, bids, asks, at)
        self.sight(instrument).show(venue, bids, asks, at)
        self.changed[instrument] = None

    def trade(self, venue: int, instrument: int, price: int, quantity: int, taker_side: int, at: int) -> None:
        """Others traded at the venue."""
        self._views.trade(venue, instrument, price, quantity, taker_side, at)
        self.sight(instrument).trade(venue, quantity, taker_side, at)
        self.on_trade(instrument, quantity)

    def on_record(self, record: Record) -> None:
        """Our own trades count as volume too, wherever they happened."""
        for effect in record.effects:
            if type(effect) is Traded:
                self._own(record, effect)

    def _own(self, record: Record, effect: Any) -> None:
        venue = record.command.venue if effect.flags & FILLED_OUTSIDE else 0
        self.sight(effect.instrument).trade(venue, effect.quantity, effect.taker_side, record.stamp)
        self.on_trade(effect.instrument, effect.quantity)

    def touch(self, instrument: int) -> tuple[int, int]:
        """The best plain prices over all venues that can be used: bid and ask, 0 where there is none."""
        sight = self.sight(instrument)
        bids, asks = sight.levels(BUY, 1), sight.levels(SELL, 1)
        return (bids[0].price if bids else 0), (asks[0].price if asks else 0)


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


def _nobody(_: int, __: int) -> None:
    return None
