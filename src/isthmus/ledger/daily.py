"""Client balances at the end of a day, as a file that a regulator reads without our software (CSV, RFC 4180)."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, time, timedelta
from typing import TextIO

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S, text
from isthmus.ledger.chart import CLIENT
from isthmus.ledger.points import Chart, Point
from isthmus.ledger.store import Key

HEAD = ("day", "upto_record", "account", "path", "class", "asset", "balance", "side")
CUSTODIAN = "custodian"
"""Banks hold client money, they are not owed it: the other side of these balances."""
CREDIT_DEBIT = {True: "credit", False: "debit"}


def end_of_day(day: str) -> int:
    """The last nanosecond of the day (UTC). Raises BadInput."""
    try:
        following = date.fromisoformat(day) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise BadInput("day", "must be a date, YYYY-MM-DD") from None
    return int(datetime.combine(following, time(), UTC).timestamp()) * NS_PER_S - 1


def write_client_balances(out: TextIO, day: str, chart: Chart, point: Point, sums: dict[Key, int]) -> int:
    """Every balance of client money at the point, by account and asset, zeros included; how many rows.

    `side` says whether it is a credit (owed to the client) or a debit; `balance` is a decimal, negative for a debit.
    """
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(HEAD)
    count = 0
    for (number, asset_number), amount in sorted(sums.items()):
        account, asset = chart.accounts[number], chart.assets[asset_number]
        if account.side == CLIENT and account.class_name != CUSTODIAN:
            balance, side = text(amount, asset.decimals), CREDIT_DEBIT[amount >= 0]
            of = (number, account.path, account.class_name)
            rows.writerow((day, point.sequence, *of, asset.code, balance, side))
            count += 1
    return count
