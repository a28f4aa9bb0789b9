"""Points in the books: by record or by time, and balances there.

A point that the books do not reach yet is refused by name, never answered with nothing. A time is answered once a
record with a later stamp is in the books, since until then more may come with the same one.
"""

from __future__ import annotations

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.ledger import schema
from isthmus.ledger.chart import LedgerAccount
from isthmus.ledger.store import Key, LedgerAsset, NoBooks, NotRecorded, Progress, Rows, progress_of

AT_LAST = (
    "SELECT b.account, b.asset, (SELECT h.amount FROM balance_history h WHERE h.account = b.account "
    "AND h.asset = b.asset AND h.sequence <= $1 ORDER BY h.sequence DESC LIMIT 1) FROM balances b"
)
BEHIND = "SELECT source, target, asset, amount FROM postings WHERE sequence > $1 AND sequence <= $2"
STRETCH_OF_RECORD = "SELECT first, last FROM stretches WHERE last >= $1 ORDER BY last LIMIT 1"
STRETCH_OF_TIME = "SELECT first, last FROM stretches WHERE stamp > $1 ORDER BY last LIMIT 1"
LAST_BEFORE = "SELECT max(sequence) FROM postings WHERE sequence >= $1 AND sequence <= $2 AND stamp <= $3"


class Point(msgspec.Struct, frozen=True):
    """Behind record `sequence`. Balances are kept as of record `base`, the postings after it are added."""

    sequence: int
    base: int


class Chart(msgspec.Struct, frozen=True):
    """Accounts and assets by number."""

    accounts: dict[int, LedgerAccount]
    assets: dict[int, LedgerAsset]

    def account(self, given: str) -> LedgerAccount:
        """By path or number. Raises BadInput."""
        by_number = given.removeprefix("acc-")
        if by_number.isdecimal() and int(by_number) in self.accounts:
            return self.accounts[int(by_number)]
        for account in self.accounts.values():
            if account.path == given:
                return account
        raise BadInput("account", f"there is no account {given} in the books")


async def read_progress(rows: Rows) -> Progress:
    """How far the books reach. Raises NoBooks."""
    progress = progress_of(await rows(schema.READ_PROGRESS))
    if progress is None:
        raise NoBooks("books", "are of another release: isthmus books rebuild makes them anew")
    return progress


async def read_chart(rows: Rows) -> Chart:
    """All of it."""
    accounts = [LedgerAccount(*row) for row in await rows(schema.READ_ACCOUNTS)]
    assets = [LedgerAsset(*row) for row in await rows(schema.READ_ASSETS)]
    return Chart({account.number: account for account in accounts}, {asset.number: asset for asset in assets})


async def newest(rows: Rows) -> Point:
    """The end of the books."""
    sequence = (await read_progress(rows)).place.sequence
    return Point(sequence, sequence)


async def at_record(rows: Rows, sequence: int) -> Point:
    """Behind this record. Raises NotRecorded."""
    end = (await read_progress(rows)).place
    if not 0 <= sequence <= end.sequence:
        raise NotRecorded("at", f"record {sequence} is not recorded yet: the books reach to record {end.sequence}")
    if sequence == 0:
        return Point(0, 0)
    first, last = (await rows(STRETCH_OF_RECORD, sequence))[0]
    return Point(sequence, last if sequence == last else first - 1)


async def at_time(rows: Rows, stamp: int) -> Point:
    """Behind every record with this stamp (ns UTC) or an earlier one. Raises NotRecorded."""
    end = (await read_progress(rows)).place
    if stamp < 0 or stamp >= end.stamp:
        raise NotRecorded("at", f"{stamp} ns is not recorded yet: the books reach to {end.stamp} ns (UTC)")
    first, last = (await rows(STRETCH_OF_TIME, stamp))[0]
    found = (await rows(LAST_BEFORE, first, last, stamp))[0][0]
    return Point(first - 1 if found is None else found, first - 1)


async def balances_at(rows: Rows, point: Point, account: int | None = None) -> dict[Key, int]:
    """Every balance that was ever touched, or those of one account, behind the point; in minor units."""
    chosen, values = ("", ()) if account is None else (" WHERE b.account = $2", (account,))
    found = await rows(AT_LAST + chosen, point.base, *values)
    sums = {(of, asset): int(amount) for of, asset, amount in found if amount is not None}
    if point.sequence > point.base:
        chosen = "" if account is None else " AND (source = $3 OR target = $3)"
        for source, target, asset, amount in await rows(BEHIND + chosen, point.base, point.sequence, *values):
            sums[source, asset] = sums.get((source, asset), 0) - amount
            sums[target, asset] = sums.get((target, asset), 0) + amount
    return sums if account is None else {key: amount for key, amount in sums.items() if key[0] == account}
