"""How old a break is, and what it blocks: withdrawals of its currency once it is above its limit, never trading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from isthmus.kernel.values import NS_PER_S
from isthmus.ledger.custody.values import Break
from isthmus.ledger.custody.words import age_text

INFORMATIVE = frozenset(("duplicate_statement", "excess", "unmatched_deposit"))
"""These block nothing, however old: nobody can be paid too much because of them."""


class OpenBreak(Struct, frozen=True):
    """A break with the time it was first found (ns UTC)."""

    found: Break
    since: int


class Aged(Struct, frozen=True):
    """A break as it is listed. `blocks`: withdrawals of its currency wait for it."""

    found: Break
    since: int
    age_s: int
    limit_s: int
    blocks: bool
    words: str


def aged(one: OpenBreak, limits_s: Mapping[str, int], now: int) -> Aged:
    """`limits_s` by cause; "default" for the others."""
    limit = limits_s.get(one.found.cause, limits_s["default"])
    age = max(0, now - one.since)
    blocks = one.found.cause not in INFORMATIVE and age > limit * NS_PER_S
    since = datetime.fromtimestamp(one.since // NS_PER_S, UTC)
    words = f"{one.found.words}. Found {age_text(age)} ago ({since:%Y-%m-%d %H:%M:%S} UTC)"
    if blocks:
        words += f": older than {age_text(limit * NS_PER_S)}, withdrawals of {one.found.currency} wait for it"
    return Aged(one.found, one.since, age // NS_PER_S, limit, blocks, words)


def blocked(breaks: Iterable[Aged]) -> dict[str, list[str]]:
    """Currency -> keys of the breaks that block its withdrawals."""
    found: dict[str, list[str]] = {}
    for one in breaks:
        if one.blocks:
            found.setdefault(one.found.currency, []).append(one.found.key)
    return found
