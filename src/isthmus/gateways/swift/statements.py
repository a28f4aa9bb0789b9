"""Statements of account: MT940, MT942 and MT950 read into figures, and MT940 and MT942 made of them.

Amounts are exact decimals, debits negative. Source: SWIFT User Handbook, MT 940, 942, 950: fields 60a, 61, 62a, 64,
65, 86, 34F, 90a.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec

from isthmus.gateways.swift.bare import bare_messages, is_bare
from isthmus.gateways.swift.fin import Header, Row, build_fin, messages_of, parse_fin
from isthmus.gateways.swift.verdict import Mistake, validate

CUSTOMER, INTERIM, BANK = "940", "942", "950"
STATEMENTS = (CUSTOMER, INTERIM, BANK)
NO_REFERENCE = "NONREF"
CENTURY = 80
"""Two-digit years below it are of this century (SWIFT User Handbook, "Date formats")."""
LINE, LINES_MAX = 65, 6
"""Of field 86."""
MARKS = {"C": 1, "D": -1, "RC": -1, "RD": 1, "EC": 1, "ED": -1}
"""A reversal of a credit takes money out."""
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})(\d+(?:,\d*)?)", re.ASCII)
_ENTRY = re.compile(
    r"(?P<valued>\d{6})(?P<booked>\d{4})?(?P<mark>RC|RD|EC|ED|C|D)(?P<funds>[A-Z])?(?P<amount>\d+(?:,\d*)?)"
    r"(?P<kind>[A-Z][A-Z0-9]{3})(?P<reference>[^\n]*?)(?://(?P<bank>[^\n]*))?(?:\n(?P<detail>.*))?",
    re.ASCII | re.DOTALL,
)


Row3 = tuple[str, str, int]
"""(tag, value, line)"""


class Balance(msgspec.Struct, frozen=True):
    """An account's balance at the end of a day; below zero it is overdrawn. `interim`: of a page (60M, 62M)."""

    day: date
    currency: str
    amount: Decimal
    interim: bool = False


class Entry(msgspec.Struct, frozen=True):
    """One movement. `day` is the value date, `booked` the entry date where it is told."""

    day: date
    amount: Decimal
    reference: str
    kind: str = "NTRF"
    """Of the transaction: N, F or S and three characters."""
    bank_reference: str | None = None
    booked: date | None = None
    reversal: bool = False
    detail: str = ""
    """Supplementary details of the entry's own line."""
    information: str = ""
    """Field 86 below it, lines parted by newlines."""


class Statement(msgspec.Struct, frozen=True):
    """One statement: all its pages together. Balances are None where the message has none, as in MT942."""

    message_type: str
    account: str
    currency: str | None
    number: str
    """28C: statement, and page."""
    reference: str
    opening: Balance | None
    closing: Balance | None
    available: Balance | None
    forward: tuple[Balance, ...]
    entries: tuple[Entry, ...]
    information: str = ""
    counterpart: str | None = None
    """Of whoever services the account: the sender's BIC."""

    @property
    def moved(self) -> Decimal:
        """The sum of all entries."""
        return sum((entry.amount for entry in self.entries), Decimal(0))

    @property
    def adds_up(self) -> bool | None:
        """Whether opening balance and entries make the closing balance; None without both balances."""
        if self.opening is None or self.closing is None:
            return None
        if self.opening.currency != self.closing.currency:
            return False
        return self.opening.amount + self.moved == self.closing.amount


class Unreadable(msgspec.Struct, frozen=True):
    """A message, from 1, that was not taken, and why."""

    message: int
    line: int
    field: str
    reason: str


class _Refusal(Exception):
    """A field says nothing that can be counted."""

    def __init__(self, field: str, line: int, reason: str) -> None:
        super().__init__(reason)
        self.field, self.line, self.reason = field, line, reason


def read_statements(text: str) -> tuple[list[Statement], list[Unreadable]]:
    """The statements of a file in its order, pages of one put together, and the messages that are none.

    Banks write fields 61 and 86 wider than the standard: what can be counted is read, `verdict.validate` judges form.
    """
    pages, refused = read_pages(text)
    joined: list[list[Statement]] = []
    for page in pages:
        if joined and _goes_on(joined[-1][-1], page):
            joined[-1].append(page)
        else:
            joined.append([page])
    return [_joined(group) for group in joined], refused


def read_pages(text: str) -> tuple[list[Statement], list[Unreadable]]:
    """As `read_statements`, but each message for itself, with the balances that it tells."""
    pages: list[Statement] = []
    refused: list[Unreadable] = []
    parts: Iterator[str | list[tuple[str, str, int]]] = (
        bare_messages(text) if is_bare(text) else iter(messages_of(text))
    )
    for number, part in enumerate(parts, 1):
        try:
            page = _page(part) if isinstance(part, str) else _bare_page(part)
        except _Refusal as refusal:
            refused.append(Unreadable(number, refusal.line, refusal.field, refusal.reason))
            continue
        if page is not None:
            pages.append(page)
    return pages, refused


