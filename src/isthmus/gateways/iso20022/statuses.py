"""What became of a payment, as values: pacs.002 and pain.002 (status), camt.056 (cancellation), camt.029 (its
resolution).
"""

from __future__ import annotations

import msgspec

from isthmus.gateways.iso20022.elements import Element, every, local, text
from isthmus.gateways.iso20022.trees import Node, branch, document, leaf
from isthmus.kernel.errors import BadInput

STATUS, CANCELLATION, RESOLUTION = "pacs.002.001.10", "camt.056.001.08", "camt.029.001.09"
CUSTOMER_STATUS, INITIATION_NAME = "pain.002.001.10", "pain.001.001.09"

_REPORTS = {
    "FIToFIPmtStsRpt": ("TxInfAndSts", "TxSts", "StsRsnInf"),
    "CstmrPmtStsRpt": ("OrgnlPmtInfAndSts/TxInfAndSts", "TxSts", "StsRsnInf"),
    "FIToFIPmtCxlReq": ("Undrlyg/TxInf", "", "CxlRsnInf"),
    "RsltnOfInvstgtn": ("CxlDtls/TxInfAndSts", "", "CxlStsRsnInf"),
}
"""Body -> where its transactions stand, their status, their reason."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Of one original transaction. `status`: ACCP, ACSC, ACSP, PDNG, RJCT ...; of a resolution CNCL, PDCR, RJCR;
    None of a request.
    """

    original_message: str | None = None
    original_name: str | None = None
    end_to_end: str | None = None
    instruction: str | None = None
    uetr: str | None = None
    status: str | None = None
    reason: str | None = None
    words: str | None = None


class Statuses(msgspec.Struct, frozen=True, kw_only=True):
    """A message about transactions, between two institutions."""

    message: str
    created: str
    transactions: tuple[Status, ...]
    sender: str | None = None
    receiver: str | None = None
    case: str | None = None
    """Of a cancellation and of its resolution."""


def status_report(statuses: Statuses, name: str = STATUS) -> str:
    """XML of pacs.002."""
    nodes = [
        node
        for found in statuses.transactions
        if (
            node := branch(
                "TxInfAndSts",
                *_original(found),
                leaf("TxSts", found.status),
                _reason("StsRsnInf", found),
                leaf("InstgAgt/FinInstnId/BICFI", statuses.sender),
                leaf("InstdAgt/FinInstnId/BICFI", statuses.receiver),
            )
        )
    ]
    header = branch("GrpHdr", leaf("MsgId", statuses.message), leaf("CreDtTm", statuses.created))
    return _written(name, branch("FIToFIPmtStsRpt", header, nodes))


def customer_status_report(statuses: Statuses, name: str = CUSTOMER_STATUS) -> str:
    """XML of pain.002: of the transactions of one initiation. Raises BadInput where they are of several."""
    originals = {(found.original_message, found.original_name) for found in statuses.transactions}
    if len(originals) != 1:
        raise BadInput("original_message", "a report is of one initiation")
    message, original_name = next(iter(originals))
    nodes = [
        node
        for found in statuses.transactions
        if (
            node := branch(
                "TxInfAndSts",
                leaf("OrgnlInstrId", found.instruction),
                leaf("OrgnlEndToEndId", found.end_to_end),
                leaf("OrgnlUETR", found.uetr),
                leaf("TxSts", found.status),
                _reason("StsRsnInf", found),
            )
        )
    ]
    body = branch(
        "CstmrPmtStsRpt",
        branch(
            "GrpHdr",
            leaf("MsgId", statuses.message),
            leaf("CreDtTm", statuses.created),
            leaf("DbtrAgt/FinInstnId/BICFI", statuses.sender),
        ),
        branch(
            "OrgnlGrpInfAndSts", leaf("OrgnlMsgId", message), leaf("OrgnlMsgNmId", original_name or INITIATION_NAME)
        ),
        branch("OrgnlPmtInfAndSts", leaf("OrgnlPmtInfId", message), nodes),
    )
    return _written(name, body)


