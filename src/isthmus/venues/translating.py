"""BitMEX instruments and orders in Deribit's words.

A name is written by Deribit's grammar; whether Deribit lists it only its own list tells. What the two contracts do not
share (hour of expiry, size, currency of settlement) is said beside the name. What has no counterpart is refused by
field and value: quanto contracts, coin-settled ones against anything but the dollar, linear ones quoted in a coin.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec import Struct

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import time_text
from isthmus.venues.wires import deribit_orders, orders
from isthmus.venues.wires.deribit_names import DeribitName, day_at, written
from isthmus.venues.wires.orders import VenueCall, VenueOrder
from isthmus.venues.wires.words import (
    EXACT,
    INVERSE,
    QUANTO,
    SPOT,
    TITLE_SIDES,
    Instrument,
    Number,
    plain,
    reader_of,
    refusal,
    refused,
    side_named,
)

VENUE = "bitmex"
LINEAR_QUOTES = frozenset(("USDC", "USDT"))
"""What Deribit settles linear contracts in."""
DOLLAR = "USD"
TYPES = {
    "Limit": orders.LIMIT,
    "Market": orders.MARKET,
    "Stop": orders.STOP_MARKET,
    "StopLimit": orders.STOP_LIMIT,
}
TIMES = {"GoodTillCancel": orders.GTC, "ImmediateOrCancel": orders.IOC, "FillOrKill": orders.FOK, "Day": orders.DAY}
INSTRUCTIONS = frozenset(("ParticipateDoNotInitiate", "ReduceOnly", "LastPrice"))


class Difference(Struct, frozen=True):
    """What is not the same in the two contracts, in words."""

    field: str
    bitmex: str
    deribit: str


class Translated(Struct, frozen=True):
    """`listed` is None while Deribit's list was not asked."""

    name: str
    parts: DeribitName
    listed: bool | None
    differences: tuple[Difference, ...]


class OrderRow(Struct, rename={"order_qty": "orderQty", "ord_type": "ordType", "stop_price": "stopPx"}):
    """A BitMEX order as it is sent there. Without a side it buys, or sells a negative quantity."""

    symbol: str
    order_qty: Number
    side: str | None = None
    price: Number | None = None
    stop_price: Number | None = None
    ord_type: str | None = None
    timeInForce: str | None = None  # noqa: N815 (the venue's word)
    execInst: str | None = None  # noqa: N815
    clOrdID: str | None = None  # noqa: N815
    displayQty: Number | None = None  # noqa: N815


def to_deribit(instrument: Instrument, listing: Mapping[str, Instrument] | None = None) -> Translated:
    """Raises BadInput where Deribit has no such contract."""
    parts = _parts(instrument)
    name = written(parts)
    found = listing.get(name) if listing is not None else None
    listed = None if listing is None else found is not None
    return Translated(name, parts, listed, tuple(_differences(instrument, parts, found)))


def _parts(instrument: Instrument) -> DeribitName:
    day = day_at(instrument.expiry) if instrument.expiry is not None else None
    quote = instrument.quote
    if instrument.kind == SPOT:
        return DeribitName(SPOT, instrument.base, quote)
    if instrument.margin == QUANTO:
        raise refused(
            VENUE, "isQuanto", "true", f"Deribit has no contract on {instrument.base} settled in another coin"
        )
    if instrument.settle == instrument.base:
        if quote not in (DOLLAR, instrument.base):
            raise refused(VENUE, "quoteCurrency", quote, "Deribit's coin-settled contracts are against USD")
        return DeribitName(instrument.kind, instrument.base, "", day, instrument.strike)
    if instrument.margin == INVERSE:
        raise refused(VENUE, "settlCurrency", instrument.settle, f"an inverse contract settles in {instrument.base}")
    if quote not in LINEAR_QUOTES or instrument.settle != quote:
        reason = "Deribit's linear contracts are quoted and settled in USDC or USDT"
        raise refused(VENUE, "quoteCurrency", f"{quote} settled in {instrument.settle}", reason)
    return DeribitName(instrument.kind, instrument.base, quote, day, instrument.strike)


def _differences(ours: Instrument, parts: DeribitName, found: Instrument | None) -> list[Difference]:
    made: list[Difference] = []
    if ours.expiry is not None and parts.expiry is not None and ours.expiry != parts.expiry:
        made.append(Difference("expiry", time_text(ours.expiry), time_text(parts.expiry)))
    if found is None:
        return made
    for field in ("multiplier", "margin", "settle"):
        mine, other = getattr(ours, field), getattr(found, field)
        if mine != other:
            texts = [plain(one) if isinstance(one, Decimal) else one for one in (mine, other)]
            made.append(Difference(field, *texts))
    return made


def order_to_deribit(raw: bytes, instrument: Instrument, name: str) -> VenueCall:
    """A BitMEX order (JSON) as Deribit's request. Contracts become an amount: units of the quote currency for inverse
    futures and perpetuals, coins for all others. Raises BadInput.
    """
    try:
        order = _order(raw)
        return _requested(order, instrument, name)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise refusal(VENUE, error) from error
    except (ValueError, ArithmeticError) as error:
        raise BadInput(VENUE, str(error)) from error


_order = reader_of(OrderRow)


def _requested(order: OrderRow, instrument: Instrument, name: str) -> VenueCall:
    if order.symbol != instrument.symbol:
        raise refused(VENUE, "symbol", order.symbol, f"is not the instrument {instrument.symbol}")
    return deribit_orders.placing(_as_ours(order, instrument, name))


def _as_ours(row: OrderRow, instrument: Instrument, name: str) -> VenueOrder:
    side = side_named(row.side or ("Sell" if row.order_qty < 0 else "Buy"), TITLE_SIDES)
    kind = row.ord_type or ("Limit" if row.price is not None else "Market")
    for field, word, words in (
        ("ordType", kind, TYPES),
        ("timeInForce", row.timeInForce or "GoodTillCancel", TIMES),
    ):
        if word not in words:
            raise refused(VENUE, field, word, f"is none of {', '.join(words)}")
    instructions = frozenset(filter(None, (part.strip() for part in (row.execInst or "").split(","))))
    if strange := sorted(instructions - INSTRUCTIONS):
        raise refused(VENUE, "execInst", strange[0], "has no counterpart at Deribit")
    return VenueOrder(
        client_id=row.clOrdID or "",
        symbol=name,
        side=side,
        quantity=amount_of(abs(row.order_qty), instrument),
        type=TYPES[kind],
        time_in_force=TIMES[row.timeInForce or "GoodTillCancel"],
        price=row.price,
        stop_price=row.stop_price,
        display=amount_of(row.displayQty, instrument) if row.displayQty is not None else None,
        post_only="ParticipateDoNotInitiate" in instructions,
        reduce_only="ReduceOnly" in instructions,
    )


def amount_of(contracts: Decimal, instrument: Instrument) -> Decimal:
    """What Deribit counts orders in."""
    return EXACT.multiply(contracts, instrument.multiplier)
