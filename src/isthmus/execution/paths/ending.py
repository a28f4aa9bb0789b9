"""How a path ends: what it has not done by the parent's time is taken at once, or left.

Every liquidity path has the parameter `rest`: "take" (from `until` on, sweep what is left within the limit) or "leave"
(stop then, and end the parent). A parent without `until` never ends by time.
"""

from __future__ import annotations

from typing import Literal

from isthmus.execution.paths.posting import recallable, retake_at, standing
from isthmus.execution.paths.taking import take
from isthmus.execution.policy import Decision, Market, Wake, Work

LEAST_WAKE_NS = 50_000_000
"""Two decisions by the clock alone are so far apart at least."""

Rest = Literal["take", "leave"]


def ending(work: Work, market: Market, rest: Rest, now: int) -> Decision | None:
    """What to do from `until` on; None before it, or without it."""
    until = work.parent.until
    if not until or now < until:
        return None
    resting = standing(work.children)
    if resting:
        return Decision(
            cancel=recallable(resting), wake=Wake(book=True), why="The time is up: resting children come back."
        )
    if work.live:
        return Decision(wake=Wake(book=True), why="The time is up: waits for what was sent.")
    if rest == "leave":
        return Decision(finished=True, why=f"The time is up: {work.left} lots are left undone, as asked.")
    return taken_now(work, market, now, f"The time is up: takes the {work.free} lots that are left.")


def taken_now(work: Work, market: Market, now: int, why: str) -> Decision:
    """Sweep what is free within the limit, but not again before the books can show what the last sweep took."""
    again = retake_at(work.children)
    if now < again:
        return Decision(wake=by_end(work, now, again), why="Lets the books show what was taken.")
    tickets = take(work, market, work.free, why)
    waits = "" if tickets else " Nothing is shown within the limit: waits."
    return Decision(place=tickets, wake=Wake(book=True), why=why + waits)


def by_end(work: Work, now: int, at: int = 0, *, book: bool = False, price: int = 0) -> Wake:
    """A wake-up at a time, but no later than the parent's end, and not so soon that decisions chase each other."""
    until = work.parent.until if work.parent.until > now else 0
    times = [time for time in (at, until) if time]
    return Wake(at=max(min(times), now + LEAST_WAKE_NS) if times else 0, book=book, price=price)
