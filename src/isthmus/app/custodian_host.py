"""A simulated custodian bank's host: files over HTTP by the order types of EBICS, as German, French and Swiss banks
take and hand them out (EBICS 2.5 annex 2, order types): CCT pain.001 up; CDZ pain.002, C52 camt.052, C53 camt.053, C54
camt.054, STA MT940 down. EBICS's own envelope, signatures and keys are left out: this host is for trials.

POST /orders/CCT     takes a pain.001: 200 with the order's number; the same message id is paid once
GET  /orders/TYPE    the oldest file of this type not receipted yet, its number in Order-Id; 204: there is none
POST /receipts/ID    the file was taken: it is not handed out again
POST /control/credit | fault | close | return    what a trial does to the bank (JSON)
GET  /control/state  accounts, balances, payments
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from isthmus.app.custody_messages import now_text, pain_002, payments_of, statement_mt940, statement_xml
from isthmus.gateways.iso20022 import statements as camt
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.values import NotANumber, TooFine, short_text, units
from isthmus.ledger.custody.simulated import FAULTS, Bank, Fault

ORDER_TYPES = ("CDZ", "C52", "C53", "C54", "STA")
BODY_BYTES_MAX = 1 << 20
OUR_BIC = "ISTHGB2L"

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class HostAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account that the bank keeps; `balance` is plain decimals at the first start."""

    number: Annotated[str, Meta(min_length=1, max_length=34, pattern="^[0-9A-Za-z-]+$")]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    owner: str = "Isthmus"
    balance: str = "0"


class HostSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A custodian bank. `statements`: the form of its final statements. `day_s`: a business day's length; 0: until
    midnight UTC.
    """

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,19}$")]
    bic: Annotated[str, Meta(pattern="^[A-Z0-9]{8}([A-Z0-9]{3})?$")]
    accounts: list[HostAccount]
    statements: Literal["camt", "mt940"] = "camt"
    day_s: Annotated[float, Meta(ge=0, le=86_400)] = 0
    decimals: dict[str, Annotated[int, Meta(ge=0, le=18)]] = {}


class Waiting(Struct):
    """A file that was not receipted."""

    number: int
    order_type: str
    content: str


class Kept(Struct):
    """All that a restart must find."""

    bank: Bank
    waiting: list[Waiting]
    orders: int


class Credit(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody pays to the account. `quiet`: no notice is sent."""

    account: str
    amount: str
    information: str = ""
    reference: str = "NONREF"
    quiet: bool = False


