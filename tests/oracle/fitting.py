"""Which fills suit an order: all-or-none, minimum quantity, reduce-only."""

from __future__ import annotations

from .books import Order
from .state import State
from .values import FOK, SELL

EACH, TOTAL = 1, 2
KEEP, CANCEL = 1, 2


def wants_all(order: Order) -> bool:
    """As an incoming order it trades whole or not at all."""
    return order.all_or_none or order.tif == FOK


def least(state: State, order: Order, left: int) -> int:
    """The smallest single fill that an order with `left` to go takes part in as the resting one."""
    if order.all_or_none:
        return left
    each = state.instruments[order.instrument].rules["min_quantity"] == EACH
    return min(order.min_quantity, left) if each or not order.done else 0


def least_taken(state: State, order: Order, left: int) -> int:
    """The same for the incoming order, whose other conditions are about all its fills together."""
    each = state.instruments[order.instrument].rules["min_quantity"] == EACH
    return min(order.min_quantity, left) if each else 0


def too_little(state: State, order: Order, traded: int) -> bool:
    """Is this too little for all fills of an incoming order together?"""
    if wants_all(order):
        return traded < order.left
    total = state.instruments[order.instrument].rules["min_quantity"] == TOTAL
    return total and not order.done and traded < min(order.min_quantity, order.left)


def falls_below(state: State, order: Order, left: int) -> bool:
    """Does a rest of `left` end the order because it is below its minimum?"""
    rules = state.instruments[order.instrument].rules
    cancels = rules["hidden_remainder_below_minimum"] == CANCEL and rules["min_quantity"] == EACH
    return cancels and 0 < left < order.min_quantity


def capacity(state: State, order: Order, moved: int = 0) -> int:
    """Whole lots that a reduce-only order could trade if its account's position moved by `moved` before."""
    instrument = state.instruments[order.instrument]
    if instrument.perpetual:
        position = state.positions.get((order.account, order.instrument), 0) + moved
        lots = max(0, position if order.side == SELL else -position)
    else:
        amount = state.ledger.balances[order.account, instrument.terms.base] + moved * instrument.base_units
        lots = max(0, amount if order.side == SELL else -amount) // instrument.base_units
    return int(lots - lots % instrument.terms.lot)


def spent(state: State, order: Order) -> bool:
    """Is it a reduce-only order that can reduce nothing?"""
    return order.reduce_only and not capacity(state, order)
