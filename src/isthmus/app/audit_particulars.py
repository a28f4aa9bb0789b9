"""`isthmus audit particulars`: who holds an account, sealed under the client's own key; every act is on record."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from isthmus.app.audit_search import folder
from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, say
from isthmus.app.whole_file import FILE_BYTES_MAX, read_whole
from isthmus.audit.entry_log import PARTICULARS, EntryLog
from isthmus.audit.particulars import parse
from isthmus.audit.retention import Asked, checked
from isthmus.audit.sealed_particulars import (
    RECORD,
    SHOW,
    Erased,
    ParticularsWriter,
    accesses,
    erased_on,
    opened,
    written,
)
from isthmus.engine.proofs import LogRefused
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import Damaged
from isthmus.kernel.values import time_text

Answer = TypeVar("Answer")
STDIN = "-"


def put(arguments: argparse.Namespace) -> int:
    """A new version of an account's particulars."""
    data, asked = folder(arguments), asked_by(arguments)
    raw = sys.stdin.buffer.read(FILE_BYTES_MAX) if arguments.file == STDIN else read_whole(arguments.file, "file")
    particulars, account = parse(raw), checked(arguments.account)
    line = logged(lambda: writer(data, arguments.name).put(account, particulars, asked, system_clock()))
    told = {"account": account, "version": line.versions[account], "entry": line.place, "record": str(data / RECORD)}
    if arguments.json:
        print_json(told)
    else:
        say(f"{account}: version {told['version']} is sealed, and on record as entry {line.place}")
    return EXIT_OK


def show(arguments: argparse.Namespace) -> int:
    """The newest version; the reading is on record before. Exit 1 where there is none, or its key was destroyed."""
    data, asked, account = folder(arguments), asked_by(arguments), checked(arguments.account)
    found = logged(lambda: opened(data, account, accesses(data)))
    if found is None:
        fail("account", f"nothing is kept of {account}")
    if isinstance(found, Erased):
        if arguments.json:
            print_json({**msgspec.structs.asdict(found), "particulars": None})
        else:
            say(f"{account}: erased on {found.erased_on}; nothing opens version {found.version} any more")
        return EXIT_FOUND
    writing = writer(data, arguments.name)
    line = logged(lambda: writing.read(SHOW, {account: found.version}, asked, system_clock()))
    if arguments.json:
        print_json({**msgspec.structs.asdict(found), "recorded_as": line.place})
        return EXIT_OK
    for field, value in msgspec.to_builtins(found.particulars).items():
        say(f"{field:<16} {', '.join(value) if isinstance(value, (list, tuple)) else value}")
    say(f"version {found.version} of {account}, written on {found.set_on} by {found.by}")
    say(f"this reading is on record: {asked.by}, entry {line.place} of the log of particulars, {data / RECORD}")
    return EXIT_OK


def list_command(arguments: argparse.Namespace) -> int:
    """Accounts and versions, nothing of what is in them."""
    data = folder(arguments)
    rows = [
        {
            "account": account,
            "version": line.versions[account],
            "set_on": line.time,
            "by": line.by,
            "erased_on": erased_on(data, account, line),
        }
        for account, line in sorted(logged(lambda: written(accesses(data))).items(), key=lambda pair: int(pair[0][4:]))
    ]
    if arguments.json:
        print_json({"accounts": rows})
        return EXIT_OK
    for row in rows:
        gone = f", erased on {row['erased_on']}" if row["erased_on"] else ""
        say(f"{row['account']:>12}  version {row['version']}, written on {row['set_on']} by {row['by']}{gone}")
    say(f"{len(rows)} accounts")
    return EXIT_OK


def writer(data: Path, name: str) -> ParticularsWriter:
    """Of a data folder, `name` as the logs'."""
    return ParticularsWriter(data, EntryLog(data, name, PARTICULARS), secrets.token_bytes)


def asked_by(arguments: argparse.Namespace) -> Asked:
    """Who wants it, why, and that it is now. Raises BadInput."""
    return Asked(arguments.by, arguments.reason, time_text(time.time_ns()))


def logged(asking: Callable[[], Answer]) -> Answer:
    """What it answers; what the log refuses is damage."""
    try:
        return asking()
    except LogRefused as error:
        raise Damaged(": ".join(map(str, error.args))) from None
