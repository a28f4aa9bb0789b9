"""A custodian bank for trials: accounts, payments, statements, and the ways in which a bank can fail.

It knows nothing of us: what it says is its own books. A payment is known by its message id, so that one that comes
twice is answered as the first time and paid once. Days are handed in.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from isthmus.ledger.custody.values import Line, Statement

Fault = Literal["cent", "cent_entry", "duplicate", "gap", "late", "silent", "reject"]
"""What goes wrong: the next statement's closing balance, or its first entry, is one cent too high; it comes twice; its
number is skipped; it comes with the one after it; nothing is answered at all; payments are refused.
"""
FAULTS: tuple[Fault, ...] = ("cent", "cent_entry", "duplicate", "gap", "late", "silent", "reject")
REJECT_REASON = "AM04"
"""ISO 20022 external status reason: insufficient funds."""


class Account(Struct, kw_only=True):
    """An account at the bank. `told`: lines that a statement closed over; `opening` of the day that is open."""

    number: str
    currency: str
    owner: str
    balance: int = 0
    opening: int = 0
    lines: list[Line] = field(default_factory=list)
    statements: int = 0


class Asked(Struct, frozen=True):
    """One payment of a message. `message` and `end_to_end` name it."""

    message: str
    end_to_end: str
    debtor: str
    creditor: str
    amount: int
    currency: str
    remittance: str = ""


class Paid(Struct, frozen=True):
    """What became of it: ACSC paid, RJCT refused with a reason (ISO 20022 external codes)."""

    asked: Asked
    status: Literal["ACSC", "RJCT"]
    reason: str = ""
    words: str = ""


class Bank(Struct, kw_only=True):
    """The whole state: written as it is, read as it is."""

    name: str
    day: date
    accounts: dict[str, Account] = field(default_factory=dict)
    answers: dict[str, list[Paid]] = field(default_factory=dict)
    """By message id."""
    entries: int = 0
    faults: list[Fault] = field(default_factory=list)
    withheld: list[Statement] = field(default_factory=list)
    """Statements that come late."""

    def open(self, number: str, currency: str, owner: str, balance: int = 0) -> None:
        """An account, where there is none of this number."""
        self.accounts.setdefault(
            number, Account(number=number, currency=currency, owner=owner, balance=balance, opening=balance)
        )

    def credit(self, number: str, amount: int, reference: str, information: str = "") -> Line:
        """Somebody elsewhere paid to the account. Raises KeyError for an account that is not there."""
        return self._book(self.accounts[number], amount, reference, information)

    def pay(self, payments: list[Asked]) -> list[Paid]:
        """All payments of one message, in order; a message that came before is answered as then."""
        message = payments[0].message
        known = self.answers.get(message)
        if known is None:
            known = [self._pay(one) for one in payments]
            self.answers[message] = known
        return known

    def send_back(self, message: str) -> Line | None:
        """A payment that left comes back from the other bank."""
        paid = next((one for one in self.answers.get(message, ()) if one.status == "ACSC"), None)
        if paid is None:
            return None
        asked = paid.asked
        return self._book(self.accounts[asked.debtor], asked.amount, asked.end_to_end, "returned: account closed")

    def _pay(self, asked: Asked) -> Paid:
        account = self.accounts.get(asked.debtor)
        if account is None:
            return Paid(asked, "RJCT", "AC01", "no such account")
        if account.currency != asked.currency:
            return Paid(asked, "RJCT", "AM03", f"the account is kept in {account.currency}")
        if asked.amount <= 0 or account.balance < asked.amount or "reject" in self.faults:
            return Paid(asked, "RJCT", REJECT_REASON, "not enough money on the account")
        self._book(account, -asked.amount, asked.end_to_end, asked.remittance)
        if (own := self.accounts.get(asked.creditor)) is not None and own.currency == asked.currency:
            self._book(own, asked.amount, asked.end_to_end, asked.remittance)
        return Paid(asked, "ACSC")

    def _book(self, account: Account, amount: int, reference: str, information: str) -> Line:
        self.entries += 1
        mark = f"{self.name[:6].upper()}{self.entries:08d}"
        line = Line(mark, self.day, amount, reference, mark, information)
        account.balance += amount
        account.lines.append(line)
        return line

    def report(self, number: str) -> Statement:
        """The day so far."""
        account = self.accounts[number]
        return self._statement(account, None, tuple(account.lines), False)

    def close_day(self) -> list[Statement]:
        """The statements that go out now, one an account, and the next day begins. Faults are used up."""
        out: list[Statement] = []
        for account in self.accounts.values():
            account.statements += 2 if "gap" in self.faults else 1
            whole = self._statement(account, account.statements, tuple(account.lines), True)
            account.lines, account.opening = [], account.balance
            out += self._spoiled(whole)
        kept = [fault for fault in self.faults if fault in ("silent", "reject")]
        late = "late" in self.faults
        self.faults[:] = kept
        self.day += timedelta(days=1)
        if late:
            self.withheld += out
            return []
        out, self.withheld = [*self.withheld, *out], []
        return out

    def _spoiled(self, whole: Statement) -> list[Statement]:
        if "cent_entry" in self.faults and whole.lines:
            first = replace(whole.lines[0], amount=whole.lines[0].amount + 1)
            whole = replace(whole, lines=(first, *whole.lines[1:]), closing=(whole.closing or 0) + 1)
        if "cent" in self.faults:
            whole = replace(whole, closing=(whole.closing or 0) + 1)
        return [whole, whole] if "duplicate" in self.faults else [whole]

    def _statement(self, account: Account, number: int | None, lines: tuple[Line, ...], final: bool) -> Statement:
        identifier = f"{self.name[:6].upper()}{self.day:%y%m%d}{number if final else len(lines)}"
        digest = hashlib.sha256(repr((account.number, number, lines, account.opening)).encode()).hexdigest()
        return Statement(
            self.name, account.number, account.currency, number, account.opening,
            account.balance, self.day, lines, final, digest, identifier,
        )  # fmt: skip
