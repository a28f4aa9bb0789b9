"""Arguments of `isthmus audit verify`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

ABOUT = {
    "inclusion": "Proofs that a leaf is in a tree (RFC 9162, 2.1.3), by row. Exit 1 where a case states otherwise.",
    "consistency": "Proofs that a tree begins with an older one (RFC 9162, 2.1.4), by row. Exit 1 as for inclusion.",
}


def add(audit: Any, command: Callable[..., ArgumentParser], _data: str) -> None:
    """The commands of the group."""
    verify = audit.add_parser("verify", help="Proofs of Merkle logs, checked on files alone.", allow_abbrev=False)
    commands = verify.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for what, about in ABOUT.items():
        example = f"isthmus audit verify {what} --cases {what}_proofs.json --json"
        parser = command(commands, what, "isthmus.app.audit_verify:run", about, example)
        parser.set_defaults(what=what)
        parser.add_argument("--cases", metavar="F", required=True, help="cases by name (JSON)")
