"""`isthmus venue route`: where the table of products sends an order, by account and time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json
from isthmus.app.product_routes import ProductRoutes
from isthmus.app.settings import Settings, read_defaults, settings_of
from isthmus.kernel.clock import system_clock
from isthmus.kernel.config import overlay, read_toml
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.kernel.values import time_ns, time_text

ROWS_BYTES_MAX = 64 << 20


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A row of --orders; `time` is RFC 3339, now where it is not said."""

    product: str
    account: str = ""
    time: str = ""
    id: Any = None


def run(arguments: argparse.Namespace) -> int:
    """Prints a row for each order. Exit 1 when one goes nowhere."""
    settings = settings_of(overlay(read_defaults(), read_toml(Path(arguments.config))), {})
    table = ProductRoutes(settings.product_routes, settings.calendars, settings.venues)
    asked = [Asked(arguments.product, arguments.account or "", arguments.at or "")] if arguments.product else []
    asked += _rows(arguments.orders) if arguments.orders else []
    if not asked:
        raise BadInput("product", "is missing: give --product or --orders")
    rows = [_routed(table, settings, one) for one in asked]
    for row in rows:
        print_json(row)
    return EXIT_FOUND if any(row["refused"] for row in rows) else EXIT_OK


def _rows(source: str) -> list[Asked]:
    with open_input(source) as stream:
        raw = stream.read(ROWS_BYTES_MAX + 1)
    if len(raw) > ROWS_BYTES_MAX:
        raise BadInput("orders", f"larger than {ROWS_BYTES_MAX} bytes")
    rows = []
    for number, line in enumerate(raw.splitlines(), 1):
        if line.strip():
            try:
                rows.append(msgspec.json.decode(line, type=Asked))
            except msgspec.DecodeError as error:
                raise BadInput("orders", str(error), number) from error
    return rows


def _routed(table: ProductRoutes, settings: Settings, asked: Asked) -> dict[str, Any]:
    try:
        at = time_ns(asked.time) if asked.time else system_clock()
    except ValueError as error:
        raise BadInput("at", str(error)) from error
    found = table.route(asked.product, asked.account, at)
    row: dict[str, Any] = {"id": asked.id} if asked.id is not None else {}
    row |= {"product": asked.product, "account": asked.account, "time": time_text(at)}
    if found is None:
        return row | {
            "venue": None,
            "wire": None,
            "why": "no product of the table: the best price decides",
            "refused": "",
        }
    terms = settings.venues.get(found.venue)
    wire = terms.wire if terms is not None else None
    return row | {"venue": found.venue or None, "wire": wire, "why": found.why, "refused": found.refused}
