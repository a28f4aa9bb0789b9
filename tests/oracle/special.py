"""Orders with special terms: placing and changing them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .books import Order
from .messages import effects
from .state import State
from .values import STOP, STOP_LIMIT, TRAILING_STOP

PENDING, HELD = 1, 2
"""What a parked order waits for: its trigger; its session or its parent."""


def park(state: State, order: Order, status: int) -> Any:
    """The order waits outside the book, which it leaves if it stands there; what it holds stays as it is."""
    state.books[order.instrument].remove(order)
    order.parked = status
    state.touched.add(order.instrument)
    return effects.Parked(order.id, status)


def waits_for(order: Order) -> int:
    """What a new order waits for before it may go to the book; 0: nothing."""
    if order.kind in (STOP, STOP_LIMIT, TRAILING_STOP):
        return PENDING
    return HELD if order.parent else 0


def unpark(order: Order) -> None:
    """It waits no longer; the caller lets it work."""
    order.parked = 0


def waiting_price(state: State, command: Any) -> int | None:
    """The price that an order is held for while it waits for its trigger or follows its peg; None refuses it."""
    return int(command.price or command.stop)


def check_replace_special(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def replace_special(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_reduce(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def reduce(state: State, command: Any) -> Iterator[Any]:
    yield from ()
