"""Arguments of `isthmus audit witness`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any


def add(audit: Any, command: Callable[..., ArgumentParser], _data: str) -> None:
    """The commands of the group."""
    witness = audit.add_parser("witness", help="Those who watch the log.", allow_abbrev=False)
    command(
        witness.add_subparsers(title="commands", metavar="COMMAND", required=True),
        "list",
        "isthmus.app.witness_list:run",
        "The jurisdictions: retention, what each may see of an order, and by which rule.",
        "isthmus audit witness list --json",
    )
