"""What must hold of every fill, whatever the rules: worked out from the orders as they stood before the pass."""

from __future__ import annotations

from collections import defaultdict
from copy import copy
from dataclasses import dataclass
from typing import Any

from . import fitting, planning
from .books import Order
from .engine import Twin
from .values import LIMIT, SELL


@dataclass(slots=True)
class Before:
    """Live orders and positions as they stood."""

    orders: dict[int, Order]
    positions: dict[tuple[int, int], int]


def before(twin: Twin) -> Before:
    """To be taken before a command is applied."""
    orders = {number: copy(order) for number, order in twin.state.orders.items()}
    return Before(orders, dict(twin.state.positions))


def check_fills(twin: Twin, was: Before, command: Any, effects: list[Any]) -> None:
    """Asserts the laws of one pass."""
    orders = was.orders
    if type(command).__name__ in ("PlaceOrder", "PlaceSpecial"):
        orders = orders | {twin.state.sequence: _placed(twin, command)}
    lots: dict[int, int] = defaultdict(int)
    for effect in effects:
        if type(effect).__name__ == "Traded" and not effect.flags:
            _check_fill(twin, orders, was.positions, effect)
            for number in (effect.maker_order, effect.taker_order):
                lots[number] += effect.quantity
                orders[number].filled += effect.quantity
        elif type(effect).__name__ == "Replaced":
            orders[effect.order].price, orders[effect.order].quantity = effect.price, effect.quantity
        elif type(effect).__name__ == "Repriced":
            orders[effect.order].price = effect.price
        elif type(effect).__name__ == "Reduced":
            orders[effect.order].quantity -= effect.quantity
    for number, traded in lots.items():
        order = orders[number]
        if fitting.wants_all(order):
            assert not order.left, f"{traded} lots of {number}, which trades whole or not at all"


def _placed(twin: Twin, command: Any) -> Order:
    words = (command.venue, command.side, command.kind, command.tif, command.flags, command.price, command.quantity)
    order = Order(twin.state.sequence, command.account, command.instrument, *words)
    order.min_quantity = getattr(command, "min_quantity", 0)
    return order


def _check_fill(twin: Twin, orders: dict[int, Order], positions: dict[tuple[int, int], int], effect: Any) -> None:
    instrument = twin.state.instruments[effect.instrument]
    for number in (effect.maker_order, effect.taker_order):
        order = orders[number]
        limited = order.kind == LIMIT and order.price
        assert not limited or order.meets(effect.price), f"{number} traded beyond its limit"
        if instrument.rules["min_quantity"] == fitting.EACH:
            assert effect.quantity >= min(order.min_quantity, order.left), f"{number} traded less than its minimum"
        if instrument.perpetual:
            pair = (order.account, instrument.number)
            position = positions.get(pair, 0)
            positions[pair] = position + (-effect.quantity if order.side == SELL else effect.quantity)
            if order.reduce_only and effect.maker != effect.taker:
                assert abs(positions[pair]) < abs(position), f"{number} did not reduce"
                assert positions[pair] * position >= 0, f"{number} turned the position"


def check_quiet(twin: Twin) -> None:
    """Nothing that was passed over could trade now. (A position may have changed since: reduce-only orders aside.)"""
    for book in twin.state.books.values():
        resting = [order for side in book.sides.values() for order in side]
        if any(order.reduce_only for order in resting):
            continue
        for order in resting:
            if order.conditional:
                assert not planning.plan(twin.state, order).traded, f"{order.id} could trade"
