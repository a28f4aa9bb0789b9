"""Orders by FIX, as CME, futures brokers and most venues take them: NewOrderSingle, cancel, replace, status, and the
reports that come back. Application messages are lists of (tag, value), MsgType (35) first; header, trailer, sequence
numbers and the bytes are the session's. Reads FIX 4.2 and 4.4 reports: ExecType 1 and 2 with ExecTransType, or F.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.wires import orders
from isthmus.venues.wires.orders import (
    OrderChanged,
    OrderEnded,
    OrderFilled,
    OrderRefused,
    OrderState,
    OrderTaken,
    VenueOrder,
    require,
    require_client_id,
)
from isthmus.venues.wires.words import BUY, MAKER, NS_PER_MS, SELL, TAKER, Quiet, Unknown, plain, positive, refused

VENUE = "fix"
CLIENT_ID_MAX = 20
"""CME's ClOrdID; others take more."""
FIELDS_MAX = 4_096
NEW_ORDER, CANCEL, REPLACE, STATUS = "D", "F", "G", "H"
REPORT, CANCEL_REJECT, BUSINESS_REJECT, SESSION_REJECT = "8", "9", "j", "3"
SIDES = {BUY: "1", SELL: "2"}
TYPES = {orders.LIMIT: "2", orders.MARKET: "1", orders.STOP_LIMIT: "4", orders.STOP_MARKET: "3"}
TIMES = {orders.DAY: "0", orders.GTC: "1", orders.IOC: "3", orders.FOK: "4"}
STATES = {
    "0": orders.NEW,
    "1": orders.PARTLY_FILLED,
    "2": orders.FILLED,
    "3": orders.EXPIRED,
    "4": orders.CANCELLED,
    "5": orders.NEW,
    "6": orders.NEW,
    "8": orders.REJECTED,
    "9": orders.WAITING,
    "A": orders.NEW,
    "C": orders.EXPIRED,
    "E": orders.NEW,
}
"""OrdStatus. Pending ones (6, A, E) and replaced (5) are live; 3, done for the day, is over for us."""
FILLS = frozenset(("1", "2", "F"))
ENDINGS = {"3": orders.EXPIRED, "4": orders.CANCELLED, "8": orders.REJECTED, "C": orders.EXPIRED}
PENDING = frozenset(("6", "A", "E"))
LIQUIDITY = {"1": MAKER, "2": TAKER}
"""LastLiquidityInd (851)."""

_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{0,18})?|-?\.[0-9]{1,18}", re.ASCII)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?", re.ASCII)


class Contract(Struct, frozen=True):
    """How an order names what is traded: Symbol (55), SecurityType (167), and the venue's market (207) and our account
    (1) there, where they are to be told.
    """

    symbol: str
    account: str = ""
    exchange: str = ""
    security_type: str = "FUT"


def placing(order: VenueOrder, contract: Contract, at: int) -> list[tuple[int, str]]:
    """NewOrderSingle. Raises BadInput for what is not taken. A display quantity is told as MaxFloor (111)."""
    require_client_id(VENUE, order.client_id, CLIENT_ID_MAX)
    require(VENUE, order)
    if order.time_in_force not in TIMES:
        raise refused(VENUE, "time_in_force", order.time_in_force, f"is none of {', '.join(TIMES)}")
    if order.reduce_only:
        raise refused(VENUE, "reduce_only", True, "FIX has no such order")
    fields = [(35, NEW_ORDER), (11, order.client_id), *_account(contract), (21, "1"), *_named(contract)]
    fields += [(54, SIDES[order.side]), (60, time_text(at)), *_terms(order), (59, TIMES[order.time_in_force])]
    fields += [(18, "6")] if order.post_only else []
    return fields


def cancelling(order: VenueOrder, original: str, contract: Contract, at: int) -> list[tuple[int, str]]:
    """OrderCancelRequest: `order.client_id` is the request's own id, `original` the order's."""
    require_client_id(VENUE, order.client_id, CLIENT_ID_MAX)
    fields = [(35, CANCEL), (41, original), (11, order.client_id), *_account(contract), *_named(contract)]
    return [*fields, (54, SIDES[order.side]), (60, time_text(at)), (38, plain(order.quantity))]


def replacing(order: VenueOrder, original: str, contract: Contract, at: int) -> list[tuple[int, str]]:
    """OrderCancelReplaceRequest with the new price and total quantity."""
    require_client_id(VENUE, order.client_id, CLIENT_ID_MAX)
    require(VENUE, order)
    fields = [(35, REPLACE), (41, original), (11, order.client_id), *_account(contract), (21, "1"), *_named(contract)]
    fields += [(54, SIDES[order.side]), (60, time_text(at)), *_terms(order)]
    return [*fields, (59, TIMES.get(order.time_in_force, "0"))]


def asking(client_id: str, venue_id: str, side: int, contract: Contract) -> list[tuple[int, str]]:
    """OrderStatusRequest; OrderID (37) where it is known."""
    fields = [(35, STATUS), (11, client_id), *([(37, venue_id)] if venue_id else []), *_account(contract)]
    return [*fields, *_named(contract), (54, SIDES[side])]


def _account(contract: Contract) -> list[tuple[int, str]]:
    return [(1, contract.account)] if contract.account else []


def _named(contract: Contract) -> list[tuple[int, str]]:
    exchange = [(207, contract.exchange)] if contract.exchange else []
    return [(55, contract.symbol), (167, contract.security_type), *exchange]


def _terms(order: VenueOrder) -> list[tuple[int, str]]:
    terms = [(38, plain(order.quantity)), (40, TYPES[order.type])]
    terms += [(44, plain(order.price))] if order.price is not None else []
    terms += [(99, plain(order.stop_price))] if order.stop_price is not None else []
    return [*terms, *([(111, plain(order.display))] if order.display is not None else [])]


