"""A witness over HTTP (C2SP tlog-witness), for as many logs as it was given keys of.

POST /add-checkpoint   200 with a cosignature, else why not; 409 tells the size that is held
GET  /heads            who it is, the head of each log that it cosigned last, and the peers it asks (JSON)
GET  /reports          what logs were seen to do, with the notes that show it (JSON)
GET  /split-views      what proves to anybody that a log forked (JSON)
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from isthmus.audit.gossip import Gossip
from isthmus.audit.split_view import SplitView
from isthmus.audit.witness import MOST_BYTES, Answer, Head, Report, Witness, origin_of
from isthmus.audit.witness_key import WitnessKey
from isthmus.engine.proofs import VerifierKey
from isthmus.kernel.clock import Clock
from isthmus.kernel.values import NS_PER_S

BODY_S = 5.0
"""Until a request must have come whole."""
SIZE_TYPE = b"text/x.tlog.size"

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Told = tuple[int, bytes, bytes]


class OneLog(Protocol):
    """What judges the heads of one log."""

    head: Head
    reports: list[Report]
    left_out: int
    views: list[SplitView]

    def add_checkpoint(self, body: bytes, now: int) -> Answer:
        """At `now`, Unix seconds."""


class HeadRow(msgspec.Struct, frozen=True):
    """The head that was cosigned last; size 0 before the first."""

    origin: str
    counter: int
    size: int
    root: str
    note: str


class Peer(msgspec.Struct, frozen=True):
    """A witness whose heads are asked for, when that was last (Unix seconds), and what kept it from being compared."""

    url: str
    time: int
    fault: str | None


class Heads(msgspec.Struct, frozen=True):
    """Who the witness is, and where each log stands for it."""

    name: str
    jurisdiction: str
    vkey: str
    heads: list[HeadRow]
    peers: list[Peer] = []


class ReportRow(msgspec.Struct, frozen=True):
    """A Report, and the log that it is about."""

    origin: str
    kind: str
    time: int
    held: str
    given: str


class Reports(msgspec.Struct, frozen=True):
    """`left_out`: how many more there were than are kept."""

    name: str
    reports: list[ReportRow]
    left_out: int


class SplitViews(msgspec.Struct, frozen=True):
    """Files of audit/split_view.py, of all logs."""

    name: str
    split_views: list[SplitView]


class WitnessHost:
    """One request at a time (`one`), since each may end in a cosignature: two of one log must never cross. `gossips`
    compare the logs with what peers saw, `peers` is what came of asking them.
    """

    def __init__(self, key: WitnessKey, jurisdiction: str, logs: dict[str, OneLog], clock: Clock) -> None:
        self.key = key
        self.jurisdiction = jurisdiction
        self.gossips: dict[str, Gossip] = {}
        self.peers: dict[str, Peer] = {}
        self.one = asyncio.Lock()
        self._logs = logs
        self._clock = clock

    @classmethod
    def of(
        cls, key: WitnessKey, jurisdiction: str, logs: Sequence[VerifierKey], folder: Path, clock: Clock
    ) -> WitnessHost:
        """Its state is in `folder`, one below it for each log. Raises Damaged."""
        found = {log.name: Witness(key.name, key.secret, log, folder / place(log.name)) for log in logs}
        host = cls(key, jurisdiction, dict[str, OneLog](found), clock)
        host.gossips = {log.name: Gossip(found[log.name], log) for log in logs}
        return host

    def now(self) -> int:
        """Unix seconds."""
        return self._clock() // NS_PER_S

    def heads(self) -> Heads:
        """For whoever watches the witness."""
        rows = [HeadRow(origin, *msgspec.structs.astuple(log.head)) for origin, log in self._logs.items()]
        return Heads(self.key.name, self.jurisdiction, self.key.vkey, rows, list(self.peers.values()))

    def reports(self) -> Reports:
        """The oldest first of each log."""
        rows = [
            ReportRow(origin, *msgspec.structs.astuple(report))
            for origin, log in self._logs.items()
            for report in log.reports
        ]
        return Reports(self.key.name, rows, sum(log.left_out for log in self._logs.values()))

    def split_views(self) -> SplitViews:
        """The same for whoever would convince others."""
        return SplitViews(self.key.name, [view for log in self._logs.values() for view in log.views])

    async def application(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        status, form, content = await self._answer(scope["method"], scope["path"], receive)
        headers = [(b"content-type", form), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, method: str, path: str, receive: Receive) -> Told:
        if (method, path) == ("POST", "/add-checkpoint"):
            return await self._checkpoint(receive)
        if (method, path) == ("GET", "/heads"):
            return 200, b"application/json", msgspec.json.encode(self.heads())
        if (method, path) == ("GET", "/reports"):
            return 200, b"application/json", msgspec.json.encode(self.reports())
        if (method, path) == ("GET", "/split-views"):
            return 200, b"application/json", msgspec.json.encode(self.split_views())
        return 404, b"text/plain", b"there is /add-checkpoint, /heads, /reports and /split-views\n"

    async def _checkpoint(self, receive: Receive) -> Told:
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(receive)
        except TimeoutError:
            return 408, b"text/plain", b"request did not come whole in time\n"
        if body is None:
            return 413, b"text/plain", b"request is too long\n"
        log = self._logs.get(origin_of(body) or "")
        if log is None:
            return 404, b"text/plain", b"origin is not known here\n"
        async with self.one:
            try:
                answer = await asyncio.to_thread(log.add_checkpoint, body, self.now())
            except OSError as fault:
                return 503, b"text/plain", f"state cannot be kept: {fault.strerror or fault}\n".encode()
        return answer.status, SIZE_TYPE if answer.status == 409 else b"text/plain", answer.body.encode()


def place(origin: str) -> str:
    """Folder of a log: its last word for people, a hash so that no two share one."""
    word = "".join(letter for letter in origin.rsplit("/", 1)[-1] if letter.isalnum())[:32]
    return f"{word}-{hashlib.sha256(origin.encode()).hexdigest()[:16]}"


async def _body(receive: Receive) -> bytes | None:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        more = message.get("more_body", False)
    return body
