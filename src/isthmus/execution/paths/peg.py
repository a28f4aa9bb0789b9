"""10 PEG: stand at an offset from the best price and follow it, up to a cap, with discretion.

Sources: FIX tags 211 PegOffsetValue, 835-838 (PegMoveType, PegOffsetType, PegLimitType, PegRoundDirection), 388
DiscretionInst, 389 DiscretionOffsetValue. Primary: the own side's best price; market: the other side's. On the house
book the order follows by itself; at outside venues the path moves it. Discretion: while the other side shows a price
within so many ticks of where the child stands, it comes back and takes that price, so that the discretion is not seen.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from isthmus.execution.paths.ending import Rest, by_end, ending
from isthmus.execution.paths.posting import RETAKE_NS, fitting, home, keep, on_tick, others_best, retake_at, touch
from isthmus.execution.paths.taking import allowed, other_side, reaches, take, tighter
from isthmus.execution.policy import Decision, Market, Path, Ticket, Venue, Work, within
from isthmus.kernel.messages import GTC, HOUSE_BOOK, MARKET_PEG, POST_ONLY, PRIMARY
from isthmus.kernel.messages import PEG as PEG_KIND

BPS = 10_000


class PegParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`offset_ticks`: from the reference, positive is more aggressive. `cap_bps`: how far beyond the middle at arrival
    it follows at most, 0: as far as the limit. `discretion_ticks`: see above, 0: none. `behind_ticks`: how far the
    reference may move before a child at an outside venue follows.
    """

    venue: str = ""
    peg: Literal["primary", "market"] = "primary"
    offset_ticks: Annotated[int, msgspec.Meta(ge=-10_000, le=10_000)] = 0
    cap_bps: Annotated[float, msgspec.Meta(ge=0, le=10_000)] = 0.0
    discretion_ticks: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    behind_ticks: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    rest: Rest = "take"


def decide(work: Work, market: Market, parameters: PegParameters, now: int) -> Decision:
    """One pegged child; discretion before it."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    wake = by_end(work, now, book=True)
    venue = home(work, market, parameters.venue)
    price = None if venue is None else pegged_price(work, market, parameters, venue)
    if venue is None or price is None or price <= 0:
        return keep(work.children, None, wake, "There is no price to peg to: waits.")
    if (taken := _discretion(work, market, parameters, (venue, price, now))) is not None:
        return taken
    ticket = _ticket(work, market, parameters, (venue, price))
    return keep(work.children, ticket, wake, ticket.why)


def cap(work: Work, parameters: PegParameters) -> int:
    """The worst price that the peg follows to."""
    parent = work.parent
    if not parameters.cap_bps or not parent.arrival_x2:
        return parent.limit
    middle = parent.arrival_x2 / 2
    return tighter(parent, round(middle * (1 + parent.sign * parameters.cap_bps / BPS)))


def pegged_price(work: Work, market: Market, parameters: PegParameters, venue: Venue) -> int | None:
    """Reference + offset, not beyond the cap, on the tick."""
    parent = work.parent
    side = parent.side if parameters.peg == "primary" else other_side(parent.side)
    best = others_best(work.children, market, venue.number, side)
    if best is None:
        return None
    price = best[0] + parent.sign * parameters.offset_ticks * venue.tick
    worst = cap(work, parameters)
    capped = min(price, worst) if parent.buys else max(price, worst)
    return on_tick(within(capped, parent), venue.tick, parent.buys)


def _discretion(work: Work, market: Market, parameters: PegParameters, told: tuple[Venue, int, int]) -> Decision | None:
    """Takes what the other side shows within the discretion; None when there is nothing."""
    venue, price, now = told
    if not parameters.discretion_ticks:
        return None
    parent = work.parent
    reach = tighter(parent, price + parent.sign * parameters.discretion_ticks * venue.tick)
    shown = touch(market, other_side(parent.side))
    if shown is None or not reaches(shown, reach, parent.side) or now < retake_at(work.children):
        return None
    why = f"Discretion: the other side is within {parameters.discretion_ticks} ticks."
    if work.live:
        return keep(work.children, None, by_end(work, now, book=True), why)
    tickets = take(work, market, work.free, why, reach)
    return Decision(place=tickets, wake=by_end(work, now, now + RETAKE_NS, book=True), why=why) if tickets else None


def _ticket(work: Work, market: Market, parameters: PegParameters, told: tuple[Venue, int]) -> Ticket:
    venue, price = told
    parent, lots = work.parent, fitting(allowed(work, market), venue)
    why = f"Pegged to the {parameters.peg} price at {venue.name}, {parameters.offset_ticks:+d} ticks."
    if venue.number == HOUSE_BOOK:
        return Ticket(
            venue=venue.number,
            price=on_tick(cap(work, parameters), venue.tick, parent.buys),
            quantity=lots,
            kind=PEG_KIND,
            peg=PRIMARY if parameters.peg == "primary" else MARKET_PEG,
            offset=parent.sign * parameters.offset_ticks * venue.tick,
            tif=GTC,
            why=why,
        )
    stands = [child.price for child in work.live if child.venue == venue.number and child.tif == GTC]
    near = parameters.behind_ticks * venue.tick
    if stands and 0 <= (price - stands[0]) * parent.sign <= near:
        price = stands[0]
    far = market.best(venue.number, other_side(parent.side))
    crosses = far is not None and reaches(far[0], price, parent.side)
    return Ticket(venue=venue.number, price=price, quantity=lots, tif=GTC, flags=0 if crosses else POST_ONLY, why=why)


PEG = Path(
    number=10,
    name="PEG",
    title="Peg: at an offset from the best price, with a cap and discretion",
    source="FIX tags 211, 835-838, 388, 389",
    parameters=PegParameters,
    decide=decide,
    measured_on="tape",
)
