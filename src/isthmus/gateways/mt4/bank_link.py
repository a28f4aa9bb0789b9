"""One call over HTTP or TLS, in a thread: a bank is called seldom, and its slowness stops nobody."""

from __future__ import annotations

import asyncio
import http.client
from urllib.parse import urlsplit

from isthmus.gateways.mt4.bank import Call, Reply
from isthmus.gateways.xmlguard.json_values import JSON_BYTES_MAX


class BankLink:
    """`send` is what `Bank` sends by. No redirect is followed, no cookie kept."""

    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        self._parts = urlsplit(url)
        self._token = token
        self._timeout_s = timeout_s

    async def send(self, call: Call) -> Reply:
        """Raises OSError when no answer came in time, or one that is no HTTP."""
        return await asyncio.wait_for(asyncio.to_thread(self._send, call), 2 * self._timeout_s)

    def _send(self, call: Call) -> Reply:
        secure = self._parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=self._timeout_s)
        headers = {
            "content-type": call.kind,
            "accept": "application/json, application/xml",
            "idempotency-key": call.key,
        }
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        try:
            connection.request("POST", self._parts.path.rstrip("/") + call.path, call.body, headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.getheader("content-type", ""), answer.read(JSON_BYTES_MAX + 1))
        except http.client.HTTPException as error:
            raise ConnectionError(f"no HTTP answer: {error!r}") from error
        finally:
            connection.close()
