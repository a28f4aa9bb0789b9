"""Statements, reports and notifications of accounts (camt.053, camt.052, camt.054) as exact values.

Read for reconciliation, and built for whoever has an account here.
"""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from isthmus.gateways.iso20022.elements import Element, every, first, local, number, text
from isthmus.gateways.iso20022.payments import account_node, plain
from isthmus.gateways.iso20022.statement_rules import signed, status_of
from isthmus.gateways.iso20022.trees import Node, amount, branch, document, leaf
from isthmus.kernel.errors import BadInput

STATEMENT = "camt.053.001.08"
BODIES = {"BkToCstmrStmt": "Stmt", "BkToCstmrAcctRpt": "Rpt", "BkToCstmrDbtCdtNtfctn": "Ntfctn"}

_VERSION = re.compile(r"V\d{2}$", re.ASCII)
_ACCOUNTS = ("Id/IBAN", "Id/Othr/Id", "Id/BBAN", "Id/UPIC", "Id/PrtryAcct/Id", "Prxy/Id")
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
"""Types of balances, the one that goes before first."""
_REFERENCES = ("Refs/EndToEndId", "Refs/InstrId", "Refs/UETR", "Refs/TxId", "Refs/AcctSvcrRef")
REPORT, NOTIFICATION = "camt.052.001.08", "camt.054.001.08"
_BUILT = {
    "camt.053": ("BkToCstmrStmt", "Stmt", "StmtPgntn"),
    "camt.052": ("BkToCstmrAcctRpt", "Rpt", "RptPgntn"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "NtfctnPgntn"),
}
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
    number: str | None = None
    """Electronic, else legal sequence number."""
    one_currency: bool = True
    """Whether opening and closing balance are of one currency."""

    @property
    def adds_up(self) -> bool | None:
        """As `figures_add_up`; None on a page of several."""
        if self.page not in (None, "1") or not self.last_page:
            return None
        return self.figures_add_up

    @property
    def figures_add_up(self) -> bool | None:
        """Whether the opening balance and the booked entries told here make the closing balance told here; None where
        one of the balances is not told. Amounts of two currencies never add up.
        """
        if self.opening is None or self.closing is None:
            return None
        booked = [entry.amount for entry in self.entries if entry.status in (None, "BOOK")]
        return self._comparable and self.opening + sum(booked, Decimal(0)) == self.closing

    @property
    def _comparable(self) -> bool:
        return self.one_currency and all(
            entry.currency == self.currency for entry in self.entries if entry.status in (None, "BOOK")
        )


def statement_document(message: str, created: str, statements: tuple[Statement, ...], name: str = STATEMENT) -> str:
    """XML of camt.053, camt.052 or camt.054, as `name` says. Raises BadInput for a statement without currency, and
    for one of camt.053 without both balances.
    """
    outer, inner, pages = _BUILT[name[:8]]
    if inner == "Stmt" and any(found.opening is None or found.closing is None for found in statements):
        raise BadInput("statement", "a statement has a currency and both balances")
    nodes = [node for found in statements if (node := _built(found, inner, pages))]
    body = branch(outer, branch("GrpHdr", leaf("MsgId", message), leaf("CreDtTm", created)), nodes)
    assert body is not None, "a group header is always there"
    return document(name, body)


def _built(found: Statement, name: str, pages: str) -> Node | None:
    currency = found.currency
    if currency is None:
        raise BadInput("statement", "a statement has a currency and both balances")
    balances = (("OPBD", found.opening, found.opened), ("CLBD", found.closing, found.closed))
    return branch(
        name,
        leaf("Id", found.identifier),
        branch(pages, leaf("PgNb", found.page or "1"), leaf("LastPgInd", "true" if found.last_page else "false")),
        leaf("ElctrncSeqNb", found.number or "1"),
        account_with_currency(found.account, currency),
        [node for kind, value, day in balances if (node := _told_balance(kind, value, currency, day))],
        [node for entry in found.entries if (node := _built_entry(entry))],
    )


def _told_balance(kind: str, value: Decimal | None, currency: str, day: str | None) -> Node | None:
    return None if value is None else _built_balance(kind, value, currency, day)


def account_with_currency(account: str, currency: str) -> Node | None:
    numbered = account_node("Acct", account)
    inner = numbered.content if numbered is not None and isinstance(numbered.content, tuple) else ()
    return branch("Acct", inner, leaf("Ccy", currency))


def _built_balance(kind: str, value: Decimal, currency: str, day: str | None) -> Node | None:
    if day is None:
        raise BadInput("balance", "a balance has a day")
    return branch("Bal", leaf("Tp/CdOrPrtry/Cd", kind), *_amount_and_side(value, currency), leaf("Dt/Dt", day[:10]))


def _amount_and_side(value: Decimal, currency: str) -> tuple[Node | None, ...]:
    side = "DBIT" if value < 0 else "CRDT"
    return amount("Amt", plain(abs(value)), currency), leaf("CdtDbtInd", side)


