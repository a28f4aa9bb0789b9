"""Handlers of margined positions: what an account's margin is, its leverage, and what operators ask."""

from __future__ import annotations

from typing import Any

from isthmus.gateways import margin_shapes
from isthmus.gateways.amounts import (
    account_number,
    amount_of,
    asset_of,
    instrument_of,
    own_account,
    price_of,
    quantity_of,
)
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import entry_text
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.rest.operator import OperatorHandlers
from isthmus.kernel.ids import account_id
from isthmus.kernel.messages import (
    MARGIN_STATES,
    CloseDay,
    Deleverage,
    EndFreeze,
    Fund,
    Liquidate,
    SetLeverage,
    SetMarginPolicy,
    SetMarginTier,
)
from isthmus.kernel.values import NS_PER_S, NotANumber, TooFine, quotient_text, text, time_text, units
from isthmus.refdata.instruments import Asset, Instrument

RATE_DECIMALS = 9
RATIO_DECIMALS = 4
BPS = 10_000
U32_MAX = 2**32 - 1
CALL_S_MAX = 366 * 86_400


class MarginHandlers:
    """Reads the engine's own figures; each command makes a sequenced record that `house` sends."""

    def __init__(self, house: OperatorHandlers, reads: Reads, engine: Any) -> None:
        self._house = house
        self._reads = reads
        self._directory = reads.directory
        self._engine = engine

    async def margin(self, request: Request) -> Answer:
        """By asset; only where a perpetual ever drew on it."""
        account = self._reads.account(request.known, request.query.get("account"))
        found = ((asset, self._engine.margin(account, asset.number)) for asset in self._directory.assets.values())
        return ok([self._account(account, asset, row) for asset, row in found if row is not None])

    async def tiers(self, request: Request) -> Answer:
        """Lowest first."""
        instrument = instrument_of(self._directory, request.parameters["instrument"], 404)
        places = instrument.value_asset.decimals
        rows = self._engine.tiers(instrument.number)
        return ok([margin_shapes.Tier(text(lowest, places), initial, kept) for lowest, initial, kept in rows])

    async def set_leverage(self, request: Request) -> Answer:
        """The client's own, or that of the account an operator or trader names."""
        wanted = body_as(request.body, margin_shapes.Leverage)
        instrument = instrument_of(self._directory, wanted.instrument)
        command = SetLeverage(
            account=own_account(self._directory, request.known, wanted.account),
            instrument=instrument.number,
            initial_bps=_within(wanted.initial_bps, "initial_bps", BPS),
        )
        return await self._house.do(request, command, instrument)

    async def set_tier(self, request: Request) -> Answer:
        """A row of the tier table."""
        wanted = body_as(request.body, margin_shapes.NewTier)
        instrument = instrument_of(self._directory, wanted.instrument)
        command = SetMarginTier(
            instrument=instrument.number,
            from_notional=amount_of(wanted.from_value, instrument.value_asset, "from_value"),
            initial_bps=_within(wanted.initial_bps, "initial_bps", U32_MAX),
            maintenance_bps=_within(wanted.maintenance_bps, "maintenance_bps", U32_MAX),
        )
        return await self._house.do(request, command, instrument)

    async def set_policy(self, request: Request) -> Answer:
        """Loss limit, time of calls, the insurance fund's fee."""
        wanted = body_as(request.body, margin_shapes.Policy)
        command = SetMarginPolicy(
            asset=asset_of(self._directory, wanted.asset).number,
            loss_bps=_within(wanted.loss_bps, "loss_bps", BPS),
            call_ns=_within(wanted.call_s, "call_s", CALL_S_MAX) * NS_PER_S,
            fee_ppm=_within(wanted.fee_ppm, "fee_ppm", 1_000_000),
        )
        return await self._house.do(request, command)

    async def close_day(self, request: Request) -> Answer:
        """Losses count from here on."""
        wanted = body_as(request.body, margin_shapes.OneAsset)
        return await self._house.do(request, CloseDay(asset=asset_of(self._directory, wanted.asset).number))

    async def end_freeze(self, request: Request) -> Answer:
        """The account may open again."""
        wanted = body_as(request.body, margin_shapes.Freeze)
        asset = asset_of(self._directory, wanted.asset)
        return await self._house.do(request, EndFreeze(account=account_number(wanted.account), asset=asset.number))

    async def fund(self, request: Request) -> Answer:
        """Longs and shorts pay each other."""
        wanted = body_as(request.body, margin_shapes.Funding)
        instrument = instrument_of(self._directory, wanted.instrument)
        try:
            rate = units(wanted.rate, RATE_DECIMALS)
        except (NotANumber, TooFine):
            detail = "a rate is plain decimal text with at most nine decimals, like 0.0001"
            raise Refusal(400, "malformed_number", detail, field="rate", value=wanted.rate) from None
        return await self._house.do(request, Fund(instrument=instrument.number, rate_ppb=rate), instrument)

    async def liquidate(self, request: Request) -> Answer:
        """By the book."""
        wanted = body_as(request.body, margin_shapes.Liquidation)
        instrument = instrument_of(self._directory, wanted.instrument)
        command = Liquidate(
            account=account_number(wanted.account),
            instrument=instrument.number,
            quantity=quantity_of(wanted.quantity, instrument),
            limit=price_of(wanted.limit, instrument, "limit"),
        )
        return await self._house.do(request, command, instrument)

    async def deleverage(self, request: Request) -> Answer:
        """Against others; what is left out is what the engine itself would accept."""
        wanted = body_as(request.body, margin_shapes.Deleveraging)
        instrument = instrument_of(self._directory, wanted.instrument)
        account, quantity = account_number(wanted.account), quantity_of(wanted.quantity, instrument)
        first, price = self._engine.first_in_line(account, instrument.number) or 0, 0
        if wanted.against is not None:
            first = account_number(wanted.against, "against")
        if wanted.price is not None:
            price = price_of(wanted.price, instrument)
        else:
            price = self._engine.bankruptcy_price(account, instrument.number, quantity) or 0
        command = Deleverage(
            account=account, against=first, instrument=instrument.number, quantity=quantity, price=price
        )
        return await self._house.do(request, command, instrument)

    def _account(self, account: int, asset: Asset, row: dict[str, Any]) -> margin_shapes.MarginAccount:
        def shown(amount: int | None) -> str | None:
            return None if amount is None else text(amount, asset.decimals)

        needs = row["maintenance"]
        held = [one for one in self._reads.positions(account) if one.quantity]
        listed = self._directory.instruments
        own = [one for one in held if listed[one.instrument].perpetual and listed[one.instrument].value_asset == asset]
        return margin_shapes.MarginAccount(
            account=account_id(account),
            asset=asset.code,
            equity=text(row["equity"], asset.decimals),
            unrealised=text(row["unrealised"], asset.decimals),
            initial=text(row["initial"], asset.decimals),
            maintenance=text(needs, asset.decimals),
            ratio=quotient_text(row["equity"], needs, RATIO_DECIMALS) if needs else None,
            state=MARGIN_STATES[row["state"]],
            due=time_text(row["due"]) if row["due"] else None,
            loss=shown(row["loss"]),
            base=shown(row["base"]),
            positions=[self._position(account, one, listed[one.instrument], row) for one in own],
        )

    def _position(
        self, account: int, held: Any, instrument: Instrument, row: dict[str, Any]
    ) -> margin_shapes.MarginPosition:
        leverage, _, unrealised, initial, maintenance = self._engine.position_margin(account, instrument.number)
        mark, places = self._engine.reference(instrument.number), instrument.value_asset.decimals
        bankrupt = self._engine.bankruptcy_price(account, instrument.number, abs(held.quantity))
        others = row["maintenance"] - maintenance
        price = liquidation_price(
            instrument, (held.quantity, mark), row["equity"] - others, self._rate(instrument, row)
        )
        return margin_shapes.MarginPosition(
            instrument=instrument.symbol,
            quantity=text(held.quantity, instrument.quantity_decimals),
            entry_price=entry_text(held, instrument),
            mark=text(mark, instrument.price_decimals),
            unrealised=text(unrealised, places),
            initial=text(initial, places),
            maintenance=text(maintenance, places),
            leverage_bps=leverage or None,
            liquidation_price=None if price is None else text(price, instrument.price_decimals),
            bankruptcy_price=None if bankrupt is None else text(bankrupt, instrument.price_decimals),
        )

    def _rate(self, instrument: Instrument, row: dict[str, Any]) -> int:
        """Maintenance margin of the tier that the position is in."""
        rows = self._engine.tiers(instrument.number)
        return max([kept for lowest, _, kept in rows if lowest <= row["notional"]], default=0)


