"""What the running arbitrage desk finds, as intents of `execution.arbitrage`: from the consolidated books' answers.

A place is one instrument at one venue, as a number: `place(instrument, venue)`; it is the `market` of an intent's legs.
Quantities and prices are the instrument's units, all-in prices price steps x 10^6.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

import msgspec

from isthmus.execution.arbitrage import NANO, PPM, SAME, TRIANGLE, Intent, Leg, Shown, Terms, value_of
from isthmus.execution.book import Pair, Units, triangle
from isthmus.execution.policy import Venue
from isthmus.execution.sights import Sight
from isthmus.kernel.messages import BUY, SELL
from isthmus.refdata.instruments import Instrument

NANO_DECIMALS = 9
FREE_LESS = 2
"""Minor units of the quote asset left aside, since a hold is rounded up, its fee too."""
_VENUES = 1 << 32


class Circle(NamedTuple):
    """Instruments that trade A for B, B for C and A for C, and what turns the units of one into another's."""

    first: Instrument
    second: Instrument
    cross: Instrument
    units: tuple[Units, Units, Units]


def place(instrument: int, venue: int) -> int:
    """The number of an instrument at a venue."""
    return instrument * _VENUES + venue


def of_place(number: int) -> tuple[int, int]:
    """Instrument and venue."""
    return divmod(number, _VENUES)


def terms_of(instrument: Instrument, venue: Venue) -> Terms | None:
    """The instrument at a venue; None where its units are finer than 10^-9."""
    if max(instrument.price_decimals, instrument.quantity_decimals) > NANO_DECIMALS:
        return None
    quantity: int = 10 ** (NANO_DECIMALS - instrument.quantity_decimals) * instrument.multiplier
    return Terms(
        number=place(instrument.number, venue.number),
        name=f"{instrument.symbol} at {venue.name}",
        base=instrument.base.code,
        quote=instrument.quote.code,
        price_nano=10 ** (NANO_DECIMALS - instrument.price_decimals),
        quantity_nano=quantity,
        fee_ppm=venue.taker_fee_ppm,
        lot=venue.lot,
        latency_ns=venue.latency_ns,
        perpetual=instrument.perpetual,
    )


def edge_ppm(pair: Pair) -> int:
    """What a pair gains after fees, in millionths of what is paid."""
    return pair.profit // (pair.buy_price * pair.quantity)


def of_pair(pair: Pair, buy: Terms, sell: Terms, quantity: int, at: int) -> Intent:
    """The pair as an intent, or a part of it: as each further lot gains less, a part gains its share at least."""
    unit = buy.price_nano * buy.quantity_nano
    edge = edge_ppm(pair)
    return Intent(
        kind=SAME,
        legs=(Leg(buy.number, BUY, pair.buy_price, quantity), Leg(sell.number, SELL, pair.sell_price, quantity)),
        quantity=quantity * buy.quantity_nano,
        profit=pair.profit * quantity // pair.quantity * unit // (NANO * PPM),
        edge_ppm=edge,
        at=at,
        rates=((buy.base, pair.buy_price * buy.price_nano), (buy.quote, NANO)),
        why=f"buy {buy.name}, sell {sell.name}: {edge} ppm after fees",
    )


def circles_of(instruments: Iterable[Instrument]) -> list[Circle]:
    """Every three spot instruments that close a circle."""
    spot = [row for row in instruments if not row.perpetual]
    crosses = {(row.base.code, row.quote.code): row for row in spot}
    return [
        Circle(first, second, cross, (units_of(first), units_of(second), units_of(cross)))
        for first in spot
        for second in spot
        if first.quote.code == second.base.code
        and (cross := crosses.get((first.base.code, second.quote.code))) is not None
    ]


def units_of(instrument: Instrument) -> Units:
    """A price step in the quote asset, a quantity unit in the base asset."""
    return Units(
        Fraction(1, 10**instrument.price_decimals),
        Fraction(instrument.multiplier, 10**instrument.quantity_decimals),
    )


class Around(NamedTuple):
    """A way round a circle: gain in millionths, and side, venue, price and quantity of each instrument."""

    gain_ppm: int
    legs: tuple[tuple[int, Venue, int, int], ...]


def around(circle: Circle, sights: Sequence[Sight]) -> Around | None:
    """What a circle gains at the best prices of the venues that may be used, in whole lots; None for nothing."""
    first, second, cross = (sight.watched for sight in sights)
    found = triangle((first, second, cross), circle.units)
    if found is None:
        return None
    onward = BUY if found.buys_first else SELL
    legs = []
    for sight, side, lots in zip(
        sights, (onward, onward, BUY + SELL - onward), (found.first, found.second, found.cross), strict=True
    ):
        best = sight.levels(BUY + SELL - side, 1)
        venue = sight.known[best[0].venue]
        quantity = min(lots, best[0].quantity)
        quantity -= quantity % venue.lot
        if not quantity:
            return None
        legs.append((side, venue, best[0].price, quantity))
    return Around(found.gain_ppm, tuple(legs))


