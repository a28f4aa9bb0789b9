"""Payments as values: pain.001 (initiation), pacs.008 and pacs.009 (transfers), built and read."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from isthmus.gateways.iso20022.elements import Element, every, first, local, number, text
from isthmus.gateways.iso20022.identifiers import iban_fault
from isthmus.gateways.iso20022.trees import Node, amount, branch, document, leaf
from isthmus.kernel.errors import BadInput

INITIATION, CUSTOMER_TRANSFER, BANK_TRANSFER = "pain.001.001.09", "pacs.008.001.08", "pacs.009.001.08"
NOT_PROVIDED = "NOTPROVIDED"

_AMOUNTS = ("Amt/InstdAmt", "IntrBkSttlmAmt")


class Party(msgspec.Struct, frozen=True):
    """A customer, or an institution by its `bic` alone. `lines` are address lines as they stand."""

    name: str | None = None
    bic: str | None = None
    lei: str | None = None
    country: str | None = None
    town: str | None = None
    street: str | None = None
    lines: tuple[str, ...] = ()


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction. Accounts are IBANs where they are right ones, else any identification; agents are BICs."""

    end_to_end: str
    amount: Decimal
    currency: str
    debtor: Party
    creditor: Party
    debtor_account: str | None = None
    creditor_account: str | None = None
    debtor_agent: str | None = None
    creditor_agent: str | None = None
    instruction: str | None = None
    uetr: str | None = None
    charges: str | None = None
    """DEBT, CRED, SHAR or SLEV."""
    remittance: str | None = None
    purpose: str | None = None


class Payments(msgspec.Struct, frozen=True, kw_only=True):
    """A message of payments. `date` is the day of execution (pain.001) or of settlement (pacs); `created` carries
    an offset.
    """

    message: str
    created: str
    date: str
    payments: tuple[Payment, ...]
    instructing: str | None = None
    """BIC of who sends (pacs); `instructed` of who is to act."""
    instructed: str | None = None
    settlement: str = "INDA"
    """INDA, INGA, COVE or CLRG."""

    @property
    def total(self) -> Decimal:
        return sum((payment.amount for payment in self.payments), Decimal(0))


def initiation(payments: Payments, name: str = INITIATION) -> str:
    """XML of pain.001: one block, so that all payments share debtor, account and day. Raises BadInput where they
    do not.
    """
    shared = {(payment.debtor, payment.debtor_account, payment.debtor_agent) for payment in payments.payments}
    if len(shared) != 1:
        raise BadInput("payments", "all payments of an initiation have one debtor, account and agent")
    debtor, account, agent = next(iter(shared))
    if account is None or agent is None:
        raise BadInput("debtor_account", "an initiation names the debtor's account and agent")
    totals = (leaf("NbOfTxs", str(len(payments.payments))), leaf("CtrlSum", plain(payments.total)))
    body = branch(
        "CstmrCdtTrfInitn",
        branch(
            "GrpHdr",
            leaf("MsgId", payments.message),
            leaf("CreDtTm", payments.created),
            *totals,
            party("InitgPty", debtor),
        ),
        branch(
            "PmtInf",
            leaf("PmtInfId", payments.message),
            leaf("PmtMtd", "TRF"),
            *totals,
            leaf("ReqdExctnDt/Dt", payments.date),
            party("Dbtr", debtor),
            account_node("DbtrAcct", account),
            leaf("DbtrAgt/FinInstnId/BICFI", agent),
            [node for payment in payments.payments if (node := _initiated(payment))],
        ),
    )
    return _written(name, body)


def _initiated(payment: Payment) -> Node | None:
    return branch(
        "CdtTrfTxInf",
        branch(
            "PmtId",
            leaf("InstrId", payment.instruction),
            leaf("EndToEndId", payment.end_to_end),
            leaf("UETR", payment.uetr),
        ),
        amount("Amt/InstdAmt", plain(payment.amount), payment.currency),
        leaf("ChrgBr", payment.charges),
        leaf("CdtrAgt/FinInstnId/BICFI", payment.creditor_agent),
        party("Cdtr", payment.creditor),
        account_node("CdtrAcct", payment.creditor_account),
        leaf("Purp/Cd", payment.purpose),
        leaf("RmtInf/Ustrd", payment.remittance),
    )


