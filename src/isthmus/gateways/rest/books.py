"""Handlers of the books of record, and the shapes of what they answer. Who keeps the books is handed in."""

from __future__ import annotations

from typing import Protocol

import msgspec

from isthmus.gateways.amounts import own_account
from isthmus.gateways.limits import Limits
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.rest.routes import JOURNAL_ROLES
from isthmus.kernel.ids import account_id
from isthmus.refdata.directory import Directory

PAGE_LINES = 100


class BookedBalance(msgspec.Struct, frozen=True):
    """One asset of an account. `balance` is negative for a debit; `as_expected`: it is on its account's normal side."""

    account: str
    path: str
    class_name: str = msgspec.field(name="class")
    side: str
    asset: str
    balance: str
    as_expected: bool


class BookedBalances(msgspec.Struct, frozen=True):
    """Behind record `sequence`."""

    sequence: int
    balances: list[BookedBalance]


class BookedTotal(msgspec.Struct, frozen=True):
    """All debits and credits of an asset, both above zero, their sum, which is zero, and the sum of each class."""

    asset: str
    debits: str
    credits: str
    sum: str
    classes: dict[str, str]


class TrialBalance(msgspec.Struct, frozen=True):
    """Behind record `sequence`. `ok`: every asset adds up to zero."""

    ok: bool
    sequence: int
    rows: list[BookedTotal]


class BookedLeg(msgspec.Struct, frozen=True):
    """The other leg of an exchange."""

    asset: str
    amount: str


class BookedLine(msgspec.Struct, frozen=True):
    """A posting as the account saw it; record `sequence` caused it."""

    sequence: int
    place: int
    time: str
    asset: str
    amount: str
    balance: str
    counterparty: str
    purpose: str
    against: BookedLeg | None


class BookedStatement(msgspec.Struct, frozen=True):
    """Behind record `after` to record `upto`. `complete`: false where there are more lines; the next page begins behind
    `upto`.
    """

    account: str
    path: str
    after: int
    upto: int
    opening: dict[str, str]
    lines: list[BookedLine]
    closing: dict[str, str]
    complete: bool


class ClientEarnings(msgspec.Struct, frozen=True):
    """From one account, by source."""

    account: str
    total: str
    sources: dict[str, str]


class AssetEarnings(msgspec.Struct, frozen=True):
    """`sources` and the totals of `clients` both add up to `total`; with `moved` it is the `change` of what is ours."""

    asset: str
    total: str
    moved: str
    change: str
    sources: dict[str, str]
    clients: list[ClientEarnings]


class Earnings(msgspec.Struct, frozen=True):
    """Behind record `after` to record `upto`."""

    after: int
    upto: int
    assets: list[AssetEarnings]


class BooksReader(Protocol):
    """Asks the books. Points are a record's number or a time, None for the end. Raises Refusal."""

    async def balances(self, at: str | None, path: str, account: int | None) -> BookedBalances:
        """Of accounts below a path, or of one account."""

    async def trial_balance(self, at: str | None) -> TrialBalance:
        """Of every asset."""

    async def statement(self, account: str, span: tuple[str | None, str | None], most: int) -> BookedStatement:
        """Of an account by path or number, so many lines at most."""

    async def earnings(self, span: tuple[str | None, str | None]) -> Earnings:
        """Of the firm."""


class BooksHandlers:
    """Clients see their own account; operators and auditors see every one, by path or id."""

    def __init__(self, books: BooksReader, directory: Directory, limits: Limits) -> None:
        self._books = books
        self._directory = directory
        self._limits = limits

    async def balances(self, request: Request) -> Answer:
        """What accounts have, now or at a point in time."""
        query = request.query
        if request.known.role in JOURNAL_ROLES and "account" not in query:
            return ok(await self._books.balances(query.get("at"), query.get("path", ""), None))
        account = own_account(self._directory, request.known, query.get("account"))
        return ok(await self._books.balances(query.get("at"), query.get("path", ""), account))

    async def trial_balance(self, request: Request) -> Answer:
        """Debits and credits of every asset."""
        return ok(await self._books.trial_balance(request.query.get("at")))

    async def statement(self, request: Request) -> Answer:
        """What happened to an account."""
        query, most = request.query, self._limits.page_rows
        named = query.get("account")
        if request.known.role not in JOURNAL_ROLES or named is None:
            named = account_id(own_account(self._directory, request.known, named))
        lines = whole_number(query, "limit", min(PAGE_LINES, most), 1, most)
        return ok(await self._books.statement(named, (query.get("from"), query.get("to")), lines))

    async def revenue(self, request: Request) -> Answer:
        """What the firm earned."""
        return ok(await self._books.earnings((request.query.get("from"), request.query.get("to"))))
