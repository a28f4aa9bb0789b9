"""Arguments of `isthmus audit prove`, `disclose` and `rebuild`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

PROVE = "Write the proof that a record is in the journal's log, for anybody to check without us."
DISCLOSE = "Write the proof of chosen fields of an order's event: of the others it shows nothing but hashes."
REBUILD = (
    "Make the logs again from the journal and compare: the first difference is located. Exit 1 where there is one."
)


def add(audit: Any, command: Callable[..., ArgumentParser], data: str) -> None:
    """The commands of the group."""
    example = "isthmus audit prove --sequence 17 --to proof.json"
    prove = command(audit, "prove", "isthmus.app.audit_prove:run", PROVE, example)
    prove.add_argument("--data", metavar="DIR", default=data, help="data folder")
    prove.add_argument("--sequence", metavar="N", type=int, required=True, help="the record's number in the journal")
    prove.add_argument("--to", metavar="F", help="write the proof file there; else it is printed")
    example = "isthmus audit disclose --sequence 17 --fields O45,O55 --to fields.json"
    disclose = command(audit, "disclose", "isthmus.app.audit_disclose:run", DISCLOSE, example)
    disclose.add_argument("--data", metavar="DIR", default=data, help="data folder")
    disclose.add_argument("--sequence", metavar="N", type=int, required=True, help="the record that caused the event")
    disclose.add_argument("--place", metavar="N", type=int, default=0, help="which of the record's events, from 0")
    disclose.add_argument("--fields", metavar="IDS", help="fields in clear, as O45,O55; else all that the view may see")
    disclose.add_argument("--view", metavar="NAME", help="a jurisdiction (audit witness list): no more than it may see")
    disclose.add_argument("--to", metavar="F", help="write the proof file there; else it is printed")
    example = "isthmus audit rebuild --check --json"
    rebuild = command(audit, "rebuild", "isthmus.app.audit_rebuild:run", REBUILD, example)
    rebuild.add_argument("--data", metavar="DIR", default=data, help="data folder")
    rebuild.add_argument("--to", metavar="DIR", help="keep the logs that were made again in this new folder")
    rebuild.add_argument("--check", action="store_true", help="compare only, and keep nothing")
