"""Orders that hang together: pairs of which one cancels the other, and children that wait for their parent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import gate, limits, matching, resting, special, triggers
from .books import Order
from .messages import effects
from .state import AT_MARKET, State
from .values import REQUEST, RESPONSE, TRAILING_STOP

CHILDREN_MAX = 16


def linkable(state: State, order: Any) -> bool:
    """May a new order name these others? They live, are the same account's and the same instrument's."""
    if order.kind in (REQUEST, RESPONSE):
        return False
    named = [state.orders.get(other) for other in (order.one_cancels, order.parent) if other]
    own = (order.account, order.instrument)
    if not all(o and (o.account, o.instrument) == own and not o.child_of for o in named):
        return False
    if order.one_cancels:
        partner = state.orders[order.one_cancels]
        return not (
            partner.venue or partner.id in state.families or partner.one_cancels or order.one_cancels == order.parent
        )
    return True


def is_full(state: State, parent: int) -> bool:
    """Has the order as many children as one may have?"""
    return sum(order.aside and order.parent == parent for order in state.orders.values()) >= CHILDREN_MAX


def pair_up(state: State, order: Order) -> None:
    """The new order and the one it names know each other."""
    if order.one_cancels:
        state.orders[order.one_cancels].one_cancels = order.id


def end_partner(state: State, order: Order) -> Iterator[Any]:
    """The other of the pair goes; what it held for both is held by this one."""
    partner = state.orders.get(order.one_cancels)
    order.one_cancels = 0
    if partner is None:
        return
    partner.one_cancels = 0
    yield state.cancel(partner, "one_cancels")
    if order.kind not in AT_MARKET and not state.instruments[order.instrument].perpetual:
        state.hold_beside(order)


def alone(state: State, order: Order) -> Iterator[Any]:
    """Before a fill: the other of the pair goes; if that is gone already, the order goes instead of trading."""
    if order.one_cancels and order.one_cancels not in state.orders:
        yield state.cancel(order, "one_cancels")
    elif order.one_cancels:
        yield from end_partner(state, order)


def tell_hold(state: State, number: int) -> Iterator[Any]:
    """Tells of the first order of the market that holds otherwise because of its pair."""
    for told in list(state.reheld):
        order = state.orders.get(told)
        if order is None or order.instrument == number:
            state.reheld.remove(told)
        if order and order.instrument == number:
            yield effects.Reheld(order.id, order.hold)
            return


def part(state: State, number: int) -> Iterator[Any]:
    """The first order of the market whose partner ended goes."""
    for other in list(state.parted):
        order = state.orders.get(other)
        if order is None or order.instrument == number:
            state.parted.remove(other)
        if order and order.instrument == number:
            yield state.cancel(order, "one_cancels")
            return


def part_all(state: State) -> Iterator[Any]:
    while state.parted:
        order = state.orders.get(state.parted.pop(0))
        if order:
            yield state.cancel(order, "one_cancels")


def release(state: State, number: int) -> Iterator[Any]:
    """The first child of the market whose parent ended goes on, with no more lots than the parent traded."""
    for child, filled in list(state.released):
        order = state.orders.get(child)
        if order is None or order.instrument == number:
            state.released.remove((child, filled))
        if order and order.instrument == number:
            yield from _go_on(state, order, filled)
            return


def _go_on(state: State, order: Order, filled: int) -> Iterator[Any]:
    lots = min(order.left, filled - filled % state.instruments[order.instrument].terms.lot)
    if not lots:
        yield state.cancel(order, "parent")
        return
    if lots < order.left:
        yield resting.cut(state, order, order.left - lots)
    if any(limits.check_released(state, order)):
        yield state.cancel(order, "limit")
        return
    special.unpark(order)
    order.unheld = state.is_unheld(order)
    if order.kind in AT_MARKET:
        yield effects.Triggered(order.id, 0)
        yield from triggers.work_at_market(state, order)
        return
    asked = gate.repriced(order, order.price)
    asked.aside = False
    stands = order.kind not in triggers.STOPS or triggers.stand(state, asked)
    if not stands or any(gate.affords(state, asked, order)):
        yield state.cancel(order, "funds")
        return
    order.aside, order.stop, order.price = False, asked.stop, asked.price
    hold = matching.take_hold(state, order)
    if order.kind not in triggers.STOPS:
        yield effects.Triggered(order.id, 0)
    if order.kind == TRAILING_STOP:
        yield effects.Trailed(order.id, order.stop, order.limit, hold)
    else:
        yield effects.Repriced(order.id, order.price, hold)
    yield from triggers.start(state, order)
