"""Stops and trailing stops: which price sets them off, how they follow it, and what they do then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import fitting, gate, links, matching, special
from .books import Order
from .messages import effects
from .state import AT_MARKET, State
from .values import BUY, FOK, LIMIT, MARKET, PRICE_MAX, SELL, STOP, STOP_LIMIT, TRAILING_STOP, Carry, Instrument

LAST, MARK, EITHER = 1, 2, 3
STOPS = (STOP, STOP_LIMIT, TRAILING_STOP)
BY_NUMBER, NEAREST = 1, 2


def watched(instrument: Instrument, order: Order) -> int:
    """The price that may set the order off; 0 while there is none."""
    return {LAST: instrument.last_trade, MARK: instrument.mark, EITHER: instrument.latest}[order.trigger]


def reached(order: Order, price: int) -> bool:
    return price > 0 and (price >= order.stop if order.side == BUY else price <= order.stop)


def trades(state: State, number: int) -> bool:
    """Are stops set off there now?"""
    instrument = state.instruments[number]
    return instrument.state == "continuous" and not (state.halted or instrument.halted)


def anchored(state: State, order: Order) -> int:
    """Where a trailing stop stands at its distance from the watched price, away from it to the tick; 0: nowhere."""
    instrument = state.instruments[order.instrument]
    price = watched(instrument, order)
    if not price or (order.side == SELL and price <= order.offset):
        return 0
    away = price + order.offset if order.side == BUY else price - order.offset
    stop = instrument.ceil_tick(away) if order.side == BUY else instrument.floor_tick(away)
    return stop if stop <= PRICE_MAX else 0


def prepare(state: State, order: Order) -> bool:
    """Settles what a new stop watches, where it stands and what it is held at; false: it has nowhere to stand."""
    order.aside = bool(order.parent)
    if order.kind not in STOPS:
        return True
    order.trigger = order.trigger or state.instruments[order.instrument].rules["stop_trigger"]
    order.limit = order.price if order.kind == TRAILING_STOP else 0
    return stand(state, order) or order.aside


def stand(state: State, order: Order) -> bool:
    """A trailing stop without a stop takes its distance from the watched price (once its parent is done); false where
    it cannot."""
    if not (order.stop or order.aside):
        order.stop = anchored(state, order)
    if order.kind != STOP_LIMIT:
        order.price = order.limit or order.stop
    return bool(order.stop)


def start(state: State, order: Order) -> Iterator[Any]:
    """Where an order goes that waits for nobody: to its trigger, unless that came, or to the book."""
    if order.kind not in STOPS:
        yield from work(state, order)
        return
    price = watched(state.instruments[order.instrument], order)
    if trades(state, order.instrument) and reached(order, price):
        yield from fire(state, order, price)
    else:
        yield special.park(state, order, special.PENDING)


def fire(state: State, order: Order, price: int) -> Iterator[Any]:
    yield effects.Triggered(order.id, price)
    special.unpark(order)
    yield from links.end_partner(state, order)
    order.kind = LIMIT if order.kind == STOP_LIMIT or order.limit else MARKET
    if order.kind == MARKET:
        yield from work_at_market(state, order)
    else:
        yield from work(state, order)


def work_at_market(state: State, order: Order) -> Iterator[Any]:
    """An order at the market that waited: it needs a price to stop at and the funds for that now."""
    if fitting.spent(state, order):
        yield state.cancel(order, "reduce_only")
        return
    asked = replace(order, aside=False, carry=Carry(order.carry.value, order.carry.fee))
    if not gate.price_at_market(state, asked) or any(gate.affords(state, asked, order)):
        yield state.cancel(order, "funds")
        return
    order.aside = False
    if asked.walk and not asked.walk.units:
        yield state.cancel(order, "fok" if order.tif == FOK else "ioc")
        return
    order.price, order.walk = asked.price, asked.walk
    matching.take_hold(state, order)
    yield from work(state, order)


def work(state: State, order: Order) -> Iterator[Any]:
    yield from matching.match(state, order)


def pending(state: State, number: int) -> list[Order]:
    """Stops that wait for their trigger and were not set off, by number."""
    queued = [order for order, _ in state.queues.get(number, [])]
    waiting = [o for o in state.orders.values() if o.instrument == number and o.parked == special.PENDING]
    return sorted((o for o in waiting if o.kind in STOPS and o.id not in queued), key=lambda o: o.id)


def trail(state: State, number: int) -> Iterator[Any]:
    """Trailing stops follow the watched price when it moves away from them; one that lacks the funds stays."""
    if number not in state.touched or not trades(state, number):
        return
    for order in pending(state, number):
        stop = anchored(state, order) if order.kind == TRAILING_STOP else 0
        if not stop or (stop >= order.stop if order.side == BUY else stop <= order.stop):
            continue
        limit = order.limit and trailed_limit(state, order, stop)
        if order.limit and not limit:
            continue
        if not 0 < (limit or stop) <= PRICE_MAX or any(gate.affords(state, gate.repriced(order, limit or stop), order)):
            continue
        order.stop, order.limit, order.price = stop, limit, limit or stop
        matching.rehold(state, order)
        yield effects.Trailed(order.id, stop, limit)


def trailed_limit(state: State, order: Order, stop: int) -> int:
    """It goes as far as the stop, and to the tick in the client's favour; 0: it would leave the range of prices."""
    instrument = state.instruments[order.instrument]
    limit = max(0, order.limit + stop - order.stop)
    return instrument.floor_tick(limit) if order.side == BUY else instrument.ceil_tick(limit)


def collect(state: State, number: int) -> Iterator[Any]:
    """Queues the stops that the watched price reached, by the rule of the book."""
    queue = state.queues.setdefault(number, [])
    if not trades(state, number):
        queue.clear()
        return iter(())
    instrument = state.instruments[number]
    found = [o for o in pending(state, number) if reached(o, watched(instrument, o))]
    if instrument.rules["stop_order"] == NEAREST:
        found.sort(key=lambda o: (o.side, o.stop if o.side == BUY else -o.stop, o.id))
    queue.extend((order.id, watched(instrument, order)) for order in found)
    return iter(())


def fire_stop(state: State, number: int) -> Iterator[Any]:
    """The first stop in the queue that still waits."""
    queue = state.queues.get(number, [])
    while queue:
        order_id, price = queue.pop(0)
        if order_id in state.orders:
            yield from fire(state, state.orders[order_id], price)
            return


__all__ = ["AT_MARKET", "collect", "fire_stop", "prepare", "stand", "start", "trail"]
