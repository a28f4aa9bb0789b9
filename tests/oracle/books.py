"""Orders and the lit book: a sorted list a side."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field

from .memory import Key
from .values import ALL_OR_NONE, BUY, FOK, HIDDEN, IOC, MARKET, REDUCE_ONLY, REQUEST, SELL, Carry


@dataclass(slots=True)
class Walk:
    """What an uncollared market order finds at acceptance: its units and the sum of price x quantity."""

    units: int
    value: int


@dataclass(slots=True, eq=False)
class Order:
    """A live order. `hold` is a spot order's own; `walk` is set for an uncollared market order in its pass.

    `shown` and `drawn` are an iceberg's present peak and how many were drawn; `done` is what was executed (for a
    minimum that counts in total); `behind`: it stands behind the visible orders at its price; `top`: it was the first
    at a price that bettered its side; `parked`: what it waits for outside the book (0: it does
    not); `aside`: its parent is not done, so it holds nothing; `limit`: the limit that a trailing stop or a peg has
    (0: none), whose price follows the market; `arrived`: the pass in which it came into a dark pool;
    `invited`: until when it may be firmed up (0: it is not asked to); `held`: it is
    parked until its auction; `unpriced`: it is a market order in a call; `child_of`: the parent
    that it trades for (0: itself).
    """

    id: int
    account: int
    instrument: int
    venue: int
    side: int
    kind: int
    tif: int
    flags: int
    price: int
    quantity: int
    filled: int = 0
    hold: int = 0
    carry: Carry = field(default_factory=Carry)
    walk: Walk | None = None
    key: Key | None = None
    arrival: int = 0
    session: int = 0
    unheld: bool = False
    stop: int = 0
    offset: int = 0
    display: int = 0
    display_high: int = 0
    seed: int = 0
    min_quantity: int = 0
    expire: int = 0
    one_cancels: int = 0
    parent: int = 0
    request: int = 0
    peg: int = 0
    trigger: int = 0
    parked: int = 0
    aside: bool = False
    limit: int = 0
    arrived: int = 0
    invited: int = 0
    shown: int = 0
    drawn: int = 0
    done: int = 0
    behind: bool = False
    unpriced: bool = False
    held: bool = False
    top: bool = False
    passed_over: bool = False
    child_of: int = 0

    @property
    def left(self) -> int:
        return max(0, self.quantity - self.filled)

    @property
    def immediate(self) -> bool:
        """Its rest never stays in the book."""
        return self.kind == MARKET or self.tif in (IOC, FOK)

    @property
    def hidden(self) -> bool:
        return bool(self.flags & HIDDEN)

    @property
    def all_or_none(self) -> bool:
        return bool(self.flags & ALL_OR_NONE)

    @property
    def reduce_only(self) -> bool:
        return bool(self.flags & REDUCE_ONLY)

    @property
    def conditional(self) -> bool:
        """May it be passed over, or may it have been before its condition was taken off where it stands?"""
        return self.all_or_none or bool(self.min_quantity) or self.passed_over

    @property
    def displayed(self) -> int:
        """What the book shows of it."""
        return 0 if self.hidden else self.shown if self.display else self.left

    def exposure(self) -> tuple[int, int]:
        """Units it may still trade and the sum of price x quantity of them at worst."""
        if self.kind == REQUEST:
            return 0, 0
        return (self.walk.units, self.walk.value) if self.walk else (self.left, self.price * self.left)

    def meets(self, price: int) -> bool:
        """Would it trade at this price of the other side?"""
        return price <= self.price if self.side == BUY else price >= self.price


def _priority(order: Order) -> tuple[int, bool, int]:
    return (-order.price if order.side == BUY else order.price, order.behind, order.arrival)


class Book:
    """Resting orders of one instrument, each side in priority: best price, visible before hidden, oldest first.

    `calls`: market orders that wait for the price of an auction.
    """

    def __init__(self) -> None:
        self.sides: dict[int, list[Order]] = {BUY: [], SELL: []}
        self.calls: dict[int, list[Order]] = {BUY: [], SELL: []}
        self.arrivals = 0

    def add(self, order: Order) -> None:
        """Puts it behind the others at its price."""
        self.arrivals += 1
        order.arrival = self.arrivals
        insort((self.calls if order.unpriced else self.sides)[order.side], order, key=_priority)

    def remove(self, order: Order) -> None:
        for side in (self.sides[order.side], self.calls[order.side]):
            if order in side:
                side.remove(order)

    def opposite(self, order: Order) -> list[Order]:
        return self.sides[SELL if order.side == BUY else BUY]

    def crosses(self, order: Order) -> bool:
        """Does it meet the best of the other side, whoever's order that is?"""
        other = self.opposite(order)
        return bool(other) and order.meets(other[0].price)
