"""Bytes that were changed anywhere: every reader answers or refuses, and none breaks, hangs or grows."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.gateways.cbpr.from_fin import to_mx
from isthmus.gateways.cbpr.to_fin import to_mt
from isthmus.gateways.clearing import files
from isthmus.gateways.clearing.layout import Field, Layout, Record, Total
from isthmus.gateways.iso20022.reading import read
from isthmus.gateways.iso20022.validation import validate
from isthmus.kernel.errors import BadInput

FIN = (
    "{1:F01HELSFIHHXXXX0000000000}{2:O1030720210409NDEAFIHHXXXX00000000002104090720N}"
    "{3:{121:8a562c67-ca16-48ba-b074-65581be6f001}}{4:\r\n:20:pacs8bizmsgidr03\r\n:23B:CRED\r\n:32A:210409EUR15669,38\r\n"
    ":33B:EUR15669,38\r\n:50F:/12547896\r\n1/C Consumer\r\n2/High Street\r\n3/GB/Epping\r\n:52A:RBOSGB2LXXX\r\n"
    ":57A:HELSFIHHXXX\r\n:59F:/98653214\r\n1/Evli\r\n3/FI/Helsinki\r\n:70:/ROC/E2E-1\r\n:71A:OUR\r\n:72:/INS/ABNANL2AXXX\r\n-}"
)
NOW = "2026-01-05T10:00:00+00:00"
ENVELOPE = to_mx(FIN, NOW).xml
LAYOUT = Layout(
    "fuzz",
    [
        Record("payment", [Field("kind", width=1, constant="5"), Field("amount", "amount", 8), Field("name", width=6)]),
        Record(
            "total",
            [Field("kind", width=1, constant="9"), Field("sum", "amount", 14, total=Total("payment", "amount"))],
        ),
    ],
)
FILE = b"500000150A     \n500000150B     \n900000000000300\n"

_edits = st.lists(
    st.tuples(
        st.integers(0, 4_000),
        st.integers(0, 8),
        st.binary(max_size=6)
        | st.sampled_from([b"<!DOCTYPE", b"&#0;", b"\xff", b":32A:", b"//", b"-}", b"<a>", b"\n"]),
    ),
    min_size=1,
    max_size=4,
)


def changed(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for place, removed, added in edits:
        at = place % (len(data) + 1)
        data = data[:at] + added + data[at + removed :]
    return data


def answered(act: Callable[[], bool]) -> bool:
    """Whether it did what it should, or refused by the name of a field."""
    try:
        return act()
    except BadInput as fault:
        return bool(fault.field)


@settings(max_examples=200)
@given(_edits)
def test_a_judge_answers_whatever_it_is_given(edits: list[tuple[int, int, bytes]]) -> None:
    report = validate(changed(ENVELOPE.encode(), edits), None)
    assert report.schema in ("not_checked", "invalid")


@settings(max_examples=200)
@given(_edits)
def test_xml_becomes_fin_or_is_refused_by_name(edits: list[tuple[int, int, bytes]]) -> None:
    data = changed(ENVELOPE.encode(), edits)
    assert answered(lambda: to_mt(data).fin.startswith("{1:"))


@settings(max_examples=200)
@given(_edits)
def test_fin_becomes_xml_or_is_refused_by_name(edits: list[tuple[int, int, bytes]]) -> None:
    text = changed(FIN.encode(), edits).decode("latin-1")
    assert answered(lambda: read(to_mx(text, NOW).xml) is not None)


@settings(max_examples=200)
@given(_edits)
def test_a_clearing_file_is_read_or_refused_by_line(edits: list[tuple[int, int, bytes]]) -> None:
    data = changed(FILE, edits)

    def again() -> bool:
        rows, _ = files.read(data, LAYOUT)
        read_again, differences = files.read(files.write(rows, LAYOUT), LAYOUT)
        return differences == [] and [row.record for row in read_again] == [row.record for row in rows]

    assert answered(again)


def test_the_unchanged_inputs_are_let_pass() -> None:
    """Otherwise the tests above would only ever see refusals."""
    assert to_mt(ENVELOPE).message_type == "103"
    assert validate(ENVELOPE, None).rules == []
    rows, differences = files.read(FILE, LAYOUT)
    assert (len(rows), differences) == (3, [])
    assert files.write(rows, LAYOUT) == FILE
