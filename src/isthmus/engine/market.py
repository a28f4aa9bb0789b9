"""What a market is to the server: something that trades against clients, driven by time and by records.

A market is plain synchronous code. The server opens it once, calls `step` whenever it is due and `on_record` for every
record in order; the market acts only through the `MarketDesk` that it was given. It owns no thread, loop, clock or file
that it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from isthmus.engine.engine import Engine, Record


class VenueQuote(msgspec.Struct, frozen=True):
    """What one venue shows against an order: price levels of the other side, best first, in the instrument's units."""

    venue: int
    name: str
    levels: Sequence[tuple[int, int]]
    fee_ppm: int


class VenueChoice(msgspec.Struct, frozen=True):
    """Where an order goes (0 is the house book) and why, in one sentence."""

    venue: int
    why: str


class Choose(Protocol):
    """The rule that picks a venue for an order without one: `execution.best_price.choose`."""

    def __call__(self, *, side: int, quantity: int, limit: int | None, quotes: Sequence[VenueQuote]) -> VenueChoice: ...


class MarketData(Protocol):
    """Where a market publishes what an outside venue shows. Never journalled; prices and quantities in instrument
    units.
    """

    def book(
        self, venue: int, instrument: int, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]], at: int
    ) -> None:
        """The venue's whole book now: (price, quantity), best first, at most BOOK_LEVELS_MAX a side; both empty
        clears it.
        """

    def trade(self, venue: int, instrument: int, price: int, quantity: int, taker_side: int, at: int) -> None:
        """Others traded at the venue. Fills of our own orders are not published: their records say so."""


class MarketDesk(Protocol):
    """What a market may do."""

    data: MarketData
    engine: Engine
    """For questions only (best, depth, queue, order, orders, balance, position, reference); never submit to it."""

    def now(self) -> int:
        """Nanoseconds UTC, never going back."""

    def submit(self, command: Any) -> Record | None:
        """Sequence a command at once and return its record (not durable yet; its order id is `record.sequence`).

        None when the server takes no commands (disk full, inbox full): try again at a later step.
        """

    def account(self, name: str, kind: int) -> int:
        """The account of this name; opened when absent. `kind`: 2 house, 3 outside venue. The name is kept in the
        journal.
        """

    def asset(self, code: str, decimals: int) -> int:
        """The asset's number; added when absent."""

    def instrument(self, command: Any) -> int:
        """The number of the instrument with the symbol of this AddInstrument; added when absent."""

    def fund(self, account: int, asset: int, at_least: int) -> None:
        """Deposit what is missing so that the account's balance is at least this many minor units."""

    def show_at(self, instrument: int, venue: int) -> None:
        """Say that the instrument can be traded at this outside venue as well (Instrument.venues, best price)."""


class Market(Protocol):
    """A market to trade against."""

    mode: str
    """"simulated" or "recorded"."""

    def open(self, desk: MarketDesk) -> None:
        """Called once, after recovery and before the port opens: add assets, instruments, accounts, money, first
        quotes.
        """

    def listing(self) -> list[dict[str, Any]]:
        """Rows for the ready line: kind, instrument, venue, files, taken, why."""

    def step(self, at: int) -> int:
        """Do what is due at `at`, in 5 ms at most: the server's other work waits. Returns when to be called again."""

    def on_record(self, record: Record) -> None:
        """A durable record, every one, in order. Orders routed to the market's venue account are answered from here,
        or at the next step, with VenueAccepted, VenueFilled, VenueCancelled, VenueReplaced."""

    def close(self) -> None:
        """The server stops cleanly: close files. House orders may stay in the book."""
