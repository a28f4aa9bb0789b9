"""9 MID_PEG: rest at the middle, with a least size and a guard of the improvement.

Sources: FIX PegInstructions (PegPriceType 2, ExecInst M "mid-price peg"), MinQty (110). In a dark pool, else on the
displayed venue with the best price. On the house book the order itself follows the middle (a peg of kind mid, with a
minimum quantity); at outside venues, which take plain limits, the path moves it. The guard: it rests only while a fill
at the middle is better than taking by `improvement_bps` at least, so that a locked or one-tick market is not paid for
with a wait.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.paths.ending import Rest, by_end, ending
from isthmus.execution.paths.pools import dark_venues
from isthmus.execution.paths.posting import fitting, home, keep, on_tick, standing, touch
from isthmus.execution.paths.taking import allowed, other_side
from isthmus.execution.policy import DARK, Decision, Market, Parent, Path, Ticket, Venue, Work, floor_lot, within
from isthmus.kernel.messages import GTC, HOUSE_BOOK, MID, PEG, POST_ONLY

BPS = 10_000


class MidPegParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`venue`: where, by name; empty: a dark pool, else the best displayed venue. `min_lots`: the least execution, on
    the house book. `improvement_bps`: the guard.
    """

    venue: str = ""
    min_lots: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000_000)] = 0
    improvement_bps: Annotated[float, msgspec.Meta(ge=0, le=1_000)] = 0.0
    rest: Rest = "take"


def decide(work: Work, market: Market, parameters: MidPegParameters, now: int) -> Decision:
    """One resting child at the middle."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    wake = by_end(work, now, book=True)
    venue, middle_x2 = _venue(work, market, parameters.venue), market.middle_x2()
    if venue is None or middle_x2 is None:
        return keep(work.children, None, wake, "There is no middle to rest at, or no venue: waits.")
    gained = improvement(work.parent, market, middle_x2)
    if gained < parameters.improvement_bps:
        why = f"The middle is only {gained:.2f} bps better than taking: waits."
        return keep(work.children, None, wake, why)
    ticket = _ticket(work, parameters, (venue, fitting(allowed(work, market), venue)), middle_x2)
    if ticket.price <= 0:
        return keep(work.children, None, wake, "The middle is under the least price: waits.")
    return keep(
        work.children, ticket, wake, f"Rests at the middle at {venue.name}, {gained:.2f} bps better than taking."
    )


def improvement(parent: Parent, market: Market, middle_x2: int) -> float:
    """By how much a fill at the middle is better than the best price of the other side, in basis points."""
    shown = touch(market, other_side(parent.side))
    if shown is None:
        return 0.0
    return (2 * shown - middle_x2) * parent.sign * BPS / middle_x2


def middle_for(parent: Parent, middle_x2: int, tick: int) -> int:
    """The middle on the tick, rounded away from the other side, and within the limit."""
    plain = middle_x2 // 2 if parent.buys else -(-middle_x2 // 2)
    return on_tick(within(plain, parent), tick, parent.buys)


def _ticket(work: Work, parameters: MidPegParameters, told: tuple[Venue, int], middle_x2: int) -> Ticket:
    venue, lots = told
    why = f"Rests at the middle at {venue.name}."
    if venue.number == HOUSE_BOOK:
        least = floor_lot(min(parameters.min_lots, lots), venue.lot)
        return Ticket(
            venue=venue.number,
            price=work.parent.limit,
            quantity=lots,
            min_quantity=least,
            kind=PEG,
            peg=MID,
            tif=GTC,
            why=why,
        )
    price = middle_for(work.parent, middle_x2, venue.tick)
    flags = 0 if venue.kind == DARK else POST_ONLY
    return Ticket(venue=venue.number, price=price, quantity=lots, tif=GTC, flags=flags, why=why)


def _venue(work: Work, market: Market, name: str) -> Venue | None:
    """The named venue; else the pool where a child stands, the pool that fills best, the best displayed venue."""
    if name:
        return home(work, market, name)
    here = {child.venue for child in standing(work.children)}
    pools = dark_venues(market)
    if pools:
        return min(pools, key=lambda venue: (venue.number not in here, -venue.fill_rate_ppm, venue.number))
    return home(work, market, "")


MID_PEG = Path(
    number=9,
    name="MID_PEG",
    title="Middle peg: rest at the midpoint with a least size",
    source="FIX PegInstructions, ExecInst M, MinQty",
    parameters=MidPegParameters,
    decide=decide,
    measured_on="simulator",
)
