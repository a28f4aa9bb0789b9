"""MTn90 and n91 (charges), n92 and n96 (cancellation), n99 (rejection) to camt.105, .106, .056, .058, .029 and
pacs.002.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from isthmus.gateways.cbpr.codes import MESSAGE_OF_TYPE, is_reason
from isthmus.gateways.cbpr.fields import Field, Fields, Money, date_of, decimal_of, money_of
from isthmus.gateways.cbpr.header_from_fin import SERVICE, Incoming, Translated
from isthmus.gateways.cbpr.parties_from_fin import (
    NOT_PROVIDED,
    account_node,
    institution,
    institution_of_bic,
    institution_of_word,
    party_of,
    unknown_institution,
)
from isthmus.gateways.cbpr.refusals_from_fin import rejected
from isthmus.gateways.cbpr.sender_to_receiver import Word, refusal_of, words_of
from isthmus.gateways.iso20022.trees import Node, amount, branch, leaf
from isthmus.kernel.errors import BadInput

CANCELLATION, RESOLUTION = "camt.056.001.08", "camt.029.001.09"
NOTICE_CANCELLATION = "camt.058.001.08"
CHARGES_NOTICE, CHARGES_REQUEST = "camt.105.001.02", "camt.106.001.02"
CHARGES_SERVICE, MANY_CHARGES_SERVICE = "swift.cbprplus.01", "swift.cbprplus.mlp.01"

_BREAKDOWN = re.compile(r"/([A-Z]{4})/([A-Z]{3})([0-9,]+)(?:/([CD]))?")
_SIDES = {"C": "CRDT", "D": "DBIT", None: "DBIT"}
_UETR = re.compile(r"/UETR/(\S+)")


def status(message: Incoming) -> Translated:
    """MTn99 with /REJT/ or /RETN/ in field 79; free text without them has no place in a status."""
    field = message.fields.find("79")
    refusal = None if field is None else refusal_of(field.lines)
    if refusal is None:
        raise BadInput("79", "neither /REJT/ nor /RETN/: free text becomes no message")
    return rejected(message, refusal)


def cancellation(message: Incoming) -> Translated:
    """MTn92. What is cancelled is named by field 11S: the cancellation of a notice to receive is a message of its
    own.
    """
    original = original_of(message.fields.find("11"))
    if original[0] == "210":
        return _notice_cancellation(message, original[1])
    fields = message.fields
    money = money_of(fields.find("32"))
    notes = fields.find("79")
    reason, text, uetr = reason_of(notes)
    body = branch(
        "FIToFIPmtCxlReq",
        _assignment(message),
        branch(
            "Undrlyg",
            branch(
                "TxInf",
                branch("Case", leaf("Id", message.reference), branch("Cretr", unknown_institution("Agt"))),
                _original_group(original, fields.text("21")),
                leaf("OrgnlInstrId", fields.text("21")),
                leaf("OrgnlEndToEndId", NOT_PROVIDED),
                leaf("OrgnlUETR", message.uetr or uetr),
                amount("OrgnlIntrBkSttlmAmt", money.value, money.currency) if money else None,
                leaf("OrgnlIntrBkSttlmDt", money.date if money else None),
                branch("CxlRsnInf", leaf("Rsn/Cd", reason or "NARR"), leaf("AddtlInf", text or NOT_PROVIDED)),
            ),
        ),
    )
    return _translated(CANCELLATION, message, SERVICE, body)


def _notice_cancellation(message: Incoming, date: str | None) -> Translated:
    fields = message.fields
    money = money_of(fields.find("32"))
    reason, text, _ = reason_of(fields.find("79"))
    body = branch(
        "NtfctnToRcvCxlAdvc",
        branch("GrpHdr", *message.group),
        branch(
            "OrgnlNtfctn",
            leaf("OrgnlMsgId", NOT_PROVIDED),
            leaf("OrgnlCreDtTm", f"{date}T00:00:00+00:00" if date else None),
            leaf("OrgnlNtfctnId", NOT_PROVIDED),
            branch(
                "OrgnlNtfctnRef",
                branch(
                    "OrgnlItm",
                    leaf("OrgnlItmId", fields.text("21")),
                    amount("Amt", money.value, money.currency) if money else None,
                ),
            ),
        ),
        branch("CxlRsn", leaf("Rsn/Cd", reason or "NARR"), leaf("AddtlInf", text)),
    )
    return _translated(NOTICE_CANCELLATION, message, SERVICE, body)


def resolution(message: Incoming) -> Translated:
    """MTn96: field 76 begins with the outcome (/CNCL/, /PDCR/, /RJCR/), a reason may follow it."""
    fields = message.fields
    original = original_of(fields.find("11"))
    answer = fields.find("76")
    if answer is None:
        raise BadInput("76", "the field is missing")
    words = words_of(answer.lines)
    outcome, reasons = words[0], _reasons(words)
    narrative = fields.find("77")
    found = _UETR.search("".join(line.removeprefix("//") for line in narrative.lines) if narrative else "")
    body = branch(
        "RsltnOfInvstgtn",
        _assignment(message),
        leaf("Sts/Conf", outcome.code),
        branch(
            "CxlDtls",
            branch(
                "TxInfAndSts",
                leaf("CxlStsId", message.reference),
                branch("RslvdCase", leaf("Id", fields.text("21")), branch("Cretr", unknown_institution("Agt"))),
                _original_group(original, NOT_PROVIDED),
                leaf("OrgnlUETR", message.uetr or (found[1] if found else None)),
                [
                    branch("CxlStsRsnInf", leaf("Rsn/Cd", code), leaf("AddtlInf", words)) or Node("CxlStsRsnInf", ())
                    for code, words in reasons
                ],
            ),
        ),
    )
    return _translated(RESOLUTION, message, SERVICE, body)


def _reasons(words: list[Word]) -> list[tuple[str, str | None]]:
    """What follows the outcome: a code in its own text, or words with codes of their own."""
    head, _, rest = words[0].text.partition("/")
    found: list[tuple[str, str | None]] = []
    if is_reason(head.strip()):
        found.append((head.strip(), rest or None))
    elif words[0].text.strip():
        found.append(("NARR", words[0].text))
    found.extend((word.code, word.text or None) if is_reason(word.code) else ("NARR", word.whole) for word in words[1:])
    return found


def reason_of(field: Field | None) -> tuple[str | None, str | None, str | None]:
    """Of field 79: code, words, UETR. Words without a code are a narrative."""
    if field is None:
        return None, None, None
    words = words_of(field.lines)
    uetr = next((word.text.strip() for word in words if word.code == "UETR"), None)
    rest = [word for word in words if word.code != "UETR"]
    if not rest:
        return None, None, uetr
    if is_reason(rest[0].code):
        extra = " ".join([rest[0].text, *(word.whole for word in rest[1:])]).strip()
        return rest[0].code, extra or None, uetr
    return "NARR", " ".join(word.whole if word.code else word.text for word in rest), uetr


def original_of(field: Field | None) -> tuple[str | None, str | None]:
    """Of field 11: message type, date (YYYY-MM-DD)."""
    if field is None:
        return None, None
    kind = field.lines[0].strip()
    return kind, date_of(field.lines[1][:6], "11" + field.option) if len(field.lines) > 1 else None


def _original_group(original: tuple[str | None, str | None], reference: str | None) -> Node | None:
    kind, date = original
    return branch(
        "OrgnlGrpInf",
        leaf("OrgnlMsgId", reference),
        leaf("OrgnlMsgNmId", MESSAGE_OF_TYPE.get(kind or "", f"MT{kind}" if kind else NOT_PROVIDED)),
        leaf("OrgnlCreDtTm", f"{date}T00:00:00+00:00" if date else None),
    )


def _assignment(message: Incoming) -> Node | None:
    return branch(
        "Assgnmt",
        leaf("Id", message.reference),
        branch("Assgnr", institution_of_bic("Agt", message.sender)),
        branch("Assgne", institution_of_bic("Agt", message.receiver)),
        leaf("CreDtTm", message.created),
    )


def charges_notice(message: Incoming) -> Translated:
    """MTn90: 32C credits, 32D debits the account of field 25."""
    fields = message.fields
    total_field = fields.find("32")
    total = _total(total_field)
    side = "CRDT" if total_field is not None and total_field.option == "C" else "DBIT"
    items = breakdown(fields, side)
    body = branch(
        "ChrgsPmtNtfctn",
        branch(
            "GrpHdr",
            *message.group,
            _requester(fields),
            account_node("ChrgsAcct", fields.text("25")),
        ),
        branch(
            "Chrgs",
            branch(
                "PerTx",
                leaf("ChrgsId", message.reference),
                branch(
                    "Rcrd",
                    branch("UndrlygTx", leaf("InstrId", fields.text("21")), leaf("UETR", message.uetr)),
                    _record_total(total, side, len(items)),
                    [item for _, item in items],
                    leaf("ValDt/Dt", total.date),
                    *_agent(fields, "52", "DbtrAgt"),
                ),
            ),
        ),
    )
    return _translated(CHARGES_NOTICE, message, CHARGES_SERVICE, body)


def charges_request(message: Incoming) -> Translated:
    """MTn91: one record for each charge of field 71B; more than one make it a multiple request."""
    fields = message.fields
    total = _total(fields.find("32"))
    items = breakdown(fields, "DBIT")
    requester, agent = _requester(fields), list(_agent(fields, "52", "DbtrAgt"))
    many = len(items) > 1
    records = [
        branch(
            "Rcrd",
            requester if many else None,
            branch(
                "UndrlygTx",
                leaf("MsgNmId", "pacs.008.001.08" if message.message_type[0] == "1" else "pacs.009.001.08"),
                leaf("InstrId", fields.text("21")),
                leaf("UETR", message.uetr),
            ),
            _record_total(money, "DBIT", 1),
            item,
            *agent,
        )
        for money, item in items
    ]
    sums = (
        leaf("NbOfChrgsRcrds", str(len(items))),
        amount("TtlChrgsAmt", total.value, total.currency),
        leaf("CdtDbtInd", "DBIT"),
    )
    body = branch(
        "ChrgsPmtReq",
        branch("GrpHdr", *message.group, None if many else requester, branch("TtlChrgs", *sums) if many else None),
        branch("Chrgs", branch("PerTx", leaf("ChrgsId", message.reference), [record for record in records if record])),
    )
    return _translated(CHARGES_REQUEST, message, MANY_CHARGES_SERVICE if many else CHARGES_SERVICE, body)


def breakdown(fields: Fields, side: str) -> list[tuple[Money, Node]]:
    """71B: /CODE/amount/C or D, a line each. Raises BadInput for a field without any."""
    field = fields.find("71", "B")
    found = []
    for line in field.lines if field else ():
        parts = _BREAKDOWN.fullmatch(line.strip())
        if parts is None:
            raise BadInput("71B", f"{line!r} is no charge")
        money = Money(parts[2], decimal_of(parts[3], "71B"))
        node = branch(
            "ChrgsBrkdwn",
            amount("Amt", money.value, money.currency),
            leaf("CdtDbtInd", _SIDES[parts[4]] if parts[4] else side),
            leaf("Tp/Cd", parts[1]),
        )
        assert node is not None, "an amount is there"
        found.append((money, node))
    if not found:
        raise BadInput("71B", "no charge")
    return found


def _record_total(money: Money, side: str, count: int) -> Node | None:
    return branch(
        "TtlChrgsPerRcrd",
        leaf("NbOfChrgsBrkdwnItms", str(count)),
        amount("TtlChrgsAmt", money.value, money.currency),
        leaf("CdtDbtInd", side),
    )


def _requester(fields: Fields) -> Node | None:
    """/CHRQ/ of field 72 names who asks for the charges."""
    notes = fields.find("72")
    words = words_of(notes.lines) if notes else []
    found = next((word.text.strip() for word in words if word.code == "CHRQ"), None)
    return institution_of_word("ChrgsRqstr", found) if found else None


def _agent(fields: Fields, number: str, name: str) -> Iterable[Node | None]:
    field = fields.find(number)
    party = party_of(field) if field is not None else None
    yield institution(name, party)
    yield account_node(f"{name}Acct", party.account if party else None)


def _total(field: Field | None) -> Money:
    money = money_of(field)
    if money is None:
        raise BadInput("32", "the field is missing")
    return money


def _translated(identifier: str, message: Incoming, service: str, body: Node | None) -> Translated:
    assert body is not None, "a group header is always there"
    return identifier, message.header(identifier, service), body
