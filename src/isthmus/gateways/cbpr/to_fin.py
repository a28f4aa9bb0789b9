"""XML to FIN: which message becomes which type."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from isthmus.gateways.cbpr.batches_to_fin import bank_debit, direct_debit, initiation
from isthmus.gateways.cbpr.fin_text import Outgoing, message_text, written
from isthmus.gateways.cbpr.investigations_to_fin import (
    cancellation,
    charges_notice,
    charges_request,
    notice_cancellation,
    resolution,
)
from isthmus.gateways.cbpr.notices_to_fin import (
    cheque_advice,
    cheque_stop,
    cheque_stop_status,
    notice_to_receive,
    report_request,
)
from isthmus.gateways.cbpr.source import Source
from isthmus.gateways.cbpr.statements_to_fin import notification, report, statement
from isthmus.gateways.cbpr.transfers_to_fin import bank_transfer, customer_transfer, returned, status
from isthmus.gateways.iso20022.elements import Element, local
from isthmus.gateways.iso20022.reading import read
from isthmus.gateways.xmlguard import Stopped
from isthmus.kernel.errors import BadInput

BODIES: dict[str, Callable[[Source], Outgoing]] = {
    "AcctRptgReq": report_request,
    "BkToCstmrAcctRpt": report,
    "BkToCstmrDbtCdtNtfctn": notification,
    "BkToCstmrStmt": statement,
    "ChqCxlOrStopReq": cheque_stop,
    "ChqCxlOrStopRpt": cheque_stop_status,
    "ChqPresntmntNtfctn": cheque_advice,
    "ChrgsPmtNtfctn": charges_notice,
    "ChrgsPmtReq": charges_request,
    "CstmrCdtTrfInitn": initiation,
    "FICdtTrf": bank_transfer,
    "FIDrctDbt": bank_debit,
    "FIToFICstmrCdtTrf": customer_transfer,
    "FIToFICstmrDrctDbt": direct_debit,
    "FIToFIPmtCxlReq": cancellation,
    "FIToFIPmtStsRpt": status,
    "NtfctnToRcv": notice_to_receive,
    "NtfctnToRcvCxlAdvc": notice_cancellation,
    "PmtRtr": returned,
    "RsltnOfInvstgtn": resolution,
}
"""The element below Document -> how its fields are made."""


class Mt(msgspec.Struct, frozen=True):
    """What came of an XML message: type, FIN text, places of the elements that have no field.

    A field whose characters FIN does not have, so that some were replaced, is told by its tag.
    """

    message_type: str
    fin: str
    lost: list[str]


def to_mt(data: bytes | str) -> Mt:
    """Of a document with its header (AppHdr), in whatever envelope. Raises BadInput, naming the element, for what
    cannot be translated.
    """
    try:
        root = read(data)
    except Stopped as stop:
        raise BadInput("xml", f"{stop.rule} at {stop.place}: {stop.reason}") from stop
    body, header = _body(root), _named(root, "AppHdr")
    translate = BODIES.get(local(body))
    if translate is None:
        raise BadInput(local(body), "is not translated")
    if header is None:
        raise BadInput("AppHdr", "there is none: it says who sends to whom")
    source, head = Source(body), Source(header)
    message = translate(source)
    text = message_text(
        message,
        head.text("Fr/FIId/FinInstnId/BICFI"),
        head.text("To/FIId/FinInstnId/BICFI"),
        head.first("CreDt", "CreDtTm"),
    )
    replaced = [tag for tag, value in message.rows if written(value) != value]
    return Mt(message.message_type, text, source.lost() + replaced)


def _body(root: Element) -> Element:
    document = _named(root, "Document")
    if document is None or not len(document):
        raise BadInput("Document", "there is none")
    return document[0]


def _named(root: Element, name: str) -> Element | None:
    return root if local(root) == name else root.find(f".//{{*}}{name}")
