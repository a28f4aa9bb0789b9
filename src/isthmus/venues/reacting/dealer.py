"""A dealer who quotes on request: a two-sided quote around the fair value, wider for more, with last look."""

from __future__ import annotations

from math import ceil, floor, sqrt

import msgspec

from isthmus.kernel.messages import LIMIT, MARKET, TAKER
from isthmus.venues.answering import Answer, Ended, Filled, Took
from isthmus.venues.reacting.order import Order
from isthmus.venues.reacting.terms import DealerTerms

TIERS = (1, 4, 20)
"""Sizes that are shown to everybody, as parts of the largest: 1/20, 1/5, all."""


class Quote(msgspec.Struct, frozen=True):
    """What the dealer bids and asks for so many lots."""

    bid: int
    ask: int
    quantity: int


class Dealer:
    """Sans-I/O. An order takes the quote for its whole quantity, or nothing."""

    def __init__(self, terms: DealerTerms) -> None:
        self.terms = terms
        self._looking: dict[int, tuple[Order, int, float]] = {}
        self.taken = 0
        """Lots that we got here, buys less sales, since somebody last set it to 0."""

    def order(self, number: int) -> Order | None:
        """An order that he is looking at."""
        held = self._looking.get(number)
        return held[0] if held is not None else None

    def orders(self) -> list[int]:
        """All that he is looking at."""
        return list(self._looking)

    def quote(self, fair: float, quantity: int) -> Quote:
        """For so many lots, on request."""
        half = self._half(quantity)
        bid = max(1, floor(fair - half))
        return Quote(bid, max(bid + 1, ceil(fair + half)), quantity)

    def levels(self, fair: float) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Indicative quotes for a few sizes, as a book: each price is for all of its lots, not for those behind it."""
        quotes = [self.quote(fair, max(1, self.terms.largest * tier // TIERS[-1])) for tier in TIERS]
        return [(quote.bid, quote.quantity) for quote in quotes], [(quote.ask, quote.quantity) for quote in quotes]

    def place(self, order: Order, fair: float) -> list[Answer]:
        """An order takes the quote of this moment if that is within its limit; the dealer looks at it first."""
        terms = self.terms
        known = order.kind in (LIMIT, MARKET) and not order.terms.flags and not order.terms.display
        if not known or order.quantity > terms.largest or order.quantity % terms.lot:
            return [Ended(order.number, "venue_refused")]
        quote = self.quote(fair, order.quantity)
        price = quote.ask if order.buys else quote.bid
        if not order.within(price):
            return [Took(order.number), Ended(order.number, "ioc")]
        self._looking[order.number] = (order, price, fair)
        return [Took(order.number)]

    def look(self, number: int, fair: float) -> list[Answer]:
        """The last look is over: he refuses when the market has moved against him by more than he bears."""
        held = self._looking.pop(number, None)
        if held is None:
            return []
        order, price, before = held
        if (fair - before) * order.sign > self.terms.tolerance * self._half(order.quantity):
            return [Ended(number, "venue_refused")]
        order.filled = order.quantity
        order.fills = 1
        self.taken += order.quantity * order.sign
        return [Filled(number, order.account, order.side, 1, price, order.quantity, TAKER)]

    def cancel(self, number: int, reason: str) -> list[Answer]:
        """Before the look is over an order can be taken back."""
        return [Ended(number, reason)] if self._looking.pop(number, None) is not None else []

    def replace(self, number: int) -> list[Answer]:
        """A quote that is being looked at cannot be changed: the order ends."""
        return self.cancel(number, "venue_refused")

    def _half(self, quantity: int) -> float:
        return self.terms.half + self.terms.root * sqrt(quantity)
