"""How an order stands in the book: hidden orders, icebergs and their peaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .books import Order
from .messages import effects
from .state import State
from .values import BUY, MIXED

WORD = 2**64


def splitmix64(state: int) -> int:
    """The output of Vigna's splitmix64 whose state before was `state`."""
    word = (state + 0x9E3779B97F4A7C15) % WORD
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB % WORD
    return word ^ word >> 31


def peak(order: Order, drawn: int, lot: int) -> int:
    """The lots that an iceberg shows when it has drawn `drawn` peaks before."""
    choices = ((order.display_high or order.display) - order.display) // lot + 1
    return order.display + splitmix64((order.seed + drawn) % WORD) % choices * lot


def draw(state: State, order: Order) -> None:
    """A new peak; the last one is what is left."""
    lot = state.instruments[order.instrument].terms.lot
    order.shown = min(order.left, peak(order, order.drawn, lot))
    order.drawn += 1


def rest(state: State, order: Order) -> None:
    """The order comes to rest behind the others at its price."""
    rules, book = state.instruments[order.instrument].rules, state.books[order.instrument]
    order.behind = order.hidden and rules["hidden_after_visible"] == 1
    if order.display:
        draw(state, order)
    before = book.sides[order.side]
    order.top = rules["book"] == MIXED and not order.hidden and not any(other.meets(order.price) for other in before)
    book.add(order)


def after_fill(state: State, order: Order, quantity: int) -> Iterator[Any]:
    """A resting order after a fill: an iceberg whose peak is used up shows the next one, behind the others."""
    if not order.display or not order.left:
        return
    order.shown -= quantity
    yield from refresh(state, order)


def refresh(state: State, order: Order) -> Iterator[Any]:
    """An iceberg that shows nothing any more."""
    if order.shown:
        return
    state.books[order.instrument].remove(order)
    draw(state, order)
    order.top = False
    state.books[order.instrument].add(order)
    yield effects.Refreshed(order.id, order.shown)


def cut(state: State, order: Order, quantity: int) -> Any:
    """Takes lots off an order where it stands."""
    instrument = state.instruments[order.instrument]
    order.quantity -= quantity
    order.shown = min(order.shown, order.left)
    if instrument.perpetual:
        before = state.position_holds.get((order.account, order.instrument), 0)
        released = before - state.rehold(order.account, instrument)
    elif order.walk and order.side == BUY:
        released = 0  # it holds the exact cost of the trades it is going to make
    else:
        before = order.hold
        state.set_hold(order, state.spot_hold(order))
        released = before - order.hold
    return effects.Reduced(order.id, quantity, order.left, released)
