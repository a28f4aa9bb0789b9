"""One connection of the native stream: who it is, what it listens to, and its end with a reason."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import msgspec

from isthmus.gateways.access import Access, cookie_of, require_same_origin
from isthmus.gateways.instructions import session_of
from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.rest.http import Receive, Scope, Send, headers_of
from isthmus.gateways.rest.market import CHANNELS
from isthmus.gateways.submission import Asker
from isthmus.gateways.websocket.disconnects import Disconnects
from isthmus.gateways.websocket.hub import Hub
from isthmus.gateways.websocket.outbox import Gone, Outbox, TooSlow
from isthmus.gateways.websocket.protocol import HANG_UP
from isthmus.gateways.websocket.streams import Stream, Subject
from isthmus.kernel.ids import account_id
from isthmus.views.tape import INTERVALS_NS

UNAUTHENTICATED = 4001
FORBIDDEN = 4003
SLOW = 4008
TOO_MANY = 4029
ACCOUNT_CHANNELS = ("orders", "fills", "balances", "positions")
MARKET_CHANNELS = ("book", "trades", "quotes", "bars")
SUBSCRIBE_TOKENS = 2
"""What a subscription counts for besides its message: a snapshot is a page of rows."""
WATCHED_MAX = 16
"""Sessions whose orders end with one connection."""
CONNECTIONS_MAX = 4_096
"""Streams open at once, over all clients."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client may say."""

    op: Literal["auth", "subscribe", "unsubscribe", "ping", "cancel_on_disconnect"]
    id: int | None = None
    channel: str | None = None
    instrument: str | None = None
    account: str | None = None
    interval: str | None = None
    depth: int | None = None
    venue: str | None = None
    since: int | None = None
    key: str | None = None
    secret: str | None = None
    session: int | None = None


