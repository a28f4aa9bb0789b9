"""Blocks 1 to 3 of a FIN message as the business application header."""

from __future__ import annotations

import msgspec

from isthmus.gateways.cbpr.fields import Fields, fields_of
from isthmus.gateways.iso20022.trees import Node, leaf
from isthmus.gateways.swift.fin import Fin, parse_fin
from isthmus.kernel.errors import BadInput

SERVICE = "swift.cbprplus.03"

Translated = tuple[str, tuple[Node, ...], Node]
"""Identifier of the message, header, body."""


class Incoming(msgspec.Struct, frozen=True):
    """A FIN message that is being translated: who, to whom, when, and its fields."""

    message_type: str
    sender: str
    receiver: str
    created: str
    uetr: str | None
    service: str | None
    """Tag 111 of block 3."""
    validation: str | None
    """Tag 119 of block 3: COV, STP, REMIT."""
    fields: Fields

    @property
    def reference(self) -> str:
        return self.fields.need("20")

    def header(self, message: str, service: str = SERVICE) -> tuple[Node, ...]:
        """AppHdr (head.001.001.02) of a message with that identifier."""
        parts = (
            leaf("Fr/FIId/FinInstnId/BICFI", self.sender),
            leaf("To/FIId/FinInstnId/BICFI", self.receiver),
            leaf("BizMsgIdr", self.reference),
            leaf("MsgDefIdr", message),
            leaf("BizSvc", service),
            leaf("CreDt", self.created),
        )
        return tuple(part for part in parts if part is not None)

    @property
    def group(self) -> tuple[Node | None, ...]:
        """MsgId and CreDtTm, with which every group header begins."""
        return leaf("MsgId", self.reference), leaf("CreDtTm", self.created)


def incoming(text: str, now: str) -> Incoming:
    """`now` ("YYYY-MM-DDThh:mm:ss+00:00") is when a message was made that does not say so itself. Raises BadInput
    for what has no header.
    """
    fin = parse_fin(text)
    header = fin.header
    if header is None:
        raise BadInput("fin", "blocks 1 and 2 do not say who sends what to whom")
    third = fin.block("3")
    tags = dict(third.fields) if third is not None else {}
    return Incoming(
        header.message_type,
        header.sender,
        header.receiver,
        _created(fin) or now,
        tags.get("121"),
        tags.get("111"),
        tags.get("119"),
        fields_of(fin),
    )


def _created(fin: Fin) -> str | None:
    """Date and time of input of an output message, which are UTC here; an input message has neither."""
    second = fin.block("2")
    if second is None or second.content[:1] != "O":
        return None
    time, date = second.content[4:8], second.content[8:14]
    if not (time.isdigit() and date.isdigit() and len(date) == 6):
        raise BadInput("block 2", "no date and time of input")
    return f"20{date[:2]}-{date[2:4]}-{date[4:]}T{time[:2]}:{time[2:]}:00+00:00"
