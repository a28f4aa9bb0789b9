"""What changes an order where it stands: each effect of the kind, and the event that it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.oracle.order_rows.live import Live, moment

from isthmus.kernel.messages import LIMIT, MARKET, MARKET_TO_LIMIT, STOP
from isthmus.kernel.values import text
from isthmus.refdata.instruments import Instrument

KEEP_PRICE = (MARKET, STOP)
"""What these are repriced to is what they are held for."""


def shown_terms(live: Live) -> dict[str, int]:
    return {"price": live.price, "quantity": live.quantity, **live.terms}


def written(name: str, value: int, instrument: Instrument) -> str:
    if name in ("price", "stop", "offset"):
        return text(value, instrument.price_decimals)
    if name in ("quantity", "display", "display_high", "min_quantity"):
        return text(value, instrument.quantity_decimals)
    return moment(value) if name == "expire" and value else str(value)


def _acknowledged(live: Live, _: Any, record: Any) -> str:
    live.acknowledged = record.stamp
    return "venue_ack"


def _parked(live: Live, _: Any, __: Any) -> str:
    live.status = "parked"
    return "park"


def _triggered(live: Live, effect: Any, record: Any) -> str:
    live.triggered(effect.price)
    live.priority, live.shown = record.stamp, live.rests
    return "trigger"


def _refreshed(live: Live, effect: Any, record: Any) -> str:
    live.shown, live.priority = effect.display, record.stamp
    return "refresh"


def _repriced(live: Live, effect: Any, record: Any) -> str:
    live.hold, live.priority = effect.hold, record.stamp
    if live.kind not in KEEP_PRICE:
        live.price = effect.price
    if live.kind == MARKET_TO_LIMIT:
        live.kind = LIMIT
    live.shown = live.rests
    return "reprice"


def _trailed(live: Live, effect: Any, _: Any) -> str:
    live.terms = {**live.terms, "stop": effect.stop}
    live.price, live.hold = effect.price, effect.hold
    return "trail"


def _reduced(live: Live, effect: Any, record: Any) -> str:
    live.quantity, live.hold = live.filled + effect.left, max(0, live.hold - effect.released)
    if live.shown is not None:
        live.shown = min(live.shown, live.left)
    return "reduce" if type(record.command).__name__ == "ReduceOrder" else "reduce_by_market"


def _invited(_: Live, __: Any, ___: Any) -> str:
    return "invite"


TELLS: dict[str, Callable[[Live, Any, Any], str]] = {
    "Acknowledged": _acknowledged,
    "Parked": _parked,
    "Triggered": _triggered,
    "Refreshed": _refreshed,
    "Repriced": _repriced,
    "Trailed": _trailed,
    "Reduced": _reduced,
    "Invited": _invited,
}
