"""HTTP to a venue: few connections that stay open, one request at a time on each, and a plain word about what is not
known. A request is sent once; whoever sends it decides what a lost answer means.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import httptools
import msgspec

from isthmus.kernel.errors import BadInput, IsthmusError

CONNECTIONS_MAX = 8
BODY_BYTES_MAX = 16 << 20
READ_BYTES = 1 << 16


class NotSent(IsthmusError):
    """No byte of the request left."""


class Lost(IsthmusError):
    """The request left, or part of it; no answer came."""


class HttpAnswer(msgspec.Struct, frozen=True):
    """`headers` by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes


class Address(msgspec.Struct, frozen=True):
    """Where a base URL points. Only our own host may be spoken to in the open."""

    scheme: str
    host: str
    port: int
    path: str


def address_of(url: str, place: str, schemes: tuple[str, str]) -> Address:
    """`schemes`: the open one and the encrypted one. Raises BadInput at `place`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadInput(place, f"{url!r} is no URL: {error}") from error
    if parts.scheme not in schemes or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise BadInput(place, f"{url!r} is no plain URL that begins with {schemes[1]}://")
    if parts.scheme == schemes[0] and not _is_loopback(parts.hostname):
        raise BadInput(place, f"{url!r} is not encrypted: only our own host is spoken to in the open")
    default = 443 if parts.scheme == schemes[1] else 80
    return Address(parts.scheme, parts.hostname, port or default, parts.path.rstrip("/"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Parsed:
    """What httptools calls back."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.status = 0
        self.done = False
        self.keep = False
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self.body += body
        if len(self.body) > BODY_BYTES_MAX:
            raise ValueError(f"an answer of more than {BODY_BYTES_MAX} bytes")

    def on_message_complete(self) -> None:
        """Afterwards the parser is made ready for another message and forgets this one."""
        self.done, self.keep = True, self.parser.should_keep_alive()
        self.status = self.parser.get_status_code()


class HttpClient:
    """Requests to one base URL."""

    def __init__(self, url: str, place: str, timeout_s: float) -> None:
        """Raises BadInput at `place`."""
        self._address = address_of(url, place, ("http", "https"))
        self._timeout_s = timeout_s
        self._tls = ssl.create_default_context() if self._address.scheme == "https" else None
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._turns = asyncio.Semaphore(CONNECTIONS_MAX)

    async def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> HttpAnswer:
        """`target` is path and query below the base. Raises NotSent or Lost."""
        async with self._turns:
            connection = self._taken() or await self._connected()
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer, keep = await self._exchanged(
                        connection, f"{method} {self._address.path}{target}", headers, body
                    )
            except (OSError, TimeoutError, ValueError, httptools.HttpParserError) as error:
                connection[1].close()
                raise Lost(str(error) or type(error).__name__) from error
            except BaseException:
                connection[1].close()
                raise
        if keep:
            self._idle.append(connection)
        else:
            connection[1].close()
        return answer

    def _taken(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """One that is open, as far as is known."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.open_connection(self._address.host, self._address.port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            raise NotSent(str(error) or type(error).__name__) from error

    async def _exchanged(
        self,
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        asked: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> tuple[HttpAnswer, bool]:
        reader, writer = connection
        told = {"Host": self._host(), "Content-Length": str(len(body)), "Accept": "application/json"} | dict(headers)
        lines = [f"{asked} HTTP/1.1", *(f"{name}: {told[name]}" for name in told)]
        writer.write("\r\n".join([*lines, "", ""]).encode("ascii") + body)
        await writer.drain()
        parsed = _Parsed()
        while not parsed.done:
            data = await reader.read(READ_BYTES)
            if not data:
                raise ConnectionResetError("the venue closed the connection")
            parsed.parser.feed_data(data)
        return HttpAnswer(parsed.status, parsed.headers, bytes(parsed.body)), parsed.keep

    def _host(self) -> str:
        host = f"[{self._address.host}]" if ":" in self._address.host else self._address.host
        default = 443 if self._address.scheme == "https" else 80
        return host if self._address.port == default else f"{host}:{self._address.port}"

    def close(self) -> None:
        """Close what is open."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()
