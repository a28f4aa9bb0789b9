"""Taking what stands on the other side now, over all venues, by the best all-in price.

Every path that crosses the spread takes in this one way: the levels of all venues in order of their price with fees,
one immediate-or-cancel child a venue, each at the worst price that it is meant to pay there. What a child may be is
settled here too: never more than is free, never beyond the parent's limit or its share of traded volume, whole lots of
the venue and at least its minimum.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from isthmus.execution.policy import PPM, Level, Market, Parent, Ticket, Venue, Work, floor_lot
from isthmus.kernel.messages import BUY, IOC, SELL


def other_side(side: int) -> int:
    """The side that an order of this one trades with."""
    return SELL if side == BUY else BUY


def reaches(price: int, limit: int, side: int) -> bool:
    """Whether an order of the side with this limit may trade at the price."""
    return price <= limit if side == BUY else price >= limit


def tighter(parent: Parent, limit: int | None) -> int:
    """The parent's limit or the given one, whichever is the better price for its owner."""
    if limit is None:
        return parent.limit
    return min(limit, parent.limit) if parent.buys else max(limit, parent.limit)


def allowed(work: Work, market: Market) -> int:
    """Lots that may be placed now: what is free, and no more than the parent's cap leaves of the volume traded so far.

    What is filled and what works count against the cap, and the volume that a child itself will make is not counted in
    advance, so that the share never goes over it.
    """
    parent = work.parent
    if not parent.cap_ppm:
        return max(0, work.free)
    share = market.traded(parent.arrived_at) * parent.cap_ppm // PPM
    return max(0, min(work.free, share - work.filled - work.working))


def take(work: Work, market: Market, quantity: int, why: str, limit: int | None = None) -> tuple[Ticket, ...]:
    """Children that take the quantity at the least all-in cost: one a venue, immediate or cancel.

    `limit`: a price that they may not go beyond, if it is better than the parent's. Fewer lots come back than were
    asked for where the venues show fewer, where less is free, or where the parent's cap leaves less; none at all is an
    empty tuple.
    """
    parent = work.parent
    worst = tighter(parent, limit)
    wanted = min(quantity, allowed(work, market))
    venues = {venue.number: venue for venue in market.venues()}
    levels = [
        level
        for level in market.levels(other_side(parent.side))
        if level.venue in venues and reaches(level.price, worst, parent.side)
    ]
    shares = by_venue(levels, venues, wanted)
    return tuple(
        Ticket(venue=number, price=price, quantity=lots, tif=IOC, why=why) for number, (lots, price) in shares.items()
    )


def by_venue(levels: list[Level], venues: Mapping[int, Venue], wanted: int) -> dict[int, tuple[int, int]]:
    """Lots and the worst price by venue, levels in their order. A venue whose share is under its minimum is left out
    and its lots go on.
    """
    out: set[int] = set()
    while True:
        shares = _walk(levels, venues, wanted, out)
        small = {number for number, (lots, _) in shares.items() if lots < venues[number].minimum}
        if not small:
            return shares
        # the one that comes last in the walk goes first: those before it may then reach their minimum
        out.add([number for number in shares if number in small][-1])


def _walk(
    levels: list[Level], venues: Mapping[int, Venue], wanted: int, out: Collection[int]
) -> dict[int, tuple[int, int]]:
    shares: dict[int, tuple[int, int]] = {}
    shown: dict[int, int] = {}
    left = wanted
    for level in _usable(levels, out):
        if left <= 0:
            break
        before = shares[level.venue][0] if level.venue in shares else 0
        # lots of a venue are whole over its levels together, not level by level
        shown[level.venue] = shown.get(level.venue, 0) + level.quantity
        after = floor_lot(min(shown[level.venue], before + left), venues[level.venue].lot)
        if after > before:
            shares[level.venue] = (after, level.price)
            left -= after - before
    return shares


def _usable(levels: list[Level], out: Collection[int]) -> Iterator[Level]:
    return (level for level in levels if level.venue not in out and level.quantity > 0)