def told(fields: Sequence[tuple[int, str]]) -> tuple[Any, ...]:
    """The words of an application message. Raises BadInput that names the tag."""
    if not fields or fields[0][0] != 35:
        raise BadInput("fix.35", "is not the first field")
    if len(fields) > FIELDS_MAX:
        raise BadInput("fix", f"{len(fields)} fields, {FIELDS_MAX} at most")
    message = _Message(fields)
    kind = message.text(35)
    if kind == REPORT:
        return tuple(_report(message))
    if kind == CANCEL_REJECT:
        return (_not_changed(message),)
    if kind == BUSINESS_REJECT:
        return (OrderRefused(client_id=message.get(379), code=message.get(380), message=message.get(58)),)
    if kind == SESSION_REJECT:
        return (Quiet(f"session reject of message {message.get(45)}: {message.get(58)}"),)
    return (Unknown(f"message type {kind[:8]}"),)


class _Message:
    """Fields by tag; of a tag that comes twice outside a group (parties, legs) the first counts."""

    def __init__(self, fields: Sequence[tuple[int, str]]) -> None:
        self._fields: dict[int, str] = {}
        for tag, value in fields:
            self._fields.setdefault(tag, value)

    def get(self, tag: int) -> str:
        """ "" where it is not."""
        return self._fields.get(tag, "")

    def text(self, tag: int) -> str:
        """Raises BadInput where it is not."""
        value = self._fields.get(tag, "")
        if not value:
            raise BadInput(f"fix.{tag}", "is missing")
        return value

    def number(self, tag: int) -> Decimal:
        """Raises BadInput where it is no number."""
        value = self.text(tag)
        if len(value) > 40 or _DECIMAL.fullmatch(value) is None:
            raise BadInput(f"fix.{tag}", f"{value[:40]!r} is no number")
        return Decimal(value)

    def above_zero(self, tag: int) -> Decimal:
        """Raises BadInput where it is not."""
        try:
            return positive(self.number(tag), f"tag {tag}")
        except ValueError as error:
            raise BadInput(f"fix.{tag}", str(error)) from error

    def maybe(self, tag: int) -> Decimal | None:
        """None where it is not, or is zero."""
        return self.number(tag) or None if self.get(tag) else None

    def side(self) -> int:
        """Raises BadInput for another than buy and sell (5 and 6 sell short)."""
        value = self.text(54)
        found = {"1": BUY, "2": SELL, "5": SELL, "6": SELL}.get(value)
        if found is None:
            raise BadInput("fix.54", f"{value[:8]!r} is no side that we send")
        return found

    def time(self) -> int:
        """TransactTime in ns; 0 where it is not."""
        return time_ns(self.get(60)) if self.get(60) else 0


def _report(message: _Message) -> Iterable[Any]:
    kind, state = message.text(150), message.text(39)
    if state not in STATES:
        raise BadInput("fix.39", f"{state[:8]!r} is no status that is known")
    names = {"client_id": message.text(11), "venue_id": message.text(37), "symbol": message.get(55)}
    at = message.time()
    if message.get(20) in ("1", "2") or kind in ("G", "H"):
        verb = "corrected" if kind == "G" or message.get(20) == "2" else "busted"
        yield Unknown(f"trade {message.get(19)} of order {names['client_id']} was {verb}: people have to book it")
    elif kind == "I" or message.get(20) == "3":
        yield _state(message, names, STATES[state])
    elif kind in FILLS:
        yield _fill(message, names)
    elif kind in ENDINGS:
        cumulative = message.number(14)
        yield OrderEnded(**names, reason=ENDINGS[kind], cumulative=cumulative, at=at, detail=message.get(58))
    elif kind == "5":
        yield OrderChanged(**names, price=message.above_zero(44), quantity=message.above_zero(38), at=at)
    elif kind == "0":
        yield OrderTaken(**names, at=at)
    elif kind in PENDING:
        yield Quiet(f"pending {kind}")
    else:
        yield Unknown(f"ExecType {kind[:8]}")


def _fill(message: _Message, names: dict[str, str]) -> OrderFilled:
    return OrderFilled(
        **names,
        trade_id=message.text(17),
        side=message.side(),
        price=message.above_zero(31),
        quantity=message.above_zero(32),
        liquidity=LIQUIDITY.get(message.get(851), 0),
        at=message.time(),
        cumulative=message.number(14),
        fee=None,
        fee_asset="",
    )


def _state(message: _Message, names: dict[str, str], state: str) -> OrderState:
    quantity = message.above_zero(38) if message.get(38) else message.number(14) + message.number(151)
    return OrderState(
        **names,
        state=state,
        side=message.side(),
        price=message.maybe(44),
        quantity=quantity,
        cumulative=message.number(14),
        at=message.time(),
    )


def _not_changed(message: _Message) -> OrderRefused:
    """A cancel or replace was refused; the id is the request's own."""
    code = message.get(102) or message.get(434)
    return OrderRefused(client_id=message.text(11), code=code, message=message.get(58))


def time_text(at: int) -> str:
    """UTCTimestamp with milliseconds."""
    seconds, rest = divmod(at, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%d-%H:%M:%S}.{rest // NS_PER_MS:03}"


def time_ns(text: str) -> int:
    """The reverse, of any precision. Raises BadInput."""
    found = _TIME.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
        whole = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError as error:
        raise BadInput("fix.60", f"{text[:40]!r} is no UTCTimestamp") from error
    return int(whole.timestamp()) * NS_PER_S + int((found[7] or "0").ljust(9, "0"))
