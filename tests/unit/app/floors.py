"""Outside venues whose answers the test gives, around one broker in process: what arrives there, what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isthmus.app.playing import Playing
from isthmus.engine.engine import content_id
from isthmus.engine.market import VenueFacts
from isthmus.kernel.messages import (
    ACCOUNT_VENUE,
    AddInstrument,
    VenueAccepted,
    VenueCancelled,
    VenueFilled,
)
from isthmus.venues.answering import CancelAsked, NewOrder, asked

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
FEE_PPM = 10
IOC_REASON, REFUSED_REASON = 2, 11
Levels = Sequence[tuple[int, int]]


class Floors:
    """A market of some venues at which every instrument is traded; prices have two decimals, quantities four."""

    mode = "simulated"

    def __init__(self, symbols: Mapping[str, tuple[str, str]], venues: Sequence[str]) -> None:
        self._symbols, self._venues = symbols, venues
        self.orders: list[NewOrder] = []
        self.cancels: list[CancelAsked] = []
        self.instruments: dict[str, int] = {}

    def open(self, desk: Any) -> None:
        """List everything."""
        self.desk = desk
        self.venue = {name: desk.account(f"venue:{name}", ACCOUNT_VENUE) for name in self._venues}
        for symbol, (base, quote) in self._symbols.items():
            number = self.instruments[symbol] = desk.instrument(
                AddInstrument(
                    symbol=symbol, kind=3, base=desk.asset(base, 8), quote=desk.asset(quote, 8), price_decimals=4,
                    quantity_decimals=4, tick=1, lot=1, multiplier=1, maker_fee_ppm=FEE_PPM, taker_fee_ppm=FEE_PPM,
                    collar_bps=0, initial_margin_bps=0, mark=0,
                )
            )  # fmt: skip
            for name, venue in self.venue.items():
                desk.show_at(number, venue, VenueFacts(venue, name, "lit", FEE_PPM, FEE_PPM))

    def listing(self) -> list[dict[str, Any]]:
        """Nothing."""
        return []

    def step(self, at: int) -> int:
        """Nothing by itself."""
        return at + 3_600 * SECOND

    def on_record(self, record: Any) -> None:
        """What was sent to a venue."""
        for wish in asked(record, self.desk.engine):
            (self.orders if isinstance(wish, NewOrder) else self.cancels).append(wish)  # type: ignore[attr-defined]

    def close(self) -> None:
        """Nothing."""


class Broker:
    """A playing broker over such floors."""

    def __init__(
        self,
        house: Mapping[str, Any],
        symbols: Mapping[str, tuple[str, str]] | None = None,
        venues: Sequence[str] = ("east", "west", "north"),
        data: str | None = None,
        start: int = START,
    ) -> None:
        self.floors = Floors(symbols or {"BTC-USDT": ("BTC", "USDT")}, venues)
        self.playing = Playing([self.floors], start, data, house)
        self.core = self.playing.core
        self.desk = self.core.arbitrage
        self.told = 0

    @property
    def orders(self) -> list[NewOrder]:
        """Every order that arrived at a venue."""
        return self.floors.orders

    def show(self, venue: str, bids: Levels, asks: Levels, symbol: str = "BTC-USDT") -> None:
        """What a venue shows now; a millisecond passes."""
        self.playing.run(self.playing.now + SECOND // 1_000)
        instrument = self.floors.instruments[symbol]
        self.core.desk.data.book(self.floors.venue[venue], instrument, bids, asks, self.playing.now)
        self.playing.pump()

    def fill(self, order: NewOrder, quantity: int = 0, price: int = 0, name: str = "") -> Any:
        """Its venue fills an order; all of it at its limit unless said."""
        self.told += 1
        return self.playing.submit(
            VenueFilled(
                order=order.order, venue=order.venue, account=order.account, instrument=order.instrument,
                side=order.side, liquidity=2, price=price or order.price, quantity=quantity or order.quantity,
                fill_id=content_id(name or f"fill {self.told}"),
            ),
            role="house",
        )  # fmt: skip

    def accept(self, order: NewOrder) -> None:
        """Its venue has it."""
        self.playing.submit(VenueAccepted(order=order.order, venue=order.venue), role="house")

    def end(self, order: NewOrder, reason: int = IOC_REASON) -> None:
        """Its venue ends it."""
        self.playing.submit(VenueCancelled(order=order.order, venue=order.venue, reason=reason), role="house")

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.playing.run(self.playing.now + int(seconds * SECOND))

    def venue_of(self, order: NewOrder) -> str:
        """The name of the venue at which an order arrived."""
        return next(name for name, number in self.floors.venue.items() if number == order.venue)

    def owned(self, code: str) -> tuple[int, int]:
        """What the arbitrage desk owns, and what of it is held."""
        asset = self.core.directory.asset(code)
        assert asset is not None and self.desk is not None
        return self.core.engine.balance(self.desk.account, asset.number)
