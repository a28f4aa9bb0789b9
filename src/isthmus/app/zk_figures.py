"""The figures of a day from a data folder: its trades, what clients have at its end, what lies outside for them.

By one reading of the journal's records (ends of the day, credit lines) and one of its postings; nothing is written.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from isthmus.audit.zero.binding import head_of
from isthmus.audit.zero.figures import CUSTODIANS, PARTS, VENUES, WORLD, Figures, Leg, Reserve, Standing
from isthmus.audit.zero.proof import Bound
from isthmus.engine import archive
from isthmus.engine.engine import Record
from isthmus.engine.postings import Batch, JournalPostings
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import TEMPLATES
from isthmus.kernel.values import NS_PER_S
from isthmus.ledger.chart import CLIENT, LedgerAccount, opened_account, system_accounts
from isthmus.ledger.daily import CUSTODIAN, end_of_day
from isthmus.ledger.projection import changes

TRADE_TEMPLATES = ("payment", "delivery", "fee", "rounding", "settlement")
"""Postings of a trade, and of margined contracts against their marks."""
DAY_NS = 86_400 * NS_PER_S
POSTINGS_READ = 65_536
VENUE_CLASS, WORLD_CLASS = "venue", "world"
LOG = Path("audit/log/journal")


class _Ended(msgspec.Struct):
    """What the records say up to the end of the day."""

    sequence: int = 0
    head: bytes = bytes(32)
    lines: dict[tuple[int, int], int] = msgspec.field(default_factory=dict)


class _Books(msgspec.Struct):
    """Accounts, codes of assets, balances, and the day's trades by (record, account, asset)."""

    accounts: dict[int, LedgerAccount] = msgspec.field(
        default_factory=lambda: {account.number: account for account in system_accounts()}
    )
    assets: dict[int, str] = msgspec.field(default_factory=dict)
    balances: dict[tuple[int, int], int] = msgspec.field(default_factory=dict)
    traded: dict[tuple[int, int, int], int] = msgspec.field(default_factory=dict)


def figures_of(data: Path, day: str) -> Figures:
    """Raises BadInput where there is no journal or no record by the end of the day, and as reading a journal does."""
    end = end_of_day(day)
    if not (data / "journal").is_dir():
        raise BadInput("data", f"{data} holds no journal")
    ended = _ended(data, end)
    if ended.sequence == 0:
        raise BadInput("day", f"the journal has no record up to the end of {day}")
    books = _books(data, ended.sequence, end - DAY_NS)
    legs = [
        Leg(books.accounts[account].path, books.assets[asset], sequence, amount)
        for (sequence, account, asset), amount in books.traded.items()
        if amount
    ]
    return Figures(day, ended.sequence, ended.head, legs, _standings(books, ended.lines), _reserves(books))


def _ended(data: Path, end: int) -> _Ended:
    ended = _Ended()
    for record in archive.records(data):
        if record.stamp > end:
            break
        ended.sequence, ended.head = record.sequence, record.hash
        if type(record.command).__name__ == "SetCredit":
            for effect in record.effects:
                if type(effect).__name__ == "CreditSet":
                    ended.lines[effect.account, effect.asset] = effect.amount
    return ended


def _books(data: Path, upto: int, before: int) -> _Books:
    """Balances behind record `upto`, trades of the records with a stamp after `before` (ns UTC)."""
    books, reader = _Books(), JournalPostings(data, upto=upto)
    while (batch := reader.read(POSTINGS_READ)).records:
        for sequence, body in batch.noted:
            _list(books, sequence, Record.from_body(body, bytes(32)))
        for key, change in changes(batch.columns).items():
            books.balances[key] = books.balances.get(key, 0) + change
        _trade(books, batch, before)
    return books


