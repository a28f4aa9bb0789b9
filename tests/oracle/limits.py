"""Limits of the gate, credit lines, groups and firms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from . import kill
from .books import Order
from .messages import LIMITS, SCOPES, effects
from .perpetual import counted, notional, opening
from .state import Accepted, State
from .values import AMOUNT_MAX, BPS, BUY, LIMIT, MARKET, MARKET_TO_LIMIT, QUANTITY_MAX, SELL, WORKED, ceil_div

SECOND_NS = 10**9
MULTIPLE_ORDERS = 64
MULTIPLE_ORDERS_MIN = 8
DUPLICATE_ORDERS = 1_024
NAMES = {number: name for name, number in LIMITS.items()}
GREATEST = dict.fromkeys(LIMITS, AMOUNT_MAX) | {
    "instructions": 2**25 - 1,
    "permission": 1,
    "collar_bps": 10**6,
    "order_quantity": QUANTITY_MAX,
    "size_multiple": 10**6,
    "notional_multiple": 10**6,
    "order_rate": 10**5,
    "open_orders": 2**32 - 1,
    "duplicate_ns": 60 * SECOND_NS,
}
REASONS = {
    "instructions": "instruction_not_allowed",
    "permission": "instrument_not_allowed",
    "collar_bps": "outside_collar",
    "order_quantity": "order_too_large",
    "order_notional": "notional_limit",
    "size_multiple": "unusual_size",
    "notional_multiple": "unusual_size",
    "order_rate": "rate_limit",
    "open_orders": "open_orders_limit",
    "position_net": "position_limit",
    "position_gross": "position_limit",
    "open_notional": "notional_limit",
    "duplicate_ns": "duplicate_order",
}
FOR_A_SESSION = ("instructions", "permission")
OF_NEW_ORDERS = ("instructions", "open_orders", "duplicate_ns")
OF_WHAT_COUNTS = ("position_net", "position_gross", "open_notional")


@dataclass(slots=True)
class Asked:
    """What is asked of a limit: the order as it would be, the live one that it replaces, the price that was given.

    `accounts` are those that the limit counts together, `row` the instrument that it is set for (0: every one).
    """

    order: Order
    old: Order | None
    price: int
    accounts: list[int]
    row: int


def check_set_account(state: State, command: Any) -> Iterator[Any]:
    if not state.ledger.trades(command.account):
        yield "unknown_account"


def set_account(state: State, command: Any) -> Iterator[Any]:
    state.ledger.groups[command.account] = command.group
    state.ledger.firms[command.account] = command.firm
    forget(state)
    yield effects.AccountSet(command.account, command.group, command.firm)


def check_set_credit(state: State, command: Any) -> Iterator[Any]:
    if not state.ledger.trades(command.account):
        yield "unknown_account"
    if command.asset not in state.assets:
        yield "unknown_asset"
    if command.amount < 0:
        yield "amount_not_positive"


def set_credit(state: State, command: Any) -> Iterator[Any]:
    """Spot orders that live keep what they hold; perpetual positions hold anew (Settled of 0 says what)."""
    state.ledger.credit[command.account, command.asset] = command.amount
    yield effects.CreditSet(command.account, command.asset, command.amount)
    for number, instrument in state.instruments.items():
        pair = (command.account, number)
        if not instrument.perpetual or instrument.margin_asset != command.asset or pair not in state.position_holds:
            continue
        before = state.position_holds[pair]
        hold = state.rehold(command.account, instrument)
        if hold != before:
            yield effects.Settled(*pair, state.positions.get(pair, 0), 0, hold)


def check_set_limit(state: State, command: Any) -> Iterator[Any]:
    if command.scope not in (SCOPES[name] for name in ("everything", "account", "group", "firm", "session")):
        yield "unknown_scope"
    yield from kill.check_scope(state, command)
    if command.instrument and command.instrument not in state.instruments:
        yield "unknown_instrument"
    name = NAMES.get(command.limit)
    if name is None:
        yield "unknown_limit"
        return
    if command.value > GREATEST[name] or (command.scope == SCOPES["session"] and name not in FOR_A_SESSION):
        yield "bad_limit"


def set_limit(state: State, command: Any) -> Iterator[Any]:
    key = (command.scope, command.of, command.instrument, command.limit)
    state.limits.pop(key, None)
    if command.value >= 0:
        state.limits[key] = command.value
    forget(state)
    yield effects.LimitSet(*command)


def subjects(state: State, account: int, session: int) -> list[tuple[int, int, list[int]]]:
    """Scopes and numbers whose limits concern an order of the account, each with the accounts that it counts."""
    ledger = state.ledger
    found = [(SCOPES["everything"], 0, [account]), (SCOPES["account"], account, [account])]
    for scope, of in (("group", ledger.groups), ("firm", ledger.firms)):
        if of[account]:
            members = [other for other in ledger.kinds if of[other] == of[account]]
            found.append((SCOPES[scope], of[account], members))
    return [*found, (SCOPES["session"], session, [account])]


def watched(state: State, account: int) -> bool:
    """Has the account, its group, its firm or everybody a limit?"""
    own = {(scope, of) for scope, of, _ in subjects(state, account, 0)}
    return any((scope, of) in own for scope, of, _, _ in state.limits)


def forget(state: State) -> None:
    """Nothing is remembered of accounts that have no limit."""
    for account in list(state.accepted):
        if not watched(state, account):
            del state.accepted[account]


def remember(state: State, order: Order, price: int, new: bool) -> None:
    """An order, or a replacement of one, was accepted."""
    if watched(state, order.account):
        words = (order.side, _kind(order, price), price, order.quantity) if new else None
        entry = Accepted(state.stamp, order.instrument, words, order.exposure()[1])
        state.accepted.setdefault(order.account, []).append(entry)


def check(state: State, order: Order, price: int, old: Order | None = None) -> Iterator[str]:
    """Every limit in its order, each in every scope.

    `price` is the client's (0: none given); `old` is the live order that `order` would replace.
    """
    for name in LIMITS:
        if old is None or name not in OF_NEW_ORDERS:
            yield from _check(state, name, order, price, old)


def check_released(state: State, order: Order) -> Iterator[str]:
    """A child whose parent is done counts from now on."""
    counting = replace(order, aside=False)
    for name in OF_WHAT_COUNTS:
        yield from _check(state, name, counting, order.price, None)


def _check(state: State, name: str, order: Order, price: int, old: Order | None) -> Iterator[str]:
    number = LIMITS[name]
    for scope, of, accounts in subjects(state, order.account, order.session):
        rows = {row: state.limits.get((scope, of, row, number)) for row in (order.instrument, 0)}
        if name == "permission":  # what is said of the instrument goes before what is said of all
            rows = {0: rows[0] if rows[order.instrument] is None else rows[order.instrument]}
        for row, value in rows.items():
            if value is not None and MEASURES[name](state, Asked(order, old, price, accounts, row), value):
                yield REASONS[name]


def _kind(order: Order, price: int) -> int:
    """A parent is judged as a limit or a market order."""
    return order.kind if order.kind != WORKED else LIMIT if price else MARKET


def _instructions(state: State, asked: Asked, value: int) -> bool:
    order = asked.order
    used = 1 << (_kind(order, asked.price) - 1) | 1 << (9 + order.tif - 1) | order.flags << 17
    return bool(used & ~value)


def _permission(state: State, asked: Asked, value: int) -> bool:
    return value == 0


def _collar(state: State, asked: Asked, value: int) -> bool:
    reference = state.instruments[asked.order.instrument].reference
    away = abs(asked.price - reference) if asked.price else 0
    return reference > 0 and away * BPS > value * reference


def _order_quantity(state: State, asked: Asked, value: int) -> bool:
    return bool(asked.order.quantity > value)


def _order_notional(state: State, asked: Asked, value: int) -> bool:
    return _worth(state, [asked.order]) > value


def _orders_before(state: State, asked: Asked) -> list[Accepted]:
    """The account's last new orders in the instrument."""
    entries = state.accepted.get(asked.order.account, [])
    return [entry for entry in entries if entry.words and entry.instrument == asked.order.instrument]


