"""The WebSocket conversations of the protocol: trade updates, and market data of two kinds of markets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from isthmus.gateways.access import Access
from isthmus.gateways.alpaca.feed import LETTERS, Feed, Message, array_of
from isthmus.gateways.alpaca.symbols import EQUITY, class_of
from isthmus.gateways.alpaca.updates import STREAM, Updates
from isthmus.gateways.alpaca.wire import Said, Wire
from isthmus.gateways.keys import Identity
from isthmus.gateways.limits import StreamLimits
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.rest.http import Receive, Scope, Send, headers_of
from isthmus.gateways.websocket.session import CONNECTIONS_MAX, FORBIDDEN, TOO_MANY, UNAUTHENTICATED, Closing

NO_STREAM = 4004
MSGPACK = "application/msgpack"
EVERYTHING = "*"
SILENT_CHANNELS = ("statuses", "lulds", "corrections", "cancelErrors", "news")
"""Channels that are taken and never say anything."""
_json = msgspec.json.Encoder()


class Talks:
    """Opens the conversation that a path stands for."""

    def __init__(self, updates: Updates, feed: Feed, access: Access, reads: Reads, limits: StreamLimits) -> None:
        self.updates = updates
        self.feed = feed
        self.access = access
        self.reads = reads
        self._limits = limits
        self._open = 0

    async def talk(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Until the client goes or is closed."""
        conversation = self._conversation(path, Wire(scope, receive, send, self._limits), scope)
        await receive()
        await send({"type": "websocket.accept"})
        self._open += 1
        try:
            await conversation.run(full=self._open > CONNECTIONS_MAX)
        finally:
            self._open -= 1

    def _conversation(self, path: str, wire: Wire, scope: Scope) -> Conversation:
        parts = path.strip("/").split("/")
        if parts == ["stream"]:
            return OrderTalk(self, wire)
        if len(parts) == 2 and parts[0] == "v2":
            return DataTalk(self, wire, headers_of(scope), shares=True)
        if len(parts) == 3 and parts[:2] == ["v1beta3", "crypto"]:
            return DataTalk(self, wire, headers_of(scope), shares=False)
        return Nowhere(self, wire)


class Conversation:
    """What is common: who it is, and messages that are no messages."""

    def __init__(self, talks: Talks, wire: Wire) -> None:
        self._talks = talks
        self._wire = wire
        self._identity: Identity | None = None

    async def run(self, full: bool) -> None:
        """Until the client goes or is closed; `full` if too many are open."""
        try:
            await self._wire.run(self._refused if full else self._talk)
        finally:
            self._leave()

    async def _refused(self) -> None:
        raise Closing(TOO_MANY, "connection limit exceeded")

    async def _talk(self) -> None:
        """Listen and answer."""
        raise Closing(NO_STREAM, "no stream at this path")

    def _leave(self) -> None:
        """It is over."""

    async def _heard(self) -> dict[str, Any] | None:
        """The next message; None for one that cannot be read. Raises Refusal 429 above the rate."""
        said = await self._wire.next()
        if self._identity is not None:
            self._talks.access.charge(self._identity)
        return decoded(said)


class Nowhere(Conversation):
    """Closes with a reason."""


