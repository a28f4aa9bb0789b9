"""Draws one client statement, in a process of its own: neither the journal that is read again nor the PDF may hold up
those that answer clients. Takes a Wanted (JSON) on standard input; gives the statement, or why there is none.
"""

from __future__ import annotations

import os
import sys
from typing import Literal

import msgspec

from isthmus.app.client_paper import Asked, drawn
from isthmus.app.settlement_settings import SettlementSettings
from isthmus.kernel.errors import BadInput, IsthmusError
from isthmus.ledger.client_statement import paper
from isthmus.ledger.store import BooksAway, NoBooks, NotRecorded

NICENESS = 5
"""How far it steps back behind the server."""
EXIT_REFUSED = 2

Format = Literal["json", "pdf"]


class Wanted(msgspec.Struct, frozen=True):
    """One statement."""

    asked: Asked
    settlement: SettlementSettings
    format: Format


class Refused(msgspec.Struct, frozen=True):
    """`kind`: "away", "no_books", "not_recorded" or "bad"."""

    kind: str
    field: str | None
    reason: str


def main() -> int:
    """Exit 0 with the statement on standard output, or EXIT_REFUSED with a Refused."""
    os.nice(NICENESS)
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Wanted)
    try:
        told = drawn(wanted.asked, wanted.settlement)
        printed, code = (paper(told) if wanted.format == "pdf" else msgspec.json.encode(told)), 0
    except (IsthmusError, OSError) as fault:
        printed, code = msgspec.json.encode(refused(fault)), EXIT_REFUSED
    sys.stdout.buffer.write(printed)
    return code


def refused(fault: Exception) -> Refused:
    """The fault for the server, which does not know its class."""
    if isinstance(fault, BadInput) and not isinstance(fault, BooksAway):
        kind = "no_books" if isinstance(fault, NoBooks) else "not_recorded" if isinstance(fault, NotRecorded) else "bad"
        return Refused(kind, fault.field, fault.reason)
    return Refused("away", None, str(fault) or type(fault).__name__)


if __name__ == "__main__":
    sys.exit(main())
