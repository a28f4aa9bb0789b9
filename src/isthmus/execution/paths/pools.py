"""Dark pools: which there are, what may be paid there, what past children say, and rounds of asking them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from isthmus.execution.estimators.kaplan_meier import greedy_split, optimistic_tail
from isthmus.execution.paths.ending import by_end
from isthmus.execution.paths.posting import fitting, on_tick, recallable, standing, touch
from isthmus.execution.paths.taking import other_side
from isthmus.execution.policy import DARK, Decision, Market, Parent, Pool, Ticket, Venue, Work, within
from isthmus.kernel.messages import GTC, IOC

UNITS = 64
"""Into so many units at most an order is cut for the greedy split."""
REMEMBERED = 1_000
"""Past dark children that are learnt from: older ones tell of another market."""
NS_PER_S = 1_000_000_000


class Rounds(msgspec.Struct, frozen=True, kw_only=True):
    """How pools are asked: `stand_s`, for how long a child stands in a pool (0: it is immediate), then `pause_s` until
    the next round.
    """

    stand_s: float
    pause_s: float

    @property
    def span_ns(self) -> int:
        """From the start of a round to that of the next."""
        return round((self.stand_s + self.pause_s) * NS_PER_S)


StandS = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
PauseS = Annotated[float, msgspec.Meta(ge=0.01, le=86_400)]


def dark_venues(market: Market) -> list[Venue]:
    """Pools where a child can go now, by number."""
    return sorted((venue for venue in market.venues() if venue.kind == DARK), key=lambda venue: venue.number)


def remembered(market: Market) -> Sequence[Pool]:
    """The latest past children in dark pools, oldest first."""
    return list(market.pools())[-REMEMBERED:]


def dark_price(parent: Parent, market: Market, venue: Venue) -> int:
    """The worst price in a pool: no worse than what lit venues show, nor than the limit; 0 if there is none."""
    shown = touch(market, other_side(parent.side))
    price = within(shown, parent) if shown is not None else parent.limit
    return on_tick(price, venue.tick, parent.buys)


def dark_round(work: Work, venues: Sequence[Venue], rounds: Rounds, now: int) -> Decision | None:
    """What there is to wait for before the next round; None when it can begin."""
    if work.live:
        return _asked(work, venues, rounds, now)
    began = max((child.placed_at for child in work.children), default=-rounds.span_ns)
    if now < began + rounds.span_ns and work.children:
        return Decision(wake=by_end(work, now, began + rounds.span_ns), why="Pauses before it asks the pools again.")
    if not venues:
        return Decision(
            wake=by_end(work, now, now + rounds.span_ns), why="No dark pool can be asked now: waits for one."
        )
    return None


def _asked(work: Work, venues: Sequence[Venue], rounds: Rounds, now: int) -> Decision:
    """While children are out: those that rest come back when their time is up or their pool is gone."""
    over = max(child.placed_at for child in work.live) + round(rounds.stand_s * NS_PER_S)
    there = {venue.number for venue in venues}
    resting = standing(work.children)
    old = resting if now >= over else [child for child in resting if child.venue not in there]
    if old:
        return Decision(cancel=recallable(old), wake=by_end(work, now), why="Asks the pools for it back.")
    return Decision(wake=by_end(work, now, over if resting else 0), why="The pools are being asked.")


def dark_sent(work: Work, tickets: tuple[Ticket, ...], rounds: Rounds, now: int) -> Decision:
    """A round as a decision; a round that nothing fits is tried again after a span."""
    if not tickets:
        return Decision(
            wake=by_end(work, now, now + rounds.span_ns), why="No pool takes so few lots at this price: waits."
        )
    wait = round(rounds.stand_s * NS_PER_S) or rounds.span_ns
    return Decision(place=tickets, wake=by_end(work, now, now + wait), why=tickets[0].why)


def dark_tickets(
    work: Work, market: Market, split: tuple[Sequence[Venue], Sequence[int]], rests: bool, why: str
) -> tuple[Ticket, ...]:
    """Children for a split (pools, lots of each) that rest or are immediate."""
    return tuple(
        Ticket(venue=venue.number, price=price, quantity=part, why=why, tif=GTC if rests else IOC)
        for venue, part in zip(*split, strict=True)
        if part > 0 and (price := dark_price(work.parent, market, venue)) > 0
    )


def greedy_lots(quantity: int, venues: Sequence[Venue], past: Sequence[Pool], needed: int) -> list[int]:
    """Lots to each pool by Kaplan-Meier tails and the greedy split; whole lots, nothing under a pool's minimum."""
    unit = max(1, -(-quantity // UNITS), *(venue.lot for venue in venues))
    units = quantity // unit
    tails = [optimistic_tail(_observed(past, venue, unit), max(1, units), needed) for venue in venues]
    return fitted(quantity, venues, [count * unit for count in greedy_split(units, tails)])


def fitted(quantity: int, venues: Sequence[Venue], split: Sequence[int]) -> list[int]:
    """A split as the pools can take it; what falls away goes to the pool that has most, if it can take it."""
    parts = [fitting(lots, venue) for lots, venue in zip(split, venues, strict=True)]
    if parts:
        most = max(range(len(parts)), key=lambda pool: (split[pool], -pool))
        parts[most] = fitting(parts[most] + quantity - sum(parts), venues[most])
    return parts


def told(venues: Sequence[Venue], lots: Sequence[int]) -> str:
    """A split in words, at most five pools of it."""
    parts = [f"{part} at {venue.name}" for venue, part in zip(venues, lots, strict=True) if part]
    return ", ".join(parts[:5]) + (f" and {len(parts) - 5} more." if len(parts) > 5 else ".")


def _observed(past: Sequence[Pool], venue: Venue, unit: int) -> list[tuple[int, int]]:
    """Units asked and given; a child that gave all its whole units is censored though a part of a unit was missing."""
    rows = [(row.asked // unit, row.filled // unit) for row in past if row.venue == venue.number]
    return [(asked, min(asked, given)) for asked, given in rows if asked > 0]
