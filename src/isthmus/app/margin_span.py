"""`isthmus margin span`: parameter files and positions in, a row for each portfolio and currency out."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from isthmus.app.output import EXIT_OK, note, print_json, say
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input
from isthmus.risk.span import KINDS, Margin, Position, SpanBook, expiry_of, strike_of

INPUT_BYTES_MAX = 1 << 30
"""The longest input, unpacked."""
COLUMNS = ("portfolio", "product", "kind", "expiry", "strike", "quantity")
QUANTITY_MAX = 1 << 53


def span(arguments: argparse.Namespace) -> int:
    """Rows {"portfolio","currency","scan_risk",...,"requirement","exposure","total"}; exit 2 on the first bad input."""
    book = book_of(arguments.params)
    portfolios = portfolios_of(read(arguments.portfolio).decode("utf-8-sig", "replace"))
    if book.skipped:
        passed = ", ".join(f"{name} ({count})" for name, count in sorted(book.skipped.items()))
        note(f"isthmus: passed over in the parameter files: {passed}")
    for name, rows in portfolios.items():
        for margin in margins(book, rows):
            _print(name, margin, as_json=arguments.json)
    return EXIT_OK


def book_of(sources: list[str]) -> SpanBook:
    """The parameters of all sources. Raises BadInput with the source where it names no place in it."""
    book = SpanBook()
    for source in sources:
        data = read(source)
        try:
            if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
                book.add_form(json.loads(data, parse_float=Decimal))
            else:
                book.add_file(data)
        except (json.JSONDecodeError, UnicodeDecodeError) as fault:
            raise BadInput(source, f"is no JSON: {fault}", getattr(fault, "lineno", None)) from fault
        except RecursionError as fault:
            raise BadInput(source, "is nested too deep") from fault
    book.seal()
    return book


def read(source: str) -> bytes:
    """All bytes of an input, unpacked."""
    try:
        with open_input(source) as stream:
            data = stream.read(INPUT_BYTES_MAX + 1)
    except UNPACKING_ERRORS as fault:
        raise BadInput(source, f"cannot be read: {fault}") from fault
    if len(data) > INPUT_BYTES_MAX:
        raise BadInput(source, "is longer than 1 GiB")
    return data


def portfolios_of(text: str) -> dict[str, list[tuple[int, Position]]]:
    """Positions with their lines, by portfolio in the order of the file. Raises BadInput."""
    rows = csv.reader(io.StringIO(text))
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        for column in COLUMNS:
            if column not in header:
                raise BadInput(column, "is no column of the portfolio file", 1)
        portfolios: dict[str, list[tuple[int, Position]]] = {}
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise BadInput("row", f"has {len(cells)} cells, the header {len(header)}", rows.line_num)
            cell = dict(zip(header, (value.strip() for value in cells), strict=True))
            portfolios.setdefault(cell["portfolio"], []).append((rows.line_num, _position(cell, rows.line_num)))
    except csv.Error as fault:
        raise BadInput("portfolio", f"is no CSV: {fault}", rows.line_num) from fault
    return portfolios


def _position(cell: dict[str, str], line: int) -> Position:
    kind = cell["kind"].lower()
    if kind not in KINDS:
        raise BadInput("kind", f"{cell['kind']!r} is none of {', '.join(KINDS)}", line)
    try:
        strike = strike_of(cell["strike"]) if kind in ("call", "put") else 0
        if kind in ("call", "put") and not cell["strike"]:
            raise BadInput("strike", "is missing")
        expiry = expiry_of(cell["expiry"]) if cell["expiry"] or kind != "spot" else 0
    except BadInput as fault:
        raise BadInput(fault.field, fault.reason, line) from fault
    return Position(
        product=cell["product"], kind=kind, expiry=expiry, strike=strike, quantity=_quantity(cell["quantity"], line)
    )


def _quantity(text: str, line: int) -> int:
    try:
        quantity = Decimal(text)
        whole = int(quantity)
    except (ArithmeticError, ValueError) as fault:
        raise BadInput("quantity", f"{text!r} is no whole number", line) from fault
    if whole != quantity or abs(whole) > QUANTITY_MAX:
        raise BadInput("quantity", f"{text!r} is no whole number, or too large", line)
    return whole


def margins(book: SpanBook, rows: list[tuple[int, Position]]) -> Iterator[Margin]:
    """Of one portfolio. Raises BadInput with the line of the position that cannot be found."""
    for line, position in rows:
        try:
            book.find(position)
        except BadInput as fault:
            raise BadInput(fault.field, fault.reason, line) from fault
    yield from book.margin([position for _, position in rows])


def _print(name: str, margin: Margin, *, as_json: bool) -> None:
    row: dict[str, Any] = {"portfolio": name} | msgspec.structs.asdict(margin)
    if as_json:
        print_json({key: format(value, "f") if isinstance(value, Decimal) else value for key, value in row.items()})
    else:
        say(
            "  ".join(
                f"{key} {value:f}" if isinstance(value, Decimal) else f"{key} {value}" for key, value in row.items()
            )
        )
