"""`isthmus audit search` and `isthmus audit order`: what happened to orders, from the audit store."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, say
from isthmus.audit import dimensions
from isthmus.audit.asking import Found, OrderEvent, Query
from isthmus.audit.postgres import PostgresRows
from isthmus.audit.store import StoreReader
from isthmus.kernel.ids import ID_MAX, number_of
from isthmus.kernel.values import time_ns

WHO, WHEN, CHECKS, DIFF = "O75", "O16", "O71", "O70"


def search(arguments: argparse.Namespace) -> int:
    """A page of events."""
    given = ("text", "account", "instrument", "event", "reason", "limit", "before")
    words = {name: getattr(arguments, name) for name in given}
    query = Query(**words, since=moment("from", arguments.since), until=moment("to", arguments.until))
    if arguments.url is not None:
        found = asyncio.run(PostgresRows(arguments.url).search(query))
    else:
        found = StoreReader(folder(arguments)).search(query)
    if arguments.json:
        print_json(found)
    else:
        _tell(found)
    return EXIT_OK


def order(arguments: argparse.Namespace) -> int:
    """Exit 1 where the store has no such order."""
    number = order_number(arguments.order)
    if arguments.url is not None:
        life = asyncio.run(PostgresRows(arguments.url).life(number))
    else:
        life = StoreReader(folder(arguments)).life(number)
    if arguments.json:
        print_json(life)
    else:
        for event in life.events:
            _tell_event(event)
        for one in life.dropped:
            say(f"{life.order}: its first day, {one.day}, was dropped on {one.dropped_on} by {one.by}: {one.reason}")
        say(f"{life.order}: {len(life.events)} events, {life.unknown} values unknown")
    return EXIT_OK if life.events else EXIT_FOUND


def folder(arguments: argparse.Namespace) -> Path:
    """The data folder. Raises BadInput where there is none."""
    data = Path(arguments.data)
    if not data.is_dir():
        fail("data", f"{data} is no folder")
    return data


def order_number(said: str) -> int:
    """Of "4711" or "ord-4711". Raises BadInput."""
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 20 else number_of("ord", said)
    if number is None or not 1 <= number <= ID_MAX:
        fail("order", "must be an order's number, or its id (ord-4711)")
    return number


def moment(field: str, said: str | None) -> int | None:
    """Raises BadInput."""
    try:
        return None if said is None else time_ns(said)
    except ValueError as error:
        fail(field, str(error))


def _tell(found: Found) -> None:
    for row in found.orders:
        what = f"{row.side or '?'} {row.quantity or '?'} {row.instrument or '?'} at {row.price or 'market'}"
        why = f" ({row.reason})" if row.reason else ""
        say(f"{row.time} {row.order:>12} {row.event}{why}: {what}, {row.account or '?'}, by {row.by or 'unknown'}")
    say(f"{len(found.orders)} of {found.rows_scanned:,} events looked at in {found.seconds:.3f} s")
    if found.dropped:
        first, last = found.dropped[0], found.dropped[-1]
        what = f"{len(found.dropped)} days from {first.day} to {last.day} were"
        say(f"{what} dropped, the last of them on {last.dropped_on} by {last.by}: {last.reason}")
    if found.next is not None:
        say(f"more: --before {found.next}")


def _tell_event(event: OrderEvent) -> None:
    fields = event.fields
    reason = f", {fields['O69']}" if fields["O69"] else ""
    say(f"{event.time} record {event.sequence}: {event.event}{reason}, then {fields['O66'] or 'unknown'}")
    say(f"  who      {fields[WHO] or 'unknown'}, received {fields[WHEN] or 'unknown'}")
    if fields[DIFF]:
        say(f"  changed  {fields[DIFF]}")
    if (checked := fields[CHECKS]) is not None and checked:
        for line in _checks(msgspec.json.decode(checked)):
            say(f"  checks   {line}")
    named = dimensions.shipped()
    shown = (name for name, value in fields.items() if value and name not in (WHO, WHEN, CHECKS, DIFF, "O65", "O66"))
    for name in shown:
        say(f"  {name} {named[name].name}: {fields[name]}")
    say(f"  unknown  {', '.join(name for name, value in fields.items() if value is None)}")


def _checks(told: dict[str, Any]) -> list[str]:
    stages = ", ".join(f"{stage} {verdict}" for stage, verdict in told["stages"])
    limits = [
        f"{row['limit']} of {row['scope']} {row['of'] or ''}: at most {row['value']}, {row['verdict'] or 'unknown'}"
        + (f", was {row['measured']}" if "measured" in row else "")
        for row in told["limits"]
    ]
    return [stages, *limits]
