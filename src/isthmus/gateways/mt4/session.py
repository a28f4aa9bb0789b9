"""A connection of the bridge without its socket: frames in, frames out, who may ask.

A frame is the length of its document in four bytes, big-endian, and the document. The first one logs on; every request
has one answer, in their order. A document that the filter stops is answered with rule and place; a connection that is
stopped too often is closed, as is one whose frame is too long.
"""

from __future__ import annotations

from collections.abc import Callable

from isthmus.gateways.keys import Identity
from isthmus.gateways.mt4.codec import document_of, request_of
from isthmus.gateways.mt4.messages import BridgeAnswer, BridgeOrder, Cancel, Logon, Query
from isthmus.gateways.problems import Refusal
from isthmus.gateways.xmlguard.limits import ORDER
from isthmus.gateways.xmlguard.stops import Stopped

LENGTH_BYTES = 4
STOPS_MAX = 10
"""Documents of a connection that may be stopped before it is closed."""
_DETAIL_CHARACTERS = 200

Known = Callable[[str, str], Identity]
"""Who has this key and secret. Raises Refusal."""


def frame_of(document: bytes) -> bytes:
    """The document with its length before it."""
    return len(document).to_bytes(LENGTH_BYTES, "big") + document


class FrameTooLong(Exception):
    """A length beyond what a document may have: what follows cannot be told apart any more."""


class Frames:
    """Bytes as they come, documents as they become whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def take(self, data: bytes) -> list[bytes]:
        """The documents that are whole now. Raises FrameTooLong."""
        self._buffer += data
        documents = []
        while len(self._buffer) >= LENGTH_BYTES:
            length = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
            if length > ORDER.document_bytes:
                raise FrameTooLong(f"a document of {length} bytes; {ORDER.document_bytes} at most")
            if len(self._buffer) < LENGTH_BYTES + length:
                break
            documents.append(bytes(self._buffer[LENGTH_BYTES : LENGTH_BYTES + length]))
            del self._buffer[: LENGTH_BYTES + length]
        return documents


class Session:
    """`take` gives what is to be asked of the desk, or the answer that needs no desk."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self.identity: Identity | None = None
        self.closed = False
        self._stops = 0

    def take(self, document: bytes) -> BridgeOrder | Cancel | Query | BridgeAnswer:
        """Judges one document."""
        try:
            request = request_of(document)
        except Stopped as stop:
            return self._stopped(stop)
        if isinstance(request, Logon):
            return self._log_on(request)
        if self.identity is None:
            self.closed = True
            return refused("", "not_logged_on", "the first document of a connection is BridgeLogon")
        return request

    def _log_on(self, logon: Logon) -> BridgeAnswer:
        if self.identity is not None:
            self.closed = True
            return refused("", "logged_on_twice", "this connection has logged on before")
        try:
            self.identity = self._known(logon.key, logon.secret)
        except Refusal as refusal:
            self.closed = True
            return refused("", refusal.reason, refusal.detail)
        return BridgeAnswer("", "LOGGED_ON")

    def _stopped(self, stop: Stopped) -> BridgeAnswer:
        self._stops += 1
        self.closed = self._stops > STOPS_MAX or self.identity is None
        return BridgeAnswer("", "REJECTED", reason="stopped", rule=stop.rule, place=stop.place)


def refused(ticket: str, reason: str, detail: str) -> BridgeAnswer:
    """An answer that says why not."""
    return BridgeAnswer(ticket, "REJECTED", reason=reason, detail=detail[:_DETAIL_CHARACTERS])


def answer_frame(answer: BridgeAnswer) -> bytes:
    """The frame of an answer."""
    return frame_of(document_of(answer))
