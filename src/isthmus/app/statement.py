"""`isthmus statement read`: what a bank's statement says, and whether it adds up."""

from __future__ import annotations

import argparse

from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json, say
from isthmus.app.statement_file import BankStatement, Line, NotTaken, read_file
from isthmus.kernel.files import open_input


def read(arguments: argparse.Namespace) -> int:
    """Exit 0, 1 if a statement does not add up or was refused, 2 if nothing of the input is a statement."""
    with open_input(arguments.file) as stream:
        statements, refused = read_file(stream)
    if arguments.json:
        print_json({"statements": [told(one) for one in statements], "refused": refused})
    else:
        _tell(statements, refused)
    return EXIT_FOUND if refused or any(one.adds_up is False for one in statements) else EXIT_OK


def told(found: BankStatement) -> dict[str, object]:
    """The keys of the contract, and what else is known. Amounts are plain decimals."""
    entries = [_entry(line) for line in found.entries]
    return {
        "account": found.account,
        "currency": found.currency,
        "opening": None if found.opening is None else format(found.opening, "f"),
        "closing": None if found.closing is None else format(found.closing, "f"),
        "entries": entries,
        "adds_up": found.adds_up,
        "form": found.form,
        "identifier": found.identifier,
        "number": found.number,
        "opened": found.opened,
        "closed": found.closed,
    }


def _entry(line: Line) -> dict[str, object]:
    return {
        "date": line.date,
        "amount": format(line.amount, "f"),
        "reference": line.reference,
        "booked": line.booked,
        "status": line.status,
        "bank_reference": line.bank_reference,
        "information": line.information,
    }


def _tell(statements: list[BankStatement], refused: list[NotTaken]) -> None:
    words = {True: "adds up", False: "DOES NOT ADD UP", None: "without both balances"}
    for found in statements:
        say(f"{found.account} {found.currency} {found.form} {found.number or found.identifier}: {words[found.adds_up]}")
        say(f"  opening {found.opening}  entries {len(found.entries)}  closing {found.closing}")
        for line in found.entries:
            say(f"  {line.date} {line.amount:>16} {line.reference or ''}")
    for one in refused:
        say(f"refused: message {one.message}, {one.field}: {one.reason}")
