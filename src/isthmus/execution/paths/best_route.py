"""2 BEST_ROUTE: one venue at a time, each time where the next lot is cheapest all in.

Sources: FINRA rule 5310 (best execution: price, size, speed, cost, likelihood of execution) and SEC rule 606 (routing).
A venue's price is its best price with its taker fee or rebate, plus what the price moves by on the way there: latency
costs weight x volatility x sqrt(latency), one standard deviation of the price over that time (the volatility of a
diffusion grows with the root of time). A venue that gave less than it showed is left alone for a while.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import msgspec

from isthmus.execution.paths.ending import Rest, by_end, ending
from isthmus.execution.paths.posting import fitting
from isthmus.execution.paths.taking import allowed, other_side, reaches
from isthmus.execution.policy import PPM, Decision, Level, Market, Parent, Path, Ticket, Venue, Work

LEVELS_MOST = 1_000
NS_PER_MS, NS_PER_S = 1_000_000, 1_000_000_000


class BestRouteParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`latency_weight`: standard deviations of the price that the way to a venue counts as. `avoid_ms`: for how long a
    venue that gave less than it showed is left alone. `rest`: see `ending`.
    """

    latency_weight: Annotated[float, msgspec.Meta(ge=0, le=10)] = 1.0
    avoid_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 1_000
    rest: Rest = "take"


def decide(work: Work, market: Market, parameters: BestRouteParameters, now: int) -> Decision:
    """One child, then its answer, then the next."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    if work.live:
        return Decision(wake=by_end(work, now), why="Waits for the venue's answer before it asks the next.")
    shy = _let_down(work, now - parameters.avoid_ms * NS_PER_MS)
    ranked = ranked_levels(work.parent, market, parameters.latency_weight, set(shy))
    ticket = _first_venue(ranked, {venue.number: venue for venue in market.venues()}, allowed(work, market))
    if ticket is None:
        again = min(shy.values(), default=0) + parameters.avoid_ms * NS_PER_MS if shy else 0
        return Decision(wake=by_end(work, now, again, book=True), why="Nothing is shown within the limit: waits.")
    return Decision(place=(ticket,), wake=by_end(work, now, book=True), why=ticket.why)


def latency_cost(venue: Venue, volatility: float, weight: float) -> int:
    """What the way to the venue costs, in millionths of a price step."""
    return round(weight * volatility * math.sqrt(venue.latency_ns / NS_PER_S) * PPM)


def ranked_levels(parent: Parent, market: Market, weight: float, shy: set[int]) -> list[Level]:
    """Levels within the limit at venues that are not avoided, the cheapest first; `all_in` counts latency, too."""
    volatility = market.volatility()
    ways = {
        venue.number: latency_cost(venue, volatility, weight) for venue in market.venues() if venue.number not in shy
    }
    found = [
        level._replace(all_in=level.all_in + parent.sign * ways[level.venue])
        for level in market.levels(other_side(parent.side), LEVELS_MOST)
        if level.venue in ways and reaches(level.price, parent.limit, parent.side)
    ]
    return sorted(found, key=lambda level: (level.all_in * parent.sign, level.venue))


def _let_down(work: Work, since: int) -> dict[int, int]:
    """Venues whose last child gave less than was asked, and when, if that was after `since`."""
    last = {child.venue: child for child in work.children}
    return {
        number: child.ended_at
        for number, child in last.items()
        if not child.lives and child.filled < child.quantity and child.ended_at > since
    }


def _first_venue(ranked: Sequence[Level], venues: dict[int, Venue], most: int) -> Ticket | None:
    """The best venue's levels until another's is better; the next venue if that is under its lot or minimum."""
    passed: set[int] = set()
    while levels := [level for level in ranked if level.venue not in passed]:
        number = levels[0].venue
        own = _run(levels, number)
        lots = fitting(min(most, sum(level.quantity for level in own)), venues[number])
        if lots > 0:
            return _ticket(own, lots, (venues[number], levels))
        passed.add(number)
    return None


def _run(levels: Sequence[Level], number: int) -> list[Level]:
    """The leading levels of one venue."""
    end = next((place for place, level in enumerate(levels) if level.venue != number), len(levels))
    return list(levels[:end])


def _ticket(own: Sequence[Level], lots: int, told: tuple[Venue, Sequence[Level]]) -> Ticket:
    venue, levels = told
    reached, price = 0, own[0].price
    for level in own:
        if reached >= lots:
            break
        reached, price = reached + level.quantity, level.price
    second = next((level for level in levels if level.venue != venue.number), None)
    gain = "it alone shows a price within the limit"
    if second is not None:
        ahead = abs(second.all_in - own[0].all_in) * 10_000 / max(1, abs(second.all_in))
        gain = f"{ahead:.2f} bps ahead of the next venue with fees and latency"
    return Ticket(venue=venue.number, price=price, quantity=lots, why=f"Best route: {venue.name} first, {gain}.")


BEST_ROUTE = Path(
    number=2,
    name="BEST_ROUTE",
    title="Best route: one venue at a time, best all-in price with latency first",
    source="FINRA rule 5310; SEC rule 606",
    parameters=BestRouteParameters,
    decide=decide,
    measured_on="tape",
)
