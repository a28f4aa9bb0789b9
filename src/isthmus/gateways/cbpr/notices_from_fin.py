"""MT210 to camt.057, MT920 to camt.060, MT104 and MT107 to pacs.003."""

from __future__ import annotations

from collections.abc import Iterable

from isthmus.gateways.cbpr.codes import BEARERS_FROM_FIN
from isthmus.gateways.cbpr.fields import Field, Fields, date_of, money_of
from isthmus.gateways.cbpr.header_from_fin import SERVICE, Incoming, Translated
from isthmus.gateways.cbpr.parties_from_fin import (
    NOT_PROVIDED,
    account_node,
    customer,
    institution,
    institution_of_bic,
    party_of,
)
from isthmus.gateways.cbpr.transfers_from_fin import settlement_of
from isthmus.gateways.iso20022.trees import Node, amount, branch, leaf
from isthmus.kernel.errors import BadInput

NOTICE, REPORT_REQUEST, DEBIT = "camt.057.001.06", "camt.060.001.05", "pacs.003.001.08"


def notice_to_receive(message: Incoming) -> Translated:
    """MT210: several items share account and date; who pays stands with the notice."""
    fields = message.fields
    items = fields.groups("21")
    if not items:
        raise BadInput("21", "nothing is to be received")
    date = fields.text("30")
    expected = date_of(date, "30") if date else None
    body = branch(
        "NtfctnToRcv",
        branch("GrpHdr", *message.group),
        branch(
            "Ntfctn",
            leaf("Id", message.reference),
            account_node("Acct", fields.text("25")),
            branch("AcctOwnr", institution_of_bic("Agt", message.sender)),
            institution_of_bic("AcctSvcr", message.receiver),
            *_payer(items[0]),
            [node for item in items if (node := _item(item, expected))],
        ),
    )
    return _translated(NOTICE, message, body)


def _payer(fields: Fields) -> Iterable[Node | None]:
    """A customer (50) whose bank is not named, or a bank (52), never both (rule C2 of MT210)."""
    ordering, bank, between = (
        party_of(field) if (field := fields.find(number)) else None for number in ("50", "52", "56")
    )
    if ordering is not None:
        yield branch("Dbtr", customer("Pty", ordering, debtor=True))
        yield institution("DbtrAgt", bank) or institution_of_bic("DbtrAgt", NOT_PROVIDED)
    else:
        yield branch("Dbtr", institution("Agt", bank))
    yield institution("IntrmyAgt", between)


def _item(fields: Fields, expected: str | None) -> Node | None:
    money = money_of(fields.find("32"))
    return branch(
        "Itm",
        leaf("Id", fields.text("21")),
        amount("Amt", money.value, money.currency) if money else None,
        leaf("XpctdValDt", expected),
    )


def report_request(message: Incoming) -> Translated:
    """MT920: a request for each group of fields 12, 25, 34F."""
    requests = [node for group in message.fields.groups("12") if (node := _request(message, group))]
    body = branch("AcctRptgReq", branch("GrpHdr", *message.group), requests)
    return _translated(REPORT_REQUEST, message, body)


_REPORTS = {"940": "camt.053.001.08", "941": "camt.052.001.08", "942": "camt.052.001.08", "950": "camt.053.001.08"}


def _request(message: Incoming, fields: Fields) -> Node | None:
    kind = fields.text("12") or ""
    limits = list(floor_limits(fields))
    return branch(
        "RptgReq",
        leaf("Id", message.reference),
        leaf("ReqdMsgNmId", _REPORTS.get(kind, kind)),
        account_node("Acct", fields.text("25")),
        branch("AcctOwnr", institution_of_bic("Agt", message.sender)),
        branch("ReqdTxTp", leaf("Sts/Cd", "BOOK"), leaf("CdtDbtInd", "DBIT"), limits) if limits else None,
    )


