"""The way to a venue that takes signed REST requests: `venues.live.link.VenueLink` over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from isthmus.app.venue_http import HttpAnswer, HttpClient, Lost, NotSent
from isthmus.app.venue_keys import VenueKeys
from isthmus.kernel.clock import Clock
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.live.link import Reply
from isthmus.venues.wires.binance_orders import STALE
from isthmus.venues.wires.orders import VenueCall
from isthmus.venues.wires.signing import signed_query

NS_PER_MS = 1_000_000
TIME_PATH, LISTEN_PATH, DEPTH_PATH = "/fapi/v1/time", "/fapi/v1/listenKey", "/fapi/v1/depth"
LIMITED = (429, 418)
RETRY_S, RETRY_MAX_S = 1, 3_600
WAITING_MAX = 1_000
"""Requests under way; more are refused unsent."""


class _Code(msgspec.Struct):
    code: int = 0


class _Time(msgspec.Struct, rename="camel"):
    server_time: int


class _ListenKey(msgspec.Struct, rename="camel"):
    listen_key: str


class RestLink:
    """Signs and sends. The venue's clock is asked once and whenever it says that ours is wrong. After `429` nothing is
    sent until the venue wants to hear of us again.
    """

    def __init__(self, client: HttpClient, keys: VenueKeys, clock: Clock, receive_window_ms: int) -> None:
        self._client = client
        self._keys = keys
        self._clock = clock
        self._window_ms = receive_window_ms
        self._ahead_ms = 0
        self._until = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, call: VenueCall, then: Callable[[Reply], None]) -> None:
        """Sign and send in the background."""
        if len(self._tasks) >= WAITING_MAX:
            asyncio.get_running_loop().call_soon(then, Reply("not_sent", why="too many requests wait"))
            return
        task = asyncio.get_running_loop().create_task(self._sent(call, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sent(self, call: VenueCall, then: Callable[[Reply], None]) -> None:
        then(await self._reply(call))

    async def _reply(self, call: VenueCall) -> Reply:
        if self._clock() < self._until:
            return Reply("answered", LIMITED[0])
        query = signed_query(call.params, self._keys.secret, self._now_ms(), self._window_ms)
        try:
            answer = await self._asked(call.method, f"{call.path}?{query}")
            if _code(answer.body) == int(STALE):
                await self.set_clock()
        except NotSent as error:
            return Reply("not_sent", why=str(error))
        except Lost as error:
            return Reply("unknown", why=str(error))
        return Reply("answered", answer.status, answer.body)

    async def _asked(self, method: str, target: str) -> HttpAnswer:
        answer = await self._client.request(method, target, {"X-MBX-APIKEY": self._keys.key})
        if answer.status in LIMITED:
            text = answer.headers.get("retry-after", "")
            wait_s = min(int(text), RETRY_MAX_S) if text.isascii() and text.isdigit() else RETRY_S
            self._until = self._clock() + wait_s * NS_PER_S
        return answer

    def _now_ms(self) -> int:
        return self._clock() // NS_PER_MS + self._ahead_ms

    async def set_clock(self) -> None:
        """Ask for the venue's time, and take the middle of the way. Raises NotSent or Lost."""
        before = self._clock()
        answer = await self._client.request("GET", TIME_PATH, {})
        after = self._clock()
        try:
            told = msgspec.json.decode(answer.body, type=_Time).server_time
        except msgspec.DecodeError as error:
            raise Lost("the venue does not tell the time") from error
        self._ahead_ms = told - (before + after) // 2 // NS_PER_MS

    async def listen_key(self, method: str = "POST") -> str:
        """The key of the user stream, made (POST) or kept alive (PUT). Raises NotSent or Lost."""
        answer = await self._asked(method, LISTEN_PATH)
        try:
            return msgspec.json.decode(answer.body, type=_ListenKey).listen_key
        except msgspec.DecodeError as error:
            raise Lost(f"no listen key (HTTP {answer.status}, code {_code(answer.body)})") from error

    async def close(self) -> None:
        """Wait for what is under way; close the connections."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._client.close()


def _code(body: bytes) -> int:
    try:
        return msgspec.json.decode(body, type=_Code).code
    except msgspec.DecodeError:
        return 0
