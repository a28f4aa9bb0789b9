"""Handlers of client statements, and the shape of one. Who draws them is handed in."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from isthmus.gateways.amounts import own_account
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.http import JSON, Answer, Request
from isthmus.gateways.rest.routes import JOURNAL_ROLES
from isthmus.kernel.ids import account_id
from isthmus.refdata.directory import Directory

PDF = "application/pdf"
NO_STORE = (("cache-control", "no-store"),)


class StatementEntry(msgspec.Struct, frozen=True):
    """A posting, from the client's point of view; `balance` is that after it."""

    sequence: int
    time: str
    what: str
    amount: str
    balance: str


class StatementAsset(msgspec.Struct, frozen=True):
    """One asset over the period."""

    asset: str
    opening: str
    closing: str
    entries: list[StatementEntry]


class TradeConfirmation(msgspec.Struct, frozen=True):
    """A trade; `settles`: its value date, empty where nothing is left to settle. `corrected`: what became of it."""

    trade: str
    order: str
    time: str
    instrument: str
    side: str
    quantity: str
    price: str
    value: str
    fee: str
    asset: str
    venue: str
    settles: str
    corrected: str


class StatementHolding(msgspec.Struct, frozen=True):
    """A position at the end of the period."""

    instrument: str
    quantity: str
    mark: str | None
    value: str | None
    asset: str


class StatementInvoice(msgspec.Struct, frozen=True):
    """An invoice of the period, or one that was open at its end."""

    number: int
    day: str
    due: str
    asset: str
    total: str
    paid: str
    open: str


class StatementLogHead(msgspec.Struct, frozen=True):
    """The newest signed head of the audit log; `check` says what can be done with it later."""

    origin: str
    size: int
    sequence: int
    root: str
    time: str
    check: str


class ClientStatement(msgspec.Struct, frozen=True):
    """Of one account. `sequence` and `head`: the journal when it was drawn; `fees`: of the period, by asset. `log` is
    null where no audit log is kept.
    """

    account: str
    name: str
    opened: str
    closed: str
    after: int
    upto: int
    sequence: int
    head: str
    assets: list[StatementAsset]
    trades: list[TradeConfirmation]
    holdings: list[StatementHolding]
    fees: dict[str, str]
    invoices: list[StatementInvoice]
    log: StatementLogHead | None


class StatementReader(Protocol):
    """Draws statements. Points are a record's number or a time, None for the beginning and the end. Raises Refusal."""

    async def statement(
        self, account: str, span: tuple[str | None, str | None], format_: Literal["json", "pdf"]
    ) -> bytes:
        """Of an account by path or number: a ClientStatement as JSON, or the same on paper."""


class StatementHandlers:
    """Clients get their own account's; operators and auditors any, by path or id."""

    def __init__(self, statements: StatementReader, directory: Directory) -> None:
        self._statements = statements
        self._directory = directory

    async def statement(self, request: Request) -> Answer:
        """What happened to an account, for its owner."""
        query = request.query
        wanted = query.get("format", "json")
        if wanted not in ("json", "pdf"):
            raise Refusal(400, "malformed_request", "format is json or pdf", field="format", value=wanted)
        named = query.get("account")
        if request.known.role not in JOURNAL_ROLES or named is None:
            named = account_id(own_account(self._directory, request.known, named))
        format_: Literal["json", "pdf"] = "pdf" if wanted == "pdf" else "json"
        printed = await self._statements.statement(named, (query.get("from"), query.get("to")), format_)
        if format_ == "json":
            return Answer(200, printed, JSON, NO_STORE)
        return Answer(200, printed, PDF, (*NO_STORE, ("content-disposition", 'inline; filename="statement.pdf"')))
