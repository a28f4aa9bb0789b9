"""Parents, which hold for their children, and children, which trade for their parent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import admission, bands, fitting, form, gate, kill, limits, matching, session
from .books import Order
from .families import Family, children, is_beyond
from .messages import commands, effects
from .perpetual import too_large
from .state import ORDER, State
from .values import (
    BUY,
    DARK,
    FRESH,
    GTC,
    LIMIT,
    PEG,
    QUOTE,
    REDUCE_ONLY,
    REQUEST,
    RESPONSE,
    SELL,
    SHORT,
    WORKED,
)

CHILDREN_MAX = 1_000


def check_parent(state: State, command: Any) -> Iterator[Any]:
    """PlaceParent: the gate of an order of that quantity."""
    if command.account not in state.ledger.kinds:
        yield "unknown_account"
    if not state.ledger.trades(command.account):
        yield "account_not_trading"
    if kill.killed(state, command.account, command.session, command.instrument, 0):
        yield "killed"
    yield state.memory.ask(command.account, command.client_id, command)
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    if command.side not in (BUY, SELL):
        yield "unknown_side"
    if not command.path:
        yield "bad_path"
    yield from session.takes_orders(state, instrument)
    yield from form.quantity(instrument, command.quantity)
    if command.price:
        yield from form.price(instrument, command.price)
    if 0 < command.expire <= state.stamp:
        yield "bad_expire"
    order = _parent(state, command)
    if not order.price:
        yield "no_reference_price"
    if command.price and bands.too_far(instrument, command.price):
        yield "outside_band"
    yield from bands.worth(instrument, order)
    yield from limits.check(state, order, command.price)
    yield from gate.affords(state, order, None)


def _parent(state: State, command: Any) -> Order:
    price = command.price or gate.protection_price(state.instruments[command.instrument], command.side) or 0
    order = Order(state.sequence, command.account, command.instrument, 0, command.side, WORKED, GTC, 0, price, 0)
    order.quantity, order.session, order.expire = command.quantity, command.session, command.expire
    order.unheld = state.is_unheld(order)
    return order


def place_parent(state: State, command: Any) -> Iterator[Any]:
    order = _parent(state, command)
    order.key = (order.account, command.client_id)
    state.orders[order.id] = order
    state.families[order.id] = Family(order.price, order.quantity)
    limits.remember(state, order, command.price, new=True)
    if order.expire:
        state.deadlines.add((order.expire, ORDER, order.id))
    yield effects.Accepted(order.id, matching.take_hold(state, order), order.price)


def _as_special(state: State, command: Any) -> Any:
    """The child as an order of its parent's account."""
    parent = state.orders[command.parent]
    own = {name: value for name, value in command._asdict().items() if name in commands.PlaceSpecial._fields}
    own |= {
        "account": parent.account,
        "instrument": parent.instrument,
        "side": parent.side,
        "parent": 0,
        "session": parent.session,
    }
    return commands.PlaceSpecial(**own)


def check_child(state: State, command: Any) -> Iterator[Any]:
    """PlaceChild: who is asked is its parent; funds and limits were asked for it."""
    family = state.families.get(command.parent)
    if family is None:
        yield "unknown_parent"
        return
    if 0 < command.ordinal <= family.placed:
        yield "already_placed"
    if command.ordinal != family.placed + 1:
        yield "bad_ordinal"
    words = _as_special(state, command)
    if kill.killed(state, words.account, words.session, words.instrument, words.venue):
        yield "killed"
    if family.ending is not None:
        yield "parent_ending"
    if len(children(state, command.parent)) >= CHILDREN_MAX:
        yield "limit_reached"
    yield from _check_form(state, words)
    yield from _check_share(state, command.parent, words)
    yield from _check_market(state, command, words)


def _check_form(state: State, words: Any) -> Iterator[str]:
    instrument = state.instruments[words.instrument]
    if words.kind not in (LIMIT, PEG, REQUEST, RESPONSE):
        yield "unknown_kind"
    yield from form.words(state, words)
    if words.flags & (SHORT | QUOTE | FRESH):
        yield "bad_terms"
    yield from session.takes(state, instrument, words)
    yield from form.quantity(instrument, words.quantity)
    yield from form.price(instrument, words.price)
    yield from form.terms(state, instrument, words)


def _check_share(state: State, parent: int, words: Any) -> Iterator[str]:
    """Free lots of the parent; a firm order takes those of the conditional child that it firms up, too."""
    family, order = state.families[parent], state.orders[parent]
    firmed = words.request if words.kind == RESPONSE else 0
    if words.kind == RESPONSE and firmed not in [child.id for child in children(state, parent)]:
        yield "unknown_request"
    worked = sum(child.left for child in children(state, parent) if child.id != firmed)
    if words.quantity > family.total - order.filled - worked:
        yield "beyond_parent"
    if is_beyond(order, words.price, family.limit):
        yield "beyond_limit"


def _check_market(state: State, command: Any, words: Any) -> Iterator[str]:
    instrument = state.instruments[words.instrument]
    if not words.venue and words.kind in (REQUEST, RESPONSE) and instrument.rules["book"] != DARK:
        yield "wrong_book"
    if not words.venue:
        yield from admission.admit(state, instrument, words, command.parent)
    order = _child(state, command)
    if words.flags & REDUCE_ONLY and fitting.spent(state, order):
        yield "reduce_only"
    yield from bands.guards(instrument, words, order)
    yield from child_fits(state, order)


def child_fits(state: State, order: Order) -> Iterator[str]:
    """Amounts of a child must fit like any order's."""
    instrument, pair = state.instruments[order.instrument], (order.account, order.instrument)
    if not instrument.perpetual:
        if gate.spot_too_large(state, order):
            yield "notional_too_large"
    elif too_large(instrument, state.positions.get(pair, 0), state.live(*pair), order.price):
        yield "notional_too_large"


def _child(state: State, command: Any) -> Order:
    order = gate.newcomer(state, _as_special(state, command))
    assert order is not None, "a child has a limit"
    order.child_of, order.unheld = command.parent, True
    return order


def place_child(state: State, command: Any) -> Iterator[Any]:
    order = _child(state, command)
    state.orders[order.id] = order
    state.families[command.parent].placed += 1
    if order.expire:
        state.deadlines.add((order.expire, ORDER, order.id))
    held = state.position_holds.get((order.account, order.instrument), 0)
    yield effects.Accepted(order.id, held, order.price)
    yield from matching.enter(state, order)
