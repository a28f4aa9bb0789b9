"""MT110 (advice of cheques), MT111 (stop request), MT112 (its status) to camt.107, camt.108, camt.109."""

from __future__ import annotations

from collections.abc import Iterable

from isthmus.gateways.cbpr.codes import CHEQUE_STOP_FROM_FIN
from isthmus.gateways.cbpr.fields import Fields, date_of, money_of
from isthmus.gateways.cbpr.header_from_fin import SERVICE, Incoming, Translated
from isthmus.gateways.cbpr.parties_from_fin import account_node, customer, institution, party_of
from isthmus.gateways.cbpr.sender_to_receiver import words_of
from isthmus.gateways.iso20022.trees import Node, amount, branch, leaf
from isthmus.kernel.errors import BadInput

ADVICE, STOP, STOP_STATUS = "camt.107.001.01", "camt.108.001.01", "camt.109.001.01"


def cheque_advice(message: Incoming) -> Translated:
    """MT110: each cheque begins with its number in field 21."""
    cheques = message.fields.groups("21")
    if not cheques:
        raise BadInput("21", "no cheque")
    body = branch(
        "ChqPresntmntNtfctn",
        branch("GrpHdr", *message.group, leaf("NbOfChqs", str(len(cheques)))),
        [
            node
            for cheque in cheques
            if (node := branch("Chq", leaf("InstrId", message.reference), *_cheque(cheque), *_parties(cheque)))
        ],
    )
    return _translated(ADVICE, message, body)


def cheque_stop(message: Incoming) -> Translated:
    """MT111: field 75 says why, by a code in slashes."""
    fields = message.fields
    body = branch(
        "ChqCxlOrStopReq",
        branch("GrpHdr", *message.group, leaf("NbOfChqs", "1")),
        branch(
            "Chq",
            leaf("InstrId", message.reference),
            *_cheque(fields),
            *_parties(fields),
            _reason(fields, "75", "ChqCxlOrStopRsn"),
        ),
    )
    return _translated(STOP, message, body)


def cheque_stop_status(message: Incoming) -> Translated:
    """MT112: field 76 answers."""
    fields = message.fields
    body = branch(
        "ChqCxlOrStopRpt",
        branch("GrpHdr", *message.group, leaf("NbOfChqs", "1")),
        branch(
            "Chq",
            leaf("InstrId", message.reference),
            *_cheque(fields),
            *_parties(fields),
            _answer(fields),
        ),
    )
    return _translated(STOP_STATUS, message, body)


def _cheque(fields: Fields) -> Iterable[Node | None]:
    money, issued = money_of(fields.find("32")), fields.text("30")
    yield leaf("ChqNb", fields.text("21"))
    yield leaf("IsseDt", date_of(issued, "30") if issued else None)
    yield amount("Amt", money.value, money.currency) if money else None
    yield leaf("FctvDt/Dt", money.date if money else None)


def _parties(fields: Fields) -> Iterable[Node | None]:
    """Drawer's bank (52), payer (50), payee (59)."""
    drawer, payer, payee = (
        party_of(field) if (field := fields.find(number)) else None for number in ("52", "50", "59")
    )
    yield institution("DrwrAgt", drawer)
    yield account_node("DrwrAgtAcct", drawer.account if drawer else None)
    yield customer("Pyer", payer, debtor=True)
    yield account_node("PyerAcct", payer.account if payer else None)
    yield customer("Pyee", payee)
    yield account_node("PyeeAcct", payee.account if payee else None)


def _reason(fields: Fields, number: str, name: str) -> Node | None:
    field = fields.find(number)
    words = words_of(field.lines) if field else []
    if not words:
        return None
    code = CHEQUE_STOP_FROM_FIN.get(words[0].code)
    text = words[0].text if code else words[0].whole
    return branch(name, leaf("Rsn/Cd", code or "NARR"), leaf("AddtlInf", text))


def _answer(fields: Fields) -> Node | None:
    field = fields.find("76")
    words = words_of(field.lines) if field else []
    if not words:
        return None
    return branch("ChqCxlOrStopSts", leaf("Sts/Cd", words[0].code), leaf("AddtlInf", words[0].text))


def _translated(identifier: str, message: Incoming, body: Node | None) -> Translated:
    assert body is not None, "a group header is always there"
    return identifier, message.header(identifier, SERVICE), body
