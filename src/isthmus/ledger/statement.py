"""An account's statement between two points: what it had, every posting with its cause, what it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import text, time_text
from isthmus.ledger.chart import LedgerAccount
from isthmus.ledger.points import Chart, Point, balances_at
from isthmus.ledger.store import NotRecorded, Rows

EXCHANGED = ("payment", "delivery", "exchange")
"""Templates of the legs of a trade, and of an exchange."""
LINES_MAX = 100_000
LINES = (
    "SELECT p.sequence, p.place, p.stamp, p.source, p.target, p.asset, p.amount, t.name FROM stretches s "
    "JOIN postings p ON p.sequence >= s.first AND p.sequence <= s.last JOIN templates t ON t.number = p.template "
    "WHERE s.last IN (SELECT DISTINCT h.sequence FROM balance_history h WHERE h.account = $1 AND h.sequence > $2) "
    "AND s.first <= $3 AND p.sequence > $2 AND p.sequence <= $3 AND (p.source = $1 OR p.target = $1) "
    "ORDER BY p.sequence, p.place LIMIT $4"
)


class Leg(msgspec.Struct, frozen=True):
    """The other side of an exchange of two assets: what came for what went, or went for what came."""

    asset: str
    amount: str


class Line(msgspec.Struct, frozen=True):
    """A posting as the account saw it: `amount` came in, or went out if negative; `balance` is the asset's behind it.

    `sequence` is the record that caused it, `place` its place among the record's postings. `against` is given for a leg
    of an exchange: no posting ever joins two assets.
    """

    sequence: int
    place: int
    time: str
    asset: str
    amount: str
    balance: str
    counterparty: str
    purpose: str
    against: Leg | None = None


class Statement(msgspec.Struct, frozen=True):
    """`opening` and `closing` by asset; opening and all lines add up to closing. `complete`: false where there were
    more lines than asked for, of which the first are here, and closing is behind the last of them.
    """

    account: int
    path: str
    after: int
    upto: int
    opening: dict[str, str]
    lines: list[Line]
    closing: dict[str, str]
    complete: bool


async def statement(
    rows: Rows, chart: Chart, account: LedgerAccount, span: tuple[Point, Point], most: int = LINES_MAX
) -> Statement:
    """What happened behind the first point up to the second. Raises BadInput, NotRecorded."""
    after, upto = span
    if after.sequence > upto.sequence:
        raise BadInput("from", "lies behind the end of the statement")
    if account.opened > upto.sequence:
        raise NotRecorded("account", f"{account.path} is not recorded yet: record {account.opened} opened it")
    sums = {asset: amount for (_, asset), amount in (await balances_at(rows, after, account.number)).items()}
    opening = _figures(chart, sums)
    found = await rows(LINES, account.number, after.sequence, upto.sequence, most + 1)
    lines = [_line(chart, account.number, row, sums) for row in found[:most]]
    complete = len(found) <= most
    end = upto.sequence if complete else lines[-1].sequence
    closing = _figures(chart, sums)
    return Statement(account.number, account.path, after.sequence, end, opening, _paired(lines), closing, complete)


def _figures(chart: Chart, sums: dict[int, int]) -> dict[str, str]:
    return {
        chart.assets[asset].code: text(amount, chart.assets[asset].decimals) for asset, amount in sorted(sums.items())
    }


def _line(chart: Chart, account: int, row: Sequence[Any], sums: dict[int, int]) -> Line:
    sequence, place, stamp, source, target, asset_number, amount, purpose = row
    asset, other = chart.assets[asset_number], source if target == account else target
    change = 0 if source == target else amount if target == account else -amount  # of a trade with oneself: nothing
    sums[asset_number] = sums.get(asset_number, 0) + change
    moved, balance = text(change, asset.decimals), text(sums[asset_number], asset.decimals)
    return Line(sequence, place, time_text(stamp), asset.code, moved, balance, chart.accounts[other].path, purpose)


def _paired(lines: list[Line]) -> list[Line]:
    """Each leg of an exchange with the other one: the next leg of the same record, of another asset, the other way."""
    paired = list(lines)
    waiting: int | None = None
    for at, line in enumerate(lines):
        if line.purpose not in EXCHANGED:
            continue
        if waiting is not None and _are_legs(lines[waiting], line):
            first = lines[waiting]
            paired[waiting] = msgspec.structs.replace(first, against=Leg(line.asset, line.amount))
            paired[at] = msgspec.structs.replace(line, against=Leg(first.asset, first.amount))
            waiting = None
        else:
            waiting = at
    return paired


def _are_legs(first: Line, second: Line) -> bool:
    ways = {line.amount.startswith("-") for line in (first, second)}
    return first.sequence == second.sequence and first.asset != second.asset and len(ways) == 2
