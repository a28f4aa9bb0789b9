"""Handlers of contracts that expire and of margin: terms, final prices, exercise, modes, what an order would need."""

from __future__ import annotations

from isthmus.engine.engine import content_id
from isthmus.gateways import contract_shapes, shapes
from isthmus.gateways.amounts import account_number, instrument_of, price_of, quantity_of, quoted_price_of
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as, one_of
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.rest.operator import OperatorHandlers
from isthmus.gateways.rest.routes import OPERATOR_ONLY, TRADING_ROLES, Field, Route
from isthmus.gateways.submission import client_text
from isthmus.kernel.ids import account_id
from isthmus.kernel.messages import SIDES, Exercise, SetContract, SetMarginMode, SettleExpiry
from isthmus.kernel.values import short_text

DELIVERIES = {"cash": 1, "physical": 2}
RIGHTS = {"call": 1, "put": 2}
STYLES = {"european": 1, "american": 2}
MODES = {"isolated": 1, "portfolio": 2}
U64_MAX = 2**64 - 1


class ContractHandlers:
    """Commands make sequenced records through `house`; what-if is answered by the engine and changes nothing."""

    def __init__(self, house: OperatorHandlers, reads: Reads) -> None:
        self._house = house
        self._reads = reads

    async def set_contract(self, request: Request) -> Answer:
        """Once, before it trades."""
        wanted = body_as(request.body, contract_shapes.NewContract)
        instrument = instrument_of(self._reads.directory, wanted.instrument)
        on = instrument_of(self._reads.directory, wanted.underlying).number if wanted.underlying is not None else 0
        if not 0 <= wanted.expire <= U64_MAX:
            detail = f"expire is from 0 to {U64_MAX} (ns)"
            raise Refusal(400, "malformed_request", detail, field="expire", value=str(wanted.expire))
        command = SetContract(
            instrument=instrument.number,
            underlying=on,
            delivery=DELIVERIES[wanted.delivery],
            right=RIGHTS[wanted.right] if wanted.right is not None else 0,
            style=STYLES[wanted.style] if wanted.style is not None else 0,
            strike=quoted_price_of(wanted.strike, instrument, "strike") if wanted.strike is not None else 0,
            floor=quoted_price_of(wanted.floor, instrument, "floor") if wanted.floor is not None else 0,
            expire=wanted.expire,
        )
        return await self._house.do(request, command, instrument)

    async def settle_expiry(self, request: Request) -> Answer:
        """For the last time."""
        wanted = body_as(request.body, contract_shapes.FinalPrice)
        instrument = instrument_of(self._reads.directory, wanted.instrument)
        priced = wanted.price is not None
        price = quoted_price_of(wanted.price, instrument) if wanted.price is not None else 0
        command = SettleExpiry(instrument=instrument.number, priced=int(priced), price=price)
        return await self._house.do(request, command, instrument)

    async def set_margin_mode(self, request: Request) -> Answer:
        """Each position by itself, or all together."""
        wanted = body_as(request.body, contract_shapes.MarginMode)
        return await self._house.do(
            request, SetMarginMode(account=account_number(wanted.account), mode=MODES[wanted.mode])
        )

    async def exercise(self, request: Request) -> Answer:
        """The holder uses his options."""
        wanted = body_as(request.body, contract_shapes.Use)
        instrument = instrument_of(self._reads.directory, wanted.instrument)
        text = client_text(request.asker, wanted.client_id, "client_id")
        account = self._reads.account(request.known, request.query.get("account"))
        command = Exercise(
            account=account,
            instrument=instrument.number,
            quantity=quantity_of(wanted.quantity, instrument),
            client_id=content_id(text) if text else bytes(16),
        )
        return await self._house.do(request, command, instrument, text)

    async def what_if(self, request: Request) -> Answer:
        """What a limit order would need."""
        query = request.query
        account = self._reads.account(request.known, query.get("account"))
        instrument = self._reads.instrument(query.get("instrument", ""))
        side = SIDES[one_of(query, "side", "buy", tuple(SIDES))]
        price = price_of(query.get("price", ""), instrument)
        quantity = quantity_of(query.get("quantity", ""), instrument)
        try:
            found = self._reads.what_if(account, instrument.number, side, (price, quantity))
        except ValueError as refused:
            raise Refusal(422, str(refused), "the engine knows no such order", field="instrument") from refused
        asset = self._reads.directory.assets[found["asset"]]
        need, hold, available = (short_text(found[name], asset.decimals) for name in ("need", "hold", "available"))
        shown = contract_shapes.WhatIf(account_id(account), asset.code, need, hold, available, found["reason"])
        return ok(shown)


def contract_routes(own: ContractHandlers, account: Field) -> tuple[Route, ...]:
    """Contracts that expire, and margin."""
    limit = (Field("price", "the limit"), Field("quantity", "how much"))
    order = (account, Field("instrument", "its symbol"), Field("side", "buy or sell"), *limit)
    listed = (
        ("set_contract", own.set_contract, "Set the terms of a future or an option", contract_shapes.NewContract),
        ("settle_expiry", own.settle_expiry, "Settle an expired contract", contract_shapes.FinalPrice),
        ("set_margin_mode", own.set_margin_mode, "Margin positions together or singly", contract_shapes.MarginMode),
    )
    commands = tuple(
        Route("POST", f"/v1/operator/{name}", handler, summary, shapes.Done, OPERATOR_ONLY, accepts)
        for name, handler, summary, accepts in listed
    )
    return (
        *commands,
        Route(
            "POST",
            "/v1/exercises",
            own.exercise,
            "Use options",
            shapes.Done,
            TRADING_ROLES,
            contract_shapes.Use,
            fields=(account,),
        ),
        Route(
            "GET",
            "/v1/margin/what-if",
            own.what_if,
            "What an order would need",
            contract_shapes.WhatIf,
            TRADING_ROLES,
            fields=order,
        ),
    )
