"""`isthmus audit retention`, `hold` and `erase`: how long things are kept, and what goes after that."""

from __future__ import annotations

import argparse
import datetime as dt
import time

from isthmus.app.audit_search import folder
from isthmus.app.output import EXIT_OK, print_json, say
from isthmus.audit import jurisdictions
from isthmus.audit.retention import Asked, checked, chosen, end_hold, erase, hold, holds, kept_until
from isthmus.audit.store import StoreReader
from isthmus.kernel.values import time_text


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
        made = [end_hold(data, arguments.end, _asked(arguments))]
    elif arguments.account is not None:
        made = [hold(data, arguments.account, _asked(arguments))]
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
    last = StoreReader(data).last_of(checked(arguments.account))
    done = erase(data, arguments.account, last, rows, _asked(arguments))
    if arguments.json:
        print_json(done)
    else:
        say(f"{done.account}: the key is destroyed; rows up to record {done.sequence} have no salts any more")
    return EXIT_OK


def _asked(arguments: argparse.Namespace) -> Asked:
    return Asked(arguments.by, arguments.reason, time_text(time.time_ns()))
