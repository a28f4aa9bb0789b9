"""One WebSocket connection: bounded both ways, and ended with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from isthmus.gateways.limits import StreamLimits
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.http import Receive, Scope, Send
from isthmus.gateways.websocket.outbox import Gone, Outbox, TooSlow
from isthmus.gateways.websocket.protocol import HANG_UP
from isthmus.gateways.websocket.session import SLOW, UNAUTHENTICATED, Closing

Said = bytes | str
REST_S = 1.0
"""How long what was said before a close may take to be sent."""
REST_STEP_S = 0.01


class Wire:
    """`binary` says how frames go out; a conversation reads with `next` and writes with `outbox.send`."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: StreamLimits) -> None:
        self.outbox = Outbox(limits.unsent_bytes, limits.unsent_s)
        self.binary = False
        self.limits = limits
        self._scope = scope
        self._receive = receive
        self._send = send

    async def run(self, conversation: Callable[[], Awaitable[None]]) -> None:
        """Until the client goes or is closed."""
        works = (conversation(), self.outbox.drain(self._write), self.outbox.overflow())
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except Gone:
            pass
        except TooSlow as slow:
            self._hang_up(SLOW, str(slow))
        except Closing as closing:
            await self._say_the_rest()
            self._hang_up(closing.code, closing.reason)
        except Refusal as refusal:
            self._hang_up(UNAUTHENTICATED, refusal.detail)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def next(self) -> Said:
        """What the client says. Raises Gone, or Refusal for a message that is too long."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise Gone
        text, raw = event.get("text"), event.get("bytes")
        said: Said = text if text is not None else raw or b""
        if len(said) > self.limits.message_bytes:
            most = str(self.limits.message_bytes)
            raise Refusal(413, "body_too_large", f"a message has at most {most} bytes", limit=most)
        return said

    async def _say_the_rest(self) -> None:
        for _ in range(int(REST_S / REST_STEP_S)):
            if not self.outbox.unsent_bytes:
                return
            await asyncio.sleep(REST_STEP_S)

    async def _write(self, frame: bytes) -> None:
        if self.binary:
            await self._send({"type": "websocket.send", "bytes": frame})
        else:
            await self._send({"type": "websocket.send", "text": frame.decode()})

    def _hang_up(self, code: int, reason: str) -> None:
        self._scope[HANG_UP](code, reason)
