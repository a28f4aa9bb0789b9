"""The dark pool: nobody is shown, and everything trades at one price from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import fitting, links, matching, pegs, resting
from .books import Order
from .references import pool_price
from .state import State
from .values import BUY, DARK, DARK_TRADE, FOK, PEG, SELF_TRADE_ALLOWED, SELL

BY_SIZE = 1


def work(state: State, order: Order) -> Iterator[Any]:
    """An order comes into the pool: it trades now or goes, or it waits for others (`match_dark`)."""
    order.arrived = state.sequence
    if order.kind == PEG and not (yield from pegs.follow(state, order)):
        return
    if not order.immediate:
        resting.rest(state, order)
        return
    fills = _reachable(state, order)
    if order.tif == FOK and sum(quantity for _, quantity in fills) < order.left:
        fills = []
    for maker, quantity in fills:
        if maker.id in state.orders and order.id in state.orders:
            yield from _trade(state, maker, order, quantity)
    if order.id in state.orders:
        yield state.cancel(order, "fok" if order.tif == FOK else "ioc")


def match_dark(state: State, number: int) -> Iterator[Any]:
    """One trade: the first buy that suits a sell, with the first such sell."""
    if state.instruments[number].rules["book"] != DARK:
        return
    sells = ranked(state, number, SELL)
    for buy in ranked(state, number, BUY):
        for sell in sells:
            quantity = common(state, buy, sell, sell.left)
            if quantity:
                maker, taker = sorted((buy, sell), key=lambda order: (order.arrived, order.id))
                yield from _trade(state, maker, taker, quantity)
                return


def ranked(state: State, number: int, side: int) -> list[Order]:
    """Orders of a side that trade at the pool's price, in their priority."""
    price = pool_price(state, number)
    eligible = [order for order in state.books[number].sides[side] if price and order.meets(price)]
    by_size = state.instruments[number].rules["dark_priority"] == BY_SIZE
    return sorted(eligible, key=lambda order: (-order.left if by_size else 0, order.arrived, order.id))


def _reachable(state: State, order: Order) -> list[tuple[Order, int]]:
    """What an order that does not stay trades now, in the others' priority."""
    price = pool_price(state, order.instrument)
    left, fills = order.left, []
    for maker in ranked(state, order.instrument, SELL if order.side == BUY else BUY):
        gone = {order.one_cancels, *(found.one_cancels for found, _ in fills)}
        suits = price and order.meets(price) and maker.id not in gone
        quantity = common(state, maker, order, left) if suits else 0
        if quantity:
            fills.append((maker, quantity))
            left -= quantity
            if not left or below(state, order, left):
                break
    return fills


def common(state: State, maker: Order, taker: Order, left: int) -> int:
    """The lots that two orders trade, `left` being what the taker still has to go; 0: they do not suit each other.

    Each execution is at least what either of them asks and what the pool asks; nobody trades with himself.
    """
    rules = state.instruments[maker.instrument].rules
    if maker.account == taker.account and rules["self_trade"] != SELF_TRADE_ALLOWED:
        return 0
    quantity = min(maker.left, left)
    least = max(_least(state, maker, maker.left), _least(state, taker, left), rules["dark_minimum"])
    return quantity if quantity >= least else 0


def _least(state: State, order: Order, left: int) -> int:
    """All-or-none: all of it at once. A minimum quantity: each execution, or (by the rule) the first alone."""
    if order.all_or_none:
        return order.left
    each = state.instruments[order.instrument].rules["min_quantity"] == fitting.EACH
    first = not order.done and left == order.left
    return min(order.min_quantity, left) if each or first else 0


def below(state: State, order: Order, left: int) -> bool:
    """Is what is left too little to trade again, so that it goes (by the rule)?"""
    rules = state.instruments[order.instrument].rules
    cancels = rules["hidden_remainder_below_minimum"] == fitting.CANCEL
    return fitting.falls_below(state, order, left) or (cancels and 0 < left < rules["dark_minimum"])


def _trade(state: State, maker: Order, taker: Order, quantity: int) -> Iterator[Any]:
    for order in (maker, taker):
        yield from links.alone(state, order)
    if maker.id not in state.orders or taker.id not in state.orders:
        return
    price = pool_price(state, maker.instrument)
    yield from matching.exchange(state, maker, taker, price, quantity, DARK_TRADE)
    for order in (maker, taker):
        order.done += quantity
        if below(state, order, order.left):
            yield state.cancel(order, "minimum")
