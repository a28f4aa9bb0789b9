"""MT101 to pain.001, MT204 to pacs.010, MT200 to pacs.009: what all transactions share stands before the first."""

from __future__ import annotations

from collections.abc import Iterable

from isthmus.gateways.cbpr.codes import BEARERS_FROM_FIN
from isthmus.gateways.cbpr.fields import Field, Fields, Money, date_of, decimal_of, money_of
from isthmus.gateways.cbpr.header_from_fin import SERVICE, Incoming, Translated
from isthmus.gateways.cbpr.instructions_from_fin import end_to_end_of
from isthmus.gateways.cbpr.parties_from_fin import (
    NOT_PROVIDED,
    Party,
    account_node,
    customer,
    institution,
    institution_of_bic,
    party_of,
)
from isthmus.gateways.cbpr.sender_to_receiver import words_of
from isthmus.gateways.cbpr.transfers_from_fin import BANK_TRANSFER, agent, settlement_of
from isthmus.gateways.iso20022.trees import Node, amount, branch, leaf
from isthmus.kernel.errors import BadInput

INITIATION, BANK_DEBIT = "pain.001.001.09", "pacs.010.001.03"

_INITIATORS = ("C", "L")
"""Options of field 50 that name the instructing party; the others name the ordering customer."""


def initiation(message: Incoming) -> Translated:
    """MT101: a block of payment information for each transaction, since each may have a debtor of its own."""
    head, rest = (
        message.fields.split("21") if message.fields.text_of("21R") is None else _after_customer_reference(message)
    )
    transactions = rest.groups("21")
    if not transactions:
        raise BadInput("21", "no transaction")
    head.settle("28D")
    instructing = head.find("50", "|".join(_INITIATORS))
    blocks = [node for fields in transactions if (node := _block(message, head, fields))]
    body = branch(
        "CstmrCdtTrfInitn",
        branch(
            "GrpHdr",
            *message.group,
            leaf("NbOfTxs", str(len(transactions))),
            _initiator(instructing, _ordering(head, transactions[0])),
            institution("FwdgAgt", party_of(field) if (field := head.find("51")) else None),
        ),
        blocks,
    )
    return _translated(INITIATION, message, body)


def _after_customer_reference(message: Incoming) -> tuple[Fields, Fields]:
    """Field 21R belongs to the head, though its number is that of a transaction's first field."""
    rows = message.fields.rows
    place = next((place for place, field in enumerate(rows) if field.number + field.option == "21"), len(rows))
    return message.fields.part(0, place), message.fields.part(place, len(rows))


def _initiator(field: Field | None, ordering: Party | None) -> Node | None:
    """Who instructs: named by 50C (BIC) or 50L (identifier), else the ordering customer."""
    if field is None:
        return customer("InitgPty", ordering, identified=False)
    kind = "Id/OrgId/AnyBIC" if field.option == "C" else "Id/PrvtId/Othr/Id"
    return leaf(f"InitgPty/{kind}", field.text.strip())


def _ordering(head: Fields, fields: Fields) -> Party | None:
    field = fields.find("50", "F|G|H|K") or head.find("50", "F|G|H|K")
    return party_of(field) if field else None


def _block(message: Incoming, head: Fields, fields: Fields) -> Node | None:
    debtor = _ordering(head, fields)
    bank = fields.find("52") or head.find("52")
    servicer = party_of(bank) if bank else None
    date = head.text("30")
    return branch(
        "PmtInf",
        leaf("PmtInfId", message.reference),
        leaf("PmtMtd", "TRF"),
        leaf("ReqdExctnDt/Dt", date_of(date, "30") if date else None),
        customer("Dbtr", debtor, debtor=True, identified=False),
        account_node("DbtrAcct", debtor.account if debtor else None),
        institution("DbtrAgt", servicer) or institution_of_bic("DbtrAgt", message.receiver),
        account_node("DbtrAgtAcct", servicer.account if servicer else None),
        account_node("ChrgsAcct", field.lines[0].lstrip("/") if (field := fields.find("25")) else None),
        _payment(message, head, fields),
    )


def _payment(message: Incoming, head: Fields, fields: Fields) -> Node | None:
    ordered, original = money_of(fields.find("32", "B")), money_of(fields.find("33", "B"))
    rate, notes = fields.text("36"), fields.find("70")
    words = " ".join(notes.lines) if notes else None
    bearer = fields.text("71A")
    beneficiary = party_of(field) if (field := fields.find("59")) else None
    reference = head.text("21R") or end_to_end_of(words) or fields.text("21")
    if head.text_of("21R") is not None:
        fields.settle("21")
    return branch(
        "CdtTrfTxInf",
        branch(
            "PmtId",
            leaf("InstrId", fields.text("21")),
            leaf("EndToEndId", reference or NOT_PROVIDED),
            leaf("UETR", message.uetr),
        ),
        branch(
            "PmtTpInf", [node for code in _codes(fields) if code in _PURPOSES and (node := leaf("CtgyPurp/Cd", code))]
        ),
        branch("Amt", _instructed(original or ordered)),
        leaf("XchgRateInf/XchgRate", decimal_of(rate, "36") if rate else None),
        leaf("ChrgBr", BEARERS_FROM_FIN.get(bearer.strip()) if bearer else None),
        *agent(fields, "56", "IntrmyAgt1", None),
        *agent(fields, "57", "CdtrAgt", None),
        customer("Cdtr", beneficiary, identified=False),
        account_node("CdtrAcct", beneficiary.account if beneficiary else None),
        [node for code in _codes(fields) if code in _AT_CREDITOR and (node := leaf("InstrForCdtrAgt/Cd", code))],
        leaf("RmtInf/Ustrd", words),
    )


