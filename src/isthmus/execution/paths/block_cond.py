"""8 BLOCK_COND: a block offered conditionally in dark pools, firmed up when somebody is there.

Sources: conditional orders and firm-up of block-discovery venues (rule books of Cboe BIDS and Liquidnet; large in
scale under MiFID II article 4(1)(c) of RTS 1); what the house does with them: docs/reference/dark-and-negotiated.md,
"Conditional orders". A conditional child (REQUEST) is shown to nobody, holds nothing and never trades. When it is
invited, a firm child (RESPONSE) for what it stands for answers, with a minimum so that no sliver of it trades alone.

Outside pools take plain orders only. They are asked one after the other, the one that was asked longest ago first, with
a fill-or-kill child of the block: it trades whole or not at all, and says nothing of itself if it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from isthmus.execution.paths.ending import Rest, by_end, ending
from isthmus.execution.paths.pools import dark_price, dark_venues
from isthmus.execution.paths.posting import fitting, recallable, standing
from isthmus.execution.paths.taking import allowed
from isthmus.execution.policy import PPM, Child, Decision, Market, Path, Ticket, Venue, Work, floor_lot
from isthmus.kernel.messages import FOK, GTC, HOUSE_BOOK, REQUEST, RESPONSE

NS_PER_S = 1_000_000_000


class BlockCondParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`block_ppm`: the least share of what is left that may trade at once. `firm_s`: how long a firm child stands.
    `again_s`: between two indications. `outside`: ask outside pools, too.
    """

    block_ppm: Annotated[int, msgspec.Meta(ge=1, le=PPM)] = 250_000
    firm_s: Annotated[float, msgspec.Meta(ge=0.01, le=3_600)] = 2.0
    again_s: Annotated[float, msgspec.Meta(ge=0.1, le=86_400)] = 5.0
    outside: bool = True
    rest: Rest = "take"


def decide(work: Work, market: Market, parameters: BlockCondParameters, now: int) -> Decision:
    """Firms up what is invited, takes back what stood firm too long, indicates again."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    venues = {venue.number: venue for venue in dark_venues(market)}
    if answers := _answers(work, market, parameters, (venues, now)):
        return Decision(place=answers, wake=by_end(work, now, now + _span(parameters.firm_s)), why=answers[0].why)
    old = [child for child in standing(work.children) if _is_over(child, parameters, now) or child.venue not in venues]
    if old:
        return Decision(
            cancel=recallable(old), wake=by_end(work, now), why="The firm order found too little, or the pool went."
        )
    if work.live:
        firm = [child.placed_at + _span(parameters.firm_s) for child in work.live if child.kind == RESPONSE]
        return Decision(
            wake=by_end(work, now, min(firm, default=0)), why="The block is indicated: waits for an invitation."
        )
    again = max((child.ended_at for child in work.children), default=-_span(parameters.again_s)) + _span(
        parameters.again_s
    )
    if work.children and now < again:
        return Decision(wake=by_end(work, now, again), why="Pauses before it indicates again.")
    ticket = _indication(work, market, parameters, list(venues.values()))
    if ticket is None:
        wake = by_end(work, now, now + _span(parameters.again_s))
        return Decision(wake=wake, why="No dark pool takes the block now: waits for one.")
    return Decision(place=(ticket,), wake=by_end(work, now, now + _span(parameters.again_s)), why=ticket.why)


def _answers(
    work: Work, market: Market, parameters: BlockCondParameters, told: tuple[dict[int, Venue], int]
) -> tuple[Ticket, ...]:
    """Firm children for what is invited and not answered yet."""
    venues, now = told
    answered = {child.venue for child in work.live if child.kind == RESPONSE}
    return tuple(
        Ticket(
            venue=child.venue,
            price=price,
            quantity=child.left,
            min_quantity=_minimum(child.left, parameters, venues[child.venue]),
            kind=RESPONSE,
            tif=GTC,
            request=child.order,
            why=f"Firms up {child.left} lots at {venues[child.venue].name}, which somebody can trade with.",
        )
        for child in work.live
        if child.kind == REQUEST
        and child.status != "cancelling"
        and child.venue in venues
        and child.venue not in answered
        and market.invited(child.order) > now
        and (price := dark_price(work.parent, market, venues[child.venue])) > 0
    )


def _indication(work: Work, market: Market, parameters: BlockCondParameters, venues: Sequence[Venue]) -> Ticket | None:
    """A conditional child at the house's pool, else a fill-or-kill block at the outside pool asked longest ago."""
    outside = [venue for venue in venues if venue.number != HOUSE_BOOK and parameters.outside]
    last = {child.venue: place for place, child in enumerate(work.children, 1)}
    outside.sort(key=lambda venue: (last.get(venue.number, 0), venue.number))
    for venue in [venue for venue in venues if venue.number == HOUSE_BOOK] + outside:
        lots, price = fitting(allowed(work, market), venue), dark_price(work.parent, market, venue)
        if lots and price > 0:
            return _ticket(venue, lots, price, parameters)
    return None


def _ticket(venue: Venue, lots: int, price: int, parameters: BlockCondParameters) -> Ticket:
    if venue.number == HOUSE_BOOK:
        return Ticket(
            venue=venue.number,
            price=price,
            quantity=lots,
            min_quantity=_minimum(lots, parameters, venue),
            kind=REQUEST,
            tif=GTC,
            why=f"Indicates {lots} lots conditionally at {venue.name}.",
        )
    block = max(_minimum(lots, parameters, venue), fitting(venue.minimum, venue))
    return Ticket(
        venue=venue.number,
        price=price,
        quantity=block,
        tif=FOK,
        why=f"Asks {venue.name} for a block of {block} of {lots} lots, whole or not at all.",
    )


def _minimum(lots: int, parameters: BlockCondParameters, venue: Venue) -> int:
    """The least that may trade at once: a share of it, in whole lots, at least one."""
    return min(lots, max(venue.lot, floor_lot(lots * parameters.block_ppm // PPM, venue.lot)))


def _is_over(child: Child, parameters: BlockCondParameters, now: int) -> bool:
    return child.kind == RESPONSE and now >= child.placed_at + _span(parameters.firm_s)


def _span(seconds: float) -> int:
    return round(seconds * NS_PER_S)


BLOCK_COND = Path(
    number=8,
    name="BLOCK_COND",
    title="Block: indicated conditionally in dark pools, firmed up on invitation",
    source="Conditional order and firm-up rules of block-discovery venues; MiFID II large in scale",
    parameters=BlockCondParameters,
    decide=decide,
    measured_on="simulator",
)
