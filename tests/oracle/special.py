"""Orders with special terms: where they wait, and how they are changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import bands, form, gate, kill, limits, matching, operations, parent_changes, resting, session, triggers
from .books import Order
from .messages import effects
from .references import peg_price
from .state import AT_MARKET, ORDER, State
from .values import GTD, PEG, REQUEST, RESPONSE, STOP, TRAILING_STOP, Carry

PENDING, HELD, ASKED = 1, 2, 3
"""What a parked order waits for: its trigger; its session or its parent; an answer, as a request or a response."""

PRICE, QUANTITY, STOP_PRICE, OFFSET, DISPLAY, MINIMUM, EXPIRE = (1 << bit for bit in range(7))
FIELDS = dict(
    zip(
        (PRICE, QUANTITY, STOP_PRICE, OFFSET, DISPLAY, MINIMUM, EXPIRE),
        ("price", "quantity", "stop", "offset", "display", "min_quantity", "expire"),
        strict=True,
    )
)
"""What a replacement may name, as the bits of `given`."""


def park(state: State, order: Order, status: int) -> Any:
    """The order waits outside the book, which it leaves if it stands there; what it holds stays as it is."""
    state.books[order.instrument].remove(order)
    order.parked = status
    state.touched.add(order.instrument)
    return effects.Parked(order.id, status)


def unpark(order: Order) -> None:
    """It waits no longer; the caller lets it work."""
    order.parked = 0


def check_replacement(state: State, command: Any, given: int) -> Iterator[Any]:
    """Of a ReplaceOrder or a ReplaceSpecial; only what `given` names is read."""
    yield from gate.owned(state, command)
    order = state.orders.get(command.order)
    if order is None:
        return
    if order.child_of:
        yield "child_of_parent"
    if order.id in state.families:
        yield from parent_changes.check_replacement(state, command, given)
        return
    if kill.killed_order(state, order):
        yield "killed"
    here = sum(FIELDS) if not order.venue else PRICE | QUANTITY
    if not given or given & ~here:
        yield "bad_terms"
    if order.kind in (REQUEST, RESPONSE):
        yield "wrong_book"
    instrument = state.instruments[order.instrument]
    yield from session.takes_orders(state, instrument)
    asked = _asked(order, command, given)
    yield from _check_terms(state, order, asked, given)
    if not _settle(state, order, asked, given):
        yield "no_reference_price"
    yield from bands.change(instrument, order, asked)
    yield from limits.check(state, asked, command.price if given & PRICE else 0, order)
    if not order.aside:
        yield from gate.affords(state, asked, order)


def _check_terms(state: State, order: Order, asked: Order, given: int) -> Iterator[str]:
    instrument = state.instruments[order.instrument]
    if given & QUANTITY:
        yield from form.quantity(instrument, asked.quantity)
        if asked.quantity <= order.filled:
            yield "quantity_not_above_filled"
    if given & PRICE:
        yield from form.price(instrument, asked.price) if order.venue else form.limit(instrument, asked)
    for bit, well, reason in form.TESTS:
        if given & bit and not well(instrument, asked):
            yield reason
    if given & EXPIRE and (order.tif != GTD or asked.expire <= state.stamp):
        yield "bad_expire"


def _asked(order: Order, command: Any, given: int) -> Order:
    """The order with what is asked for, before anything follows from that."""
    terms = {name: getattr(command, name) for bit, name in FIELDS.items() if given & bit}
    if given & DISPLAY and not command.display:
        terms |= {"display_high": 0, "seed": 0}
    return replace(order, **terms, carry=Carry(order.carry.value, order.carry.fee))


def _settle(state: State, order: Order, asked: Order, given: int) -> bool:
    """What follows from the new terms: the price that it is held for, where a trailing stop stands."""
    if order.kind in AT_MARKET and not order.venue:
        asked.price = order.price
    if order.kind == STOP:
        asked.price = asked.stop
    if order.kind == PEG:
        asked.limit = asked.price if given & PRICE else order.limit
        asked.price = peg_price(state, asked, asked.limit) or asked.limit or order.price
    if order.kind != TRAILING_STOP:
        return True
    asked.limit = asked.price if given & PRICE else order.limit
    asked.price = asked.limit or asked.stop
    return order.aside or triggers.stand(state, asked)


def replacement(state: State, command: Any, given: int) -> Iterator[Any]:
    """Less of it, or other terms than its price, keep the place in the queue, if the book's rule says so."""
    order = state.orders[command.order]
    if order.id in state.families:
        yield from parent_changes.replacement(state, command, given)
        return
    asked = _asked(order, command, given)
    _settle(state, order, asked, given)
    limits.remember(state, order, 0, new=False)
    if order.venue:
        yield matching.ask_venue(state, order, asked.price, asked.quantity)
        return
    place = (asked.price, asked.stop, asked.offset) == (order.price, order.stop, order.offset)
    keeps = state.instruments[order.instrument].rules["replace_keeps_priority"] == 1
    kept = keeps and place and asked.quantity <= order.quantity
    stays = kept or bool(order.parked)
    state.touched.add(order.instrument)
    if not stays:
        state.books[order.instrument].remove(order)
    _take_over(state, order, asked, given)
    hold = matching.rehold(state, order)
    yield effects.Replaced(order.id, order.price, order.quantity, hold, int(kept))
    if order.kind == TRAILING_STOP and given & STOP_PRICE and not (command.stop or order.aside):
        yield effects.Trailed(order.id, order.stop, order.limit, hold)
    if not stays:
        yield from matching.match(state, order)


def _take_over(state: State, order: Order, asked: Order, given: int) -> None:
    order.passed_over = order.conditional
    for name in (*FIELDS.values(), "limit", "display_high", "seed"):
        if name == "expire" and given & EXPIRE:
            state.deadlines.remove((order.expire, ORDER, order.id))
            state.deadlines.add((asked.expire, ORDER, order.id))
        setattr(order, name, getattr(asked, name))
    if given & MINIMUM:
        order.done = 0
    if given & DISPLAY and order.display and order in state.books[order.instrument].sides[order.side]:
        resting.draw(state, order)
    order.shown = min(order.shown, order.left)


def check_replace_special(state: State, command: Any) -> Iterator[Any]:
    yield from check_replacement(state, command, command.given)


def replace_special(state: State, command: Any) -> Iterator[Any]:
    yield from replacement(state, command, command.given)


def check_reduce(state: State, command: Any) -> Iterator[Any]:
    yield from gate.owned(state, command)
    order = state.orders.get(command.order)
    if order and order.child_of:
        yield "child_of_parent"
    if order and order.id in state.families:
        yield from parent_changes.check_reduce(state, command)
        return
    if command.quantity <= 0:
        yield "quantity_not_positive"
    if order and command.quantity < order.left and command.quantity % state.instruments[order.instrument].terms.lot:
        yield "off_lot"


def reduce(state: State, command: Any) -> Iterator[Any]:
    """Lots go off the order where it stands; all of them end it."""
    order = state.orders[command.order]
    if order.id in state.families:
        yield from parent_changes.reduce(state, command)
    elif command.quantity >= order.left:
        yield from operations.request_cancel(state, order, "user")
    elif order.venue:
        yield matching.ask_venue(state, order, order.price, order.quantity - command.quantity)
    else:
        state.touched.add(order.instrument)
        yield resting.cut(state, order, command.quantity)