_PURPOSES = ("INTC", "CORT")
_AT_CREDITOR = ("CHQB", "HOLD", "PHOB", "TELB")


def _codes(fields: Fields) -> list[str]:
    return [field.text[:4] for field in fields.every("23")]


def _instructed(money: Money | None) -> Node | None:
    return None if money is None else amount("InstdAmt", money.value, money.currency)


def bank_debit(message: Incoming) -> Translated:
    """MT204: the transactions begin with field 20 again; 57 and 58 of the head name who gets the money."""
    rows = message.fields.rows
    starts = [place for place, field in enumerate(rows) if field.number == "20"]
    if len(starts) < 2:
        raise BadInput("20", "no transaction")
    head = message.fields.part(0, starts[1])
    transactions = message.fields.part(starts[1], len(rows)).groups("20")
    date = head.text("30")
    day = date_of(date, "30") if date else None
    head.settle("19")
    notes = head.find("72")
    creditor = party_of(field) if (field := head.find("58")) else None
    body = branch(
        "FIDrctDbt",
        branch("GrpHdr", *message.group, leaf("NbOfTxs", str(len(transactions)))),
        branch(
            "CdtInstr",
            leaf("CdtId", message.reference),
            institution_of_bic("InstgAgt", message.sender),
            institution_of_bic("InstdAgt", message.receiver),
            *agent(head, "57", "CdtrAgt", None),
            institution("Cdtr", creditor) or institution_of_bic("Cdtr", message.sender),
            account_node("CdtrAcct", creditor.account if creditor else None),
            [
                node
                for word in words_of(notes.lines if notes else ())
                if (node := leaf("InstrForCdtrAgt/InstrInf", word.whole))
            ],
            [node for fields in transactions if (node := _debit(message, fields, day))],
        ),
    )
    return _translated(BANK_DEBIT, message, body)


def _debit(message: Incoming, fields: Fields, day: str | None) -> Node | None:
    money = money_of(fields.find("32", "B"))
    debtor = party_of(field) if (field := fields.find("53")) else None
    return branch(
        "DrctDbtTxInf",
        branch(
            "PmtId",
            leaf("InstrId", fields.text("20")),
            leaf("EndToEndId", fields.text("21") or NOT_PROVIDED),
            leaf("UETR", message.uetr),
        ),
        amount("IntrBkSttlmAmt", money.value, money.currency) if money else None,
        leaf("IntrBkSttlmDt", day),
        institution("Dbtr", debtor) or institution_of_bic("Dbtr", message.receiver),
        account_node("DbtrAcct", debtor.account if debtor else None),
    )


def own_transfer(message: Incoming) -> Translated:
    """MT200: a bank moves its own money: it is debtor and creditor, the creditor's agent is field 57."""
    fields = message.fields
    money = money_of(fields.find("32", "A"))
    if money is None:
        raise BadInput("32A", "the field is missing")
    body = branch(
        "FICdtTrf",
        branch("GrpHdr", *message.group, leaf("NbOfTxs", "1"), settlement_of(message).node),
        branch(
            "CdtTrfTxInf",
            branch(
                "PmtId",
                leaf("InstrId", message.reference),
                leaf("EndToEndId", message.reference),
                leaf("UETR", message.uetr),
            ),
            amount("IntrBkSttlmAmt", money.value, money.currency),
            leaf("IntrBkSttlmDt", money.date),
            institution_of_bic("InstgAgt", message.sender),
            institution_of_bic("InstdAgt", message.receiver),
            *agent(fields, "56", "IntrmyAgt1", None),
            institution_of_bic("Dbtr", message.sender),
            *agent(fields, "57", "CdtrAgt", None),
            institution_of_bic("Cdtr", message.sender),
            *_notes(fields),
        ),
    )
    return _translated(BANK_TRANSFER, message, body)


def _notes(fields: Fields) -> Iterable[Node | None]:
    notes = fields.find("72")
    for word in words_of(notes.lines) if notes else ():
        yield leaf("InstrForNxtAgt/InstrInf", word.whole)


def _translated(identifier: str, message: Incoming, body: Node | None) -> Translated:
    assert body is not None, "a group header is always there"
    return identifier, message.header(identifier, SERVICE), body
