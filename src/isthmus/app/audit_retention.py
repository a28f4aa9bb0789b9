"""`isthmus audit retention`, `hold` and `erase`: how long things are kept, and what goes after that."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from isthmus.app.audit_particulars import asked_by, logged
from isthmus.app.audit_search import folder
from isthmus.app.output import EXIT_OK, print_json, say
from isthmus.audit import jurisdictions
from isthmus.audit.retention import checked, chosen, end_hold, erase, hold, holds, kept_until
from isthmus.audit.sealed_particulars import accesses, written
from isthmus.audit.store import StoreReader


def retention(arguments: argparse.Namespace) -> int:
    """A row a day."""
    data = folder(arguments)
    rows = chosen(jurisdictions.shipped(), arguments.jurisdiction)
    standing = sorted(holds(data))
    days = []
    today = dt.datetime.now(dt.UTC).date()
    for day, parts in StoreReader(data).days().items():
        until, name = kept_until(day, rows)
        may_go = today >= until and not standing
        size = sum(part.path.stat().st_size for part in parts)
        row = {"day": day, "bytes": size, "kept_until": until, "jurisdiction": name, "may_go": may_go}
        days.append({**row, "holds": standing})
    if arguments.json:
        print_json({"days": days})
        return EXIT_OK
    for row in days:
        verdict = (
            "may go" if row["may_go"] else f"hold {standing[0]} stands" if standing else f"for {row['jurisdiction']}"
        )
        say(f"{row['day']}  {row['bytes']:>12,} bytes, kept until {row['kept_until']}: {verdict}")
    return EXIT_OK


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
    """Day from which retention counts, and the last record with rows of the account: the later one of its last row and
    the last writing of its particulars. None where there is neither.
    """
    row = StoreReader(data).last_of(account)
    sealed = logged(lambda: written(accesses(data))).get(account)
    days = [row[0]] if row is not None else []
    if sealed is not None:
        days.append(dt.date.fromisoformat(sealed.time[:10]))
    return (max(days), row[1] if row is not None else 0) if days else None
