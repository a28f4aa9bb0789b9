"""12 SNIPER: unseen until price and size are there, then at once.

Source: practice; Johnson, "Algorithmic Trading and DMA" (2010), chapter 5, opportunistic and seeking algorithms.
Nothing of it rests anywhere. It wakes when the other side reaches the trigger, and fires immediate-or-cancel children
over all venues when at least the size that it waits for stands at the trigger or better.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.paths.ending import Rest, by_end, ending
from isthmus.execution.paths.posting import retake_at
from isthmus.execution.paths.taking import allowed, other_side, reaches, take, tighter
from isthmus.execution.policy import PPM, Decision, Market, Path, Work

BPS = 10_000
LEVELS_MOST = 1_000


class SniperParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The trigger is the parent's limit, or if that is better the middle at arrival + `within_bps` (negative: better
    than it). `size_ppm`: the share of what is left that must stand there, and `size_lots`: so many lots at least.
    """

    within_bps: Annotated[float, msgspec.Meta(ge=-10_000, le=10_000)] = 0.0
    size_ppm: Annotated[int, msgspec.Meta(ge=0, le=PPM)] = 250_000
    size_lots: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000_000)] = 1
    rest: Rest = "take"


def decide(work: Work, market: Market, parameters: SniperParameters, now: int) -> Decision:
    """Waits or fires."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    if work.live:
        return Decision(wake=by_end(work, now), why="Fired: waits for what the venues answer.")
    at = trigger(work, parameters)
    again = retake_at(work.children)
    if now < again:
        return Decision(wake=by_end(work, now, again), why="Lets the books show what was taken.")
    seen, wanted = lots_within(work, market, at), min(work.left, max(size_of(work, parameters), parameters.size_lots))
    if seen < wanted:
        nobody = f"Hides: {seen} of the {wanted} lots that it waits for stand at {at} or better."
        return Decision(wake=by_end(work, now, price=0 if seen else at, book=seen > 0), why=nobody)
    why = f"Snipes: {seen} lots stand at {at} or better, {wanted} were waited for."
    tickets = take(work, market, allowed(work, market), why, at)
    return Decision(place=tickets, wake=by_end(work, now, book=True), why=why)


def trigger(work: Work, parameters: SniperParameters) -> int:
    """The worst price that it fires at."""
    parent = work.parent
    if not parent.arrival_x2:
        return parent.limit
    moved = parent.arrival_x2 / 2 * (1 + parent.sign * parameters.within_bps / BPS)
    return tighter(parent, int(moved) if parent.buys else -int(-moved))


def size_of(work: Work, parameters: SniperParameters) -> int:
    """The share of what is left that must be there, rounded up."""
    return -(-work.left * parameters.size_ppm // PPM)


def lots_within(work: Work, market: Market, price: int) -> int:
    """Lots that the other side shows at this price or better, over all venues."""
    side = work.parent.side
    levels = market.levels(other_side(side), LEVELS_MOST)
    return sum(level.quantity for level in levels if reaches(level.price, price, side))


SNIPER = Path(
    number=12,
    name="SNIPER",
    title="Sniper: unseen until price and size are there",
    source="Johnson, Algorithmic Trading and DMA, 2010",
    parameters=SniperParameters,
    decide=decide,
    measured_on="tape",
)
