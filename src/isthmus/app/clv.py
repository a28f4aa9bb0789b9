"""`isthmus clv --customers F`: how often clients come back, what they bring, what they are worth."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from isthmus.app.output import EXIT_OK, fail, print_json, say
from isthmus.kernel.files import UNPACKING_ERRORS, open_input
from isthmus.ledger.lifetime import (
    Histories,
    Returning,
    Spending,
    alive,
    expected_spending,
    expected_visits,
    fit_returning,
    fit_spending,
    lifetime_values,
)

COLUMNS = {"ID": (), "x": ("frequency",), "t_x": ("recency",), "T": (), "zbar": ("monetary_value",)}
"""Columns, and what else they are called."""
VALUE = "zbar"
"""May be missing: then nothing is known of what clients bring."""
DIGITS = 6


def run(arguments: argparse.Namespace) -> int:
    """{"customers","bg_nbd","gamma_gamma","rows"?}; `rows` with --rows."""
    if not 0 <= arguments.discount < 10:
        fail("discount", "is a rate a period, 0 to 10")
    if not 1 <= arguments.periods <= 10_000:
        fail("periods", "is a number of periods, 1 to 10,000")
    histories, has_values = read(arguments.customers)
    returning = fit_returning(histories)
    spending = fit_spending(histories) if has_values else None
    answer: dict[str, Any] = {
        "customers": len(histories.ids),
        "bg_nbd": _rounded(returning),
        "gamma_gamma": spending and _rounded(spending),
    }
    if arguments.rows:
        answer["rows"] = _rows(histories, returning, spending, arguments)
    if arguments.json:
        print_json(answer)
    else:
        _tell(answer)
    return EXIT_OK


def read(source: str) -> tuple[Histories, bool]:
    """Histories of a CSV with the columns of `COLUMNS`; whether it has values. Raises BadInput, by column and line."""
    with open_input(source) as stream:
        try:
            reader = csv.DictReader(io.TextIOWrapper(stream, "utf-8", newline=""))
            named = _named(reader.fieldnames or ())
            lines = list(reader)
        except (UnicodeDecodeError, csv.Error, *UNPACKING_ERRORS) as fault:
            fail("customers", str(fault))
    if not lines:
        fail("customers", "has no clients")
    has_values = VALUE in named
    column = {
        name: np.array([_number(line, known, place) for place, line in enumerate(lines, 2)])
        for name, known in named.items()
        if name != "ID"
    }
    if not has_values:
        column[VALUE] = np.where(column["x"] > 0, 1.0, 0.0)
    ids = tuple(line[named["ID"]] for line in lines)
    return Histories(ids, column["x"], column["t_x"], column["T"], column[VALUE]), has_values


def _named(header: Sequence[str]) -> dict[str, str]:
    """What the file calls each column."""
    named = {}
    for name, others in COLUMNS.items():
        known = next((known for known in (name, *others) if known in header), None)
        if known is not None:
            named[name] = known
        elif name != VALUE:
            fail(name, f"is no column of the file; it needs {', '.join(COLUMNS)}", 1)
    return named


def _number(line: dict[str, str], name: str, place: int) -> float:
    try:
        value = float(line[name])
    except (TypeError, ValueError):
        fail(name, f"{line[name]!r} is no number", place)
    if not np.isfinite(value):
        fail(name, f"{line[name]!r} is no number", place)
    return value


def _rounded(model: Any) -> dict[str, float]:
    return {name: round(getattr(model, name), DIGITS) for name in model.__struct_fields__}


def _rows(
    histories: Histories, returning: Returning, spending: Spending | None, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    columns = {
        "alive": alive(returning, histories),
        "visits": expected_visits(returning, histories, float(arguments.periods)),
    }
    if spending is not None:
        columns["spending"] = expected_spending(spending, histories)
        columns["value"] = lifetime_values(
            (returning, spending), histories, arguments.periods, arguments.discount, arguments.margin
        )
    unknown = dict.fromkeys(("spending", "value"))
    return [
        {"id": id_} | unknown | {name: round(float(column[at]), DIGITS) for name, column in columns.items()}
        for at, id_ in enumerate(histories.ids)
    ]


def _tell(answer: dict[str, Any]) -> None:
    say(f"{answer['customers']} clients")
    for name in ("bg_nbd", "gamma_gamma"):
        known = answer[name] or {"unknown": "the file has no values"}
        say(f"{name}: " + ", ".join(f"{key} {value}" for key, value in known.items()))
    for row in answer.get("rows", ()):
        worth = "" if row["value"] is None else f" of {row['spending']:.2f}, worth {row['value']:.2f}"
        say(f"{row['id']}: alive {row['alive']:.3f}, {row['visits']:.2f} visits{worth}")
