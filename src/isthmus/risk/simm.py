"""ISDA SIMM 2.5: initial margin of portfolios of sensitivities (CRIF).

Source: "ISDA SIMM Methodology, version 2.5"; parameters and formulas are in `crates/quant/src/simm`. Using it
commercially needs a licence from ISDA.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from isthmus.engine.simm import SimmCrif
from isthmus.kernel.errors import BadInput

VERSIONS = ("2.5",)
PERIODS_DAYS = (10, 1)
SINGLE = "1"
"""The name of the one portfolio of a file that names none."""


class SimmMargin(Struct, frozen=True):
    """USD. Each kind is what the portfolio would need for it alone; the total combines classes of risk first."""

    delta: float
    vega: float
    curvature: float
    base_correlation: float
    add_on: float
    total: float


class Sensitivities:
    """A CRIF file, read once. Raises BadInput that names column and line."""

    def __init__(self, text: str) -> None:
        try:
            self._crif = SimmCrif(text)
        except ValueError as refused:
            line, field, reason = refused.args
            raise BadInput(field, reason, line) from refused
        self._place = {name: place for place, name in enumerate(self._crif.ids) if name}

    def portfolios(self) -> dict[str, list[int]]:
        """Rows of each portfolio that the file names; all of them as one where it names none."""
        found: dict[str, list[int]] = {}
        for place, name in enumerate(self._crif.portfolios):
            found.setdefault(name or SINGLE, []).append(place)
        return found

    def rows_of(self, ids: Sequence[str]) -> list[int]:
        """Places of rows by their ids; one that is named twice counts twice. Raises BadInput."""
        try:
            return [self._place[name] for name in ids]
        except KeyError as missing:
            raise BadInput("crif_ids", f"{missing.args[0]!r} is no row of the sensitivities") from missing

    def margins(
        self, portfolios: Mapping[str, Sequence[int]], days: int = 10, currency: str = "USD"
    ) -> dict[str, SimmMargin]:
        """Of each portfolio, for a margin period of `days` (10 or 1). `currency`: the calculation currency."""
        if days not in PERIODS_DAYS:
            raise BadInput("days", f"{days}: there are parameters for 10 days and for 1 day")
        found = self._crif.margins(list(portfolios.values()), days, currency)
        return {name: SimmMargin(*row) for name, row in zip(portfolios, found, strict=True)}
