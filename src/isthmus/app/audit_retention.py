"""`isthmus audit hold` and `erase`: what is kept beyond its time, and which key goes after it."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from isthmus.app.audit_particulars import asked_by, logged
from isthmus.app.audit_search import folder
from isthmus.app.output import EXIT_OK, print_json, say
from isthmus.audit import jurisdictions
from isthmus.audit.dropping import drops
from isthmus.audit.retention import checked, chosen, end_hold, erase, hold, holds
from isthmus.audit.sealed_particulars import accesses, written
from isthmus.audit.store import StoreReader


def hold_command(arguments: argparse.Namespace) -> int:
    """Makes one, ends one, or lists those that stand."""
    data = folder(arguments)
    if arguments.end is not None:
        made = [end_hold(data, arguments.end, asked_by(arguments))]
    elif arguments.account is not None:
        made = [hold(data, arguments.account, asked_by(arguments))]
    else:
        made = list(holds(data).values())
    if arguments.json:
        print_json({"holds": made})
        return EXIT_OK
    for line in made:
        what = f"ends hold {line.ends}" if line.ends else "holds"
        say(f"{line.hold}: {what} of {line.account} since {line.time}, by {line.by}: {line.reason}")
    return EXIT_OK


def erase_command(arguments: argparse.Namespace) -> int:
    """Exit 2 where it is refused."""
    data = folder(arguments)
    rows = chosen(jurisdictions.shipped(), arguments.jurisdiction)
    account = checked(arguments.account)
    done = erase(data, account, _last(data, account), rows, asked_by(arguments))
    if arguments.json:
        print_json(done)
    else:
        say(f"{done.account}: the key is destroyed; rows up to record {done.sequence} have no salts any more")
        say("what was sealed under it (isthmus audit particulars) opens no more")
    return EXIT_OK


def _last(data: Path, account: str) -> tuple[dt.date, int] | None:
    """Day from which retention counts, and the last record that can have rows of the account: by its last row, the last
    writing of its particulars, and days that were dropped, which say nothing of accounts. None where there is none.
    """
    row = StoreReader(data).last_of(account)
    sealed = logged(lambda: written(accesses(data))).get(account)
    gone = [(drop.day, drop.last) for drop in drops(data).values()]
    known = [*gone, *([row] if row is not None else [])]
    if sealed is not None:
        known.append((dt.date.fromisoformat(sealed.time[:10]), 0))
    return (max(day for day, _ in known), max(sequence for _, sequence in known)) if known else None
