"""What the paths with a schedule share: the slices of a parent's time, and how what is due in one becomes children.

A schedule says how many lots a slice should do. They first rest at the near touch for a part of the slice (`patience`),
then what is left of them is taken from the other side. Everything is counted from records: due in this slice, less what
filled since it began, less what works. So a second call with the same records sends nothing twice, and a restart in the
middle of a slice goes on with it.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from isthmus.execution.paths.taking import allowed, take
from isthmus.execution.policy import (
    LIT,
    PPM,
    Child,
    Decision,
    Market,
    Parent,
    Ticket,
    Venue,
    Wake,
    Work,
    floor_lot,
    within,
)
from isthmus.kernel.messages import DAY, GTC, GTD, IOC, POST_ONLY

MS = 1_000_000
SECOND = 1_000 * MS
LEAST_WAKE = 50 * MS
"""Two decisions by the clock are never nearer than this."""
PAUSE = 100 * MS
"""After sending, before sending again in the same manner: a refusal or an empty level is not asked at once again."""
RETRY = SECOND
"""What could not be taken is tried again after this, if no better price wakes the path before."""
LEAST_SLICE = 500 * MS
"""Slices are made no shorter: a passive child needs some time, and so does the answer to its recall."""
TOP_UP = 20
"""A slice that has children is topped up from a twentieth of it on, so that a moving estimate does not trickle lots."""

SPLITMIX_STEP, SPLITMIX_ONE, SPLITMIX_TWO = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
WORD = (1 << 64) - 1


class Slicing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a parent's time is cut and a slice is worked. `duration_s`: how long it takes where the parent has no time of
    its own; `slices`: at most so many; `patience_ppm`: share of a slice's time for resting at the near touch before
    taking; `reprice_ms`: a resting child that the touch has left is moved no sooner.
    """

    duration_s: Annotated[int, msgspec.Meta(ge=1, le=604_800)] = 900
    slices: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 20
    patience_ppm: Annotated[int, msgspec.Meta(ge=0, le=900_000)] = 600_000
    reprice_ms: Annotated[int, msgspec.Meta(ge=100, le=600_000)] = 3_000


class Span(NamedTuple):
    """The parent's time, cut into so many `slices` of one length."""

    start: int
    end: int
    slices: int

    def edge(self, number: int) -> int:
        """When the slice of this number begins, and the one before it ends."""
        return self.start + (self.end - self.start) * number // self.slices

    @property
    def seconds(self) -> float:
        """Of one slice."""
        return (self.end - self.start) / self.slices / SECOND


class Slice(NamedTuple):
    """One slice: its number from 0, when it begins and ends, and whether it is the last."""

    number: int
    start: int
    end: int
    last: bool


class Due(NamedTuple):
    """What a slice should do in all, and one sentence why."""

    slice: Slice
    lots: int
    why: str


def end_of(parent: Parent, duration_s: int) -> int:
    """When the parent should be done."""
    return parent.until or parent.arrived_at + duration_s * SECOND