class OrderTalk(Conversation):
    """/stream: JSON; answers as the client speaks, in text or binary frames."""

    _account: int | None = None

    async def _talk(self) -> None:
        try:
            async with asyncio.timeout(self._wire.limits.auth_s):
                while self._account is None:
                    self._authenticate(await self._said())
        except TimeoutError:
            raise Closing(UNAUTHENTICATED, f"not authenticated within {self._wire.limits.auth_s} s") from None
        while True:
            try:
                self._answer(await self._said())
            except Refusal as refusal:
                self._say("error", {"code": refusal.status, "message": refusal.detail})

    async def _said(self) -> dict[str, Any]:
        said = await self._wire.next()
        self._wire.binary = isinstance(said, bytes)
        if self._identity is not None:
            self._talks.access.charge(self._identity)
        message = decoded(said, packed=False)
        return message if message is not None else {}

    def _authenticate(self, message: Mapping[str, Any]) -> None:
        """{"action":"authenticate","data":{"key_id","secret_key"}} or {"action":"auth","key","secret"}."""
        given = message.get("data")
        data: Mapping[str, Any] = given if isinstance(given, dict) else message
        key, secret = data.get("key_id") or data.get("key"), data.get("secret_key") or data.get("secret")
        try:
            self._identity = self._talks.access.by_secret(str(key), str(secret))
            self._account = self._talks.reads.account(self._identity, None)
        except Refusal as refusal:
            answer = {"status": "unauthorized", "action": "authenticate", "message": refusal.detail}
            self._say("authorization", answer)
            raise Closing(UNAUTHENTICATED, refusal.detail) from None
        self._say("authorization", {"status": "authorized", "action": "authenticate"})

    def _answer(self, message: Mapping[str, Any]) -> None:
        if message.get("action") in ("authenticate", "auth"):
            self._say("authorization", {"status": "authorized", "action": "authenticate"})
            return
        data = message.get("data")
        streams = data.get("streams") if isinstance(data, dict) else None
        if message.get("action") != "listen" or not isinstance(streams, list):
            raise Refusal(400, "malformed_request", 'say {"action":"listen","data":{"streams":["trade_updates"]}}')
        assert self._account is not None
        self._say("listening", {"streams": [name for name in streams if name == STREAM]})
        if STREAM in streams:
            self._talks.updates.listen(self._account, self._wire.outbox)
        else:
            self._talks.updates.leave(self._account, self._wire.outbox)

    def _say(self, stream: str, data: dict[str, Any]) -> None:
        self._wire.outbox.send(_json.encode({"stream": stream, "data": data}))

    def _leave(self) -> None:
        if self._account is not None:
            self._talks.updates.leave(self._account, self._wire.outbox)


