"""Handlers of the commands that run the markets and the gate: rules, trading states, limits, the kill switch, makers,
corrections.
"""

from __future__ import annotations

from typing import Any

from isthmus.gateways import operator_shapes
from isthmus.gateways.amounts import account_number, amount_of, asset_of, instrument_of, price_of, quantity_of
from isthmus.gateways.problems import Refusal
from isthmus.gateways.render import Renderer
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.rest.operator import OperatorHandlers
from isthmus.kernel.ids import trade_of
from isthmus.kernel.messages import (
    BOOK_RULES,
    LIMITS,
    SCOPES,
    SESSION_STATES,
    ClearSealed,
    CorrectTrade,
    Kill,
    Rearm,
    RegisterMaker,
    SetAccount,
    SetCredit,
    SetLimit,
    SetProtection,
    SetRule,
    SetSession,
    SetTick,
    Uncross,
)
from isthmus.refdata.directory import Directory
from isthmus.views.views import Views

RULE_NUMBERS = {name: number for number, name in BOOK_RULES.items()}
STATE_NUMBERS = {name: number for number, name in SESSION_STATES.items()}
LIMIT_NUMBERS = {name: number for number, name in LIMITS.items()}
SCOPE_NUMBERS = {name: number for number, name in SCOPES.items()}
NO_LIMIT = -1
TRADES_NAMED_MAX = 2**16
"""Trades of one record that CorrectTrade can tell apart."""
U32_MAX = 2**32 - 1
NS_PER_MS = 1_000_000
_TERMS = ("instrument", "maker", "taker", "taker_side", "price", "quantity")
_FLOWS = ("buyer_pays", "seller_gets", "maker_fee", "taker_fee")


