"""`isthmus margin perp`: whether perpetual accounts may be liquidated and at what prices, row by row."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, note, print_json
from isthmus.app.rows import DOCUMENT_BYTES_MAX, ROW_BYTES_MAX
from isthmus.clearing.perpetual import (
    PRICE_DIGITS,
    QUOTE_UNITS,
    Position,
    Standing,
    Terms,
    bankruptcy_quote,
    fillable_price,
    insurance_delta,
    standing,
)
from isthmus.engine.perpetuals import perpetual_bankruptcy, perpetual_fillable, perpetual_insurance
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input

EXPONENT_MAX = 40
"""Digits before or behind the point of a number that is taken."""
SAME = Fraction(1, 1_000_000)
"""Totals that a row states may differ from its positions' by this much: they were rounded."""
ANSWERS = ("liquidatable", "bankruptcy_quote", "fillable_price", "fillable_quote", "insurance_delta")
EXPECTED = {
    "expected_liquidatable": "liquidatable",
    "expected_bankruptcy_quote": "bankruptcy_quote",
    "expected_fillable_price": "fillable_price",
    "expected_insurance_fund_delta": "insurance_delta",
}


def run(arguments: argparse.Namespace) -> int:
    """One answer a row, decimals as strings. Exit 1 if one is refused, differs from its own totals or its answer."""
    clean, compared = True, 0
    for case, row in enumerate(_rows(arguments.cases), 1):
        answer = {"case": case, **dict.fromkeys(ANSWERS)}
        try:
            answer |= answer_of(row)
        except BadInput as refusal:
            answer |= {"error": {"field": refusal.field, "reason": refusal.reason, "line": case}}
        differing = _differing(row, answer)
        compared += any(row.get(key) is not None for key in EXPECTED) if isinstance(row, dict) else 0
        if differing:
            answer["differs"] = differing
        clean = clean and not differing and "error" not in answer
        print_json(answer)
    if compared:
        note(f"{compared} rows say what they expect; every one is so: {'yes' if clean else 'no'}")
    return EXIT_OK if clean else EXIT_FOUND


def answer_of(row: Any) -> dict[str, Any]:
    """What the row asks. Raises BadInput by key."""
    if not isinstance(row, dict):
        raise BadInput("row", "is no JSON object")
    positions = _positions(row)
    account, stated = _standing(row, positions)
    answer: dict[str, Any] = {"liquidatable": account.liquidatable} | ({"stated": stated} if stated else {})
    if row.get("market") is None:
        return answer
    position = positions.get(row["market"]) if isinstance(row["market"], str) else None
    if position is None:
        raise BadInput("market", f"the account has no position in {row['market']!r}")
    terms, fill = _terms(row), _number(row, "fill_price", None)
    fillable = fillable_price(account, position, terms)
    delta = _delta(row, position)
    answer |= {
        "fillable_price": _price(fillable, position.size > 0),
        "fillable_quote": _price(None if fillable is None else fillable * abs(delta), position.size > 0),
    }
    bankruptcy = bankruptcy_quote(account, position, delta)
    answer["bankruptcy_quote"] = _price(bankruptcy, True)
    gained = None
    if bankruptcy is not None and fill is not None:
        if fill < 0:
            raise BadInput("fill_price", "is below zero")
        gained = insurance_delta(bankruptcy, delta, fill, terms.fee)
        answer["insurance_delta"] = _price(gained, False)
    if fillable is not None and bankruptcy is not None:
        _must_be_the_cores((account, position, delta, terms), (fillable, bankruptcy), (fill, gained))
    return answer


def _must_be_the_cores(
    of: tuple[Standing, Position, Fraction, Terms],
    prices: tuple[Fraction, Fraction],
    insured: tuple[Fraction | None, Fraction | None],
) -> None:
    """The core's integers say the same wherever they can say it: where every amount is whole in the quote's units."""
    (account, position, delta, terms), (fillable, bankruptcy), (fill, gained) = of, prices, insured
    rest = Position(position.size + delta, position.price, position.fraction)
    amounts = (account.net, account.required, position.value, position.required, rest.value, rest.required)
    paid = abs(delta) * (fill or 0)
    rates = (terms.adjustment, terms.spread, terms.fee, paid)
    if any((amount * QUOTE_UNITS).denominator != 1 for amount in (*amounts, *rates)):
        return
    net, required, value, kept, left, left_kept = (int(amount * QUOTE_UNITS) for amount in amounts)
    adjustment, spread, fee, proceeds = (int(rate * QUOTE_UNITS) for rate in rates)
    try:
        over, under = perpetual_fillable((net, required), (value, kept), adjustment, spread)
        assert Fraction(over, under * QUOTE_UNITS) == fillable * position.size, "the core's fillable price differs"
        brings = perpetual_bankruptcy((net, required), (value, kept), (left, left_kept))
        assert Fraction(brings, QUOTE_UNITS) == bankruptcy, "the core's bankruptcy price differs"
        if gained is not None and proceeds:
            fund = perpetual_insurance(proceeds if delta < 0 else -proceeds, brings, fee)
            assert Fraction(fund, QUOTE_UNITS) == gained, "the core's part of the insurance fund differs"
    except OverflowError:
        return


