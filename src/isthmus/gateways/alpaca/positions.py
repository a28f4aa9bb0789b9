"""Handlers of positions: average price, open and realised profit, and closing at the market."""

from __future__ import annotations

from typing import Any

from isthmus.gateways.alpaca import ids
from isthmus.gateways.alpaca.account import symbol_in
from isthmus.gateways.alpaca.errors import body_of, status_of
from isthmus.gateways.alpaca.orders import OrderBoard
from isthmus.gateways.alpaca.symbols import Symbols, class_of, exchange_of
from isthmus.gateways.alpaca.trading import asker_of
from isthmus.gateways.alpaca.worth import price_of
from isthmus.gateways.amounts import quantity_of
from isthmus.gateways.entry import OrderEntry, Which
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import average_text
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.shapes import NewOrder
from isthmus.kernel.values import NotANumber, TooFine, quotient_text, short_text, text, units
from isthmus.refdata.instruments import Instrument
from isthmus.views.holdings import PositionRow
from isthmus.views.orders import OrderRow
from isthmus.views.tape import DAY_NS

PERCENT_DECIMALS = 9
RATIO_DECIMALS = 6
WHOLE = 100 * 10**PERCENT_DECIMALS


class PositionHandlers:
    """/v2/positions."""

    def __init__(self, entry: OrderEntry, reads: Reads, board: OrderBoard, symbols: Symbols) -> None:
        self._entry = entry
        self._reads = reads
        self._board = board
        self._symbols = symbols

    async def positions(self, request: Request) -> Answer:
        """Those that are open, by number."""
        return ok([self._position(row) for row in self._open(self._reads.account(request.known, None))])

    async def position(self, request: Request) -> Answer:
        """By symbol or asset id."""
        return ok(self._position(self._found(request)))

    async def close(self, request: Request) -> Answer:
        """A market order the other way, for all of it, `qty` or `percentage` of it."""
        row = self._found(request)
        instrument = self._reads.directory.instruments[row.instrument]
        return ok(await self._close(row, self._part(row, instrument, request.query), request))

    async def close_all(self, request: Request) -> Answer:
        """207: an entry for each position, with its order or why there is none."""
        account = self._reads.account(request.known, None)
        if request.query.get("cancel_orders", "").lower() == "true":
            await self._entry.cancel_all(Which(account), asker_of(request))
        return ok([await self._closed(row, request) for row in self._open(account)], status=207)

    async def _closed(self, row: PositionRow, request: Request) -> dict[str, Any]:
        symbol = self._symbols.name(row.instrument)
        try:
            order = await self._close(row, abs(row.quantity), request)
        except Refusal as refusal:
            return {"symbol": symbol, "status": status_of(refusal), "body": body_of(refusal) | {"symbol": symbol}}
        return {"symbol": symbol, "status": 200, "order_id": order["id"], "body": order}

    async def _close(self, row: PositionRow, quantity: int, request: Request) -> dict[str, Any]:
        instrument = self._reads.directory.instruments[row.instrument]
        whole = quantity - quantity % instrument.lot
        if whole == 0:
            lot = short_text(instrument.lot, instrument.quantity_decimals)
            raise Refusal(422, "off_lot", "what would be closed is less than a lot", field="qty", limit=lot)
        wanted = NewOrder(
            instrument=instrument.symbol,
            side="sell" if row.quantity > 0 else "buy",
            quantity=text(whole, instrument.quantity_decimals),
            type="market",
            time_in_force="day",
        )
        order: OrderRow = await self._entry.place(wanted, asker_of(request))
        return self._board.shown(self._board.standing(order))

    def _part(self, row: PositionRow, instrument: Instrument, query: dict[str, str]) -> int:
        whole = abs(row.quantity)
        if query.get("qty"):
            part = quantity_of(query["qty"], instrument, "qty")
            most = short_text(whole, instrument.quantity_decimals)
            if not 0 < part <= whole:
                raise Refusal(
                    422, "quantity_too_large", f"the position is {most}", field="qty", value=query["qty"], limit=most
                )
            return part
        if query.get("percentage"):
            share: int = whole * _percentage(query["percentage"]) // WHOLE
            return share
        return whole

    def _open(self, account: int) -> list[PositionRow]:
        return [row for row in self._reads.positions(account) if row.quantity]

    def _found(self, request: Request) -> PositionRow:
        instrument = self._symbols.known(symbol_in(request), status=404)
        account = self._reads.account(request.known, None)
        row = self._reads.views.holdings.position(account, instrument.number)
        if not row.quantity:
            raise Refusal(404, "no_position", "position does not exist", field="symbol", value=symbol_in(request))
        return row

    def _position(self, row: PositionRow) -> dict[str, Any]:
        instrument = self._reads.directory.instruments[row.instrument]
        places = instrument.quantity_decimals
        return {
            "asset_id": ids.made(ids.ASSET, row.instrument),
            "symbol": self._symbols.name(row.instrument),
            "exchange": exchange_of(instrument),
            "asset_class": class_of(instrument),
            "asset_marginable": False,
            "qty": short_text(row.quantity, places),
            "qty_available": short_text(self._available(row, instrument), places),
            "side": "long" if row.quantity > 0 else "short",
            "avg_entry_price": average_text(row.cost, row.quantity, instrument),
            "cost_basis": text(instrument.value(row.cost), instrument.quote.decimals),
            "realized_pl": text(instrument.value(row.realised), instrument.quote.decimals),
            **self._at_price_of_now(row, instrument),
        }

    def _at_price_of_now(self, row: PositionRow, instrument: Instrument) -> dict[str, str | None]:
        price = price_of(row.instrument, self._reads)
        before = self._close_before(row.instrument)
        value, cost = instrument.value(price * row.quantity), instrument.value(row.cost)
        today = instrument.value((price - before) * row.quantity) if before else None
        places = instrument.quote.decimals
        return {
            "current_price": text(price, instrument.price_decimals) if price else None,
            "market_value": text(value, places) if price else None,
            "unrealized_pl": text(instrument.value(price * row.quantity - row.cost), places) if price else None,
            "unrealized_plpc": quotient_text(value - cost, abs(cost), RATIO_DECIMALS) if price and cost else None,
            "unrealized_intraday_pl": text(today, places) if today is not None else None,
            "unrealized_intraday_plpc": quotient_text(today, abs(value), RATIO_DECIMALS) if today and value else None,
            "lastday_price": text(before, instrument.price_decimals) if before else None,
            "change_today": quotient_text(price - before, before, RATIO_DECIMALS) if before and price else None,
        }

    def _close_before(self, instrument: int) -> int:
        """The close of the last day before today; 0 without one."""
        now = self._reads.now()
        bars = self._reads.views.tape.bars(instrument, "1d", 0, now - now % DAY_NS - 1, 1)
        return bars[-1].close if bars else 0

    def _available(self, row: PositionRow, instrument: Instrument) -> int:
        """What no order holds; short positions are negative."""
        if instrument.perpetual or row.quantity < 0:
            return row.quantity
        balance = self._reads.views.holdings.balance(row.account, instrument.base.number)
        return min(row.quantity, instrument.quantity_of(max(0, balance.total - balance.held)))


def _percentage(written: str) -> int:
    try:
        part = units(written, PERCENT_DECIMALS)
    except (NotANumber, TooFine):
        part = 0
    if not 0 < part <= WHOLE:
        raise Refusal(422, "malformed_number", "percentage is above 0, at most 100", field="percentage", value=written)
    return part