class Closing(Exception):
    """The server ends the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class StreamServer:
    """The ASGI application at /v1/stream."""

    def __init__(self, hub: Hub, reads: Reads, access: Access, disconnects: Disconnects) -> None:
        self.hub = hub
        self.disconnects = disconnects
        self.reads = reads
        self.access = access
        self.open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "websocket":
            body = b'{"reason":"not_found","detail":"this is a WebSocket"}'
            await send({"type": "http.response.start", "status": 426, "headers": [(b"upgrade", b"websocket")]})
            await send({"type": "http.response.body", "body": body})
            return
        await receive()
        await send({"type": "websocket.accept"})
        self.open += 1
        try:
            await Connection(self, scope, receive, send).run()
        finally:
            self.open -= 1


class Connection:
    """Reads messages, answers them, and is sent what it listens to."""

    def __init__(self, server: StreamServer, scope: Scope, receive: Receive, send: Send) -> None:
        limits = server.hub.limits
        self._server = server
        self._limits = limits
        self._scope = scope
        self._receive = receive
        self._send = send
        self._outbox = Outbox(limits.unsent_bytes, limits.unsent_s)
        self._listening: dict[Subject, Stream] = {}
        self._ends_with: dict[tuple[int, int], Asker] = {}
        self._identity: Identity | None = None
        self._decoder = msgspec.json.Decoder(Message)

    async def run(self) -> None:
        """Until the client goes or is closed."""
        tasks: list[asyncio.Task[None]] = []
        try:
            if self._server.open > CONNECTIONS_MAX:
                raise Closing(TOO_MANY, "too many streams are open")
            self._identity = self._by_cookie()
            tasks = [asyncio.create_task(work) for work in (self._read(), self._drain(), self._outbox.overflow())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except Gone:
            pass
        except TooSlow as slow:
            await self._close(SLOW, str(slow))
        except Closing as closing:
            await self._close(closing.code, closing.reason)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for stream in self._listening.values():
                stream.listeners.discard(self._outbox)
            for (account, session), asker in self._ends_with.items():
                self._server.disconnects.end(account, session, asker)

    def _by_cookie(self) -> Identity | None:
        headers = headers_of(self._scope)
        cookie = cookie_of(headers)
        if cookie is None:
            return None
        try:
            require_same_origin(headers)
        except Refusal as refusal:
            raise Closing(FORBIDDEN, refusal.detail) from None
        return self._server.access.keys.session(cookie)

    async def _drain(self) -> None:
        await self._outbox.drain(self._write)

    async def _write(self, frame: bytes) -> None:
        await self._send({"type": "websocket.send", "text": frame.decode()})

    async def _close(self, code: int, reason: str) -> None:
        if hang_up := self._scope.get(HANG_UP):
            hang_up(code, reason)
        else:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def _read(self) -> None:
        if self._identity is None:
            await self._authenticate()
        while True:
            message = await self._next()
            if message is not None:
                self._answer(message)

    async def _authenticate(self) -> None:
        try:
            async with asyncio.timeout(self._limits.auth_s):
                message = await self._next()
        except TimeoutError:
            raise Closing(UNAUTHENTICATED, f"no auth within {self._limits.auth_s} s") from None
        if message is None or message.op != "auth":
            raise Closing(UNAUTHENTICATED, "the first message is auth")
        try:
            self._identity = self._server.access.by_secret(message.key or "", message.secret or "")
        except Refusal as refusal:
            raise Closing(UNAUTHENTICATED, refusal.detail) from None
        self._say("ack", {"op": "auth", "id": message.id, "user": self._identity.name, "role": self._identity.role})

    async def _next(self) -> Message | None:
        """The next message; None if it was not readable, which the client was told."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise Gone
        raw = event.get("text") or event.get("bytes") or ""
        try:
            if self._identity is not None:
                self._server.access.charge(self._identity)
            if len(raw) > self._limits.message_bytes:
                most = self._limits.message_bytes
                raise Refusal(413, "body_too_large", f"a message has at most {most} bytes", limit=str(most))
            return self._decoder.decode(raw)
        except Refusal as refusal:
            self._refuse(refusal, None)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._refuse(Refusal(400, "malformed_request", str(error)), None)
        return None

    def _answer(self, message: Message) -> None:
        try:
            if message.op == "ping":
                self._say("ack", {"op": "ping", "id": message.id})
            elif message.op == "subscribe":
                self._subscribe(message)
            elif message.op == "unsubscribe":
                self._unsubscribe(message)
            elif message.op == "cancel_on_disconnect":
                self._watch(message)
            else:
                raise Refusal(400, "malformed_request", "this connection is authenticated already")
        except Refusal as refusal:
            self._refuse(refusal, message)

    def _subscribe(self, message: Message) -> None:
        assert self._identity is not None
        self._server.access.charge(self._identity, SUBSCRIBE_TOKENS)
        subject = self._subject(message)
        if subject not in self._listening and len(self._listening) >= self._limits.subscriptions:
            most = str(self._limits.subscriptions)
            raise Refusal(429, "rate_limited", f"at most {most} subscriptions a connection", limit=most)
        stream = self._server.hub.stream(subject)
        self._listening[subject] = stream
        self._outbox.send(stream.frame("ack", {"op": "subscribe", "id": message.id}))
        stream.catch_up(self._outbox, message.since)

    def _unsubscribe(self, message: Message) -> None:
        subject = self._subject(message)
        stream = self._listening.pop(subject, None)
        if stream is not None:
            stream.listeners.discard(self._outbox)
        self._say("ack", {"op": "unsubscribe", "id": message.id, "channel": message.channel})

    def _watch(self, message: Message) -> None:
        """When this connection ends, what the session placed is cancelled."""
        identity = self._identity
        assert identity is not None
        if identity.role == "auditor":
            raise Refusal(403, "forbidden", "an auditor changes nothing")
        session = session_of(message.session or 0)
        if session == 0:
            raise Refusal(400, "malformed_request", "session is 1 or more: that of the orders", field="session")
        key = self._server.reads.account(identity, message.account), session
        if key not in self._ends_with and len(self._ends_with) >= WATCHED_MAX:
            raise Refusal(429, "rate_limited", f"at most {WATCHED_MAX} sessions a connection", limit=str(WATCHED_MAX))
        self._ends_with[key] = Asker(identity, "websocket", msgspec.json.encode(message))
        said = {"op": "cancel_on_disconnect", "id": message.id, "account": account_id(key[0]), "session": session}
        self._say("ack", said)

    def _subject(self, message: Message) -> Subject:
        """What is meant. Raises Refusal when there is no such thing or he may not listen."""
        identity, channel = self._identity, message.channel or ""
        assert identity is not None
        if channel not in CHANNELS:
            words = ", ".join(CHANNELS)
            raise Refusal(400, "malformed_request", f"channel is one of: {words}", field="channel", value=channel)
        if channel in ACCOUNT_CHANNELS:
            return Subject(channel, account=account_id(self._server.reads.account(identity, message.account)))
        if channel == "journal" and identity.role not in ("operator", "auditor"):
            raise Refusal(403, "forbidden", "the journal is for operators and auditors", value=identity.role)
        if channel == "sessions" and identity.role in ("operator", "auditor"):
            return Subject(channel, desk=True)
        return self._market_subject(message, channel) if channel in MARKET_CHANNELS else Subject(channel)

    def _market_subject(self, message: Message, channel: str) -> Subject:
        symbol = self._server.reads.instrument(message.instrument or "").symbol
        if channel == "bars":
            interval = message.interval or "1m"
            if interval not in INTERVALS_NS:
                words = ", ".join(INTERVALS_NS)
                raise Refusal(
                    400, "malformed_request", f"interval is one of: {words}", field="interval", value=interval
                )
            return Subject(channel, instrument=symbol, interval=interval)
        if channel != "book":
            return Subject(channel, instrument=symbol)
        most = self._limits.book_levels
        depth = 20 if message.depth is None else message.depth
        if not 1 <= depth <= most:
            raise Refusal(400, "malformed_request", f"depth is from 1 to {most}", field="depth", value=str(depth))
        self._server.reads.venue(message.venue)
        return Subject(channel, instrument=symbol, depth=depth, venue=message.venue)

    def _say(self, kind: str, data: dict[str, Any]) -> None:
        self._outbox.send(msgspec.json.encode({"channel": None, "seq": None, "type": kind, "data": data}))

    def _refuse(self, refusal: Refusal, message: Message | None) -> None:
        data = {
            "id": message.id if message else None,
            "reason": refusal.reason,
            "detail": refusal.detail,
            "field": refusal.field,
            "value": refusal.value,
            "limit": refusal.limit,
        }
        channel = message.channel if message else None
        self._outbox.send(msgspec.json.encode({"channel": channel, "seq": None, "type": "error", "data": data}))