def of_circle(found: Around, terms: Sequence[Terms], at: int) -> Intent:
    """The way round as an intent; A and B are worth what the circle's own prices say, in C."""
    prices = [leg[2] for leg in found.legs]
    _, second, cross = terms
    quantity = found.legs[0][3]
    value = value_of(cross, prices[2], found.legs[2][3])
    return Intent(
        kind=TRIANGLE,
        legs=tuple(
            Leg(terms[number].number, side, price, lots) for number, (side, _, price, lots) in enumerate(found.legs)
        ),
        quantity=quantity * terms[0].quantity_nano,
        profit=value * found.gain_ppm // PPM,
        edge_ppm=found.gain_ppm,
        at=at,
        rates=(
            (cross.base, prices[2] * cross.price_nano),
            (second.base, prices[1] * second.price_nano),
            (cross.quote, NANO),
        ),
        why=f"{terms[0].name} and {second.name} against {cross.name}: {found.gain_ppm} ppm after fees",
    )


def affordable(instrument: Instrument, side: int, price: int, free: tuple[int, int]) -> int:
    """The most units that an order can hold for. `free`: minor units of base and quote that are not held."""
    if side == SELL and not instrument.perpetual:
        return instrument.quantity_of(free[0])
    worst = PPM + max(instrument.maker_fee_ppm, instrument.taker_fee_ppm, 0)
    exponent = instrument.value_exponent
    above, below = 10 ** max(0, -exponent), 10 ** max(0, exponent)
    units: int = max(0, free[1] - FREE_LESS) * PPM * above // (price * instrument.multiplier * worst * below)
    return units


def scaled(intent: Intent, terms: Sequence[Terms], most: Sequence[int]) -> Intent | None:
    """The intent cut so that no leg is more than `most` of it, in whole lots of each; None when that is nothing."""
    parts = [(min(lots, leg.quantity), leg.quantity) for lots, leg in zip(most, intent.legs, strict=True)]
    part, whole = min(parts, key=lambda part: part[0] * NANO // part[1])
    lots = [leg.quantity * part // whole for leg in intent.legs]
    lots = [quantity - quantity % of.lot for quantity, of in zip(lots, terms, strict=True)]
    if intent.kind == SAME:
        step = lcm_of(terms)
        lots = [quantity - quantity % step for quantity in lots]
    if not all(lots):
        return None
    legs = tuple(
        msgspec.structs.replace(leg, quantity=quantity) for leg, quantity in zip(intent.legs, lots, strict=True)
    )
    share = lots[0]
    return msgspec.structs.replace(
        intent,
        legs=legs,
        quantity=intent.quantity * share // intent.legs[0].quantity,
        profit=intent.profit * share // intent.legs[0].quantity,
    )


def lcm_of(terms: Sequence[Terms]) -> int:
    """The least quantity that is whole lots of both."""
    one, other = terms[0].lot, terms[1].lot
    greatest, rest = one, other
    while rest:
        greatest, rest = rest, greatest % rest
    return one // greatest * other


def where(sight: Sight, side: int, lots: int, without: Container[int]) -> int | None:
    """The one venue at which an order of this side would get most of it, and of those the cheapest; none that may not
    be used and none of `without`.
    """
    best: tuple[int, int] | None = None
    found = None
    for venue in sight.venues():
        if venue.number in without:
            continue
        shown, cost = _walked(sight.book(venue.number)[1 if side == BUY else 0], lots)
        paid = cost * (PPM + venue.taker_fee_ppm if side == BUY else PPM - venue.taker_fee_ppm)
        rank = (shown, -paid if side == BUY else paid)
        if shown and (best is None or rank > best):
            best, found = rank, venue.number
    return found


def _walked(levels: Iterable[tuple[int, int]], lots: int) -> tuple[int, int]:
    """Lots that are shown of so many, and price x lots of them."""
    left, cost = lots, 0
    for price, quantity in levels:
        taken = min(left, quantity)
        cost += taken * price
        left -= taken
        if not left:
            break
    return lots - left, cost


def shown_at(sight: Sight, buy: int | None, sell: int | None) -> Shown:
    """What an order meets at the venues that a buy and a sell would go to."""
    asks = sight.book(buy)[1] if buy is not None else ()
    bids = sight.book(sell)[0] if sell is not None else ()
    return Shown(sight.at, bids, asks)