def liquidation_price(instrument: Instrument, held: tuple[int, int], free: int, rate_bps: int) -> int | None:
    """Where equity meets the maintenance margin if nothing but this price moves, in price steps, toward the mark; None
    where no price does. `held`: quantity and mark; `free`: equity less what other positions require.

    Linear, with the value v(p) = p x K of a position of K: free + v(p) - v(m) = |v(p)| x r. Inverse, v(p) = -K / p: the
    same.
    """
    (quantity, mark), scale = held, 10**24
    lots = quantity * instrument.multiplier
    digits = instrument.value_exponent
    if instrument.inverse:
        digits = instrument.base.decimals + instrument.price_decimals - instrument.quantity_decimals
    lots = lots * 10**digits if digits >= 0 else lots // 10**-digits
    over = abs(lots) * rate_bps
    if instrument.inverse:
        # free - K / p + K / m = |K| r / p
        below = free * mark + lots
        price = (lots * BPS + over) * mark * scale // (below * BPS) if below else 0
    else:
        slope = lots * BPS - over
        price = (lots * mark - free) * BPS * scale // slope if slope else 0
    if price <= 0:
        return None
    return -(-price // scale) if quantity > 0 else price // scale


def _within(value: int, field: str, most: int) -> int:
    if not 0 <= value <= most:
        raise Refusal(422, "bad_terms", f"{field} is 0 to {most}", field=field, value=str(value), limit=str(most))
    return value
