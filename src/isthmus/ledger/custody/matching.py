"""External reconciliation: what a bank told against what the books say of the account, line by line.

A line and an entry are one by their reference, their amount and a window of days. Where no reference is told, amount
and days decide, but only if nothing else could be meant: a guess among two is left to a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from msgspec import Struct

from isthmus.ledger.custody.values import BankAccount, BookEntry, Break, Line, told
from isthmus.ledger.custody.words import Figures, missing_at_bank, missing_in_books, wrong_amount


class Match(Struct, frozen=True):
    """A line and an entry that are one. `by`: reference or amount."""

    line: Line
    entry: BookEntry
    by: str


class Matching(Struct, frozen=True):
    """Of one account. `open_entries` are too young for the bank to have told them."""

    matches: tuple[Match, ...]
    breaks: tuple[Break, ...]
    open_lines: tuple[Line, ...]
    open_entries: tuple[BookEntry, ...]


class Window(Struct, frozen=True):
    """Days that two dates of one movement may lie apart, and the last day the bank has told all of."""

    days: int
    through: int
    """Ordinal of that day; 0 where no final statement came yet."""


def match(
    account: BankAccount, lines: Sequence[Line], entries: Sequence[BookEntry], window: Window, figures: Figures
) -> Matching:
    """All open lines of the account against all open entries. Order of the input does not change who meets whom."""
    open_lines = sorted(lines, key=lambda line: (line.day, line.key))
    open_entries = sorted(entries, key=lambda entry: entry.sequence)
    matches = _meet(open_lines, open_entries, lambda line, entry: _same(line, entry) and _near(line, entry, window))
    breaks, pairs = _wrong(account, open_lines, open_entries, figures)
    alike = _alike(open_lines, open_entries, window)
    matches += _meet(open_lines, open_entries, lambda line, entry: (line.key, entry.sequence) in alike, "amount")
    left = [line for line in open_lines if line.key not in {line.key for line, _ in pairs}]
    paired = {entry.sequence for _, entry in pairs}
    breaks += [missing_in_books(account, line, figures) for line in left]
    young = []
    for entry in open_entries:
        if entry.sequence in paired:
            continue
        if entry.day.toordinal() + window.days > window.through:
            young.append(entry)
        else:
            breaks.append(missing_at_bank(account, entry, figures))
    return Matching(tuple(matches), tuple(breaks), tuple(open_lines), tuple(young))


def _refers(line: Line, entry: BookEntry) -> bool:
    return told(entry.reference) and entry.reference in (line.reference, line.bank_reference, line.key)


def _same(line: Line, entry: BookEntry) -> bool:
    return line.amount == entry.amount and _refers(line, entry)


def _near(line: Line, entry: BookEntry, window: Window) -> bool:
    return abs(line.day - entry.day) <= timedelta(days=window.days)


def _meet(
    lines: list[Line], entries: list[BookEntry], agrees: Callable[[Line, BookEntry], bool], by: str = "reference"
) -> list[Match]:
    """Takes the pairs that agree out of both lists, each with the oldest it agrees with."""
    matches = []
    for line in list(lines):
        found = next((entry for entry in entries if agrees(line, entry)), None)
        if found is not None:
            matches.append(Match(line, found, by))
            lines.remove(line)
            entries.remove(found)
    return matches


def _alike(lines: Sequence[Line], entries: Sequence[BookEntry], window: Window) -> set[tuple[str, int]]:
    """Pairs of equal amount and near days, where exactly one line without a reference and one entry could be meant."""
    nameless = [line for line in lines if not told(line.reference)]
    pairs = [
        (line, one) for line in nameless for one in entries if line.amount == one.amount and _near(line, one, window)
    ]
    of_line = Counter(line.key for line, _ in pairs)
    of_entry = Counter(entry.sequence for _, entry in pairs)
    return {(line.key, entry.sequence) for line, entry in pairs if of_line[line.key] == of_entry[entry.sequence] == 1}


def _wrong(
    account: BankAccount, lines: Sequence[Line], entries: Sequence[BookEntry], figures: Figures
) -> tuple[list[Break], list[tuple[Line, BookEntry]]]:
    """Pairs that are one by reference and differ in the amount."""
    breaks, pairs, taken = [], [], set()
    for line in lines:
        entry = next((one for one in entries if one.sequence not in taken and _refers(line, one)), None)
        if entry is not None and (line.amount > 0) == (entry.amount > 0):
            taken.add(entry.sequence)
            pairs.append((line, entry))
            breaks.append(wrong_amount(account, line, entry, figures))
    return breaks, pairs
