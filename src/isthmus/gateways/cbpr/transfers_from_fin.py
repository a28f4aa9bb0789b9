"""MT103 to pacs.008, MT202 and MT205 (COV too) to pacs.009; with a return in field 72 to pacs.004."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from isthmus.gateways.cbpr.codes import BEARERS_FROM_FIN
from isthmus.gateways.cbpr.fields import Fields, Money, decimal_of, money_of
from isthmus.gateways.cbpr.header_from_fin import SERVICE, Incoming, Translated
from isthmus.gateways.cbpr.instructions_from_fin import Instructions, instructions_of, times_of
from isthmus.gateways.cbpr.parties_from_fin import (
    NOT_PROVIDED,
    Party,
    account_node,
    customer,
    institution,
    institution_of_bic,
    institution_of_word,
    party_of,
    unknown_institution,
)
from isthmus.gateways.cbpr.refusals_from_fin import rejected
from isthmus.gateways.cbpr.sender_to_receiver import Refusal, refusal_of
from isthmus.gateways.iso20022.trees import Node, amount, branch, leaf, whole
from isthmus.kernel.errors import BadInput

CUSTOMER_TRANSFER, BANK_TRANSFER, RETURN = "pacs.008.001.08", "pacs.009.001.08", "pacs.004.001.09"
COVER_SERVICE, ADVICE_SERVICE = "swift.cbprplus.cov.03", "swift.cbprplus.adv.03"


class Settlement(msgspec.Struct, frozen=True):
    """How it settles: method, and the element of the group header."""

    method: str
    node: Node


def customer_transfer(message: Incoming) -> Translated:
    """MT103."""
    fields = message.fields
    refusal = _refusal(fields)
    if refusal is not None:
        return _returned(message, refusal, from_customer=True)
    settled = _settled(fields)
    instructions = instructions_of(message)
    fields.settle("23B")
    body = branch(
        "FIToFICstmrCdtTrf",
        branch("GrpHdr", *message.group, leaf("NbOfTxs", "1"), settlement_of(message).node),
        branch(
            "CdtTrfTxInf",
            _payment_id(message, instructions.end_to_end),
            instructions.payment_type,
            *_settlement_amount("IntrBkSttlmAmt", settled),
            *times_of(fields, settled.date),
            *_instructed(fields, "InstdAmt"),
            *charges(message),
            *_chain(message, instructions),
            *_intermediary(fields),
            customer("Dbtr", ordering := _customer(fields, "50"), debtor=True),
            account_node("DbtrAcct", ordering.account if ordering else None),
            *agent(fields, "52", "DbtrAgt", message.sender),
            *agent(fields, "57", "CdtrAgt", message.receiver),
            customer("Cdtr", beneficiary := _customer(fields, "59"), identified=False),
            account_node("CdtrAcct", beneficiary.account if beneficiary else None),
            *instructions.for_agents,
            leaf("Purp/Prtry", fields.text("26T")),
            *_regulatory(fields),
            leaf("RmtInf/Ustrd", instructions.remittance),
        ),
    )
    return _translated(CUSTOMER_TRANSFER, message, SERVICE, body)


def bank_transfer(message: Incoming) -> Translated:
    """MT202 and MT205; with COV the customer transfer that it covers goes below it."""
    head, underlying = message.fields.split("50")
    refusal = _refusal(head)
    if refusal is not None:
        return _returned(message, refusal, from_customer=False)
    settled, settlement = _settled(head), settlement_of(message)
    instructions = instructions_of(message)
    debtor = _party(head, "52")
    body = branch(
        "FICdtTrf",
        branch("GrpHdr", *message.group, leaf("NbOfTxs", "1"), settlement.node),
        branch(
            "CdtTrfTxInf",
            _payment_id(message, message.fields.need("21")),
            instructions.payment_type,
            *_settlement_amount("IntrBkSttlmAmt", settled),
            *times_of(head, settled.date),
            *_chain(message, instructions),
            *_intermediary(head),
            institution("Dbtr", debtor) or institution_of_bic("Dbtr", message.sender),
            account_node("DbtrAcct", debtor.account if debtor else None),
            *agent(head, "57", "CdtrAgt", None),
            *agent(head, "58", "Cdtr", None),
            *instructions.for_agents,
            leaf("RmtInf/Ustrd", instructions.remittance),
            _underlying(message, underlying, debtor, _party(head, "58")) if underlying.rows else None,
        ),
    )
    service = COVER_SERVICE if underlying.rows else ADVICE_SERVICE if settlement.method == "COVE" else SERVICE
    return _translated(BANK_TRANSFER, message, service, body)


def _underlying(message: Incoming, fields: Fields, debtor: Party | None, creditor: Party | None) -> Node | None:
    """Sequence B of a cover. Agents that it does not name are those of sequence A."""
    instructed = money_of(fields.find("33", "B"))
    remittance = fields.find("70")
    ordering, beneficiary = _customer(fields, "50"), _customer(fields, "59")
    first_agent, last_agent = _party(fields, "52") or debtor, _party(fields, "57") or creditor
    return branch(
        "UndrlygCstmrCdtTrf",
        customer("Dbtr", ordering, debtor=True),
        account_node("DbtrAcct", ordering.account if ordering else None),
        institution("DbtrAgt", first_agent) or institution_of_bic("DbtrAgt", message.sender),
        *_intermediary(fields),
        institution("CdtrAgt", last_agent) or institution_of_bic("CdtrAgt", message.receiver),
        customer("Cdtr", beneficiary, identified=False),
        account_node("CdtrAcct", beneficiary.account if beneficiary else None),
        leaf("RmtInf/Ustrd", " ".join(remittance.lines) if remittance else None),
        amount("InstdAmt", instructed.value, instructed.currency) if instructed else None,
    )


def _returned(message: Incoming, refusal: Refusal, *, from_customer: bool) -> Translated:
    """pacs.004; a rejection is a status (pacs.002), which has no place for parties and amounts.

    The parties stand in the chain of the return, the original is known by its references alone.
    """
    if refusal.kind == "REJT":
        return rejected(message, refusal)
    fields = message.fields
    settled = _settled(fields)
    fields.settle("23B")
    if not from_customer and fields.text_of("21") == refusal.transaction:
        fields.settle("21")
    body = branch(
        "PmtRtr",
        branch("GrpHdr", *message.group, leaf("NbOfTxs", "1"), settlement_of(message).node),
        branch(
            "TxInf",
            leaf("RtrId", message.reference),
            leaf("OrgnlInstrId", refusal.message),
            leaf("OrgnlEndToEndId", refusal.transaction),
            leaf("OrgnlUETR", message.uetr),
            *_settlement_amount("RtrdIntrBkSttlmAmt", settled),
            *_instructed(fields, "RtrdInstdAmt"),
            *(charges(message) if from_customer else (leaf("ChrgBr", "SHAR"),)),
            institution_of_bic("InstgAgt", message.sender),
            institution_of_bic("InstdAgt", message.receiver),
            _return_chain(fields, from_customer=from_customer),
            branch("RtrRsnInf", leaf("Rsn/Cd", refusal.reason), leaf("AddtlInf", refusal.text)),
        ),
    )
    return _translated(RETURN, message, SERVICE, body)


def _return_chain(fields: Fields, *, from_customer: bool) -> Node | None:
    if from_customer:
        return branch(
            "RtrChain",
            branch("Dbtr", customer("Pty", _customer(fields, "50"), debtor=True)),
            institution("DbtrAgt", _party(fields, "52")),
            institution("IntrmyAgt1", _party(fields, "56")),
            institution("CdtrAgt", _party(fields, "57")),
            branch("Cdtr", customer("Pty", _customer(fields, "59"))),
        )
    return branch(
        "RtrChain",
        branch("Dbtr", institution("Agt", _party(fields, "52"))),
        institution("IntrmyAgt1", _party(fields, "56")),
        institution("CdtrAgt", _party(fields, "57")),
        branch("Cdtr", institution("Agt", _party(fields, "58"))),
    )


def settlement_of(message: Incoming) -> Settlement:
    """COVE where fields 53 to 55 name agents that are neither side; an account alone (53B) is the account to settle on.

    CBPR+: no field 53 and 54, or one that names a branch of sender or receiver, settles on an account between the two
    (INDA; INGA where the receiver's account with the sender is meant: 53B with /C/).
    """
    fields = message.fields
    own = {message.sender[:6], message.receiver[:6]}
    agents = [(name, _field_party(fields, number)) for number, name in _REIMBURSEMENT]
    if any(
        party is not None and (party.bic or party.names or party.clearing) and (party.bic or "")[:6] not in own
        for _, party in agents
    ):
        parts: list[Node | None] = []
        for name, party in agents:
            parts += [institution(name, party), account_node(f"{name}Acct", party.account if party else None)]
        return Settlement(
            "COVE", whole("SttlmInf", leaf("SttlmMtd", "COVE"), [part for part in parts if part is not None])
        )
    own_account = agents[0][1]
    field = fields.find("53")
    method = "INGA" if field is not None and field.lines[0].startswith("/C/") else "INDA"
    account = account_node("SttlmAcct", own_account.account if own_account else None)
    return Settlement(method, whole("SttlmInf", leaf("SttlmMtd", method), account))


_REIMBURSEMENT = (("53", "InstgRmbrsmntAgt"), ("54", "InstdRmbrsmntAgt"), ("55", "ThrdRmbrsmntAgt"))


def charges(message: Incoming) -> Iterable[Node | None]:
    """ChrgBr and ChrgsInf of 71A, 71F, 71G. Charges borne by the beneficiary are told, be they nothing (CBPR+)."""
    fields = message.fields
    bearer = BEARERS_FROM_FIN.get(fields.need("71A").strip())
    if bearer is None:
        raise BadInput("71A", "is not OUR, SHA or BEN")
    yield leaf("ChrgBr", bearer)
    told = False
    for field in fields.every("71"):
        money = money_of(field) if field.option in ("F", "G") else None
        if money is not None:
            agent_of = (
                unknown_institution("Agt") if field.option == "F" else institution_of_bic("Agt", message.receiver)
            )
            yield branch("ChrgsInf", amount("Amt", money.value, money.currency), agent_of)
            told = True
    if bearer == "CRED" and not told:
        yield branch("ChrgsInf", amount("Amt", "0", _settled(fields).currency), unknown_institution("Agt"))


def agent(fields: Fields, number: str, name: str, otherwise: str | None) -> Iterable[Node | None]:
    """An agent and its account; where the field is missing the agent is `otherwise`."""
    party = _party(fields, number)
    yield institution(name, party) or institution_of_bic(name, otherwise)
    yield account_node(f"{name}Acct", party.account if party else None)


def _intermediary(fields: Fields) -> Iterable[Node | None]:
    return agent(fields, "56", "IntrmyAgt1", None)


def _chain(message: Incoming, instructions: Instructions) -> Iterable[Node | None]:
    for place, word in enumerate(instructions.previous[:3], 1):
        yield institution_of_word(f"PrvsInstgAgt{place}", word)
    yield institution_of_bic("InstgAgt", message.sender)
    yield institution_of_bic("InstdAgt", message.receiver)


def _payment_id(message: Incoming, end_to_end: str) -> Node | None:
    return branch(
        "PmtId",
        leaf("InstrId", message.reference),
        leaf("EndToEndId", end_to_end or NOT_PROVIDED),
        leaf("UETR", message.uetr),
    )


def _settled(fields: Fields) -> Money:
    money = money_of(fields.find("32", "A"))
    if money is None:
        raise BadInput("32A", "the field is missing")
    return money


def _settlement_amount(name: str, money: Money) -> Iterable[Node | None]:
    return amount(name, money.value, money.currency), leaf("IntrBkSttlmDt", money.date)


def _instructed(fields: Fields, name: str) -> Iterable[Node | None]:
    money, rate = money_of(fields.find("33", "B")), fields.text("36")
    yield amount(name, money.value, money.currency) if money else None
    yield leaf("XchgRate", decimal_of(rate, "36") if rate else None)


def _regulatory(fields: Fields) -> Iterable[Node]:
    """77B: /ORDERRES/CC//words or /BENEFRES/CC//words."""
    text = fields.text("77B")
    if text is None:
        return
    parts = text.replace("\n//", "").replace("\n", " ").split("/")
    side = {"ORDERRES": "DEBT", "BENEFRES": "CRED"}.get(parts[1] if len(parts) > 2 else "")
    country = parts[2] if side and len(parts[2]) == 2 else None
    words = "/".join(parts[3:]).lstrip("/") if country else text.replace("\n", " ")
    node = branch("RgltryRptg", leaf("DbtCdtRptgInd", side), branch("Dtls", leaf("Ctry", country), leaf("Inf", words)))
    if node is not None:
        yield node


def _field_party(fields: Fields, number: str) -> Party | None:
    """Of a field of reimbursement: option B with a place alone names nobody."""
    field = fields.find(number)
    if field is None:
        return None
    party = party_of(field)
    return Party(account=party.account) if field.option == "B" else party


def _party(fields: Fields, number: str) -> Party | None:
    field = fields.find(number)
    return None if field is None else party_of(field)


_customer = _party


def _refusal(fields: Fields) -> Refusal | None:
    field = next((field for field in fields.rows if field.number == "72"), None)
    refusal = None if field is None else refusal_of(field.lines)
    if refusal is not None:
        fields.find("72")
    return refusal


def _translated(identifier: str, message: Incoming, service: str, body: Node | None) -> Translated:
    assert body is not None, "a group header is always there"
    return identifier, message.header(identifier, service), body
