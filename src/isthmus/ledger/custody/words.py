"""Breaks, each explained in words. A break's key is of its cause and what it is about, so that it keeps its age."""

from __future__ import annotations

from msgspec import Struct

from isthmus.kernel.values import NS_PER_S, short_text
from isthmus.ledger.custody.values import BankAccount, BookEntry, Break, Line, Statement, told

CAUSES = {
    "missing_at_bank": "the books have an entry that the bank has not",
    "missing_in_books": "the bank has an entry that the books have not",
    "amount_differs": "bank and books tell another amount of one movement",
    "duplicate_statement": "a statement came twice",
    "gap_in_statements": "a statement between two others did not come",
    "wrong_opening": "a statement does not begin where the one before it ended",
    "does_not_add_up": "opening balance and entries do not make the closing balance",
    "balance_differs": "the bank's closing balance is not what the books say, open entries taken into account",
    "unknown_account": "a statement is of an account that is none of ours",
    "wrong_currency": "a statement is of another currency than its account",
    "unreadable_statement": "a message of the bank cannot be read",
    "late_statement": "no statement came for a day that is over",
    "bank_silent": "the bank does not answer",
    "unmatched_deposit": "money came in and tells no client's reference",
    "shortfall": "less client money is at the banks than clients are owed",
    "excess": "more client money is at the banks than clients are owed",
}
"""Every cause, in the words of the daily record."""


class Figures(Struct, frozen=True):
    """How amounts of a currency are written."""

    currency: str
    decimals: int

    def text(self, amount: int) -> str:
        return f"{short_text(amount, self.decimals)} {self.currency}"


def age_text(age_ns: int) -> str:
    """ "45 s", "12 min", "3 h 20 min", "2 d 4 h": two units at most."""
    seconds = max(0, age_ns // NS_PER_S)
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if hours == 0:
        return f"{minutes} min"
    if days == 0:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"


def of_account(cause: str, account: BankAccount, about: str, words: str, amount: int | None = None) -> Break:
    """A break of one account; `about` tells it from others of its cause."""
    key = f"{cause}|{account.bank}|{account.number}|{about}"
    return Break(key, cause, account.bank, account.number, account.currency, amount, about, words)


def wrong_amount(account: BankAccount, line: Line, entry: BookEntry, figures: Figures) -> Break:
    """Says by how much, so that one cent is seen at once."""
    off = line.amount - entry.amount
    words = (
        f"{account.bank} tells {figures.text(line.amount)} for {entry.reference} on {line.day}, the books say "
        f"{figures.text(entry.amount)}: the bank is {figures.text(abs(off))} {'above' if off > 0 else 'below'}"
    )
    return of_account("amount_differs", account, entry.reference, words, off)


def missing_in_books(account: BankAccount, line: Line, figures: Figures) -> Break:
    """With whatever the bank says it was."""
    called = line.reference if told(line.reference) else line.bank_reference or line.key
    words = f"{account.bank} booked {figures.text(line.amount)} on {line.day} ({called}); the books know nothing of it"
    return of_account("missing_in_books", account, line.key, words, line.amount)


def missing_at_bank(account: BankAccount, entry: BookEntry, figures: Figures) -> Break:
    """The books went ahead of the bank, for longer than a movement takes."""
    words = (
        f"the books have {figures.text(entry.amount)} of {entry.day} ({entry.reference or 'without reference'}, record "
        f"{entry.sequence}); {account.bank} has not told it in any statement since"
    )
    return of_account("missing_at_bank", account, entry.reference or str(entry.sequence), words, -entry.amount)


def of_statement(
    cause: str, account: BankAccount, statement: Statement, words: str, amount: int | None = None
) -> Break:
    """A break of a statement, known again by its number or its content."""
    about = str(statement.number) if statement.number is not None else statement.digest[:16]
    return of_account(cause, account, about, words, amount)
