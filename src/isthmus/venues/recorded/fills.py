"""What a recorded market would have given: a client's orders against displayed sizes and the trades of a tape.

The rules: - An order takes displayed size only. What a client or the tape's own trades took stays taken until the
recording changes that level. - An order that rests stands behind what was displayed at its price when it arrived, and
behind earlier clients there. - Only trades shorten the queue ahead; cancels do so only when the level shrinks below
it. - A trade at the order's price or through it fills no more than its size, split over the clients whom it would
have met. - A quote of the other side at the order's price or through it fills the order at its limit, up to the
displayed size. - Clients do not meet each other here. - While bid and ask are crossed nothing is filled: one of them
is wrong.

Where only the best levels are displayed, what stands beyond them is not known: an order there waits behind all that is
displayed at its price when that comes into view, and a level that goes out of view keeps its queue. Dealers have no
queue: a quote that comes to the order fills it as a taker.

Sans-I/O: calls in, answers out. Prices and quantities are integers of the instrument's units.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

import msgspec

from isthmus.kernel.messages import BUY, MAKER, SELL, TAKER
from isthmus.venues.recorded.session import FULL, QUOTES

UNTIL_CANCELLED, FILL_OR_KILL, POST_ONLY, IMMEDIATE = "gtc", "fok", "post_only", "ioc"
"""How long an order rests; the last three are also the reasons why its rest goes."""

NOTHING_SWEPT = -(1 << 62)
NOT_KNOWN = 1 << 62
"""The quantity ahead of an order at a price that is out of view."""

Level = tuple[int, int]
"""Price and quantity."""


class Took(msgspec.Struct, frozen=True):
    """The venue took the order."""

    order: int


class Filled(msgspec.Struct, frozen=True):
    """A fill; `ordinal` counts the fills of the order from 1. `liquidity` is MAKER or TAKER."""

    order: int
    account: int
    side: int
    ordinal: int
    price: int
    quantity: int
    liquidity: int


class Ended(msgspec.Struct, frozen=True):
    """The rest of the order is gone, for this reason: "user", "ioc", "fok", "post_only" or "recording_restarted"."""

    order: int
    reason: str


class Changed(msgspec.Struct, frozen=True):
    """The order has this price and total quantity now; a quantity equal to what is filled ends it."""

    order: int
    price: int
    quantity: int


Answer = Took | Filled | Ended | Changed


class ClientOrder(msgspec.Struct):
    """An order at the venue. `ahead` is the recorded quantity before it at its price."""

    order: int
    account: int
    side: int
    price: int
    quantity: int
    rests: str = UNTIL_CANCELLED
    filled: int = 0
    fills: int = 0
    ahead: int = 0

    @property
    def remaining(self) -> int:
        """What is left to fill."""
        return self.quantity - self.filled


class DisplayedSide:
    """The levels that the recording shows on one side, and what of them is taken."""

    def __init__(self, side: int) -> None:
        self._sign = -1 if side == BUY else 1
        self._ranks: list[int] = []
        self._sizes: dict[int, int] = {}
        self._taken: dict[int, int] = {}
        self._swept = NOTHING_SWEPT

    def show(self, price: int, quantity: int) -> None:
        """The recording says what stands at a price now; a change there gives back what was taken."""
        if self._sizes.get(price, 0) == quantity:
            return
        rank = price * self._sign
        self._taken.pop(price, None)
        self._swept = min(self._swept, rank - 1)
        if quantity and price not in self._sizes:
            insort(self._ranks, rank)
        elif not quantity:
            del self._ranks[bisect_left(self._ranks, rank)]
            del self._sizes[price]
            return
        self._sizes[price] = quantity

    def size(self, price: int) -> int:
        """What the recording shows at a price."""
        return self._sizes.get(price, 0)

    def available(self, price: int) -> int:
        """What a client can still take there."""
        return self._sizes.get(price, 0) - self._taken.get(price, 0)

    def take(self, price: int, quantity: int) -> None:
        """Take displayed size away until the recording changes the level; never more than is there."""
        if size := self._sizes.get(price, 0):
            self._taken[price] = min(size, self._taken.get(price, 0) + quantity)

    def within(self, limit: int) -> Iterator[Level]:
        """(price, available) from the best to the limit, levels that are all taken left out."""
        for rank in self._ranks:
            if rank > limit * self._sign:
                return
            if free := self.available(rank * self._sign):
                yield rank * self._sign, free

    def sweep(self, price: int) -> None:
        """The tape traded at this price: everything before it is taken."""
        rank = price * self._sign
        for passed in self._ranks[bisect_right(self._ranks, self._swept) : bisect_left(self._ranks, rank)]:
            self._taken[passed * self._sign] = self._sizes[passed * self._sign]
        self._swept = max(self._swept, rank - 1)

    def prices(self) -> list[int]:
        """Every price displayed, best first."""
        return [rank * self._sign for rank in self._ranks]

    def is_beyond(self, price: int, worst: int | None) -> bool:
        """Whether a price lies behind the worst one displayed (None: nothing is)."""
        return worst is None or price * self._sign > worst * self._sign

    def worst(self) -> int | None:
        """The worst price displayed."""
        return self._ranks[-1] * self._sign if self._ranks else None

    def best(self) -> int | None:
        """The best price displayed, all taken or not."""
        return self._ranks[0] * self._sign if self._ranks else None

    def levels(self, count: int) -> list[Level]:
        """(price, available), best first, levels that are all taken left out."""
        shown: list[Level] = []
        for rank in self._ranks:
            if free := self.available(rank * self._sign):
                shown.append((rank * self._sign, free))
                if len(shown) == count:
                    break
        return shown

    def clear(self) -> None:
        """Show nothing."""
        self._ranks.clear()
        self._sizes.clear()
        self._taken.clear()
        self._swept = NOTHING_SWEPT


class RecordedBook:
    """One instrument of a recorded venue: what it displays, and the clients' orders among it."""

    def __init__(self, depth: str = FULL) -> None:
        """`depth`: what the recording shows of the book: all, its best levels, or a dealer's quotes."""
        self._window = depth != FULL
        self._by_quotes = TAKER if depth == QUOTES else MAKER
        self._shown = {BUY: DisplayedSide(BUY), SELL: DisplayedSide(SELL)}
        self._orders: dict[int, ClientOrder] = {}
        self._resting: dict[tuple[int, int], list[ClientOrder]] = {}

    def levels(self, count: int) -> tuple[list[Level], list[Level]]:
        """What clients see: bids and asks, best first."""
        return self._shown[BUY].levels(count), self._shown[SELL].levels(count)

    def order(self, order: int) -> ClientOrder | None:
        """An order that is alive here."""
        return self._orders.get(order)

    def change(self, bids: Iterable[Level], asks: Iterable[Level]) -> list[Answer]:
        """The recording's levels change; quantity 0 takes a level away."""
        for side, levels in ((BUY, bids), (SELL, asks)):
            for price, quantity in levels:
                self._shown[side].show(price, quantity)
                if quantity or not self._window:
                    self._shorten(side, price, quantity)
        return [*self._met_by_quotes(BUY), *self._met_by_quotes(SELL)]

    def _shorten(self, side: int, price: int, quantity: int) -> None:
        """No more than this is ahead of those who wait at a price."""
        for waiting in self._resting.get((side, price), ()):
            waiting.ahead = min(waiting.ahead, quantity)

    def show(self, bids: Iterable[Level], asks: Iterable[Level]) -> list[Answer]:
        """The recording shows its whole book anew: levels that are not in it are gone, or out of view."""
        whole = dict(bids), dict(asks)
        if self._window:
            self._left_view(whole)
        gone = [
            [(price, 0) for price in self._shown[side].prices() if price not in levels]
            for side, levels in zip((BUY, SELL), whole, strict=True)
        ]
        return self.change([*gone[0], *whole[0].items()], [*gone[1], *whole[1].items()])

    def _left_view(self, whole: tuple[dict[int, int], dict[int, int]]) -> None:
        """Nothing stands any more at a price that would be in view and is not shown; beyond the view nobody knows."""
        for side, levels in zip((BUY, SELL), whole, strict=True):
            shown = self._shown[side]
            worst = (min if side == BUY else max)(levels, default=None)
            for of, price in list(self._resting):
                if of == side and price not in levels and not shown.is_beyond(price, worst):
                    self._shorten(side, price, 0)

    def trade(self, price: int, quantity: int, taker_side: int) -> list[Answer]:
        """Others traded: resting orders at the price or better are met, as far as the trade's size goes."""
        side = _other(taker_side)
        shown = self._shown[side]
        shown.sweep(price)
        answers: list[Answer] = []
        left = quantity
        for level in self._resting_up_to(side, price):
            if left:
                left = self._meet_level(level, left, level[0].price == price, answers)
        shown.take(price, quantity)
        return answers

    def place(self, new: ClientOrder) -> list[Answer]:
        """An order arrives: it takes what is displayed within its limit, the rest stands in line."""
        self._orders[new.order] = new
        answers: list[Answer] = [Took(new.order)]
        self._arrive(new, answers)
        return answers

    def cancel(self, order: int, reason: str = "user") -> list[Answer]:
        """End an order; nothing when it is not alive here (its last fill is on its way)."""
        found = self._orders.get(order)
        if found is None:
            return []
        self._leave(found)
        return [Ended(order, reason)]

    def replace(self, order: int, price: int, quantity: int) -> list[Answer]:
        """A smaller quantity at the same price keeps the place; anything else arrives anew."""
        found = self._orders.get(order)
        if found is None:
            return []
        if quantity <= found.filled:
            self._leave(found)
            return [Changed(order, price, found.filled)]
        answers: list[Answer] = [Changed(order, price, quantity)]
        if price == found.price and quantity <= found.quantity:
            found.quantity = quantity
            return answers
        self._leave(found)
        found.price, found.quantity = price, quantity
        self._orders[order] = found
        self._arrive(found, answers)
        return answers

    def restart(self) -> list[Answer]:
        """The recording starts again: every order ends, nothing is displayed."""
        answers: list[Answer] = [Ended(order, "recording_restarted") for order in self._orders]
        self._orders.clear()
        self._resting.clear()
        for side in self._shown.values():
            side.clear()
        return answers

    def _arrive(self, new: ClientOrder, answers: list[Answer]) -> None:
        against = self._shown[_other(new.side)]
        reachable = [] if self._is_crossed() else list(against.within(new.price))
        if new.rests == POST_ONLY and reachable:
            self._end(new, POST_ONLY, answers)
            return
        if new.rests == FILL_OR_KILL and sum(free for _, free in reachable) < new.remaining:
            self._end(new, FILL_OR_KILL, answers)
            return
        for price, free in reachable:
            if new.remaining:
                against.take(price, self._fill(new, price, free, TAKER, answers))
        if new.remaining and new.rests == IMMEDIATE:
            self._end(new, IMMEDIATE, answers)
        elif new.remaining:
            new.ahead = self._ahead(new)
            self._resting.setdefault((new.side, new.price), []).append(new)

    def _ahead(self, new: ClientOrder) -> int:
        """What is displayed at its price; not known when that is out of view."""
        shown = self._shown[new.side]
        beyond = self._window and shown.is_beyond(new.price, shown.worst())
        return NOT_KNOWN if beyond else shown.size(new.price)

    def _is_crossed(self) -> bool:
        bid, ask = self._shown[BUY].best(), self._shown[SELL].best()
        return bid is not None and ask is not None and bid > ask

    def _end(self, ended: ClientOrder, reason: str, answers: list[Answer]) -> None:
        self._leave(ended)
        answers.append(Ended(ended.order, reason))

    def _meet_level(self, level: list[ClientOrder], left: int, in_line: bool, answers: list[Answer]) -> int:
        """A trade of `left` walks the line at one price: recorded quantity and clients in turn; what of it is left."""
        passed = 0
        for waiting in list(level):
            if in_line:
                between = min(left, max(0, waiting.ahead - passed))
                passed += between
                left -= between
                waiting.ahead -= min(waiting.ahead, passed)
            if left:
                left -= self._fill(waiting, waiting.price, left, MAKER, answers)
        return left

    def _met_by_quotes(self, side: int) -> list[Answer]:
        """Displayed size of the other side that has come to the price of a resting order, or through it."""
        answers: list[Answer] = []
        against = self._shown[_other(side)]
        best = next(iter(against.levels(1)), None)
        if best is None or self._is_crossed():
            return answers
        for level in self._resting_up_to(side, best[0]):
            for waiting in list(level):
                for price, free in list(against.within(waiting.price)):
                    if waiting.remaining:
                        against.take(price, self._fill(waiting, waiting.price, free, self._by_quotes, answers))
        return answers

    def _resting_up_to(self, side: int, price: int) -> list[list[ClientOrder]]:
        """The lines of one side from the best price to this one."""
        sign = -1 if side == BUY else 1
        ranks = sorted(at * sign for of, at in self._resting if of == side and at * sign <= price * sign)
        return [self._resting[(side, rank * sign)] for rank in ranks]

    def _fill(self, filled: ClientOrder, price: int, at_most: int, liquidity: int, answers: list[Answer]) -> int:
        quantity = min(at_most, filled.remaining)
        filled.filled += quantity
        filled.fills += 1
        answers.append(Filled(filled.order, filled.account, filled.side, filled.fills, price, quantity, liquidity))
        if not filled.remaining:
            self._leave(filled)
        return quantity

    def _leave(self, gone: ClientOrder) -> None:
        del self._orders[gone.order]
        line = self._resting.get((gone.side, gone.price), [])
        if gone in line:
            line.remove(gone)
            if not line:
                del self._resting[(gone.side, gone.price)]


def _other(side: int) -> int:
    return SELL if side == BUY else BUY
