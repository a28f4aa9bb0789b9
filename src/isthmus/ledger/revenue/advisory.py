"""Fees on assets under management and on performance above a high-water mark.

Management: accrued daily on the day's value, ACT/365. Performance: a share of the gain above the highest value that was
ever charged for (flows taken out), crystallised at stated days; what was charged once is never charged again.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from isthmus.kernel.errors import BadInput
from isthmus.ledger.revenue.accrual import PPM, accrue

YEAR_DAYS = 365


class Mandate(Struct, frozen=True, kw_only=True):
    """Minor units; days from 1970. `mark`: the high-water mark. `valued`: the last day counted, with its `value`."""

    account: str
    management_ppm: int
    performance_ppm: int
    mark: int
    value: int
    valued: int
    due: int = 0
    carry: int = 0


def value_day(mandate: Mandate, value: int, flow: int, day: int) -> Mandate:
    """The account at the end of `day`: `flow` is what came in (out: negative) since the last value, and moves the mark
    by as much, so that a deposit is no gain. Raises BadInput for a day that was valued.
    """
    if day <= mandate.valued:
        raise BadInput("day", "was valued before")
    due = accrue(max(mandate.value, 0), mandate.management_ppm, day - mandate.valued, YEAR_DAYS, mandate.carry)
    return replace(
        mandate,
        value=value,
        valued=day,
        mark=mandate.mark + flow,
        due=mandate.due + due.amount,
        carry=due.carry,
    )


def crystallise(mandate: Mandate) -> tuple[Mandate, int]:
    """The performance fee that is due now, rounded down; the mark rises to the value that it was charged for."""
    gain = mandate.value - mandate.mark
    if gain <= 0:
        return mandate, 0
    return replace(mandate, mark=mandate.value), gain * mandate.performance_ppm // PPM
