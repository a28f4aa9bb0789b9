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


def add_custodian(custodian: Any, add: Callable[..., ArgumentParser], port: Callable[[str], int]) -> None:
    """The commands of the group `custodian`."""
    serve = add(
        custodian,
        "serve",
        "isthmus.app.custodian:serve",
        "A custodian bank for trials: takes pain.001, hands out pain.002, camt.052, camt.053, camt.054, MT940.",
        "isthmus custodian serve --config alpha.toml --port 9401",
    )
    serve.add_argument("--config", metavar="F", required=True, help="name, bic and accounts of the bank (TOML)")
    serve.add_argument("--data", metavar="DIR", help="where the bank keeps its state (nowhere)")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen at (127.0.0.1)")
    serve.add_argument("--port", type=port, default=0, help="0 takes a free one (0)")
    add(
        custodian,
        "drill",
        "isthmus.app.custodian_drill:drill",
        "A broker and two banks: one wrong by a cent, one silent, the broker killed. Exit 1 if it goes wrong.",
        "isthmus custodian drill --json",
    )
