"""A lit venue: others' depth on both sides, our orders in line among it, by price, then displayed before hidden, then
time. Our own orders do not meet each other here.

Plain integers: a taker or an order of ours walks levels and queue together.
"""

from __future__ import annotations

from bisect import insort
from itertools import chain
from math import ceil, exp, floor

from isthmus.kernel.messages import BUY, FOK, IOC, MAKER, MARKET, MID, PEG, POST_ONLY, PRIMARY, SELL, TAKER
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.answering import Answer, Changed, Ended, Filled, Took
from isthmus.venues.reacting.order import BEHIND_ALL, Order
from isthmus.venues.reacting.side import Side
from isthmus.venues.reacting.terms import LitTerms, Terms

OTHER = {BUY: SELL, SELL: BUY}
FAR = {BUY: -(1 << 62), SELL: 1 << 62}
"""A price behind all others of the side."""


class Swept:
    """What a taker got: `others` (price, lots) of others' depth, in order; lots that our resting orders gave."""

    __slots__ = ("others", "ours")

    def __init__(self) -> None:
        self.others: list[tuple[int, int]] = []
        self.ours = 0


class LitVenue:
    """Sans-I/O: calls in, answers out."""

    def __init__(self, terms: LitTerms, market: Terms, at: int) -> None:
        self.terms = terms
        self._cancels = market.cancels / NS_PER_S
        gap = max(terms.tick, market.gap // terms.tick * terms.tick)
        self._block = market.density * terms.share * gap
        steps = gap, terms.lot
        self.sides = {side: Side(side, steps, market.levels, market.resilience, at) for side in (BUY, SELL)}
        self._lines: dict[int, list[Order]] = {BUY: [], SELL: []}
        self._orders: dict[int, Order] = {}
        self._sequence = 0
        self.taken = 0
        """Lots that we took from others, buys less sales, since somebody last set it to 0."""
        self.met = 0
        """Lots that others' quotes took from our resting orders, their buys less their sales, likewise."""

    def order(self, number: int) -> Order | None:
        """An order of ours that is alive here."""
        return self._orders.get(number)

    def orders(self) -> list[int]:
        """All that are alive here, oldest first."""
        return list(self._orders)

    def best(self, side: int, at: int) -> tuple[int, int] | None:
        """What others show at the top of a side."""
        return self.sides[side].best(at)

    def top(self, side: int, at: int) -> int | None:
        """The best price that takers see on a side, our displayed orders included."""
        others = self.sides[side].best(at)
        shown = next((order.price for order in self._lines[side] if not order.hidden), None)
        if others is None or shown is None:
            return others[0] if others is not None else shown
        return max(others[0], shown) if side == BUY else min(others[0], shown)

    def levels(self, side: int, count: int, at: int) -> list[tuple[int, int]]:
        """What everybody sees, our displayed orders included, best first."""
        merged: dict[int, int] = {}
        for price, lots in self.sides[side].levels(at):
            merged[price] = lots
            if len(merged) == count:
                break
        for order in self._lines[side]:
            if not order.hidden:
                merged[order.price] = merged.get(order.price, 0) + order.shown
        return sorted(merged.items(), reverse=side == BUY)[:count]

    def ahead(self, side: int, price: int, at: int) -> int:
        """Lots that stand before a new order at this price."""
        ours = sum(order.shown for order in self._lines[side] if order.price == price and not order.hidden)
        return self.sides[side].lots_at(price, at) + ours

    def requote(self, fair: float, half: float, depths: tuple[float, float, float], at: int) -> list[Answer]:
        """Makers quote around a new fair value. `depths`: lots at the best bid and ask of the whole market, and the
        factor of the depth behind.
        """
        tick, share = self.terms.tick, self.terms.share
        bid = max(tick, floor((fair - half) / tick) * tick)
        ask = max(bid + tick, ceil((fair + half) / tick) * tick)
        block = self._block * depths[2]
        self.sides[BUY].quote(bid, depths[0] * share, block)
        self.sides[SELL].quote(ask, depths[1] * share, block)
        answers: list[Answer] = []
        if self._orders:
            for side in (BUY, SELL):
                self._settle(side, at, answers)
        return answers

    def take(self, side: int, limit: int, lots: int, at: int, answers: list[Answer]) -> Swept:
        """Another taker comes: what he gets within the limit, of others and of us, in the venue's lots."""
        swept = Swept()
        line, whole = self._lines[OTHER[side]], lots // self.terms.lot * self.terms.lot
        self._walk(side, limit, whole, (line, at), (swept, answers))
        return swept

    def place(self, order: Order, at: int) -> list[Answer]:
        """An order of ours arrives."""
        answers: list[Answer] = []
        if not self._takes(order):
            return [Ended(order.number, "venue_refused")]
        self._orders[order.number] = order
        answers.append(Took(order.number))
        if order.kind == PEG:
            self._peg(order, at)
        self._arrive(order, at, answers)
        return answers

    def cancel(self, number: int, reason: str) -> list[Answer]:
        """End an order; nothing when it is not alive here (its last fill is on its way)."""
        order = self._orders.get(number)
        if order is None:
            return []
        self._leave(order)
        return [Ended(number, reason)]

    def replace(self, number: int, price: int, quantity: int, at: int) -> list[Answer]:
        """A smaller quantity at the same price keeps the place; anything else arrives anew."""
        order = self._orders.get(number)
        if order is None:
            return []
        if quantity <= order.filled:
            self._leave(order)
            return [Changed(number, price, order.filled)]
        answers: list[Answer] = [Changed(number, price, quantity)]
        kept = price == order.limit and quantity <= order.quantity
        order.quantity = quantity
        if kept:
            order.shown = min(order.shown, order.left)
            return answers
        self._leave(order)
        order.limit = order.price = price
        self._orders[number] = order
        self._arrive(order, at, answers)
        return answers

    def _takes(self, order: Order) -> bool:
        """Whether the venue knows such an order: on its tick and lot, and a peg or a limit."""
        terms = order.terms
        return (
            order.quantity % self.terms.lot == 0
            and (order.kind in (MARKET, PEG) or order.price % self.terms.tick == 0)
            and order.kind in (1, MARKET, PEG)
            and (not terms.min_quantity or terms.tif in (IOC, FOK))
        )

    def _arrive(self, order: Order, at: int, answers: list[Answer]) -> None:
        tif, terms = order.terms.tif, order.terms
        least = order.left if tif == FOK else terms.min_quantity if tif == IOC else 0
        if terms.flags & POST_ONLY or least:
            within = self._reachable(order, max(1, least), at)
            if terms.flags & POST_ONLY and within:
                self._end(order, "post_only", answers)
                return
            if least and within < least:
                self._end(order, "fok" if tif == FOK else "minimum", answers)
                return
        swept = Swept()
        self._walk(order.side, order.price, order.left, ([], at), (swept, answers))
        for price, lots in swept.others:
            self._fill(order, price, lots, TAKER, answers)
            self.taken += lots * order.sign
        if not order.left:
            return
        if tif in (IOC, FOK) or order.kind == MARKET:
            self._end(order, "ioc", answers)
        else:
            self._stand(order, at)

    def _reachable(self, order: Order, enough: int, at: int) -> int:
        """Lots of others within the order's price, counted up to `enough`."""
        found = 0
        for price, lots in self.sides[OTHER[order.side]].levels(at):
            if not order.within(price) or found >= enough:
                break
            found += lots
        return found

    def _stand(self, order: Order, at: int) -> None:
        """In line behind what is displayed there; an iceberg shows its peak."""
        display = order.terms.display
        order.shown = 0 if order.hidden else min(order.left, display or order.left)
        order.ahead = BEHIND_ALL if order.hidden else self.sides[order.side].lots_at(order.price, at)
        order.ahead_at = at
        self._sequence += 1
        order.sequence = self._sequence
        insort(self._lines[order.side], order, key=Order.rank)

    def _walk(
        self, side: int, limit: int, lots: int, where: tuple[list[Order], int], told: tuple[Swept, list[Answer]]
    ) -> None:
        """A taker of `lots` walks others' levels and the given line of ours together, best price first."""
        line, at = where
        swept, _ = told
        against = self.sides[OTHER[side]]
        sign, left, consumed = against.sign, lots, 0
        for price, standing in chain(against.levels(at), ((FAR[OTHER[side]], 0),)):
            while left and line and (line[0].price - price) * sign < 0 and (line[0].price - limit) * sign <= 0:
                left -= self._meet(line, left, told)
            if not left or (price - limit) * sign > 0:
                break
            if line:
                gone, left = self._through(line, price, (standing, left, at), told)
            else:
                gone = min(left, standing)
                left -= gone
            if gone:
                consumed += gone
                swept.others.append((price, gone))
        if consumed:
            against.consume(consumed, at)

    def _through(
        self, line: list[Order], price: int, level: tuple[int, int, int], told: tuple[Swept, list[Answer]]
    ) -> tuple[int, int]:
        """Walk the queue at one price: others and ours in turn. Lots of others that went, and what the taker still
        wants.
        """
        standing, left, at = level
        passed = 0
        here = [order for order in line if order.price == price]
        for order in here:
            self._age(order, at)
        while left and line and line[0].price == price:
            order = line[0]
            between = min(left, max(0, min(order.ahead, standing) - passed))
            passed += between
            left -= between
            if not left:
                break
            left -= self._meet(line, left, told)
        behind = min(left, standing - passed)
        passed += behind
        for order in here:
            if not order.hidden:
                order.ahead = max(0, min(order.ahead, standing) - passed)
        return passed, left - behind

    def _meet(self, line: list[Order], left: int, told: tuple[Swept, list[Answer]]) -> int:
        """The first of the line gives what it shows (or hides); an iceberg shows its next peak behind the others."""
        swept, answers = told
        order = line[0]
        lots = min(left, order.shown or order.left)
        swept.ours += lots
        self._fill(order, order.price, lots, MAKER, answers)
        if order.left and order.shown:
            order.shown -= lots
            if not order.shown:
                line.remove(order)
                order.shown = order.peak(self.terms.lot)
                order.ahead = BEHIND_ALL
                self._sequence += 1
                order.sequence = self._sequence
                insort(line, order, key=Order.rank)
        return lots

    def _settle(self, side: int, at: int, answers: list[Answer]) -> None:
        """After a new quote: pegs move, queues shrink to what stands, and a quote that reaches an order of ours fills
        it at its price.
        """
        against = self.sides[OTHER[side]]
        for order in list(self._lines[side]):
            if order.kind == PEG:
                self._repeg(order, at)
            self._age(order, at)
            if not order.hidden:
                order.ahead = min(order.ahead, self.sides[side].lots_at(order.price, at))
            while order.left and (top := against.best(at)) is not None and order.within_price(top[0]):
                lots = min(order.left, top[1])
                against.consume(lots, at)
                self.met -= lots * order.sign
                self._fill(order, order.price, lots, MAKER, answers)
            order.shown = min(order.shown, order.left)

    def _age(self, order: Order, at: int) -> None:
        """Some of those ahead gave up since: at a constant rate, in proportion to how many there are."""
        if order.hidden or not order.ahead:
            return
        if order.ahead < BEHIND_ALL:
            kept = int(order.ahead * exp(-self._cancels * (at - order.ahead_at)))
            order.ahead = kept // self.terms.lot * self.terms.lot
        else:
            order.ahead = self.sides[order.side].lots_at(order.price, at)
        order.ahead_at = at

    def _peg(self, order: Order, at: int) -> None:
        """The price that the peg has now, never beyond its limit; without a reference it stays where it is."""
        own, other = self.best(order.side, at), self.best(OTHER[order.side], at)
        peg, tick = order.terms.peg, self.terms.tick
        if own is None or other is None:
            return
        if peg == MID:
            price = (own[0] + other[0]) // 2 if order.buys else -(-(own[0] + other[0]) // 2)
        else:
            price = own[0] if peg == PRIMARY else other[0]
        price += order.terms.offset
        price = price // tick * tick if order.buys else -(-price // tick) * tick
        price = price if not order.limit or order.within(price) else order.limit
        order.price = max(tick, price)

    def _repeg(self, order: Order, at: int) -> None:
        before = order.price
        self._peg(order, at)
        if order.price != before:
            self._lines[order.side].remove(order)
            self._stand(order, at)

    def _fill(self, order: Order, price: int, lots: int, liquidity: int, answers: list[Answer]) -> None:
        order.filled += lots
        order.fills += 1
        answers.append(Filled(order.number, order.account, order.side, order.fills, price, lots, liquidity))
        if not order.left:
            self._leave(order)

    def _end(self, order: Order, reason: str, answers: list[Answer]) -> None:
        self._leave(order)
        answers.append(Ended(order.number, reason))

    def _leave(self, order: Order) -> None:
        del self._orders[order.number]
        if order in self._lines[order.side]:
            self._lines[order.side].remove(order)
