"""A live order as the rows of the audit store need it, and what its records say of it while nothing happens to it."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.engine.engine import Origin, Record
from isthmus.kernel.ids import account_id, order_id
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    ACCOUNT_HOUSE,
    ACCOUNT_OMNIBUS,
    AT_CLOSE,
    AT_OPEN,
    BUY,
    GATEWAYS,
    GIVEN,
    GOOD_FOR_AUCTION,
    GTC,
    GTD,
    HIDDEN,
    LIMIT,
    MARKET,
    MARKET_TO_LIMIT,
    ORDER_TYPES,
    PEG,
    POST_ONLY,
    QUOTE,
    REQUEST,
    ROLES,
    SELL,
    SHORT,
    STOP,
    STOP_LIMIT,
    TIMES_IN_FORCE,
    TRAILING_STOP,
    WORKED,
)
from isthmus.kernel.values import NS_PER_S, text, time_text
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument

FIELDS = 78
CALENDAR_END_NS = 253_402_300_800 * NS_PER_S
"""The end of the year 9999."""
Values = list[str | None]
"""One of each dimension, O01 first. None: nothing says it. Empty: it is known that there is none."""
ROLE_NAMES = {number: name for name, number in ROLES.items()}
GATEWAY_NAMES = {number: name for name, number in GATEWAYS.items()}
KIND_NAMES = {number: name for name, number in ORDER_TYPES.items()} | {WORKED: "worked"}
TIF_NAMES = {number: name for name, number in TIMES_IN_FORCE.items()}
AUCTION_TIFS = (AT_OPEN, AT_CLOSE, GOOD_FOR_AUCTION)
ENTERED_WITHIN = ("trader", "house", "operator")
"""Roles of those who send an order of somebody else's or of the firm's own."""
UNPRICED = (MARKET, STOP, MARKET_TO_LIMIT)
TRIGGERED_KINDS = {STOP: MARKET, STOP_LIMIT: LIMIT}
TERMS = ("stop", "offset", "display", "display_high", "min_quantity", "expire", "one_cancels", "parent", "request")


class Source(msgspec.Struct, frozen=True):
    """What a record's origin block says."""

    session: int = 0
    user: int = 0
    role: int = 0
    gateway: int = 0
    received_at: int = 0
    text: str = ""
    instruction: str = ""

    @classmethod
    def of(cls, origin: Origin) -> Source:
        """Of a record."""
        told = origin.instruction.hex() if origin.instruction else ""
        return cls(
            origin.session, origin.user, origin.role, origin.gateway, origin.received_at, origin.text, told
        )  # fmt: skip

    @property
    def evidence(self) -> str | None:
        """Who came in how (O75); None where no origin was given."""
        if not (self.user or self.role or self.gateway or self.session):
            return None
        role, gateway = ROLE_NAMES.get(self.role, ""), GATEWAY_NAMES.get(self.gateway, "")
        return listed({"gateway": gateway, "role": role, "session": self.session, "user": self.user})

    @property
    def received(self) -> str | None:
        """When the gateway had it (O16)."""
        return moment(self.received_at) if self.received_at >= NS_PER_S else None


class Live(msgspec.Struct):
    """An order that is not done. Numbers as the engine has them; `of` and `path` are a child's parent and how that is
    worked, `links` the orders that it hangs together with. `shown`: lots in sight, None where the journal does not say.
    """

    number: int
    account: int
    instrument: int
    venue: int
    side: int
    kind: int
    tif: int
    flags: int
    price: int
    quantity: int
    session: int
    source: Source
    terms: dict[str, int]
    of: int = 0
    path: int = 0
    tape: int | None = None
    note: str = ""
    filled: int = 0
    hold: int = 0
    shown: int | None = 0
    priority: int = 0
    acknowledged: int = 0
    status: str = "open"

    @property
    def left(self) -> int:
        """Lots."""
        return max(0, self.quantity - self.filled)

    @property
    def rests(self) -> int | None:
        """Lots in sight if it stands in a book now, the first peak of an iceberg; None for one drawn by chance."""
        if self.path or self.flags & HIDDEN or self.kind in (MARKET, STOP, STOP_LIMIT, TRAILING_STOP, REQUEST):
            return 0
        if self.terms.get("display_high"):
            return None
        return min(self.terms.get("display") or self.left, self.left)

    def specify(self, command: Any) -> None:
        """The terms that a ReplaceSpecial names."""
        named = {key: getattr(command, key) for key, bit in GIVEN.items() if command.given & bit}
        if self.kind == TRAILING_STOP:
            self.price = named.get("price", self.price)
        terms = self.terms | {key: value for key, value in named.items() if key in TERMS}
        self.terms = {key: value for key, value in terms.items() if value}

    def replaced(self, price: int, quantity: int, hold: int) -> None:
        """As Replaced says; of a stop the price is its trigger."""
        self.quantity, self.hold, self.status = quantity, hold, "open"
        if self.kind == STOP or (self.kind == TRAILING_STOP and not self.price):
            self.terms = {**self.terms, "stop": price}
        elif self.venue or self.kind not in (MARKET, TRAILING_STOP):
            self.price = price

    def triggered(self, price: int) -> None:
        """It works from now on; `price` 0: its session or its parent came, not its price."""
        self.status = "open"
        if price:
            trailed = LIMIT if self.price else MARKET
            self.kind = trailed if self.kind == TRAILING_STOP else TRIGGERED_KINDS.get(self.kind, self.kind)