def span_of(parent: Parent, manner: Slicing, end: int = 0) -> Span:
    """The parent's time in slices; no more of them than lots, and none too short. `end`: instead of its own."""
    end = end or end_of(parent, manner.duration_s)
    room = max(1, (end - parent.arrived_at) // LEAST_SLICE)
    return Span(parent.arrived_at, end, max(1, min(manner.slices, parent.quantity, room)))


def slice_at(span: Span, now: int) -> Slice:
    """The slice that now lies in; the last one from the end on."""
    whole = max(1, span.end - span.start)
    number = min(span.slices - 1, max(0, (now - span.start) * span.slices // whole))
    # edges are rounded down, so that the quotient may be one short of the slice that has begun
    if number + 1 < span.slices and span.edge(number + 1) <= now:
        number += 1
    return Slice(number, span.edge(number), span.edge(number + 1), number + 1 == span.slices)


def drawn(seed: int, ordinal: int) -> int:
    """A number from 0 to 999,999 by the parent's seed and an ordinal: splitmix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    word = (seed + (ordinal + 1) * SPLITMIX_STEP) & WORD
    word = ((word ^ (word >> 30)) * SPLITMIX_ONE) & WORD
    word = ((word ^ (word >> 27)) * SPLITMIX_TWO) & WORD
    return (word ^ (word >> 31)) % PPM


def filled_since(work: Work, at: int) -> int:
    """Lots that filled at this time or later."""
    return sum(fill.quantity for child in work.children for fill in child.fills if fill.at >= at)


def resting(work: Work) -> list[Child]:
    """Live children that stand in a book."""
    return [child for child in work.live if child.tif in (GTC, DAY, GTD)]


def recalled(children: list[Child]) -> tuple[int, ...]:
    """Orders of those that can be taken back; what is asked back already or unknown is waited for."""
    return tuple(child.order for child in children if child.status in ("sent", "working"))


def wake_at(now: int, *times: int) -> int:
    """The first of these times, but never a busy one."""
    return max(now + LEAST_WAKE, min(times))


def before_schedule(work: Work, market: Market, end: int, now: int, *, sweeps: bool = True) -> Decision | None:
    """What comes before any schedule: the parent ends, a child is beyond a new limit, or the time is up.

    At the end what rests comes back, what is left is taken once (with `sweeps`), and then the parent ends whatever is
    left of it.
    """
    standing = resting(work)
    if work.ending or work.free < 0:
        return Decision(
            cancel=recalled(standing), why="The parent ends or was made smaller: resting children come back."
        )
    beyond = [child for child in standing if within(child.price, work.parent) != child.price]
    if beyond:
        return Decision(
            cancel=recalled(beyond),
            wake=Wake(at=now + RETRY),
            why="Children beyond the parent's new limit come back.",
        )
    if now < end:
        return None
    if work.live:
        return Decision(
            cancel=recalled(standing), wake=Wake(at=now + RETRY), why="The time is up: what is out comes back first."
        )
    if sweeps and not any(child.placed_at >= end for child in work.children):
        tickets = take(work, market, work.free, "The time is up: what is left is taken once.")
        if tickets:
            return Decision(place=tickets, wake=Wake(at=now + RETRY), why="The time is up: a last sweep.")
    return Decision(finished=True, why=f"The time is up, {work.left} lots could not be done within limit and cap.")


def work_slice(work: Work, market: Market, manner: Slicing, due: Due, now: int) -> Decision:
    """What to do now for the lots that are due in this slice."""
    start, end = due.slice.start, due.slice.end
    missing = min(due.lots - filled_since(work, start), work.left) - work.working
    turn = start + (end - start) * manner.patience_ppm // PPM
    if now < turn:
        return _rest(work, market, manner, due._replace(lots=missing), now)
    return _cross(work, market, due._replace(lots=missing), now)


def cross(work: Work, market: Market, lots: int, following: int, when: tuple[int, str]) -> Decision:
    """Take so many lots now (`when`: now, and why): what rests comes back first; what is not found is asked for again
    until the time `following`, when something else is due.
    """
    now, why = when
    standing, again = resting(work), wake_at(now, now + RETRY, following)
    if standing:
        return Decision(cancel=recalled(standing), wake=Wake(at=again), why="What still rests comes back to be taken.")
    if lots <= 0:
        return Decision(wake=Wake(at=wake_at(now, following)), why="What is due is done or out.")
    pause = sent_lately(work, now, takes=True)
    if pause:
        return Decision(wake=Wake(at=wake_at(now, pause)), why="Lets the books show what was taken.")
    tickets = take(work, market, lots, why)
    if tickets:
        return Decision(place=tickets, wake=Wake(at=again), why=why)
    wake = Wake(at=again, volume=volume_for(work, market, lots))
    return Decision(wake=wake, why="Nothing can be taken within the limit, the cap and whole lots: waits.")


def near(market: Market, parent: Parent, lots: int) -> Ticket | None:
    """Where so many lots should rest: at the best own-side price of the lit venues, where making costs least at it."""
    best: tuple[tuple[int, int, int], Venue] | None = None
    for venue in market.venues():
        top = market.best(venue.number, parent.side) if venue.kind == LIT else None
        if top is None or floor_lot(lots, venue.lot) < max(1, venue.minimum):
            continue
        rank = (-top[0] * parent.sign, venue.maker_fee_ppm, venue.number)
        if best is None or rank < best[0]:
            best = (rank, venue)
    if best is None:
        return None
    rank, venue = best
    price = on_tick(within(-rank[0] * parent.sign, parent), venue.tick, parent)
    if price <= 0:
        return None
    return Ticket(
        venue=venue.number,
        price=price,
        quantity=floor_lot(lots, venue.lot),
        tif=GTC,
        flags=POST_ONLY,
        why=f"Rests at the near touch of {venue.name}, to be taken later in the slice if it does not fill.",
    )


def on_tick(price: int, tick: int, parent: Parent) -> int:
    """The nearest multiple of the tick that is not more aggressive."""
    return price - price % tick if parent.buys else price + -price % tick


def sent_lately(work: Work, now: int, takes: bool) -> int:
    """Until when nothing more should be sent in this manner: taking, or resting. 0: it may be."""
    last = max((child.placed_at for child in work.children if (child.tif == IOC) == takes), default=-PAUSE)
    return last + PAUSE if now < last + PAUSE else 0


def volume_for(work: Work, market: Market, lots: int) -> int:
    """Lots that must trade before the cap allows so many more; 0 where no cap stands in the way."""
    if not work.parent.cap_ppm or allowed(work, market) >= min(lots, work.free) or lots <= 0:
        return 0
    return max(1, -(-lots * PPM // work.parent.cap_ppm))


def _rest(work: Work, market: Market, manner: Slicing, due: Due, now: int) -> Decision:
    standing, missing = resting(work), due.lots
    turn = due.slice.start + (due.slice.end - due.slice.start) * manner.patience_ppm // PPM
    again = now + manner.reprice_ms * MS
    lots = min(missing, allowed(work, market)) if missing >= _worth(work, due) else 0
    want = near(market, work.parent, max(lots, sum(child.left for child in standing)))
    left = [
        child
        for child in standing
        if want is not None and child.price != want.price and now >= child.placed_at + manner.reprice_ms * MS
    ]
    if left:
        return Decision(
            cancel=recalled(left), wake=Wake(at=wake_at(now, turn, again)), why="The touch has moved away from a child."
        )
    pause = sent_lately(work, now, takes=False)
    ticket = near(market, work.parent, lots) if lots > 0 and not pause else None
    if ticket is None:
        volume = volume_for(work, market, missing)
        return Decision(wake=Wake(at=wake_at(now, turn, pause or again), volume=volume), why=due.why)
    return Decision(place=(ticket,), wake=Wake(at=wake_at(now, turn, again)), why=due.why)


def _worth(work: Work, due: Due) -> int:
    """The least that a slice is topped up by."""
    touched = any(child.placed_at >= due.slice.start for child in work.children)
    return max(1, (due.lots + work.working) // TOP_UP) if touched and not due.slice.last else 1


def _cross(work: Work, market: Market, due: Due, now: int) -> Decision:
    return cross(work, market, due.lots, due.slice.end, (now, due.why))
