"""Price bands: where an instrument may trade, and what happens at the edge."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from . import matching, planning, session
from .books import Order
from .messages import effects
from .perpetual import order_worth
from .state import State
from .values import BPS, BUY, FOK, LIMIT, MARKET_TO_LIMIT, SELL, STOP_LIMIT, Instrument, ceil_div

Bounds = tuple[int, int]
CANCEL, AUCTION, LIMIT_STATE = range(1, 4)
"""The rule band_action."""
FAR = 2**63 - 1


def _around(reference: int, bps: int) -> Bounds:
    if not reference or not bps:
        return 0, FAR
    return ceil_div(reference * (BPS - bps), BPS), reference * (BPS + bps) // BPS


def static_bounds(instrument: Instrument) -> Bounds:
    """Around the last mark or the last auction's price, whichever came later."""
    return _around(instrument.auction_price or instrument.mark, instrument.rules["static_band_bps"])


def bounds(instrument: Instrument) -> Bounds | None:
    """The nearer of the static and the dynamic band on each side; None where the book has no bands."""
    rules = instrument.rules
    if not rules["static_band_bps"] and not rules["dynamic_band_bps"]:
        return None
    lows, highs = zip(static_bounds(instrument), _around(instrument.last_trade, rules["dynamic_band_bps"]), strict=True)
    return max(lows), min(highs)


def too_far(instrument: Instrument, price: int) -> bool:
    """Is it a limit price outside the static band?"""
    low, high = static_bounds(instrument)
    return not low <= price <= high


def guards(instrument: Instrument, command: Any, order: Order) -> Iterator[str]:
    """What the rules ask of a new order's price."""
    if not command.venue and command.kind in (LIMIT, STOP_LIMIT) and too_far(instrument, command.price):
        yield "outside_band"
    yield from worth(instrument, order)


def change(instrument: Instrument, order: Order, asked: Order) -> Iterator[str]:
    """The same of a change: a new limit price, a new total."""
    limited = order.kind in (LIMIT, STOP_LIMIT) and not order.venue
    if limited and asked.price != order.price and too_far(instrument, asked.price):
        yield "outside_band"
    yield from worth(instrument, asked)


def worth(instrument: Instrument, order: Order) -> Iterator[str]:
    if order.price > 0 and order_worth(instrument, order.price, order.quantity) < instrument.rules["min_notional"]:
        yield "below_minimum_notional"


def best(state: State, number: int, side: int) -> int | None:
    resting = state.books[number].sides[side]
    return resting[0].price if resting else None


def _far_side(order: Order, within: Bounds, price: int | None) -> bool:
    """Is the other side's best on the far side of the band?"""
    return price is not None and (price < within[0] if order.side == BUY else price > within[1])


def shortened(state: State, order: Order, within: Bounds) -> Order:
    """The order as far as it may go."""
    other = best(state, order.instrument, SELL if order.side == BUY else BUY)
    if _far_side(order, within, other):
        return replace(order, price=0 if order.side == BUY else FAR)
    price = min(order.price, within[1]) if order.side == BUY else max(order.price, within[0])
    return replace(order, price=price)


def plan(state: State, order: Order, within: Bounds | None) -> planning.Plan:
    """What the order is going to do, within its bounds if there are any."""
    return planning.plan(state, shortened(state, order, within) if within else order)


def meet(state: State, order: Order, within: Bounds) -> Generator[Any, None, str | None]:
    """The order has traded as far as its band lets it. If it would go on, the band's rule acts; the answer is why the
    rest goes, if it must."""
    instrument = state.instruments[order.instrument]
    beyond = planning.plan(state, order)
    if order.tif == FOK or not (beyond.steps or beyond.end):
        return None
    stays = not order.immediate and order.kind != MARKET_TO_LIMIT
    action = instrument.rules["band_action"]
    if action == AUCTION:
        yield from session.enter(state, instrument, "volatility_auction", "band")
        session.set_timer(state, instrument, instrument.rules["pause_ns"])
    if action == LIMIT_STATE and stays:
        return (yield from _rest_at_edge(state, instrument, order, within))
    return None if action == AUCTION and stays else "band"


def at_edge(instrument: Instrument, order: Order, price: int) -> int:
    """The price, or where the rule says that orders rest at the edge of the band, at most that."""
    within = bounds(instrument)
    if within is None or instrument.rules["band_action"] != LIMIT_STATE:
        return price
    if order.side == BUY:
        return price if price <= within[1] else instrument.floor_tick(within[1])
    return price if price >= within[0] else instrument.ceil_tick(within[0])


def _rest_at_edge(
    state: State, instrument: Instrument, order: Order, within: Bounds
) -> Generator[Any, None, str | None]:
    other = best(state, order.instrument, SELL if order.side == BUY else BUY)
    price = instrument.floor_tick(within[1]) if order.side == BUY else instrument.ceil_tick(within[0])
    if _far_side(order, within, other) or not price:
        return "band"
    refused = yield from matching.reprice(state, order, price)
    if refused:
        return str(refused)
    if instrument.edge is None:
        instrument.edge = (order.side, price)
        yield effects.LimitState(instrument.number, 1, order.side, price)
        session.set_timer(state, instrument, instrument.rules["limit_state_ns"])
    return None


def leave_limit_state(state: State, number: int) -> Iterator[Any]:
    """It ends when nothing rests at the edge any more, or the other side has an order there or inside."""
    instrument = state.instruments[number]
    if instrument.edge is None:
        return
    side, price = instrument.edge
    waits = any(order.price == price for order in state.books[number].sides[side])
    other = best(state, number, SELL if side == BUY else BUY)
    inside = other is not None and (other <= price if side == BUY else other >= price)
    if not waits or inside:
        yield _leave(state, instrument)


def moved(state: State, instrument: Instrument) -> Iterator[Any]:
    """A new mark moved the static band: if the other side is inside it now, the limit state ends."""
    if instrument.edge is None or not instrument.rules["static_band_bps"]:
        return
    other = best(state, instrument.number, SELL if instrument.edge[0] == BUY else BUY)
    if other is not None and not too_far(instrument, other):
        yield _leave(state, instrument)


def _leave(state: State, instrument: Instrument) -> Any:
    assert instrument.edge is not None
    side, price = instrument.edge
    instrument.edge = None
    session.set_timer(state, instrument, 0)
    return effects.LimitState(instrument.number, 0, side, price)
