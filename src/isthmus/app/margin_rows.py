"""`isthmus margin reg-t` and `isthmus margin sa-ccr`: requirements of holdings and netting sets, a row each."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json, say
from isthmus.app.rows import rows_of
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NotANumber, TooFine, short_text, units
from isthmus.risk.equities import DECIMALS, Holdings, Option, regulation_t
from isthmus.risk.sa_ccr import Margining, Trade, exposure

EPOCH = date(1970, 1, 1)
Row = dict[str, Any]


class OptionRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An option position: decimal prices, `right` "call" or "put", `expiry` YYYY-MM-DD."""

    quantity: int
    right: str
    strike: str
    expiry: date
    price: str
    multiplier: int = 100


class HoldingsRow(Struct, frozen=True, kw_only=True):
    """Everything in one underlying, as `isthmus.risk.equities.Holdings` has it."""

    underlying: str
    price: str
    kind: str = "stock"
    stock: int = 0
    options: list[OptionRow] = []


class NettingSet(Struct, frozen=True, kw_only=True):
    """As `isthmus.risk.sa_ccr.exposure` takes it."""

    trades: list[Trade]
    collateral: float = 0.0
    margining: Margining | None = None


def reg_t(arguments: argparse.Namespace) -> int:
    """Rows {"id","initial","maintenance","why","error"}, amounts as decimal text. Exit 1 if one is refused."""
    return _each(arguments, _reg_t)


def sa_ccr(arguments: argparse.Namespace) -> int:
    """Rows {"id","replacement_cost","multiplier","add_ons","pfe","ead","error"}. Exit 1 if one is refused."""
    return _each(arguments, _sa_ccr)


def _reg_t(row: Row) -> Row:
    told = msgspec.convert(row, HoldingsRow)
    options = tuple(_option(one) for one in told.options)
    holdings = Holdings(
        underlying=told.underlying, price=_price("price", told.price), kind=told.kind, stock=told.stock, options=options
    )
    made = regulation_t(holdings)
    amounts = {name: short_text(getattr(made, name), DECIMALS) for name in ("initial", "maintenance")}
    return amounts | {"why": list(made.why)}


def _option(row: OptionRow) -> Option:
    if row.right not in ("call", "put"):
        raise BadInput("right", f"{row.right!r} is neither call nor put")
    return Option(
        quantity=row.quantity,
        call=row.right == "call",
        strike=_price("strike", row.strike),
        expiry=(row.expiry - EPOCH).days,
        price=_price("price", row.price),
        multiplier=row.multiplier,
    )


def _price(field: str, written: str) -> int:
    try:
        return units(written, DECIMALS)
    except (NotANumber, TooFine):
        raise BadInput(field, f"{written!r} is no price of at most {DECIMALS} decimals") from None


def _sa_ccr(row: Row) -> Row:
    told = msgspec.convert(row, NettingSet)
    made = exposure(told.trades, told.collateral, told.margining)
    return {
        "replacement_cost": f"{made.replacement_cost:.2f}",
        "multiplier": f"{made.multiplier:.6f}",
        "add_ons": {name: f"{amount:.2f}" for name, amount in made.add_ons.items()},
        "pfe": f"{made.potential:.2f}",
        "ead": f"{made.exposure_at_default:.2f}",
    }


def _each(arguments: argparse.Namespace, answer: Callable[[Row], Row]) -> int:
    clean = True
    for row in _answers(arguments.file, answer):
        clean = clean and row["error"] is None
        if arguments.json:
            print_json(row)
        else:
            say(f"{row['id']}: {_said(row)}")
    return EXIT_OK if clean else EXIT_FOUND


def _answers(source: str, answer: Callable[[Row], Row]) -> Iterator[Row]:
    for at, row in enumerate(rows_of(source), 1):
        if isinstance(row, str):
            yield {"id": at, "error": {"field": "row", "reason": row}}
            continue
        name = row.pop("id", row.get("underlying", at))
        try:
            yield {"id": name} | answer(row) | {"error": None}
        except BadInput as refused:
            yield {"id": name, "error": {"field": refused.field, "reason": refused.reason}}
        except msgspec.ValidationError as refused:
            yield {"id": name, "error": {"field": "row", "reason": str(refused)}}


def _said(row: Row) -> str:
    if (error := row["error"]) is not None:
        return f"{error['field']} {error['reason']}"
    parts = ((name, value) for name, value in row.items() if name not in ("id", "error"))
    return "; ".join(f"{name} {', '.join(value) if isinstance(value, list) else value}" for name, value in parts)