def _size_multiple(state: State, asked: Asked, value: int) -> bool:
    before = [entry.words[3] for entry in _orders_before(state, asked)[-MULTIPLE_ORDERS:] if entry.words]
    return _unusual(asked.order.quantity, before, value)


def _notional_multiple(state: State, asked: Asked, value: int) -> bool:
    before = [entry.value for entry in _orders_before(state, asked)[-MULTIPLE_ORDERS:]]
    return _unusual(asked.order.exposure()[1], before, value)


def _unusual(size: int, before: list[int], hundredths: int) -> bool:
    return len(before) >= MULTIPLE_ORDERS_MIN and size * 100 * len(before) > hundredths * sum(before)


def _order_rate(state: State, asked: Asked, value: int) -> bool:
    entries = [entry for account in asked.accounts for entry in state.accepted.get(account, [])]
    count = sum(entry.stamp + SECOND_NS > state.stamp and asked.row in (0, entry.instrument) for entry in entries)
    return count >= value


def _live(state: State, asked: Asked) -> list[Order]:
    """Live orders of the accounts where the limit counts."""
    mine = [o for o in state.orders.values() if o.account in asked.accounts and not o.child_of]
    return [order for order in mine if asked.row in (0, order.instrument)]


def _open_orders(state: State, asked: Asked, value: int) -> bool:
    order = asked.order
    at_once = order.kind in (LIMIT, MARKET, MARKET_TO_LIMIT) and not order.aside
    if order.immediate and at_once:
        return False
    return len(_live(state, asked)) + 1 > value


