"""What a desk of a live venue is handed to reach it: requests out, replies back, on the engine's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import msgspec

from isthmus.venues.wires.orders import VenueCall


class Reply(msgspec.Struct, frozen=True):
    """`not_sent`: no byte of the request left. `unknown`: it may have been done. `answered`: the venue's `status` and
    `body`.
    """

    outcome: Literal["answered", "not_sent", "unknown"]
    status: int = 0
    body: bytes = b""
    why: str = ""


class VenueLink(Protocol):
    """Requests over HTTP, signed on the way."""

    def send(self, call: VenueCall, then: Callable[[Reply], None]) -> None:
        """Never blocks; `then` hears exactly once."""


FixFields = Sequence[tuple[int, str]]
"""A FIX application message: MsgType (35) first, then the body; header and trailer are the session's."""


class FixLink(Protocol):
    """A FIX session with a broker or venue, as its initiator. Whoever owns the session hands application messages to
    `FixDesk.take` in order, calls `FixDesk.resumed` after each logon, and keeps what was sent until it is acknowledged,
    as a session does.
    """

    def send(self, fields: FixFields) -> bool:
        """False when the session is down: then nothing was sent, and nothing will be."""
