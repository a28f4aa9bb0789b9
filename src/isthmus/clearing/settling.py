"""A settlement cycle: which of the trades that are due settle against what participants have, by a named model.

Models of delivery versus payment: BIS CPSS, Delivery versus payment in securities settlement systems (1992): 1 gross
securities and gross funds, trade by trade; 2 gross securities, net funds at the end of the cycle; 3 net securities
and net funds. Payment versus payment of foreign exchange is the same law over two currencies: both legs or neither.
Where cover is missing in a net the latest deliveries of who lacks it leave the cycle until the rest is covered (Bech
and Soramäki, Gridlock resolution in interbank payment systems, Bank of Finland DP 9/2001); what is left settles
at once, and of each deliverer the earlier before the later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from isthmus.clearing.trades import Trade, portion
from isthmus.kernel.errors import BadInput

MODELS = (1, 2, 3)
LACK_SECURITIES, LACK_MONEY = "LACK", "MONY"
"""Reasons of a fail as in field 24B of MT548 and in the code list of sese.024."""
WHY = {
    LACK_SECURITIES: "the deliverer lacks securities",
    LACK_MONEY: "the receiver lacks money",
    "CLAC": "the counterparty lacks securities",
    "CMON": "the counterparty lacks money",
    "BLOC": "the account is blocked",
    "NMAT": "the instructions do not match",
    "SETR": "a settlement restriction holds",
    "OTHR": "another reason, told in words",
}
Key = tuple[int, int]


class Item(msgspec.Struct, frozen=True):
    """A trade in the queue, in the order of the queue, and how much of its quantity settled before."""

    trade: Trade
    settled: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """What a cycle came to: by reference the settled quantity (all of it, counted from the trade), what moved by
    (participant, asset), and for whatever is not settled whole who lacked what: (reason, participant).
    """

    settled: dict[str, int]
    moved: dict[Key, int]
    lacking: dict[str, tuple[str, int]]


class _Cycle:
    """One cycle at work. `have`: what a (participant, asset) can deliver; None: without end."""

    def __init__(self, items: Sequence[Item], have: Callable[[int, int], int | None], partial: bool) -> None:
        self.items, self.partial = items, partial
        self._have = have
        self._left: dict[Key, int | None] = {}
        self.target = [item.settled for item in items]
        self.lacking: dict[str, tuple[str, int]] = {}

    def left(self, key: Key) -> int | None:
        if key not in self._left:
            self._left[key] = self._have(*key)
        return self._left[key]

    def move(self, place: int, target: int) -> None:
        """The settled quantity of an item becomes `target`, up or down."""
        before, trade = self.target[place], self.items[place].trade
        low, high = sorted((before, target))
        sign = 1 if target >= before else -1
        for key, amount in portion(trade, low, high).items():
            left = self.left(key)
            if left is not None:
                self._left[key] = left + sign * amount
        self.target[place] = target

    def most(self, place: int, *, cash: bool) -> int:
        """How far the item can settle now by what both sides have; notes who lacks what."""
        item = self.items[place]
        trade, before = item.trade, self.target[place]
        goal = trade.quantity
        stock = self.left((trade.seller, trade.base))
        if stock is not None and stock < goal - before:
            goal = self._cut(place, before + max(stock, 0), (LACK_SECURITIES, trade.seller))
        money = self.left((trade.buyer, trade.quote)) if cash else None
        if money is not None and -portion(trade, before, goal)[(trade.buyer, trade.quote)] > money:
            goal = self._cut(place, self._affordable(place, goal, money), (LACK_MONEY, trade.buyer))
        return goal

    def _affordable(self, place: int, goal: int, money: int) -> int:
        """The largest quantity up to `goal` whose cash is covered: cash grows with the quantity, so it is bisected."""
        trade, before = self.items[place].trade, self.target[place]
        low, high = before, goal
        while low < high:
            middle = (low + high + 1) // 2
            if -portion(trade, before, middle)[(trade.buyer, trade.quote)] <= money:
                low = middle
            else:
                high = middle - 1
        return low

    def _cut(self, place: int, goal: int, why: tuple[str, int]) -> int:
        """Whole units of what there is, or nothing more where parts are not taken."""
        trade, before = self.items[place].trade, self.items[place].settled
        self.lacking[trade.reference] = why
        if not self.partial:
            return before
        return max(before, goal - (goal - before) % trade.unit)

    def gross(self, *, cash: bool) -> None:
        """Trade by trade in the order of the queue, again while a receipt lets another settle."""
        moved = True
        while moved:
            moved = False
            for place in range(len(self.items)):
                goal = self.most(place, cash=cash)
                if goal > self.target[place]:
                    self.move(place, goal)
                    moved = True

    def net(self) -> None:
        """All at once; then the latest of who lacks cover go until the rest is covered."""
        for place, item in enumerate(self.items):
            self.move(place, item.trade.quantity)

    def uncover(self) -> None:
        """Takes out of the cycle what keeps a (participant, asset) below zero, the latest first."""
        outgoing: dict[Key, list[int]] = defaultdict(list)
        for place, item in enumerate(self.items):
            if self.target[place] > item.settled:
                outgoing[(item.trade.seller, item.trade.base)].append(place)
                outgoing[(item.trade.buyer, item.trade.quote)].append(place)
        short = sorted(key for key in outgoing if (self.left(key) or 0) < 0)
        while short:
            key = short.pop(0)
            while (self.left(key) or 0) < 0 and outgoing[key]:
                place = outgoing[key][-1]
                self._shrink(place, key)
                trade = self.items[place].trade
                if self.target[place] == self.items[place].settled:
                    outgoing[key].pop()
                touched = ((trade.seller, trade.quote), (trade.buyer, trade.base))
                short.extend(one for one in touched if (self.left(one) or 0) < 0 and outgoing.get(one))

    def _shrink(self, place: int, key: Key) -> None:
        """By what is lacking, in whole units, or altogether."""
        item = self.items[place]
        trade, lack = item.trade, -(self.left(key) or 0)
        stock = key == (trade.seller, trade.base)
        self.lacking[trade.reference] = (LACK_SECURITIES if stock else LACK_MONEY, key[0])
        target, goal = self.target[place], item.settled
        if self.partial and target > item.settled:
            by = lack if stock else -(-lack * trade.quantity // max(trade.buyer_pays + trade.buyer_fee, 1))
            goal = max(item.settled, target - max(by, 1))
            goal = max(item.settled, goal - (goal - item.settled) % trade.unit)
        self.move(place, goal)


def settle(
    items: Sequence[Item], have: Callable[[int, int], int | None], *, model: int = 3, partial: bool = False
) -> Outcome:
    """One cycle over the queue. `have(participant, asset)`: what can be delivered before the cycle, None without end
    (the house, which answers for its own, and the outside). `partial`: parts in whole units are taken. Raises
    BadInput.
    """
    if model not in MODELS:
        raise BadInput("model", f"{model} is none of 1, 2 and 3")
    references = {item.trade.reference for item in items}
    assert len(references) == len(items), "a trade stands once in the queue"
    cycle = _Cycle(items, have, partial)
    if model == 3:
        cycle.net()
    else:
        cycle.gross(cash=model == 1)
    if model != 1:
        cycle.uncover()
    return _outcome(cycle)


def _outcome(cycle: _Cycle) -> Outcome:
    moved: dict[Key, int] = defaultdict(int)
    settled = {}
    for item, target in zip(cycle.items, cycle.target, strict=True):
        settled[item.trade.reference] = target
        for key, amount in portion(item.trade, item.settled, target).items():
            moved[key] += amount
    whole = {item.trade.reference: item.trade.quantity for item in cycle.items}
    lacking = {name: why for name, why in cycle.lacking.items() if settled[name] < whole[name]}
    return Outcome(settled, dict(moved), lacking)


def holdings(amounts: Mapping[Key, int], endless: frozenset[int] = frozenset()) -> Callable[[int, int], int | None]:
    """`have` of a table; participants in `endless` deliver whatever is due, others what the table says, or nothing."""
    return lambda participant, asset: None if participant in endless else amounts.get((participant, asset), 0)
