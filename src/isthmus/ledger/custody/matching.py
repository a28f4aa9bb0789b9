"""External reconciliation: what a bank told against what the books say of the account, line by line.

A line and an entry are one by their reference, their amount and a window of days. Where no reference is told, amount
and days decide, but only if nothing else could be meant: a guess among two is left to a person. A reference that
nothing else has is enough without the days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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
    found = _Open(lines, entries)
    matches = found.take(_by_reference(found, window), "reference")
    matches += found.take(_alone(found), "reference")
    wrong = _wrong(found)
    paired = {line.key for line, _ in wrong} | {entry.sequence for _, entry in wrong}
    alike = [pair for pair in _alike(found, window) if not paired & {pair[0].key, pair[1].sequence}]
    matches += found.take(alike, "amount")
    breaks = [wrong_amount(account, line, entry, figures) for line, entry in wrong]
    breaks += [missing_in_books(account, line, figures) for line in found.lines.values() if line.key not in paired]
    young = []
    for entry in found.entries.values():
        if entry.sequence in paired:
            continue
        if entry.day.toordinal() + window.days > window.through:
            young.append(entry)
        else:
            breaks.append(missing_at_bank(account, entry, figures))
    return Matching(tuple(matches), tuple(breaks), tuple(found.lines.values()), tuple(young))


Pair = tuple[Line, BookEntry]


class _Open:
    """What has met nothing yet, oldest first."""

    def __init__(self, lines: Sequence[Line], entries: Sequence[BookEntry]) -> None:
        self.lines = {line.key: line for line in sorted(lines, key=lambda line: (line.day, line.key))}
        self.entries = {entry.sequence: entry for entry in sorted(entries, key=lambda entry: entry.sequence)}

    def take(self, pairs: Iterable[Pair], by: str) -> list[Match]:
        """Pairs that are one; each line and each entry once."""
        matches = []
        for line, entry in pairs:
            if line.key in self.lines and entry.sequence in self.entries:
                matches.append(Match(line, entry, by))
                del self.lines[line.key], self.entries[entry.sequence]
        return matches

    def referring(self) -> list[Pair]:
        """Every line with every entry that it may be by its references."""
        by_reference: dict[str, list[BookEntry]] = {}
        for entry in self.entries.values():
            if told(entry.reference):
                by_reference.setdefault(entry.reference, []).append(entry)
        return [
            (line, entry)
            for line in self.lines.values()
            for reference in dict.fromkeys((line.reference, line.bank_reference, line.key))
            for entry in by_reference.get(reference, ())
        ]


def _near(line: Line, entry: BookEntry, window: Window) -> bool:
    return abs(line.day - entry.day) <= timedelta(days=window.days)


def _by_reference(found: _Open, window: Window) -> list[Pair]:
    """One reference, one amount, near days."""
    return [
        (line, entry) for line, entry in found.referring() if line.amount == entry.amount and _near(line, entry, window)
    ]


def _alone(found: _Open) -> list[Pair]:
    """Pairs of one reference and amount, however far apart their days, where nothing else has that reference: what a
    bank tells days later, since it was silent, is still what it tells.
    """
    return [(line, entry) for line, entry in _singled(found.referring()) if line.amount == entry.amount]


def _alike(found: _Open, window: Window) -> list[Pair]:
    """Pairs of equal amount and near days, where exactly one line without a reference and one entry could be meant."""
    by_amount: dict[int, list[BookEntry]] = {}
    for entry in found.entries.values():
        by_amount.setdefault(entry.amount, []).append(entry)
    nameless = [line for line in found.lines.values() if not told(line.reference)]
    meant = ((line, entry) for line in nameless for entry in by_amount.get(line.amount, ()))
    return _singled([(line, entry) for line, entry in meant if _near(line, entry, window)])


def _singled(pairs: list[Pair]) -> list[Pair]:
    """Those whose line and whose entry are in no other pair."""
    of_line = Counter(line.key for line, _ in pairs)
    of_entry = Counter(entry.sequence for _, entry in pairs)
    return [(line, entry) for line, entry in pairs if of_line[line.key] == of_entry[entry.sequence] == 1]


def _wrong(found: _Open) -> list[Pair]:
    """Pairs that are one by reference and differ in the amount; each line and entry once."""
    pairs: list[Pair] = []
    seen: set[str | int] = set()
    for line, entry in found.referring():
        if (line.amount > 0) == (entry.amount > 0) and line.key not in seen and entry.sequence not in seen:
            seen |= {line.key, entry.sequence}
            pairs.append((line, entry))
    return pairs
