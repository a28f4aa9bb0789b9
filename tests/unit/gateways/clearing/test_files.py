"""Files of a clearing: read as described, written as read, control totals compared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.gateways.clearing.files import Row, read, write
from isthmus.gateways.clearing.layout import Layout, read_layout
from isthmus.kernel.errors import BadInput

DESCRIPTION = """
name = "example"
line_end = "\\r\\n"

[[record]]
name = "header"
place = "first"
field = [
  { name = "kind", width = 1, constant = "1" },
  { name = "date", width = 8, type = "date", format = "%d%m%Y" },
  { name = "sender", width = 11, required = true },
]

[[record]]
name = "payment"
field = [
  { name = "kind", width = 1, constant = "5" },
  { name = "account", width = 10, pad = "0", align = "right" },
  { name = "amount", width = 12, type = "amount" },
  { name = "name", width = 20 },
]

[[record]]
name = "total"
place = "last"
field = [
  { name = "kind", width = 1, constant = "9" },
  { name = "count", width = 6, type = "integer", total = { of = "payment" } },
  { name = "sum", width = 15, type = "amount", total = { of = "payment", field = "amount" } },
]
"""
LAYOUT = msgspec.toml.decode(DESCRIPTION, type=Layout)
FILE = (
    b"105012026ISTHMUS    \r\n"
    b"50000000123000000001050A. Tate             \r\n"
    b"50000000077-00000000310B                   \r\n"
    b"9000002000000000000740\r\n"
)
SEPARATED = msgspec.structs.replace(LAYOUT, layout="separated", separator=";")


def test_a_file_is_read_with_exact_values() -> None:
    rows, differences = read(FILE, LAYOUT)
    assert differences == []
    assert rows[0].fields["date"] == date(2026, 1, 5)
    assert rows[1] == Row("payment", {"kind": "5", "account": "123", "amount": Decimal("10.50"), "name": "A. Tate"}, 2)
    assert rows[2].fields["amount"] == Decimal("-3.10")
    assert rows[3].fields == {"kind": "9", "count": 2, "sum": Decimal("7.40")}


def test_what_was_read_is_written_as_it_was() -> None:
    rows, _ = read(FILE, LAYOUT)
    assert write(rows, LAYOUT) == FILE


def test_totals_and_constants_need_not_be_given() -> None:
    rows = [
        Row("header", {"date": "2026-01-05", "sender": "ISTHMUS"}),
        Row("payment", {"account": "123", "amount": "10.50", "name": "A. Tate"}),
        Row("payment", {"account": "77", "amount": Decimal("-3.1"), "name": "B"}),
        Row("total", {}),
    ]
    assert write(rows, LAYOUT) == FILE


def test_a_total_that_does_not_agree_is_told_with_both_figures() -> None:
    _, differences = read(FILE.replace(b"9000002", b"9000003"), LAYOUT)
    assert [(found.line, found.field, found.stated, found.found) for found in differences] == [(4, "count", 3, 2)]


@pytest.mark.parametrize(
    ("data", "field", "line"),
    [
        (FILE.replace(b"5000", b"7000"), "record", 2),
        (FILE.replace(b"A. Tate ", b"A. Tate"), "record", 2),
        (FILE.replace(b"000001050", b"00000105X"), "amount", 2),
        (FILE.replace(b"05012026", b"05132026"), "date", 1),
        (FILE.replace(b"ISTHMUS", b"       "), "sender", 1),
        (FILE[FILE.index(b"5000") :], "record", 1),
        (FILE[: FILE.index(b"9000")], "record", 3),
        (FILE + b"9000002000000000000740\r\n", "record", 4),
        (b"\xff", "file", None),
        (b"", "record", 1),
    ],
)
def test_what_is_no_such_file_is_refused_by_line_and_field(data: bytes, field: str, line: int | None) -> None:
    with pytest.raises(BadInput) as fault:
        read(data, LAYOUT)
    assert (fault.value.field, fault.value.line) == (field, line)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"account": "12345678901", "amount": "1"}, "account"),
        ({"account": "1", "amount": "1.001"}, "amount"),
        ({"account": "1", "amount": "x"}, "amount"),
        ({"account": "1", "amount": "1", "name": "a\r\nb"}, "name"),
        ({"account": "1", "amount": "1", "kind": "6"}, "kind"),
        ({"account": "1", "amount": "1", "colour": "red"}, "colour"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(fields: dict[str, str], field: str) -> None:
    rows = [Row("header", {"date": "2026-01-05", "sender": "A"}), Row("payment", dict(fields)), Row("total", {})]
    with pytest.raises(BadInput) as fault:
        write(rows, LAYOUT)
    assert (fault.value.field, fault.value.line) == (field, 2)


_rows = st.lists(
    st.builds(
        lambda account, cents, name: Row(
            "payment", {"account": str(account), "amount": Decimal(cents).scaleb(-2), "name": name}
        ),
        st.integers(1, 10**10 - 1),
        st.integers(-(10**10), 10**10),
        st.from_regex(r"[A-Za-z;\" ]{0,19}[A-Za-z;\"]", fullmatch=True),
    ),
    max_size=8,
)


@given(_rows, st.sampled_from([LAYOUT, SEPARATED]))
def test_whatever_is_written_is_read_back_with_totals_that_agree(payments: list[Row], layout: Layout) -> None:
    rows = [Row("header", {"date": "2026-01-05", "sender": "A"}), *payments, Row("total", {})]
    again, differences = read(write(rows, layout), layout)
    assert differences == []
    assert [row.fields["amount"] for row in again[1:-1]] == [row.fields["amount"] for row in payments]
    assert [row.fields["name"] for row in again[1:-1]] == [row.fields["name"] for row in payments]
    assert again[-1].fields["count"] == len(payments)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('width = 12, type = "amount"', 'type = "amount"', "payment.amount"),
        ('of = "payment" }', 'of = "nobody" }', "record"),
        ('format = "%d%m%Y"', 'format = "%d"', "header.date"),
        ('name = "sender"', 'name = "date"', "record.header"),
        ('line_end = "\\r\\n"', 'line_end = "x"', "line_end"),
        ('name = "example"', 'name = "example"\ncolour = "red"', "format"),
        ('name = "example"', "name =", "format"),
    ],
)
def test_a_description_that_contradicts_itself_is_refused(old: str, new: str, field: str, tmp_path: Path) -> None:
    assert old.replace("\\r", "\\r") in DESCRIPTION
    file = tmp_path / "layout.toml"
    file.write_text(DESCRIPTION.replace(old, new))
    with pytest.raises(BadInput) as fault:
        read_layout(file)
    assert fault.value.field == field
