"""An order's wish, in decimals and words, as the engine's command."""

from __future__ import annotations

import secrets
from operator import attrgetter
from typing import Any

from isthmus.engine.engine import content_id
from isthmus.gateways.algorithms import Algorithms, BadPath, Wish
from isthmus.gateways.amounts import price_of, quantity_of
from isthmus.gateways.problems import Refusal
from isthmus.gateways.shapes import NewOrder, OrderChange
from isthmus.kernel.ids import number_of
from isthmus.kernel.messages import (
    FLAGS,
    GIVEN,
    GTD,
    MARKET_TO_LIMIT,
    ORDER_TYPES,
    PEG,
    PEGS,
    SIDES,
    TIMES_IN_FORCE,
    TRIGGERS,
    PlaceOrder,
    PlaceParent,
    PlaceSpecial,
    ReduceOrder,
    ReplaceOrder,
    ReplaceSpecial,
)
from isthmus.kernel.values import TIME_MAX_NS, time_ns, time_text, units
from isthmus.refdata.instruments import Instrument
from isthmus.views.orders import OrderRow

U32_MAX = 2**32 - 1
FLAGS_SAID = tuple(name for name in FLAGS if name in NewOrder.__struct_fields__)
"""Flags that a client may ask for; the others are the engine's own."""
HOUSE_TERMS = (
    "slide",
    "hidden",
    "all_or_none",
    "stop_price",
    "offset",
    "trigger",
    "peg",
    "display_quantity",
    "display_quantity_max",
    "min_quantity",
    "one_cancels",
    "parent",
    "request",
)
"""Fields of NewOrder that no outside venue is told."""
_house_terms = attrgetter(*HOUSE_TERMS)


def placing(wanted: NewOrder, account: int, instrument: Instrument, venue: int, text: str) -> Any:
    """PlaceOrder, or PlaceSpecial where a term needs it. Raises Refusal for what is no number, time or id."""
    order: dict[str, Any] = {
        "account": account,
        "instrument": instrument.number,
        "venue": venue,
        "side": SIDES[wanted.side],
        "kind": ORDER_TYPES[wanted.type],
        "tif": TIMES_IN_FORCE[wanted.time_in_force],
        "flags": _flags(wanted),
        "price": price_of(wanted.price, instrument) if wanted.price is not None else 0,
        "quantity": quantity_of(wanted.quantity, instrument),
        "client_id": content_id(text) if text else bytes(16),
        "session": session_of(wanted.session),
    }
    terms = _terms(wanted, instrument)
    if "display_high" in terms:
        terms["seed"] = _seed(text)
    plain = not terms and order["kind"] <= MARKET_TO_LIMIT and order["tif"] != GTD
    return PlaceOrder(**order) if plain else PlaceSpecial(**order, **terms)


WORKED_WITHOUT = (*HOUSE_TERMS, "venue", "post_only", "reduce_only", "short", "expires_at")
"""Fields of NewOrder that a parent does not have: its path decides them for each child."""
PPM_DECIMALS = 6


def working(
    wanted: NewOrder, account: int, instrument: Instrument, text: str, algorithms: Algorithms
) -> tuple[Any, str]:
    """PlaceParent and its note. Raises Refusal that names the field."""
    for name in WORKED_WITHOUT:
        if getattr(wanted, name):
            raise Refusal(422, "bad_terms", f"{name} is not for an order with a path", field=name)
    if wanted.type not in ("limit", "market") or wanted.time_in_force not in ("gtc", "day"):
        raise Refusal(422, "bad_terms", "an order with a path is limit or market, gtc or day", field="type")
    if wanted.type == "market" and wanted.price is not None:
        raise Refusal(422, "price_on_market", "a market order has no price", field="price")
    if wanted.type == "limit" and wanted.price is None:
        raise Refusal(422, "price_not_positive", "a limit order has a price", field="price")
    wish = Wish(
        path=wanted.path or "auto",
        parameters=wanted.path_parameters,
        instrument=instrument,
        side=SIDES[wanted.side],
        quantity=quantity_of(wanted.quantity, instrument),
        limit=price_of(wanted.price, instrument) if wanted.price is not None else 0,
        until=time_of(wanted.until, "until"),
        cap_ppm=_share(wanted.max_participation),
        basket=wanted.basket or "",
        urgency=wanted.urgency,
    )
    try:
        plan = algorithms.plan(wish)
    except BadPath as error:
        raise Refusal(422, "bad_path", str(error), field=error.field) from error
    command = PlaceParent(
        account=account,
        instrument=instrument.number,
        side=wish.side,
        path=plan.path,
        price=wish.limit,
        quantity=wish.quantity,
        client_id=content_id(text) if text else bytes(16),
        session=session_of(wanted.session),
    )
    return command, plan.note


def _share(text: str | None) -> int:
    """Millionths of a fraction; 0 for none."""
    if text is None:
        return 0
    try:
        share = units(text, PPM_DECIMALS)
    except ValueError:
        share = -1
    if not 0 < share <= 10**PPM_DECIMALS:
        detail = 'max_participation is a fraction above 0, at most 1, like "0.1"'
        raise Refusal(422, "bad_share", detail, field="max_participation", value=text)
    return share


