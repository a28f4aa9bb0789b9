"""One call: who makes it, what it is answered, and every failure as a status with its problem."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any, TypeVar
from urllib.parse import unquote

import grpc
import msgspec
from google.protobuf.message import Message

from isthmus.gateways.access import Access, Asked
from isthmus.gateways.grpc.messages import read
from isthmus.gateways.problems import Refusal
from isthmus.gateways.submission import Asker

log = logging.getLogger(__name__)

CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ALREADY_EXISTS,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.FAILED_PRECONDITION,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
"""What a problem's status is here; others are INTERNAL."""
METHOD = "POST"
"""What a signature is made over names it, as of every gRPC call; the target is /package.Service/Method."""
OWN_METADATA = "isthmus-"
"""Of the metadata that says who asks: a browser's cookie is no way in here."""
PEER_NAME = "isthmus/"
"""The port names its end of a connection so, and its client's address last (crates/front/src/port/serving.rs)."""
TOKENS_A_STREAM = 2
"""What the beginning of a stream counts for: a snapshot is a page of rows."""

Given = TypeVar("Given", bound=Message)
Answering = Callable[[Given, Asker], Awaitable[Message]]
Streaming = Callable[[Given, Asker], AsyncIterator[bytes]]
Handlers = dict[str, Any]


class Calls:
    """Makes handlers of grpc of ours. They are given bytes: a signature and the journal are about what came."""

    def __init__(self, access: Access, on_answer: Callable[[str, int], None]) -> None:
        self._access = access
        self._on_answer = on_answer
        self._numbers = count(1)

    def unary(self, target: str, kind: type[Given], answer: Answering[Given]) -> Any:
        """A handler that answers once."""

        async def call(raw: bytes, context: Any) -> bytes:
            try:
                asker = self._asker(target, raw, context, 1)
                made: bytes = (await answer(read(raw, kind), asker)).SerializeToString()
            except (Refusal, sqlite3.OperationalError) as error:
                refusal = _refusal(error)
            except Exception:
                log.exception("%s failed", target)
                refusal = Refusal(500, "internal", "a bug: the log tells more")
            else:
                self._on_answer("GRPC", 200)
                return made
            return await self._abort(context, refusal)

        return grpc.unary_unary_rpc_method_handler(call)

    def stream(self, target: str, kind: type[Given], answer: Streaming[Given]) -> Any:
        """A handler that answers until the client goes or is cut."""

        async def call(raw: bytes, context: Any) -> None:
            try:
                asker = self._asker(target, raw, context, TOKENS_A_STREAM)
                self._on_answer("GRPC", 200)
                async for made in answer(read(raw, kind), asker):
                    await context.write(made)
                return
            except (Refusal, sqlite3.OperationalError) as error:
                refusal = _refusal(error)
            except Exception:
                log.exception("%s failed", target)
                refusal = Refusal(500, "internal", "a bug: the log tells more")
            await self._abort(context, refusal)

        return grpc.unary_stream_rpc_method_handler(call)

    def _asker(self, target: str, raw: bytes, context: Any, tokens: int) -> Asker:
        metadata = {str(name): value for name, value in context.invocation_metadata() if isinstance(value, str)}
        own = {name: value for name, value in metadata.items() if name.startswith(OWN_METADATA)}
        identity, _ = self._access.identify(Asked(METHOD, target, own, raw, address_in(context.peer())), tokens)
        return Asker(identity, "grpc", raw, metadata.get("idempotency-key"))

    async def _abort(self, context: Any, refusal: Refusal) -> bytes:
        self._on_answer("GRPC", refusal.status)
        problem = msgspec.json.encode(refusal.problem(f"grpc-{next(self._numbers)}"))
        told = (("isthmus-reason", refusal.reason), ("isthmus-problem-bin", problem))
        await context.abort(CODES.get(refusal.status, grpc.StatusCode.INTERNAL), refusal.detail, told)
        raise AssertionError("abort raises")


def address_in(peer: str) -> str:
    """The client's address in what grpc calls the peer: unix-abstract:isthmus/<process>/<number>/<address>."""
    _, _, name = unquote(peer).partition(":")
    return name.rsplit("/", 1)[-1] if name.startswith(PEER_NAME) else ""


def _refusal(error: Refusal | sqlite3.OperationalError) -> Refusal:
    return error if isinstance(error, Refusal) else Refusal(503, "keys_unavailable", f"keys.sqlite: {error}")
