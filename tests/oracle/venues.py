"""What outside venues answer: acknowledged, filled, cancelled, replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import contracts, families, gate
from .books import Order
from .matching import Leg, apply_terms, trade
from .messages import NO_ID, effects
from .perpetual import too_large
from .state import State
from .values import AMOUNT_MAX, BEYOND_HOLD, BUY, MAKER, OUTSIDE, PRICE_MAX, QUANTITY_MAX, SELL, TAKER


def about_order(state: State, command: Any) -> Iterator[str]:
    """What every answer about an order must pass."""
    if not state.is_venue(command.venue):
        yield "unknown_venue"
    if command.order not in state.orders:
        yield "unknown_order"
    elif state.orders[command.order].venue != command.venue:
        yield "wrong_venue"


def accepted(state: State, command: Any) -> Iterator[Any]:
    yield effects.Acknowledged(command.order, command.venue)


def check_cancelled(state: State, command: Any) -> Iterator[str]:
    yield from about_order(state, command)
    if command.reason > gate.CANCEL_REASON_MAX:
        yield "unknown_reason"


def cancelled(state: State, command: Any) -> Iterator[Any]:
    yield state.cancel(state.orders[command.order], command.reason)


def _amounts(command: Any) -> Iterator[str]:
    """A venue's prices and quantities need not be whole ticks and lots."""
    if command.quantity <= 0:
        yield "quantity_not_positive"
    if command.quantity > QUANTITY_MAX:
        yield "quantity_too_large"
    if command.price <= 0:
        yield "price_not_positive"
    if command.price > PRICE_MAX:
        yield "price_too_large"


def check_replaced(state: State, command: Any) -> Iterator[str]:
    yield from about_order(state, command)
    yield from _amounts(command)
    order = state.orders[command.order]
    if command.quantity < order.filled:
        yield "quantity_not_above_filled"
    if order.child_of and command.quantity > order.quantity:
        yield "beyond_parent"
    parent = state.orders.get(order.child_of)
    if parent and families.is_beyond(parent, command.price, state.families[parent.id].limit):
        yield "beyond_limit"
    if gate.exposure_too_large(state, replace(gate.repriced(order, command.price), quantity=command.quantity), order):
        yield "notional_too_large"


def replaced(state: State, command: Any) -> Iterator[Any]:
    order = state.orders[command.order]
    yield apply_terms(state, order, command, kept=False)
    if not order.left:
        yield state.cancel(order, "user")


def check_filled(state: State, command: Any) -> Iterator[Any]:
    """VenueFilled is never refused for funds: it happened."""
    if not state.is_venue(command.venue):
        yield "unknown_venue"
    if command.fill_id == NO_ID:
        yield "no_client_id"
    yield state.memory.ask(command.venue, command.fill_id, command)
    if not state.ledger.trades(command.account):
        yield "unknown_account"
    if command.instrument not in state.instruments:
        yield "unknown_instrument"
    if command.side not in (BUY, SELL):
        yield "unknown_side"
    if command.liquidity not in (MAKER, TAKER):
        yield "unknown_liquidity"
    yield from _amounts(command)
    yield from contracts.trades(state.instruments[command.instrument])
    if _fill_too_large(state, command):
        yield "notional_too_large"


def _fill_too_large(state: State, command: Any) -> bool:
    instrument = state.instruments[command.instrument]
    if instrument.perpetual:
        pair = (command.account, command.instrument)
        position = state.positions.get(pair, 0)
        return too_large(instrument, position, state.live(*pair), command.price, command.quantity)
    value = instrument.value_up(command.price * command.quantity)
    return bool(max(value, command.quantity * instrument.base_units) > AMOUNT_MAX)


def _filled_order(state: State, command: Any) -> Order | None:
    """The live order that the fill belongs to, if it is what the venue says it is."""
    order = state.orders.get(command.order)
    if order is None:
        return None
    said = (command.venue, command.account, command.instrument, command.side)
    return order if (order.venue, order.account, order.instrument, order.side) == said else None


def filled(state: State, command: Any) -> Iterator[Any]:
    order = _filled_order(state, command)
    terms = state.instruments[command.instrument].terms
    fees = state.venue_fees.get((command.venue, command.instrument), (terms.maker_fee_ppm, terms.taker_fee_ppm))
    beyond = order is None or command.quantity > order.left or not order.meets(command.price)
    maker = command.liquidity == MAKER
    parent = families.parent_of_fill(state, command, order)
    payer = parent or order
    client = Leg(command.account, command.order, command.side, payer, fees[0] if maker else fees[1])
    if payer:
        client.carry = payer.carry
    venue = Leg(command.venue, 0, SELL if command.side == BUY else BUY, None, None)
    legs = [client, venue] if maker else [venue, client]
    flags = OUTSIDE | (BEYOND_HOLD if beyond else 0)
    yield trade(state, legs, command.instrument, command.price, command.quantity, flags)
    if parent:
        yield families.reheld(state, parent)
        more = order is None or command.quantity > order.left
        if order:
            families.fill(state, order, command.quantity)
        if more or state.families[parent.id].pending:
            yield from families.fit(state, parent)
