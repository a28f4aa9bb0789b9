"""What must hold of orders that wait and orders that hang together, after every pass."""

from __future__ import annotations

from typing import Any

from . import triggers
from .books import Order
from .engine import Twin
from .special import HELD, PENDING

HOLDING = ("Accepted", "Replaced", "ReplaceRequested", "Repriced", "Reheld", "Trailed")
"""Effects that tell what an order (a perpetual's: its position) holds."""
OUTSIDE = 1
"""Flag of a trade: at an outside venue."""
LETTING_GO = ("Cancelled", "Reduced")
"""Effects that tell how much less that is."""

Ties = tuple[dict[int, int], dict[int, int]]


def ties(twin: Twin) -> Ties:
    """Partners and parents by order; to be taken before a command is applied."""
    orders = twin.state.orders.values()
    pairs = {order.id: order.one_cancels for order in orders if order.one_cancels}
    return pairs, {order.id: order.parent for order in orders if order.aside}


def check(twin: Twin, was: Ties, effects: list[Any]) -> None:
    """Asserts the laws of one pass; names the one that fails."""
    state = twin.state
    assert not (state.parted or state.reheld or state.released or any(state.queues.values())), (
        "something was set off and left lying"
    )
    for order in state.orders.values():
        _check_order(twin, order)
    pairs, parents = was
    traded = {number for effect in _named(effects, "Traded") for number in (effect.maker_order, effect.taker_order)}
    both = [number for number in traded if pairs.get(number) in traded]
    assert not both, f"both of a pair traded: {both}"
    early = [number for number in traded if parents.get(number) in state.orders]
    assert not early, f"children traded before their parents were done: {early}"
    for effect in _named(effects, "Triggered"):
        assert effect.order not in parents or parents[effect.order] not in state.orders, "a child went on too early"


class Told:
    """What orders and positions hold by the effects alone; every change of a hold is told by one."""

    def __init__(self) -> None:
        self.holds: dict[Any, int] = {}
        self.orders: dict[int, Any] = {}

    def take(self, twin: Twin, command: Any, effects: list[Any]) -> None:
        """Takes the effects of a pass in and compares."""
        state = twin.state
        who = command if hasattr(command, "account") else self.orders.get(getattr(command, "parent", 0))
        self.orders |= {state.sequence: who} | state.orders
        for effect in effects:
            self._take(twin, effect)
        for order in state.orders.values():
            if not state.instruments[order.instrument].perpetual:
                assert self.holds.get(order.id, 0) == order.hold, f"nobody told what {order.id} holds"
        for (account, number), hold in state.position_holds.items():
            if state.ledger.trades(account):
                assert self.holds.get((account, number), 0) == hold, f"nobody told what {account} holds in {number}"

    def _is_at_venue(self, number: int, account: int, traded: Any) -> bool:
        """A venue may name an order that is another's, of the other side, or that it never had."""
        order = self.orders.get(number)
        side = traded.taker_side if number == traded.taker_order else 3 - traded.taker_side
        told = (traded.taker if number == traded.maker_order else traded.maker, account, traded.instrument, side)
        return order is not None and told == tuple(
            getattr(order, name, 0) for name in ("venue", "account", "instrument", "side")
        )

    def _take(self, twin: Twin, effect: Any) -> None:
        name = type(effect).__name__
        if name == "Traded":
            for order, account, hold in (
                (effect.maker_order, effect.maker, effect.maker_hold),
                (effect.taker_order, effect.taker, effect.taker_hold),
            ):
                perpetual = twin.state.instruments[effect.instrument].perpetual
                if effect.flags & OUTSIDE and not (perpetual or self._is_at_venue(order, account, effect)):
                    continue
                self.holds[(account, effect.instrument) if perpetual else order] = hold
        elif name == "Settled":
            self.holds[effect.account, effect.instrument] = effect.hold
        elif name == "Accepted" and not (effect.price or effect.hold):
            return  # at the market of an empty book, or of a parent that is not done: it counts for nothing
        elif name in HOLDING + LETTING_GO and effect.order in self.orders:
            order = self.orders[effect.order]
            perpetual = twin.state.instruments[order.instrument].perpetual
            key: Any = (order.account, order.instrument) if perpetual else effect.order
            before = self.holds.get(key, 0)
            self.holds[key] = effect.hold if name in HOLDING else before - effect.released


def _named(effects: list[Any], name: str) -> list[Any]:
    return [effect for effect in effects if type(effect).__name__ == name]


def _check_order(twin: Twin, order: Order) -> None:
    state = twin.state
    instrument = state.instruments[order.instrument]
    if order.parked == PENDING and order.kind in triggers.STOPS and triggers.trades(state, order.instrument):
        assert not triggers.reached(order, triggers.watched(instrument, order)), f"{order.id} should have been set off"
    if order.aside:
        assert order.parent in state.orders, f"{order.id} waits for a parent that ended"
        assert order.parked == HELD, f"{order.id} does not wait for its parent"
        assert not order.hold, f"{order.id} holds before its parent is done"
    if order.expire and not order.venue and order.id not in state.families:
        assert order.expire > state.stamp, f"{order.id} should have expired"
    if order.one_cancels:
        _check_pair(twin, order, state.orders.get(order.one_cancels))


def _check_pair(twin: Twin, order: Order, other: Order | None) -> None:
    state = twin.state
    assert other is not None, f"{order.id} outlives the other of its pair"
    assert other.one_cancels == order.id, f"{order.id} and {other.id} are not a pair"
    assert (other.account, other.instrument) == (order.account, order.instrument), "a pair of strangers"
    apart = order.side != other.side or state.instruments[order.instrument].perpetual
    if not (apart or order.unheld or other.unheld or order.aside or other.aside):
        together, needs = order.hold + other.hold, [state.spot_need(one) for one in (order, other)]
        assert together == max(needs), "a pair does not hold what the dearer of both may cost"