def customer_transfer(payments: Payments, name: str = CUSTOMER_TRANSFER) -> str:
    """XML of pacs.008."""
    return _transfer(payments, name, "FIToFICstmrCdtTrf", banks=False)


def bank_transfer(payments: Payments, name: str = BANK_TRANSFER) -> str:
    """XML of pacs.009: debtor and creditor are institutions."""
    return _transfer(payments, name, "FICdtTrf", banks=True)


def _transfer(payments: Payments, name: str, body_name: str, *, banks: bool) -> str:
    currencies = {payment.currency for payment in payments.payments}
    total = amount("TtlIntrBkSttlmAmt", plain(payments.total), next(iter(currencies))) if len(currencies) == 1 else None
    body = branch(
        body_name,
        branch(
            "GrpHdr",
            leaf("MsgId", payments.message),
            leaf("CreDtTm", payments.created),
            leaf("NbOfTxs", str(len(payments.payments))),
            total,
            leaf("IntrBkSttlmDt", payments.date),
            leaf("SttlmInf/SttlmMtd", payments.settlement),
            leaf("InstgAgt/FinInstnId/BICFI", payments.instructing),
            leaf("InstdAgt/FinInstnId/BICFI", payments.instructed),
        ),
        [node for payment in payments.payments if (node := _transferred(payment, banks=banks))],
    )
    return _written(name, body)


def _transferred(payment: Payment, *, banks: bool) -> Node | None:
    return branch(
        "CdtTrfTxInf",
        branch(
            "PmtId",
            leaf("InstrId", payment.instruction),
            leaf("EndToEndId", payment.end_to_end),
            leaf("UETR", payment.uetr),
        ),
        amount("IntrBkSttlmAmt", plain(payment.amount), payment.currency),
        None if banks else leaf("ChrgBr", payment.charges or "SHAR"),
        _side("Dbtr", payment.debtor, banks=banks),
        account_node("DbtrAcct", payment.debtor_account),
        _agent("DbtrAgt", payment.debtor_agent, needed=not banks),
        _agent("CdtrAgt", payment.creditor_agent, needed=not banks),
        _side("Cdtr", payment.creditor, banks=banks),
        account_node("CdtrAcct", payment.creditor_account),
        leaf("Purp/Cd", payment.purpose),
        leaf("RmtInf/Ustrd", payment.remittance),
    )


def _agent(name: str, bic: str | None, *, needed: bool) -> Node | None:
    if bic is None and needed:
        raise BadInput(name, "an agent is named by its BIC")
    return leaf(f"{name}/FinInstnId/BICFI", bic)


def _side(name: str, side: Party, *, banks: bool) -> Node | None:
    return institution(name, side) if banks else party(name, side)


def institution(name: str, side: Party) -> Node | None:
    """By BIC, or by name and address."""
    address = branch(
        "PstlAdr", leaf("StrtNm", side.street), leaf("TwnNm", side.town), leaf("Ctry", side.country), _lines(side)
    )
    return branch(
        name, branch("FinInstnId", leaf("BICFI", side.bic), leaf("LEI", side.lei), leaf("Nm", side.name), address)
    )


def party(name: str, side: Party) -> Node | None:
    """A customer: name, address, identification."""
    address = branch(
        "PstlAdr", leaf("StrtNm", side.street), leaf("TwnNm", side.town), leaf("Ctry", side.country), _lines(side)
    )
    identified = branch("Id", branch("OrgId", leaf("AnyBIC", side.bic), leaf("LEI", side.lei)))
    return branch(name, leaf("Nm", side.name), address, identified)


def _lines(side: Party) -> list[Node]:
    return [Node("AdrLine", line) for line in side.lines]


def account_node(name: str, account: str | None) -> Node | None:
    if account is None:
        return None
    return leaf(f"{name}/Id/IBAN", account) if iban_fault(account) is None else leaf(f"{name}/Id/Othr/Id", account)


