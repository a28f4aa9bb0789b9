"""7 LIQ_SEEK: dark first with all that is left, lit at the pace that the wait justifies.

Source: Kratz, Schoeneborn 2014 (`estimators.dark_liquidation`). At first everything stands in the pools; then in every
slot a slice is taken lit and the whole rest stands in the pools. The slice follows their optimal pace: slow while the
pools fill often, like Almgren-Chriss where they never do. How often they fill is learnt from past dark children.

Departure: with several pools the dark order is divided (Kaplan-Meier, as DARK_KM), since what stands in two pools could
fill twice.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.estimators.dark_liquidation import arrival_rate, undone, urgency
from isthmus.execution.paths.ending import Rest, by_end, ending
from isthmus.execution.paths.pools import dark_tickets, dark_venues, greedy_lots, remembered, told
from isthmus.execution.paths.posting import recallable, standing
from isthmus.execution.paths.taking import allowed, take
from isthmus.execution.policy import Decision, Market, Path, Ticket, Work
from isthmus.kernel.messages import FOK, IOC

NS_PER_S = 1_000_000_000


class LiqSeekParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`slot_s`: how long a dark order stands. `dark_first_s`: before that nothing is taken lit. `horizon_s`: the time
    of a parent without `until`. `prior`: the share of a dark order that fills in a slot as long as nothing is known.
    `risk`: aversion to the price's variance, by price step and lot (Almgren, Chriss).
    """

    slot_s: Annotated[float, msgspec.Meta(ge=0.1, le=86_400)] = 10.0
    dark_first_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 20.0
    horizon_s: Annotated[float, msgspec.Meta(ge=1, le=864_000)] = 600.0
    prior: Annotated[float, msgspec.Meta(ge=0, le=0.99)] = 0.1
    risk: Annotated[float, msgspec.Meta(ge=0, le=1_000)] = 1e-6
    needed: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 3
    rest: Rest = "take"


def decide(work: Work, market: Market, parameters: LiqSeekParameters, now: int) -> Decision:
    """At the start of each slot: dark children back, then the lit slice and the new dark order."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    span = round(parameters.slot_s * NS_PER_S)
    start = work.parent.arrived_at + (now - work.parent.arrived_at) // span * span
    wake = by_end(work, now, start + span)
    there = {venue.number for venue in market.venues()}
    old = [child for child in standing(work.children) if child.placed_at < start or child.venue not in there]
    if old:
        return Decision(cancel=recallable(old), wake=wake, why="The slot is over: the dark order comes back.")
    placed = [child for child in work.children if child.placed_at >= start]
    if any(child.lives for child in placed):
        return Decision(wake=wake, why="The dark order stands.")
    slice_lots = 0 if any(child.tif in (IOC, FOK) for child in placed) else lit_lots(work, market, parameters, start)
    lit = take(work, market, slice_lots, f"Lit pace: {slice_lots} of {work.left} lots in this slot.")
    dark = () if any(child.tif not in (IOC, FOK) for child in placed) else _dark(work, market, parameters, lit)
    if not lit and not dark:
        return Decision(wake=wake, why="Nothing to place in this slot.")
    return Decision(place=(*lit, *dark), wake=wake, why=(lit or dark)[0].why)


def lit_lots(work: Work, market: Market, parameters: LiqSeekParameters, start: int) -> int:
    """The slice of the slot: what is left x (1 - x(end) / x(start)) of the optimal course."""
    begin = work.parent.arrived_at + round(parameters.dark_first_s * NS_PER_S)
    end = work.parent.until or work.parent.arrived_at + round(parameters.horizon_s * NS_PER_S)
    if start < begin < end and dark_venues(market):
        return 0
    left = max(0.0, (end - start) / NS_PER_S)
    theta = dark_rate(market, parameters)
    kappa = urgency(parameters.risk, market.volatility(), market.impact()[1])
    return round(work.left * (1 - undone(left - parameters.slot_s, left, theta, kappa)))


def dark_rate(market: Market, parameters: LiqSeekParameters) -> float:
    """How often the pools fill a dark order, a second."""
    numbers = {venue.number for venue in dark_venues(market)}
    if not numbers:
        return 0.0
    past = [row for row in remembered(market) if row.venue in numbers]
    asked, given = sum(row.asked for row in past), sum(row.filled for row in past)
    return arrival_rate(asked, given, parameters.slot_s, parameters.prior)


def _dark(work: Work, market: Market, parameters: LiqSeekParameters, lit: tuple[Ticket, ...]) -> tuple[Ticket, ...]:
    """The whole rest in the pools."""
    venues = dark_venues(market)
    rest = allowed(work, market) - sum(ticket.quantity for ticket in lit)
    if not venues or rest <= 0:
        return ()
    lots = greedy_lots(rest, venues, remembered(market), parameters.needed)
    return dark_tickets(work, market, (venues, lots), True, f"The rest stands dark: {told(venues, lots)}")


LIQ_SEEK = Path(
    number=7,
    name="LIQ_SEEK",
    title="Liquidity seeking: dark first with all that is left, lit at the pace that the wait justifies",
    source="Kratz, Schoeneborn, Quantitative Finance 14(9) 2014, arXiv 1201.6130",
    parameters=LiqSeekParameters,
    decide=decide,
    measured_on="simulator",
)