def _rows(source: str) -> Iterator[Any]:
    """Of a JSON list its elements, else of each line an object; numbers stay decimal."""
    with open_input(source) as stream:
        try:
            text = stream.read(DOCUMENT_BYTES_MAX + 1)
        except UNPACKING_ERRORS as fault:
            raise BadInput("cases", str(fault)) from fault
    if len(text) > DOCUMENT_BYTES_MAX:
        fail("cases", f"is longer than {DOCUMENT_BYTES_MAX} bytes")
    if not text.strip():
        fail("cases", "is empty")
    if text.lstrip().startswith(b"["):
        found = _decoded(text, 1)
        if not isinstance(found, list):
            fail("cases", "is no list")
        yield from found
        return
    for number, line in enumerate(io.BytesIO(text), 1):
        if len(line) > ROW_BYTES_MAX:
            fail("cases", f"is longer than {ROW_BYTES_MAX} bytes", number)
        if line.strip():
            yield _decoded(line, number)


def _decoded(text: bytes, line: int) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError, InvalidOperation) as fault:
        raise BadInput("cases", f"is no JSON: {fault}", line) from fault


def _positions(row: dict[str, Any]) -> dict[str, Position]:
    sizes, prices = _table(row, "positions"), _table(row, "prices")
    shares = row.get("maintenance_margin_fraction")
    found = {}
    for market in sizes:
        if market not in prices:
            raise BadInput("prices", f"has no {market}")
        share = (
            _number(shares, market, None) if isinstance(shares, dict) else _number(row, "maintenance_margin_fraction")
        )
        if share is None or not 0 <= share <= 1:
            raise BadInput("maintenance_margin_fraction", f"of {market} must be between 0 and 1")
        price = _number(prices, market)
        if price is None or price < 0:
            raise BadInput("prices", f"{market} is below zero: a perpetual has no such price")
        found[market] = Position(_must(_number(sizes, market)), price, share)
    return found


def _standing(row: dict[str, Any], positions: dict[str, Position]) -> tuple[Standing, list[str]]:
    """The account's totals: those that the row states count, and which of them its positions do not give is said."""
    made = standing(_must(_number(row, "usdc", Fraction(0))), list(positions.values()))
    net, required = _number(row, "net_collateral", made.net), _number(row, "total_maintenance_margin", made.required)
    if required is None or required < 0:
        raise BadInput("total_maintenance_margin", "is below zero")
    pairs = (("net_collateral", net, made.net), ("total_maintenance_margin", required, made.required))
    stated = [key for key, says, makes in pairs if says is not None and abs(says - makes) > SAME]
    exact = Standing(net if stated else made.net, required if stated else made.required)  # type: ignore[arg-type]
    return exact, stated


def _terms(row: dict[str, Any]) -> Terms:
    config = row.get("config")
    if config is None:
        return Terms()
    if not isinstance(config, dict):
        raise BadInput("config", "is no object")
    usual = Terms()
    values = (
        _must(_number(config, "bankruptcy_adjustment", usual.adjustment)),
        _must(_number(config, "spread_to_maintenance", usual.spread)),
        _must(_number(config, "max_liquidation_fee", usual.fee)),
    )
    if min(values) < 0:
        raise BadInput("config", "no share of it may be below zero")
    return Terms(*values)


def _delta(row: dict[str, Any], position: Position) -> Fraction:
    """What is closed; without `delta` the whole position."""
    delta = _must(_number(row, "delta", -position.size))
    if delta * position.size > 0 or abs(delta) > abs(position.size):
        raise BadInput("delta", "does not close the position: it must be opposite, and no more than it")
    return delta


def _table(row: dict[str, Any], key: str) -> dict[str, Any]:
    found = row.get(key)
    if not isinstance(found, dict):
        raise BadInput(key, "must be an object by market")
    return found


def _must(value: Fraction | None) -> Fraction:
    assert value is not None, "a number without a default is there or was refused"
    return value


_REQUIRED = object()


def _number(row: dict[str, Any], key: str, default: Any = _REQUIRED) -> Fraction | None:
    value = row.get(key)
    if value is None:
        if default is _REQUIRED:
            raise BadInput(key, "is missing")
        return default  # type: ignore[no-any-return]
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except InvalidOperation as fault:
            raise BadInput(key, f"{value!r} is no number") from fault
    if not isinstance(value, Decimal) or not value.is_finite() or (value and abs(value.adjusted()) > EXPONENT_MAX):
        raise BadInput(key, f"{value!s} is no number of at most {EXPONENT_MAX} digits a side")
    return Fraction(value)


def _price(value: Fraction | None, up: bool) -> str | None:
    """As a decimal, exact where it ends within PRICE_DIGITS; else rounded against the account."""
    if value is None:
        return None
    scaled, rest = divmod(value.numerator * 10**PRICE_DIGITS, value.denominator)
    context = Context(prec=200, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    number = Decimal(scaled + (1 if rest and up else 0)).scaleb(-PRICE_DIGITS, context)
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _differing(row: Any, answer: dict[str, Any]) -> list[str]:
    """Keys whose value is not what the row says is expected."""
    if not isinstance(row, dict):
        return []
    found = list(answer.get("stated", []))
    for key, name in EXPECTED.items():
        expected = row.get(key)
        if expected is None:
            continue
        got = answer[name]
        same = got == expected if isinstance(expected, bool) else got is not None and _close(got, expected)
        if not same:
            found.append(name)
    return found


def _close(got: str, expected: Any) -> bool:
    """Equal, or as near as a binary float of 15 digits tells."""
    try:
        wanted = Fraction(Decimal(expected))
    except (InvalidOperation, TypeError, ValueError, OverflowError):
        return False
    return abs(Fraction(got) - wanted) <= abs(wanted) / 10**14
