"""The kill switch, its re-arming by two operators, and the dead-man timer."""

from __future__ import annotations

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from .books import Order
from .messages import SCOPES, effects
from .operations import request_cancel
from .state import State

NAMES = {number: name for name, number in SCOPES.items()}
TIMEOUT_MIN_NS = 10**6
TIMEOUT_MAX_NS = 86_400 * 10**9
DEAD_MAN = 2


def killed(state: State, account: int, session: int, instrument: int, venue: int) -> bool:
    """Is the switch on for what concerns all of these?"""
    own = {
        "everything": 0,
        "account": account,
        "group": state.ledger.groups[account],
        "firm": state.ledger.firms[account],
        "session": session,
        "instrument": instrument,
        "venue": venue,
    }
    return any(own[NAMES[scope]] == of for scope, of in state.kills)


def killed_order(state: State, order: Order) -> bool:
    return killed(state, order.account, order.session, order.instrument, order.venue)


def check_scope(state: State, command: Any) -> Iterator[Any]:
    """There must be something of this number in the scope."""
    name = NAMES.get(command.scope)
    if name is None:
        yield "unknown_scope"
    elif name == "account" and not state.ledger.trades(command.of):
        yield "unknown_account"
    elif name == "instrument" and command.of not in state.instruments:
        yield "unknown_instrument"
    elif name == "venue" and not state.is_venue(command.of):
        yield "unknown_venue"
    elif (name == "everything" and command.of) or (name in ("group", "firm", "session") and not command.of):
        yield "unknown_scope"


def check_kill(state: State, command: Any) -> Iterator[Any]:
    yield from check_scope(state, command)


def kill(state: State, command: Any) -> Iterator[Any]:
    state.kills[command.scope, command.of] = None
    yield effects.Killed(command.scope, command.of, command.user)
    found = [order for _, order in sorted(state.orders.items()) if _in_scope(state, command, order)]
    asked = [order for order in found if order.venue or _works_at_venues(state, order)]
    yield from _purge(state, command, [order for order in found if order not in asked])
    for order in asked:  # a child with its parent's others, where that goes too
        if order.child_of not in [other.id for other in asked]:
            yield from request_cancel(state, order, "kill")


def _works_at_venues(state: State, order: Order) -> bool:
    return any(child.venue and child.child_of == order.id for child in state.orders.values())


def _in_scope(state: State, command: Any, order: Order) -> bool:
    own = {
        "everything": 0,
        "account": order.account,
        "group": state.ledger.groups[order.account],
        "firm": state.ledger.firms[order.account],
        "session": order.session,
        "instrument": order.instrument,
        "venue": order.venue,
    }
    return own[NAMES[command.scope]] == command.of


def _purge(state: State, command: Any, gone: list[Order]) -> Iterator[Any]:
    """The same as cancelling each, told as a sum."""
    digest = hashlib.sha256(b"".join(struct.pack("<Qq", order.id, order.left) for order in gone)).digest()
    lots = sum(order.left for order in gone)
    holds = dict(state.position_holds)
    released: dict[int, int] = defaultdict(int)
    for order in gone:
        instrument = state.instruments[order.instrument]
        asset = instrument.margin_asset if instrument.perpetual else state.held_asset(order)
        released[asset] += state.cancel(order, "kill").released
    yield effects.Purged(command.scope, command.of, len(gone), *_words(lots), digest)
    for asset, amount in sorted(released.items()):
        if amount:
            yield effects.Released(asset, *_words(amount))
    pairs = {(order.account, order.instrument) for order in gone}
    for account, number in sorted(pairs, key=lambda pair: (pair[1], pair[0])):
        hold = state.position_holds.get((account, number), 0)
        if hold != holds.get((account, number), 0):
            yield effects.Settled(account, number, state.positions.get((account, number), 0), 0, hold)


def _words(amount: int) -> tuple[int, int]:
    """The low 64 bits, and the rest with its sign."""
    return amount & (2**64 - 1), amount >> 64


def check_rearm(state: State, command: Any) -> Iterator[Any]:
    yield from check_scope(state, command)
    key = (command.scope, command.of)
    if key not in state.kills:
        yield "not_killed"
    elif state.kills[key] == command.user:
        yield "same_operator"


def rearm(state: State, command: Any) -> Iterator[Any]:
    scope, of = command.scope, command.of
    first = state.kills[scope, of]
    if first is None:
        state.kills[scope, of] = command.user
        yield effects.RearmAsked(scope, of, command.user)
    else:
        del state.kills[scope, of]
        yield effects.Rearmed(scope, of, first, command.user)


def check_set_dead_man(state: State, command: Any) -> Iterator[Any]:
    if not state.ledger.trades(command.account):
        yield "unknown_account"
    if command.timeout_ns and not TIMEOUT_MIN_NS <= command.timeout_ns <= TIMEOUT_MAX_NS:
        yield "bad_timeout"


def set_dead_man(state: State, command: Any) -> Iterator[Any]:
    number = command.account << 32 | command.session
    state.deadlines = {due for due in state.deadlines if due[1:] != (DEAD_MAN, number)}
    if command.timeout_ns:
        due = min(state.stamp + command.timeout_ns, 2**64 - 1)
        state.deadlines.add((due, DEAD_MAN, number))
    yield effects.DeadManSet(command.account, command.session, command.timeout_ns)


def fire_dead_man(state: State, number: int) -> Iterator[Any]:
    """Nothing was heard in time."""
    account, session = number >> 32, number & (2**32 - 1)
    yield effects.DeadManFired(account, session)
    for identity in sorted(state.orders):
        order = state.orders.get(identity)
        if order and not order.child_of and order.account == account and session in (0, order.session):
            yield from request_cancel(state, order, "dead_man")
