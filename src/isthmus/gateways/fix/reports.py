"""ExecutionReport(8) and OrderCancelReject(9) of orders as the views have them.

The reports that records owe to a session's own orders are written by the front (crates/front/src/order_entry); these
are the answers to questions, refusals that never became a record, orders that came another way, and drop copies. Both
write the same fields with the same meaning.
"""

from __future__ import annotations

from isthmus.gateways.fix.instructions import SIDES, TIMES, TYPES
from isthmus.gateways.fix.shapes import FIX42, Body, Fields, said
from isthmus.gateways.fix.times import timestamp
from isthmus.gateways.problems import Refusal
from isthmus.kernel.ids import account_id, order_id, trade_id
from isthmus.kernel.messages import (
    MAKER,
    MARKET,
    ORDER_TYPES,
    SELL,
    SHORT,
    STOP,
    STOP_LIMIT,
    TIMES_IN_FORCE,
    TRAILING_STOP,
    WORKED,
)
from isthmus.kernel.messages import SIDES as SIDE_NUMBERS
from isthmus.kernel.values import quotient_text, short_text, text
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument
from isthmus.views.orders import FillRow, OrderRow

AVERAGE_DECIMALS_MORE = 6
TYPE_CODES = {ORDER_TYPES[name]: code for code, name in TYPES.items()} | {TRAILING_STOP: "P", WORKED: "2"}
TIME_CODES = {TIMES_IN_FORCE[name]: code for code, name in TIMES.items()}
SIDE_CODES = {SIDE_NUMBERS[name]: code for code, (name, short) in SIDES.items() if not short}
STATUS_CODES = {
    "filled": "2",
    "cancelled": "4",
    "rejected": "8",
    "pending_cancel": "6",
    "pending_replace": "E",
}
"""OrdStatus(39) of what is neither new nor partly filled."""
NO_ORDER = "NONE"


