"""The arguments of `isthmus statement` and `isthmus custodian`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

STATEMENT = "Statements of accounts at banks: camt.052, camt.053, camt.054, MT940, MT942."
CUSTODIAN = "Custodian banks for trials: accounts, payments and statements over HTTP."


def add_statement(statement: Any, add: Callable[..., ArgumentParser]) -> None:
    """The commands of the group `statement`; `add` makes one (arguments.py)."""
    read = add(
        statement,
        "read",
        "isthmus.app.statement:read",
        "Accounts, balances and signed entries of a statement, and whether it adds up. Exit 1 if one does not.",
        "isthmus statement read statement.xml --json",
    )
    read.add_argument("file", metavar="F", nargs="?", default="-", help="a file, packed or plain; - is stdin (-)")
