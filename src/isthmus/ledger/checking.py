"""Whether books are what the journal says: against books made anew from it, and against the engine's own state.

Every difference is named: which account and asset, what the books have, what they should have, and the first record
from which on they do not agree.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from isthmus.engine import archive
from isthmus.engine.postings import balances_at as engine_balances
from isthmus.kernel.values import text
from isthmus.ledger import schema
from isthmus.ledger.points import Chart, Point, at_record, balances_at, read_chart, read_progress
from isthmus.ledger.store import Key, Rows, Store

PAGE = 65_536
POSTINGS = (
    "SELECT sequence, place, stamp, source, target, asset, template, amount FROM postings "
    "WHERE (sequence > $1 OR (sequence = $1 AND place > $2)) AND sequence <= $3 ORDER BY sequence, place LIMIT $4"
)
HISTORY = (
    "SELECT h.account, h.asset, h.sequence, h.amount FROM balance_history h WHERE h.sequence <= $1 "
    "ORDER BY h.sequence, h.account, h.asset"
)
KINDS = ("journal", "chart", "posting", "balance", "history", "engine")

Posting = tuple[int, ...]
"""Sequence, place, stamp, source, target, asset, template, amount."""


class Difference(msgspec.Struct, frozen=True):
    """`kind`: journal (the last record of the books is another, or gone), chart (an account or asset), posting (its
    effect on an account), balance (as it stands), history (as of an earlier record), engine (the journal's postings
    against the engine's state). `books`, `expected` and `amount` (the one less the other) are decimals of the asset, or
    texts of the chart's row.
    """

    kind: str
    account: str | None
    asset: str | None
    books: str | None
    expected: str | None
    amount: str | None
    first_sequence: int | None


class Found(msgspec.Struct):
    """Differences as they are found: sums by kind, account and asset, with the first record of each."""

    chart: Chart
    rows: dict[tuple[str, Key], tuple[int, int, int | None]] = {}
    named: list[Difference] = []

    def add(self, kind: str, key: Key, books: int, expected: int, sequence: int | None) -> None:
        """One more difference of a balance."""
        had, should, first = self.rows.get((kind, key), (0, 0, sequence))
        self.rows[kind, key] = (had + books, should + expected, first)

    def listed(self) -> list[Difference]:
        """All of them, in the order of KINDS, then by account and asset."""
        by_kind = sorted(self.rows.items(), key=lambda item: (KINDS.index(item[0][0]), item[0][1]))
        figures = [self._figure(kind, key, figure) for (kind, key), figure in by_kind]
        return self.named + [row for row in figures if row is not None]

    def _figure(self, kind: str, key: Key, figure: tuple[int, int, int | None]) -> Difference | None:
        books, expected, first = figure
        account, asset = self.chart.accounts.get(key[0]), self.chart.assets.get(key[1])
        decimals = asset.decimals if asset is not None else 0
        path = account.path if account is not None else f"account:{key[0]}"
        code = asset.code if asset is not None else f"asset:{key[1]}"
        texts = (text(books, decimals), text(expected, decimals), text(books - expected, decimals))
        return Difference(kind, path, code, *texts, first)


async def compared(live: Store, scratch: Store) -> tuple[list[Difference], int]:
    """Live books against those made anew from the journal, which reach at least as far; the record up to which they
    were compared. Raises NoBooks.
    """
    async with live.reading() as have, scratch.reading() as should:
        upto = min((await read_progress(have)).place.sequence, (await read_progress(should)).place.sequence)
        found = Found(await read_chart(should), {}, [])
        await _compare_charts(found, await read_chart(have), upto)
        await _compare_postings(found, have, should, upto)
        await _compare_balances(found, have, should, upto)
        await _compare_history(found, have, upto)
        return found.listed(), upto


async def against_journal(live: Store, data: Path) -> list[Difference]:
    """Whether the record that the books end with is the journal's. Raises NoBooks."""
    async with live.reading() as rows:
        place = (await read_progress(rows)).place
    if place.sequence == 0:
        return []
    found = next(archive.records(data, place.sequence), None)
    head = found.hash.hex() if found is not None and found.sequence == place.sequence else None
    if head == place.head.hex():
        return []
    return [Difference("journal", None, None, place.head.hex(), head, None, place.sequence)]


async def against_engine(scratch: Store, data: Path) -> list[Difference]:
    """Books made anew from the journal's effects against the state that its commands give when they are run again."""
    async with scratch.reading() as rows:
        sequence = (await read_progress(rows)).place.sequence
        found = Found(await read_chart(rows), {}, [])
        have = {key: amount for key, amount in (await balances_at(rows, Point(sequence, sequence))).items() if amount}
        state = {(account, asset): amount for account, asset, amount in engine_balances(str(data), sequence)}
        for key in sorted(have.keys() | state.keys()):
            if have.get(key, 0) != state.get(key, 0):
                first = await _first_wrong(rows, data, key, sequence)
                found.add("engine", key, have.get(key, 0), state.get(key, 0), first)
        return found.listed()


async def _first_wrong(rows: Rows, data: Path, key: Key, end: int) -> int:
    """The record from which on books and engine differ in a balance, by halving what may hold it."""
    right = 0
    while right + 1 < end:
        middle = (right + end) // 2
        have = (await balances_at(rows, await at_record(rows, middle))).get(key, 0)
        state = {(account, asset): amount for account, asset, amount in engine_balances(str(data), middle)}
        right, end = (middle, end) if have == state.get(key, 0) else (right, middle)
    return end


async def _compare_charts(found: Found, have: Chart, upto: int) -> None:
    """Accounts and assets that the records up to `upto` made."""
    for of, should, opened in (
        (have.accounts, found.chart.accounts, "opened"),
        (have.assets, found.chart.assets, "listed"),
    ):
        for number in sorted(of.keys() | should.keys()):
            one, other = of.get(number), should.get(number)
            first = getattr(other or one, opened)
            if one != other and first <= upto:
                name = getattr(other or one, "path", None), getattr(other or one, "code", None)
                found.named.append(Difference("chart", *name, _row_text(one), _row_text(other), None, first))


def _row_text(row: msgspec.Struct | None) -> str | None:
    return None if row is None else msgspec.json.encode(row).decode()


async def _compare_postings(found: Found, have: Rows, should: Rows, upto: int) -> None:
    ours, theirs = _pages(have, upto), _pages(should, upto)
    mine: list[Posting] = []
    other: list[Posting] = []
    while True:
        mine = mine or await anext(ours, [])
        other = other or await anext(theirs, [])
        if not mine and not other:
            return
        if mine == other:
            mine, other = [], []
            continue
        ends = [page[-1][:2] for page in (mine, other) if page]
        end = min(ends) if len(ends) == 2 else ends[0]
        one, mine = _split(mine, end)
        two, other = _split(other, end)
        have_here = set(one)
        for posting in sorted(have_here ^ set(two)):
            _posting_differs(found, posting, posting in have_here)


def _posting_differs(found: Found, posting: Posting, is_in_books: bool) -> None:
    sequence, _, _, source, target, asset, _, amount = posting
    for account, change in ((source, -amount), (target, amount)):
        books, expected = (change, 0) if is_in_books else (0, change)
        found.add("posting", (account, asset), books, expected, sequence)


def _split(page: list[Posting], end: tuple[int, ...]) -> tuple[list[Posting], list[Posting]]:
    count = sum(posting[:2] <= end for posting in page)
    return page[:count], page[count:]


async def _pages(rows: Rows, upto: int) -> AsyncIterator[list[Posting]]:
    sequence, place = 0, -1
    while page := [tuple(row) for row in await rows(POSTINGS, sequence, place, upto, PAGE)]:
        yield page
        sequence, place = page[-1][:2]


async def _compare_balances(found: Found, have: Rows, should: Rows, upto: int) -> None:
    """What stands in the table of balances, brought back to `upto` where the books went on."""
    point = await at_record(should, upto)
    expected = await balances_at(should, point)
    standing = {(account, asset): int(amount) for account, asset, amount in await have(schema.READ_BALANCES)}
    end = (await read_progress(have)).place.sequence
    for source, target, asset, amount in await _behind(have, upto, end):
        standing[source, asset] = standing.get((source, asset), 0) + amount
        standing[target, asset] = standing.get((target, asset), 0) - amount
    for key in sorted(expected.keys() | standing.keys()):
        if expected.get(key, 0) != standing.get(key, 0):
            first = found.rows.get(("posting", key), (0, 0, None))[2]
            found.add("balance", key, standing.get(key, 0), expected.get(key, 0), first)


async def _behind(rows: Rows, after: int, upto: int) -> Sequence[Sequence[Any]]:
    question = "SELECT source, target, asset, amount FROM postings WHERE sequence > $1 AND sequence <= $2"
    return await rows(question, after, upto) if upto > after else ()


async def _compare_history(found: Found, have: Rows, upto: int) -> None:
    """Balances as of earlier records against the sums of the books' own postings up to there."""
    sums: dict[Key, int] = {}
    pages = _pages(have, upto)
    page: list[Posting] = []
    at = 0
    for account, asset, sequence, amount in await have(HISTORY, upto):
        while True:
            if at == len(page):
                page, at = await anext(pages, []), 0
                if not page:
                    break
            if page[at][0] > sequence:
                break
            _, _, _, source, target, of, _, moved = page[at]
            sums[source, of] = sums.get((source, of), 0) - moved
            sums[target, of] = sums.get((target, of), 0) + moved
            at += 1
        if int(amount) != sums.get((account, asset), 0) and ("history", (account, asset)) not in found.rows:
            found.add("history", (account, asset), int(amount), sums.get((account, asset), 0), sequence)
