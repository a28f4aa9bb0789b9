"""1 SWEEP: at once from every venue through the limit.

Sources: Regulation NMS, rule 600(b) (intermarket sweep order) and rule 611(b)(5), (6): an order may trade through a
better displayed price only if orders for the full size of every such quotation go out at the same time. Levels are
ranked by their all-in price; since the rule goes by the plain price, with `protect` the top of every venue whose plain
price is better than the worst one paid is swept first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from isthmus.execution.paths.ending import by_end
from isthmus.execution.paths.posting import RETAKE_NS, beyond, last_taken, other
from isthmus.execution.policy import Decision, Level, Market, Parent, Path, Ticket, Venue, Work, floor_lot

LEVELS_MOST = 1_000
NS_PER_MS = 1_000_000


class SweepParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`protect`: no better displayed price is traded through. `then`: with what the books did not have, wait for more
    or cancel it. `pause_ms`: between two waves, so that the books show what the last one took.
    """

    protect: bool = True
    then: Literal["wait", "cancel"] = "wait"
    pause_ms: Annotated[int, msgspec.Meta(ge=RETAKE_NS // NS_PER_MS, le=600_000)] = 100


def decide(work: Work, market: Market, parameters: SweepParameters, now: int) -> Decision:
    """One wave of children after the other; while one is out nothing more is sent."""
    if work.live:
        return Decision(wake=by_end(work), why="Waits for what the venues answer.")
    if work.children and parameters.then == "cancel":
        return Decision(finished=True, why=f"Swept once: {work.left} lots were not to be had within the limit.")
    if work.parent.until and now >= work.parent.until and work.children:
        return Decision(finished=True, why=f"The time is up: {work.left} lots were not to be had within the limit.")
    again = last_taken(work.children) + parameters.pause_ms * NS_PER_MS
    if now < again:
        return Decision(wake=by_end(work, again), why="Lets the books show what the last wave took.")
    tickets = sweep(work.parent, market, work.free, parameters.protect)
    if not tickets:
        finished = parameters.then == "cancel"
        why = "Nothing is shown within the limit" + (": ends." if finished else ": waits.")
        return Decision(wake=by_end(work, book=True), why=why, finished=finished)
    lots = sum(ticket.quantity for ticket in tickets)
    return Decision(
        place=tickets,
        wake=by_end(work, book=True),
        why=f"Sweeps {lots} of {work.free} lots from {len(tickets)} venues at once.",
    )


def sweep(parent: Parent, market: Market, quantity: int, protect: bool) -> tuple[Ticket, ...]:
    """Immediate children, one a venue, that together take so many lots through the limit."""
    venues = {venue.number: venue for venue in market.venues()}
    while True:
        levels = [
            level
            for level in market.levels(other(parent.side), LEVELS_MOST)
            if level.venue in venues and not beyond(level.price, parent)
        ]
        chosen = _chosen(levels, quantity, venues)
        if protect and chosen:
            chosen = _chosen(_protecting(parent, levels, chosen), quantity, venues)
        short = {number for number, part in _by_venue(chosen).items() if part < venues[number].minimum}
        if not short:
            return tuple(_ticket(parent, chosen, number) for number in _by_venue(chosen))
        for number in short:
            del venues[number]


def _chosen(levels: Sequence[Level], quantity: int, venues: dict[int, Venue]) -> list[Level]:
    """The levels in their order until the quantity is reached, each cut to what is taken of it."""
    chosen, rest = [], quantity
    for level in levels:
        taken = floor_lot(min(rest, level.quantity), venues[level.venue].lot)
        if taken > 0:
            chosen.append(level._replace(quantity=taken))
            rest -= taken
        if rest <= 0:
            break
    return chosen


def _protecting(parent: Parent, levels: Sequence[Level], chosen: Sequence[Level]) -> list[Level]:
    """The levels again, those first that the worst chosen price would trade through: the top of each venue."""
    worst = max(level.price * parent.sign for level in chosen)
    tops: dict[int, Level] = {}
    for level in levels:
        tops.setdefault(level.venue, level)
    protected = [level for level in tops.values() if level.price * parent.sign < worst]
    protected.sort(key=lambda level: (level.price * parent.sign, level.all_in * parent.sign))
    return [*protected, *(level for level in levels if level not in protected)]


def _by_venue(chosen: Sequence[Level]) -> dict[int, int]:
    lots: dict[int, int] = {}
    for level in chosen:
        lots[level.venue] = lots.get(level.venue, 0) + level.quantity
    return lots


def _ticket(parent: Parent, chosen: Sequence[Level], number: int) -> Ticket:
    own = [level for level in chosen if level.venue == number]
    worst = max(own, key=lambda level: level.price * parent.sign).price
    lots = sum(level.quantity for level in own)
    return Ticket(
        venue=number,
        price=worst,
        quantity=lots,
        why=f"Sweep (ISO): {lots} lots of {len(own)} levels here, sent together with the other venues.",
    )


SWEEP = Path(
    number=1,
    name="SWEEP",
    title="Sweep: at once from every venue through the limit, best all-in price first",
    source="Regulation NMS, rules 600 and 611 (intermarket sweep orders)",
    parameters=SweepParameters,
    decide=decide,
    measured_on="tape",
)
