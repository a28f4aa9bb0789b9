"""The gate for orders: every check in its order. A generator yields a refusal for each check that fails.

The first refusal counts: a reason's text, or the `Repeated` effect for a command that was answered before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import (
    admission,
    auction,
    bands,
    contracts,
    fitting,
    form,
    limits,
    makers,
    margining,
    parents,
    planning,
    portfolio,
    session,
    special,
    triggers,
)
from .books import Order, Walk
from .kill import killed
from .messages import CANCEL_REASONS
from .perpetual import counted, opening, required, too_large
from .references import MID, peg_price
from .state import AT_MARKET, State
from .values import (
    AMOUNT_MAX,
    BPS,
    BUY,
    DARK,
    HIDDEN,
    LIMIT,
    MARKET,
    MARKET_TO_LIMIT,
    PEG,
    PRICE_MAX,
    REQUEST,
    SELL,
    SHORT,
    Carry,
    Instrument,
    ceil_div,
)

CANCEL_REASON_MAX = max(CANCEL_REASONS.values())


def place(state: State, command: Any) -> Iterator[Any]:
    """PlaceOrder and PlaceSpecial."""
    if command.account not in state.ledger.kinds:
        yield "unknown_account"
    if not state.ledger.trades(command.account):
        yield "account_not_trading"
    if killed(state, command.account, command.session, command.instrument, command.venue):
        yield "killed"
    yield state.memory.ask(command.account, command.client_id, command)
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    yield from form.words(state, command)
    yield from session.takes(state, instrument, command)
    yield from form.quantity(instrument, command.quantity)
    yield from form.limit(instrument, command)
    yield from form.terms(state, instrument, command)
    if not command.venue:
        yield from admission.admit(state, instrument, command)
    order = newcomer(state, command)
    if order is None:
        yield "no_reference_price"
        return
    if _enters(order) and fitting.spent(state, order):
        yield "reduce_only"
    yield from bands.guards(instrument, command, order)
    yield from makers.check(state, command)
    judged = makers.judged(state, command)
    yield from limits.check(judged, order, command.price)
    if not order.aside:
        yield from affords(judged, order, None)


def _enters(order: Order) -> bool:
    """Does it go to the book at once, as far as its kind and links say?"""
    return order.kind in (LIMIT, MARKET, MARKET_TO_LIMIT) and not order.parent


def protection_price(instrument: Instrument, side: int) -> int | None:
    """Where a collared market order stops trading; None without a usable reference price."""
    reference, collar = instrument.reference, _collar(instrument)
    if not reference or not collar:
        return None
    if side == BUY:
        price = instrument.floor_tick(reference * (BPS + collar) // BPS)
    else:
        price = instrument.ceil_tick(ceil_div(reference * (BPS - collar), BPS))
    return price if 0 < price <= PRICE_MAX else None


def _collar(instrument: Instrument) -> int:
    """Of market orders: the book's rule, while that is 0 the one it was listed with."""
    return instrument.rules["collar_bps"] or instrument.terms.collar_bps


def newcomer(state: State, command: Any) -> Order | None:
    """The order as it would be accepted, without its hold; None when a market order has no price to stop at."""
    instrument = state.instruments[command.instrument]
    words = (command.venue, command.side, command.kind, command.tif, command.flags, command.price, command.quantity)
    order = Order(state.sequence, command.account, instrument.number, *words, session=command.session)
    for name in form.TERMS:
        setattr(order, name, form.term(command, name))
    order.unheld = state.is_unheld(order)
    if is_dark(state, order) or order.peg == MID:
        order.flags |= HIDDEN
    if order.kind == REQUEST and (order.side == BUY or is_dark(state, order)):
        order.unheld = True
    if order.kind == PEG:
        order.limit = order.price
        order.price = peg_price(state, order, order.limit) or order.limit
    if not triggers.prepare(state, order):
        return None
    if order.kind in AT_MARKET and not order.aside and not price_at_market(state, order):
        return None
    return order


def is_dark(state: State, order: Order) -> bool:
    """Does it go to a dark pool of ours?"""
    return state.instruments[order.instrument].rules["book"] == DARK and not order.venue


def price_at_market(state: State, order: Order) -> bool:
    """Gives an order at the market the price that it stops at, or what it finds; false without a usable price."""
    instrument = state.instruments[order.instrument]
    if is_dark(state, order):
        order.price = instrument.mark
        return bool(instrument.mark)
    waits = not order.venue and session.waits_for_call(instrument, order.kind, order.tif)
    if waits or order.venue or _collar(instrument):
        price = protection_price(instrument, order.side)
        if waits and price is None:
            price = auction.call_price(state, instrument, order)
        order.price = price or 0
        return bool(price)
    order.price = PRICE_MAX if order.side == BUY else 0
    _walk(state, order)
    return True


def _walk(state: State, order: Order) -> None:
    """Without a collar a market order holds for what it finds; a market-to-limit order is held for whole."""
    found = planning.plan(state, order)
    order.price = found.fills[-1].order.price if found.fills else 0
    if order.kind == MARKET or not found.fills:
        order.walk = Walk(found.traded, found.value)


