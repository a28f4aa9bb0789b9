"""What holders sign, how much of it, where to and after how long. Each judges for himself, by what he keeps."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from isthmus.audit.keys.requests import AT, Payment, decimal
from isthmus.audit.keys.statement import Said
from isthmus.kernel.errors import BadInput

DELAY_S_MAX = 30 * 86_400
NAMES_MAX = 1_000


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most of one request and of a UTC day, plain decimals of the asset."""

    most: str
    a_day: str


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one key, agreed when it is made and never changed. `destinations`: accounts (ACCOUNT at any bank,
    ACCOUNT@BIC at that one), scripts (hex) or, of heads, origins: nothing else is signed.

    `limits` by asset; an asset without one is not signed. `by_code`: a custodian approves each request by his code, and
    `delay_s` later it may be signed.
    """

    destinations: tuple[str, ...]
    limits: dict[str, Limit] = {}
    delay_s: int = 0
    by_code: bool = True


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Why not: a stable name, words, and the holders to blame where it can be told. `said`: signed by who refuses."""

    name: str
    reason: str
    holders: tuple[int, ...] = ()
    said: Said | None = None


def agreeable(policy: Policy, use: str) -> Refused | None:
    """Whether a key may be made for this use with this policy."""
    if not 1 <= len(policy.destinations) <= NAMES_MAX or len(policy.limits) > NAMES_MAX:
        return Refused("bad_policy", f"names not 1 to {NAMES_MAX} destinations")
    if not 0 <= policy.delay_s <= DELAY_S_MAX:
        return Refused("bad_policy", f"delay_s is not 0 to {DELAY_S_MAX}")
    if policy.by_code and policy.delay_s == 0:
        return Refused(
            "bad_policy", "approved by code needs a delay: an alarm under duress must overtake the signature"
        )
    if use != "head" and not (policy.by_code and policy.limits):
        return Refused("bad_policy", "money moves by code and within limits only")
    try:
        for limit in policy.limits.values():
            decimal("limits.most", limit.most)
            decimal("limits.a_day", limit.a_day)
    except BadInput as error:
        return Refused("bad_policy", str(error))
    return None


def judge(policy: Policy, payment: Payment, spent: Mapping[str, Decimal]) -> Refused | None:
    """`spent`: what left today in this asset, by what it was counted as."""
    for place in payment.destinations:
        at_bank = place if payment.bank is None else f"{place}{AT}{payment.bank}"
        if place not in policy.destinations and at_bank not in policy.destinations:
            return Refused("destination_not_allowed", f"{at_bank} is not on the list of this key")
    if not payment.asset:
        return None
    limit = policy.limits.get(payment.asset)
    if limit is None:
        return Refused("asset_not_allowed", f"{payment.asset} has no limit, so that none of it is signed")
    if payment.amount <= 0:
        return Refused("amount_not_positive", "nothing leaves by this request")
    if payment.amount > Decimal(limit.most):
        return Refused("limit_exceeded", f"above {limit.most} {payment.asset}, the most of one request")
    others = sum((amount for name, amount in spent.items() if name != payment.counted_as), Decimal(0))
    if others + payment.amount > Decimal(limit.a_day):
        return Refused("day_limit_exceeded", f"above {limit.a_day} {payment.asset}, the most of a day")
    return None
