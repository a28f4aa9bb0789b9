"""Commission by tier: what a client's fills cost by his schedule, against what the engine has charged already.

The engine charges every fill at the instrument's rates at once. A schedule (by volume, venue, maker or taker, with a
minimum and a cap an order) is rated afterwards over a period; the difference is one rebate or surcharge an asset.
Rating again gives the same charge under the same key, so that it is posted once; a correction afterwards changes the
charge, and only the change is posted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from isthmus.kernel.errors import BadInput
from isthmus.ledger.revenue.accrual import PPM

DAY_NS = 86_400_000_000_000
VOLUME_DAYS = 30
"""A tier is that of the volume of this many days before the day of the fill, as venues do it; the day itself is out."""
RATE_MAX_PPM = 100_000


class Tier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From this volume on (minor units of the quote asset over VOLUME_DAYS) these rates; a negative one is a rebate."""

    volume: int
    maker_ppm: int
    taker_ppm: int


class Schedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`tiers` everywhere, `venues` where a venue has its own; `minimum` and `cap` are for each order (0: none)."""

    name: str
    tiers: list[Tier]
    venues: dict[str, list[Tier]] = {}
    minimum: int = 0
    cap: int = 0

    def __post_init__(self) -> None:
        for place, tiers in (("tiers", self.tiers), *((f"venues.{name}", rows) for name, rows in self.venues.items())):
            _check(f"{self.name}.{place}", tiers)
        if self.minimum < 0 or self.cap < 0 or 0 < self.cap < self.minimum:
            raise BadInput(f"{self.name}.cap", "and minimum must not be negative, and the cap not under the minimum")


class Fill(Struct, frozen=True):
    """One side of a trade: `value` and `charged` in minor units of `asset`; `charged` is what the engine took."""

    account: str
    order: int
    venue: str
    maker: bool
    asset: str
    value: int
    charged: int
    stamp: int


class Charge(Struct, frozen=True):
    """`amount` minor units from the client to the firm (negative: back to him). The same `key` is the same charge."""

    account: str
    asset: str
    amount: int
    key: str
    why: str


def rate(fills: Iterable[Fill], schedules: Mapping[str, Schedule], days: tuple[int, int]) -> list[Charge]:
    """The differences of the fills on `days` (first and last, counted from 1970 in UTC), one an account and asset.

    `schedules` by account; an account without one pays what it paid. Fills before the first day count towards volume
    only. Charges of zero are left out.
    """
    ordered = sorted(fills, key=lambda fill: fill.stamp)
    volumes = _volumes(ordered)
    due: dict[tuple[str, str], int] = defaultdict(int)
    for (account, asset, _order), of_order in _by_order(ordered, days).items():
        schedule = schedules.get(account)
        if schedule is not None:
            owed = _of_order(of_order, schedule, volumes)
            due[account, asset] += owed - sum(fill.charged for fill in of_order)
    return [
        Charge(account, asset, amount, f"fees:{account}:{asset}:{days[0]}:{days[1]}", schedules[account].name)
        for (account, asset), amount in sorted(due.items())
        if amount
    ]


def still_due(charges: Iterable[Charge], posted: Mapping[str, int]) -> list[Charge]:
    """What is left of the charges, given what was posted under each key; a charge that fell to zero is given back by
    naming it with amount 0.
    """
    rest = [replace(charge, amount=charge.amount - posted.get(charge.key, 0)) for charge in charges]
    return [charge for charge in rest if charge.amount]


def tier_of(tiers: list[Tier], volume: int) -> Tier:
    """The last one that the volume reaches."""
    return next(tier for tier in reversed(tiers) if tier.volume <= volume)


def _of_order(fills: list[Fill], schedule: Schedule, volumes: Mapping[tuple[str, str], dict[int, int]]) -> int:
    """What an order costs: rates are summed exactly and rounded up once, against the client as the engine does."""
    exact = 0
    for fill in fills:
        tier = tier_of(schedule.venues.get(fill.venue, schedule.tiers), _volume(volumes, fill))
        exact += fill.value * (tier.maker_ppm if fill.maker else tier.taker_ppm)
    fee = -(-exact // PPM)
    if schedule.minimum and fee >= 0:
        fee = max(fee, schedule.minimum)
    return min(fee, schedule.cap) if schedule.cap else fee


def _volume(volumes: Mapping[tuple[str, str], dict[int, int]], fill: Fill) -> int:
    day = fill.stamp // DAY_NS
    of_days = volumes[fill.account, fill.asset]
    return sum(of_days.get(day - back, 0) for back in range(1, VOLUME_DAYS + 1))


def _volumes(fills: list[Fill]) -> dict[tuple[str, str], dict[int, int]]:
    volumes: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for fill in fills:
        volumes[fill.account, fill.asset][fill.stamp // DAY_NS] += fill.value
    return volumes


def _by_order(fills: list[Fill], days: tuple[int, int]) -> dict[tuple[str, str, int], list[Fill]]:
    orders: dict[tuple[str, str, int], list[Fill]] = defaultdict(list)
    for fill in fills:
        if days[0] <= fill.stamp // DAY_NS <= days[1]:
            orders[fill.account, fill.asset, fill.order].append(fill)
    return orders


def _check(place: str, tiers: list[Tier]) -> None:
    if not tiers or tiers[0].volume != 0:
        raise BadInput(place, "must begin with a tier of volume 0")
    if any(later.volume <= earlier.volume for earlier, later in zip(tiers, tiers[1:], strict=False)):
        raise BadInput(place, "must rise in volume from tier to tier")
    for tier in tiers:
        if not all(-RATE_MAX_PPM <= rate <= RATE_MAX_PPM for rate in (tier.maker_ppm, tier.taker_ppm)):
            raise BadInput(place, f"has a rate beyond {RATE_MAX_PPM} ppm")
