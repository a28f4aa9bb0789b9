"""Revenue by client and by source: the same sum, cut both ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

SOURCES = (
    "fees", "rounding", "spread", "data", "interest", "lending", "advisory", "dividends", "invoices", "fx", "trading",
    "funding", "corrections", "other",
)  # fmt: skip


class Earned(Struct, frozen=True):
    """Minor units of an asset that the firm earned (negative: gave) from a client."""

    account: str
    asset: str
    source: str
    amount: int


class Attribution(Struct, frozen=True):
    """Of one asset. `clients`: by name, then by source; `sources` and `total` are the same sums."""

    asset: str
    clients: dict[str, dict[str, int]]
    sources: dict[str, int]
    total: int


def attribute(rows: Iterable[Earned]) -> list[Attribution]:
    """One for each asset, by its code. A source that is not listed counts as "other"."""
    assets: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for row in rows:
        assets[row.asset][row.account][row.source if row.source in SOURCES else "other"] += row.amount
    return [_attribution(asset, clients) for asset, clients in sorted(assets.items())]


def _attribution(asset: str, clients: dict[str, dict[str, int]]) -> Attribution:
    sources = {name: sum(row.get(name, 0) for row in clients.values()) for name in SOURCES}
    named = {name: dict(sorted(row.items())) for name, row in sorted(clients.items())}
    return Attribution(
        asset, named, {name: amount for name, amount in sources.items() if amount}, sum(sources.values())
    )
