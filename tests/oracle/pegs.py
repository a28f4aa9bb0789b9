"""Pegged orders."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from . import matching, resting, special
from .books import Order
from .references import peg_price
from .state import State
from .values import DARK, FOK, PEG


def follow(state: State, order: Order) -> Generator[Any, None, bool]:
    """A peg that comes to its book takes its price, waits without one, or goes; may it go on?"""
    price = peg_price(state, order, order.limit)
    if price == order.price:
        return True
    if price is None and not order.immediate:
        yield special.park(state, order, special.PENDING)
        return False
    if price is None:
        yield state.cancel(order, "fok" if order.tif == FOK else "ioc")
        return False
    end = yield from matching.reprice(state, order, price)
    if end:
        yield state.cancel(order, end)
    return not end


def reprice_peg(state: State, number: int) -> Iterator[Any]:
    """The first peg by number that does not stand where its reference says moves there."""
    instrument = state.instruments[number]
    if instrument.halted or state.halted:
        return
    for _, order in sorted(state.orders.items()):
        if order.kind != PEG or order.instrument != number or order.venue or order.parked == special.HELD:
            continue
        price = peg_price(state, order, order.limit)
        if price is None and not order.parked:
            yield special.park(state, order, special.PENDING)
            return
        if price is not None and (order.parked or price != order.price):
            yield from _move(state, order, price)
            return


def _move(state: State, order: Order, price: int) -> Iterator[Any]:
    """To its new price: in a dark pool where it stands in time, else behind the others there, or it trades at once."""
    special.unpark(order)
    state.books[order.instrument].remove(order)
    end = yield from matching.reprice(state, order, price)
    if end:
        yield state.cancel(order, end)
    elif state.instruments[order.instrument].rules["book"] == DARK:
        resting.rest(state, order)
    else:
        yield from matching.match(state, order)
