"""Statements, reports and notifications of accounts (camt.053, camt.052, camt.054) as exact values, for
reconciliation.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from isthmus.gateways.iso20022.elements import Element, every, first, local, text
from isthmus.gateways.iso20022.statement_rules import signed, status_of
from isthmus.kernel.errors import BadInput

BODIES = {"BkToCstmrStmt": "Stmt", "BkToCstmrAcctRpt": "Rpt", "BkToCstmrDbtCdtNtfctn": "Ntfctn"}

_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_REFERENCES = ("Refs/EndToEndId", "Refs/InstrId", "Refs/UETR", "Refs/TxId", "Refs/AcctSvcrRef")
NOT_PROVIDED = "NOTPROVIDED"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line. `amount` is negative for a debit; a reversal already has the sign of what it does to the balance."""

    amount: Decimal
    currency: str
    date: str | None
    """Day of value, else of booking."""
    booked: str | None
    status: str | None
    """BOOK, PDNG, INFO."""
    reference: str | None
    """End-to-end identification, else what else identifies the transaction."""
    servicer_reference: str | None = None
    counterparty: str | None = None
    remittance: str | None = None
    reversal: bool = False


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Of one account. Balances are negative when in debit; None where the message does not tell them."""

    identifier: str
    account: str
    currency: str | None
    opening: Decimal | None
    closing: Decimal | None
    opened: str | None
    closed: str | None
    entries: tuple[Entry, ...]
    page: str | None = None
    last_page: bool = True

    @property
    def adds_up(self) -> bool | None:
        """Whether opening and booked entries make the closing balance; None where one of them is not told, or
        on a page of several.
        """
        if self.opening is None or self.closing is None or self.page not in (None, "1") or not self.last_page:
            return None
        booked = [entry.amount for entry in self.entries if entry.status == "BOOK" and entry.currency == self.currency]
        return self.opening + sum(booked, Decimal(0)) == self.closing


def read_statements(body: Element) -> tuple[Statement, ...]:
    """Of the element below Document. Raises BadInput for another message."""
    name = BODIES.get(local(body))
    if name is None:
        raise BadInput(local(body), "holds no statement")
    return tuple(_statement(found) for found in every(body, name))


def _statement(found: Element) -> Statement:
    currency = text(found, "Acct/Ccy")
    opening, closing = _balance(found, _OPENING), _balance(found, _CLOSING)
    currency = currency or (signed(opening)[0] if opening is not None else None)
    return Statement(
        identifier=text(found, "Id") or "",
        account=text(found, "Acct/Id/IBAN") or text(found, "Acct/Id/Othr/Id") or "",
        currency=currency,
        opening=None if opening is None else signed(opening)[1],
        closing=None if closing is None else signed(closing)[1],
        opened=None if opening is None else text(opening, "Dt/Dt") or text(opening, "Dt/DtTm"),
        closed=None if closing is None else text(closing, "Dt/Dt") or text(closing, "Dt/DtTm"),
        entries=tuple(_entry(entry) for entry in every(found, "Ntry")),
        page=text(found, "StmtPgntn/PgNb") or text(found, "RptPgntn/PgNb"),
        last_page=(text(found, "StmtPgntn/LastPgInd") or text(found, "RptPgntn/LastPgInd")) != "false",
    )


def _balance(found: Element, kinds: tuple[str, ...]) -> Element | None:
    """The final one; an intermediate one only where there is no other."""
    balances = [balance for balance in every(found, "Bal") if text(balance, "Tp/CdOrPrtry/Cd") in kinds]
    final = [balance for balance in balances if text(balance, "Tp/SubTp/Cd") != "INTM"]
    return next(iter(final or balances), None)


def _entry(entry: Element) -> Entry:
    currency, value = signed(entry)
    details = first(entry, "NtryDtls/TxDtls")
    credit = value >= 0
    other = "Dbtr" if credit else "Cdtr"
    return Entry(
        amount=value,
        currency=currency,
        date=_day(entry, "ValDt") or _day(entry, "BookgDt"),
        booked=_day(entry, "BookgDt"),
        status=status_of(entry),
        reference=_reference(details) or text(entry, "NtryRef"),
        servicer_reference=text(entry, "AcctSvcrRef"),
        counterparty=text(details, f"RltdPties/{other}/Pty/Nm") or text(details, f"RltdPties/{other}/Nm"),
        remittance=" ".join(line for found in every(details, "RmtInf/Ustrd") if (line := text(found))) or None,
        reversal=text(entry, "RvslInd") in ("true", "1"),
    )


def _reference(details: Element | None) -> str | None:
    return next((found for path in _REFERENCES if (found := text(details, path)) not in (None, NOT_PROVIDED)), None)


def _day(entry: Element, name: str) -> str | None:
    found = text(entry, f"{name}/Dt") or text(entry, f"{name}/DtTm")
    return None if found is None else found[:10]
