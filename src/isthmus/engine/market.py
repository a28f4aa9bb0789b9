"""What a market is to the server: something that trades against clients, driven by time and by records.

A market is plain synchronous code. The server opens it once, calls `step` whenever it is due and `on_record` for every
record in order; the market acts only through the `MarketDesk` that it was given. It owns no thread, loop, clock or file
that it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from isthmus.engine.engine import Engine, Record

Ratio = tuple[int, int]
"""Numerator and denominator, both positive."""


class VenueFacts(msgspec.Struct, frozen=True):
    """What is known of one venue that trades an instrument: what a comparison of prices has to allow for.

    `number` is the venue's account, 0 the house book. `kind` is one of VENUE_KINDS. Fees are millionths of the value, a
    negative one is a rebate. `tick` and `lot` count the instrument's units. `assumed` says in words what the venue's
    data do not tell ("size 1,000,000 EUR assumed"), "" when nothing is assumed. `source` is where its prices come from.

    A price of what the venue publishes x `price_multiplier` is a price of one unit of the base asset in the quote
    asset, a quantity of it x `quantity_multiplier` a quantity of the base asset; with `inverse` that product is of the
    quote asset instead (a contract of 100 USD has 100/1), and the base quantity is it divided by the price. Most
    venues publish in those units: 1/1. A venue with `takes_orders` false is data only.
    """

    number: int
    name: str
    kind: str
    maker_fee_ppm: int
    taker_fee_ppm: int
    tick: int = 1
    lot: int = 1
    latency_ns: int = 0
    assumed: str = ""
    source: str = ""
    price_multiplier: Ratio = (1, 1)
    quantity_multiplier: Ratio = (1, 1)
    inverse: bool = False
    takes_orders: bool = True


VENUE_KINDS = ("lit", "dark", "auction", "rfq", "amm", "house")
"""Displayed book; undisplayed; call only; quotes on request; automated market maker; the broker's own book."""


class CallIndication(msgspec.Struct, frozen=True):
    """What a call auction at an outside venue would trade now, or one to come (all 0): price 0 is nothing. `imbalance`:
    lots more to buy (positive) or to sell at that price. The call ends at `ends_at` (ns); what was said before counts
    no more then.
    """

    venue: int
    instrument: int
    price: int
    volume: int
    imbalance: int
    ends_at: int
    closing: bool


class VenueChoice(msgspec.Struct, frozen=True):
    """Where an order goes (0 is the house book) and why, in one sentence."""

    venue: int
    why: str


class Choose(Protocol):
    """The rule that picks a venue for an order without one (`execution.best_price`). `limit` None: a market order."""

    def __call__(self, *, instrument: int, side: int, quantity: int, limit: int | None) -> VenueChoice: ...


class ProductChoice(msgspec.Struct, frozen=True):
    """Where an order for a product has to go, and why; `refused` is the reason when it goes nowhere, else ""."""

    venue: int
    why: str
    refused: str = ""


class ChooseProduct(Protocol):
    """The table of products: by instrument and account, now. None for what is no product of the table."""

    def __call__(self, instrument: int, account: int, /) -> ProductChoice | None: ...


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

    def curve(self, instrument: int, expected: Callable[[int, int], int]) -> None:
        """The usual day: lots that are expected to trade between two times, at all venues together."""

    def call(self, indication: CallIndication) -> None:
        """A call auction is going on at the venue; told anew each second."""


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

    def past(self) -> Iterator[Record]:
        """Every record of the journal on disk, from the first: for a market that has to be where its fills left it."""

    def shown_at(self, instrument: int) -> Sequence[int]:
        """The outside venues of the instrument that were told of so far in this run."""

    def show_at(self, instrument: int, venue: int, facts: VenueFacts | None = None) -> None:
        """Say that the instrument can be traded at this outside venue as well (Instrument.venues, best price), and what
        is known of it; without `facts` it counts as a lit venue with the instrument's own terms.
        """


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
