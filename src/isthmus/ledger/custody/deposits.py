"""Whose money came in: a credit line becomes a client's by his reference, or lies in suspense with its age."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from isthmus.ledger.custody.references import accounts_in
from isthmus.ledger.custody.values import Line

SUSPENSE = "suspense:deposits:client"
"""Client money whose client is not known yet. It is client money from the moment it came (CASS 7.13.6)."""

_PAID = re.compile(r"\bWD-([1-9]\d{0,17})\b", re.ASCII)
_MOVED = re.compile(r"\bMV-([1-9]\d{0,17})\b", re.ASCII)


class Meaning(Struct, frozen=True):
    """What a line is. `number`: of the client's account, the withdrawal or the move."""

    kind: Literal["deposit", "suspense", "withdrawal", "return", "move", "unknown"]
    number: int
    words: str


def meaning(line: Line, is_client: Callable[[int], bool]) -> Meaning:
    """A debit is a payment of ours or nobody's; a credit is a payment that came back, a move of ours that arrived, a
    client's deposit, or money in suspense.
    """
    text = f"{line.reference} {line.information}"
    paid, moved = _PAID.search(line.reference), _MOVED.search(line.reference)
    if moved:
        return Meaning("move", int(moved[1]), "a move between our own accounts")
    if line.amount < 0:
        if paid:
            return Meaning("withdrawal", int(paid[1]), "paid out")
        return Meaning("unknown", 0, "a debit that is no payment of ours")
    if paid:
        return Meaning("return", int(paid[1]), "a payment that came back")
    named = accounts_in(text)
    if len(named) > 1:
        return Meaning("suspense", 0, "names more than one client's reference")
    for account in named:
        if is_client(account):
            return Meaning("deposit", account, "names the client's reference")
        return Meaning("suspense", 0, "names the reference of an account that is no client's")
    return Meaning("suspense", 0, "names no client's reference")
