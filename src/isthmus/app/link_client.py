"""The standby's side of the link: asks for what it lacks, takes it in, and sends a receipt when it is durable."""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path

from isthmus.app.link_wire import (
    EPOCH_BODY,
    FENCED,
    FRAMES,
    HEADER,
    HELLO,
    HELLO_BODY,
    MESSAGE_BYTES_MAX,
    NONCE_BYTES,
    PROOF_BYTES,
    RECEIPT,
    RECEIPT_BODY,
    REFUSED,
    WELCOME,
    message,
    parse_address,
    proof,
    proves,
    read_key,
)
from isthmus.app.output import note
from isthmus.engine.engine import Engine, Record
from isthmus.kernel.errors import JournalUnavailable

CONNECT_S = 2.0
AGAIN_S = 0.2
"""Between two tries to reach the owner."""
MESSAGE_S = 10.0
"""A message that has begun must be whole within this."""

Take = Callable[[list[Record]], None]


class Upstream:
    """The owner, as the standby sees it. `epoch` is the latest that any owner said it has."""

    def __init__(self, address: str, data: Path, engine: Engine) -> None:
        self.epoch = 0
        self._address = parse_address(address, "from")
        self._key = read_key(data)
        self._engine = engine
        self._socket: socket.socket | None = None
        self._told: str | None = None

    def step(self, wait_s: float, take: Take) -> None:
        """Waits at most about `wait_s` for a message and acts on it. Raises OSError when the link is lost."""
        if self._socket is None:
            self._socket = self._connected()
            self._told = None
            note("linked to the owner")
        self._socket.settimeout(wait_s)
        try:
            first = self._socket.recv(1)
        except TimeoutError:
            return
        if not first:
            raise ConnectionError("the owner closed the link")
        self._socket.settimeout(MESSAGE_S)
        kind, length = HEADER.unpack(first + _exactly(self._socket, HEADER.size - 1))
        if length > MESSAGE_BYTES_MAX:
            raise ConnectionError("a message that is too long")
        self._act(kind, _exactly(self._socket, length), take)

    def _act(self, kind: int, body: bytes, take: Take) -> None:
        assert self._socket is not None
        if kind == FRAMES:
            records = self._engine.receive(body)
            self._socket.sendall(message(RECEIPT, RECEIPT_BODY.pack(self._engine.durable)))
            take(records)
        elif kind == WELCOME:
            (epoch,) = EPOCH_BODY.unpack(body)
            self.epoch = max(self.epoch, epoch)
        elif kind == REFUSED:
            raise JournalUnavailable(f"the owner refuses this standby: {body.decode(errors='replace')}")
        else:
            raise ConnectionError(f"a message of kind {kind}")

    def lost(self, why: str) -> None:
        """The link is lost; the next step tries again."""
        self._close()
        if self._told != why:
            self._told = why
            note(f"no link to the owner ({why}); trying again")
        time.sleep(AGAIN_S)

    def fence(self, epoch: int) -> None:
        """Tells the owner, if he can be reached, that his time is over."""
        with contextlib.suppress(OSError):
            if self._socket is None:
                self._socket = self._connected()
            self._socket.settimeout(CONNECT_S)
            self._socket.sendall(message(FENCED, EPOCH_BODY.pack(epoch)))
        self._close()

    def _connected(self) -> socket.socket:
        made = socket.create_connection(self._address, CONNECT_S)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            theirs, ours = _exactly(made, NONCE_BYTES), secrets.token_bytes(NONCE_BYTES)
            made.sendall(ours + proof(self._key, b"standby", theirs, ours))
            if not proves(self._key, b"owner", ours, theirs, _exactly(made, PROOF_BYTES)):
                raise ConnectionError("the other side does not know the key")
            engine = self._engine
            hello = HELLO_BODY.pack(engine.epoch, engine.sequence + 1, engine.head)
            made.sendall(message(HELLO, hello))
        except OSError:
            made.close()
            raise
        return made

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _exactly(link: socket.socket, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        part = link.recv(count - len(found))
        if not part:
            raise ConnectionError("the owner closed the link")
        found += part
    return bytes(found)
