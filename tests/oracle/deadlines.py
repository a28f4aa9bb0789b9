"""What falls due by time, before the command that brings the time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import links, session, transfers
from .kill import DEAD_MAN, fire_dead_man
from .margining import MARGIN_CALL
from .operations import request_cancel
from .state import State
from .values import DAY


def run(state: State) -> Iterator[Any]:
    """In (time, kind, number) order."""
    while state.deadlines and min(state.deadlines)[0] <= state.stamp:
        due = min(state.deadlines)
        state.deadlines.remove(due)
        _, kind, number = due
        if kind == DEAD_MAN:
            yield from fire_dead_man(state, number)
        elif kind == transfers.TRANSFER:
            yield from transfers.end(state, number, 0, "expired")
        elif kind == session.STATE:
            yield from session.state_ends(state, state.instruments[number])
        elif kind == session.EXPIRY:
            yield from session.expire(state, state.instruments[number])
        elif kind != MARGIN_CALL and number in state.orders:
            yield from request_cancel(state, state.orders[number], "expired")
        yield from links.part_all(state)


def expire_day(state: State, number: int) -> Iterator[Any]:
    """Day orders of the house book end with the trading day of their instrument, by number."""
    for _, order in sorted(state.orders.items()):
        if order.instrument == number and order.tif == DAY and not order.venue:
            yield state.cancel(order, "expired")
