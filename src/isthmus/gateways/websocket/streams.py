"""A stream: one channel of one subject, numbered without gaps, remembered for a while, sent to whoever listens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from isthmus.kernel.clock import Clock

NS_PER_MS = 1_000_000

REMEMBERED_BYTES_MAX = 2_097_152
"""Bytes of deltas that one stream keeps for those who come back: enough for its full number of journal records."""

_encoder = msgspec.json.Encoder()


class Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a stream is about. Its fields stand in every frame. `desk`: with what only the house may hear."""

    channel: str
    instrument: str | None = None
    account: str | None = None
    interval: str | None = None
    depth: int | None = None
    venue: str | None = None
    desk: bool | None = None


class Listener(Protocol):
    """Who gets frames; never blocks."""

    def send(self, frame: bytes) -> None:
        """Queue the frame."""


class Stream:
    """`seq` starts at the milliseconds of its making, so that a stream made anew never continues an older one's
    numbers.
    """

    def __init__(self, subject: Subject, snapshot: Callable[[], Any], clock: Clock, remembered: int) -> None:
        self.subject = subject
        self.listeners: set[Listener] = set()
        self.seq = clock() // NS_PER_MS
        self._head = _encoder.encode(subject)[:-1]
        self._snapshot = snapshot
        self._remembered: deque[tuple[int, bytes]] = deque(maxlen=remembered)
        self._bytes = 0
        self.idle_s = 0

    def frame(self, kind: str, data: Any = None) -> bytes:
        """A frame with the last seq."""
        return self._head + b',"seq":%d,"type":"%s","data":%s}' % (self.seq, kind.encode(), _encoder.encode(data))

    def publish(self, data: Any) -> None:
        """The next delta."""
        self.seq += 1
        frame = self.frame("delta", data)
        self._remember(frame)
        for listener in tuple(self.listeners):
            listener.send(frame)

    def _remember(self, frame: bytes) -> None:
        if len(self._remembered) == self._remembered.maxlen:
            self._bytes -= len(self._remembered[0][1])
        self._remembered.append((self.seq, frame))
        self._bytes += len(frame)
        while self._bytes > REMEMBERED_BYTES_MAX:
            self._bytes -= len(self._remembered.popleft()[1])

    def catch_up(self, listener: Listener, since: int | None) -> None:
        """The deltas after `since` if they are all remembered, else a snapshot; then the listener gets every delta."""
        oldest = self._remembered[0][0] if self._remembered else self.seq + 1
        if since is not None and oldest - 1 <= since <= self.seq:
            for seq, frame in self._remembered:
                if seq > since:
                    listener.send(frame)
        else:
            listener.send(self.frame("snapshot", self._snapshot()))
        self.listeners.add(listener)

    def heartbeat(self) -> None:
        """Tell listeners the last seq."""
        frame = self.frame("heartbeat")
        for listener in tuple(self.listeners):
            listener.send(frame)
