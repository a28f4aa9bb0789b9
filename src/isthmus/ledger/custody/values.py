"""What reconciliation speaks of. Amounts are minor units of the currency, days are dates, times nanoseconds UTC."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

Side = Literal["client", "firm"]
"""Whose money an account at a bank holds."""

NOTHING = ("", "NONREF", "NOTPROVIDED")
"""What banks write where there is no reference."""


class BankAccount(Struct, frozen=True):
    """An account of ours at a bank, by the bank's own number."""

    bank: str
    number: str
    currency: str
    side: Side

    @property
    def path(self) -> str:
        """Its name in the books."""
        return f"custodian:{self.bank}:{self.side}"


class Line(Struct, frozen=True):
    """One entry that a bank told. `amount` is positive when money came in; `bank_reference` is the bank's own."""

    key: str
    """What makes it one: the bank's reference, else its place in the statement."""
    day: date
    amount: int
    reference: str
    bank_reference: str = ""
    information: str = ""


class Statement(Struct, frozen=True):
    """Of one account. `final`: of a closed day (camt.053, MT940); else a report or notice within the day.

    `number` counts the final statements of an account; None where the bank numbers nothing. `digest` is of all that
    was told, so that the same statement sent again is known.
    """

    bank: str
    account: str
    currency: str
    number: int | None
    opening: int | None
    closing: int | None
    day: date
    lines: tuple[Line, ...]
    final: bool
    digest: str
    identifier: str = ""

    @property
    def moved(self) -> int:
        """What the entries make together."""
        return sum(line.amount for line in self.lines)


class BookEntry(Struct, frozen=True):
    """One posting of our books at an account at a bank; `reference` is what the bank should tell, too."""

    sequence: int
    bank: str
    side: Side
    currency: str
    amount: int
    reference: str
    day: date


class Break(Struct, frozen=True):
    """Books and bank differ, or a bank says what it may not. `key` is the same each time it is found.

    `amount`: the difference in minor units, bank less books; None where nothing can be counted.
    """

    key: str
    cause: str
    bank: str
    account: str
    currency: str
    amount: int | None
    reference: str
    words: str
    """Why, for a person, without its age."""


def told(reference: str) -> bool:
    """Whether a reference says anything."""
    return reference not in NOTHING
