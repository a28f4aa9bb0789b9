"""Is this statement the next one? Duplicates, gaps, wrong openings, unknown accounts, wrong currencies, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from isthmus.ledger.custody.values import BankAccount, Break, Statement
from isthmus.ledger.custody.words import Figures, of_statement


class Taken(Struct, frozen=True):
    """Whether the statement's entries count, and what is wrong with it all the same."""

    taken: bool
    breaks: tuple[Break, ...]


class Before(Struct, frozen=True):
    """A final statement that was taken."""

    number: int | None
    digest: str
    opening: int | None
    closing: int | None
    order: int
    """Place among all statements taken, by day and arrival."""


def check(account: BankAccount | None, statement: Statement, before: Sequence[Before], figures: Figures) -> Taken:
    """A statement of an unknown account, of another currency, or one that came before, is not taken; others are, with
    what is wrong with them listed.
    """
    stranger = BankAccount(statement.bank, statement.account, statement.currency, "client")
    if account is None:
        words = f"{statement.bank} sent a statement of account {statement.account}, which is none of ours there"
        return Taken(False, (of_statement("unknown_account", stranger, statement, words),))
    if statement.currency != account.currency:
        words = (
            f"{account.bank} {account.number} is kept in {account.currency}, the statement is in {statement.currency}"
        )
        return Taken(False, (of_statement("wrong_currency", account, statement, words),))
    if not statement.final:
        return Taken(True, ())
    if (again := _again(statement, before)) is not None:
        same = "with the same content" if again.digest == statement.digest else "WITH OTHER CONTENT"
        called = _called(statement)
        words = f"{account.bank} {account.number} sent statement {called} again, {same}; it is not counted twice"
        return Taken(False, (of_statement("duplicate_statement", account, statement, words),))
    return Taken(True, tuple(_figures(account, statement, before, figures)))


def _again(statement: Statement, before: Sequence[Before]) -> Before | None:
    for one in before:
        if one.digest == statement.digest or (statement.number is not None and one.number == statement.number):
            return one
    return None


def _figures(account: BankAccount, statement: Statement, before: Sequence[Before], figures: Figures) -> list[Break]:
    breaks = []
    last = _predecessor(statement, before)
    if statement.opening is not None and statement.closing is not None:
        off = statement.closing - statement.opening - statement.moved
        if off:
            words = (
                f"statement {_called(statement)} of {account.bank} {account.number} opens with "
                f"{figures.text(statement.opening)}, moves {figures.text(statement.moved)} and closes with "
                f"{figures.text(statement.closing)}: {figures.text(abs(off))} {'too much' if off > 0 else 'too little'}"
            )
            breaks.append(of_statement("does_not_add_up", account, statement, words, off))
    follows = last is not None and (statement.number is None or last.number == statement.number - 1)
    if last is not None and follows and None not in (last.closing, statement.opening):
        assert last.closing is not None and statement.opening is not None
        if last.closing != statement.opening:
            words = (
                f"statement {_called(statement)} of {account.bank} {account.number} opens with "
                f"{figures.text(statement.opening)}; the one before closed with {figures.text(last.closing)}"
            )
            breaks.append(of_statement("wrong_opening", account, statement, words, statement.opening - last.closing))
    return breaks


def _predecessor(statement: Statement, before: Sequence[Before]) -> Before | None:
    """The statement with the number just below, else the last one where nothing is numbered."""
    if statement.number is None:
        return max(before, key=lambda one: one.order, default=None)
    return next((one for one in before if one.number == statement.number - 1), None)


def gaps(account: BankAccount, numbers: Mapping[int, str]) -> list[Break]:
    """Numbers between the first and the last that did not come. `numbers` of the account's final statements -> day."""
    known = sorted(numbers)
    breaks = []
    for low, high in zip(known, known[1:], strict=False):
        if high > low + 1:
            missing = str(low + 1) if high == low + 2 else f"{low + 1} to {high - 1}"
            words = (
                f"{account.bank} {account.number}: statement {missing} did not come; {low} is of {numbers[low]}, "
                f"{high} of {numbers[high]}"
            )
            key = f"gap_in_statements|{account.bank}|{account.number}|{low + 1}"
            breaks.append(
                Break(key, "gap_in_statements", account.bank, account.number, account.currency, None, missing, words)
            )
    return breaks


def _called(statement: Statement) -> str:
    return str(statement.number) if statement.number is not None else statement.identifier or str(statement.day)
