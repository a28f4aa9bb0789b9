"""Children that rest: where others stand, which of ours stand, and how one is kept where it should be."""

from __future__ import annotations

from isthmus.execution.policy import HOUSE, LIT, Child, Decision, Market, Ticket, Venue, Wake, Work, floor_lot
from isthmus.kernel.messages import BUY, FOK, IOC, PEG, REQUEST

LOOK_LEVELS = 200
"""Levels of the consolidated book in which one venue's own are looked for."""
RETAKE_NS = 100_000_000
"""What was taken is not taken for again before: a book needs that long to show it."""


def others_best(children: list[Child], market: Market, venue: int, side: int) -> tuple[int, int] | None:
    """Price and lots of the best level of a venue's side at which somebody else shows something; None without one.

    A level that shows exactly what we have there is ours alone. One that shows less does not show us at all, as books
    played from a recording do.
    """
    own: dict[int, int] = {}
    for child in children:
        if child.venue == venue and child.lives:
            own[child.price] = own.get(child.price, 0) + child.left
    best = market.best(venue, side)
    if best is None or own.get(best[0]) != best[1]:
        return best
    for level in market.levels(side, LOOK_LEVELS):
        if level.venue == venue and own.get(level.price) != level.quantity:
            return level.price, level.quantity
    return None


def touch(market: Market, side: int) -> int | None:
    """The best plain price of a side over all venues that show any."""
    prices = [best[0] for venue in market.venues() if (best := market.best(venue.number, side)) is not None]
    if not prices:
        return None
    return max(prices) if side == BUY else min(prices)


def on_tick(price: int, tick: int, buys: bool) -> int:
    """The nearest price on the tick that is not more aggressive; 0 when a buy has none."""
    return price // tick * tick if buys else -(-price // tick) * tick


def fitting(quantity: int, venue: Venue) -> int:
    """What of it can be placed at the venue: whole lots, nothing under its minimum."""
    lots = floor_lot(max(0, quantity), venue.lot)
    return lots if lots >= max(1, venue.minimum) else 0


def standing(children: list[Child]) -> list[Child]:
    """Live children that rest, in a book or as conditional orders."""
    return [child for child in children if child.lives and child.tif not in (IOC, FOK)]


def recallable(children: list[Child]) -> tuple[int, ...]:
    """Orders of those that can be asked back: not those that are already, nor those nobody knows of."""
    return tuple(child.order for child in children if child.status in ("sent", "working"))


def retake_at(children: list[Child], pause_ns: int = RETAKE_NS) -> int:
    """From when on may be taken again: a pause after the last immediate child ended; 0 if there was none."""
    ended = [child.ended_at for child in children if not child.lives and child.tif in (IOC, FOK)]
    return max(ended) + pause_ns if ended else 0


def keep(children: list[Child], want: Ticket | None, wake: Wake, why: str) -> Decision:
    """One place to stand: what stands elsewhere is asked back first, the wanted child is placed when nothing does.

    A peg that the venue moves itself stands where it should whatever its price. None: nothing should stand.
    """
    resting = standing(children)
    stray = [child for child in resting if want is None or not _stands_as(child, want)]
    if stray:
        return Decision(cancel=recallable(stray), wake=wake, why=why)
    if want is None or want.quantity <= 0:
        return Decision(wake=wake, why=why)
    return Decision(place=(want,), wake=wake, why=why)


def _stands_as(child: Child, want: Ticket) -> bool:
    if child.venue != want.venue or child.kind != want.kind:
        return False
    return child.kind in (PEG, REQUEST) or child.price == want.price


def can_rest(work: Work, venue: Venue) -> bool:
    """Whether it shows a book and takes what is left, or a child stands there already."""
    if venue.kind not in (LIT, HOUSE):
        return False
    return fitting(work.left, venue) > 0 or any(child.venue == venue.number for child in standing(work.children))


def home(work: Work, market: Market, name: str) -> Venue | None:
    """The displayed venue where a child rests: the named one, else where the own side's best price of others is best;
    of equal ones where a child stands already, then the lower maker fee, then the smaller number. Venues that cannot
    take what is left do not count.
    """
    if name:
        return next((venue for venue in market.venues() if venue.name == name), None)
    here = {child.venue for child in standing(work.children)}
    found = []
    for venue in market.venues():
        best = others_best(work.children, market, venue.number, work.parent.side)
        if best is not None and can_rest(work, venue):
            rank = (-best[0] * work.parent.sign, venue.number not in here, venue.maker_fee_ppm, venue.number)
            found.append((rank, venue))
    return min(found, key=lambda row: row[0], default=(None, None))[1]
