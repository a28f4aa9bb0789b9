"""Between the values of client money and the messages of banks: pain.001 and pain.002, camt.052, camt.053 and camt.054,
MT940 and MT942. Amounts are minor units on one side and decimals on the other; one that does not fit is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from isthmus.app.statement_file import BankStatement, statements_of
from isthmus.app.statement_file import Line as ToldLine
from isthmus.gateways.iso20022 import payments as pain
from isthmus.gateways.iso20022 import statements as camt
from isthmus.gateways.iso20022 import statuses
from isthmus.gateways.iso20022.elements import local, messages
from isthmus.gateways.iso20022.reading import read
from isthmus.gateways.swift import statements as fin
from isthmus.gateways.xmlguard.stops import Stopped
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import short_text
from isthmus.ledger.custody.simulated import Asked, Paid
from isthmus.ledger.custody.store import Instruction
from isthmus.ledger.custody.values import Line, Statement

Decimals = Callable[[str], int]
"""Of a currency, by its code."""
ISO = "urn:iso:std:iso:20022:tech:xsd:"
FINAL = ("camt.053", "MT940", "MT950")
PAID, REFUSED = ("ACSC", "ACCC"), ("RJCT", "CANC")
RETURNED = "NRTI"
"""Transaction type of MT940: returned item (SWIFT User Handbook, field 61)."""
MT_REFERENCE = 16
"""Characters of a reference in field 61."""


class Told(msgspec.Struct, frozen=True):
    """A bank's last word on a payment; `paid` None while it is under way."""

    message: str
    reference: str
    paid: bool | None
    words: str


def pain_001(one: Instruction, bic: str, house: str, decimals: Decimals) -> str:
    """The instruction as the bank reads it. Raises BadInput."""
    payment = pain.Payment(
        end_to_end=one.reference,
        instruction=one.reference,
        amount=_decimal(one.amount, decimals(one.currency)),
        currency=one.currency,
        debtor=pain.Party(house),
        creditor=pain.Party(one.creditor_name),
        debtor_account=one.debtor_account,
        creditor_account=one.creditor_account,
        debtor_agent=bic,
        creditor_agent=one.creditor_bank or None,
        remittance=one.remittance or None,
    )
    return pain.initiation(pain.Payments(message=one.message, created=one.created, date=one.day, payments=(payment,)))


def payments_of(data: bytes, decimals: Decimals) -> list[Asked]:
    """Of a pain.001. Raises BadInput."""
    body = _body(data, "pain.001")
    found = pain.read_payments(body)
    return [
        Asked(
            found.message,
            one.end_to_end,
            one.debtor_account or "",
            one.creditor_account or "",
            minor(one.amount, one.currency, decimals),
            one.currency,
            one.remittance or "",
        )
        for one in found.payments
    ]


def pain_002(paid: Sequence[Paid], message: str, created: str, bic: str) -> str:
    """The answer to one message of payments."""
    rows = tuple(
        statuses.Status(
            original_message=one.asked.message,
            original_name=pain.INITIATION,
            end_to_end=one.asked.end_to_end,
            instruction=one.asked.end_to_end,
            status=one.status,
            reason=one.reason or None,
            words=one.words or None,
        )
        for one in paid
    )
    return statuses.customer_status_report(
        statuses.Statuses(message=message, created=created, transactions=rows, sender=bic)
    )


def answers_of(data: bytes) -> list[Told]:
    """Of a pain.002. Raises BadInput."""
    found = statuses.read_statuses(_body(data, "pain.002"))
    return [
        Told(
            one.original_message or "",
            one.end_to_end or "",
            True if one.status in PAID else False if one.status in REFUSED else None,
            " ".join(part for part in (one.reason, one.words) if part) or (one.status or ""),
        )
        for one in found.transactions
    ]


def statement_xml(found: Sequence[Statement], name: str, created: str, decimals: Decimals) -> str:
    """camt.052, camt.053 or camt.054 of the same account or several, as `name` says."""
    rows = tuple(_camt(one, decimals) for one in found)
    return camt.statement_document(found[0].identifier, created, rows, name)


def _camt(one: Statement, decimals: Decimals) -> camt.Statement:
    places = decimals(one.currency)
    lines = tuple(
        camt.Entry(
            amount=_decimal(line.amount, places),
            currency=one.currency,
            date=line.day.isoformat(),
            booked=line.day.isoformat(),
            status="BOOK",
            reference=line.reference,
            servicer_reference=line.bank_reference or None,
            remittance=line.information or None,
        )
        for line in one.lines
    )
    return camt.Statement(
        identifier=one.identifier,
        account=one.account,
        currency=one.currency,
        opening=None if one.opening is None else _decimal(one.opening, places),
        closing=None if one.closing is None else _decimal(one.closing, places),
        opened=one.day.isoformat(),
        closed=one.day.isoformat(),
        entries=lines,
        number=None if one.number is None else str(one.number),
    )


