"""A dark pool: trades at the middle of the lit books against hidden interest that nobody sees.

Interest is drawn anew at Poisson times, none of it with probability `zero`, else of a size with a power-law tail: the
zero-inflated power law that K. Ganchev, Y. Nevmyvaka, M. Kearns and J. Wortman Vaughan (Censored exploration and the
dark pool problem, UAI 2009, section 5) fitted to the fills of four pools. A fill takes of it; what it was before is
not told.
"""

from __future__ import annotations

from random import Random

from isthmus.kernel.messages import BUY, FOK, IOC, LIMIT, MARKET, MID, PEG, SELL, TAKER
from isthmus.venues.answering import Answer, Changed, Ended, Filled, Took
from isthmus.venues.reacting.order import Order
from isthmus.venues.reacting.terms import DarkTerms


class DarkPool:
    """Sans-I/O. The middle comes with each call, doubled; None while there is none, and nothing trades."""

    def __init__(self, terms: DarkTerms, random: Random) -> None:
        self.terms = terms
        self._random = random
        self._orders: dict[int, Order] = {}
        self._hidden = {BUY: 0, SELL: 0}
        self.taken = 0
        """Lots that we got here, buys less sales, since somebody last set it to 0."""

    def order(self, number: int) -> Order | None:
        """An order of ours that is alive here."""
        return self._orders.get(number)

    def orders(self) -> list[int]:
        """All that are alive here, oldest first."""
        return list(self._orders)

    def hidden(self, side: int) -> int:
        """The interest on a side that an experimenter may see: `truth`, no path."""
        return self._hidden[side]

    def draw(self) -> tuple[int, int]:
        """The side and size of the next interest; 0 lots is none. The same draws whatever became of the last ones."""
        chance, coin, tail = self._random.random(), self._random.random(), 1 - self._random.random()
        side = BUY if coin < 0.5 else SELL
        terms = self.terms
        size = 0.0 if chance < terms.zero else min(terms.largest, terms.smallest * tail ** (-1 / terms.tail))
        return side, round(size / terms.lot) * terms.lot

    def wave(self, middle_x2: int | None) -> list[Answer]:
        """Hidden interest is replaced by a new draw, which meets the orders of ours that wait."""
        side, size = self.draw()
        self._hidden = {BUY: 0, SELL: 0, side: size}
        answers: list[Answer] = []
        for order in list(self._orders.values()):
            self._match(order, middle_x2, answers)
        return answers

    def place(self, order: Order, middle_x2: int | None) -> list[Answer]:
        """An order of ours arrives."""
        if not self._takes(order):
            return [Ended(order.number, "venue_refused")]
        self._orders[order.number] = order
        answers: list[Answer] = [Took(order.number)]
        self._match(order, middle_x2, answers)
        if order.left and (order.terms.tif in (IOC, FOK) or order.kind == MARKET):
            del self._orders[order.number]
            answers.append(Ended(order.number, "fok" if order.terms.tif == FOK else "ioc"))
        return answers

    def cancel(self, number: int, reason: str) -> list[Answer]:
        """End an order; nothing when it is not alive here."""
        return [Ended(number, reason)] if self._orders.pop(number, None) is not None else []

    def replace(self, number: int, price: int, quantity: int, middle_x2: int | None) -> list[Answer]:
        """New limit and total quantity."""
        order = self._orders.get(number)
        if order is None:
            return []
        if quantity <= order.filled:
            del self._orders[number]
            return [Changed(number, price, order.filled)]
        answers: list[Answer] = [Changed(number, price, quantity)]
        order.limit = order.price = price
        order.quantity = quantity
        self._match(order, middle_x2, answers)
        return answers

    def _takes(self, order: Order) -> bool:
        """Limits, market orders and pegs to the middle, of the pool's least size or more, in its lots."""
        terms = order.terms
        known = order.kind in (LIMIT, MARKET) or (order.kind == PEG and terms.peg == MID)
        return known and order.quantity >= self.terms.minimum and order.quantity % self.terms.lot == 0

    def _match(self, order: Order, middle_x2: int | None, answers: list[Answer]) -> None:
        """At the middle; half a price step goes against us, since prices are whole."""
        if middle_x2 is None:
            return
        price = -(-middle_x2 // 2) if order.buys else middle_x2 // 2
        against = SELL if order.buys else BUY
        lots = min(order.left, self._hidden[against])
        least = order.left if order.terms.tif == FOK else min(order.left, order.terms.min_quantity)
        if not lots or lots < least or (order.limit and not order.within(price)):
            return
        self._hidden[against] -= lots
        self.taken += lots * order.sign
        order.filled += lots
        order.fills += 1
        answers.append(Filled(order.number, order.account, order.side, order.fills, price, lots, TAKER))
        if not order.left:
            del self._orders[order.number]
