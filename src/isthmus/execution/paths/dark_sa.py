"""6 DARK_SA: over dark pools by shares that learn from every fill.

Source: Laruelle, Lehalle, Pages 2011 (`estimators.allocation`). rho, what a lot saves in a pool, is the half spread
that a trade at the middle saves, with the fee of the best lit venue and less the fee of the pool, in shares of the
whole saving, so that it lies between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from isthmus.execution.estimators.allocation import learnt, rounds, whole_lots
from isthmus.execution.paths.ending import Rest, ending
from isthmus.execution.paths.pools import (
    PauseS,
    Rounds,
    StandS,
    dark_round,
    dark_sent,
    dark_tickets,
    dark_venues,
    fitted,
    remembered,
    told,
)
from isthmus.execution.paths.taking import allowed, other_side
from isthmus.execution.policy import PPM, Decision, Market, Path, Venue, Work


class DarkSaParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`stand_s` and `pause_s` as DARK_KM's. `gain`: c of the steps c / n."""

    stand_s: StandS = 5.0
    pause_s: PauseS = 1.0
    gain: Annotated[float, msgspec.Meta(gt=0, le=10)] = 0.5
    rest: Rest = "take"


def decide(work: Work, market: Market, parameters: DarkSaParameters, now: int) -> Decision:
    """One round after the other."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    venues, spans = dark_venues(market), Rounds(stand_s=parameters.stand_s, pause_s=parameters.pause_s)
    if (waits := dark_round(work, venues, spans, now)) is not None:
        return waits
    past = rounds(remembered(market))
    shares = learnt([venue.number for venue in venues], savings(work, market, venues), past, parameters.gain)
    quantity = allowed(work, market)
    lots = fitted(quantity, venues, whole_lots(quantity, shares, [venue.lot for venue in venues]))
    why = f"Dark by shares learnt in {len(past)} rounds: {told(venues, lots)}"
    return dark_sent(work, dark_tickets(work, market, (venues, lots), parameters.stand_s > 0, why), spans, now)


def savings(work: Work, market: Market, venues: Sequence[Venue]) -> list[float]:
    """rho of each pool: (cost of taking at the best lit price - cost of a fill at the middle) over the former, 0 to 1;
    without lit prices all the same.
    """
    middle_x2, shown = market.middle_x2(), market.levels(other_side(work.parent.side), 1)
    if middle_x2 is None or not shown:
        return [1.0] * len(venues)
    middle = middle_x2 / 2
    lit = (shown[0].all_in / PPM - middle) * work.parent.sign
    if lit <= 0:
        return [1.0] * len(venues)
    return [min(1.0, max(0.0, 1 - venue.taker_fee_ppm * middle / PPM / lit)) for venue in venues]


DARK_SA = Path(
    number=6,
    name="DARK_SA",
    title="Dark pools by shares that learn from every fill (stochastic approximation)",
    source="Laruelle, Lehalle, Pages, SIAM J. Financial Math. 2 (2011), arXiv 0910.1166",
    parameters=DarkSaParameters,
    decide=decide,
    measured_on="simulator",
)
