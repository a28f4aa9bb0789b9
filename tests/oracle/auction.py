"""Call auctions: one price by most volume, least imbalance, pressure, and the book's rule for ties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import links, matching, resting
from .books import Order
from .messages import effects
from .state import State
from .values import AMOUNT_MAX, BUY, PEG, PRICE_MAX, SELL, Instrument

REFERENCE, HIGHER, LOWER, MID = range(1, 5)
"""The rule auction_tie."""


def takes_part(order: Order) -> bool:
    """Orders with conditions and pegged ones stand aside."""
    return not (order.conditional or order.reduce_only or order.kind == PEG)


def follows(state: State, order: Order) -> bool:
    """Is it the later order of a pair both of which could take part? Only the earlier one does."""
    other = state.orders.get(order.one_cancels)
    standing = other is not None and not other.parked and takes_part(other)
    return standing and order.one_cancels < order.id


def side_of(state: State, instrument: Instrument, side: int) -> list[Order]:
    """In priority: price, market orders before limits, visible before hidden, time."""
    book = state.books[instrument.number]
    standing = book.calls[side] + book.sides[side]
    orders = [order for order in standing if takes_part(order) and not follows(state, order)]
    return sorted(orders, key=lambda order: -order.price if side == BUY else order.price)


def demand(buys: list[Order], price: int) -> int:
    return sum(order.left for order in buys if order.price >= price)


def supply(sells: list[Order], price: int) -> int:
    return sum(order.left for order in sells if order.price <= price)


def candidates(instrument: Instrument, orders: list[Order]) -> list[int]:
    """Prices of the grid from the lowest to the highest limit, as far as something changes there; without limit orders
    the reference price."""
    limits = [order.price for order in orders if not order.unpriced]
    if not limits:
        price = instrument.nearest_tick(instrument.reference)
        return [price] if price else []
    near = {
        price
        for order in orders
        for price in (instrument.floor_tick(order.price - 1), order.price, instrument.ceil_tick(order.price + 1))
    }
    return sorted(price for price in near if min(limits) <= price <= max(limits))


def equilibrium(state: State, instrument: Instrument) -> tuple[int, int, int]:
    """Price, volume and imbalance; zeros where nothing would trade."""
    buys, sells = (side_of(state, instrument, side) for side in (BUY, SELL))

    def volume(price: int) -> int:
        return min(demand(buys, price), supply(sells, price))

    def imbalance(price: int) -> int:
        return demand(buys, price) - supply(sells, price)

    prices = candidates(instrument, buys + sells)
    most = max(map(volume, prices), default=0)
    if not most:
        return 0, 0, 0
    prices = [price for price in prices if volume(price) == most]
    least = min(abs(imbalance(price)) for price in prices)
    prices = [price for price in prices if abs(imbalance(price)) == least]
    if all(imbalance(price) > 0 for price in prices):
        price = prices[-1]
    elif all(imbalance(price) < 0 for price in prices):
        price = prices[0]
    else:
        price = break_tie(instrument, prices[0], prices[-1])
    return price, min(most, AMOUNT_MAX), max(-AMOUNT_MAX - 1, min(imbalance(price), AMOUNT_MAX))


def break_tie(instrument: Instrument, low: int, high: int) -> int:
    rule = instrument.rules["auction_tie"]
    if rule in (HIGHER, LOWER):
        return high if rule == HIGHER else low
    if rule == REFERENCE and instrument.reference:
        return max(low, min(instrument.nearest_tick(instrument.reference), high))
    return instrument.floor_tick((low + high) // 2)


def indicative(state: State, number: int) -> tuple[int, int, int]:
    """What an uncross would do now."""
    instrument = state.instruments[number]
    return equilibrium(state, instrument) if instrument.has_auctions else (0, 0, 0)


def auction(state: State, instrument: Instrument, always: bool) -> Iterator[Any]:
    """Finds the price and trades at it; without volume nothing is told unless `always`."""
    price, volume, imbalance = equilibrium(state, instrument)
    if not volume and not always:
        return
    yield effects.Auctioned(instrument.number, price, volume, imbalance, instrument.reference)
    if not volume:
        return
    traded: dict[int, int] = {}
    buys, sells = (side_of(state, instrument, side) for side in (BUY, SELL))
    both = [order for order in buys if order.price >= price] + [order for order in sells if order.price <= price]
    while True:
        buy = next((order for order in both if order.side == BUY and order.left), None)
        sell = next((order for order in both if order.side == SELL and order.left), None)
        if buy is None or sell is None:
            break
        lots = min(buy.left, sell.left)
        for order in (buy, sell):
            traded[order.id] = traded.get(order.id, 0) + lots
            yield from links.alone(state, order)
        maker, taker = sorted((buy, sell), key=lambda order: order.id)  # who came first is the maker
        yield from matching.between(state, (maker, taker), price, lots)
    instrument.last_trade = instrument.latest = instrument.auction_price = price
    for order in both:
        if order.display and order.left and order.id in traded:
            order.shown -= min(order.shown, traded[order.id])
            yield from resting.refresh(state, order)


def call_price(state: State, instrument: Instrument, order: Order) -> int:
    """Where a market order in a call stands without a protection price: for an account that needs no funds the furthest
    price at which the notional fits; 0: nowhere."""
    if instrument.perpetual or not state.ledger.endless(order.account, state.held_asset(order)):
        return 0
    if order.side == SELL:
        return int(instrument.terms.tick)
    return instrument.floor_tick(min(PRICE_MAX, 2**62 * instrument.den // (instrument.num * order.left)))