def _goes_on(before: Statement, page: Statement) -> bool:
    """Whether a page belongs to the statement of the one before. One that tells a final closing balance is the last."""
    last = before.closing is not None and not before.closing.interim
    return not last and _sheet(before) == _sheet(page)


def _sheet(page: Statement) -> tuple[str, str, str, str]:
    """What pages of one statement have in common."""
    return page.message_type, page.account, page.number.partition("/")[0], page.currency or ""


def _joined(pages: list[Statement]) -> Statement:
    if len(pages) == 1:
        return pages[0]
    last = pages[-1]
    return msgspec.structs.replace(
        pages[0],
        closing=last.closing,
        available=last.available,
        forward=last.forward,
        entries=tuple(entry for page in pages for entry in page.entries),
        information="\n".join(page.information for page in pages if page.information),
    )


def _page(text: str) -> Statement | None:
    """One message; None for an acknowledgement. Raises _Refusal."""
    found = parse_fin(text)
    block = next((block for block in reversed(found.blocks) if block.name == "4"), None)
    kind = found.message_type
    if kind is None and found.blocks and found.blocks[0].content.startswith("F21"):
        return None
    if block is None or not block.rows or (kind is not None and kind not in STATEMENTS):
        raise _Refusal("2", 1, f"is no statement: MT {kind}" if kind else "has no text block")
    told = {tag for tag, _, _ in block.rows}
    if not told & {"28C", "28"}:
        raise _Refusal("28C", block.line, "field 28C is missing")
    if "20" not in told:
        raise _Refusal("20", block.line, "field 20 is missing")
    header = found.header
    return _statement(block.rows, kind, block.line, header.sender if header else None)


def _bare_page(rows: list[Row3]) -> Statement:
    """One message without an envelope. Raises _Refusal."""
    return _statement(rows, None, rows[0][2], None)


def _statement(rows: Sequence[Row3], kind: str | None, line: int, counterpart: str | None) -> Statement:
    """What the fields tell. Raises _Refusal."""
    first = {tag: (value, line) for tag, value, line in reversed(rows)}
    account = first.get("25", first.get("25P"))
    if account is None or not account[0].strip():
        raise _Refusal("25", line, "field 25 is missing")
    balances = {tag: _balance(tag, *first[tag]) for tag in ("60F", "60M", "62F", "62M", "64") if tag in first}
    opening = balances.get("60F", balances.get("60M"))
    closing = balances.get("62F", balances.get("62M"))
    floor = first.get("34F")
    told = opening or closing
    entries, information = _entries(rows)
    return Statement(
        message_type=kind or (INTERIM if told is None else CUSTOMER),
        account=account[0].split("\n")[0].strip(),
        currency=told.currency if told else floor[0][:3] if floor else None,
        number=first.get("28C", first.get("28", ("", 0)))[0].split("\n")[0].strip(),
        reference=first["20"][0].split("\n")[0].strip(),
        opening=opening,
        closing=closing,
        available=balances.get("64"),
        forward=tuple(_balance(tag, value, line) for tag, value, line in rows if tag == "65"),
        entries=tuple(entries),
        information=information,
        counterpart=counterpart,
    )


def _entries(rows: Sequence[tuple[str, str, int]]) -> tuple[list[Entry], str]:
    """The entries with the information below each, and the information on the whole."""
    entries: list[Entry] = []
    information, below = "", False
    for tag, value, line in rows:
        if tag == "61":
            entries.append(_entry(value, line))
        elif tag == "86" and below:
            entries[-1] = msgspec.structs.replace(entries[-1], information=value)
        elif tag == "86":
            information = f"{information}\n{value}".strip("\n")
        below = tag == "61"
    return entries, information


def _balance(tag: str, value: str, line: int) -> Balance:
    match = _BALANCE.fullmatch(value.split("\n")[0].strip())
    if match is None:
        raise _Refusal(tag, line, "is no balance: C or D, YYMMDD, currency, amount with a comma")
    sign = -1 if match[1] == "D" else 1
    return Balance(_day(tag, match[2], line), match[3], sign * _amount(match[4]), tag.endswith("M"))


def _entry(value: str, line: int) -> Entry:
    match = _ENTRY.fullmatch(value.lstrip(" "))
    if match is None:
        raise _Refusal("61", line, "is no entry: YYMMDD[MMDD], mark, amount with a comma, type, reference")
    day = _day("61", match["valued"], line)
    mark, booked = match["mark"], match["booked"]
    return Entry(
        day=day,
        amount=MARKS[mark] * _amount(match["amount"]),
        reference=match["reference"].strip() or NO_REFERENCE,
        kind=match["kind"],
        bank_reference=match["bank"],
        booked=_nearest(day, booked, line) if booked else None,
        reversal=mark in ("RC", "RD"),
        detail=match["detail"] or "",
    )


