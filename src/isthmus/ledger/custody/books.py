"""The engine's ledger as client money needs it: accounts by path, moves, holds. What changes a balance goes this way.

A posting is named by its text, which the journal keeps: the same text is never posted twice, in this run or any later.
Texts are words: what it is, what the bank calls it, and what else tells it from others ("withdrawal WD-7 0").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from isthmus.ledger.custody.internal import Standing

KINDS = ("hold", "void", "withdrawal", "return", "deposit", "suspense", "assign", "move")
"""What the first word of a text can be."""


class Posting(Struct, frozen=True):
    """An amount from one account to another, both by path or, of clients, by number."""

    source: str | int
    target: str | int
    currency: str
    amount: int
    purpose: str
    text: str


class Outcome(Struct, frozen=True):
    """The record it became, and why it was refused; "busy" when no record was made: it is tried again."""

    sequence: int
    reason: str | None = None


class Books(Protocol):
    """What the engine is asked."""

    def move(self, posting: Posting) -> Outcome:
        """Post at once."""
        ...

    def hold(self, posting: Posting) -> Outcome:
        """Hold at the source; `sequence` names the hold."""
        ...

    def post(self, hold: int, text: str) -> Outcome:
        """All of the hold."""
        ...

    def void(self, hold: int, text: str) -> Outcome:
        """Let it go."""
        ...

    def available(self, account: int, currency: str) -> int:
        """What the client may withdraw now."""
        ...

    def standings(self, currencies: Iterable[str]) -> list[Standing]:
        """Balances of all accounts in these currencies that are not zero."""
        ...

    def at(self, path: str, currency: str) -> int:
        """The balance of one account at a bank, in transit or in suspense."""
        ...

    def is_client(self, account: int) -> bool:
        """Whether a client's account has this number."""
        ...


class Heard(Struct, frozen=True):
    """What a record of the journal did, as far as client money is concerned."""

    sequence: int
    text: str
    stamp: int
    hold: bool = False
    posted: tuple[tuple[str, str, int], ...] = ()
    """(path of the custodian account, currency, amount: above zero when money came to the bank)."""
    reference: str = ""
    """What a command that is none of ours calls itself: the bank's mark, where an operator booked by hand."""
