"""Handlers of client money: clients ask for withdrawals and see deposits, operators approve, reconcile and settle."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from isthmus.gateways import custody_shapes as own
from isthmus.gateways import shapes
from isthmus.gateways.amounts import account_number, amount_of, asset_of, own_account
from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.rest.routes import ALL_ROLES, JOURNAL_ROLES, OPERATOR_ONLY, TRADING_ROLES, Field, Route
from isthmus.gateways.submission import client_text
from isthmus.refdata.directory import Directory

ACCOUNT = Field("account", "traders, operators and auditors: the account that is meant")


class Keeper(Protocol):
    """Whoever keeps client money. Each may raise Refusal."""

    async def request(self, account: int, asked: own.NewWithdrawal, amount: int, user: str) -> own.Withdrawal: ...

    async def take_step(self, name: str, number: int, user: str, why: str = "") -> own.Withdrawal: ...

    def withdrawals(self, account: int | None) -> list[own.Withdrawal]: ...

    def address(self, account: int, asset: str) -> own.DepositAddress: ...

    def deposits(self, account: int) -> list[own.Deposit]: ...

    def suspense(self) -> list[own.Suspended]: ...

    async def assign(self, asked: own.Assigning, account: int) -> list[own.Suspended]: ...

    def breaks(self) -> list[own.BreakRow]: ...

    def settle(self, asked: own.Settling, user: str) -> list[own.BreakRow]: ...

    def reconciliation(self) -> own.Reconciliation: ...

    def moves(self) -> list[own.MoveRow]: ...

    def propose(self, asked: own.NewMove, amount: int, user: str) -> own.MoveRow: ...

    async def approve_move(self, number: int, user: str) -> own.MoveRow: ...

    def records(self) -> list[own.RecordRow]: ...

    def daily_record(self, number: int) -> own.DailyRecord | None: ...

    def make_record(self) -> own.DailyRecord: ...


class CustodyHandlers:
    """Added to the one table where money is kept at banks."""

    def __init__(self, keeper: Keeper, directory: Directory) -> None:
        self._keeper = keeper
        self._directory = directory

    def routes(self) -> tuple[Route, ...]:
        """Of clients, then of operators."""
        return (*self._client_routes(), *self._operator_routes())

    def _client_routes(self) -> tuple[Route, ...]:
        one = "/v1/withdrawals/{id}"
        where = (Field("asset", "currency"), ACCOUNT)
        return (
            Route(
                "POST", "/v1/withdrawals", self.request, "Ask for a withdrawal", own.Withdrawal, TRADING_ROLES,
                own.NewWithdrawal, 201,
            ),
            Route("GET", "/v1/withdrawals", self.listed, "Withdrawals, newest first", list[own.Withdrawal],
                  ALL_ROLES, fields=(ACCOUNT,)),
            Route("DELETE", one, self.cancel, "Cancel it before its release", own.Withdrawal, TRADING_ROLES),
            Route("GET", "/v1/deposits", self.deposits, "Deposits, newest first", list[own.Deposit],
                  ALL_ROLES, fields=(ACCOUNT,)),
            Route("GET", "/v1/deposits/address", self.address, "Where to pay to", own.DepositAddress,
                  ALL_ROLES, fields=where),
        )  # fmt: skip

    def _operator_routes(self) -> tuple[Route, ...]:
        base, one = "/v1/custody", "/v1/custody/withdrawals/{id}"
        nothing, rows = shapes.Nothing, list[own.MoveRow]
        read: tuple[tuple[str, Any, str, Any], ...] = (
            ("breaks", self.breaks, "Open breaks, oldest first", list[own.BreakRow]),
            ("reconciliation", self.reconciliation, "Reconcile now", own.Reconciliation),
            ("suspense", self.suspense, "Money whose client is not known", list[own.Suspended]),
            ("moves", self.moves, "Moves between our accounts, newest first", rows),
            ("records", self.records, "Daily records, oldest first", list[own.RecordRow]),
            ("records/{number}", self.record, "One of them", own.DailyRecord),
        )
        steps: tuple[tuple[str, Any, str, Any, Any], ...] = (
            (f"{one}/approve", self.approve, "Approve: the first of two operators", own.Withdrawal, nothing),
            (f"{one}/release", self.release, "Release: the second", own.Withdrawal, nothing),
            (f"{one}/refuse", self.refuse, "Refuse it before its release", own.Withdrawal, own.Refusing),
            (f"{base}/breaks/settle", self.settle, "Settle a break", list[own.BreakRow], own.Settling),
            (f"{base}/suspense/assign", self.assign, "Say whose it is", list[own.Suspended], own.Assigning),
            (f"{base}/moves", self.propose, "Propose a move", own.MoveRow, own.NewMove),
            (
                f"{base}/moves/{{id}}/approve",
                self.approve_move,
                "Approve it, then another releases",
                own.MoveRow,
                nothing,
            ),
            (f"{base}/records", self.make_record, "Make a record now", own.DailyRecord, nothing),
        )
        return (
            *(Route("GET", f"{base}/{path}", act, text, shape, JOURNAL_ROLES) for path, act, text, shape in read),
            *(Route("POST", path, act, text, shape, OPERATOR_ONLY, takes) for path, act, text, shape, takes in steps),
        )

    async def request(self, request: Request) -> Answer:
        """201 with the withdrawal, whose amount is held."""
        asked = body_as(request.body, own.NewWithdrawal)
        account = own_account(self._directory, request.known, asked.account)
        amount = amount_of(asked.amount, asset_of(self._directory, asked.asset))
        client_id = client_text(request.asker, asked.client_id, "client_id")
        asked = msgspec.structs.replace(asked, client_id=client_id or None)
        made = await self._keeper.request(account, asked, amount, request.known.name)
        return ok(made, status=201)

    async def listed(self, request: Request) -> Answer:
        """A client's own; all of them for those who see all and name no account."""
        return ok(self._keeper.withdrawals(self._account(request)))

    async def cancel(self, request: Request) -> Answer:
        """A client his own."""
        number = _number(request, "WD")
        if not request.known.sees_all:
            mine = {one.id for one in self._keeper.withdrawals(request.known.account)}
            if f"WD-{number}" not in mine:
                raise Refusal(404, "not_found", "there is no such withdrawal", field="id")
        return ok(await self._keeper.take_step("cancel", number, request.known.name))

    async def deposits(self, request: Request) -> Answer:
        """Of one account."""
        return ok(self._keeper.deposits(own_account(self._directory, request.known, request.query.get("account"))))

    async def address(self, request: Request) -> Answer:
        """The bank that answers and is furthest below its share."""
        account = own_account(self._directory, request.known, request.query.get("account"))
        return ok(self._keeper.address(account, request.query.get("asset", "")))

    async def approve(self, request: Request) -> Answer:
        """The first pair of eyes."""
        return await self._step(request, "approve")

    async def release(self, request: Request) -> Answer:
        """The second."""
        return await self._step(request, "release")

    async def _step(self, request: Request, name: str) -> Answer:
        body_as(request.body, shapes.Nothing)
        return ok(await self._keeper.take_step(name, _number(request, "WD"), request.known.name))

    async def refuse(self, request: Request) -> Answer:
        """With a reason."""
        why = body_as(request.body, own.Refusing).why
        return ok(await self._keeper.take_step("refuse", _number(request, "WD"), request.known.name, why))

    async def breaks(self, _: Request) -> Answer:
        """With age and words."""
        return ok(self._keeper.breaks())

    async def settle(self, request: Request) -> Answer:
        """One that would not end by itself."""
        return ok(self._keeper.settle(body_as(request.body, own.Settling), request.known.name))

    async def reconciliation(self, _: Request) -> Answer:
        """Internal and external, now."""
        return ok(self._keeper.reconciliation())

    async def suspense(self, _: Request) -> Answer:
        """With age."""
        return ok(self._keeper.suspense())

    async def assign(self, request: Request) -> Answer:
        """It is the client's at once."""
        asked = body_as(request.body, own.Assigning)
        return ok(await self._keeper.assign(asked, account_number(asked.account)))

    async def moves(self, _: Request) -> Answer:
        """All of them."""
        return ok(self._keeper.moves())

    async def propose(self, request: Request) -> Answer:
        """It waits for two other operators."""
        asked = body_as(request.body, own.NewMove)
        amount = amount_of(asked.amount, asset_of(self._directory, asked.currency, "currency"))
        return ok(self._keeper.propose(asked, amount, request.known.name))

    async def approve_move(self, request: Request) -> Answer:
        """The first approves, the second releases."""
        body_as(request.body, shapes.Nothing)
        return ok(await self._keeper.approve_move(_number(request, "MV"), request.known.name))

    async def records(self, _: Request) -> Answer:
        """Numbers, days and hashes."""
        return ok(self._keeper.records())

    async def record(self, request: Request) -> Answer:
        """Whole, with its text."""
        written = request.parameters["number"]
        found = self._keeper.daily_record(int(written)) if written.isdecimal() and len(written) < 10 else None
        if found is None:
            raise Refusal(404, "not_found", "there is no such record", field="number", value=written)
        return ok(found)

    async def make_record(self, request: Request) -> Answer:
        """Beside those that are made at the end of each day."""
        body_as(request.body, shapes.Nothing)
        return ok(self._keeper.make_record())

    def _account(self, request: Request) -> int | None:
        known: Identity = request.known
        named = request.query.get("account")
        return None if known.sees_all and named is None else own_account(self._directory, known, named)


def _number(request: Request, kind: str) -> int:
    """Of "WD-7". Raises Refusal 404."""
    written = request.parameters["id"]
    head, _, digits = written.partition("-")
    if head != kind or not digits.isdecimal() or len(digits) > 18:
        raise Refusal(404, "not_found", f"looks like {kind}-7", field="id", value=written)
    return int(digits)
