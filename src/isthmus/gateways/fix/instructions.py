"""NewOrderSingle(D) and OrderCancelReplaceRequest(G) as the broker's own orders.

Codes are those of FIX 4.2, 4.4 and 5.0 SP2, volume 6, fields by tag. What an instruction means that is not taken is
refused by name: an order is never worked with less than it asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from isthmus.gateways.fix.shapes import Fields, bad
from isthmus.gateways.fix.times import end_of_day, nanoseconds
from isthmus.gateways.shapes import NewOrder, OrderChange
from isthmus.gateways.work_shapes import PathFacts
from isthmus.kernel.values import time_text

SIDES = {"1": ("buy", False), "2": ("sell", False), "5": ("sell", True)}
"""Side(54): the side, and whether it is a short sale."""
TYPES = {"1": "market", "2": "limit", "3": "stop", "4": "stop_limit", "K": "market_to_limit", "P": "peg"}
"""OrdType(40)."""
TIMES = {
    "0": "day",
    "1": "gtc",
    "2": "at_open",
    "3": "ioc",
    "4": "fok",
    "6": "gtd",
    "7": "at_close",
    "9": "good_for_auction",
}
"""TimeInForce(59); absent is a day order."""
FLAGS = {"6": "post_only", "G": "all_or_none", "E": "reduce_only"}
"""ExecInst(18): participate but do not initiate, all or none, do not increase."""
PEGS = {"R": "primary", "M": "mid", "P": "market"}
"""ExecInst(18): primary, mid-price and market peg."""
PEG_TYPES = {"5": "primary", "2": "mid", "4": "market"}
"""PegPriceType(1094)."""
TRAILING_INST, TRAILING_PEG = "a", "8"
"""ExecInst(18) and PegPriceType(1094) of a trailing stop."""
TRIGGERS = {"2": "last"}
"""TriggerPriceType(1107)."""
UNTAKEN = {
    152: "CashOrderQty",
    201: "PutOrCall",
    388: "DiscretionInst",
    389: "DiscretionOffsetValue",
    423: "PriceType",
    516: "OrderPercent",
    583: "ClOrdLinkID",
    1385: "ContingencyType",
}
"""Fields that change what is asked for in a way that is not known here."""
STRATEGIES = {"1": "VWAP_DYN", "2": "POV", "3": "IS_AC"}
"""TargetStrategy(847): VWAP, participate, minimise market impact (implementation shortfall)."""
STRATEGY_BASE = 1000
"""TargetStrategy 1000 + n is the path of number n."""
FLOAT_TYPES = frozenset({"6", "7", "8", "9", "10", "11"})
INT_TYPES = frozenset({"1", "2", "3", "4", "5"})
"""StrategyParameterType(959): figures with and without decimals."""
BOOLEAN_TYPE = "13"

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)

Paths = Callable[[], Sequence[PathFacts]]


def new_order(message: Fields, paths: Paths) -> NewOrder:
    """Raises Refusal that names the field."""
    for tag, name in UNTAKEN.items():
        if (value := message.get(tag)) is not None:
            raise bad(tag, name, f"{name} is not taken", value)
    side, short = _coded(message, 54, "Side", SIDES)
    ends = _expiry(message)
    strategy = _strategy(message, paths)
    if strategy and ends:  # a worked order is done by then, whatever is left is not sent
        strategy.setdefault("until", ends.pop("expires_at"))
    return NewOrder(
        instrument=message.get(55) or "",
        side=side,
        short=short,
        quantity=_given(message, 38, "OrderQty"),
        time_in_force=_time_in_force(message),
        price=message.get(44),
        client_order_id=_given(message, 11, "ClOrdID"),
        account=message.get(1),
        venue=_venue(message),
        min_quantity=_unless_zero(message.get(110)),
        **_kind(message),
        **_flags(message),
        **_display(message),
        **ends,
        **strategy,
    )


def order_change(message: Fields) -> OrderChange:
    """What a replacement changes; what it leaves out stays. Raises Refusal."""
    shown = message.get(111) or message.get(1138)
    is_trailing = message.get(40) == "P" and _is_trailing(message)
    changed: dict[str, Any] = {
        "price": message.get(44),
        "quantity": message.get(38),
        "stop_price": message.get(99) or message.get(1102),
        "display_quantity": shown,
        "min_quantity": message.get(110),
        **_expiry(message),
    }
    if message.get(40) == "P":
        changed["offset"] = message.get(211)
        changed["stop_price"] = None if is_trailing else changed["stop_price"]
    return OrderChange(client_order_id=_given(message, 11, "ClOrdID"), **changed)


def _given(message: Fields, tag: int, name: str) -> str:
    value = message.get(tag)
    if not value:
        raise bad(tag, name, f"{name} is missing")
    return value


def _coded(message: Fields, tag: int, name: str, codes: dict[str, Any]) -> Any:
    value = _given(message, tag, name)
    if value not in codes:
        raise bad(tag, name, f"{name} is one of {', '.join(codes)}", value)
    return codes[value]


def _time_in_force(message: Fields) -> Any:
    return _coded(message, 59, "TimeInForce", TIMES) if message.get(59) is not None else "day"


def _venue(message: Fields) -> str | None:
    """ExDestination(100): a venue's name, in any case; HOUSE is the house book."""
    value = message.get(100)
    return value.lower() if value is not None else None