def _amount(written: str) -> Decimal:
    return Decimal(written.replace(",", "."))


def _day(tag: str, written: str, line: int) -> date:
    year = int(written[:2])
    try:
        return date(year + (2000 if year < CENTURY else 1900), int(written[2:4]), int(written[4:6]))
    except ValueError as error:
        raise _Refusal(tag, line, f"{written} is no day of the calendar") from error


def _nearest(day: date, written: str, line: int) -> date:
    """The entry date MMDD of the year that brings it nearest to the value date."""
    found = []
    for year in (day.year - 1, day.year, day.year + 1):
        try:
            found.append(date(year, int(written[:2]), int(written[2:4])))
        except ValueError:
            continue
    if not found:
        raise _Refusal("61", line, f"{written} is no day of the calendar")
    return min(found, key=lambda one: abs(one - day))


class Made(msgspec.Struct, frozen=True):
    """A message, or the errors that kept it from being one."""

    fin: str | None
    errors: tuple[Mistake, ...]


def build_statement(statement: Statement, sender: str, receiver: str) -> Made:
    """An MT940. Raises ValueError for one without balances, or that does not add up."""
    if not statement.adds_up:
        raise ValueError("opening: balances must be there, and opening and entries make the closing balance")
    return write_statement(statement, sender, receiver)


def write_statement(statement: Statement, sender: str, receiver: str) -> Made:
    """An MT940, whether it adds up or not. Raises ValueError for one without balances."""
    opening, closing = statement.opening, statement.closing
    if opening is None or closing is None:
        raise ValueError("opening: balances must be there")
    rows: list[Row] = [("20", statement.reference), ("25", statement.account), ("28C", statement.number)]
    rows.append((f"60{'M' if opening.interim else 'F'}", _balance_text(opening)))
    rows.extend(_entry_rows(statement.entries))
    rows.append((f"62{'M' if closing.interim else 'F'}", _balance_text(closing)))
    if statement.available is not None:
        rows.append(("64", _balance_text(statement.available)))
    rows.extend(("65", _balance_text(balance)) for balance in statement.forward)
    if statement.information:
        rows.append(("86", wrapped(statement.information)))
    return _made(CUSTOMER, sender, receiver, rows)


def build_interim(statement: Statement, at: datetime, sender: str, receiver: str) -> Made:
    """An MT942 with the entries so far, as of `at`, a time with its offset. Raises ValueError without a currency."""
    if statement.currency is None or at.tzinfo is None:
        raise ValueError("currency, and the offset of the time, must be there")
    zone = at.strftime("%z")[:5]
    rows: list[Row] = [("20", statement.reference), ("25", statement.account), ("28C", statement.number)]
    rows.extend((("34F", f"{statement.currency}0,"), ("13D", f"{at:%y%m%d%H%M}{zone}")))
    rows.extend(_entry_rows(statement.entries))
    for tag, sign in (("90D", -1), ("90C", 1)):
        amounts = [abs(entry.amount) for entry in statement.entries if entry.amount * sign > 0]
        total = sum(amounts, Decimal(0))
        rows.append((tag, f"{len(amounts)}{statement.currency}{amount_text(total)}"))
    if statement.information:
        rows.append(("86", wrapped(statement.information)))
    return _made(INTERIM, sender, receiver, rows)


def _made(message_type: str, sender: str, receiver: str, rows: list[Row]) -> Made:
    fin = build_fin(Header(message_type, sender, receiver), rows)
    errors = validate(fin).errors
    return Made(None if errors else fin, errors)


def _entry_rows(entries: Sequence[Entry]) -> Iterator[Row]:
    for entry in entries:
        credit = entry.amount >= 0
        mark = ("RD" if credit else "RC") if entry.reversal else "C" if credit else "D"
        booked = f"{entry.booked:%m%d}" if entry.booked else ""
        bank = f"//{entry.bank_reference}" if entry.bank_reference else ""
        detail = f"\n{entry.detail}" if entry.detail else ""
        amount = amount_text(abs(entry.amount))
        yield "61", f"{entry.day:%y%m%d}{booked}{mark}{amount}{entry.kind}{entry.reference}{bank}{detail}"
        if entry.information:
            yield "86", wrapped(entry.information)


def _balance_text(balance: Balance) -> str:
    mark = "D" if balance.amount < 0 else "C"
    return f"{mark}{balance.day:%y%m%d}{balance.currency}{amount_text(abs(balance.amount))}"


def amount_text(amount: Decimal) -> str:
    """With a comma: "1234,5", "1000,"."""
    written = format(amount, "f")
    whole, _, fraction = written.partition(".")
    return f"{whole},{fraction.rstrip('0')}"


def wrapped(text: str) -> str:
    """Lines of at most 65 characters, at most six: what is longer is cut."""
    lines = [line[at : at + LINE] for line in text.split("\n") for at in range(0, max(len(line), 1), LINE)]
    return "\n".join(line for line in lines[:LINES_MAX] if line)
