"""Settings of clearing as its own process: the table [clearing]."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from isthmus.clearing.margining import BPS, Rules, Tier
from isthmus.kernel.errors import BadInput
from isthmus.venues.live.terms import VenueTerms
from isthmus.venues.simulated.closing import ClosingTerms

Bps = Annotated[int, Meta(ge=1, le=BPS)]
Seconds = Annotated[float, Meta(ge=0.05, le=86_400)]


class ClearingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`prices` is empty where the venues' own books tell; `venues` are sessions of clearing's own, like [venues]."""

    prices: str
    initial_bps: Bps
    maintenance_bps: Bps
    restore_bps: Annotated[int, Meta(ge=BPS, le=10 * BPS)]
    slippage_bps: Annotated[int, Meta(ge=0, le=BPS - 1)]
    take_over_s: Seconds
    hand_back_s: Seconds
    call_s: Seconds
    close_s: Seconds
    retry_s: Seconds
    stale_s: Seconds
    deleverage_after: Annotated[int, Meta(ge=1, le=1_000)]
    mark_ms: Annotated[int, Meta(ge=1, le=60_000)]
    simulated: ClosingTerms
    venues: dict[str, VenueTerms]

    def rules(self) -> Rules:
        """Of every perpetual that has no tiers of its own."""
        return Rules((Tier(0, self.initial_bps, self.maintenance_bps),), {}, self.restore_bps)

    def check(self, trading: Iterable[str]) -> None:
        """What belongs together; `trading`: names of its own venues. Raises BadInput."""
        if self.maintenance_bps > self.initial_bps:
            raise BadInput("clearing.maintenance_bps", "is above initial_bps: an account would be closed as it opens")
        for name in (*trading, self.simulated.name if self.venues else ""):
            if name in self.venues:
                raise BadInput(
                    f"clearing.venues.{name}", "trading has a session of this name: clearing's is another one"
                )
