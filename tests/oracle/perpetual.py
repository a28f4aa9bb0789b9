"""Perpetuals, futures, options: what positions are worth and cost, and what they and their live orders must hold."""

from __future__ import annotations

from collections.abc import Iterable

from .books import Order
from .values import BPS, BUY, EXPOSURE_MAX, SELL, Instrument, ceil_div

WORTH_MAX = 2**100
"""No value counts for more."""
ENTRY_MAX = 2**62


def clamp(value: int, most: int) -> int:
    return max(-most, min(most, value))


def worth(instrument: Instrument, quantity: int, price: int) -> int:
    """What a position counts for at a price: its gain is the difference between two prices."""
    lots = quantity * instrument.num
    return -ceil_div(lots, price) if instrument.inverse else clamp(lots * price, WORTH_MAX)


def gain(instrument: Instrument, quantity: int) -> int:
    """What the position gained at the mark since it was settled last; an option's premium was paid whole."""
    if instrument.is_option:
        return 0
    return worth(instrument, quantity, instrument.reference) - worth(instrument, quantity, instrument.settlement_mark)


def cost(instrument: Instrument, quantity: int, price: int) -> int:
    """What moving a position by `quantity` costs, rounded against the trader."""
    if instrument.inverse:
        return -(quantity * instrument.num // price)
    return worth(instrument, quantity, price)


def notional(instrument: Instrument, units: int, price: int) -> int:
    """The value of so many units, rounded up."""
    lots = units * instrument.num
    return ceil_div(lots, price) if instrument.inverse else min(lots * price, WORTH_MAX)


def order_worth(instrument: Instrument, price: int, quantity: int) -> int:
    """The value of an order at its price, rounded up."""
    return notional(instrument, quantity, price) if instrument.inverse else instrument.value_up(price * quantity)


def flow(instrument: Instrument, held: int, change: int, price: int) -> int:
    """What an account with the position `held` receives when that moves by `change` at `price`."""
    mark = instrument.settled_at
    return worth(instrument, held + change, mark) - worth(instrument, held, mark) - cost(instrument, change, price)


def entry_after(instrument: Instrument, held: int, entry: int, change: int, price: int) -> int:
    """What the position cost, after it moved: what is closed takes its share, what is opened adds its cost."""
    after = held + change
    if held == 0 or held * change > 0:
        entry += cost(instrument, change, price)
    elif after * held > 0:
        size = abs(entry) * abs(after) // abs(held)
        entry = size if entry > 0 else -size
    else:
        entry = cost(instrument, after, price) if after else 0
    return clamp(entry, ENTRY_MAX)


def counted(orders: Iterable[Order], side: int) -> tuple[int, int]:
    """Units left on a side and the sum of limit x left of them (B and NB, S and NS)."""
    exposures = [order.exposure() for order in orders if order.side == side]
    return sum(units for units, _ in exposures), sum(value for _, value in exposures)


def opening(position: int, units: int, side: int) -> int:
    """Units of a side that do not merely close the position."""
    return max(0, units - max(0, -position if side == BUY else position))


def tier(instrument: Instrument, value: int) -> tuple[int, int]:
    """Initial and maintenance bps of the tier that a notional falls into; zeros where there is none."""
    found = [(initial, maintenance) for lowest, initial, maintenance in instrument.tiers if lowest <= value]
    return found[-1] if found else (0, 0)


def opening_worth(instrument: Instrument, position: int, orders: list[Order], side: int) -> int:
    """The value of what the orders of a side may open."""
    units, value = counted(orders, side)
    opens = opening(position, units, side)
    if instrument.inverse:
        return notional(instrument, opens, instrument.settlement_mark)
    return ceil_div(value * instrument.num * opens, units) if units else 0


def required(instrument: Instrument, account: int, position: int, orders: Iterable[Order]) -> int:
    """The whole hold of (account, instrument) in the asset that it is margined in."""
    live = list(orders)
    if instrument.is_option:
        return _required_of_option(instrument, position, live)
    held = notional(instrument, abs(position), instrument.settlement_mark)
    worths = [opening_worth(instrument, position, live, side) for side in (BUY, SELL)]
    own = instrument.leverage.get(account) or instrument.terms.initial_margin_bps
    margin_bps = max(own, tier(instrument, held + max(worths))[0])
    fees = sum(instrument.fee_up(worth) for worth in worths)
    return fees + sum(ceil_div(worth * margin_bps, BPS) for worth in (held, *worths))


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
    if instrument.inverse:
        lowest = min(price, instrument.settlement_mark) if price > 0 else instrument.settlement_mark
        return units * instrument.num // lowest > EXPOSURE_MAX
    values = [units * max(instrument.settlement_mark, price, instrument.strike), *(value for _, value in sides)]
    return any(value * instrument.num > EXPOSURE_MAX for value in values)
