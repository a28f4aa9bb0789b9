"""Asks and replies over mutually authenticated TLS 1.3: a length (4 bytes) and a JSON object each way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from pathlib import Path

import msgspec

from isthmus.app.keys_member import believe, number_of, tls
from isthmus.app.output import note
from isthmus.audit.keys.asks import Alarm, Ask, Reply, Roster, Silent
from isthmus.audit.keys.holder import Holder
from isthmus.audit.keys.policy import Refused
from isthmus.kernel.errors import IsthmusError

LENGTH = struct.Struct(">I")
FRAME_BYTES_MAX = 1 << 20
TIMEOUT_S = 10.0
CONNECTIONS_MAX = 64
ALARM_AGAIN_S = 0.5


class Lines:
    """To the holders of a roster, as one of its members; connections last until `close`."""

    def __init__(
        self, folder: Path, roster: Roster, passphrase: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.roster = roster
        self._context = tls(folder, roster, passphrase, serving=False)
        self._timeout_s = timeout_s
        self._open: dict[int, ssl.SSLSocket] = {}

    def ask(self, asked: dict[int, Ask]) -> dict[int, Reply]:
        """All are asked before the first reply is read. Who does not reply is Silent."""
        failed: dict[int, Reply] = {}
        for holder, ask in asked.items():
            try:
                self._send(holder, ask)
            except (OSError, ssl.SSLError) as error:
                failed[holder] = self._silent(holder, error)
        return {holder: failed.get(holder) or self._reply(holder) for holder in asked}

    def close(self) -> None:
        """Ends the connections."""
        for line in self._open.values():
            line.close()
        self._open.clear()

    def _send(self, holder: int, ask: Ask) -> None:
        content = msgspec.json.encode(ask)
        line = self._open.get(holder)
        if line is not None:
            with contextlib.suppress(OSError):
                line.sendall(LENGTH.pack(len(content)) + content)
                return
            self._open.pop(holder).close()
        line = self._connected(holder)
        line.sendall(LENGTH.pack(len(content)) + content)

    def _connected(self, holder: int) -> ssl.SSLSocket:
        card = self.roster.card(holder)
        if card is None:
            raise ConnectionError(f"the roster has no holder {holder}")
        plain = socket.create_connection((card.host, card.port), self._timeout_s)
        try:
            line = self._context.wrap_socket(plain)
        except BaseException:
            plain.close()
            raise
        if number_of(self.roster, line.getpeercert(binary_form=True)) != holder:
            line.close()
            raise ConnectionError(f"wrong_certificate: who answers at {card.host}:{card.port} is not holder {holder}")
        self._open[holder] = line
        return line

    def _reply(self, holder: int) -> Reply:
        try:
            (length,) = LENGTH.unpack(_exactly(self._open[holder], LENGTH.size))
            if length > FRAME_BYTES_MAX:
                raise ConnectionError("replies more than a frame holds")
            reply: Reply = msgspec.json.decode(_exactly(self._open[holder], length), type=Reply)
            return reply
        except (OSError, ssl.SSLError, msgspec.DecodeError, UnicodeDecodeError) as error:
            return self._silent(holder, error)

    def _silent(self, holder: int, error: Exception) -> Silent:
        line = self._open.pop(holder, None)
        if line is not None:
            line.close()
        return Silent(f"holder {holder} does not answer: {error}")


def _exactly(line: ssl.SSLSocket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = line.recv(count - len(found))
        if not part:
            raise ConnectionError("the connection was ended")
        found += part
    return found


class HolderServer:
    """Answers for a holder, and tells the others of alarms behind its answers."""

    def __init__(self, holder: Holder, folder: Path, passphrase: str, roster: Roster) -> None:
        self._holder = holder
        self._folder = folder
        self._passphrase = passphrase
        self._context = tls(folder, roster, passphrase, serving=True)
        self._connections = 0

    async def run(self, host: str, port: int, stop: asyncio.Event, listening: asyncio.Event) -> None:
        """Until `stop`; sets `listening` when it does. Raises OSError."""
        server = await asyncio.start_server(self._connection, host, port, ssl=self._context)
        listening.set()
        alarms = asyncio.create_task(self._tell_alarms())
        async with server:
            await stop.wait()
        alarms.cancel()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        peer = number_of(self._holder.kept.roster, certificate)
        self._connections += 1
        try:
            while peer is not None and self._connections <= CONNECTIONS_MAX:
                (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                if length > FRAME_BYTES_MAX:
                    return
                content = msgspec.json.encode(self._reply(peer, await reader.readexactly(length)))
                writer.write(LENGTH.pack(len(content)) + content)
                await writer.drain()
        except (OSError, EOFError):
            # Who hung up is told nothing more.
            return
        finally:
            self._connections -= 1
            writer.close()

    def _reply(self, peer: int, content: bytes) -> Reply:
        try:
            ask = msgspec.json.decode(content, type=Ask)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Refused("malformed", str(error))
        roster = self._holder.kept.roster
        reply = self._holder.answer(peer, ask, time.time_ns())
        if isinstance(ask, Alarm) and not isinstance(reply, Refused):
            note(f"ALARM: the custodian of holder {peer} gave his code of duress; see `isthmus keys alarms`")
        entered = self._holder.kept.roster
        if entered is not None and entered is not roster:
            believe(self._context, entered)
        return reply

    async def _tell_alarms(self) -> None:
        while True:
            await asyncio.sleep(ALARM_AGAIN_S)
            waiting = list(self._holder.kept.outbox)
            # Whatever fails is tried again: an alarm that gives up is none.
            with contextlib.suppress(OSError, IsthmusError):
                for receiver, alarm in await asyncio.to_thread(self._told, waiting):
                    self._holder.delivered(receiver, alarm)

    def _told(self, waiting: list[tuple[int, Alarm]]) -> list[tuple[int, Alarm]]:
        roster = self._holder.kept.roster
        if not waiting or roster is None:
            return []
        lines = Lines(self._folder, roster, self._passphrase)
        try:
            return [one for one in waiting if not isinstance(lines.ask({one[0]: one[1]})[one[0]], Silent)]
        finally:
            lines.close()