def is_special(wanted: NewOrder) -> bool:
    """Has it terms that only the house book knows?"""
    return wanted.type not in ("limit", "market") or any(_house_terms(wanted))


def session_of(session: int) -> int:
    """The number of the asker's own session. Raises Refusal."""
    if not 0 <= session <= U32_MAX:
        limit = f"0..{U32_MAX}"
        raise Refusal(400, "malformed_request", f"session is {limit}", field="session", value=str(session), limit=limit)
    return session


_said_flags = attrgetter(*FLAGS_SAID)
_said_terms = attrgetter(
    "stop_price",
    "offset",
    "display_quantity",
    "display_quantity_max",
    "min_quantity",
    "expires_at",
    "one_cancels",
    "parent",
    "request",
    "peg",
    "trigger",
)
_NO_TERMS = (None,) * 11
_NO_FLAGS = (False,) * len(FLAGS_SAID)


def _flags(wanted: NewOrder) -> int:
    said = _said_flags(wanted)
    return 0 if said == _NO_FLAGS else sum(FLAGS[name] for name, one in zip(FLAGS_SAID, said, strict=True) if one)


def _terms(wanted: NewOrder, instrument: Instrument) -> dict[str, int]:
    if _said_terms(wanted) == _NO_TERMS:
        return {}
    found = {
        "stop": _price(wanted.stop_price, instrument, "stop_price"),
        "offset": _price(wanted.offset, instrument, "offset"),
        "display": _quantity(wanted.display_quantity, instrument, "display_quantity"),
        "display_high": _quantity(wanted.display_quantity_max, instrument, "display_quantity_max"),
        "min_quantity": _quantity(wanted.min_quantity, instrument, "min_quantity"),
        "expire": time_of(wanted.expires_at),
        "one_cancels": _order(wanted.one_cancels, "one_cancels"),
        "parent": _order(wanted.parent, "parent"),
        "request": _order(wanted.request, "request"),
        "peg": PEGS[wanted.peg] if wanted.peg else 0,
        "trigger": TRIGGERS[wanted.trigger] if wanted.trigger else 0,
    }
    return {name: value for name, value in found.items() if value}


def changing(row: OrderRow, change: OrderChange, instrument: Instrument, text: str) -> Any:
    """ReplaceOrder for price and quantity, ReduceOrder, or ReplaceSpecial. A peg's price is where it stands now and not
    its limit, so that it is not asked for again.
    """
    client_id = content_id(text) if text else bytes(16)
    if change.reduce_by is not None:
        lots = quantity_of(change.reduce_by, instrument, "reduce_by")
        return ReduceOrder(order=row.number, account=row.account, quantity=lots, client_id=client_id)
    given = _given(change, instrument)
    if not given.keys() - {"price", "quantity"} and row.kind != PEG:
        price, quantity = given.get("price", row.price), given.get("quantity", row.quantity)
        whole = {"order": row.number, "account": row.account, "client_id": client_id}
        return ReplaceOrder(**whole, price=price, quantity=quantity)
    mask = sum(GIVEN[name] for name in given)
    return ReplaceSpecial(order=row.number, account=row.account, client_id=client_id, given=mask, **given)


def _given(change: OrderChange, instrument: Instrument) -> dict[str, int]:
    prices = {"price": change.price, "stop": change.stop_price, "offset": change.offset}
    lots = {"quantity": change.quantity, "display": change.display_quantity, "min_quantity": change.min_quantity}
    found = {name: price_of(text, instrument, _said(name)) for name, text in prices.items() if text is not None}
    found |= {name: quantity_of(text, instrument, _said(name)) for name, text in lots.items() if text is not None}
    return found if change.expires_at is None else found | {"expire": time_of(change.expires_at)}


def _said(name: str) -> str:
    return {"stop": "stop_price", "display": "display_quantity"}.get(name, name)


def _seed(text: str) -> int:
    """What the peaks of an iceberg are drawn by. Of the client id, so that the same command stays the same one; without
    an id, by chance.
    """
    return int.from_bytes(content_id(text)[:8]) if text else secrets.randbits(64)


def _price(text: str | None, instrument: Instrument, field: str) -> int:
    return price_of(text, instrument, field) if text is not None else 0


def _quantity(text: str | None, instrument: Instrument, field: str) -> int:
    return quantity_of(text, instrument, field) if text is not None else 0


def _order(text: str | None, field: str) -> int:
    if text is None:
        return 0
    number = number_of("ord", text)
    if number is None:
        raise Refusal(400, "malformed_id", "an order's id looks like ord-4711", field=field, value=text)
    return number


def time_of(text: str | None, field: str = "expires_at") -> int:
    """Nanoseconds of an RFC 3339 time; 0 for none. Raises Refusal 400."""
    if text is None:
        return 0
    try:
        found = time_ns(text)
    except ValueError:
        detail = f"{field} is a time like 2026-11-23T10:00:00Z"
        raise Refusal(400, "malformed_request", detail, field=field, value=text) from None
    if not 0 < found <= TIME_MAX_NS:
        limit = time_text(TIME_MAX_NS)
        raise Refusal(422, "bad_expire", f"{field} is at most {limit}", field=field, value=text, limit=limit)
    return found
