"""The line to one custodian bank: instructions go up, answers, notices and statements come down, each receipted once it
is on our disk. What a bank sends twice, or what is sent twice to it, changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Awaitable, Callable

from isthmus.app.custody_messages import answers_of, pain_001, values_of
from isthmus.app.custody_settings import CustodianTerms, minor_units
from isthmus.app.output import note
from isthmus.app.venue_http import HttpAnswer, HttpClient, Lost, NotSent
from isthmus.gateways.problems import Refusal
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import BadInput
from isthmus.ledger.custody.keeping import ClientMoney
from isthmus.ledger.custody.store import Instruction

XML = {"Content-Type": "application/xml"}
FILES_AT_ONCE = 100
REFUSED = range(400, 500)


class BankLine:
    """`durable` returns when everything staged so far is in the journal: no instruction leaves before."""

    def __init__(
        self, name: str, terms: CustodianTerms, money: ClientMoney, clock: Clock, durable: Callable[[], Awaitable[None]]
    ) -> None:
        self._name = name
        self._terms = terms
        self._money = money
        self._clock = clock
        self._durable = durable
        self.timeout_s = 10.0
        self._http: HttpClient | None = None
        final = "C53" if terms.statements == "camt" else "STA"
        self._types = ("CDZ", "C54", "C52", final)

    def open(self, timeout_s: float) -> None:
        """Raises BadInput for a URL that is none."""
        self._http = HttpClient(self._terms.url, f"custody.banks.{self._name}.url", timeout_s)

    async def run(self, poll_s: float) -> None:
        """For ever."""
        while True:
            await self.turn()
            await asyncio.sleep(poll_s)

    async def turn(self) -> None:
        """Once up and down."""
        try:
            for one in self._money.waiting(self._name):
                await self._tell(one)
            for order_type in self._types:
                await self._fetch(order_type)
        except (NotSent, Lost):
            self._money.statements.not_answered(self._name, self._clock())
        except (Refusal, sqlite3.OperationalError) as fault:
            note(f"custody     {self._name} waits: {fault}")

    async def _tell(self, one: Instruction) -> None:
        terms = self._money.terms
        try:
            text = pain_001(one, self._terms.bic, terms.house, lambda currency: terms.decimals[currency])
        except BadInput as fault:
            self._money.leaving(one.message)
            self._money.answered(one.message, False, f"cannot be written: {fault}", self._clock())
            return
        await self._durable()
        self._money.leaving(one.message)
        try:
            answer = await self._ask("POST", "/orders/CCT", text.encode())
        except NotSent:
            self._money.not_sent(one.message)
            raise
        if answer.status == 200:
            self._money.given(one.message)
        elif answer.status in REFUSED:
            why = answer.body.decode("utf-8", "replace")[:200]
            self._money.answered(one.message, False, f"refused by the host: {why}", self._clock())

    async def _fetch(self, order_type: str) -> None:
        for _ in range(FILES_AT_ONCE):
            answer = await self._ask("GET", f"/orders/{order_type}")
            if answer.status != 200:
                return
            self._take(order_type, answer.body)
            await self._ask("POST", f"/receipts/{answer.headers.get('order-id', '0')}")

    def _take(self, order_type: str, data: bytes) -> None:
        at = self._clock()
        try:
            if order_type == "CDZ":
                for told in answers_of(data):
                    if told.paid is not None:
                        self._money.answered(told.message, told.paid, told.words, at)
                return
            found, refused = values_of(self._name, data, self._places)
            for one in found:
                self._money.take(one, at)
            if refused:
                raise BadInput(order_type, "; ".join(refused))
        except BadInput as fault:
            digest = hashlib.sha256(data).hexdigest()
            self._money.statements.unreadable(self._name, digest, str(fault), at)
        if order_type in ("C53", "STA"):
            self._money.statements.reconcile(at)

    def _places(self, currency: str) -> int:
        places = self._money.terms.decimals.get(currency, minor_units(currency))
        if places is None:
            raise BadInput("currency", f"{currency} is no currency of ISO 4217")
        return places

    async def _ask(self, method: str, target: str, body: bytes = b"") -> HttpAnswer:
        assert self._http is not None, "the line is open"
        answer = await self._http.request(method, target, XML if body else {}, body)
        if answer.status >= 500:
            raise Lost(f"status {answer.status}")
        self._money.statements.answered(self._name, self._clock())
        return answer

    def close(self) -> None:
        """Close connections."""
        if self._http is not None:
            self._http.close()
