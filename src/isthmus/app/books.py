"""`isthmus books`: makes, checks and asks the books of record. All but `rebuild` without --check only read."""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, note, print_json, progress, say
from isthmus.engine.engine import JournalDamaged, OtherRelease
from isthmus.engine.postings import end_of
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.values import time_ns
from isthmus.ledger.balances import TrialRow, balance_rows
from isthmus.ledger.balances import trial_balance as trial_balance_of
from isthmus.ledger.checking import Difference, against_engine, against_journal, compared
from isthmus.ledger.daily import end_of_day, write_client_balances
from isthmus.ledger.points import Point, at_record, at_time, balances_at, newest, read_chart, read_progress
from isthmus.ledger.postgres import PostgresStore
from isthmus.ledger.projection import Projection
from isthmus.ledger.sqlite import SqliteStore, path_in
from isthmus.ledger.statement import Line, Statement
from isthmus.ledger.statement import statement as statement_of
from isthmus.ledger.store import BooksMoved, NoBooks, Rows, Store

TRIES = 20
"""How often a rebuild goes on where the books moved, because a server keeps them too."""


def store_of(data: Path, url: str | None) -> Store:
    """Where the books are kept."""
    return PostgresStore(url) if url else SqliteStore(path_in(data))


def rebuild(arguments: argparse.Namespace) -> int:
    """Exit 0, or 1 if --check finds differences or the journal is damaged."""
    data = Path(arguments.data)
    if not (data / "journal").is_dir():
        fail("data", f"{data} holds no journal")
    store = store_of(data, arguments.url)
    try:
        told = asyncio.run(_check(data, store) if arguments.check else _rebuild(data, store))
    except JournalDamaged as error:
        raise Damaged(f"{data}: {error}") from error
    except (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise BadInput("books", f"cannot be written: {error}") from error
    if arguments.json:
        print_json(told)
    else:
        for line in _described(told):
            say(line)
    return EXIT_OK if told["ok"] else EXIT_FOUND


async def _rebuild(data: Path, store: Store) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        await store.begin_anew()
        for tries in range(1, TRIES + 1):
            try:
                await _carry(data, store, end_of(data))
                break
            except BooksMoved:
                if tries == TRIES:
                    raise
        return await _answer(store, [], {"checked": False, "seconds": round(time.perf_counter() - started, 3)})
    finally:
        await store.close()


async def _carry(data: Path, store: Store, upto: int) -> None:
    projection = await Projection.begin(data, store, upto)
    with progress("carrying postings into the books", upto - projection.progress.place.sequence) as advance:
        while records := await projection.step():
            advance(records)


async def _check(data: Path, live: Store) -> dict[str, Any]:
    started, upto = time.perf_counter(), end_of(data)
    with TemporaryDirectory(prefix="isthmus-books-") as folder:
        scratch = SqliteStore(Path(folder) / "books.sqlite", fast=True)
        await _carry(data, scratch, upto)
        differences, reach = await _against_live(data, live, scratch)
        engine: str | None = None
        try:
            differences += await against_engine(scratch, data)
        except (OtherRelease, Damaged, JournalDamaged) as error:
            engine = str(error)
            note(f"the engine's state could not be made: {engine}")
        facts = {"checked": True, "live": reach, "engine_fault": engine, "records": upto}
        told = await _answer(scratch, differences, facts | {"seconds": round(time.perf_counter() - started, 3)})
        await scratch.close()
        return told


async def _against_live(data: Path, live: Store, scratch: Store) -> tuple[list[Difference], int | None]:
    """Differences of the books that are kept, and how far they were compared; nothing where none are kept."""
    try:
        differences, reach = await compared(live, scratch)
        return await against_journal(live, data) + differences, reach
    except NoBooks:
        return [], None
    finally:
        await live.close()


async def _answer(store: Store, differences: list[Difference], facts: dict[str, Any]) -> dict[str, Any]:
    async with store.reading() as rows:
        chart, reached = await read_chart(rows), await read_progress(rows)
        trial = trial_balance_of(chart, await balances_at(rows, await newest(rows)))
    zero = all(is_zero(row) for row in trial)
    return {
        "ok": zero and not differences,
        "postings": reached.postings,
        "accounts": len(chart.accounts),
        "trial_balance": {row.asset: row.sum for row in trial},
        "differences": differences,
        "sequence": reached.place.sequence,
        "head": reached.place.head.hex(),
        **facts,
    }


def is_zero(row: TrialRow) -> bool:
    """Whether the asset adds up."""
    return set(row.sum) <= set("0.")


def _described(told: dict[str, Any]) -> list[str]:
    verdict = "well" if told["ok"] else "DIFFERENT"
    lines = [f"{verdict}: {told['postings']:,} postings, {told['accounts']:,} accounts, to record {told['sequence']:,}"]
    if told["checked"]:
        reach = told["live"]
        lines.append(f"books kept: compared to record {reach:,}" if reach is not None else "no books are kept here")
    lines += [f"{asset} {total}" for asset, total in told["trial_balance"].items()]
    for row in told["differences"]:
        since = f" from record {row.first_sequence}" if row.first_sequence is not None else ""
        lines.append(f"{row.kind} {row.account} {row.asset}: {row.books} and not {row.expected}{since}")
    return lines


@asynccontextmanager
async def asked(arguments: argparse.Namespace) -> AsyncIterator[Rows]:
    """The books to ask. Raises NoBooks."""
    async with store_of(Path(arguments.data), arguments.url).reading() as rows:
        yield rows


async def point_of(rows: Rows, at: str | None, field: str = "at") -> Point:
    """A record's number or a time. Raises BadInput, NotRecorded."""
    if at is None:
        return await newest(rows)
    if at.isdecimal():
        return await at_record(rows, int(at))
    try:
        return await at_time(rows, time_ns(at))
    except ValueError:
        raise BadInput(field, "must be a record's number or a time (RFC 3339)") from None


def trial_balance(arguments: argparse.Namespace) -> int:
    """Exit 1 where an asset does not add up to zero."""

    async def told() -> tuple[Point, list[TrialRow]]:
        async with asked(arguments) as rows:
            point = await point_of(rows, arguments.at)
            return point, trial_balance_of(await read_chart(rows), await balances_at(rows, point))

    point, trial = asyncio.run(told())
    zero = all(is_zero(row) for row in trial)
    if arguments.json:
        print_json({"ok": zero, "sequence": point.sequence, "rows": trial})
    else:
        say(f"{'asset':<12}{'debits':>28}{'credits':>28}{'sum':>12}")
        for row in trial:
            say(f"{row.asset:<12}{row.debits:>28}{row.credits:>28}{row.sum:>12}")
    return EXIT_OK if zero else EXIT_FOUND


def balances(arguments: argparse.Namespace) -> int:
    """Accounts that were touched, by number."""

    async def told() -> tuple[Point, list[Any]]:
        async with asked(arguments) as rows:
            point = await point_of(rows, arguments.at)
            return point, balance_rows(await read_chart(rows), await balances_at(rows, point), arguments.path)

    point, found = asyncio.run(told())
    if arguments.json:
        print_json({"sequence": point.sequence, "balances": found})
    else:
        for row in found:
            flag = "" if row.as_expected else "   not on its normal side"
            say(f"{row.path:<40}{row.asset:<12}{row.balance:>28}{flag}")
    return EXIT_OK


def statement(arguments: argparse.Namespace) -> int:
    """Lines in their order."""

    async def told() -> Statement:
        async with asked(arguments) as rows:
            chart = await read_chart(rows)
            account = chart.account(arguments.account)
            after = await point_of(rows, arguments.after or "0", "from")
            return await statement_of(rows, chart, account, (after, await point_of(rows, arguments.upto, "to")))

    answer = asyncio.run(told())
    if arguments.json:
        print_json(answer)
        return EXIT_OK
    say(f"{answer.path}, behind record {answer.after} to record {answer.upto}")
    for asset, amount in answer.opening.items():
        say(f"{'opening':<12}{asset:<10}{amount:>24}")
    for line in answer.lines:
        say(_line_text(line))
    for asset, amount in answer.closing.items():
        say(f"{'closing':<12}{asset:<10}{amount:>24}")
    return EXIT_OK


def _line_text(line: Line) -> str:
    exchanged = f"   against {line.against.amount} {line.against.asset}" if line.against else ""
    figures = f"{line.sequence:<12}{line.asset:<10}{line.amount:>24}{line.balance:>24}"
    return f"{figures}  {line.purpose} {line.counterparty}{exchanged}"


def export(arguments: argparse.Namespace) -> int:
    """A file, or standard output; with --json: a summary on standard output."""
    stamp = end_of_day(arguments.day)
    if arguments.json and not arguments.out:
        fail("out", "is needed with --json")

    async def told() -> tuple[Any, Point, dict[Any, int]]:
        async with asked(arguments) as rows:
            point = await at_time(rows, stamp)
            return await read_chart(rows), point, await balances_at(rows, point)

    chart, point, sums = asyncio.run(told())
    if not arguments.out:
        write_client_balances(sys.stdout, arguments.day, chart, point, sums)
        return EXIT_OK
    with Path(arguments.out).open("w", encoding="utf-8", newline="") as out:
        count = write_client_balances(out, arguments.day, chart, point, sums)
    if arguments.json:
        print_json({"day": arguments.day, "sequence": point.sequence, "rows": count, "file": arguments.out})
    else:
        say(f"{count} balances at the end of {arguments.day} (record {point.sequence}) in {arguments.out}")
    return EXIT_OK
