"""The simple choice for an order that names no venue: the best price with fees for its quantity.

1. Where most of the quantity can be had at once within the limit; of those, where it costs least (brings most) with
fees. 2. If nothing can be had anywhere, the order will wait: where the other side's best price with fees is nearest
to it. 3. If nobody shows a price: an outside venue before the house book, since others trade there. Equal is equal:
the house book wins ties, then the earlier quote.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from isthmus.engine.market import VenueChoice, VenueQuote
from isthmus.kernel.messages import BUY, HOUSE_BOOK

PPM = 1_000_000
BPS = 10_000


class Walk(msgspec.Struct, frozen=True):
    """What an order would find at one venue: the quantity within its limit, and what it costs x 10^6 with the fee."""

    quote: VenueQuote
    quantity: int
    value: int


def choose(*, side: int, quantity: int, limit: int | None, quotes: Sequence[VenueQuote]) -> VenueChoice:
    """The venue for an order. `limit` None: a market order. `quotes` hold the levels of the other side, best first."""
    house_first = sorted(quotes, key=lambda quote: quote.venue != HOUSE_BOOK)
    if not house_first:
        return VenueChoice(HOUSE_BOOK, "The house book: there is no other venue.")
    walks = [walked(side, quantity, limit, quote) for quote in house_first]
    most = max(walk.quantity for walk in walks)
    if most == 0:
        return _waiting(side, house_first)
    rivals = [walk for walk in walks if walk.quantity == most]
    best = _cheapest(side, rivals)
    return VenueChoice(best.quote.venue, _why_now(side, quantity, best, rivals, len(walks)))


def walked(side: int, quantity: int, limit: int | None, quote: VenueQuote) -> Walk:
    """Walk a venue's levels up to the quantity and the limit."""
    found = notional = 0
    for price, shown in quote.levels:
        if found == quantity or (limit is not None and (price > limit if side == BUY else price < limit)):
            break
        taken = min(shown, quantity - found)
        found += taken
        notional += taken * price
    return Walk(quote, found, notional * _with_fee(side, quote))


def _with_fee(side: int, quote: VenueQuote) -> int:
    """What a price of 1 comes to with the fee, in millionths."""
    return PPM + quote.fee_ppm if side == BUY else PPM - quote.fee_ppm


def _cheapest(side: int, walks: Sequence[Walk]) -> Walk:
    """The least to pay, or the most to get; the first of equals."""
    return min(walks, key=lambda walk: walk.value if side == BUY else -walk.value)


def _waiting(side: int, quotes: Sequence[VenueQuote]) -> VenueChoice:
    shown = [quote for quote in quotes if quote.levels]
    if not shown:
        outside = next((quote for quote in quotes if quote.venue != HOUSE_BOOK), quotes[0])
        return VenueChoice(outside.venue, f"{_name(outside)}: nobody shows a price, and others trade there.")
    tops = [Walk(quote, 1, quote.levels[0][0] * _with_fee(side, quote)) for quote in shown]
    best = _cheapest(side, tops).quote
    reason = "its price with fees is nearest to the limit" if len(shown) > 1 else "it alone shows a price"
    return VenueChoice(best.venue, f"{_name(best)}: the order has to wait, and {reason}.")


def _why_now(side: int, quantity: int, best: Walk, rivals: Sequence[Walk], venues: int) -> str:
    part = "all of it" if best.quantity == quantity else f"{best.quantity * 100 // quantity} % of it"
    others = [walk for walk in rivals if walk is not best]
    if not others:
        more = "where most can be had" if venues > 1 else "the only venue"
        return f"{_name(best.quote)}: {part} at once, {more}."
    second = _cheapest(side, others)
    if second.value == best.value:
        return f"{_name(best.quote)}: {part} at once, at the same price with fees as {_name(second.quote).lower()}."
    gain = abs(second.value - best.value) * BPS * 100 // max(1, second.value)
    return (
        f"{_name(best.quote)}: {part} at once, {gain // 100}.{gain % 100:02} bps better with fees than at "
        f"{_name(second.quote).lower()}."
    )


def _name(quote: VenueQuote) -> str:
    return "The house book" if quote.venue == HOUSE_BOOK else quote.name
