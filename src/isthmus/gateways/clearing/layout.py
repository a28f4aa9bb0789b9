"""The description of a clearing's file: which records, which fields, how each is written. docs/guide/iso20022.md
shows one.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from isthmus.kernel.errors import BadInput

WIDTH_MAX = 10_000
"""Characters of a record."""

Value = str | int | Decimal | date | None


class Total(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a control field holds: the number of records `of` that name ("*": of all), or the sum of their `field`."""

    of: str
    field: str | None = None


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field. `width` counts characters and is needed in a fixed layout.

    Amounts have `decimals` digits after a point that is not written, or after `point` where it is. Dates are written
    as `format` says (strftime). A blank field is no value unless it is `required`.
    """

    name: str
    type: Literal["text", "integer", "amount", "date"] = "text"
    width: int | None = None
    constant: str | None = None
    pad: str | None = None
    align: Literal["left", "right"] | None = None
    decimals: int = 2
    point: str = ""
    format: str = "%Y%m%d"
    required: bool = False
    total: Total | None = None

    @property
    def padding(self) -> str:
        return self.pad or ("0" if self.type in ("integer", "amount") else " ")

    @property
    def to_the_right(self) -> bool:
        return (self.align or ("right" if self.type in ("integer", "amount") else "left")) == "right"


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of line; its constants tell it from the others."""

    name: str
    field: list[Field]
    place: Literal["first", "body", "last"] = "body"


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole description."""

    name: str
    record: list[Record]
    layout: Literal["fixed", "separated"] = "fixed"
    separator: str = ";"
    quote: str = '"'
    """In separated fields; empty: none is known, and the separator may not stand in a field."""
    encoding: Literal["ascii", "latin-1", "utf-8"] = "ascii"
    line_end: str = "\n"

    def record_named(self, name: str) -> Record:
        found = next((record for record in self.record if record.name == name), None)
        if found is None:
            raise BadInput("record", f"{name!r} is no record of {self.name}")
        return found


def read_layout(file: Path) -> Layout:
    """Raises BadInput for a description that cannot be read or contradicts itself."""
    try:
        layout = msgspec.toml.decode(file.read_bytes(), type=Layout)
    except OSError as fault:
        raise BadInput("format", fault.strerror or str(fault)) from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BadInput("format", str(fault)) from fault
    check(layout)
    return layout


def check(layout: Layout) -> None:
    """Raises BadInput: names that stand twice, widths that are missing or differ, totals of what there is not."""
    if layout.line_end not in ("\n", "\r\n", ""):
        raise BadInput("line_end", "must be \\n, \\r\\n or empty")
    if not layout.record or len({record.name for record in layout.record}) != len(layout.record):
        raise BadInput("record", "each record needs a name of its own")
    widths = set()
    for record in layout.record:
        names = [field.name for field in record.field]
        if not names or len(set(names)) != len(names):
            raise BadInput(f"record.{record.name}", "each field needs a name of its own")
        for field in record.field:
            _check_field(layout, record, field)
        widths.add(sum(field.width or 0 for field in record.field))
    if layout.layout == "fixed" and layout.line_end == "" and len(widths) != 1:
        raise BadInput("line_end", "records without line ends must all have one width")
    if layout.layout == "separated" and (len(layout.separator) != 1 or layout.line_end == "" or len(layout.quote) > 1):
        raise BadInput("separator", "separated fields need a separator of one character and line ends")


def _check_field(layout: Layout, record: Record, field: Field) -> None:
    place = f"{record.name}.{field.name}"
    if layout.layout == "fixed" and not 1 <= (field.width or 0) <= WIDTH_MAX:
        raise BadInput(place, f"needs a width from 1 to {WIDTH_MAX}")
    if len(field.padding) != 1 or not 0 <= field.decimals <= 9 or len(field.point) > 1:
        raise BadInput(place, "pad and point are one character, decimals 0 to 9")
    if field.type == "date":
        _check_format(field, place)
    if field.total is None:
        return
    if field.type not in ("integer", "amount"):
        raise BadInput(place, "a total is an integer or an amount")
    if field.total.of != "*":
        summed = layout.record_named(field.total.of)
        if field.total.field is not None and all(other.name != field.total.field for other in summed.field):
            raise BadInput(place, f"{field.total.field!r} is no field of {summed.name}")
    elif field.total.field is not None:
        raise BadInput(place, "a sum names the record that it is of")


def _check_format(field: Field, place: str) -> None:
    day = date(2031, 12, 28)
    try:
        same = datetime.strptime(day.strftime(field.format), field.format).date() == day  # noqa: DTZ007 (a day)
    except ValueError:
        same = False
    if not same:
        raise BadInput(place, f"{field.format!r} does not write a whole date")
