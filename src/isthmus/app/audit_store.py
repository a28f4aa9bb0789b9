"""`isthmus audit store rebuild`: the store made again from the journal, or compared with it."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import shutil
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import msgspec

from isthmus.app.audit_search import folder
from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json, progress, say
from isthmus.audit.comparing import Compared, compared
from isthmus.audit.dropping import alone, drops
from isthmus.audit.marks import Prints, logged
from isthmus.audit.parts import FOLDER, Marks, day_of
from isthmus.audit.places import ORDERS, log_folder
from isthmus.audit.postgres import PostgresRows
from isthmus.audit.resuming import rows_of_journal
from isthmus.audit.rows import Row
from isthmus.audit.store import StoreReader, StoreWriter
from isthmus.kernel.errors import Damaged

BATCH = 50_000
"""Rows of a part."""


def rebuild(arguments: argparse.Namespace) -> int:
    """Exit 1 where --check finds a difference."""
    data = folder(arguments)
    if arguments.url is not None:
        return _in_database(data, PostgresRows(arguments.url), arguments)
    if arguments.check:
        with progress("comparing") as advance:
            rows = rows_of_journal(data, advance)
            found = compared(StoreReader(data).parts(), rows, Prints(data), logged(data), drops(data))
        _tell(found, arguments.json)
        return EXIT_OK if found.ok else EXIT_FOUND
    with progress("making the store again") as advance, alone(data):
        gone = drops(data)
        count, files = _made(data, gone, advance)
    if arguments.json:
        print_json({"rows": count, "files": files, "dropped": sorted(gone)})
    else:
        say(f"{count:,} rows in {files} files")
        if gone:
            say(f"left out as dropped: {len(gone)} days from {min(gone)} to {max(gone)} (isthmus audit retention)")
    return EXIT_OK


def _made(data: Path, gone: Collection[dt.date], advance: Callable[[int], None]) -> tuple[int, int]:
    """A whole new store in the place of the old one, which goes last, without the days that are gone. Raises BadInput
    where it is written to.
    """
    store = data / FOLDER
    old = StoreWriter(data)
    try:
        scratch = data / "audit" / "store.new"
        shutil.rmtree(scratch, ignore_errors=True)
        writer = StoreWriter(scratch)
        try:
            count = sum(writer.take(rows, marks) for rows, marks in _batches(data, advance, gone))
        finally:
            writer.close()
        files = len(StoreReader(scratch).parts())
        aside = data / "audit" / "store.old"
        shutil.rmtree(aside, ignore_errors=True)
        store.rename(aside)
        (scratch / FOLDER).rename(store)
        shutil.rmtree(aside)
        shutil.rmtree(scratch)
        return count, files
    finally:
        old.close()


def _batches(
    data: Path, advance: Callable[[int], None], gone: Collection[dt.date] = ()
) -> Iterator[tuple[list[Row], Marks | None]]:
    """Rows of whole records, without the days that are gone. Where there is a log of orders, its fingerprints go with
    them, and rows that it has not yet wait for it. Raises Damaged where the log has other events.
    """
    log = logged(data) if (log_folder(data, ORDERS) / "checkpoint").exists() else None
    rows, marks = list[Row](), list[tuple[bytes, bytes]]()
    mark = None
    for row in rows_of_journal(data, advance):
        if len(rows) >= BATCH and row.sequence != rows[-1].sequence:
            yield rows, marks if log is not None else None
            rows, marks = [], []
        if log is not None:
            mark = next(log, None)
            if mark is None:
                break
            if (mark.sequence, mark.place, mark.order) != (row.sequence, row.place, row.order):
                raise Damaged(f"{log_folder(data, ORDERS)}: record {row.sequence} has other events in it")
        if gone and day_of(row.time) in gone:
            continue
        if mark is not None:
            marks.append((mark.fingerprint, mark.previous))
        rows.append(row)
    yield rows, marks if log is not None else None


def _in_database(data: Path, database: PostgresRows, arguments: argparse.Namespace) -> int:
    """Adds what is missing behind the last record there, or compares."""
    if arguments.check:
        with progress("comparing") as advance:
            made = rows_of_journal(data, advance)
            count, difference = asyncio.run(database.differs(lambda: next(made, None)))
        found = Compared(count, 0, sum(1 for _ in made), difference)
        _tell(found, arguments.json)
        return EXIT_OK if found.ok else EXIT_FOUND
    with progress("writing rows") as advance:
        new = sum(asyncio.run(database.take(*batch)) for batch in _batches(data, advance))
    if arguments.json:
        print_json({"rows": new, "files": 0})
    else:
        say(f"{new:,} new rows")
    return EXIT_OK


def _tell(found: Compared, as_json: bool) -> None:
    if as_json:
        print_json({"ok": found.ok, **msgspec.to_builtins(found)})
        return
    if (difference := found.difference) is None:
        say(f"{found.rows:,} rows in {found.files} files are the journal's; {found.behind:,} are not stored yet")
        if found.dropped:
            say(f"{found.dropped:,} more are of days that are on record as dropped")
        say(f"fingerprints: {found.proven:,} proven, {found.erased:,} erased, {found.keyless:,} without their key")
        return
    where = f"row {difference.row}, record {difference.sequence}" if difference.row is not None else "the whole file"
    field = f", field {difference.field}" if difference.field else ""
    say(f"{difference.file}: {difference.reason} at {where}{field}")
    if difference.reason == "differs":
        say(f"  stored   {difference.stored}")
        say(f"  journal  {difference.journal}")
