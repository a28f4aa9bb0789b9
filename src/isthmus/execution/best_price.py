"""The simple choice for an order that names no venue: the best price with fees for its quantity, out of the
consolidated book. Venues that are quarantined and routes that are locked are not in it, so that no order goes there.

1. Where most of the quantity can be had at once within the limit; of those, where it costs least (brings most) with
fees. 2. If nothing can be had anywhere, the order will wait: where the other side's best price with fees is nearest
to it. 3. If nobody shows a price: an outside venue before the house book, since others trade there. Equal is equal:
the house book wins ties, then the venue that was listed first.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from isthmus.engine.market import VenueChoice
from isthmus.execution.book import Care, ConsolidatedBook, Decision
from isthmus.execution.policy import AMM, LIT, Venue
from isthmus.execution.sights import Sight
from isthmus.kernel.messages import BUY, HOUSE_BOOK, SELL

BPS = 10_000


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted; `limit` None: a market order."""

    side: int
    quantity: int
    limit: int | None


def choose(sight: Sight, wish: Wish) -> VenueChoice:
    """The venue for an order, and why in one sentence."""
    venues = {venue.number: venue for venue in sight.venues()}
    if not venues.keys() - {HOUSE_BOOK}:
        others = len(sight.known) > 1
        why = "no other venue can be used now" if others else "there is no other venue"
        return VenueChoice(HOUSE_BOOK, f"The house book: {why}.")
    best = sight.watched.single(wish.side, wish.quantity, wish.limit)
    if not best.quantity:
        return _waiting(sight, wish.side, venues.values())
    chosen = venues[best.legs[0].venue]
    rivals = [venue for venue in venues.values() if venue is not chosen]
    second = _among(sight, rivals).single(wish.side, wish.quantity, wish.limit)
    return VenueChoice(chosen.number, _why_now(wish, (chosen, best), second, venues))


def _among(sight: Sight, venues: Iterable[Venue]) -> ConsolidatedBook:
    """Some of the venues in a book of their own, as they stand; nobody is held against anybody, that was done."""
    book = ConsolidatedBook()
    for family, venue in enumerate(venues):
        facts, _ = sight.listed[venue.number]
        book.list_venue(facts, Care(family=family))
        if any(sight.book(venue.number)):
            book.update(venue.number, sight.at, *sight.book(venue.number))
    return book


def _waiting(sight: Sight, side: int, venues: Iterable[Venue]) -> VenueChoice:
    """Levels come by the price with fees, so that the first is of the nearest."""
    levels = sight.levels(BUY + SELL - side, 1)
    if not levels:
        outside = (venue for venue in venues if venue.kind in (LIT, AMM))
        chosen = next(outside, None)
        if chosen is None:
            return VenueChoice(HOUSE_BOOK, "The house book: nobody shows a price.")
        return VenueChoice(chosen.number, f"{chosen.name}: nobody shows a price, and others trade there.")
    facing = 1 if side == BUY else 0
    shown = [venue for venue in venues if sight.book(venue.number)[facing]]
    best = next(venue for venue in venues if venue.number == levels[0].venue)
    reason = "its price with fees is nearest to the limit" if len(shown) > 1 else "it alone shows a price"
    return VenueChoice(best.number, f"{_name(best)}: the order has to wait, and {reason}.")


def _why_now(wish: Wish, chosen: tuple[Venue, Decision], second: Decision, venues: dict[int, Venue]) -> str:
    venue, best = chosen
    part = "all of it" if best.quantity == wish.quantity else f"{best.quantity * 100 // wish.quantity} % of it"
    if second.quantity < best.quantity:
        more = "where most can be had" if len(venues) > 1 else "the only venue"
        return f"{_name(venue)}: {part} at once, {more}."
    rival = _name(venues[second.legs[0].venue])
    rival = rival.lower() if second.legs[0].venue == HOUSE_BOOK else rival
    if second.cost == best.cost:
        return f"{_name(venue)}: {part} at once, at the same price with fees as {rival}."
    gain = abs(second.cost - best.cost) * BPS * 100 // max(1, second.cost)
    return f"{_name(venue)}: {part} at once, {gain // 100}.{gain % 100:02} bps better with fees than at {rival}."


def _name(venue: Venue) -> str:
    return "The house book" if venue.number == HOUSE_BOOK else venue.name
