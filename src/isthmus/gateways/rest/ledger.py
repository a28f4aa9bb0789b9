"""Handlers of the ledger: accounts with their paths, moves by purpose, pending transfers, exchanges."""

from __future__ import annotations

from isthmus.engine.engine import content_id
from isthmus.gateways import ledger_shapes
from isthmus.gateways.amounts import account_number, amount_of, asset_of
from isthmus.gateways.instructions import time_of
from isthmus.gateways.problems import Refusal
from isthmus.gateways.refusals import DETAILS
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.rest.operator import OperatorHandlers
from isthmus.gateways.submission import client_text
from isthmus.kernel.ids import account_id, number_of, record_id
from isthmus.kernel.messages import PURPOSE_NUMBERS, Exchange, Move, MovePending, PostPending, VoidPending
from isthmus.kernel.values import text, time_text
from isthmus.refdata.directory import Directory
from isthmus.views.holdings import PendingRow
from isthmus.views.views import Views


class LedgerHandlers:
    """Each command makes a sequenced record; `house` sends it and answers with its effects."""

    def __init__(self, house: OperatorHandlers, directory: Directory, views: Views) -> None:
        self._house = house
        self._directory = directory
        self._views = views

    async def accounts(self, _: Request) -> Answer:
        """All accounts by number."""
        rows = sorted(self._directory.accounts.values(), key=lambda row: row.number)
        return ok(
            [ledger_shapes.LedgerAccount(account_id(row.number), row.path, row.kind_name, row.wall) for row in rows]
        )

    async def pending(self, _: Request) -> Answer:
        """Transfers that wait, oldest first."""
        return ok([self._shown(row) for row in self._views.holdings.pending()])

    async def move(self, request: Request) -> Answer:
        """At once."""
        wanted = body_as(request.body, ledger_shapes.MoneyMove)
        said = client_text(request.asker, wanted.client_id, "client_id")
        command = Move(**self._terms(wanted), client_id=_client_id(said))
        return await self._house.do(request, command, None, said)

    async def move_pending(self, request: Request) -> Answer:
        """Held, to be posted or voided."""
        wanted = body_as(request.body, ledger_shapes.PendingMove)
        said = client_text(request.asker, wanted.client_id, "client_id")
        command = MovePending(
            **self._terms(wanted), client_id=_client_id(said), expire=time_of(wanted.expires_at, "expires_at")
        )
        return await self._house.do(request, command, None, said)

    async def post_pending(self, request: Request) -> Answer:
        """All of it, or a part, which voids the rest."""
        wanted = body_as(request.body, ledger_shapes.PendingPost)
        said = client_text(request.asker, wanted.client_id, "client_id")
        transfer = _transfer(wanted.transfer)
        amount = self._part(transfer, wanted) if wanted.amount is not None else 0
        command = PostPending(transfer=transfer, amount=amount, client_id=_client_id(said))
        return await self._house.do(request, command, None, said)

    async def void_pending(self, request: Request) -> Answer:
        """None of it."""
        wanted = body_as(request.body, ledger_shapes.PendingVoid)
        said = client_text(request.asker, wanted.client_id, "client_id")
        command = VoidPending(transfer=_transfer(wanted.transfer), client_id=_client_id(said))
        return await self._house.do(request, command, None, said)

    async def exchange(self, request: Request) -> Answer:
        """Through house:fx, at the amounts that are given."""
        wanted = body_as(request.body, ledger_shapes.MoneyExchange)
        said = client_text(request.asker, wanted.client_id, "client_id")
        sold = asset_of(self._directory, wanted.sell_asset, "sell_asset")
        bought = asset_of(self._directory, wanted.buy_asset, "buy_asset")
        command = Exchange(
            account=account_number(wanted.account),
            sell_asset=sold.number,
            sell_amount=amount_of(wanted.sell_amount, sold, "sell_amount"),
            buy_asset=bought.number,
            buy_amount=amount_of(wanted.buy_amount, bought, "buy_amount"),
            client_id=_client_id(said),
        )
        return await self._house.do(request, command, None, said)

    def _terms(self, wanted: ledger_shapes.MoneyMove | ledger_shapes.PendingMove) -> dict[str, int]:
        purpose = PURPOSE_NUMBERS.get(wanted.purpose)
        if purpose is None:
            names = ", ".join(sorted(PURPOSE_NUMBERS))
            raise Refusal(
                422,
                "unknown_purpose",
                f"a purpose is one of {names}",
                field="purpose",
                value=wanted.purpose,
                limit=names,
            )
        asset = asset_of(self._directory, wanted.asset)
        return {
            "source": account_number(wanted.source, "source"),
            "target": account_number(wanted.target, "target"),
            "asset": asset.number,
            "amount": amount_of(wanted.amount, asset),
            "purpose": purpose,
        }

    def _part(self, transfer: int, wanted: ledger_shapes.PendingPost) -> int:
        """The amount in units of the transfer's asset; a transfer that is over has none."""
        row = self._views.holdings.pending_transfer(transfer)
        if row is None:
            detail = DETAILS["unknown_transfer"]
            raise Refusal(422, "unknown_transfer", detail, field="transfer", value=wanted.transfer)
        amount = amount_of(wanted.amount or "", self._directory.assets[row.asset])
        if amount <= 0:  # 0 would be all of it
            detail = DETAILS["amount_not_positive"]
            raise Refusal(422, "amount_not_positive", detail, field="amount", value=wanted.amount)
        return amount

    def _shown(self, row: PendingRow) -> ledger_shapes.PendingTransfer:
        asset = self._directory.assets[row.asset]
        return ledger_shapes.PendingTransfer(
            record_id(row.transfer),
            account_id(row.source),
            account_id(row.target),
            asset.code,
            text(row.amount, asset.decimals),
            time_text(row.expire) if row.expire else None,
        )


def _transfer(named: str) -> int:
    number = number_of("rec", named)
    if number is None:
        raise Refusal(400, "malformed_id", "a transfer looks like rec-4711", field="transfer", value=named)
    return number


def _client_id(said: str) -> bytes:
    return content_id(said) if said else bytes(16)