class Faulty(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong from now on; an empty list ends "silent" and "reject"."""

    faults: list[str]


class Returned(Struct, frozen=True, forbid_unknown_fields=True):
    """A payment by its message id comes back."""

    message: str


class Host:
    """One bank. The application answers on its own loop; state is written before an answer goes out."""

    def __init__(self, settings: HostSettings, folder: Path | None, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._file = folder / f"{settings.name}.json" if folder is not None else None
        self._kept = self._read() or Kept(Bank(name=settings.name, day=self._today()), [], 0)
        for one in settings.accounts:
            self.bank.open(one.number, one.currency, one.owner, self._units(one.balance, one.currency))

    @property
    def bank(self) -> Bank:
        return self._kept.bank

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock() // 1_000_000_000, UTC).date()

    def decimals(self, currency: str) -> int:
        return self.settings.decimals.get(currency, 2)

    def _units(self, written: str, currency: str) -> int:
        try:
            return units(written, self.decimals(currency))
        except (NotANumber, TooFine) as fault:
            raise BadInput("amount", f"{written} is no amount of {currency}") from fault

    def _read(self) -> Kept | None:
        if self._file is None or not self._file.exists():
            return None
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Kept)
        except msgspec.DecodeError as error:
            raise Damaged(f"{self._file}: {error}") from error

    def keep(self) -> None:
        """Write the state, all of it or nothing."""
        if self._file is not None:
            part = self._file.with_suffix(".part")
            part.write_bytes(msgspec.json.encode(self._kept))
            part.replace(self._file)

    def close_day(self) -> None:
        """Statements go out, the next day begins."""
        self.bank.day = max(self.bank.day, self._today())
        for one in self.bank.close_day():
            if self.settings.statements == "mt940":
                text = statement_mt940(one, self.settings.bic, OUR_BIC, self.decimals)
                self._hand_out("STA", text)
            else:
                self._hand_out("C53", statement_xml([one], camt.STATEMENT, now_text(self._clock()), self.decimals))
        self.bank.day = self._today()
        self.keep()

    def _hand_out(self, order_type: str, content: str) -> None:
        self._kept.orders += 1
        self._kept.waiting.append(Waiting(self._kept.orders, order_type, content))

    def _notify(self, *numbers: str) -> None:
        """What moved, as camt.054, and the day so far, as camt.052."""
        for number in numbers:
            if number in self.bank.accounts:
                report = self.bank.report(number)
                last = msgspec.structs.replace(report, lines=report.lines[-1:], opening=None, closing=None)
                made = now_text(self._clock())
                self._hand_out("C54", statement_xml([last], camt.NOTIFICATION, made, self.decimals))
                self._kept.waiting = [
                    one for one in self._kept.waiting if one.order_type != "C52" or f">{number}<" not in one.content
                ]
                self._hand_out("C52", statement_xml([report], camt.REPORT, made, self.decimals))

    def upload(self, data: bytes) -> int:
        """A pain.001: paid or refused at once, and told by files. Raises BadInput."""
        asked = payments_of(data, self.decimals)
        if not asked:
            raise BadInput("CdtTrfTxInf", "holds no payment")
        again = asked[0].message in self.bank.answers
        paid = self.bank.pay(asked)
        self._kept.orders += 1
        order = self._kept.orders
        answer = pain_002(paid, f"{self.bank.name[:10]}-{order}", now_text(self._clock()), self.settings.bic)
        self._hand_out("CDZ", answer)
        if not again:
            for one in paid:
                if one.status == "ACSC":
                    self._notify(one.asked.debtor, one.asked.creditor)
        self.keep()
        return order

    def download(self, order_type: str) -> Waiting | None:
        """The oldest that was not receipted."""
        return next((one for one in self._kept.waiting if one.order_type == order_type), None)

    def receipt(self, number: int) -> bool:
        """Whether there was such a file; it is gone."""
        before = len(self._kept.waiting)
        self._kept.waiting = [one for one in self._kept.waiting if one.number != number]
        self.keep()
        return len(self._kept.waiting) < before

    def control(self, name: str, data: bytes) -> Any:
        """What a trial does. Raises BadInput."""
        try:
            if name == "credit":
                return self._credit(msgspec.json.decode(data, type=Credit))
            if name == "fault":
                wanted = msgspec.json.decode(data, type=Faulty).faults
                if unknown := [one for one in wanted if one not in FAULTS]:
                    raise BadInput("faults", f"{unknown[0]} is none of {', '.join(FAULTS)}")
                self.bank.faults[:] = msgspec.convert(wanted, list[Fault])
            elif name == "return":
                line = self.bank.send_back(msgspec.json.decode(data, type=Returned).message)
                if line is None:
                    raise BadInput("message", "no such payment was made")
                debtor = self.bank.answers[msgspec.json.decode(data, type=Returned).message][0].asked.debtor
                self._notify(debtor)
            elif name == "close":
                self.close_day()
            else:
                raise BadInput("control", f"{name} is none of credit, fault, return, close")
        except msgspec.DecodeError as fault:
            raise BadInput("body", str(fault)) from fault
        self.keep()
        return {"ok": True}

    def _credit(self, wanted: Credit) -> Any:
        account = self.bank.accounts.get(wanted.account)
        if account is None:
            raise BadInput("account", f"there is no account {wanted.account}")
        amount = self._units(wanted.amount, account.currency)
        line = self.bank.credit(wanted.account, amount, wanted.reference, wanted.information)
        if not wanted.quiet:
            self._notify(wanted.account)
        self.keep()
        return {"ok": True, "bank_reference": line.bank_reference}

    def state(self) -> Any:
        """Accounts, balances, payments."""
        accounts = {
            one.number: short_text(one.balance, self.decimals(one.currency)) for one in self.bank.accounts.values()
        }
        paid = [
            {
                "message": one.asked.message,
                "reference": one.asked.end_to_end,
                "amount": short_text(one.asked.amount, self.decimals(one.asked.currency)),
                "currency": one.asked.currency,
                "creditor": one.asked.creditor,
                "status": one.status,
            }
            for answers in self.bank.answers.values()
            for one in answers
        ]
        return {"name": self.bank.name, "accounts": accounts, "payments": paid, "faults": self.bank.faults}

    async def application(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """ASGI. A silent bank takes the request and never answers, except to its control."""
        if scope["type"] != "http":
            return
        body = await _body(receive)
        path, method = scope["path"], scope["method"]
        if "silent" in self.bank.faults and not path.startswith("/control/"):
            await receive()
            return
        try:
            status, headers, content = self._answer(method, path, body)
        except BadInput as fault:
            content = msgspec.json.encode({"error": {"field": fault.field, "reason": fault.reason}})
            status, headers = 400, [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        _, _, rest = path.partition("/")
        kind, _, name = rest.partition("/")
        told = [(b"content-type", b"application/json")]
        if (method, kind, name) == ("POST", "orders", "CCT"):
            return 200, told, msgspec.json.encode({"order": self.upload(body)})
        if (method, kind) == ("GET", "orders") and name in ORDER_TYPES:
            found = self.download(name)
            if found is None:
                return 204, [], b""
            form = b"text/plain" if name == "STA" else b"application/xml"
            return 200, [(b"content-type", form), (b"order-id", str(found.number).encode())], found.content.encode()
        if (method, kind) == ("POST", "receipts") and name.isdecimal():
            return (200 if self.receipt(int(name)) else 404), told, b"{}"
        if (method, kind) == ("POST", "control"):
            return 200, told, msgspec.json.encode(self.control(name, body))
        if (method, path) == ("GET", "/control/state"):
            return 200, told, msgspec.json.encode(self.state())
        return 404, told, b"{}"


async def _body(receive: Receive) -> bytes:
    """Of the request, at most so long; the rest is dropped."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")[: BODY_BYTES_MAX + 1 - len(body)]
        more = message.get("more_body", False)
    return body
