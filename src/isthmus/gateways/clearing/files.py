"""Bytes of a file to rows, and back. Control totals are compared when reading and computed when writing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

import msgspec

from isthmus.gateways.clearing.layout import Field, Layout, Record, Value
from isthmus.kernel.errors import BadInput

FILE_BYTES_MAX = 256 << 20
RECORDS_MAX = 2_000_000


class Row(msgspec.Struct, frozen=True):
    """One record. `fields` holds values: text, integers, decimals, dates; None where the field is blank."""

    record: str
    fields: dict[str, Value]
    line: int | None = None


class Difference(msgspec.Struct, frozen=True):
    """A control field that does not agree."""

    line: int
    field: str
    stated: Value
    found: Value


def read(data: bytes, layout: Layout) -> tuple[list[Row], list[Difference]]:
    """Rows in file order, and the control totals that differ. Raises BadInput, naming line and field, for what is
    no such file.
    """
    if len(data) > FILE_BYTES_MAX:
        raise BadInput("file", f"more than {FILE_BYTES_MAX} bytes")
    try:
        text = data.decode(layout.encoding)
    except UnicodeDecodeError as fault:
        raise BadInput("file", f"byte {fault.start} is not {layout.encoding}") from fault
    rows = [_row(cells, line, layout) for line, cells in _lines(text, layout)]
    _check_places(rows, layout)
    return rows, list(_differences(rows, layout))


def write(rows: Iterable[Row], layout: Layout) -> bytes:
    """The file of those rows; constants and control totals need not be given. Raises BadInput for a value that
    does not fit.
    """
    given = list(rows)
    if len(given) > RECORDS_MAX:
        raise BadInput("file", f"more than {RECORDS_MAX} records")
    numbered = [_with_values(row, line, layout) for line, row in enumerate(given, 1)]
    _check_places(numbered, layout)
    lines = []
    for row in numbered:
        record = layout.record_named(row.record)
        cells = [_cell(row, field, _wanted(row, field, numbered), layout) for field in record.field]
        lines.append("".join(cells) if layout.layout == "fixed" else _joined(cells, layout, row.line))
    text = "".join(line + layout.line_end for line in lines)
    try:
        return text.encode(layout.encoding)
    except UnicodeEncodeError as fault:
        raise BadInput("file", f"{text[fault.start]!r} cannot be written in {layout.encoding}") from fault


def _with_values(row: Row, line: int, layout: Layout) -> Row:
    """Numbers that were given as text become numbers, so that totals can add them."""
    record = layout.record_named(row.record)
    unknown = set(row.fields) - {field.name for field in record.field}
    if unknown:
        raise BadInput(min(unknown), f"is no field of {record.name}", line)
    numbers = {field.name for field in record.field if field.type in ("integer", "amount")}
    values = {name: _number(value, name, line) if name in numbers else value for name, value in row.fields.items()}
    return Row(row.record, values, line)


def _number(value: Value, name: str, line: int) -> Value:
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except ArithmeticError as fault:
        raise BadInput(name, f"{value!r} is no number", line) from fault
    if not number.is_finite():
        raise BadInput(name, f"{value!r} is no number", line)
    return number


def _lines(text: str, layout: Layout) -> Iterator[tuple[int, list[str] | str]]:
    """Line number and cells; of a fixed layout the whole line, since its widths are not known before its record is."""
    if layout.layout == "separated":
        for line, raw in enumerate(_split(text, layout), 1):
            yield line, _cells(raw, layout, line)
        return
    if layout.line_end:
        yield from enumerate(_split(text, layout), 1)
        return
    width = sum(field.width or 0 for field in layout.record[0].field)
    if len(text) % width:
        raise BadInput("file", f"{len(text)} characters are no records of {width}")
    for place in range(0, len(text), width):
        yield place // width + 1, text[place : place + width]


def _split(text: str, layout: Layout) -> list[str]:
    lines = text.split(layout.line_end)
    if lines[-1] == "":
        lines.pop()
    if len(lines) > RECORDS_MAX:
        raise BadInput("file", f"more than {RECORDS_MAX} records")
    return lines


def _cells(raw: str, layout: Layout, line: int) -> list[str]:
    if not layout.quote:
        return raw.split(layout.separator)
    try:
        found = list(csv.reader([raw], delimiter=layout.separator, quotechar=layout.quote, strict=True))
    except csv.Error as fault:
        raise BadInput("record", str(fault), line) from fault
    return found[0] if found else []


def _joined(cells: list[str], layout: Layout, line: int | None) -> str:
    if not layout.quote:
        if any(layout.separator in cell for cell in cells):
            raise BadInput("record", f"a field holds {layout.separator!r}, and nothing quotes it", line)
        return layout.separator.join(cells)
    out = io.StringIO()
    csv.writer(out, delimiter=layout.separator, quotechar=layout.quote, lineterminator="").writerow(cells)
    return out.getvalue()


def _row(cells: list[str] | str, line: int, layout: Layout) -> Row:
    for record in layout.record:
        split = _fields(cells, record)
        if split is not None and _is(record, split):
            values = {field.name: _value(cell, field, line) for field, cell in zip(record.field, split, strict=True)}
            return Row(record.name, values, line)
    raise BadInput("record", "is none of the description: its width, or its constants, are of no record", line)


def _fields(cells: list[str] | str, record: Record) -> list[str] | None:
    """The cells of the line if it were of that record; None where it cannot be."""
    if isinstance(cells, list):
        return cells if len(cells) == len(record.field) else None
    found, place = [], 0
    for field in record.field:
        found.append(cells[place : place + (field.width or 0)])
        place += field.width or 0
    return found if place == len(cells) else None


def _is(record: Record, cells: list[str]) -> bool:
    return all(
        field.constant is None or _stripped(cell, field) == _stripped(field.constant, field)
        for field, cell in zip(record.field, cells, strict=True)
    )


def _stripped(cell: str, field: Field) -> str:
    return cell.lstrip(field.padding) if field.to_the_right else cell.rstrip(field.padding)


def _value(cell: str, field: Field, line: int) -> Value:
    bare = cell.strip()
    if field.type == "text":
        text = _stripped(cell, field)
        return _given(text or None, field, line)
    if not bare or (field.type == "date" and not bare.strip("0")):
        return _given(None, field, line)
    try:
        return _typed(bare, field)
    except ValueError as fault:
        raise BadInput(field.name, f"{cell!r} is no {field.type}", line) from fault


def _given(value: str | None, field: Field, line: int) -> str | None:
    if value is None and field.required:
        raise BadInput(field.name, "must be given", line)
    return value


def _typed(bare: str, field: Field) -> Value:
    """Raises ValueError."""
    if field.type == "date":
        return datetime.strptime(bare, field.format).date()  # noqa: DTZ007 (a day)
    sign, digits = (bare[0], bare[1:]) if bare[0] in "+-" else ("+", bare)
    whole, _, fraction = digits.partition(field.point) if field.point else (digits, "", "")
    if not (whole + fraction).isascii() or not (whole + fraction).isdigit() or not whole:
        raise ValueError
    if field.type == "integer":
        if fraction:
            raise ValueError
        return int(whole) if sign == "+" else -int(whole)
    if field.point and len(fraction) != field.decimals:
        raise ValueError
    value = Decimal(whole + fraction).scaleb(-field.decimals)
    return value if sign == "+" else -value


def _check_places(rows: list[Row], layout: Layout) -> None:
    """A record of the first or last place stands there and nowhere else, and must stand there."""
    for place, at in (("first", 0), ("last", -1)):
        names = {record.name for record in layout.record if record.place == place}
        if not names:
            continue
        if not rows or rows[at].record not in names:
            raise BadInput("record", f"the {place} record must be {' or '.join(sorted(names))}", len(rows) if at else 1)
        stray = next((row for row in (rows[1:] if at == 0 else rows[:-1]) if row.record in names), None)
        if stray is not None:
            raise BadInput("record", f"{stray.record} stands {place} and nowhere else", stray.line)


def _differences(rows: list[Row], layout: Layout) -> Iterator[Difference]:
    for row in rows:
        for field in layout.record_named(row.record).field:
            wanted = _wanted(row, field, rows)
            if field.total is not None and row.fields[field.name] != wanted:
                yield Difference(row.line or 0, field.name, row.fields[field.name], wanted)


def _wanted(row: Row, field: Field, rows: list[Row]) -> Value:
    """What a control field should hold; otherwise what the row gives."""
    if field.total is None:
        return row.fields.get(field.name)
    members = [other for other in rows if field.total.of in ("*", other.record)]
    if field.total.field is None:
        return len(members)
    amounts = [value for other in members if isinstance(value := other.fields.get(field.total.field), int | Decimal)]
    total = sum(amounts, Decimal(0))
    return int(total) if field.type == "integer" else total


def _cell(row: Row, field: Field, value: Value, layout: Layout) -> str:
    text = _text(field.constant if value is None else value, field, row.line)
    if field.constant is not None and text != field.constant:
        raise BadInput(field.name, f"must be {field.constant!r}", row.line)
    if not text and field.required:
        raise BadInput(field.name, "must be given", row.line)
    if layout.line_end and any(end in text for end in "\r\n"):
        raise BadInput(field.name, "holds a line end", row.line)
    if layout.layout == "separated":
        return text
    width = field.width or 0
    if len(text) > width:
        raise BadInput(field.name, f"{text!r} has more than {width} characters", row.line)
    padding = " " if not text else field.padding
    if field.to_the_right and text.startswith("-") and padding == "0":
        return "-" + text[1:].rjust(width - 1, "0")
    return text.rjust(width, padding) if field.to_the_right else text.ljust(width, padding)


def _text(value: Value, field: Field, line: int | None) -> str:
    if value is None:
        return ""
    if field.type == "date":
        return _date_text(value, field, line)
    if field.type == "text" or not isinstance(value, int | Decimal):
        return str(value)
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    scaled = number.scaleb(field.decimals if field.type == "amount" else 0)
    if scaled != scaled.to_integral_value():
        raise BadInput(field.name, f"{value} has more decimals than the field", line)
    digits = format(abs(scaled.to_integral_value()), "f")
    if field.type == "amount" and field.point:
        digits = digits.rjust(field.decimals + 1, "0")
        digits = digits[: len(digits) - field.decimals] + field.point + digits[len(digits) - field.decimals :]
    return ("-" if number < 0 else "") + digits


def _date_text(value: Value, field: Field, line: int | None) -> str:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError as fault:
        raise BadInput(field.name, f"{value!r} is no date YYYY-MM-DD", line) from fault
    return day.strftime(field.format)