def placed(record: Record, parent: Live | None) -> Live:
    """The order of a placing command; `parent`: of a PlaceChild."""
    command = record.command
    above = parent if parent is not None else command
    named = parent is None and hasattr(command, "one_cancels")
    terms = TERMS if named or hasattr(command, "ordinal") else ("expire",)
    return Live(
        number=record.sequence,
        account=above.account,
        instrument=above.instrument,
        venue=getattr(command, "venue", 0),
        side=above.side,
        kind=getattr(command, "kind", WORKED),
        tif=getattr(command, "tif", GTC),
        flags=getattr(command, "flags", 0),
        price=command.price,
        quantity=command.quantity,
        session=above.session,
        source=Source.of(record.origin),
        terms={
            name: value
            for name in terms
            if (name != "parent" or named) and (value := getattr(command, name, 0))
        },
        of=parent.number if parent is not None else 0,
        path=parent.path if parent is not None else getattr(command, "path", 0),
        tape=getattr(command, "tape", None),
        note=record.origin.note,
        priority=record.stamp,
    )  # fmt: skip


def listed(value: Any) -> str:
    """A list or an object as its JSON text (RFC 8785: keys sorted, nothing between)."""
    return msgspec.json.encode(value, order="sorted").decode()


def moment(at: int) -> str:
    """A time, or the bare count where it is beyond every calendar, as a refused order's may be."""
    return time_text(at) if at < CALENDAR_END_NS else str(at)


def of_account(directory: Directory, number: int, values: Values) -> None:
    """O03, O05, O13."""
    values[2] = account_id(number)
    account = directory.accounts.get(number)
    if account is None:
        return
    values[4] = account.kind_name
    if account.kind == ACCOUNT_HOUSE:
        values[12] = "DEAL"
    elif account.kind in (ACCOUNT_CLIENT, ACCOUNT_OMNIBUS):
        values[12] = "AOTC"


def of_source(source: Source, values: Values) -> None:
    """O16, O75, O76."""
    values[15], values[74], values[75] = source.received, source.evidence, source.instruction or None


def of_order(directory: Directory, instrument: Instrument, live: Live, values: Values) -> None:
    """What changes only with the order's terms."""
    of_account(directory, live.account, values)
    of_source(live.source, values)
    role = ROLE_NAMES.get(live.source.role, "")
    if live.path:
        values[10] = f"path-{live.path}"
    elif role in ENTERED_WITHIN and live.source.user:
        values[10] = f"user-{live.source.user}"
    values[13] = _flag(live.flags & QUOTE)
    values[19] = _time(live.acknowledged)
    values[24] = order_id(live.number)
    values[25] = live.source.text or None
    here = not live.venue
    values[26] = order_id(live.number) if here and not live.path else None
    values[27] = order_id(live.of) if live.of else ""
    links = [order_id(live.terms[name]) for name in ("one_cancels", "parent") if name in live.terms]
    values[28] = listed(links) if links else ""
    values[33] = order_id(live.terms["request"]) if "request" in live.terms else ""
    if live.kind == REQUEST:
        values[33] = order_id(live.number)
    values[36] = directory.venue_name(live.venue)
    values[56] = "buy" if live.side == BUY else "sell"
    values[57] = KIND_NAMES.get(live.kind)
    values[58] = TIF_NAMES.get(live.tif)
    if live.tif == GTD and "expire" in live.terms:
        values[58] = f"gtd {moment(live.terms['expire'])}"
    values[59] = "VFAR" if live.tif in AUCTION_TIFS else ""
    values[60] = listed({"passive_only": bool(live.flags & POST_ONLY)})
    values[62] = f"path-{live.path}" if live.path else "" if here else None
    values[63] = listed({"short_sale": short_sale(live)})
    _of_amounts(instrument, live, values)


def _of_amounts(instrument: Instrument, live: Live, values: Values) -> None:
    priced = live.price and live.kind not in UNPRICED
    values[44] = text(live.price, instrument.price_decimals) if priced else ""
    stop = live.terms.get("stop")
    values[46] = text(stop, instrument.price_decimals) if stop else ""
    values[47] = values[44] if live.kind == PEG else ""
    values[51] = quantity_text(instrument, live.quantity)
    least = live.terms.get("min_quantity")
    values[55] = listed({"minimum": text(least, instrument.quantity_decimals)}) if least else ""
    if live.tape is not None:
        values[72] = listed({"tape": str(live.tape), "why": live.note})


def short_sale(live: Live) -> str:
    """As RTS 22 names it; nothing for a purchase."""
    if live.side != SELL:
        return ""
    return "SESH" if live.flags & SHORT else "SELL"


def quantity_text(instrument: Instrument, quantity: int) -> str:
    """O52: of foreign exchange a nominal amount, of everything else units."""
    nominal = instrument.kind_name == "fx_spot"
    told = {
        "currency": instrument.base.code if nominal else "",
        "notation": "NOML" if nominal else "UNIT",
        "quantity": text(quantity, instrument.quantity_decimals),
    }
    return listed(told)


def _flag(bit: int) -> str:
    return "true" if bit else "false"


def _time(at: int) -> str | None:
    return moment(at) if at else None
