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
from isthmus.execution.paths.posting import RETAKE_NS, retake_at
from isthmus.execution.paths.taking import allowed, by_venue, other_side, reaches
from isthmus.execution.policy import Decision, Level, Market, Path, Ticket, Work

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
        return Decision(wake=by_end(work, now), why="Waits for what the venues answer.")
    if work.children and parameters.then == "cancel":
        return Decision(finished=True, why=f"Swept once: {work.left} lots were not to be had within the limit.")
    if work.parent.until and now >= work.parent.until and work.children:
        return Decision(finished=True, why=f"The time is up: {work.left} lots were not to be had within the limit.")
    again = retake_at(work.children, parameters.pause_ms * NS_PER_MS)
    if now < again:
        return Decision(wake=by_end(work, now, again), why="Lets the books show what the last wave took.")
    tickets = sweep(work, market, parameters.protect)
    if not tickets:
        finished = parameters.then == "cancel"
        why = "Nothing is shown within the limit" + (": ends." if finished else ": waits.")
        return Decision(wake=by_end(work, now, book=True), why=why, finished=finished)
    lots = sum(ticket.quantity for ticket in tickets)
    places = "venue" if len(tickets) == 1 else "venues"
    return Decision(
        place=tickets,
        wake=by_end(work, now, book=True),
        why=f"Sweeps {lots} of {work.free} lots from {len(tickets)} {places} at once.",
    )


def sweep(work: Work, market: Market, protect: bool) -> tuple[Ticket, ...]:
    """Immediate children, one a venue, that together take what may be taken through the limit."""
    parent, wanted = work.parent, allowed(work, market)
    venues = {venue.number: venue for venue in market.venues()}
    levels = [
        level
        for level in market.levels(other_side(parent.side), LEVELS_MOST)
        if level.venue in venues and reaches(level.price, parent.limit, parent.side)
    ]
    shares = by_venue(levels, venues, wanted)
    if protect and shares:
        worst = max(price * parent.sign for _, price in shares.values())
        shares = by_venue(protected_first(levels, worst, parent.sign), venues, wanted)
    return tuple(
        Ticket(
            venue=number,
            price=price,
            quantity=lots,
            why=f"Sweep (ISO): {lots} lots at {venues[number].name}, sent together with the other venues.",
        )
        for number, (lots, price) in shares.items()
    )


def protected_first(levels: Sequence[Level], worst: int, sign: int) -> list[Level]:
    """The levels again, those first that a trade at the worst price (x sign) would trade through: the better tops of
    the venues, by plain price.
    """
    tops: dict[int, Level] = {}
    for level in levels:
        tops.setdefault(level.venue, level)
    better = [level for level in tops.values() if level.price * sign < worst]
    better.sort(key=lambda level: (level.price * sign, level.all_in * sign))
    return [*better, *(level for level in levels if level not in better)]


SWEEP = Path(
    number=1,
    name="SWEEP",
    title="Sweep: at once from every venue through the limit, best all-in price first",
    source="Regulation NMS, rules 600 and 611 (intermarket sweep orders)",
    parameters=SweepParameters,
    decide=decide,
    measured_on="tape",
)
