"""20 GLFT_PASSIVE: limit orders only, each at the distance that is optimal for what is left and the time that is left.

Source: O. Gueant, C.-A. Lehalle, J. Fernandez-Tapia, "Optimal portfolio liquidation with limit orders", SIAM Journal
on Financial Mathematics 3, 2012; `isthmus.execution.schedules.glft` solves its linear system. One child of one clip
stands at a time, at middle - sign x d*(time left, clips left). Where d* is so low that the price reaches the other
side, the clip is taken there instead. What is left at the end is taken, which the penalty b prices in the model.

Departures: A is estimated by what takers trade against the venue's side (`rate`, in clips), not fitted; clips are cut
so that no more than 50 are left; the quote is moved no sooner than `reprice_ms` and only by at least `reprice_ticks`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.paths.schedules import (
    MS,
    RETRY,
    SECOND,
    before_schedule,
    cross,
    end_of,
    near,
    on_tick,
    recalled,
    resting,
    sent_lately,
    volume_for,
    wake_at,
)
from isthmus.execution.paths.taking import allowed, other_side, reaches, take
from isthmus.execution.policy import PPM, Decision, Market, Parent, Path, Ticket, Wake, Work, within
from isthmus.execution.schedules.glft import UNITS_MOST, Intensity, distances


class GlftPassiveParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`clip`: lots of a child (0: a twentieth of the parent); `arrivals` A: clips a second that would fill at the
    middle (0: by the venue's rate); `decay` k: per price step of distance; `risk_aversion` gamma: per price step x
    clip; `penalty` b: price steps a clip for what is left at the end; `volatility`: price steps over one second (0:
    the market's estimate). A quote is moved no sooner than `reprice_ms` and by no less than `reprice_ticks`; quoting
    ends, and T is, `lead_ms` before the parent's end.
    """

    duration_s: Annotated[int, msgspec.Meta(ge=1, le=604_800)] = 900
    clip: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 0
    arrivals: Annotated[float, msgspec.Meta(ge=0.0, le=1e6)] = 0.0
    decay: Annotated[float, msgspec.Meta(ge=1e-4, le=10.0)] = 0.3
    risk_aversion: Annotated[float, msgspec.Meta(ge=1e-9, le=10.0)] = 0.01
    penalty: Annotated[float, msgspec.Meta(ge=0.0, le=50.0)] = 3.0
    volatility: Annotated[float, msgspec.Meta(ge=0.0, le=1e6)] = 0.0
    reprice_ms: Annotated[int, msgspec.Meta(ge=100, le=600_000)] = 2_000
    reprice_ticks: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1
    lead_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 2_000


LEAST_ARRIVALS = 1e-3
"""Where nothing is known of a venue's takers, one clip in a thousand seconds."""


def decide(work: Work, market: Market, parameters: GlftPassiveParameters, now: int) -> Decision:
    """Keeps one clip at the optimal distance for what is left and the time that is left."""
    end = end_of(work.parent, parameters.duration_s)
    stopped = before_schedule(work, market, end, now)
    if stopped is not None:
        return stopped
    last = end - parameters.lead_ms * MS
    if now >= last:
        return cross(work, market, work.free, end, (now, "The quoting time is over: what is left is taken."))
    again = wake_at(now, last, now + parameters.reprice_ms * MS)
    standing = resting(work)
    clip = min(clip_of(work.parent, parameters), work.left)
    lots = standing[0].left if standing else min(clip, allowed(work, market))
    want = quote(work, market, parameters, (last - now) / SECOND, lots) if lots > 0 else None
    if want is None:
        wake = Wake(at=again, volume=volume_for(work, market, clip))
        return Decision(wake=wake, why="No venue shows both sides and takes so few lots, or the cap is reached: waits.")
    if standing:
        return _moved(work, market, parameters, want, (now, again))
    takes = _crosses(market, work.parent, want.price)
    pause = sent_lately(work, now, takes=takes)
    if pause or work.live:
        return Decision(wake=Wake(at=wake_at(now, pause or again)), why="Waits for what is out.")
    if takes:
        tickets = take(work, market, lots, f"{want.why} That is through the other side: taken.", want.price)
        return Decision(
            place=tickets, wake=Wake(at=wake_at(now, last, now + RETRY)), why="Too risky to wait: takes a clip."
        )
    return Decision(place=(want,), wake=Wake(at=again), why=want.why)


def quote(work: Work, market: Market, parameters: GlftPassiveParameters, left: float, lots: int) -> Ticket | None:
    """The child of so many lots that should stand with so many seconds left; None where no middle or venue is known."""
    parent, clip = work.parent, clip_of(work.parent, parameters)
    place, middle_x2 = near(market, parent, lots), market.middle_x2()
    if place is None or middle_x2 is None:
        return None
    arrivals = parameters.arrivals or market.rate(place.venue, parent.side) / PPM / clip
    model = Intensity(
        arrivals=max(LEAST_ARRIVALS, arrivals),
        decay=parameters.decay,
        volatility=parameters.volatility or market.volatility(),
        risk_aversion=parameters.risk_aversion,
        penalty=parameters.penalty,
    )
    clips = min(UNITS_MOST, max(1, -(-work.left // clip)))
    distance = max(-middle_x2 / 2, distances(model, clips, left)[-1])
    tick = next(venue.tick for venue in market.venues() if venue.number == place.venue)
    price = on_tick(within(round(middle_x2 / 2 - parent.sign * distance), parent), tick, parent)
    why = f"Rests {distance:.2f} steps from the middle: {clips} clips and {left:.0f} s left."
    return msgspec.structs.replace(place, price=max(tick, price), why=why)


def clip_of(parent: Parent, parameters: GlftPassiveParameters) -> int:
    """Lots of a child; so many that the parent is no more clips than can be solved for."""
    return max(1, parameters.clip or -(-parent.quantity // 20), -(-parent.quantity // UNITS_MOST))


def _moved(
    work: Work, market: Market, parameters: GlftPassiveParameters, want: Ticket, times: tuple[int, int]
) -> Decision:
    now, again = times
    tick = next(venue.tick for venue in market.venues() if venue.number == want.venue)
    off = [
        child
        for child in resting(work)
        if now >= child.placed_at + parameters.reprice_ms * MS
        and (child.venue != want.venue or abs(child.price - want.price) >= parameters.reprice_ticks * tick)
    ]
    return Decision(cancel=recalled(off), wake=Wake(at=again), why=want.why)


def _crosses(market: Market, parent: Parent, price: int) -> bool:
    """Whether a child at this price would trade at once somewhere."""
    return any(reaches(level.price, price, parent.side) for level in market.levels(other_side(parent.side), 1))


GLFT_PASSIVE = Path(
    number=20,
    name="GLFT_PASSIVE",
    title="Passive liquidation: limit orders at the optimal distance",
    source="Gueant, Lehalle, Fernandez-Tapia (2012), SIAM Journal on Financial Mathematics 3",
    parameters=GlftPassiveParameters,
    decide=decide,
    measured_on="simulator",
)
