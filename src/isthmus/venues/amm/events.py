"""Files of a Uniswap v3 pool's events: how it was created, liquidity that came and went, swaps with what the chain
recorded. Numbers are integers, as text where they exceed 2^53.
"""

from __future__ import annotations

import re
from typing import Any, BinaryIO

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS

FILE_BYTES_MAX = 1 << 30
MINT, BURN = 1, 2
"""Types of liquidity events: amounts are rounded up, or down."""

_DECIMAL = re.compile("-?[0-9]+")
_DIGITS_MAX = 80
_TRACE = ("block_number", "transaction_index", "log_index")


class Moment(msgspec.Struct, frozen=True, order=True):
    """Where on the chain something happened."""

    block: int
    transaction: int
    log: int


class Creation(msgspec.Struct, frozen=True):
    """A pool as it was created. `sqrt_price` is Q64.96, `fee_pips` millionths."""

    fee_pips: int
    tick_spacing: int
    sqrt_price: int


class LiquidityEvent(msgspec.Struct, frozen=True):
    """Liquidity that `owner` brought over a range of ticks, or took away."""

    index: int
    at: Moment
    kind: int
    owner: str
    lower: int
    upper: int
    liquidity: int
    amounts: tuple[int, int]


class SwapEvent(msgspec.Struct, frozen=True):
    """A swap: amounts into the pool are positive. `specified` is what the trader asked for, where the file tells it."""

    index: int
    at: Moment
    amount0: int
    amount1: int
    specified: int | None
    sqrt_price: int
    liquidity: int
    tick: int


class PoolEvents(msgspec.Struct, frozen=True):
    """A file. `index` counts each of its two lists from 0."""

    creation: Creation
    liquidity: list[LiquidityEvent]
    swaps: list[SwapEvent]


def read_events(source: BinaryIO) -> PoolEvents:
    """The events of a file. Raises BadInput that names the key, with the row it is in."""
    return events_of(read_json(source))


def events_of(tables: dict[str, Any]) -> PoolEvents:
    """The events that the tables of a file tell. Raises BadInput as `read_events`."""
    pool = _object(_required(tables, "pool", "file"), "pool")
    creation = Creation(
        fee_pips=number_in(pool, "fee", "pool"),
        tick_spacing=number_in(pool, "tick_spacing", "pool"),
        sqrt_price=number_in(pool, "initial_sqrt_price_X96", "pool"),
    )
    liquidity = [_liquidity(row, place, index) for index, (row, place) in enumerate(_rows(tables, "liquidity_events"))]
    swaps = [_swap(row, place, index) for index, (row, place) in enumerate(_rows(tables, "swap_events"))]
    return PoolEvents(
        creation, sorted(liquidity, key=lambda event: event.at), sorted(swaps, key=lambda event: event.at)
    )


def read_json(source: BinaryIO) -> dict[str, Any]:
    """The one object of a JSON file. Raises BadInput when it is none."""
    try:
        raw = source.read(FILE_BYTES_MAX + 1)
    except UNPACKING_ERRORS as error:
        raise BadInput("pool", f"cannot be unpacked: {error}") from error
    if len(raw) > FILE_BYTES_MAX:
        raise BadInput("pool", f"larger than {FILE_BYTES_MAX} bytes")
    try:
        return _object(msgspec.json.decode(raw), "file")
    except msgspec.DecodeError as error:
        raise BadInput("pool", f"is no JSON: {error}") from error


def _rows(tables: dict[str, Any], name: str) -> list[tuple[dict[str, Any], str]]:
    rows = _required(tables, name, "file")
    if not isinstance(rows, list):
        raise BadInput(name, "must be a list")
    return [(_object(row, f"{name}[{index}]"), f"{name}[{index}]") for index, row in enumerate(rows)]


def _liquidity(row: dict[str, Any], place: str, index: int) -> LiquidityEvent:
    kind = number_in(row, "type", place)
    if kind not in (MINT, BURN):
        raise BadInput(f"{place}.type", "must be 1 (mint) or 2 (burn)")
    owner = row.get("recipient") if kind == MINT else row.get("msg_sender")
    return LiquidityEvent(
        index=index,
        at=_moment(row, place),
        kind=kind,
        owner=str(owner or row.get("msg_sender")),
        lower=number_in(row, "tick_lower", place),
        upper=number_in(row, "tick_upper", place),
        liquidity=number_in(row, "liquidity", place),
        amounts=(number_in(row, "amount0", place), number_in(row, "amount1", place)),
    )


def _swap(row: dict[str, Any], place: str, index: int) -> SwapEvent:
    return SwapEvent(
        index=index,
        at=_moment(row, place),
        amount0=number_in(row, "amount0", place),
        amount1=number_in(row, "amount1", place),
        specified=None if row.get("amount_specified") in (None, "") else number_in(row, "amount_specified", place),
        sqrt_price=number_in(row, "sqrt_price_x96", place),
        liquidity=number_in(row, "liquidity", place),
        tick=number_in(row, "tick", place),
    )


def _moment(row: dict[str, Any], place: str) -> Moment:
    return Moment(*(number_in(row, name, place) for name in _TRACE))


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(place, "must be an object")
    return value


def _required(row: dict[str, Any], name: str, place: str) -> Any:
    if name not in row:
        raise BadInput(name if place == "file" else f"{place}.{name}", "is missing")
    return row[name]


def number_in(row: dict[str, Any], name: str, place: str) -> int:
    """An integer, plain or as text."""
    value = _required(row, name, place)
    if isinstance(value, str) and len(value) <= _DIGITS_MAX and _DECIMAL.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**256:
        return value
    raise BadInput(f"{place}.{name}", f"{str(value)[:_DIGITS_MAX]!r} is no integer of 256 bits")