class DeskHandlers:
    """Each makes a sequenced record; `house` sends it and answers with its effects."""

    def __init__(self, house: OperatorHandlers, directory: Directory, views: Views, renderer: Renderer) -> None:
        self._house = house
        self._directory = directory
        self._views = views
        self._render = renderer

    async def set_rule(self, request: Request) -> Answer:
        """A rule of a book."""
        wanted = body_as(request.body, operator_shapes.NewRule)
        instrument = instrument_of(self._directory, wanted.instrument)
        rule = _numbered(wanted.rule, RULE_NUMBERS, "rule", "unknown_rule")
        _bounded(wanted.value, "value")
        return await self._house.do(request, SetRule(instrument=instrument.number, rule=rule, value=wanted.value))

    async def set_tick(self, request: Request) -> Answer:
        """A row of the tick table."""
        wanted = body_as(request.body, operator_shapes.NewTick)
        instrument = instrument_of(self._directory, wanted.instrument)
        lowest = price_of(wanted.from_price, instrument, "from_price")
        tick = price_of(wanted.tick_size, instrument, "tick_size")
        return await self._house.do(request, SetTick(instrument=instrument.number, lowest=lowest, tick=tick))

    async def set_session(self, request: Request) -> Answer:
        """Another trading state."""
        wanted = body_as(request.body, operator_shapes.NewSession)
        instrument = instrument_of(self._directory, wanted.instrument)
        state = STATE_NUMBERS[wanted.state]
        return await self._house.do(request, SetSession(instrument=instrument.number, state=state))

    async def uncross(self, request: Request) -> Answer:
        """End a call."""
        return await self._house.do(request, Uncross(instrument=self._one(request)))

    async def clear_sealed(self, request: Request) -> Answer:
        """Open sealed bids."""
        return await self._house.do(request, ClearSealed(instrument=self._one(request)))

    async def set_account(self, request: Request) -> Answer:
        """Group and firm."""
        wanted = body_as(request.body, operator_shapes.Membership)
        number = account_number(wanted.account)
        group, firm = _u32(wanted.group, "group"), _u32(wanted.firm, "firm")
        return await self._house.do(request, SetAccount(account=number, group=group, firm=firm))

    async def set_credit(self, request: Request) -> Answer:
        """A credit line, or stock located."""
        wanted = body_as(request.body, operator_shapes.Credit)
        asset = asset_of(self._directory, wanted.asset)
        amount = amount_of(wanted.amount, asset)
        command = SetCredit(account=account_number(wanted.account), asset=asset.number, amount=amount)
        return await self._house.do(request, command)

    async def set_limit(self, request: Request) -> Answer:
        """A limit of the gate."""
        wanted = body_as(request.body, operator_shapes.NewLimit)
        number = instrument_of(self._directory, wanted.instrument).number if wanted.instrument is not None else 0
        value = NO_LIMIT if wanted.value is None else wanted.value
        _bounded(value, "value")
        command = SetLimit(
            scope=SCOPE_NUMBERS[wanted.scope],
            of=self._scope(wanted.scope, wanted.of),
            instrument=number,
            limit=_numbered(wanted.limit, LIMIT_NUMBERS, "limit", "unknown_limit"),
            value=value,
        )
        return await self._house.do(request, command)

    async def kill(self, request: Request) -> Answer:
        """Purge and refuse."""
        wanted = body_as(request.body, operator_shapes.Killing)
        of = self._scope(wanted.scope, wanted.of)
        return await self._house.do(request, Kill(scope=SCOPE_NUMBERS[wanted.scope], of=of, user=request.known.user))

    async def rearm(self, request: Request) -> Answer:
        """One of the two agreements."""
        wanted = body_as(request.body, operator_shapes.Killing)
        of = self._scope(wanted.scope, wanted.of)
        return await self._house.do(request, Rearm(scope=SCOPE_NUMBERS[wanted.scope], of=of, user=request.known.user))

    async def register_maker(self, request: Request) -> Answer:
        """Obligations."""
        wanted = body_as(request.body, operator_shapes.NewMaker)
        instrument = instrument_of(self._directory, wanted.instrument)
        command = RegisterMaker(
            account=account_number(wanted.account),
            instrument=instrument.number,
            spread=price_of(wanted.spread, instrument, "spread"),
            quantity=quantity_of(wanted.quantity, instrument),
            presence_bps=_u32(wanted.presence_bps, "presence_bps"),
        )
        return await self._house.do(request, command)

    async def set_protection(self, request: Request) -> Answer:
        """Pull quotes when too much trades."""
        wanted = body_as(request.body, operator_shapes.NewProtection)
        instrument = instrument_of(self._directory, wanted.instrument)
        lots = wanted.quantity, wanted.net_quantity
        quantity, delta = (quantity_of(text, instrument) if text is not None else 0 for text in lots)
        command = SetProtection(
            account=account_number(wanted.account),
            instrument=instrument.number,
            window_ns=_u32(wanted.window_ms, "window_ms") * NS_PER_MS,
            quantity=quantity,
            delta=delta,
            percent_bps=_u32(wanted.percent_bps, "percent_bps"),
        )
        return await self._house.do(request, command)

    async def correct_trade(self, request: Request) -> Answer:
        """Bust or adjust; the terms are those of the trade's own record."""
        wanted = body_as(request.body, operator_shapes.Correction)
        sequence, index, terms = self._trade(wanted.trade)
        instrument = self._directory.instruments[terms.instrument]
        same = {field: getattr(terms, field) for field in _TERMS + _FLOWS}
        new_price = price_of(wanted.price, instrument) if wanted.price is not None else 0
        return await self._house.do(request, CorrectTrade(sequence=sequence, index=index, new_price=new_price, **same))

    async def kills(self, _: Request) -> Answer:
        """Kills that stand."""
        return ok([self._render.kill(row) for row in self._views.sessions.kills.values()])

    async def makers(self, request: Request) -> Answer:
        """Registered makers and their scores; a maker's protection is not for other clients."""
        known, rows = request.known, self._views.sessions.makers
        return ok(
            [
                self._render.maker(account, instrument, row, whole=known.sees_all or known.account == account)
                for (account, instrument), row in rows.items()
            ]
        )

    def _trade(self, written: str) -> tuple[int, int, Any]:
        """Record, place among its trades from 0, and the trade. Raises Refusal."""
        found = trade_of(written)
        if found is None:
            raise Refusal(400, "malformed_id", "a trade looks like trd-4711-1", field="trade", value=written)
        sequence, ordinal = found
        records = self._views.journal.read(sequence, 1)
        traded = [effect for effect in records[0].effects if type(effect).__name__ == "Traded"] if records else []
        if not 1 <= ordinal <= min(len(traded), TRADES_NAMED_MAX) or records[0].sequence != sequence:
            raise Refusal(404, "unknown_trade", "there is no such trade", field="trade", value=written)
        return sequence, ordinal - 1, traded[ordinal - 1]

    def _one(self, request: Request) -> int:
        return instrument_of(self._directory, body_as(request.body, operator_shapes.OneInstrument).instrument).number

    def _scope(self, scope: str, of: str | int | None) -> int:
        """The number of what is meant. Raises Refusal."""
        if scope == "everything" and of is None:
            return 0
        if isinstance(of, str) and scope == "account":
            return account_number(of, "of")
        if isinstance(of, str) and scope == "instrument":
            return instrument_of(self._directory, of).number
        if isinstance(of, str) and scope == "venue" and (number := self._directory.venue_number(of)):
            return number
        if isinstance(of, int) and scope in ("group", "firm", "session"):
            return _u32(of, "of")
        detail = "name an account (acc-16), an instrument, a venue, or the number of a group, firm or session"
        raise Refusal(400, "unknown_scope", detail, field="of", value=None if of is None else str(of))


def _numbered(word: str, numbers: dict[str, int], field: str, reason: str) -> int:
    if word not in numbers:
        names = ", ".join(numbers)
        raise Refusal(422, reason, f"{field} is one of {names}", field=field, value=word, limit=names)
    return numbers[word]


def _bounded(value: int, field: str) -> None:
    if not -(2**63) <= value < 2**63:
        raise Refusal(400, "malformed_request", f"{field} fits 64 bits", field=field, value=str(value))


def _u32(value: int, field: str) -> int:
    if not 0 <= value <= U32_MAX:
        limit = f"0..{U32_MAX}"
        raise Refusal(400, "malformed_request", f"{field} is {limit}", field=field, value=str(value), limit=limit)
    return value
