"""A call auction: orders are collected, then all that can trade does, at one price.

The price makes the most volume, then leaves the least imbalance, then is nearest to the reference price (the order of
rules of the house book's own auctions). Better prices trade first, orders at the market before all, then time.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import msgspec

from isthmus.kernel.messages import BUY, FOK, GTC, IOC, LIMIT, MARKET, SELL, TAKER
from isthmus.venues.answering import Answer, Changed, Ended, Filled, Took
from isthmus.venues.reacting.order import Order
from isthmus.venues.reacting.terms import CallTerms


class Interest(msgspec.Struct, gc=False):
    """An order in the call; `price` None is at the market, ours at the market have the price that protects them. `ours`
    is None for others'.
    """

    side: int
    price: int | None
    lots: int
    ours: Order | None = None

    def eager(self, price: int) -> bool:
        """Whether it would trade at this price."""
        return self.price is None or (self.price >= price if self.side == BUY else self.price <= price)


class Indication(msgspec.Struct, frozen=True):
    """What the call would do now. `imbalance`: lots more to buy (positive) or to sell at that price; price 0: none."""

    price: int
    volume: int
    imbalance: int


NOTHING = Indication(0, 0, 0)


class CallVenue:
    """Collects between `begin` and `uncross`; an order of ours that comes earlier waits for the next call."""

    def __init__(self, terms: CallTerms) -> None:
        self.terms = terms
        self._orders: dict[int, Order] = {}
        self._others: list[Interest] = []
        self.collecting = False
        self.closing = False
        self.ends_at = 0
        self.taken = 0
        """Lots that we got here, buys less sales, since somebody last set it to 0."""

    def order(self, number: int) -> Order | None:
        """An order of ours that is alive here."""
        return self._orders.get(number)

    def orders(self) -> list[int]:
        """All that are alive here, oldest first."""
        return list(self._orders)

    def begin(self, ends_at: int, closing: bool) -> None:
        """A call begins."""
        self._others = []
        self.collecting, self.closing, self.ends_at = True, closing, ends_at

    def join(self, fair: float, spread: float, random: Random) -> None:
        """Another's order comes into the call, at the market or with a limit around the fair value."""
        terms = self.terms
        side = BUY if random.random() < 0.5 else SELL
        lots = max(1, round(random.expovariate(terms.orders / (2 * terms.size)) / terms.lot)) * terms.lot
        away = random.gauss(0, terms.spread * spread)
        price = None
        if random.random() >= terms.at_market:
            price = max(terms.tick, round((fair + away) / terms.tick) * terms.tick)
        self._others.append(Interest(side, price, lots))

    def place(self, order: Order) -> list[Answer]:
        """An order of ours arrives: limit or market, and no immediate one: nothing trades before the call's end."""
        tick, lot = self.terms.tick, self.terms.lot
        known = order.kind in (LIMIT, MARKET) and order.terms.tif not in (IOC, FOK) and not order.terms.flags
        market = order.kind == MARKET
        if not known or order.quantity % lot or (not market and order.price % tick):
            return [Ended(order.number, "venue_refused")]
        self._orders[order.number] = order
        return [Took(order.number)]

    def cancel(self, number: int, reason: str) -> list[Answer]:
        """End an order; nothing when it is not alive here."""
        return [Ended(number, reason)] if self._orders.pop(number, None) is not None else []

    def replace(self, number: int, price: int, quantity: int) -> list[Answer]:
        """New limit and total quantity, behind the others."""
        order = self._orders.pop(number, None)
        if order is None:
            return []
        if quantity <= order.filled:
            return [Changed(number, price, order.filled)]
        order.limit = order.price = price
        order.quantity = quantity
        self._orders[number] = order
        return [Changed(number, price, quantity)]

    def indication(self, reference: float) -> Indication:
        """What would trade now."""
        return indication(self._interests(), reference) if self.collecting else NOTHING

    def uncross(self, reference: float) -> tuple[Indication, list[Answer]]:
        """The call ends. What is left of our orders goes, but those until cancelled wait for the next call."""
        interests = self._interests()
        found = indication(interests, reference)
        answers: list[Answer] = []
        for side in (BUY, SELL):
            self._allocate([interest for interest in interests if interest.side == side], found, answers)
        for number in [number for number, order in self._orders.items() if order.terms.tif != GTC]:
            answers += self.cancel(number, "session")
        self._others = []
        self.collecting = False
        return found, answers

    def _interests(self) -> list[Interest]:
        ours = [Interest(order.side, order.limit, order.left, order) for order in self._orders.values()]
        return [*self._others, *ours]

    def _allocate(self, side: Sequence[Interest], found: Indication, answers: list[Answer]) -> None:
        left, price = found.volume, found.price
        eager = [interest for interest in side if interest.eager(price)]
        for interest in sorted(eager, key=_eagerness):
            lots = min(left, interest.lots)
            left -= lots
            order = interest.ours
            if order is None or not lots:
                continue
            order.filled += lots
            order.fills += 1
            self.taken += lots * order.sign
            answers.append(Filled(order.number, order.account, order.side, order.fills, price, lots, TAKER))
            if not order.left:
                del self._orders[order.number]


def _eagerness(interest: Interest) -> tuple[bool, int]:
    price = interest.price or 0
    return interest.price is not None, -price if interest.side == BUY else price


def indication(interests: Sequence[Interest], reference: float) -> Indication:
    """The price at which most trades, and what remains there; market orders alone trade at the reference price."""
    buys: dict[int, int] = {}
    sells: dict[int, int] = {}
    bought = sold = 0
    for interest in interests:
        if interest.price is not None:
            side = buys if interest.side == BUY else sells
            side[interest.price] = side.get(interest.price, 0) + interest.lots
        elif interest.side == SELL:
            sold += interest.lots
        bought += interest.lots if interest.side == BUY else 0
    prices = sorted({*buys, *sells, max(1, round(reference))})
    best: tuple[tuple[int, int, float, int], Indication] | None = None
    for price in prices:
        sold += sells.get(price, 0)
        volume = min(bought, sold)
        key = (-volume, abs(bought - sold), abs(price - reference), price)
        if volume and (best is None or key < best[0]):
            best = key, Indication(price, volume, bought - sold)
        bought -= buys.get(price, 0)
    return best[1] if best is not None else NOTHING
