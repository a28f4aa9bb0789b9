"""Families of a parent and its children: who pays for a fill, who must go, when the parent comes to its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .books import Order
from .messages import effects
from .state import State
from .values import BUY, PEG


@dataclass(slots=True)
class Family:
    """A live parent beside its order, whose price and total are what it holds for.

    `limit`, `total`: as asked for last; `pending`: children at venues do not fit them yet. `late`: children at venues
    that ended, with the venue: a fill may come late.
    """

    limit: int
    total: int
    placed: int = 0
    pending: bool = False
    ending: str | int | None = None
    late: dict[int, int] = field(default_factory=dict)


def children(state: State, parent: int) -> list[Order]:
    """Live children by number."""
    return [order for _, order in sorted(state.orders.items()) if order.child_of == parent]


def is_beyond(parent: Order, price: int, limit: int) -> bool:
    return price > limit if parent.side == BUY else price < limit


def payer(state: State, order: Order) -> Order:
    """The order that a fill is booked on: a child's is its parent's."""
    return state.orders[order.child_of] if order.child_of else order


def fill(state: State, child: Order, quantity: int) -> None:
    """A child traded for its parent."""
    child.filled += quantity
    if not child.left:
        state.finish(child)


def reheld(state: State, parent: Order) -> Any:
    """What the parent holds now (a perpetual's: of the position)."""
    if state.instruments[parent.instrument].perpetual:
        return effects.Reheld(parent.id, state.position_holds.get((parent.account, parent.instrument), 0))
    return effects.Reheld(parent.id, parent.hold)


def parent_of_fill(state: State, command: Any, order: Order | None) -> Order | None:
    """Of a fill at a venue for a child, even of one that has ended."""
    if order:
        return state.orders[order.child_of] if order.child_of else None
    for number, family in state.families.items():
        parent = state.orders[number]
        said = (command.venue, command.account, command.instrument, command.side)
        if (family.late.get(command.order), parent.account, parent.instrument, parent.side) == said:
            return parent
    return None


def misfits(state: State, parent: Order, limit: int, total: int) -> list[Order]:
    """Children beyond the limit, then the youngest until the rest of the total has room for the others."""
    live = children(state, parent.id)
    cap = {child.id: child.limit if child.kind == PEG else child.price for child in live}
    beyond = [child for child in live if is_beyond(parent, cap[child.id], limit)]
    within = [child for child in live if child not in beyond]
    while within and sum(child.left for child in within) > total - parent.filled:
        beyond.append(within.pop())
    return beyond


def fit(state: State, parent: Order) -> Iterator[Any]:
    """More was filled than asked, or than new terms leave room for: the others must fit what is left."""
    family = state.families[parent.id]
    yield from end_children(state, misfits(state, parent, family.limit, family.total))


def end_children(state: State, going: list[Order]) -> Iterator[Any]:
    """At the house at once; a venue is asked."""
    for child in going:
        if child.venue:
            yield effects.CancelRequested(child.id, child.venue, state.reason_number("parent"))
        else:
            yield state.cancel(child, "parent")


def end(state: State, parent: Order, reason: str | int) -> Iterator[Any]:
    """The parent takes no more children; those it has go, and it goes with the last."""
    family = state.families[parent.id]
    family.ending = reason if family.ending is None else family.ending
    yield from end_children(state, children(state, parent.id))
    if is_due(state, parent.id):
        yield from settle(state, parent.id)
    if parent.id in state.orders:
        yield effects.CancelRequested(parent.id, 0, state.reason_number(reason))


def is_due(state: State, number: int) -> bool:
    """Has the parent terms that hold from now on, or is it at its end?"""
    parent, family = state.orders[number], state.families[number]
    fits = family.pending and not misfits(state, parent, family.limit, family.total)
    over = not children(state, number) and (family.ending is not None or not parent.left)
    return fits or over


def settle(state: State, number: int) -> Iterator[Any]:
    """New terms hold once every child fits; without children a parent that is filled or ending goes."""
    parent, family = state.orders[number], state.families[number]
    if family.pending and not misfits(state, parent, family.limit, family.total):
        family.pending = False
        parent.price, parent.quantity = family.limit, max(family.total, parent.filled)
        state.hold_terms(parent)
        yield reheld(state, parent)
    if children(state, number):
        return
    if not parent.left:
        state.finish(parent)
    elif family.ending is not None:
        yield state.cancel(parent, family.ending)
