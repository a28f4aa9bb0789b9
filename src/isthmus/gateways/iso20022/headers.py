"""The business application header (head.001) as a value: who sends which message to whom."""

from __future__ import annotations

import msgspec

from isthmus.gateways.iso20022.elements import Element, messages, namespace, text
from isthmus.gateways.iso20022.schemas import NAMESPACE
from isthmus.gateways.iso20022.trees import Node, leaf, with_header
from isthmus.kernel.errors import BadInput


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """BICs of both sides; `identifier` is the document's own; `message` its identifier, "pacs.008.001.08"."""

    sender: str
    receiver: str
    identifier: str
    message: str
    created: str
    service: str | None = None

    def nodes(self) -> tuple[Node, ...]:
        parts = (
            leaf("Fr/FIId/FinInstnId/BICFI", self.sender),
            leaf("To/FIId/FinInstnId/BICFI", self.receiver),
            leaf("BizMsgIdr", self.identifier),
            leaf("MsgDefIdr", self.message),
            leaf("BizSvc", self.service),
            leaf("CreDt", self.created),
        )
        return tuple(part for part in parts if part is not None)


def enclosed(header: Header, document: str) -> str:
    """Header and document in one envelope. Raises BadInput where the header announces another message."""
    if f'xmlns="{NAMESPACE}{header.message}"' not in document[:500]:
        raise BadInput("message", f"the document is not {header.message}")
    return with_header(header.nodes(), document)


def read_header(root: Element) -> Header:
    """Of a document in an envelope. Raises BadInput where there is no header, or where it does not say who and what."""
    found = next((part for part in messages(root, NAMESPACE) if ":head." in namespace(part)), None)
    if found is None:
        raise BadInput("AppHdr", "there is none")
    values = {
        "sender": text(found, "Fr/FIId/FinInstnId/BICFI"),
        "receiver": text(found, "To/FIId/FinInstnId/BICFI"),
        "identifier": text(found, "BizMsgIdr"),
        "message": text(found, "MsgDefIdr"),
        "created": text(found, "CreDt") or text(found, "CreDtTm"),
    }
    missing = next((name for name, value in values.items() if value is None), None)
    if missing is not None:
        raise BadInput(missing, "the header does not say it")
    return Header(**{name: value or "" for name, value in values.items()}, service=text(found, "BizSvc"))