def statement_mt940(one: Statement, sender: str, receiver: str, decimals: Decimals) -> str:
    """As a bank writes it: a statement that does not add up goes out as it is. Raises BadInput."""
    places = decimals(one.currency)

    def balance(value: int | None) -> fin.Balance:
        return fin.Balance(one.day, one.currency, _decimal(value or 0, places))

    entries = tuple(
        fin.Entry(
            line.day,
            _decimal(line.amount, places),
            line.reference[:MT_REFERENCE] or fin.NO_REFERENCE,
            bank_reference=line.bank_reference or None,
            booked=line.day,
            information=line.information,
        )
        for line in one.lines
    )
    page = fin.Statement(
        fin.CUSTOMER, one.account, one.currency, f"{one.number or 0}/1", one.identifier[:MT_REFERENCE],
        balance(one.opening), balance(one.closing), None, (), entries,
    )  # fmt: skip
    made = fin.write_statement(page, sender, receiver)
    if made.fin is None:
        raise BadInput("statement", "; ".join(error.message for error in made.errors))
    return made.fin


def values_of(bank: str, data: bytes, decimals: Decimals) -> tuple[list[Statement], list[str]]:
    """The statements of a message of the bank, and why others of it were refused. Raises BadInput."""
    found, refused = statements_of(data)
    reasons = [f"{one.field}: {one.reason}" for one in refused]
    taken = []
    for one in found:
        try:
            taken.append(_value(bank, one, decimals))
        except BadInput as fault:
            reasons.append(f"{one.account}: {fault}")
    return taken, reasons


def _value(bank: str, one: BankStatement, decimals: Decimals) -> Statement:
    if one.currency is None:
        raise BadInput("currency", "no currency is told")
    final = one.form.startswith(FINAL)
    head = (one.number or "").partition("/")[0]
    number = int(head) if head.isdecimal() and int(head) > 0 else None
    currency = one.currency
    booked = [line for line in one.entries if line.status == "BOOK"]
    lines = tuple(_line(line, (one, place), currency, decimals) for place, line in enumerate(booked, 1))
    day = _date(one.closed or one.opened or (lines[-1].day.isoformat() if lines else None))
    opening = None if one.opening is None else minor(one.opening, currency, decimals)
    closing = None if one.closing is None else minor(one.closing, currency, decimals)
    content = msgspec.json.encode((one.account, currency, number, opening, closing, lines, str(day)))
    digest = hashlib.sha256(content).hexdigest()
    return Statement(
        bank, one.account, currency, number if final else None, opening, closing, day, lines, final, digest,
        one.identifier,
    )  # fmt: skip


def _line(line: ToldLine, where: tuple[BankStatement, int], currency: str, decimals: Decimals) -> Line:
    statement, place = where
    mark = line.bank_reference or ""
    if mark in ("NONREF", "NOTPROVIDED"):
        mark = ""
    key = mark or f"{statement.number or statement.identifier}/{place}"
    reference = line.reference or "NONREF"
    amount = minor(line.amount, currency, decimals)
    return Line(key.replace(" ", "_"), _date(line.date or line.booked), amount, reference, mark, line.information or "")


def minor(amount: Decimal, currency: str, decimals: Decimals) -> int:
    """In minor units. Raises BadInput for more decimals than the currency has here."""
    scaled = amount.scaleb(decimals(currency))
    if scaled != scaled.to_integral_value():
        raise BadInput("amount", f"{amount} {currency} has more decimals than the currency has here")
    return int(scaled)


def _decimal(amount: int, places: int) -> Decimal:
    """Without zeros at the end, which a bank may not take where a currency has fewer decimals than the engine."""
    return Decimal(short_text(amount, places))


def _date(written: str | None) -> date:
    if written is None:
        raise BadInput("date", "no day is told")
    try:
        return date.fromisoformat(written[:10])
    except ValueError as fault:
        raise BadInput("date", f"{written} is no day") from fault


def _body(data: bytes, name: str):  # type: ignore[no-untyped-def]
    """The element below the document of this message. Raises BadInput."""
    try:
        root = read(data)
    except Stopped as stop:
        raise BadInput(name, str(stop)) from stop
    for document in messages(root, f"{ISO}{name}"):
        if local(document) == "Document" and len(document):
            return document[0]
    raise BadInput(name, "is no such message")


def now_text(at_ns: int) -> str:
    """As banks write it: seconds, UTC."""
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
