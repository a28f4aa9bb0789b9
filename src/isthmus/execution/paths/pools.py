"""Dark pools: which there are, what price may be paid there, what past children say of them."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.execution.estimators.kaplan_meier import greedy_split, optimistic_tail
from isthmus.execution.paths.posting import fitting, on_tick, other, touch
from isthmus.execution.policy import DARK, Market, Parent, Pool, Ticket, Venue, Work, within
from isthmus.kernel.messages import GTC, IOC

UNITS = 64
"""Into so many units at most an order is cut for the greedy split."""


def dark_venues(market: Market) -> list[Venue]:
    """Pools where a child can go now, by number."""
    return sorted((venue for venue in market.venues() if venue.kind == DARK), key=lambda venue: venue.number)


def dark_price(parent: Parent, market: Market, venue: Venue) -> int:
    """The worst price in a pool: no worse than what lit venues show, nor than the limit; 0 if there is none."""
    shown = touch(market, other(parent.side))
    price = within(shown, parent) if shown is not None else parent.limit
    return on_tick(price, venue.tick, parent.buys)


def greedy_lots(quantity: int, venues: Sequence[Venue], past: Sequence[Pool], needed: int) -> list[int]:
    """Lots to each pool by Kaplan-Meier tails and the greedy split; whole lots, nothing under a pool's minimum."""
    unit = max(-(-quantity // UNITS), *(venue.lot for venue in venues))
    units = quantity // unit
    tails = [optimistic_tail(_observed(past, venue, unit), max(1, units), needed) for venue in venues]
    split = [count * unit for count in greedy_split(units, tails)]
    return fitted(quantity, venues, split)


def fitted(quantity: int, venues: Sequence[Venue], split: Sequence[int]) -> list[int]:
    """A split as the pools can take it; what falls away goes to the pool that has most, if it can take it."""
    parts = [fitting(lots, venue) for lots, venue in zip(split, venues, strict=True)]
    if not parts:
        return parts
    most = max(range(len(parts)), key=lambda pool: (split[pool], -pool))
    parts[most] = fitting(parts[most] + quantity - sum(parts), venues[most])
    return parts


def dark_tickets(work: Work, market: Market, venues: Sequence[Venue], lots: Sequence[int], terms: tuple[bool, str]) -> (
    tuple[Ticket, ...]
):
    """Children for a split. `terms`: whether they rest, and why they are sent."""
    rests, why = terms
    return tuple(
        Ticket(venue=venue.number, price=price, quantity=part, why=why, tif=GTC if rests else IOC)
        for venue, part in zip(venues, lots, strict=True)
        if part > 0 and (price := dark_price(work.parent, market, venue)) > 0
    )


def _observed(past: Sequence[Pool], venue: Venue, unit: int) -> list[tuple[int, int]]:
    """Units asked and given; a child that gave all its whole units is censored though a part of a unit was missing."""
    rows = [(row.asked // unit, row.filled // unit) for row in past if row.venue == venue.number]
    return [(asked, min(asked, given)) for asked, given in rows if asked > 0]
