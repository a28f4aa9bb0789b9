"""What a path is: a pure function of a parent order, of what has become of it, and of what the venues show now.

`decide(work, market, parameters, now)` is called when the parent arrives, when one of its wake-ups is due, when a child
fills or ends, and when the parent was replaced. It answers with children to place, children to take back and the next
wake-ups. It keeps nothing: what it must remember is in its records (`Work`), so that it goes on after a restart as if
nothing had been, and the same parent, records, market and time give the same answer. What it draws by chance it draws
from the parent's seed and a child's ordinal.

Units: prices in the instrument's price steps, quantities in its lots, times in ns UTC, fees and shares in millionths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from isthmus.kernel.messages import BUY, IOC, LIMIT

PPM = 1_000_000

LIT, DARK, AUCTION, RFQ, AMM, HOUSE = "lit", "dark", "auction", "rfq", "amm", "house"
VENUE_KINDS = (LIT, DARK, AUCTION, RFQ, AMM, HOUSE)


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is worked. `limit`: the worst price of any child. `until`: when it should be done (0: no time).

    `cap_ppm`: the share of traded volume that it may make at most (0: no cap); the router enforces it on every child.
    """

    number: int
    account: int
    instrument: int
    side: int
    quantity: int
    limit: int
    arrived_at: int
    until: int = 0
    cap_ppm: int = 0
    seed: int = 0
    arrival_x2: int = 0
    """Twice the middle price when it arrived; 0: there was none."""

    @property
    def buys(self) -> bool:
        """Whether it buys."""
        return self.side == BUY

    @property
    def sign(self) -> int:
        """1 for a buyer, -1 for a seller: prices times this are dearer when greater."""
        return 1 if self.side == BUY else -1


class Fill(NamedTuple):
    """A fill of a child."""

    at: int
    price: int
    quantity: int
    maker: bool


class Child(msgspec.Struct, kw_only=True):
    """A child as its records say. `status`: "sent" (no answer yet), "working", "unknown" (the answer is lost; its lots
    stay held), "cancelling", "done". `reason`: why it ended, None while it lives or when it filled whole.
    """

    order: int
    ordinal: int
    venue: int
    price: int
    quantity: int
    kind: int = LIMIT
    tif: int = IOC
    flags: int = 0
    filled: int = 0
    status: str = "sent"
    reason: str | None = None
    placed_at: int = 0
    ended_at: int = 0
    note: str = ""
    fills: list[Fill] = []

    @property
    def lives(self) -> bool:
        """Whether it can still fill."""
        return self.status != "done"

    @property
    def left(self) -> int:
        """Lots that it may still fill."""
        return self.quantity - self.filled if self.lives else 0


class Work(msgspec.Struct, kw_only=True):
    """A parent and everything that became of it; `children` holds all of them in their order, ended ones too."""

    parent: Parent
    filled: int = 0
    turnover: int = 0
    """Sum of price x quantity of its fills."""
    children: list[Child] = []
    ending: bool = False

    @property
    def live(self) -> list[Child]:
        """Children that can still fill, oldest first."""
        return [child for child in self.children if child.lives]

    @property
    def working(self) -> int:
        """Lots in live children."""
        return sum(child.left for child in self.children)

    @property
    def left(self) -> int:
        """Lots not filled yet."""
        return self.parent.quantity - self.filled

    @property
    def free(self) -> int:
        """Lots neither filled nor in a live child: what may be placed now."""
        return self.left - self.working

    @property
    def placed(self) -> int:
        """Children so far."""
        return len(self.children)


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """A venue that trades the instrument, and how its route has done. Number 0 is the house book."""

    number: int
    name: str
    kind: str = LIT
    maker_fee_ppm: int = 0
    taker_fee_ppm: int = 0
    """Negative: a rebate."""
    tick: int = 1
    lot: int = 1
    latency_ns: int = 0
    fill_rate_ppm: int = PPM
    reject_rate_ppm: int = 0
    toxicity_ppm: int = 0
    """How far the middle moves against us after our fills there, in millionths of the price."""
    minimum: int = 0
    """Least lots of an order there."""


class Level(NamedTuple):
    """Lots that a venue shows at a price; `all_in` is price x 10^6 with the taker's fee (buyers pay it, sellers get it
    less).
    """

    all_in: int
    price: int
    quantity: int
    venue: int


class Auction(NamedTuple):
    """A call in progress or to come: indicative price (0: none), volume, imbalance (more to buy: positive), its end."""

    venue: int
    price: int
    volume: int
    imbalance: int
    at: int
    closing: bool


