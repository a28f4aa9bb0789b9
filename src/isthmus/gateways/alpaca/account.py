"""Handlers of the account, what it did, what can be traded, and the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from isthmus.gateways.alpaca import ids
from isthmus.gateways.alpaca.fields import moment
from isthmus.gateways.alpaca.orders import OrderBoard
from isthmus.gateways.alpaca.symbols import CLASSES, EQUITY, Symbols, class_of, exchange_of
from isthmus.gateways.alpaca.trading import unsupported
from isthmus.gateways.alpaca.worth import Worth, worth_of
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import SIDE_NAMES
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import one_of, whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.kernel.ids import account_id, record_id
from isthmus.kernel.values import NS_PER_S, TIME_MAX_NS, short_text, text, time_text
from isthmus.refdata.instruments import Instrument
from isthmus.views.orders import FillRow
from isthmus.views.tape import DAY_NS

CALENDAR_DAYS_MAX = 3_660
CALENDAR_DAYS = 365
"""Days from today when no end is asked for."""
ACTIVITIES_PAGE_MAX = 100
CONFIGURATION = {
    "dtbp_check": "entry",
    "fractional_trading": True,
    "max_margin_multiplier": "1",
    "no_shorting": False,
    "pdt_check": "entry",
    "suspend_trade": False,
    "trade_confirm_email": "none",
    "ptp_no_exception_entry": False,
    "max_options_trading_level": 0,
}
"""The same for everybody: these are the rules of the house."""


class AccountHandlers:
    """/v2/account, /v2/assets, /v2/clock, /v2/calendar."""

    def __init__(self, reads: Reads, board: OrderBoard, symbols: Symbols) -> None:
        self._reads = reads
        self._board = board
        self._symbols = symbols

    async def account(self, request: Request) -> Answer:
        """Money and worth in the account's currency; what is not known is null."""
        account = self._reads.account(request.known, None)
        worth = worth_of(account, self._reads)
        return ok({**_identity(account), **_money(worth), **_permissions(worth)})

    async def configurations(self, _: Request) -> Answer:
        """The rules of the house."""
        return ok(CONFIGURATION)

    async def configure(self, request: Request) -> Answer:
        """Nothing can be changed, so what is sent must be what is."""
        try:
            wanted = msgspec.json.decode(request.body or b"{}", type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise Refusal(400, "malformed_json", str(error)) from None
        for field, value in wanted.items():
            if value is not None and field in CONFIGURATION and value != CONFIGURATION[field]:
                raise unsupported(field, "the configuration is that of the house", str(value))
        return ok(CONFIGURATION)

    async def history(self, request: Request) -> Answer:
        """One point, now: equity is not kept over time."""
        account = self._reads.account(request.known, None)
        worth = worth_of(account, self._reads)
        profit = worth.profit / worth.scale
        base = (worth.equity - worth.profit) / worth.scale
        return ok(
            {
                "timestamp": [self._reads.now() // NS_PER_S],
                "equity": [worth.equity / worth.scale],
                "profit_loss": [profit],
                "profit_loss_pct": [profit / base if base else None],
                "base_value": base,
                "timeframe": request.query.get("timeframe", "1D"),
                "cashflow": {},
            }
        )

    async def activities(self, request: Request) -> Answer:
        """Fills; there is no other kind."""
        query = request.query
        kinds = request.parameters.get("kind") or query.get("activity_types") or query.get("activity_type") or "FILL"
        account = self._reads.account(request.known, None)
        if "FILL" not in kinds.split(",") or query.get("category") == "non_trade_activity":
            return ok([])
        most = whole_number(query, "page_size", ACTIVITIES_PAGE_MAX, 1, ACTIVITIES_PAGE_MAX)
        rows = [row for row in self._fills(account) if self._is_wanted(row[0], query)]
        if one_of(query, "direction", "desc", ("asc", "desc")) == "asc":
            rows.reverse()
        tokens = [self._activity_id(row) for row, _ in rows]
        start = tokens.index(query["page_token"]) + 1 if query.get("page_token") in tokens else 0
        return ok([self._activity(row, filled, account) for row, filled in islice(rows, start, start + most)])

    def _fills(self, account: int) -> list[tuple[FillRow, int]]:
        """Newest first, each with how much of its order was filled by then."""
        later: dict[int, int] = {}
        found = []
        for row in self._reads.views.orders.fills_newest_first(account):
            order = self._reads.views.orders.order(row.order)
            found.append((row, (order.filled if order else row.quantity) - later.get(row.order, 0)))
            later[row.order] = later.get(row.order, 0) + row.quantity
        return found

    def _is_wanted(self, row: FillRow, query: dict[str, str]) -> bool:
        if query.get("date"):
            start = moment(query, "date", 0)
            return start <= row.time < start + DAY_NS
        return moment(query, "after", -1) < row.time <= moment(query, "until", TIME_MAX_NS)

    def _activity_id(self, row: FillRow) -> str:
        moment_text = time_text(row.time)[:23]
        digits = "".join(part for part in moment_text if part.isdigit())
        return f"{digits}::{execution_id(row.record, row.ordinal, row.liquidity)}"

    def _activity(self, row: FillRow, filled: int, account: int) -> dict[str, Any]:
        instrument = self._reads.directory.instruments[row.instrument]
        order = self._reads.views.orders.order(row.order)
        total = order.quantity if order else filled
        places = instrument.quantity_decimals
        return {
            "id": self._activity_id(row),
            "account_id": ids.made(ids.ACCOUNT, account),
            "activity_type": "FILL",
            "transaction_time": time_text(row.time),
            "type": "fill" if filled >= total else "partial_fill",
            "price": text(row.price, instrument.price_decimals),
            "qty": short_text(row.quantity, places),
            "side": SIDE_NAMES[row.side],
            "symbol": self._symbols.name(row.instrument),
            "leaves_qty": short_text(max(0, total - filled), places),
            "order_id": self._board.standing(order).id if order else ids.made(ids.ORDER, row.order),
            "cum_qty": short_text(filled, places),
            "order_status": "filled" if filled >= total else "partially_filled",
            "fee": text(row.fee, instrument.quote.decimals),
            "record": record_id(row.record),
        }

    async def assets(self, request: Request) -> Answer:
        """By number. An inactive asset is none of ours."""
        query = request.query
        classes = tuple(dict.fromkeys(CLASSES.values()))
        kind = one_of(query, "asset_class", "", (*classes, "us_option")) if query.get("asset_class") else None
        rows = [row for row in self._symbols.all() if kind in (None, class_of(row))]
        if query.get("status") == "inactive":
            rows = []
        if query.get("exchange"):
            rows = [row for row in rows if exchange_of(row) == query["exchange"]]
        return ok([self._asset(row) for row in rows])

    async def asset(self, request: Request) -> Answer:
        """By symbol or id."""
        return ok(self._asset(self._symbols.known(symbol_in(request), status=404)))

    def _asset(self, row: Instrument) -> dict[str, Any]:
        lot = short_text(row.lot, row.quantity_decimals)
        return {
            "id": ids.made(ids.ASSET, row.number),
            "class": class_of(row),
            "exchange": exchange_of(row),
            "symbol": self._symbols.name(row.number),
            "name": f"{row.base.code} in {row.quote.code}" if class_of(row) != EQUITY else row.symbol,
            "status": "active",
            "tradable": not self._reads.directory.is_halted(row.number),
            "marginable": False,
            "maintenance_margin_requirement": None,
            "shortable": row.perpetual,
            "easy_to_borrow": False,
            "fractionable": row.lot < 10**row.quantity_decimals,
            "attributes": [],
            "min_order_size": lot,
            "min_trade_increment": lot,
            "price_increment": short_text(row.tick, row.price_decimals),
            "native_symbol": row.symbol,
        }

    async def clock(self, _: Request) -> Answer:
        """Open day and night; a trading day ends at 00:00 UTC, when day orders expire and the next one opens."""
        now = self._reads.now()
        turn = time_text(now - now % DAY_NS + DAY_NS)
        is_open = 0 not in self._reads.directory.halted
        return ok({"timestamp": time_text(now), "is_open": is_open, "next_open": turn, "next_close": turn})

    async def calendar(self, request: Request) -> Answer:
        """Every day is a trading day, from 00:00 to the last minute (UTC)."""
        today = self._reads.now()
        first = moment(request.query, "start", today)
        last = moment(request.query, "end", max(first, today) + CALENDAR_DAYS * DAY_NS)
        days = (last - last % DAY_NS - (first - first % DAY_NS)) // DAY_NS + 1
        if days > CALENDAR_DAYS_MAX:
            most = str(CALENDAR_DAYS_MAX)
            raise Refusal(400, "malformed_request", f"at most {most} days", field="end", limit=most)
        start = datetime.fromtimestamp(first // NS_PER_S, UTC).date()
        return ok([_day(start + timedelta(days=number)) for number in range(max(0, days))])


def symbol_in(request: Request) -> str:
    """The symbol of the path, whose slash may not be escaped."""
    parts = request.parameters
    return f"{parts['base']}/{parts['quote']}" if "base" in parts else parts["symbol"]


def execution_id(record: int, ordinal: int, liquidity: int) -> str:
    """The UUID of one side of a trade."""
    return ids.made(ids.EXECUTION, record, ordinal * 2 + liquidity - 1)


def _day(day: date) -> dict[str, str]:
    return {
        "date": day.isoformat(),
        "open": "00:00",
        "close": "23:59",
        "session_open": "0000",
        "session_close": "2359",
        "settlement_date": day.isoformat(),
    }


def _identity(account: int) -> dict[str, Any]:
    return {
        "id": ids.made(ids.ACCOUNT, account),
        "account_number": account_id(account),
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "created_at": None,
    }


def _money(worth: Worth) -> dict[str, Any]:
    def shown(amount: int) -> str:
        return text(amount, worth.decimals)

    free = shown(max(0, worth.cash - worth.held))
    equity = shown(worth.equity)
    return {
        "currency": worth.currency,
        "cash": shown(worth.cash),
        "buying_power": free,
        "regt_buying_power": free,
        "daytrading_buying_power": free,
        "non_marginable_buying_power": free,
        "options_buying_power": "0",
        "equity": equity,
        "portfolio_value": equity,
        "last_equity": None,
        "long_market_value": shown(worth.long_value),
        "short_market_value": shown(worth.short_value),
        "position_market_value": shown(worth.long_value + worth.short_value),
        "unrealized_pl": shown(worth.open_profit),
        "realized_pl": shown(worth.realised),
        "initial_margin": None,
        "maintenance_margin": None,
        "last_maintenance_margin": None,
        "sma": None,
        "accrued_fees": "0",
        "pending_transfer_in": "0",
        "pending_transfer_out": "0",
    }


def _permissions(worth: Worth) -> dict[str, Any]:
    return {
        "multiplier": "1",
        "trading_blocked": worth.frozen,
        "transfers_blocked": False,
        "account_blocked": False,
        "trade_suspended_by_user": False,
        "shorting_enabled": False,
        "pattern_day_trader": False,
        "daytrade_count": 0,
        "options_approved_level": 0,
        "options_trading_level": 0,
    }
