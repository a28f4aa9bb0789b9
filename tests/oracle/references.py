"""What pegs follow and dark pools trade at."""

from __future__ import annotations

from . import bands
from .books import Order
from .state import State
from .values import BUY, DARK, PEG, PRICE_MAX, SELL

PRIMARY, MID, MARKET_PEG = 1, 2, 3


def best_visible(state: State, number: int, side: int) -> int | None:
    """The best price of a side that somebody shows who does not follow others."""
    resting = state.books[number].sides[side]
    return next((order.price for order in resting if order.displayed and order.kind != PEG), None)


def pool_price(state: State, number: int) -> int:
    """Where a dark pool trades now; 0: nowhere."""
    instrument = state.instruments[number]
    trades = instrument.state == "continuous" and not instrument.halted and not state.halted
    return instrument.mark if trades else 0


def reference(state: State, order: Order) -> int | None:
    """The price that a peg follows, in price steps: the middle is rounded down for a buy, up for a sell."""
    instrument = state.instruments[order.instrument]
    if instrument.state != "continuous":
        return None
    if instrument.rules["book"] == DARK:
        return instrument.mark or None
    own = best_visible(state, order.instrument, order.side)
    other = best_visible(state, order.instrument, SELL if order.side == BUY else BUY)
    if order.peg == PRIMARY or order.peg == MARKET_PEG:
        return own if order.peg == PRIMARY else other
    if own is None or other is None:
        return None
    return (own + other) // 2 if order.side == BUY else -(-(own + other) // 2)


def peg_price(state: State, order: Order, limit: int) -> int | None:
    """Reference and offset, never beyond the limit (0: none) nor the edge of a band at which orders rest; None where
    there is no such price."""
    found = reference(state, order)
    if found is None:
        return None
    price = found + order.offset
    if limit:
        price = min(price, limit) if order.side == BUY else max(price, limit)
    instrument = state.instruments[order.instrument]
    if instrument.rules["book"] != DARK:
        price = bands.at_edge(instrument, order, price)
    return price if 1 <= price <= PRICE_MAX else None
