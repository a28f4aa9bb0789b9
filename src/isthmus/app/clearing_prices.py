"""Clearing's own prices from a file that somebody else writes: a row of JSON each, {"symbol", "price"}.

The file grows; a line without its end waits for it. What is no price is counted and named, and changes nothing.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import BinaryIO

from isthmus.kernel.values import PRICE_MAX, NotANumber, TooFine, units

LINE_BYTES_MAX = 1 << 12
LINES_MOST = 1_024
"""Lines taken at a look; the rest waits for the next."""


class PriceFile:
    """`path` may not be there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self.told: dict[str, tuple[Decimal, int]] = {}
        """By symbol: the last price, and when it was read (ns)."""
        self.refused = 0
        self.last_refusal = ""

    def look(self, at: int) -> None:
        """Take in what came since the last look."""
        if self._file is None:
            try:
                self._file = self._path.open("rb")
            except OSError:
                return
        for _ in range(LINES_MOST):
            place = self._file.tell()
            line = self._file.readline(LINE_BYTES_MAX)
            if not line.endswith(b"\n") and len(line) < LINE_BYTES_MAX:
                self._file.seek(place)
                return
            self._take(line, at)

    def _take(self, line: bytes, at: int) -> None:
        try:
            row = json.loads(line, parse_float=Decimal, parse_int=Decimal)
            symbol, price = row["symbol"], Decimal(row["price"])
            if not isinstance(symbol, str) or not price.is_finite() or price <= 0:
                raise ValueError("the price is none")
        except (ValueError, TypeError, KeyError, InvalidOperation, RecursionError) as fault:
            self.refused += 1
            self.last_refusal = f"{line[:60]!r}: {fault}"
            return
        self.told[symbol] = (price, at)

    def price(self, symbol: str, decimals: int) -> tuple[int, int] | None:
        """In price units and when it was read; rounded to them, None for one that nobody told or that is out of
        range.
        """
        known = self.told.get(symbol)
        if known is None:
            return None
        try:
            counted = units(f"{known[0].quantize(Decimal(1).scaleb(-decimals)):f}", decimals)
        except (NotANumber, TooFine, InvalidOperation):
            return None
        return (counted, known[1]) if 0 < counted <= PRICE_MAX else None

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()
