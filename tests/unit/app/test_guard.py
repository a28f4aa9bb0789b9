"""A bug in a handler is answered and does not end the server."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import msgspec
import pytest

from isthmus.app.guard import guarded
from isthmus.gateways.rest.http import Receive, Scope, Send

Message = MutableMapping[str, Any]
SCOPE: Scope = {"type": "http", "path": "/v1/orders", "headers": [(b"x-request-id", b"mine")]}


async def nothing() -> Message:
    return {"type": "http.request"}


def asked(begins: bool) -> list[Message]:
    sent: list[Message] = []

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        if begins:
            await send({"type": "http.response.start", "status": 200})
        raise ZeroDivisionError

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(guarded(broken)(SCOPE, nothing, send))  # type: ignore[arg-type]
    return sent


def test_a_bug_is_a_problem_document_with_the_requests_id(caplog: pytest.LogCaptureFixture) -> None:
    start, body = asked(begins=False)
    assert start["status"] == 500
    problem = msgspec.json.decode(body["body"])
    assert (problem["reason"], problem["request_id"]) == ("internal", "mine")
    assert "ZeroDivisionError" in caplog.text


def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    with pytest.raises(ZeroDivisionError):
        asked(begins=True)


def test_a_stream_whose_client_went_in_the_middle_of_a_write_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    async def talking(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    async def gone(message: Message) -> None:
        raise ConnectionResetError

    asyncio.run(guarded(talking)({"type": "websocket", "path": "/v1/stream", "headers": []}, nothing, gone))  # type: ignore[arg-type]
    assert not caplog.records
