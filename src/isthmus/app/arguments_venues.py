"""The arguments of `isthmus venue` and `isthmus xmlguard`: what comes from outside, read with suspicion."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

VENUE = "What outside venues say, and how they name things."


def add_venue(venue: Any, add: Callable[..., ArgumentParser]) -> None:
    """The commands of the group; `add` makes one (arguments.py)."""
    read = add(
        venue,
        "read",
        "isthmus.app.venue:read",
        "A venue's recorded messages: every kind counted, books kept in step, gaps and checksum faults named.",
        "isthmus venue read --venue okx --events OKX.ws.1.0.gz --json",
    )
    read.add_argument("--venue", metavar="NAME", required=True, help="okx, kraken, bitmex, deribit, ...")
    read.add_argument("--events", metavar="F", required=True, help="recorded messages, or - for standard input")
    said = "BitMEX instruments, messages, orders in Deribit's names and requests; exit 1 when one has no counterpart."
    example = "isthmus venue translate bitmex-instruments.json --instruments deribit-instruments.json"
    translate = add(venue, "translate", "isthmus.app.venue:translate", said, example)
    translate.add_argument("file", metavar="F", help="rows (an array or NDJSON), a recorded session, or - for stdin")
    translate.add_argument("--instruments", metavar="F", help="Deribit's get_instruments, to say what is listed")
    translate.add_argument("--contracts", metavar="F", help="BitMEX's instruments, for messages that only name theirs")
    route = add(
        venue,
        "route",
        "isthmus.app.venue_route:run",
        "Where the settings' table of products sends an order, by account and trading hours; exit 1 for nowhere.",
        "isthmus venue route --config broker.toml --product BTCUSDT-PERP --at 2026-11-30T15:00:00Z",
    )
    route.add_argument("--config", metavar="F", required=True, help="settings as for serve")
    route.add_argument("--orders", metavar="F", help="rows of id, product, account, time, or - for standard input")
    for option, metavar in (("--product", "SYMBOL"), ("--account", "NAME"), ("--at", "TIME")):
        route.add_argument(option, metavar=metavar, help="of one order; times are RFC 3339, now if not said")


def add_xmlguard(commands: Any, add: Callable[..., ArgumentParser]) -> None:
    """The command `xmlguard`."""
    guard = add(
        commands,
        "xmlguard",
        "isthmus.app.xmlguard:run",
        "XML from outside through the filter: what is refused, by which rule and where. Exit 1 if one is refused.",
        "isthmus xmlguard --schema pain.001 payments.xml --json",
    )
    guard.add_argument("file", metavar="F", nargs="*", default=["-"], help="a document, or rows of id, xml; - is stdin")
    guard.add_argument("--schema", choices=("pain.001", "bridge"), help="what it must be (told by its root element)")
