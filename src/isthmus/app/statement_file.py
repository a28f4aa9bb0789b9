"""Statements of banks in any of their forms, told by the content: camt.052, camt.053, camt.054 as XML, and MT940,
MT942, MT950 with or without the network's envelope.
"""

from __future__ import annotations

from decimal import Decimal
from typing import BinaryIO

import msgspec

from isthmus.gateways.iso20022 import statements as camt
from isthmus.gateways.iso20022.elements import local, messages, namespace
from isthmus.gateways.iso20022.reading import MESSAGE, read
from isthmus.gateways.swift import statements as fin
from isthmus.gateways.xmlguard.stops import Stopped
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS

BYTES_MAX = MESSAGE.document_bytes
BOOKED = "BOOK"
ISO = "urn:iso:std:iso:20022:tech:xsd:"


class Line(msgspec.Struct, frozen=True):
    """An entry. `date` is the value date (YYYY-MM-DD), `amount` negative for a debit. `status`: BOOK, PDNG, INFO."""

    date: str | None
    amount: Decimal
    reference: str | None
    booked: str | None = None
    status: str = BOOKED
    bank_reference: str | None = None
    information: str | None = None
    """What whoever paid wrote, or field 86."""


class BankStatement(msgspec.Struct, frozen=True):
    """Of one account; balances are None where the message has none. `number`: 28C, or the sequence number."""

    form: str
    account: str
    currency: str | None
    opening: Decimal | None
    closing: Decimal | None
    entries: tuple[Line, ...]
    adds_up: bool | None
    identifier: str
    number: str | None
    opened: str | None = None
    closed: str | None = None


class NotTaken(msgspec.Struct, frozen=True):
    """A message or statement, from 1, that cannot be counted."""

    message: int
    field: str
    reason: str
    line: int | None


def statements_of(data: bytes) -> tuple[list[BankStatement], list[NotTaken]]:
    """All statements in their order, and what was refused. Raises BadInput where there is no statement of any form."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return _of_xml(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    pages, refused = fin.read_pages(text)
    if not pages and (not refused or ":20:" not in text):
        raise BadInput("file", "holds no statement: neither camt XML nor MT940, MT942 or MT950")
    return [_of_page(page) for page in pages], [
        NotTaken(one.message, one.field, one.reason, one.line) for one in refused
    ]


def read_file(stream: BinaryIO) -> tuple[list[BankStatement], list[NotTaken]]:
    """As `statements_of`, of an opened input. Raises BadInput."""
    try:
        data = stream.read(BYTES_MAX + 1)
    except UNPACKING_ERRORS as error:
        raise BadInput("file", str(error)) from error
    if len(data) > BYTES_MAX:
        raise BadInput("file", f"more than {BYTES_MAX} bytes")
    return statements_of(data)


def _of_xml(data: bytes) -> tuple[list[BankStatement], list[NotTaken]]:
    try:
        root = read(data)
    except Stopped as stop:
        raise BadInput("file", str(stop)) from stop
    taken: list[BankStatement] = []
    refused: list[NotTaken] = []
    documents = [one for one in messages(root, ISO) if local(one) == "Document"]
    if not documents:
        raise BadInput("file", f"{local(root)} is no document of ISO 20022")
    for number, document in enumerate(documents, 1):
        form = namespace(document).removeprefix(ISO)
        body = next(iter(document), None)
        name = None if body is None else camt.statement_name(body)
        if body is None or name is None:
            refused.append(
                NotTaken(number, local(document if body is None else body), f"{form} holds no statement", None)
            )
            continue
        elements = camt.statement_elements(body)
        if not elements:
            refused.append(NotTaken(number, name, f"{form} has a header and no {name}", body.sourceline))
        for element in elements:
            try:
                taken.append(_of_camt(camt.read_statement(element), form))
            except BadInput as fault:
                refused.append(NotTaken(number, fault.field or form, fault.reason, fault.line))
    return taken, refused


def _of_camt(found: camt.Statement, form: str) -> BankStatement:
    lines = (
        Line(
            entry.date,
            entry.amount,
            entry.reference,
            entry.booked,
            entry.status or BOOKED,
            entry.servicer_reference,
            entry.remittance,
        )
        for entry in found.entries
    )
    return BankStatement(
        form, found.account, found.currency, found.opening, found.closing, tuple(lines), found.figures_add_up,
        found.identifier, found.number, _day(found.opened), _day(found.closed),
    )  # fmt: skip


def _day(written: str | None) -> str | None:
    return None if written is None else written[:10]


def _of_page(found: fin.Statement) -> BankStatement:
    lines = (
        Line(
            entry.day.isoformat(),
            entry.amount,
            entry.reference,
            None if entry.booked is None else entry.booked.isoformat(),
            BOOKED,
            entry.bank_reference,
            "\n".join(part for part in (entry.detail, entry.information) if part) or None,
        )
        for entry in found.entries
    )
    opening, closing = found.opening, found.closing
    return BankStatement(
        f"MT{found.message_type}", found.account, found.currency,
        None if opening is None else opening.amount, None if closing is None else closing.amount,
        tuple(lines), found.adds_up, found.reference, found.number or None,
        None if opening is None else opening.day.isoformat(), None if closing is None else closing.day.isoformat(),
    )  # fmt: skip
