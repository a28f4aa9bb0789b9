"""Whose witnesses watch the log, how long each wants records kept, and what each may see of an order."""

from __future__ import annotations

import datetime as dt
import tomllib
from importlib import resources
from typing import Any

import msgspec

from isthmus.kernel.errors import BadInput

FIELDS = tuple(f"O{number:02}" for number in range(1, 79))
"""The 78 fields of an order event."""


class Jurisdiction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row. A field of neither list is in clear; `verified` says that `source` itself was read, not remembered."""

    country: str
    authority: str
    retention_years: int
    blinded: tuple[str, ...]
    absent: tuple[str, ...]
    source: str
    as_of: dt.date
    verified: bool

    @property
    def may_see(self) -> tuple[str, ...]:
        """Fields in clear, in their order."""
        return tuple(field for field in FIELDS if field not in self.blinded and field not in self.absent)


def shipped() -> dict[str, Jurisdiction]:
    """The rows that come with the package, by name."""
    return read(resources.files("isthmus.audit").joinpath("jurisdictions.toml").read_text(encoding="utf-8"))


def read(text: str) -> dict[str, Jurisdiction]:
    """Rows of a TOML text by name; raises `BadInput` with the row and key that cannot be used."""
    try:
        rows = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadInput("jurisdictions", f"is not TOML: {fault}") from fault
    return {name: _row(name, row) for name, row in rows.items()}


def _row(name: str, row: Any) -> Jurisdiction:
    try:
        found = msgspec.convert(row, Jurisdiction)
    except msgspec.ValidationError as fault:
        raise BadInput(name, str(fault)) from fault
    if not 1 <= found.retention_years <= 100:
        raise BadInput(f"{name}.retention_years", "must be from 1 to 100")
    if not found.authority or not found.source:
        raise BadInput(f"{name}.source", "a row names its authority and its source")
    listed = found.blinded + found.absent
    for field in listed:
        if field not in FIELDS:
            raise BadInput(f"{name}.blinded", f"{field} is no field: O01 to O78")
        if listed.count(field) > 1:
            raise BadInput(f"{name}.blinded", f"{field} is named twice")
    return found
