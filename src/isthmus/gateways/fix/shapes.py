"""What a session hands over, and what is handed back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.gateways.submission import Asker

Body = list[tuple[int, str]]
"""Fields between header and trailer, in their order."""

FIX42, FIX44, FIX50 = 42, 44, 50
"""Versions of the application: 4.2, 4.4, and 5.0 SP2 over FIXT 1.1."""


class Fields(Protocol):
    """Fields of a message, or of one entry of a repeating group."""

    def get(self, tag: int, /) -> str | None:
        """The value, or None; of groups inside, none. Raises UnicodeDecodeError for what is no UTF-8."""

    def group(self, tag: int, /) -> Sequence[Fields]:
        """The entries of the repeating group that this field counts; empty where it is not there."""


class Message(Fields, Protocol):
    """One message. A view: a value is read when it is asked for."""

    @property
    def msg_type(self) -> str:
        """MsgType(35)."""

    @property
    def seq_num(self) -> int | None:
        """MsgSeqNum(34)."""

    @property
    def data(self) -> bytes:
        """As it came."""


class Peer(msgspec.Struct, frozen=True):
    """A session that is logged on, and as whom."""

    place: int
    version: int
    identity: Identity

    def asks(self, message: Message) -> Asker:
        """Who the engine's record will name."""
        return Asker(self.identity, "fix", message.data)


class Outgoing(Protocol):
    """Where answers go. Never blocks; what a session that is down cannot take is kept for its next logon."""

    def send(self, place: int, msg_type: str, body: Body, cause: int = 0) -> None:
        """A message on a session; `cause` is the record that it tells of, 0 for none."""


class Unsupported(Exception):
    """The message, or this use of it, is not taken; answered by BusinessMessageReject(j)."""

    def __init__(self, reason: int, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


OTHER, UNKNOWN_ID, UNKNOWN_SECURITY, UNSUPPORTED_TYPE, NOT_AVAILABLE, FIELD_MISSING, NOT_AUTHORISED = range(7)
"""BusinessRejectReason(380)."""


def bad(tag: int, name: str, detail: str, value: str | None = None) -> Refusal:
    """A field that cannot be what it says."""
    return Refusal(422, "bad_terms", detail, field=f"{name}({tag})", value=value)


def needed(fields: Fields, tag: int, name: str) -> str:
    """The value. Raises Unsupported when it is missing although this use of the message needs it."""
    value = fields.get(tag)
    if value is None:
        raise Unsupported(FIELD_MISSING, f"{name}({tag}) is missing")
    return value


def said(refusal: Refusal) -> str:
    """A refusal as Text(58): the field, what is wrong with it, and the limit."""
    place = f"{refusal.field}: " if refusal.field is not None else ""
    limit = f" (limit {refusal.limit})" if refusal.limit is not None else ""
    return f"{place}{refusal.detail}{limit} [{refusal.reason}]"