def initial_hold(state: State, order: Order) -> int:
    """What a spot order holds when it is accepted."""
    instrument = state.instruments[order.instrument]
    if order.walk and not order.walk.units:
        return 0
    if order.walk and order.side == BUY:
        value = instrument.value_up(order.walk.value)
        return value + instrument.fee_up(value)
    return state.spot_hold(order)


def affords(state: State, order: Order, old: Order | None) -> Iterator[str]:
    """`old` is the order as it stands, for a replacement."""
    if order.walk and not order.walk.units:
        return
    if order.child_of:
        yield from parents.child_fits(state, order)
        return
    if order.kind == REQUEST and (order.unheld or state.instruments[order.instrument].perpetual):
        return
    if state.instruments[order.instrument].perpetual:
        yield from _affords_perpetual(state, order, old)
        return
    if spot_too_large(state, order):
        yield "notional_too_large"
    if order.unheld:
        return
    growth = initial_hold(state, order) - (old.hold if old else 0) + _follows(state, order, old)
    short = bool(order.flags & SHORT)
    room = state.ledger.available if order.side == BUY or short else state.ledger.own
    if growth > 0 and order.side == BUY and (order.account, state.held_asset(order)) in state.ledger.lost:
        yield "account_frozen"
    if growth > max(0, room(order.account, state.held_asset(order))):
        located = short and state.instruments[order.instrument].rules["locate"]
        yield "no_locate" if located else "insufficient_funds"


def _follows(state: State, order: Order, old: Order | None) -> int:
    """How much more the later order of its pair holds when this one, the earlier, is changed."""
    follower = state.follower(old) if old else None
    if follower is None or follower.aside or follower.unheld:
        return 0
    return max(0, state.spot_need(follower) - initial_hold(state, order)) - follower.hold


def spot_too_large(state: State, order: Order) -> bool:
    """Does an amount of a spot order not fit 64 bits?"""
    if order.side == BUY:
        return (initial_hold(state, order) if order.walk else state.spot_need(order)) > AMOUNT_MAX
    value = state.instruments[order.instrument].value_up(order.exposure()[1])
    return max(value, state.spot_need(order)) > AMOUNT_MAX


def _affords_perpetual(state: State, order: Order, old: Order | None) -> Iterator[str]:
    instrument = state.instruments[order.instrument]
    pair = (order.account, order.instrument)
    position, before = state.positions.get(pair, 0), state.live(*pair)
    after = [o for o in before if o is not old] + [order]
    yield from contracts.trades(instrument)
    if too_large(instrument, position, after, order.price):
        yield "notional_too_large"
    if portfolio.covers(state, order.account, instrument):
        yield from portfolio.affords(state, order.account, (instrument, position, after))
        return
    asset = instrument.margin_asset
    if margining.may_only_close(state, order.account, asset):
        for side in (BUY, SELL):
            grown, was = (opening(position, counted(orders, side)[0], side) for orders in (after, before))
            if grown > was:
                yield "account_frozen"
    if state.ledger.endless(order.account, asset):
        return
    if instrument.tiers:
        yield from margining.check_distance(state, instrument, order, after)
    hold = state.position_holds.get(pair, 0)
    room = state.ledger.available(order.account, asset)
    if required(instrument, order.account, position, after) - hold > max(0, room):
        yield "insufficient_funds"
    paid, before_paid = (counted(orders, BUY)[1] * instrument.num for orders in (after, before))
    if instrument.is_option and paid > before_paid and paid > room + hold:
        yield "insufficient_funds"


def exposure_too_large(state: State, order: Order, old: Order) -> bool:
    """Does an amount of the changed order leave the limits? (What is asked of a venue's replacement, too.)"""
    instrument = state.instruments[order.instrument]
    if not instrument.perpetual:
        return spot_too_large(state, order)
    pair = (order.account, order.instrument)
    after = [o for o in state.live(*pair) if o is not old] + [order] * (not order.child_of)
    return too_large(instrument, state.positions.get(pair, 0), after, order.price)


def repriced(order: Order, price: int) -> Order:
    """The order at another price."""
    return replace(order, price=price, carry=Carry(order.carry.value, order.carry.fee))


def owned(state: State, command: Any) -> Iterator[Any]:
    """What a cancel and a replace have in common; `account` 0 is an operator."""
    if command.account and command.account not in state.ledger.kinds:
        yield "unknown_account"
    yield state.memory.ask(command.account, command.client_id, command)
    if command.order not in state.orders:
        yield "unknown_order"
    elif command.account not in (0, state.orders[command.order].account):
        yield "not_your_order"


def cancel(state: State, command: Any) -> Iterator[Any]:
    """CancelOrder. A child is its parent's; an operator may take it off."""
    yield from owned(state, command)
    if command.account and state.orders[command.order].child_of:
        yield "child_of_parent"
    if command.reason > CANCEL_REASON_MAX:
        yield "unknown_reason"


def replace_order(state: State, command: Any) -> Iterator[Any]:
    """ReplaceOrder: a new price and a new total."""
    yield from special.check_replacement(state, command, special.PRICE | special.QUANTITY)
