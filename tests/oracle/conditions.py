"""Resting orders that were passed over, tried again when their market changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import bands, matching
from .books import Order
from .state import State
from .values import BUY, LIT, MIXED, PRO_RATA, SELL


def retry_conditional(state: State, number: int) -> Iterator[Any]:
    """The first resting order with a condition that can trade as an incoming one does so."""
    instrument = state.instruments[number]
    if instrument.state != "continuous" or instrument.rules["book"] not in (LIT, PRO_RATA, MIXED):
        return
    if number not in state.touched:
        return
    within = bands.bounds(instrument)
    for side in (BUY, SELL):
        for order in state.books[number].sides[side]:
            if _able(state, order, within):
                yield from matching.work_resting(state, order)
                return
    state.touched.discard(number)


def _able(state: State, order: Order, within: bands.Bounds | None) -> bool:
    """Would it trade as an incoming order? One that stood aside in an auction may also end by what it meets then."""
    if order.conditional:
        return bool(bands.plan(state, order, within).traded)
    if not (order.reduce_only or order.one_cancels):
        return False
    plan = bands.plan(state, order, within)
    return bool(plan.steps or plan.end)
