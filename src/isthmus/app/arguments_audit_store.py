"""Arguments of the audit store: `isthmus audit search`, `order`, `store`, `retention`, `hold` and `erase`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

SEARCH = "Events of orders, newest first: by words, account, instrument, event, reason and time."
ORDER = "The life of an order: who, when, why it was refused, and which checks saw what. Exit 1 where there is none."
REBUILD = "Makes the store anew from the journal; --check compares every row instead, and locates the first difference."
RETENTION = "How long each day is kept, for whom, what stands in the way; --drop --apply drops what may go."
HOLD = "Legal hold: nothing of the account is erased or dropped until it ends. Without --account: those that stand."
ERASE = "Destroys the key of a client's salts and particulars; refused under a hold or while his records are wanted."
EXPORT = "A day's order events for a regulator; what is unknown makes a refused row, named. Exit 1 where there are any."
FORMS = ("rts22", "rts24", "cat")
FORM = "RTS 22 (XML), RTS 24 (CSV) or CAT (JSON lines)"
DROP = "the days whose rows may go: shown only, nothing changes without --apply"
PERSONS = "rts22: with natural persons, of the particulars that are kept; needs --by and --reason, and is put on record"
JURISDICTION = "only these obligations (repeat it); without it: those of all jurisdictions"


def add(audit: Any, command: Callable[..., ArgumentParser], data: str) -> None:
    """The commands of the group."""
    search = _add_search(audit, command)
    example = "isthmus audit order 4711 --data data"
    order = command(audit, "order", "isthmus.app.audit_search:order", ORDER, example)
    order.add_argument("order", metavar="N", help="its number, or its id (ord-4711)")
    store = audit.add_parser("store", help="The rows of all orders, in Parquet.", allow_abbrev=False)
    commands = store.add_subparsers(title="commands", metavar="COMMAND", required=True)
    example = "isthmus audit store rebuild --data data --check --json"
    rebuild = command(commands, "rebuild", "isthmus.app.audit_store:rebuild", REBUILD, example)
    rebuild.add_argument("--check", action="store_true", help="change nothing; exit 1 where something differs")
    example = "isthmus audit retention --data data --jurisdiction uk-fca"
    retention = command(audit, "retention", "isthmus.app.audit_drop:retention", RETENTION, example)
    example = 'isthmus audit hold --data data --account acc-16 --by ann --reason "claim 17"'
    retention.add_argument("--drop", action="store_true", help=DROP)
    retention.add_argument("--apply", action="store_true", help="with --drop, --by and --reason: they go, for good")
    hold = command(audit, "hold", "isthmus.app.audit_retention:hold_command", HOLD, example)
    hold.add_argument("--account", metavar="ID", help="acc-16, or all")
    hold.add_argument("--end", metavar="N", type=int, help="ends the hold of this number")
    example = 'isthmus audit erase --data data --account acc-16 --by ann --reason "asked for by the client"'
    erase = command(audit, "erase", "isthmus.app.audit_retention:erase_command", ERASE, example)
    erase.add_argument("--account", metavar="ID", required=True, help="acc-16")
    example = "isthmus audit export --data data --day 2026-11-27 --as rts24 --reference reference.toml --out orders.csv"
    export = command(audit, "export", "isthmus.app.audit_export:run", EXPORT, example)
    export.add_argument("--day", metavar="DATE", required=True, help="YYYY-MM-DD (UTC)")
    export.add_argument("--as", dest="form", choices=FORMS, required=True, help=FORM)
    export.add_argument("--particulars", action="store_true", help=PERSONS)
    export.add_argument("--reference", metavar="F", help="who clients are, ISINs and MICs (TOML)")
    export.add_argument("--out", metavar="F", help="where the file goes (standard output)")
    for one in (search, order, rebuild, retention):
        one.add_argument("--url", metavar="URL", help="postgresql://...; without it: DIR/audit/store")
    for one in (export, retention):
        one.add_argument("--name", metavar="NAME", default="demo", help="of the logs, as audit.name (%(default)s)")
    for one in (hold, erase, export, retention):
        one.add_argument("--by", metavar="WHO", default="", help="who wants it")
        one.add_argument("--reason", metavar="WHY", default="", help="why")
    for one in (retention, erase):
        one.add_argument("--jurisdiction", metavar="NAME", action="append", default=[], help=JURISDICTION)
    for one in (search, order, rebuild, retention, hold, erase, export):
        one.add_argument("--data", metavar="DIR", default=data, help="folder of the journal (data)")


def _add_search(audit: Any, command: Callable[..., ArgumentParser]) -> ArgumentParser:
    example = "isthmus audit search --data data --event reject --reason insufficient_funds --limit 20"
    search = command(audit, "search", "isthmus.app.audit_search:search", SEARCH, example)
    search.add_argument("--text", metavar="T", default="", help="in ids, symbols, reasons and who sent it")
    search.add_argument("--account", metavar="ID", default="", help="acc-16")
    search.add_argument("--instrument", metavar="SYMBOL", default="", help="its symbol")
    search.add_argument("--event", metavar="E", default="", help="new, reject, fill, amend, cancel ...")
    search.add_argument("--reason", metavar="R", default="", help="why it was refused or ended")
    search.add_argument("--from", metavar="T", dest="since", help="from this time on (RFC 3339)")
    search.add_argument("--to", metavar="T", dest="until", help="before this time (RFC 3339)")
    search.add_argument("--limit", metavar="N", type=int, default=100, help="events at most (100)")
    search.add_argument("--before", metavar="C", default="", help="`next` of the page before")
    return search
