"""Orders and the lit book: a sorted list a side."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from .memory import Key
from .values import BUY, FOK, IOC, MARKET, SELL, Carry


@dataclass(slots=True)
class Walk:
    """What an uncollared market order finds at acceptance: its units and the sum of price x quantity."""

    units: int
    value: int
    last_price: int


@dataclass(slots=True, eq=False)
class Order:
    """A live order. `hold` is a spot order's own; `walk` is set for an uncollared market order in its pass."""

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

    @property
    def left(self) -> int:
        return max(0, self.quantity - self.filled)

    @property
    def immediate(self) -> bool:
        """Its rest never stays in the book."""
        return self.kind == MARKET or self.tif in (IOC, FOK)

    def exposure(self) -> tuple[int, int]:
        """Units it may still trade and the sum of price x quantity of them at worst."""
        return (self.walk.units, self.walk.value) if self.walk else (self.left, self.price * self.left)

    def meets(self, price: int) -> bool:
        """Would it trade at this price of the other side?"""
        return price <= self.price if self.side == BUY else price >= self.price


def _priority(order: Order) -> tuple[int, int]:
    return (-order.price if order.side == BUY else order.price, order.arrival)


class Book:
    """Resting orders of one instrument, each side in priority: best price first, oldest first."""

    def __init__(self) -> None:
        self.sides: dict[int, list[Order]] = {BUY: [], SELL: []}
        self.arrivals = 0

    def add(self, order: Order) -> None:
        """Puts it behind the others at its price."""
        self.arrivals += 1
        order.arrival = self.arrivals
        insort(self.sides[order.side], order, key=_priority)

    def remove(self, order: Order) -> None:
        side = self.sides[order.side]
        if order in side:
            side.remove(order)

    def opposite(self, order: Order) -> list[Order]:
        return self.sides[SELL if order.side == BUY else BUY]

    def crosses(self, order: Order) -> bool:
        """Does it meet the best of the other side, whoever's order that is?"""
        other = self.opposite(order)
        return bool(other) and order.meets(other[0].price)

    def reachable(self, order: Order) -> Iterator[Order]:
        """Orders it would trade with, up to the first of the same account."""
        for other in self.opposite(order):
            if not order.meets(other.price) or other.account == order.account:
                return
            yield other

    def walk(self, account: int, side: int, quantity: int) -> Walk:
        """From the best price, to the first order of the same account or until the quantity is reached."""
        walk = Walk(0, 0, 0)
        for other in self.sides[SELL if side == BUY else BUY]:
            if other.account == account or walk.units == quantity:
                break
            part = min(other.left, quantity - walk.units)
            walk = Walk(walk.units + part, walk.value + part * other.price, other.price)
        return walk
