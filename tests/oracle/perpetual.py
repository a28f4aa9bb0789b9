"""What a position and its live orders must hold: in a perpetual or future of the value at the mark, in an option by the
shorts, at the mark and a share of the strike."""

from __future__ import annotations

from collections.abc import Iterable

from .books import Order
from .values import BPS, BUY, EXPOSURE_MAX, SELL, Instrument, ceil_div


def counted(orders: Iterable[Order], side: int) -> tuple[int, int]:
    """Units left on a side and the sum of limit x left of them (B and NB, S and NS)."""
    exposures = [order.exposure() for order in orders if order.side == side]
    return sum(units for units, _ in exposures), sum(value for _, value in exposures)


def opening(position: int, units: int, side: int) -> int:
    """Units of a side that do not merely close the position."""
    return max(0, units - max(0, -position if side == BUY else position))


def required(instrument: Instrument, position: int, orders: Iterable[Order]) -> int:
    """The whole hold of (account, instrument) in the quote asset."""
    live = list(orders)
    margin_bps = instrument.terms.initial_margin_bps
    if instrument.is_option:
        return _required_of_option(instrument, position, live)
    hold = ceil_div(abs(position) * instrument.settlement_mark * instrument.num * margin_bps, BPS)
    for side in (BUY, SELL):
        units, value = counted(live, side)
        if units:
            worth = ceil_div(value * instrument.num * opening(position, units, side), units)
            hold += ceil_div(worth * margin_bps, BPS) + instrument.fee_up(worth)
    return hold


def _required_of_option(instrument: Instrument, position: int, live: list[Order]) -> int:
    (buys, paid), (sells, got) = (counted(live, side) for side in (BUY, SELL))
    opens_long, opens_short = opening(position, buys, BUY), opening(position, sells, SELL)
    premium = ceil_div(paid * instrument.num * opens_long, buys) if buys else 0
    sold = ceil_div(got * instrument.num * opens_short, sells) if sells else 0
    short = opens_short + max(0, -position)
    margin = ceil_div(short * instrument.strike * instrument.num * instrument.terms.initial_margin_bps, BPS)
    at_mark = short * instrument.settlement_mark * instrument.num
    return premium + instrument.fee_up(premium) + instrument.fee_up(sold) + at_mark + margin


def too_large(instrument: Instrument, position: int, orders: Iterable[Order], price: int, more: int = 0) -> bool:
    """Could the position, with everything live and `more` units at `price`, leave the exposure limit?"""
    live = list(orders)
    sides = [counted(live, side) for side in (BUY, SELL)]
    units = abs(position) + sum(units for units, _ in sides) + more
    values = [units * max(instrument.settlement_mark, price, instrument.strike), *(value for _, value in sides)]
    return any(value * instrument.num > EXPOSURE_MAX for value in values)
