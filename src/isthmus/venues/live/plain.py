"""Orders of the engine as plain venues take them."""

from __future__ import annotations

import msgspec

from isthmus.kernel.messages import BUY, DAY, FOK, GTC, HIDDEN, IOC, LIMIT, MARKET, POST_ONLY, REDUCE_ONLY
from isthmus.venues.answering import NewOrder
from isthmus.venues.wires import orders as words


class Wanted(msgspec.Struct, frozen=True):
    """An order as plain venues take it: a limit, how long it rests, and whether it may take."""

    price: int
    time_in_force: str
    post_only: bool
    reduce_only: bool


def plainly(order: NewOrder, tick: int) -> Wanted | str:
    """Or, in words, why no plain venue takes it. A market order becomes a limit at what protects it, filled at once."""
    if order.kind not in (LIMIT, MARKET) or order.flags & HIDDEN or order.display or order.min_quantity or order.peg:
        return "the venue takes plain limit and market orders only"
    times = {GTC: words.GTC, DAY: words.GTC, IOC: words.IOC, FOK: words.FOK}
    if order.tif not in times:
        return "the venue does not know how long it should rest"
    price, time = order.price, times[order.tif]
    if order.kind == MARKET:
        price = price // tick * tick if order.side == BUY else -(-price // tick) * tick
        time = words.FOK if order.tif == FOK else words.IOC
    if price <= 0 or price % tick:
        return f"price {price} is not one of the venue's"
    return Wanted(price, time, bool(order.flags & POST_ONLY), bool(order.flags & REDUCE_ONLY))
