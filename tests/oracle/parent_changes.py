"""Changing parents; and what an outside venue charges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import bands, families, form, gate, kill, limits, matching, operations, session
from .books import Order
from .messages import effects
from .state import ORDER, State
from .values import Carry

PRICE, QUANTITY, EXPIRE = 1, 2, 64
FEE_MAX_PPM = 100_000


def _asked(state: State, command: Any, given: int) -> tuple[int, int, int]:
    """Limit, total and expiry; a price of 0 is the limit that it has."""
    order, family = state.orders[command.order], state.families[command.order]
    return (
        command.price if given & PRICE and command.price else family.limit,
        command.quantity if given & QUANTITY else family.total,
        command.expire if given & EXPIRE else order.expire,
    )


def _held(state: State, order: Order, limit: int, total: int) -> tuple[Order, bool]:
    """The order with the terms that it would hold for, the greater of old and new while a venue has not answered."""
    waits = any(child.venue for child in families.misfits(state, order, limit, total))
    price, quantity = (max(limit, order.price), max(total, order.quantity)) if waits else (limit, total)
    return replace(order, price=price, quantity=quantity, carry=Carry(order.carry.value, order.carry.fee)), waits


def check_replacement(state: State, command: Any, given: int) -> Iterator[Any]:
    """ReplaceOrder and ReplaceSpecial of a parent."""
    order, family = state.orders[command.order], state.families[command.order]
    instrument = state.instruments[order.instrument]
    if kill.killed_order(state, order):
        yield "killed"
    if not given or given & ~(PRICE | QUANTITY | EXPIRE):
        yield "bad_terms"
    if family.ending is not None:
        yield "parent_ending"
    yield from session.takes_orders(state, instrument)
    limit, total, expire = _asked(state, command, given)
    if given & QUANTITY:
        yield from form.quantity(instrument, total)
    if total < order.filled:
        yield "quantity_not_above_filled"
    if limit != family.limit:
        yield from form.price(instrument, limit)
        if bands.too_far(instrument, limit):
            yield "outside_band"
    if given & EXPIRE and 0 < expire <= state.stamp:
        yield "bad_expire"
    asked = replace(order, price=limit, quantity=total)
    yield from bands.worth(instrument, asked)
    yield from limits.check(state, asked, limit if limit != family.limit else 0, order)
    yield from gate.affords(state, _held(state, order, limit, total)[0], order)


def replacement(state: State, command: Any, given: int) -> Iterator[Any]:
    order = state.orders[command.order]
    yield from change(state, order, *_asked(state, command, given))


def change(state: State, order: Order, limit: int, total: int, expire: int) -> Iterator[Any]:
    """Children that do not fit the new terms go."""
    family = state.families[order.id]
    going = families.misfits(state, order, limit, total)
    held, family.pending = _held(state, order, limit, total)
    limits.remember(state, order, 0, new=False)
    family.limit, family.total = limit, total
    order.price, order.quantity = held.price, held.quantity
    state.deadlines.discard((order.expire, ORDER, order.id))
    order.expire = expire
    if expire:
        state.deadlines.add((expire, ORDER, order.id))
    yield effects.Replaced(order.id, limit, total, matching.rehold(state, order), 0)
    yield from families.end_children(state, going)


def check_reduce(state: State, command: Any) -> Iterator[str]:
    order, family = state.orders[command.order], state.families[command.order]
    if command.quantity <= 0:
        yield "quantity_not_positive"
    if command.quantity >= family.total - order.filled:
        return
    if family.ending is not None:
        yield "parent_ending"
    if command.quantity % state.instruments[order.instrument].terms.lot:
        yield "off_lot"


def reduce(state: State, command: Any) -> Iterator[Any]:
    """So many lots fewer; all that is left, or more, ends it."""
    order, family = state.orders[command.order], state.families[command.order]
    if command.quantity >= family.total - order.filled:
        yield from operations.request_cancel(state, order, "user")
    else:
        yield from change(state, order, family.limit, family.total - command.quantity, order.expire)


def check_venue_fees(state: State, command: Any) -> Iterator[str]:
    """What orders hold covers the instrument's own fees and no more."""
    if not state.is_venue(command.venue):
        yield "unknown_venue"
    if command.instrument not in state.instruments:
        yield "unknown_instrument"
    for fee in (command.maker_fee_ppm, command.taker_fee_ppm):
        if not -FEE_MAX_PPM <= fee <= state.instruments[command.instrument].worst_fee_ppm:
            yield "bad_fee"


def venue_fees(state: State, command: Any) -> Iterator[Any]:
    state.venue_fees[command.venue, command.instrument] = (command.maker_fee_ppm, command.taker_fee_ppm)
    yield effects.VenueFeesSet(*command)