def floor_limits(fields: Fields) -> Iterable[Node]:
    """34F: currency, D or C where there are two, amount."""
    found = [_limit(field) for field in fields.every("34")]
    for currency, side, value in found:
        kind = {"C": "CRED", "D": "DEBT"}.get(side, "BOTH" if len(found) == 1 else "DEBT")
        node = branch("FlrLmt", amount("Amt", value, currency), leaf("CdtDbtInd", kind))
        if node is not None:
            yield node


def _limit(field: Field) -> tuple[str, str, str]:
    text = field.text
    side = text[3:4] if text[3:4] in ("C", "D") else ""
    money = money_of(Field("34", "F", (text[:3] + text[3 + len(side) :],)))
    assert money is not None, "a field was given"
    return money.currency, side, money.value


def direct_debit(message: Incoming) -> Translated:
    """MT104 and MT107: a transaction begins with field 21; what all share stands before; the sum stands after the
    last.
    """
    head, rest = message.fields.split("21")
    transactions = rest.groups("21")
    if not transactions:
        raise BadInput("21", "no transaction")
    list(transactions[-1].every("32"))
    nodes = [node for transaction in transactions if (node := _debit(message, head, transaction))]
    body = branch(
        "FIToFICstmrDrctDbt",
        branch("GrpHdr", *message.group, leaf("NbOfTxs", str(len(transactions))), settlement_of(message).node),
        nodes,
    )
    return _translated(DEBIT, message, body)


def _debit(message: Incoming, head: Fields, fields: Fields) -> Node | None:
    """A transaction; what it does not say is as the head says."""
    collected, instructed = money_of(fields.find("32")), money_of(fields.find("33"))
    purpose, date = _either(head, fields, "23"), head.text("30")
    creditor, creditor_agent, bearer = (_either(head, fields, number) for number in ("50", "52", "71"))
    owner = party_of(creditor) if creditor else None
    day = date_of(date, "30") if date else None
    debtor = party_of(field) if (field := fields.find("59")) else None
    agent = party_of(field) if (field := fields.find("57")) else None
    return branch(
        "DrctDbtTxInf",
        branch(
            "PmtId",
            leaf("InstrId", message.reference),
            leaf("EndToEndId", fields.text("21") or NOT_PROVIDED),
            leaf("UETR", message.uetr),
        ),
        branch("PmtTpInf", leaf("CtgyPurp/Cd", purpose.text[:4])) if purpose else None,
        amount("IntrBkSttlmAmt", collected.value, collected.currency) if collected else None,
        leaf("IntrBkSttlmDt", day),
        amount("InstdAmt", instructed.value, instructed.currency) if instructed else None,
        leaf("ChrgBr", BEARERS_FROM_FIN.get(bearer.text.strip() if bearer else "SHA")),
        leaf("ReqdColltnDt", day),
        leaf("DrctDbtTx/MndtRltdInf/MndtId", fields.text("21C")),
        customer("Cdtr", owner, identified=False),
        account_node("CdtrAcct", owner.account if owner else None),
        institution("CdtrAgt", party_of(creditor_agent))
        if creditor_agent
        else institution_of_bic("CdtrAgt", message.sender),
        institution_of_bic("InstgAgt", message.sender),
        institution_of_bic("InstdAgt", message.receiver),
        customer("Dbtr", debtor, debtor=True),
        account_node("DbtrAcct", debtor.account if debtor else None),
        institution("DbtrAgt", agent) or institution_of_bic("DbtrAgt", message.receiver),
        leaf("RmtInf/Ustrd", " ".join(field.lines) if (field := fields.find("70")) else None),
    )


def _either(head: Fields, fields: Fields, number: str) -> Field | None:
    return fields.find(number) or head.find(number)


def _translated(identifier: str, message: Incoming, body: Node | None) -> Translated:
    assert body is not None, "a group header is always there"
    return identifier, message.header(identifier, SERVICE), body
