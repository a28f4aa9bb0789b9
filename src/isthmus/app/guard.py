"""The last resort of a request: a bug in a handler becomes a problem document and a log entry; the server goes on."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.http import Receive, Scope, Send, headers_of, send_answer
from isthmus.gateways.rest.server import Application, problem_answer

log = logging.getLogger(__name__)
UNNUMBERED = "req-0"
"""The request id of an answer to a request whose own is lost."""


def guarded(application: Application) -> Application:
    """The application, with every bug of an HTTP request answered by 500 `internal` unless an answer has begun."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await application(scope, receive, watched)
        except Exception as error:
            if scope["type"] == "websocket" and isinstance(error, OSError):
                return  # who was to be told has gone
            log.exception("%s %s failed", scope["type"], scope["path"])
            if begun or scope["type"] != "http":
                raise
            request_id = headers_of(scope).get("x-request-id", UNNUMBERED)
            refusal = Refusal(500, "internal", "a bug: the log tells more")
            await send_answer(scope, send, problem_answer(refusal, request_id), (("x-request-id", request_id),))

    return serve
