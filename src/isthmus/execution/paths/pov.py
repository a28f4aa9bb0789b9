"""16 POV: a fixed share of what trades, kept in a band.

Sources: R. Kissell, M. Glantz, "Optimal Trading Strategies", 2003; O. Gueant, "Execution and block trade pricing with
optimal constant rate of participation", Journal of Mathematical Finance 4, 2014. With V the lots that all have traded
since the parent arrived, its own among them, it aims at `share_ppm` of V. Below `least_ppm` it takes from the other
side up to its aim; between the two it rests at the near touch for what is missing; what is done and out together never
goes beyond `most_ppm`. It follows volume, so it does not promise to be done by any time.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.paths.schedules import (
    MS,
    RETRY,
    before_schedule,
    near,
    recalled,
    resting,
    sent_lately,
    wake_at,
)
from isthmus.execution.paths.taking import allowed, take
from isthmus.execution.policy import PPM, Decision, Market, Path, Ticket, Wake, Work

NEVER = 1 << 62
CHECK = 5_000 * MS
"""Without anything else to wait for it looks again after this."""


class PovParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`least_ppm` <= `share_ppm` <= `most_ppm`, of the volume of all; `clip`: it acts for no fewer lots, but for the
    last; `reprice_ms`: a resting child that the touch has left is moved no sooner.
    """

    share_ppm: Annotated[int, msgspec.Meta(ge=100, le=900_000)] = 100_000
    least_ppm: Annotated[int, msgspec.Meta(ge=0, le=900_000)] = 80_000
    most_ppm: Annotated[int, msgspec.Meta(ge=100, le=PPM)] = 120_000
    clip: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] = 1
    reprice_ms: Annotated[int, msgspec.Meta(ge=100, le=600_000)] = 3_000

    def __post_init__(self) -> None:
        if not self.least_ppm <= self.share_ppm <= self.most_ppm:
            raise ValueError("least_ppm <= share_ppm <= most_ppm must hold")


def decide(work: Work, market: Market, parameters: PovParameters, now: int) -> Decision:
    """Keeps what is done within the band of what has traded since the parent arrived."""
    stopped = before_schedule(work, market, work.parent.until or NEVER, now, sweeps=False)
    if stopped is not None:
        return stopped
    volume = market.traded(work.parent.arrived_at)
    missing = min(volume * parameters.share_ppm // PPM - work.filled, work.left)
    if work.filled < min(volume * parameters.least_ppm // PPM, work.left + work.filled):
        return _catch_up(work, market, parameters, missing, now)
    return _keep_up(work, market, parameters, missing, now)


def room(work: Work, market: Market, parameters: PovParameters) -> int:
    """Lots that may be placed before what is done and out would be beyond the band."""
    most = market.traded(work.parent.arrived_at) * parameters.most_ppm // PPM
    return max(0, min(allowed(work, market), most - work.filled - work.working))


def _catch_up(work: Work, market: Market, parameters: PovParameters, missing: int, now: int) -> Decision:
    standing = resting(work)
    if standing:
        return Decision(
            cancel=recalled(standing), wake=_wake(work, parameters, 0, now), why="Behind the band: will take."
        )
    pause = sent_lately(work, now, takes=True)
    lots = min(missing - work.working, room(work, market, parameters))
    if pause or lots < _clip(work, parameters):
        return Decision(wake=_wake(work, parameters, missing, now, pause), why="Behind the band: waits to take.")
    why = f"Behind the band of {parameters.least_ppm / 10_000:g} % of the volume: takes up to its share."
    return Decision(
        place=take(work, market, lots, why), wake=_wake(work, parameters, missing, now, now + RETRY), why=why
    )


def _keep_up(work: Work, market: Market, parameters: PovParameters, missing: int, now: int) -> Decision:
    standing = resting(work)
    lots = min(missing - work.working, room(work, market, parameters))
    want = near(market, work.parent, max(lots, sum(child.left for child in standing)))
    old = now - parameters.reprice_ms * MS
    left = [child for child in standing if want and child.price != want.price and child.placed_at <= old]
    again = now + parameters.reprice_ms * MS if standing else 0
    if left:
        return Decision(
            cancel=recalled(left), wake=_wake(work, parameters, missing, now, again), why="The touch has moved."
        )
    pause = sent_lately(work, now, takes=False)
    ticket: Ticket | None = None
    if lots >= _clip(work, parameters) and not pause:
        ticket = near(market, work.parent, lots)
    wake = _wake(work, parameters, missing, now, pause or again)
    why = f"Within the band: rests for its {parameters.share_ppm / 10_000:g} % of the volume."
    return Decision(place=(ticket,) if ticket else (), wake=wake, why=why)


def _clip(work: Work, parameters: PovParameters) -> int:
    return max(1, min(parameters.clip, work.left))


def _wake(work: Work, parameters: PovParameters, missing: int, now: int, at: int = 0) -> Wake:
    """When so much has traded that another clip is due, or at a time."""
    lots = max(1, _clip(work, parameters) - max(0, missing - work.working))
    times = [time for time in (at or now + CHECK, work.parent.until) if time]
    return Wake(at=wake_at(now, *times), volume=max(1, -(-lots * PPM // parameters.share_ppm)))


POV = Path(
    number=16,
    name="POV",
    title="Participation: a fixed share of traded volume, kept in a band",
    source="Kissell, Glantz (2003), Optimal Trading Strategies; Gueant (2014)",
    parameters=PovParameters,
    decide=decide,
    measured_on="tape",
)
