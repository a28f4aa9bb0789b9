"""The owner's side of the link: sends what is written, and holds answers back until the standby has it."""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn

from isthmus.app.link_wire import (
    EPOCH_BODY,
    FENCED,
    FRAMES,
    FRAMES_BYTES,
    HEADER,
    HELLO,
    HELLO_BODY,
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
from isthmus.app.settings import StandbySettings
from isthmus.engine.engine import Engine, FrameReader, JournalDamaged, JournalFenced, JournalReader
from isthmus.kernel.errors import BadInput

HANDSHAKE_S = 5.0
UNSENT_BYTES_MAX = 4 << 20
"""Sent and not yet taken by the standby's system; then sending waits."""
REQUEST_BYTES_MAX = 64


class Refused(Exception):
    """This standby is not one for this journal."""


class Link:
    """Who waits for the standby's receipt, and who makes it come. One standby at a time."""

    def __init__(self, settings: StandbySettings, data: Path, engine: Engine) -> None:
        self._address = parse_address(settings.listen, "standby.listen")
        self._receipt_s = settings.receipt_s
        self._key = read_key(data)
        self._data = str(data)
        self._engine = engine
        self._written = 0
        self._more = asyncio.Event()
        self._came = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._fenced_by: int | None = None
        self.receipt = 0

    @property
    def connected(self) -> bool:
        """Whether a standby is linked now."""
        return self._writer is not None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def open(self) -> None:
        """Listens. Raises BadInput when the address is taken."""
        try:
            self._server = await asyncio.start_server(self._serve, *self._address)
        except OSError as error:
            raise BadInput("standby.listen", f"{self._address[0]}:{self._address[1]}: {error.strerror}") from error

    async def close(self) -> None:
        """Ends the link."""
        if self._server is not None:
            self._server.close()
        if self._writer is not None:
            self._writer.close()

    async def received(self, written: int) -> int:
        """Up to which record of those written the standby has receipted; waits for `written`.

        Raises JournalFenced once the standby took over, TimeoutError (an OSError) when no receipt comes in time.
        """
        self._written = max(self._written, written)
        self._more.set()
        try:
            async with asyncio.timeout(self._receipt_s):
                while self.receipt < written and self._fenced_by is None:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError as error:
            raise TimeoutError(errno.ETIMEDOUT, "no receipt from the standby") from error
        if self._fenced_by is not None:
            raise JournalFenced(f"the standby took over (epoch {self._fenced_by}): nothing is acknowledged here")
        return written

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                frames = await self._welcome(reader, writer)
            self._writer = writer
            note(f"a standby is linked, from record {frames.last + 1} on")
            await self._both(self._send(frames, writer), self._receive(reader))
        except Refused as error:
            note(f"a standby was refused: {error}")
            writer.write(message(REFUSED, str(error).encode()))
        except (OSError, EOFError, JournalDamaged) as error:
            note(f"the link to the standby is lost ({str(error) or type(error).__name__})")
        finally:
            if self._writer is writer:
                self._writer = None
            writer.close()

    async def _both(self, *ways: Coroutine[Any, Any, None]) -> None:
        """Until one of them fails; the other ends with it."""
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> FrameReader:
        """The handshake; where to begin sending."""
        ours = secrets.token_bytes(NONCE_BYTES)
        writer.write(ours)
        theirs = await reader.readexactly(NONCE_BYTES)
        if not proves(self._key, b"standby", ours, theirs, await reader.readexactly(PROOF_BYTES)):
            raise ConnectionError("the other side does not know the key")
        writer.write(proof(self._key, b"owner", theirs, ours))
        kind, body = await _message(reader)
        if kind == FENCED:
            self._fence(body)
        if kind != HELLO or len(body) != HELLO_BODY.size:
            raise ConnectionError("no hello")
        epoch, wanted, head = HELLO_BODY.unpack(body)
        if epoch > self._engine.epoch:
            raise Refused(f"it is of epoch {epoch}, this owner of {self._engine.epoch}")
        if not self._has(wanted - 1, head):
            raise Refused(f"its record {wanted - 1} is not one of this journal")
        if self.connected:
            raise Refused("another standby is linked")
        writer.write(message(WELCOME, EPOCH_BODY.pack(self._engine.epoch)))
        self.receipt = 0
        return FrameReader(self._data, wanted)

    def _has(self, sequence: int, head: bytes) -> bool:
        """Whether this journal's record of that number has that hash."""
        if sequence == 0:
            return head == bytes(len(head))
        if sequence > self._engine.durable:
            return False
        return next(iter(JournalReader(self._data, sequence))).hash == head

    async def _send(self, frames: FrameReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(UNSENT_BYTES_MAX)
        while True:
            self._more.clear()
            body = frames.read(FRAMES_BYTES, self._engine.durable)
            if body:
                writer.write(message(FRAMES, body))
                await writer.drain()
            else:
                await self._more.wait()

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        while True:
            kind, body = await _message(reader)
            if kind == FENCED:
                self._fence(body)
            elif kind == RECEIPT and len(body) == RECEIPT_BODY.size:
                (self.receipt,) = RECEIPT_BODY.unpack(body)
                self._came.set()
            else:
                raise ConnectionError(f"a message of kind {kind}")

    def _fence(self, body: bytes) -> NoReturn:
        (self._fenced_by,) = EPOCH_BODY.unpack(body)
        self._came.set()
        raise ConnectionError(f"the standby took over (epoch {self._fenced_by})")


async def _message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind, length = HEADER.unpack(await reader.readexactly(HEADER.size))
    if length > REQUEST_BYTES_MAX:
        raise ConnectionError("a message that is too long")
    return kind, await reader.readexactly(length)
