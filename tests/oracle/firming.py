"""Conditional orders of a dark pool: they hold nothing, are invited when they could trade, and are firmed up or go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import dark, matching
from .books import Order
from .messages import effects
from .references import pool_price
from .state import State
from .values import BUY, DARK, LIMIT, REQUEST, SELL

FIRM_UP = 12
"""The kind of the deadline."""
NEVER = 2**64 - 1


def firm_up(state: State, order: Order) -> Iterator[Any]:
    """A firm order takes the place of the conditional order that was invited: that goes, and this comes in."""
    asked, order.kind, order.request = state.orders[order.request], LIMIT, 0
    yield state.cancel(asked, "cleared")
    yield from matching.match(state, order)


def invite(state: State, number: int) -> Iterator[Any]:
    """The first conditional order by number that suits a firm order, or else another conditional one, is invited; that
    other one too."""
    instrument, price = state.instruments[number], pool_price(state, number)
    if instrument.rules["book"] != DARK or not price:
        return
    conditional = [o for _, o in sorted(state.orders.items()) if o.instrument == number and o.kind == REQUEST]
    open_ones = [o for o in conditional if not o.invited and (not o.price or o.meets(price))]
    until = max(1, min(NEVER, state.stamp + instrument.rules["firm_up_ns"]))
    for order in open_ones:
        firm = dark.ranked(state, number, SELL if order.side == BUY else BUY)
        others = [other for other in open_ones if other.side != order.side]
        found = next((other for other in firm + others if dark.common(state, other, order, order.left)), None)
        if found:
            for invited in (order, found) if found in others else (order,):
                invited.invited = until
                state.deadlines.add((until, FIRM_UP, invited.id))
                yield effects.Invited(invited.id, until)
            return
