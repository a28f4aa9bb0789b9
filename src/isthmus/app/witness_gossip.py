"""A witness asks its peers which heads they cosigned: directly, since whoever keeps the log could leave out what tells.

The file of peers (a URL a line, `#` for remarks) is read anew each time. What the peers say is judged by
`isthmus.audit.gossip`; where two heads have other sizes the log's files are asked for the proof between them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from isthmus.app.venue_http import HttpClient, Lost, NotSent, address_of
from isthmus.app.witness_host import Heads, Peer, SplitViews, WitnessHost
from isthmus.app.witness_logs import LogPlace, NothingGiven
from isthmus.engine.proofs import LogRefused
from isthmus.kernel.errors import BadInput

Read = TypeVar("Read", Heads, SplitViews)
Said = TypeVar("Said")
ANSWER_S = 3.0
ANSWER_BYTES_MAX = 1 << 20
PEERS_MAX = 64
ROWS_MAX = 64
"""Logs and split views of one peer that are looked at."""


class Gossiping:
    """`logs`: where the logs' files are; None where nobody can be asked for a proof, so that only heads of one size are
    compared.
    """

    def __init__(self, host: WitnessHost, peers: Path, logs: LogPlace | None) -> None:
        self._host = host
        self._peers = peers
        self._logs = logs
        self._lines: dict[str, HttpClient] = {}

    async def run(self, every_s: float) -> None:
        """Until it is cancelled."""
        try:
            while True:
                await self.round()
                await asyncio.sleep(every_s)
        finally:
            self.close()

    def close(self) -> None:
        """What is open."""
        for line in self._lines.values():
            line.close()
        if self._logs is not None:
            self._logs.close()

    async def round(self) -> None:
        """Every peer once; who does not answer is told in `peers` of GET /heads. Heads that came to this witness
        without a proof are looked into as if a peer had told them.
        """
        try:
            urls = peers_of(self._peers)
        except (BadInput, OSError, UnicodeDecodeError) as fault:
            self._host.peers[""] = Peer("", self._host.now(), f"the file of peers cannot be read: {fault}")
            return
        for gone in self._host.peers.keys() - set(urls):
            del self._host.peers[gone]
        for gone in self._lines.keys() - set(urls):
            self._lines.pop(gone).close()
        await asyncio.gather(*map(self._ask, urls))
        for origin, gossip in self._host.gossips.items():
            if (note := gossip.doubted()) is not None:
                with contextlib.suppress(OSError):
                    await self._compared(origin, note)

    async def _ask(self, url: str) -> None:
        line = self._lines.setdefault(url, HttpClient(url, "peers", ANSWER_S))
        try:
            views = await self._read(line, "/split-views", SplitViews)
            heads = await self._read(line, "/heads", Heads)
            fault = None if heads.vkey == self._host.key.vkey else await self._judged(heads, views)
        except (NotSent, Lost, OSError, ValueError, msgspec.DecodeError) as error:
            fault = str(error) or type(error).__name__
        self._host.peers[url] = Peer(url, self._host.now(), fault)

    async def _judged(self, heads: Heads, views: SplitViews) -> str | None:
        """What keeps something of it from being compared."""
        for gossip in self._host.gossips.values():
            for view in views.split_views[:ROWS_MAX]:
                await self._alone(partial(gossip.take, view))
        fault: str | None = None
        notes = {row.origin: row.note for row in heads.heads[:ROWS_MAX] if row.size}
        for origin in notes.keys() & self._host.gossips.keys():
            fault = await self._compared(origin, notes[origin]) or fault
        return fault

    async def _compared(self, origin: str, note: str) -> str | None:
        gossip = self._host.gossips[origin]
        try:
            question = await self._alone(partial(gossip.hear, note))
        except LogRefused as refused:
            return f"{origin}: {': '.join(refused.args)}"
        if question is None or self._logs is None:
            return None
        given, fault = None, None
        try:
            given = await self._logs.given(origin, question.old.size, question.new.size)
        except NothingGiven as error:
            fault = f"{origin}: no proof between {question.old.size} and {question.new.size} entries: {error}"
        await self._alone(partial(gossip.judge, question, given))
        return fault

    async def _alone(self, act: Callable[[int], Said]) -> Said:
        """Beside no other act on the witness's state, which goes to the disk."""
        async with self._host.one:
            return await asyncio.to_thread(act, self._host.now())

    async def _read(self, line: HttpClient, target: str, kind: type[Read]) -> Read:
        answer = await line.request("GET", target, {})
        if answer.status != 200 or len(answer.body) > ANSWER_BYTES_MAX:
            raise ValueError(f"{target}: status {answer.status}, {len(answer.body)} bytes")
        return msgspec.json.decode(answer.body, type=kind)


def peers_of(path: Path) -> list[str]:
    """None where the file is not there yet. Raises BadInput by the line, OSError, UnicodeDecodeError."""
    if not path.exists():
        return []
    urls: dict[str, None] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        url = line.partition("#")[0].strip()
        if url:
            address_of(url, f"peers:{number}", ("http", "https"))
            urls[url] = None
    if len(urls) > PEERS_MAX:
        raise BadInput("peers", f"names {len(urls)} peers, {PEERS_MAX} can be asked")
    return list(urls)
