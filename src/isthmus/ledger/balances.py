"""What every account has, and the trial balance, at a point in the books."""

from __future__ import annotations

import msgspec

from isthmus.kernel.values import text
from isthmus.ledger.chart import LedgerAccount
from isthmus.ledger.points import Chart, Point, balances_at
from isthmus.ledger.store import Key, Rows


class BalanceRow(msgspec.Struct, frozen=True):
    """`balance` is a decimal of the asset, negative for a debit; so is `total` of a path. `as_expected`: it is on its
    account's normal side, or zero.
    """

    account: int
    path: str
    class_name: str = msgspec.field(name="class")
    side: str
    asset: str
    balance: str
    as_expected: bool


class TrialRow(msgspec.Struct, frozen=True):
    """One asset: all debits, all credits (both above zero), and what they add up to, which is zero. `classes`: the sum
    of each class of accounts.
    """

    asset: str
    debits: str
    credits: str
    sum: str
    classes: dict[str, str]


def below(account: LedgerAccount, prefix: str) -> bool:
    """Whether the account is at the path or below it ("custodian:alpha" has "custodian:alpha:client")."""
    path = prefix.rstrip(":")
    return not path or account.path == path or account.path.startswith(f"{path}:")


def balance_rows(chart: Chart, sums: dict[Key, int], prefix: str = "") -> list[BalanceRow]:
    """By account, then asset; accounts that were touched only."""
    rows = []
    for (number, asset_number), amount in sorted(sums.items()):
        account, asset = chart.accounts[number], chart.assets[asset_number]
        if below(account, prefix):
            expected = amount == 0 or account.normal_side in ("either", "credit" if amount > 0 else "debit")
            balance = text(amount, asset.decimals)
            row = BalanceRow(number, account.path, account.class_name, account.side, asset.code, balance, expected)
            rows.append(row)
    return rows


def trial_balance(chart: Chart, sums: dict[Key, int]) -> list[TrialRow]:
    """Of every asset, by number."""
    rows = []
    for number, asset in sorted(chart.assets.items()):
        amounts = [(chart.accounts[account], amount) for (account, of), amount in sums.items() if of == number]
        classes: dict[str, int] = {}
        for account, amount in amounts:
            classes[account.class_name] = classes.get(account.class_name, 0) + amount
        credit = sum(amount for _, amount in amounts if amount > 0)
        total = sum(amount for _, amount in amounts)
        debits, credited, summed = (text(amount, asset.decimals) for amount in (credit - total, credit, total))
        by_class = {name: text(amount, asset.decimals) for name, amount in sorted(classes.items())}
        rows.append(TrialRow(asset.code, debits, credited, summed, by_class))
    return rows


async def trial_balance_at(rows: Rows, chart: Chart, point: Point) -> list[TrialRow]:
    """See `trial_balance`."""
    return trial_balance(chart, await balances_at(rows, point))
