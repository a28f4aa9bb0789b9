"""What holds in every reachable state of the twin, computed from scratch."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

from .books import Order
from .engine import Twin
from .perpetual import required
from .portfolio import bounded_needs, covers
from .transfers import reserved
from .values import BUY, DARK, SELL

Held = dict[tuple[int, int], int]


def check(twin: Twin) -> None:
    """Asserts every invariant; names the one that fails."""
    assert not any(twin.totals().values()), f"money was made or lost: {twin.totals()}"
    held = {pair: amount for pair, amount in twin.state.ledger.held.items() if amount}
    assert held == demanded(twin), "what is held is not what live orders and positions demand"
    for number, instrument in twin.state.instruments.items():
        if instrument.rules["book"] != DARK:  # which may be crossed: nobody trades there at his own price
            _check_book(twin, number)
    resting = {order.id for number in twin.state.books for side in (BUY, SELL) for order in twin.resting(number, side)}
    standing = {
        order.id
        for order in twin.state.orders.values()
        if not (order.venue or order.parked or order.unpriced or order.id in twin.state.families)
    }
    assert resting == standing, "an order is lost"
    for order in twin.state.orders.values():
        showing = order.id in resting and order.display != 0
        assert not showing or 0 < order.shown <= order.left, "an iceberg shows nothing, or more than it has"


def demanded(twin: Twin) -> Held:
    """What live orders, positions and pending transfers need, by (account, asset)."""
    state = twin.state
    held: Held = defaultdict(int)
    for order in state.orders.values():
        if not state.instruments[order.instrument].perpetual:
            due = 0 if order.unheld else state.spot_hold(order)
            assert order.hold >= due, "an order holds less than it may cost"
            assert order.venue or order.hold == due, "an order on the house book holds too much"
            held[order.account, state.held_asset(order)] += order.hold
    perpetuals = set(state.positions) | {(o.account, o.instrument) for o in state.orders.values()}
    for account, number in perpetuals:
        instrument = state.instruments[number]
        if instrument.perpetual and state.ledger.trades(account) and not _endless(twin, account, instrument):
            if covers(state, account, instrument):
                continue
            position = state.positions.get((account, number), 0)
            held[account, instrument.margin_asset] += required(
                instrument, account, position, state.live(account, number)
            )
    for account in state.portfolios:
        for asset, need in bounded_needs(state, account).items():
            held[account, asset] += 0 if state.ledger.endless(account, asset) else need
    for waiting in state.pending.values():
        for account in reserved(state, waiting):
            held[account, waiting.asset] += waiting.amount
    return {pair: amount for pair, amount in held.items() if amount}


def _endless(twin: Twin, account: int, instrument: Any) -> bool:
    return twin.state.ledger.endless(account, instrument.margin_asset)


def _check_book(twin: Twin, number: int) -> None:
    buys, sells = twin.resting(number, BUY), twin.resting(number, SELL)
    if twin.state.instruments[number].matches:
        crossed = ((buy, sell) for buy in buys for sell in sells if buy.meets(sell.price))
        assert all(may_stand_aside(buy) or may_stand_aside(sell) for buy, sell in crossed), (
            "the book is crossed at rest"
        )
    for side, sign in ((buys, -1), (sells, 1)):
        keys = [(sign * order.price, order.behind, order.arrival) for order in side]
        assert all(before < after for before, after in pairwise(keys)), "not best, visible, oldest first"
        assert all(order.left > 0 for order in side), "an order without a rest stays in the book"


def may_stand_aside(order: Order) -> bool:
    """Has it a condition, so that it need not trade with what it meets?"""
    return order.conditional or order.reduce_only


def queues(twin: Twin) -> dict[tuple[int, int], list[int]]:
    """Orders of every book and side in priority, by (instrument, side)."""
    return {
        (number, side): [order.id for order in twin.resting(number, side)]
        for number in twin.state.books
        for side in (BUY, SELL)
    }


def check_priority(before: dict[tuple[int, int], list[int]], effects: list[Any]) -> None:
    """The makers of one pass are the head of the queue as it stood before, and none is passed over."""
    makers: list[int] = []
    queue: list[int] = []
    for effect in effects:
        if type(effect).__name__ == "Traded" and not effect.flags:
            queue = before[effect.instrument, SELL if effect.taker_side == BUY else BUY]
            makers.append(effect.maker_order)
    assert makers == queue[: len(makers)], "a trade passed over somebody with priority"