def _with_order(asked: Asked, live: list[Order]) -> list[Order]:
    """A child whose parent is not done does not count."""
    return [order for order in live if order is not asked.old] + [asked.order] * (not asked.order.aside)


def position(state: State, account: int, number: int) -> int:
    """Signed lots: of a perpetual its position, of what is owned whole lots of the base asset."""
    instrument = state.instruments[number]
    if instrument.perpetual:
        return state.positions.get((account, number), 0)
    return state.ledger.balances[account, instrument.terms.base] // instrument.base_units


def _position_net(state: State, asked: Asked, value: int) -> bool:
    """Where the accounts together would stand if all their orders on the order's side traded."""
    number, side = asked.order.instrument, asked.order.side
    held = sum(position(state, account, number) for account in asked.accounts)
    live = [order for account in asked.accounts for order in state.live(account, number)]

    def stands(orders: list[Order]) -> int:
        return counted(orders, side)[0] + (held if side == BUY else -held)

    return _grows_beyond(stands(live), stands(_with_order(asked, live)), value)


def _position_gross(state: State, asked: Asked, value: int) -> bool:
    """What each account has and may open, long and short added up."""
    number = asked.order.instrument

    def gross(account: int, orders: list[Order]) -> int:
        held = position(state, account, number)
        return abs(held) + sum(opening(held, counted(orders, side)[0], side) for side in (BUY, SELL))

    before, after = 0, 0
    for account in asked.accounts:
        live = state.live(account, number)
        before += gross(account, live)
        after += gross(account, _with_order(asked, live) if account == asked.order.account else live)
    return _grows_beyond(before, after, value)


def _open_notional(state: State, asked: Asked, value: int) -> bool:
    """What all live orders are worth at their prices; if row 0, in all instruments quoted in the same asset."""
    asset = state.instruments[asked.order.instrument].margin_asset
    live = [order for order in _live(state, asked) if not order.aside]
    live = [order for order in live if state.instruments[order.instrument].margin_asset == asset]
    return _grows_beyond(_worth(state, live), _worth(state, _with_order(asked, live)), value)


def _worth(state: State, orders: list[Order]) -> int:
    total = 0
    for number, instrument in state.instruments.items():
        exposures = [order.exposure() for order in orders if order.instrument == number]
        if instrument.inverse:
            total += notional(instrument, sum(units for units, _ in exposures), instrument.reference)
        else:
            total += ceil_div(sum(value for _, value in exposures) * instrument.num, instrument.den)
    return total


def _grows_beyond(before: int, after: int, value: int) -> bool:
    """What brings it down is let through, even if that is not enough."""
    return after > value and after > before


def _duplicate(state: State, asked: Asked, value: int) -> bool:
    words = (asked.order.side, _kind(asked.order, asked.price), asked.price, asked.order.quantity)
    recent = _orders_before(state, asked)[-DUPLICATE_ORDERS:]
    return any(entry.words == words and entry.stamp + value > state.stamp for entry in recent)


MEASURES = {
    "instructions": _instructions,
    "permission": _permission,
    "collar_bps": _collar,
    "order_quantity": _order_quantity,
    "order_notional": _order_notional,
    "size_multiple": _size_multiple,
    "notional_multiple": _notional_multiple,
    "order_rate": _order_rate,
    "open_orders": _open_orders,
    "position_net": _position_net,
    "position_gross": _position_gross,
    "open_notional": _open_notional,
    "duplicate_ns": _duplicate,
}
assert list(MEASURES) == list(REASONS) == list(LIMITS), "one check and one reason for each limit"
