"""What the firm earned in a period, from the books: every posting between its side of the wall and anybody else.

A posting within the firm earns nothing. One that only moves what somebody has already (MOVES) is told apart; earned and
moved are the whole change of the firm's balances.
"""

from __future__ import annotations

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import text
from isthmus.ledger.chart import FIRM
from isthmus.ledger.points import Chart, Point
from isthmus.ledger.revenue.attribution import Attribution, Earned, attribute
from isthmus.ledger.store import Rows

SOURCE_OF = {
    "fee": "fees",
    "rounding": "rounding",
    "interest": "interest",
    "dividend": "dividends",
    "invoice": "invoices",
    "exchange": "fx",
    "payment": "trading",
    "delivery": "trading",
    "settlement": "trading",
    "funding": "funding",
    "correction": "corrections",
}
"""By what a posting is for. `fx` and `trading` have both legs, each in its own asset: the sum in one asset is what was
bought of it or sold, for what the other asset's sum says.
"""
MOVES = frozenset((
    "deposit", "withdrawal", "transfer", "custody", "top_up", "excess", "allocation", "tax", "insurance", "collateral",
))  # fmt: skip
"""What earns nothing: it lies elsewhere than before, or is owed to somebody."""
CROSSING = (
    "SELECT p.source, p.target, p.asset, t.name, SUM(p.amount >> 32), SUM(p.amount & 4294967295) FROM postings p "
    "JOIN templates t ON t.number = p.template JOIN accounts s ON s.number = p.source "
    "JOIN accounts r ON r.number = p.target WHERE p.sequence > $1 AND p.sequence <= $2 "
    "AND (s.side = 'firm') <> (r.side = 'firm') GROUP BY p.source, p.target, p.asset, t.name"
)
"""In halves of 32 bits, since a sum of amounts may not fit 64."""


class ClientEarnings(msgspec.Struct, frozen=True):
    """From one account (a client's, a venue's, the world), by source; `total` is their sum."""

    account: str
    total: str
    sources: dict[str, str]


class AssetEarnings(msgspec.Struct, frozen=True):
    """In one asset. `sources` and the totals of `clients` both add up to `total`; `moved` came in (or went out, below
    zero) without being earned; `total` and `moved` are `change`, that of the firm's balances.
    """

    asset: str
    total: str
    moved: str
    change: str
    sources: dict[str, str]
    clients: list[ClientEarnings]


class Earnings(msgspec.Struct, frozen=True):
    """Behind record `after`, up to record `upto`."""

    after: int
    upto: int
    assets: list[AssetEarnings]


async def earnings(rows: Rows, chart: Chart, span: tuple[Point, Point]) -> Earnings:
    """Of the period between two points. Raises BadInput."""
    after, upto = span
    if after.sequence > upto.sequence:
        raise BadInput("from", "lies behind the end of the period")
    earned: list[Earned] = []
    moved: dict[str, int] = {}
    for source, target, number, purpose, high, low in await rows(CROSSING, after.sequence, upto.sequence):
        asset, amount = chart.assets[number].code, (int(high) << 32) + int(low)
        is_gain = chart.accounts[target].side == FIRM
        other, signed = (source, amount) if is_gain else (target, -amount)
        if purpose in MOVES:
            moved[asset] = moved.get(asset, 0) + signed
        else:
            earned.append(Earned(chart.accounts[other].path, asset, SOURCE_OF.get(purpose, "other"), signed))
    cuts = {cut.asset: cut for cut in attribute(earned)}
    decimals = {asset.code: asset.decimals for asset in chart.assets.values()}
    nothing = Attribution("", {}, {}, 0)
    found = [
        _earned(code, decimals[code], cuts.get(code, nothing), moved.get(code, 0)) for code in sorted({*cuts, *moved})
    ]
    return Earnings(after.sequence, upto.sequence, found)


def _earned(code: str, decimals: int, cut: Attribution, moved: int) -> AssetEarnings:
    def told(amounts: dict[str, int]) -> dict[str, str]:
        return {name: text(amount, decimals) for name, amount in amounts.items()}

    return AssetEarnings(
        asset=code,
        total=text(cut.total, decimals),
        moved=text(moved, decimals),
        change=text(cut.total + moved, decimals),
        sources=told(cut.sources),
        clients=[
            ClientEarnings(account, text(sum(row.values()), decimals), told(row))
            for account, row in cut.clients.items()
        ],
    )
