"""Arguments of `isthmus audit prove` and `isthmus audit rebuild`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

PROVE = "Write the proof that a record is in the journal's log, for anybody to check without us."
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
    example = "isthmus audit rebuild --check --json"
    rebuild = command(audit, "rebuild", "isthmus.app.audit_rebuild:run", REBUILD, example)
    rebuild.add_argument("--data", metavar="DIR", default=data, help="data folder")
    rebuild.add_argument("--to", metavar="DIR", help="keep the logs that were made again in this new folder")
    rebuild.add_argument("--check", action="store_true", help="compare only, and keep nothing")
