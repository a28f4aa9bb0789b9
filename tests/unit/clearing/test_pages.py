"""The reference page's tables name every row of the code's, with its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from isthmus.clearing.calendars import CALENDARS
from isthmus.clearing.expiry_calendar import PRODUCTS
from isthmus.clearing.fails import RATES
from isthmus.clearing.settling import WHY
from isthmus.clearing.terms import MARKETS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "settlement.md"
ROWS = [
    *((row.name, row.title, row.source) for row in CALENDARS.values()),
    *((market.name, str(one.since), str(one.days), one.source) for market in MARKETS.values() for one in market.cycles),
    *((row.code, row.title, row.delivery, row.source) for row in PRODUCTS.values()),
    *((row.name, str(row.ppm), row.source) for row in RATES.values()),
    *WHY.items(),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_row_of_the_code_stands_in_the_page(row: tuple[str, ...]) -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    assert any(all(cell in line for cell in row) for line in lines)