def _unless_zero(value: str | None) -> str | None:
    """A minimum or a maximum of nothing is none."""
    return None if value is None or not value.strip("0.") else value


def _kind(message: Fields) -> dict[str, Any]:
    kind = _coded(message, 40, "OrdType", TYPES)
    stop = message.get(99) or message.get(1102)
    found: dict[str, Any] = {"type": kind}
    if kind == "peg":
        offset = message.get(211)
        if _is_trailing(message):
            return {"type": "trailing_stop", "offset": offset, "stop_price": stop, **_trigger(message)}
        return {"type": "peg", "peg": _peg(message), "offset": offset}
    if stop is not None:
        found["stop_price"] = stop
        found |= _trigger(message)
    return found


def _is_trailing(message: Fields) -> bool:
    return TRAILING_INST in (message.get(18) or "").split() or message.get(1094) == TRAILING_PEG


def _peg(message: Fields) -> str:
    if (value := message.get(1094)) is not None:
        if value not in PEG_TYPES:
            raise bad(1094, "PegPriceType", f"PegPriceType is one of {', '.join(PEG_TYPES)}, {TRAILING_PEG}", value)
        return PEG_TYPES[value]
    given = [PEGS[code] for code in (message.get(18) or "").split() if code in PEGS]
    if len(given) != 1:
        raise bad(18, "ExecInst", "a pegged order names one of R (primary), M (mid), P (market), a (trailing stop)")
    return given[0]


def _trigger(message: Fields) -> dict[str, Any]:
    value = message.get(1107)
    if value is None:
        return {}
    return {"trigger": _coded(message, 1107, "TriggerPriceType", TRIGGERS)}


def _flags(message: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code in (message.get(18) or "").split():
        if code in FLAGS:
            found[FLAGS[code]] = True
        elif code not in PEGS and code != TRAILING_INST:
            known = ", ".join([*FLAGS, *PEGS, TRAILING_INST])
            raise bad(18, "ExecInst", f"ExecInst takes {known}", code)
    return found


def _display(message: Fields) -> dict[str, Any]:
    """MaxFloor(111), or in 5.0 SP2 DisplayQty(1138) with DisplayLowQty(1085) and DisplayHighQty(1086); 0 hides."""
    if (low := message.get(1085)) is not None:
        return {"display_quantity": low, "display_quantity_max": message.get(1086)}
    shown = message.get(1138) or message.get(111)
    if shown is None:
        return {}
    return {"display_quantity": shown} if _unless_zero(shown) else {"hidden": True}


def _expiry(message: Fields) -> dict[str, Any]:
    """ExpireTime(126), or ExpireDate(432) to its last moment (UTC)."""
    for tag, name, read in ((126, "ExpireTime", nanoseconds), (432, "ExpireDate", end_of_day)):
        if (value := message.get(tag)) is not None:
            try:
                return {"expires_at": time_text(read(value))}
            except ValueError as error:
                raise bad(tag, name, str(error), value) from None
    return {}


def _strategy(message: Fields, paths: Paths) -> dict[str, Any]:
    """TargetStrategy(847) and the group of StrategyParameters (957); ParticipationRate(849) bounds the share."""
    code = message.get(847)
    if code is None:
        return {}
    found: dict[str, Any] = {"path": _path_named(code, paths)}
    if (share := message.get(849)) is not None:
        found["max_participation"] = share
    parameters = {}
    for entry in message.group(957):
        name, value = _given(entry, 958, "StrategyParameterName"), _given(entry, 960, "StrategyParameterValue")
        if name in ("until", "basket", "max_participation"):
            found[name] = value
        elif name == "urgency":
            found[name] = _figure("6", value)
        else:
            parameters[name] = _figure(entry.get(959), value)
    return found | {"path_parameters": parameters}


def _path_named(code: str, paths: Paths) -> str:
    if code in STRATEGIES:
        return STRATEGIES[code]
    if code == str(STRATEGY_BASE):
        return "auto"
    by_code = {str(STRATEGY_BASE + facts.number): facts.name for facts in paths()}
    if code not in by_code:
        known = "1, 2, 3, 1000 (auto) or 1000 + a path's number"
        raise bad(847, "TargetStrategy", f"TargetStrategy is {known}", code)
    return by_code[code]


def _figure(kind: str | None, value: str) -> Any:
    if kind == BOOLEAN_TYPE:
        return value == "Y"
    if kind in INT_TYPES | FLOAT_TYPES:
        if _NUMBER.fullmatch(value) is None:
            raise bad(960, "StrategyParameterValue", "not a number", value)
        return float(value) if kind in FLOAT_TYPES or "." in value else int(value)
    return value


class Which(msgspec.Struct, frozen=True):
    """Which order a cancel, a replacement or a question is about."""

    client: str | None
    order: str | None


def which(message: Fields) -> Which:
    """By OrigClOrdID(41), else OrderID(37). Raises Refusal without either."""
    found = Which(message.get(41), message.get(37))
    if found.client is None and found.order is None:
        raise bad(41, "OrigClOrdID", "OrigClOrdID or OrderID says which order")
    return found