def _built_entry(entry: Entry) -> Node | None:
    other = "Dbtr" if entry.amount >= 0 else "Cdtr"
    value = _amount_and_side(entry.amount, entry.currency)
    return branch(
        "Ntry",
        *value,
        leaf("RvslInd", "true" if entry.reversal else None),
        leaf("Sts/Cd", entry.status or "BOOK"),
        leaf("BookgDt/Dt", entry.booked),
        leaf("ValDt/Dt", entry.date),
        leaf("AcctSvcrRef", entry.servicer_reference),
        leaf("BkTxCd/Prtry/Cd", "NTRF"),
        branch(
            "NtryDtls",
            branch(
                "TxDtls",
                leaf("Refs/EndToEndId", entry.reference),
                *value,
                leaf(f"RltdPties/{other}/Pty/Nm", entry.counterparty),
                leaf("RmtInf/Ustrd", entry.remittance),
            ),
        ),
    )


def read_statements(body: Element) -> tuple[Statement, ...]:
    """Of the element below Document. Raises BadInput for another message."""
    return tuple(_statement(found) for found in statement_elements(body))


def statement_name(body: Element) -> str | None:
    """How statements, reports or notifications are called below this element; None for another message. The first
    versions have their number in the name ("BkToCstmrStmtV01").
    """
    return BODIES.get(_VERSION.sub("", local(body)))


def statement_elements(body: Element) -> list[Element]:
    """The statements, reports or notifications below Document, unread. Raises BadInput for another message."""
    name = statement_name(body)
    if name is None:
        raise BadInput(local(body), "holds no statement")
    return every(body, name)


def read_statement(found: Element) -> Statement:
    """One of `statement_elements`. Raises BadInput that names what is missing or says no amount."""
    if not _account(found):
        raise BadInput("Acct/Id", "no account is named", found.sourceline)
    for name in ("Bal", "Ntry"):
        for part in every(found, name):
            amount_element = first(part, "Amt")
            value = number(amount_element)
            if amount_element is None or value is None or value < 0 or not amount_element.get("Ccy"):
                raise BadInput(f"{name}/Amt", "is no amount with a currency", part.sourceline)
            if text(part, "CdtDbtInd") not in ("CRDT", "DBIT"):
                raise BadInput(f"{name}/CdtDbtInd", "is neither CRDT nor DBIT", part.sourceline)
    return _statement(found)


def _statement(found: Element) -> Statement:
    currency = text(found, "Acct/Ccy")
    opening, closing = _balance(found, _OPENING), _balance(found, _CLOSING)
    told = {signed(balance)[0] for balance in (opening, closing) if balance is not None}
    others = {signed(entry)[0] for entry in every(found, "Ntry")}
    currency = currency or next((signed(one)[0] for one in (opening, closing) if one is not None), None)
    if currency is None and len(others) == 1:
        currency = next(iter(others))
    return Statement(
        identifier=text(found, "Id") or "",
        account=_account(found),
        currency=currency,
        opening=None if opening is None else signed(opening)[1],
        closing=None if closing is None else signed(closing)[1],
        opened=None if opening is None else text(opening, "Dt/Dt") or text(opening, "Dt/DtTm"),
        closed=None if closing is None else text(closing, "Dt/Dt") or text(closing, "Dt/DtTm"),
        entries=tuple(_entry(entry) for entry in every(found, "Ntry")),
        page=_paged(found, "PgNb"),
        last_page=_paged(found, "LastPgInd") not in ("false", "0"),
        number=text(found, "ElctrncSeqNb") or text(found, "LglSeqNb"),
        one_currency=len(told) < 2 and told <= {currency},
    )


def _account(found: Element) -> str:
    """By whatever it is identified; the first versions know BBAN, UPIC and proprietary numbers, later ones a proxy."""
    return next((told for name in _ACCOUNTS if (told := text(found, f"Acct/{name}"))), "")


def _kind(balance: Element) -> str | None:
    """The type of a balance: one level higher in the first versions."""
    return text(balance, "Tp/CdOrPrtry/Cd") or text(balance, "Tp/Cd")


def _paged(found: Element, name: str) -> str | None:
    return next((told for _, _, pages in _BUILT.values() if (told := text(found, f"{pages}/{name}"))), None)


def _balance(found: Element, kinds: tuple[str, ...]) -> Element | None:
    """The final one of the first kind; an intermediate one only where there is no other."""
    for kind in kinds:
        balances = [balance for balance in every(found, "Bal") if _kind(balance) == kind]
        final = [balance for balance in balances if text(balance, "Tp/SubTp/Cd") != "INTM"]
        if balances:
            return next(iter(final or balances))
    return None


def _entry(entry: Element) -> Entry:
    currency, value = signed(entry)
    details = first(entry, "NtryDtls/TxDtls")
    details = first(entry, "TxDtls") if details is None else details
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
