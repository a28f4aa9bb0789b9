"""`isthmus audit retention`: how long each day is kept, and the days that go when nobody wants them any more."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import secrets
from collections.abc import Callable, Collection
from pathlib import Path

import msgspec

from isthmus.app.audit_particulars import asked_by, logged
from isthmus.app.audit_search import folder
from isthmus.app.output import EXIT_OK, fail, note, print_json, say
from isthmus.audit import jurisdictions
from isthmus.audit.dropping import DayKept, Drop, Dropper, Wanted, alone, cut_off, dropped_days, drops
from isthmus.audit.entry_log import DROPS, EntryLog
from isthmus.audit.jurisdictions import Jurisdiction
from isthmus.audit.postgres import PostgresRows
from isthmus.audit.retention import EVERYBODY, Asked, chosen, holds
from isthmus.audit.store import StoreReader
from isthmus.kernel.clock import system_clock

Rows = dict[str, Jurisdiction]


def retention(arguments: argparse.Namespace) -> int:
    """A row a day. With --drop those that may go, and with --apply they do."""
    data = folder(arguments)
    rows = chosen(jurisdictions.shipped(), arguments.jurisdiction)
    if arguments.apply and not arguments.drop:
        fail("apply", "is of --drop")
    asked = asked_by(arguments) if arguments.apply else None
    if arguments.url is None:
        if asked is not None:
            logged(lambda: _drop_files(data, arguments.name, rows, asked))
        days, gone = _kept_in_files(data, rows), list(drops(data).values())
    else:
        days, gone = asyncio.run(_of_database(data, PostgresRows(arguments.url), rows, asked))
    if arguments.drop and asked is None:
        days = [day for day in days if day.may_go]
    _tell(days, gone, arguments)
    return EXIT_OK


def _drop_files(data: Path, name: str, rows: Rows, asked: Asked) -> None:
    """The days that may go, those that were cut off first; `name` is that of the logs."""
    with alone(data):
        begun, store = cut_off(data), StoreReader(data)
        going = [day for day in _kept_in_files(data, rows) if day.may_go]
        if not begun and not going:
            return
        dropper = Dropper(data, EntryLog(data, name, DROPS), secrets.token_bytes, system_clock())
        for drop in begun:
            note(f"{drop.day}: a drop of {drop.time} was cut off; it is finished")
            dropper.finish(drop)
        parts = store.days()
        for day in going:
            dropper.drop(day, parts[day.day], sorted(rows), asked)


def _kept_in_files(data: Path, rows: Rows) -> list[DayKept]:
    store = StoreReader(data)
    sizes = {day: sum(part.path.stat().st_size for part in parts) for day, parts in store.days().items()}
    return _wanted(data, rows, store.days_of).kept({day: (size, None) for day, size in sizes.items()})


async def _of_database(
    data: Path, database: PostgresRows, rows: Rows, asked: Asked | None
) -> tuple[list[DayKept], list[Drop]]:
    """As of files; the holds are those of the folder."""
    held = {hold.account for hold in holds(data).values()} - {EVERYBODY}

    async def kept() -> list[DayKept]:
        days_of = {account: await database.days_of(account) for account in held}
        sizes = await database.days()
        return _wanted(data, rows, lambda account: days_of[account]).kept({day: (None, n) for day, n in sizes.items()})

    if asked is not None:
        for day in await kept():
            if day.may_go:
                await database.drop(day, sorted(rows), asked)
    return await kept(), list((await database.drops()).values())


def _wanted(data: Path, rows: Rows, days_of: Callable[[str], Collection[dt.date]]) -> Wanted:
    held = {
        number: None if hold.account == EVERYBODY else days_of(hold.account) for number, hold in holds(data).items()
    }
    return Wanted(rows, held, dt.datetime.now(dt.UTC).date())


def _tell(days: list[DayKept], gone: list[Drop], arguments: argparse.Namespace) -> None:
    if arguments.json:
        more = {"applied": arguments.apply} if arguments.drop else {}
        print_json({"days": days, "dropped": [msgspec.structs.asdict(one) for one in dropped_days(gone)], **more})
        return
    for day in days:
        size = f"{day.bytes:>12,} bytes" if day.bytes is not None else f"{day.rows:>12,} rows"
        say(f"{day.day}  {size}, kept until {day.kept_until}: {_verdict(day)}")
    for one in dropped_days(gone):
        say(f"{one.day}  dropped on {one.dropped_on} by {one.by}: {one.reason}")
    if arguments.drop and not arguments.apply:
        say(f"{len(days)} days would go; nothing was changed: --apply --by WHO --reason WHY drops them")


def _verdict(day: DayKept) -> str:
    if day.may_go:
        return "may go"
    if day.holds:
        return f"hold {day.holds[0]} stands"
    return f"for {day.jurisdiction}" + (", and the newest day stays" if day.newest else "")