def _list(books: _Books, sequence: int, record: Record) -> None:
    paths = {account.path for account in books.accounts.values()}
    for effect in record.effects:
        name = type(effect).__name__
        if name == "AccountOpened":
            said = (record.origin.text, getattr(record.command, "side", 0))
            books.accounts[effect.account] = opened_account(effect.account, record.command.kind, said, sequence, paths)
        elif name == "AssetAdded":
            books.assets[effect.asset] = record.command.code


def _trade(books: _Books, batch: Batch, before: int) -> None:
    templates = {number for number, name in TEMPLATES.items() if name in TRADE_TEMPLATES}
    names = ("sequence", "stamp", "template", "source", "target", "asset", "amount")
    rows = zip(*(batch.columns[name].tolist() for name in names), strict=True)
    for sequence, stamp, template, source, target, asset, amount in rows:
        if stamp > before and template in templates:
            for account, change in ((source, -amount), (target, amount)):
                key = (sequence, account, asset)
                books.traded[key] = books.traded.get(key, 0) + change


def _is_client(account: LedgerAccount) -> bool:
    return account.side == CLIENT and account.class_name != CUSTODIAN


def _standings(books: _Books, lines: dict[tuple[int, int], int]) -> list[Standing]:
    """Clients with a balance or a line."""
    found = []
    for number, asset in sorted(books.balances.keys() | lines.keys()):
        account = books.accounts[number]
        balance, line = books.balances.get((number, asset), 0), lines.get((number, asset), 0)
        if _is_client(account) and (balance or line):
            found.append(Standing(account.path, books.assets[asset], balance, line))
    return found


def _part_of(account: LedgerAccount) -> str | None:
    if account.class_name == CUSTODIAN:
        return CUSTODIANS if account.side == CLIENT else None
    return {VENUE_CLASS: VENUES, WORLD_CLASS: WORLD}.get(account.class_name)


def _reserves(books: _Books) -> list[Reserve]:
    """What lies outside is a debit there. `world` counts only where no bank for clients holds the asset."""
    parts: dict[str, dict[str, int]] = {}
    banked: set[str] = set()
    for (number, asset), balance in sorted(books.balances.items()):
        part, code = _part_of(books.accounts[number]), books.assets[asset]
        if part is not None:
            found = parts.setdefault(code, dict.fromkeys(PARTS, 0))
            found[part] -= balance
            if part == CUSTODIANS:
                banked.add(code)
    return [
        Reserve(code, found, (CUSTODIANS, VENUES) if code in banked else (VENUES, WORLD))
        for code, found in parts.items()
    ]


def bound_of(data: Path, figures: Figures) -> Bound:
    """The head of the journal's log where it reaches the day's end, else the day's last record."""
    note = _checkpoint(data)
    head = head_of(note) if note is not None else None
    if head is not None and note is not None and head.size >= figures.sequence:
        return Bound(head.root, figures.sequence, None, note)
    return Bound(figures.head, figures.sequence, figures.head, None)


def _checkpoint(data: Path) -> str | None:
    try:
        return (data / LOG / "checkpoint").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def other_log(data: Path, bound: Bound) -> str | None:
    """Why the folder's journal is not the one that the proof is bound to; None where it is."""
    if bound.checkpoint is None:
        record = next(iter(archive.records(data, bound.sequence)), None) if bound.sequence > 0 else None
        same = record is not None and record.sequence == bound.sequence and record.hash == bound.root
        return None if same else f"another_log: record {bound.sequence} of this journal is not the one stated"
    stated = head_of(bound.checkpoint)
    heads = [head_of(note) for note in (_checkpoint(data), *_heads(data)) if note is not None]
    return None if stated in heads else "another_log: this folder's log never had the head stated"


def _heads(data: Path) -> list[str]:
    """Notes of earlier heads, as the audit process keeps them."""
    try:
        lines = (data / LOG / "heads").read_bytes().splitlines()
    except OSError:
        return []
    notes = []
    for line in lines:
        try:
            row = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if isinstance(row, dict) and isinstance(row.get("note"), str):
            notes.append(row["note"])
    return notes
