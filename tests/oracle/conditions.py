"""Resting orders that were passed over, tried again when their market changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import bands, matching
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
            passed_over = order.conditional or order.reduce_only or order.one_cancels
            if passed_over and bands.plan(state, order, within).traded:
                yield from matching.work_resting(state, order)
                return
    state.touched.discard(number)