def read_payments(body: Element) -> Payments:
    """Of the element below Document (pain.001, pacs.008, pacs.009). Raises BadInput for another, or for one
    without an amount.
    """
    if local(body) == "CstmrCdtTrfInitn":
        pairs = [(block, found) for block in every(body, "PmtInf") for found in every(block, "CdtTrfTxInf")]
        dates = {text(block, "ReqdExctnDt/Dt") or text(block, "ReqdExctnDt") for block, _ in pairs}
    elif local(body) in ("FIToFICstmrCdtTrf", "FICdtTrf"):
        pairs = [(body, found) for found in every(body, "CdtTrfTxInf")]
        dates = {text(found, "IntrBkSttlmDt") or text(body, "GrpHdr/IntrBkSttlmDt") for _, found in pairs}
    else:
        raise BadInput(local(body), "holds no payments")
    if len(dates) != 1 or None in dates:
        raise BadInput("date", "payments of several days, or of none")
    return Payments(
        message=_need(body, "GrpHdr/MsgId"),
        created=_need(body, "GrpHdr/CreDtTm"),
        date=next(iter(dates)) or "",
        payments=tuple(_payment(block, found) for block, found in pairs),
        instructing=text(body, "GrpHdr/InstgAgt/FinInstnId/BICFI"),
        instructed=text(body, "GrpHdr/InstdAgt/FinInstnId/BICFI"),
        settlement=text(body, "GrpHdr/SttlmInf/SttlmMtd") or "INDA",
    )


def _payment(block: Element, found: Element) -> Payment:
    """What a transaction does not say, its block may."""
    value = next((element for path in _AMOUNTS if (element := first(found, path)) is not None), None)
    total = number(value)
    if value is None or total is None:
        raise BadInput("CdtTrfTxInf", "a payment has an amount")
    debtor = found if first(found, "Dbtr") is not None else block
    return Payment(
        end_to_end=text(found, "PmtId/EndToEndId") or NOT_PROVIDED,
        amount=total,
        currency=value.get("Ccy") or "",
        debtor=read_party(first(debtor, "Dbtr")),
        creditor=read_party(first(found, "Cdtr")),
        debtor_account=read_account(first(debtor, "DbtrAcct")),
        creditor_account=read_account(first(found, "CdtrAcct")),
        debtor_agent=text(debtor, "DbtrAgt/FinInstnId/BICFI"),
        creditor_agent=text(found, "CdtrAgt/FinInstnId/BICFI"),
        instruction=text(found, "PmtId/InstrId"),
        uetr=text(found, "PmtId/UETR"),
        charges=text(found, "ChrgBr"),
        remittance=" ".join(line for element in every(found, "RmtInf/Ustrd") if (line := text(element))) or None,
        purpose=text(found, "Purp/Cd"),
    )


def read_party(element: Element | None) -> Party:
    """A customer or an institution; an empty one where there is none."""
    inner = first(element, "FinInstnId")
    inner = element if inner is None else inner
    return Party(
        text(inner, "Nm"),
        text(inner, "BICFI") or text(inner, "Id/OrgId/AnyBIC"),
        text(inner, "LEI") or text(inner, "Id/OrgId/LEI"),
        text(inner, "PstlAdr/Ctry"),
        text(inner, "PstlAdr/TwnNm"),
        text(inner, "PstlAdr/StrtNm"),
        tuple(line for found in every(inner, "PstlAdr/AdrLine") if (line := text(found))),
    )


def read_account(element: Element | None) -> str | None:
    return text(element, "Id/IBAN") or text(element, "Id/Othr/Id")


def plain(value: Decimal) -> str:
    """Digits and a point, never an exponent."""
    return format(value, "f")


def _need(element: Element, path: str) -> str:
    found = text(element, path)
    if found is None:
        raise BadInput(path, "the element is missing")
    return found


def _written(name: str, body: Node | None) -> str:
    assert body is not None, "a group header is always there"
    return document(name, body)
