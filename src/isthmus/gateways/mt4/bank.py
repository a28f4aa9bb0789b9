"""Calls to a bank's API: payments and order statuses out, answers in, each call exactly one in the bank's books.

A call has an Idempotency-Key that is made of what it is about, so that one sent again is known to be the same; it is
sent again after a lost connection, a timeout, 408, 429 or 5xx, each time later than the time before. Answers are JSON
or XML and come in through the filter.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from isthmus.gateways.mt4.codec import bank_answer_of
from isthmus.gateways.mt4.messages import BankAnswer, Payment, StatusNotice
from isthmus.gateways.mt4.payment_document import payment_document
from isthmus.gateways.xmlguard.json_values import safe_json
from isthmus.gateways.xmlguard.stops import Stopped
from isthmus.kernel.errors import IsthmusError

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses of HTTP that say nothing about the call itself."""
_JSON, _XML = "application/json", "application/xml"


class BankSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the bank's API is and how patiently it is called. `url` is empty where there is none."""

    url: Annotated[str, Meta(pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._/-]*)?)?$")]
    token_file: str
    tries: Annotated[int, Meta(ge=1, le=20)]
    pause_s: Annotated[float, Meta(gt=0, le=60)]
    timeout_s: Annotated[float, Meta(gt=0, le=60)]


class Call(msgspec.Struct, frozen=True):
    """One call: the path below the bank's URL, the key that names it, the body and its type."""

    path: str
    key: str
    body: bytes
    kind: str


class Reply(msgspec.Struct, frozen=True):
    """What came back, as it came."""

    status: int
    kind: str
    body: bytes


Send = Callable[[Call], Awaitable[Reply]]
"""Sends once. Raises OSError (a TimeoutError too) when no answer came."""
Pause = Callable[[float], Awaitable[None]]


class BankUnreachable(IsthmusError):
    """No try had an answer."""


class BankRefused(IsthmusError):
    """The bank said no, or something that cannot be an answer; sending it again would not help."""


class Bank:
    """Calls with retries. Owns neither clock nor socket."""

    def __init__(self, send: Send, pause: Pause, settings: BankSettings) -> None:
        self._send = send
        self._pause = pause
        self._settings = settings

    async def pay(self, payment: Payment, created: str) -> BankAnswer:
        """The bank's answer to a payment. Raises Stopped (ours), BankRefused, BankUnreachable."""
        document = payment_document(payment, created)
        return await self._call(Call("/payments", f"payment-{payment.reference}", document, _XML))

    async def tell(self, notice: StatusNotice) -> BankAnswer:
        """The bank's answer to the state of an order. Raises BankRefused, BankUnreachable."""
        key = f"order-{notice.order}-{notice.status.lower()}-{notice.filled}"
        return await self._call(Call("/orders/status", key, msgspec.json.encode(notice), _JSON))

    async def _call(self, call: Call) -> BankAnswer:
        why = "no try was made"
        for number in range(self._settings.tries):
            if number:
                await self._pause(self._settings.pause_s * 2 ** (number - 1))
            try:
                reply = await self._send(call)
            except OSError as error:
                why = str(error) or type(error).__name__
                continue
            if reply.status not in AGAIN:
                return answer_of(reply)
            why = f"HTTP {reply.status}"
        raise BankUnreachable(f"{call.key}: {self._settings.tries} tries, the last one: {why}")


def answer_of(reply: Reply) -> BankAnswer:
    """The answer of a reply that is one. Raises BankRefused."""
    if not 200 <= reply.status < 300:
        raise BankRefused(f"HTTP {reply.status}")
    try:
        if reply.kind.partition(";")[0].strip().lower() in (_XML, "text/xml"):
            return bank_answer_of(reply.body)
        return msgspec.convert(safe_json(reply.body), BankAnswer)
    except Stopped as stop:
        raise BankRefused(f"the answer was stopped: {stop}") from stop
    except msgspec.ValidationError as error:
        raise BankRefused(f"the answer is none: {error}") from error
