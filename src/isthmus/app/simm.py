"""`isthmus margin simm --crif F`: ISDA SIMM of portfolios of sensitivities, a row each."""

from __future__ import annotations

import argparse
import csv
import io
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from isthmus.app.output import EXIT_OK, fail, print_json, say
from isthmus.kernel.files import UNPACKING_ERRORS, open_input
from isthmus.risk.simm import VERSIONS, Sensitivities, SimmMargin

INPUT_BYTES_MAX = 1 << 30
COLUMNS = ("delta", "vega", "curvature", "base_correlation", "add_on", "total")
CENT = Decimal("0.01")
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def run(arguments: argparse.Namespace) -> int:
    """Rows {"case", ...COLUMNS}, whole USD as decimal text. A case that names an unknown row stops the command."""
    if arguments.version not in VERSIONS:
        fail("version", f"{arguments.version!r}: there are parameters of {', '.join(VERSIONS)} only")
    if not CURRENCY.fullmatch(arguments.currency):
        fail("currency", f"{arguments.currency!r} is no currency")
    sensitivities = Sensitivities(_text("crif", arguments.crif))
    portfolios = sensitivities.portfolios()
    if arguments.cases:
        cases = _cases(_text("cases", arguments.cases))
        portfolios = {name: sensitivities.rows_of(ids) for name, ids in cases.items()}
    for name, margin in sensitivities.margins(portfolios, arguments.days, arguments.currency).items():
        _tell(name, margin, arguments.json)
    return EXIT_OK


def _tell(name: str, margin: SimmMargin, as_json: bool) -> None:
    row: dict[str, Any] = {"case": name} | {column: _units(getattr(margin, column)) for column in COLUMNS}
    if as_json:
        print_json(row)
    else:
        say(f"{name}: {row['total']} USD ({', '.join(f'{column} {row[column]}' for column in COLUMNS[:-1])})")


def _units(amount: float) -> str:
    """Whole USD, half away from zero, as ISDA's unit cases are told."""
    whole = Decimal(amount).quantize(CENT).quantize(Decimal(1), ROUND_HALF_UP)
    return str(abs(whole) if whole == 0 else whole)


def _text(field: str, source: str) -> str:
    with open_input(source) as stream:
        try:
            content = stream.read(INPUT_BYTES_MAX + 1)
        except UNPACKING_ERRORS as fault:
            fail(field, str(fault))
    if len(content) > INPUT_BYTES_MAX:
        fail(field, f"is longer than {INPUT_BYTES_MAX} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        fail(field, str(fault))


def _cases(text: str) -> dict[str, list[str]]:
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in ("case", "crif_ids") if name not in (reader.fieldnames or ())]
    if missing:
        fail(missing[0], "is no column of the cases", 1)
    cases: dict[str, list[str]] = {}
    for row in reader:
        if row["case"] in cases:
            fail("case", f"{row['case']!r} comes twice", reader.line_num)
        cases[row["case"]] = (row["crif_ids"] or "").split()
    return cases
