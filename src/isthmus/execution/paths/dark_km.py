"""5 DARK_KM: over dark pools by what each is likely to hold.

Source: Ganchev, Kearns, Nevmyvaka, Wortman Vaughan 2010 (`estimators.kaplan_meier`): an allocate-and-learn loop. Each
round all that is free goes out, unit by unit to the pool with the greatest tail; what came back corrects the tails.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.paths.ending import Rest, ending
from isthmus.execution.paths.pools import (
    PauseS,
    Rounds,
    StandS,
    dark_round,
    dark_sent,
    dark_tickets,
    dark_venues,
    greedy_lots,
    remembered,
    told,
)
from isthmus.execution.paths.taking import allowed
from isthmus.execution.policy import Decision, Market, Path, Work


class DarkKmParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`stand_s`: how long a child stands in a pool, 0: it is immediate. `pause_s`: then until the next round. `needed`:
    observations of a size after which its tail counts as known and the next size is explored.
    """

    stand_s: StandS = 5.0
    pause_s: PauseS = 1.0
    needed: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 3
    rest: Rest = "take"


def decide(work: Work, market: Market, parameters: DarkKmParameters, now: int) -> Decision:
    """One round after the other."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    venues, rounds = dark_venues(market), Rounds(stand_s=parameters.stand_s, pause_s=parameters.pause_s)
    if (waits := dark_round(work, venues, rounds, now)) is not None:
        return waits
    past = remembered(market)
    lots = greedy_lots(allowed(work, market), venues, past, parameters.needed)
    numbers = {venue.number for venue in venues}
    seen = sum(row.venue in numbers for row in past)
    why = f"Dark by Kaplan-Meier tails of {seen} past orders: {told(venues, lots)}"
    return dark_sent(work, dark_tickets(work, market, (venues, lots), parameters.stand_s > 0, why), rounds, now)


DARK_KM = Path(
    number=5,
    name="DARK_KM",
    title="Dark pools by what each is likely to hold (censored Kaplan-Meier)",
    source="Ganchev, Kearns, Nevmyvaka, Wortman Vaughan, CACM 53(5) 2010",
    parameters=DarkKmParameters,
    decide=decide,
    measured_on="simulator",
)