def cancellation_request(statuses: Statuses, name: str = CANCELLATION) -> str:
    """XML of camt.056."""
    case = branch("Case", leaf("Id", statuses.case), leaf("Cretr/Agt/FinInstnId/BICFI", statuses.sender))
    nodes = [
        node
        for found in statuses.transactions
        if (node := branch("TxInf", case if statuses.case else None, *_original(found), _reason("CxlRsnInf", found)))
    ]
    return _written(name, branch("FIToFIPmtCxlReq", _assignment(statuses), branch("Undrlyg", nodes)))


def resolution(statuses: Statuses, name: str = RESOLUTION) -> str:
    """XML of camt.029: one outcome for all transactions. Raises BadInput where they differ."""
    outcomes = {found.status for found in statuses.transactions}
    if len(outcomes) != 1:
        raise BadInput("status", "a resolution has one outcome")
    case = branch("RslvdCase", leaf("Id", statuses.case), leaf("Cretr/Agt/FinInstnId/BICFI", statuses.receiver))
    nodes = [
        node
        for found in statuses.transactions
        if (
            node := branch(
                "TxInfAndSts", case if statuses.case else None, *_original(found), _reason("CxlStsRsnInf", found)
            )
        )
    ]
    outcome = leaf("Sts/Conf", next(iter(outcomes)))
    return _written(name, branch("RsltnOfInvstgtn", _assignment(statuses), outcome, branch("CxlDtls", nodes)))


def _assignment(statuses: Statuses) -> Node | None:
    return branch(
        "Assgnmt",
        leaf("Id", statuses.message),
        leaf("Assgnr/Agt/FinInstnId/BICFI", statuses.sender),
        leaf("Assgne/Agt/FinInstnId/BICFI", statuses.receiver),
        leaf("CreDtTm", statuses.created),
    )


def _original(found: Status) -> tuple[Node | None, ...]:
    group = branch("OrgnlGrpInf", leaf("OrgnlMsgId", found.original_message), leaf("OrgnlMsgNmId", found.original_name))
    return (
        group,
        leaf("OrgnlInstrId", found.instruction),
        leaf("OrgnlEndToEndId", found.end_to_end),
        leaf("OrgnlUETR", found.uetr),
    )


def _reason(name: str, found: Status) -> Node | None:
    return branch(name, leaf("Rsn/Cd", found.reason), leaf("AddtlInf", found.words))


def read_statuses(body: Element) -> Statuses:
    """Of the element below Document (pacs.002, pain.002, camt.056, camt.029). Raises BadInput for another."""
    kind = local(body)
    if kind not in _REPORTS:
        raise BadInput(kind, "tells no status")
    path, status, reason = _REPORTS[kind]
    transactions = every(body, path)
    first_one = transactions[0] if transactions else None
    return Statuses(
        message=text(body, "GrpHdr/MsgId") or text(body, "Assgnmt/Id") or "",
        created=text(body, "GrpHdr/CreDtTm") or text(body, "Assgnmt/CreDtTm") or "",
        transactions=tuple(_status(body, found, status, reason) for found in transactions),
        sender=text(first_one, "InstgAgt/FinInstnId/BICFI") or text(body, "Assgnmt/Assgnr/Agt/FinInstnId/BICFI"),
        receiver=text(first_one, "InstdAgt/FinInstnId/BICFI") or text(body, "Assgnmt/Assgne/Agt/FinInstnId/BICFI"),
        case=text(first_one, "Case/Id") or text(first_one, "RslvdCase/Id") or text(body, "RslvdCase/Id"),
    )


def _status(body: Element, found: Element, status: str, reason: str) -> Status:
    return Status(
        original_message=text(found, "OrgnlGrpInf/OrgnlMsgId") or text(body, "OrgnlGrpInfAndSts/OrgnlMsgId"),
        original_name=text(found, "OrgnlGrpInf/OrgnlMsgNmId") or text(body, "OrgnlGrpInfAndSts/OrgnlMsgNmId"),
        end_to_end=text(found, "OrgnlEndToEndId"),
        instruction=text(found, "OrgnlInstrId"),
        uetr=text(found, "OrgnlUETR"),
        status=text(found, status) if status else text(body, "Sts/Conf"),
        reason=text(found, f"{reason}/Rsn/Cd") or text(found, f"{reason}/Rsn/Prtry"),
        words=" ".join(line for element in every(found, f"{reason}/AddtlInf") if (line := text(element))) or None,
    )


def _written(name: str, body: Node | None) -> str:
    assert body is not None, "a message has a body"
    return document(name, body)