class Reports:
    """Knows the names of what rows count."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def status(self, row: OrderRow, version: int, asked: Body | None = None) -> Body:
        """The order as it stands: ExecType(150) I, in 4.2 ExecTransType(20) 3. `asked`: what the question named."""
        body: Body = [(37, order_id(row.number)), *_named(row), (17, "0"), *(asked or [])]
        if version == FIX42:
            body += [(20, "3"), (150, _status(row))]
        else:
            body += [(150, "I")]
        return body + self._standing(row, version) + [(60, timestamp(row.updated_at))]

    def change(self, row: OrderRow, kind: str, version: int, named: Body) -> Body:
        """What became of an order: `kind` is ExecType(150) as 4.4 has it, `named` ClOrdID(11) and OrigClOrdID(41)."""
        body: Body = [(37, order_id(row.number)), *named, (17, f"{row.record}-{kind}")]
        if version == FIX42:
            body.append((20, "0"))
        return [*body, (150, kind), *self._standing(row, version), (60, timestamp(row.updated_at))]

    def trade(self, fill: FillRow, row: OrderRow | None, version: int) -> Body:
        """An account's side of a trade."""
        instrument = self._directory.instruments[fill.instrument]
        prices, lots = instrument.price_decimals, instrument.quantity_decimals
        named = _named(row) if row is not None else []
        body: Body = [(37, order_id(fill.order)), *named, (17, trade_id(fill.record, fill.ordinal))]
        if version == FIX42:
            body.append((20, "0"))
        done = row is not None and row.status == "filled"
        body.append((150, "F" if version != FIX42 else "2" if done else "1"))
        body += self._standing(row, version) if row is not None else self._bare(fill, instrument)
        body += [(32, text(fill.quantity, lots)), (31, text(fill.price, prices))]
        if version != FIX42:
            body.append((851, "1" if fill.liquidity == MAKER else "2"))
        if fill.fee:
            body += [(12, text(fill.fee, instrument.quote.decimals)), (13, "3")]
            body += [(479, instrument.quote.code)] if version != FIX42 else []
        return [*body, (60, timestamp(fill.time))]

    def refused(self, message: Fields, refusal: Refusal, version: int, at: int) -> Body:
        """Of an order that never became one."""
        echoed: Body = [(tag, value) for tag in (11, 1, 55, 54, 38, 40, 44, 59) if (value := message.get(tag))]
        body: Body = [(37, NO_ORDER), *echoed, (17, f"refused-{message.get(34)}")]
        if version == FIX42:
            body.append((20, "0"))
        code = _order_reject(refusal)
        body += [(150, "8"), (39, "8"), (151, "0"), (14, "0"), (6, "0")]
        body.append((103, "0" if version == FIX42 and code == "99" else code))
        return [*body, (58, said(refusal)), (60, timestamp(at))]

    def refused_change(self, message: Fields, refusal: Refusal, row: OrderRow | None, at: int) -> Body:
        """OrderCancelReject(9): of a cancel (F) or a replacement (G)."""
        body: Body = [(37, order_id(row.number) if row is not None else message.get(37) or NO_ORDER)]
        body += [(tag, value) for tag in (11, 41) if (value := message.get(tag))]
        replacing = message.get(35) == "G"
        body += [(39, _status(row) if row is not None else "8"), (434, "2" if replacing else "1")]
        code = {"unknown_order": "1", "rate_limited": "0", "duplicate_client_id": "6"}.get(refusal.reason, "2")
        body.append((102, "0" if row is not None and row.closed and code == "1" else code))
        return [*body, (58, said(refusal)), (60, timestamp(at))]

    def _standing(self, row: OrderRow, version: int) -> Body:
        instrument = self._directory.instruments[row.instrument]
        prices, lots = instrument.price_decimals, instrument.quantity_decimals
        body: Body = [(39, _status(row)), (1, account_id(row.account)), (55, instrument.symbol), (54, _side(row))]
        body += [(38, text(row.quantity, lots)), (40, _type(row, version))]
        if row.price > 0 and row.kind not in (MARKET, STOP):
            body.append((44, text(row.price, prices)))
        if (stop := row.terms.get("stop", 0)) and row.kind in (STOP, STOP_LIMIT, TRAILING_STOP):
            body.append((99, text(stop, prices)))
        body.append((59, TIME_CODES.get(row.tif, "0")))
        left = 0 if row.closed else max(0, row.quantity - row.filled)
        body += [(151, text(left, lots)), (14, text(row.filled, lots)), (6, _average(row, prices))]
        if row.reason is not None and row.closed:
            body.append((58, row.reason))
        return body

    def _bare(self, fill: FillRow, instrument: Instrument) -> Body:
        """A fill whose order is no longer kept."""
        lots = instrument.quantity_decimals
        side = SIDE_CODES[fill.side]
        body: Body = [(39, "1"), (1, account_id(fill.account)), (55, instrument.symbol), (54, side), (151, "0")]
        return [*body, (14, text(fill.quantity, lots)), (6, short_text(fill.price, instrument.price_decimals))]


def _named(row: OrderRow) -> Body:
    return [(11, row.client_order_id)] if row.client_order_id else []


def _status(row: OrderRow) -> str:
    return STATUS_CODES.get(row.status, "1" if row.filled else "0")


def _side(row: OrderRow) -> str:
    return "5" if row.side == SELL and row.flags & SHORT else SIDE_CODES[row.side]


def _type(row: OrderRow, version: int) -> str:
    code = TYPE_CODES.get(row.kind, "2")
    return {"K": "2", "P": "4" if row.kind == TRAILING_STOP else "P"}.get(code, code) if version == FIX42 else code


def _order_reject(refusal: Refusal) -> str:
    """OrdRejReason(103) of 4.4; 99 is other."""
    return {
        "unknown_instrument": "1",
        "wrong_session": "2",
        "order_too_large": "3",
        "unknown_order": "5",
        "duplicate_client_id": "6",
        "unknown_account": "15",
        "forbidden": "15",
        "quantity_not_positive": "13",
        "off_lot": "13",
    }.get(refusal.reason, "99")


def _average(row: OrderRow, prices: int) -> str:
    if not row.filled:
        return "0"
    written = quotient_text(row.turnover, row.filled * 10**prices, prices + AVERAGE_DECIMALS_MORE)
    return written.rstrip("0").rstrip(".")