class Pool(NamedTuple):
    """A past child in a dark pool: what was asked of it and what came; censored when it gave all."""

    venue: int
    asked: int
    filled: int


class Leg(NamedTuple):
    """A parent of a basket: what is left of it, and its market. `value`: quote minor units of one lot at the middle.

    `quantity`: all of it (0: not known); `temporary`: its eta, price steps for a lot a second (0: not known).
    """

    parent: int
    instrument: int
    side: int
    left: int
    middle_x2: int
    volatility: float
    value: float
    quantity: int = 0
    temporary: float = 0.0


class Market(Protocol):
    """What a path may ask about its instrument. Venues that are quarantined or locked do not appear."""

    def venues(self) -> Sequence[Venue]:
        """Where a child can go now."""

    def levels(self, side: int, most: int = 50) -> Sequence[Level]:
        """What stands on a side over all venues that show prices, best all-in price first."""

    def best(self, venue: int, side: int) -> tuple[int, int] | None:
        """Price and lots at the top of one venue's side, None if nothing stands there."""

    def middle_x2(self) -> int | None:
        """Twice the middle of the consolidated best prices."""

    def traded(self, since: int) -> int:
        """Lots traded by anybody, at all venues, after this time."""

    def queue(self, venue: int, side: int, price: int) -> int:
        """Lots that stand before a new order at this price of the venue."""

    def rate(self, venue: int, side: int) -> int:
        """Lots a second (x 10^6) that takers trade against this side of the venue, of late; what is known of it."""

    def volume(self, start: int, end: int) -> int:
        """Expected lots traded between two times, by the historical curve of the day (0: not known)."""

    def volatility(self) -> float:
        """Standard deviation of the price over one second, in price steps."""

    def impact(self) -> tuple[float, float, float]:
        """Estimates: permanent price steps a lot (gamma), temporary price steps for a lot a second (eta), resilience of
        the book a second (rho).
        """

    def auction(self) -> Auction | None:
        """The next call that a child can take part in."""

    def pools(self) -> Sequence[Pool]:
        """Past children in dark pools, oldest first: what dark allocation learns from."""

    def invited(self, order: int) -> int:
        """Until when (ns) a conditional child may be firmed up; 0: it is not asked to."""

    def basket(self) -> Sequence[Leg]:
        """The legs of the basket that this parent belongs to, itself among them; empty when it belongs to none."""

    def correlation(self, one: int, other: int) -> float:
        """Of the price changes of two instruments, -1 to 1; 1 for an instrument with itself."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A child to place. `why` is one sentence that goes into its record."""

    venue: int
    price: int
    quantity: int
    why: str
    kind: int = LIMIT
    tif: int = IOC
    flags: int = 0
    display: int = 0
    display_high: int = 0
    min_quantity: int = 0
    offset: int = 0
    peg: int = 0
    expire: int = 0
    request: int = 0


class Wake(msgspec.Struct, frozen=True, kw_only=True):
    """When to decide again, whichever comes first; 0 and False: not by that. Fills and ends of children always wake."""

    at: int = 0
    """At this time."""
    price: int = 0
    """When the best price of the other side is this or better."""
    volume: int = 0
    """When so many lots traded after now."""
    book: bool = False
    """At the next change of any venue's book."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do now. `finished`: give up what is left and end the parent once its children have."""

    place: tuple[Ticket, ...] = ()
    cancel: tuple[int, ...] = ()
    """Orders of children."""
    wake: Wake = Wake()
    why: str = ""
    finished: bool = False


Decide = Callable[[Work, Market, Any, int], Decision]


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """One of the ways to work an order. `parameters`: a frozen Struct whose fields all have defaults and bounds.

    `measured_on`: "tape" where a recording can answer (visible size, no reaction), "simulator" where it cannot.
    """

    number: int
    name: str
    title: str
    source: str
    parameters: type[msgspec.Struct]
    decide: Decide
    measured_on: str


def parameters_of(path: Path, given: Mapping[str, Any]) -> msgspec.Struct:
    """The path's parameters from plain values. Raises msgspec.ValidationError naming the field and the reason."""
    return msgspec.convert(dict(given), path.parameters, strict=True)


def floor_lot(quantity: int, lot: int) -> int:
    """The greatest multiple of the lot in it."""
    return quantity - quantity % lot


def within(price: int, parent: Parent) -> int:
    """The price, moved to the parent's limit if it is beyond."""
    return min(price, parent.limit) if parent.buys else max(price, parent.limit)