class DataTalk(Conversation):
    """/v2/{feed} for shares, /v1beta3/crypto/{feed} for the rest: the server speaks first."""

    def __init__(self, talks: Talks, wire: Wire, headers: Mapping[str, str], shares: bool) -> None:
        super().__init__(talks, wire)
        self._headers = headers
        self._shares = shares
        self._packed = headers.get("content-type") == MSGPACK
        self._wanted: dict[str, set[str]] = {}
        wire.binary = self._packed

    def wants(self, message: Message) -> bool:
        """Subscriber."""
        names = self._wanted.get(message.channel, ())
        return (EVERYTHING in names or message.symbol in names) and message.is_share == self._shares

    def tell(self, messages: list[Message]) -> None:
        """Subscriber."""
        self._wire.outbox.send(array_of([message.encoded(self._packed) for message in messages], self._packed))

    def wants_book(self, symbol: str) -> bool:
        """Subscriber."""
        names = self._wanted.get("orderbooks", ())
        return symbol in names or EVERYTHING in names

    async def _talk(self) -> None:
        self._say({"T": "success", "msg": "connected"})
        if "apca-api-key-id" in self._headers:
            self._open(self._headers["apca-api-key-id"], self._headers.get("apca-api-secret-key"))
        try:
            async with asyncio.timeout(self._wire.limits.auth_s):
                while self._identity is None:
                    self._authenticate(await self._heard())
        except TimeoutError:
            self._fail(404, "auth timeout")
            raise Closing(UNAUTHENTICATED, "auth timeout") from None
        self._talks.feed.subscribers.add(self)
        while True:
            try:
                self._answer(await self._heard())
            except Refusal as refusal:
                self._fail(400 if refusal.status != 429 else 429, refusal.detail)

    def _authenticate(self, message: dict[str, Any] | None) -> None:
        if message is None:
            self._fail(400, "invalid syntax")
        elif message.get("action") != "auth":
            self._fail(401, "not authenticated")
        else:
            self._open(message.get("key"), message.get("secret"))

    def _open(self, key: Any, secret: Any) -> None:
        try:
            self._identity = self._talks.access.by_secret(str(key), str(secret))
        except Refusal:
            self._fail(402, "auth failed")
            raise Closing(FORBIDDEN, "auth failed") from None
        self._say({"T": "success", "msg": "authenticated"})

    def _answer(self, message: dict[str, Any] | None) -> None:
        action = message.get("action") if message is not None else None
        if message is None:
            self._fail(400, "invalid syntax")
        elif action == "auth":
            self._fail(403, "already authenticated")
        elif action in ("subscribe", "unsubscribe"):
            self._change(message, action == "subscribe")
        else:
            self._fail(400, "action is subscribe or unsubscribe")

    def _change(self, message: dict[str, Any], more: bool) -> None:
        asked = {channel: message.get(channel) or [] for channel in (*LETTERS, *SILENT_CHANNELS)}
        if not all(isinstance(names, list) and all(isinstance(n, str) for n in names) for names in asked.values()):
            raise Refusal(410, "malformed_request", "invalid subscribe action for this feed: a list of symbols")
        unknown = sorted({name for names in asked.values() for name in names if not self._is_known(name)})
        most = self._wire.limits.subscriptions
        if more and sum(map(len, asked.values())) + sum(map(len, self._wanted.values())) > most + len(unknown):
            self._fail(405, f"symbol limit exceeded: at most {most}")
            return
        books = self._set(asked, more)
        if unknown:
            self._fail(400, f"invalid symbol: {', '.join(unknown)}"[: self._wire.limits.message_bytes])
        self._say({"T": "subscription", **{name: sorted(self._wanted.get(name, ())) for name in self._channels()}})
        if books:
            self.tell(books)

    def _set(self, asked: dict[str, list[str]], more: bool) -> list[Message]:
        """Take the symbols in or out; the whole books that a new subscriber gets first."""
        books: list[Message] = []
        for channel, names in asked.items():
            known = {self._name(name) for name in names if self._is_known(name)}
            before = self._wanted.setdefault(channel, set())
            if more and channel == "orderbooks":
                books += [self._talks.feed.whole_book(row) for row in self._rows(known - before)]
            self._wanted[channel] = before | known if more else before - known
        return books

    def _rows(self, names: set[str]) -> list[Any]:
        symbols = self._talks.feed.symbols
        rows = [row for row in symbols.all() if (class_of(row) == EQUITY) == self._shares]
        return [row for row in rows if EVERYTHING in names or symbols.name(row.number) in names]

    def _is_known(self, name: str) -> bool:
        found = self._talks.feed.symbols.find(name)
        return name == EVERYTHING or (found is not None and (class_of(found) == EQUITY) == self._shares)

    def _name(self, name: str) -> str:
        found = self._talks.feed.symbols.find(name)
        return name if found is None else self._talks.feed.symbols.name(found.number)

    def _channels(self) -> tuple[str, ...]:
        if self._shares:
            return ("trades", "quotes", "bars", "updatedBars", "dailyBars", *SILENT_CHANNELS[:-1])
        return tuple(LETTERS)

    def _fail(self, code: int, text: str) -> None:
        self._say({"T": "error", "code": code, "msg": text})

    def _say(self, message: dict[str, Any]) -> None:
        encode = msgspec.msgpack.encode if self._packed else msgspec.json.encode
        self._wire.outbox.send(encode([message]))

    def _leave(self) -> None:
        self._talks.feed.subscribers.discard(self)


def decoded(said: Said, packed: bool = True) -> dict[str, Any] | None:
    """A message as an object: JSON, or MessagePack in a binary frame. None for anything else."""
    try:
        if packed and isinstance(said, bytes) and not said.lstrip().startswith(b"{"):
            return msgspec.msgpack.decode(said, type=dict[str, Any])
        return msgspec.json.decode(said, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
