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


def _fin(kind: str, *fields: str) -> str:
    text = "".join(f":{field}\r\n" for field in fields)
    return f"{{1:F01CHASUS33XXXX0000000000}}{{2:O{kind}1013210511DEUTDEFFXXXX00000000002105111013N}}{{4:\r\n{text}-}}"


FINS = [
    FIN,
    _fin("101", "20:B", "28D:1/1", "30:210511", "21:P", "32B:EUR10,", "50H:/1\r\nA", "59:/2\r\nB", "71A:SHA"),
    _fin("104", "20:D", "30:210511", "50K:/6\r\nO", "71A:OUR", "21:C", "32B:EUR4,", "59:/2\r\nN", "32B:EUR4,"),
    _fin("110", "20:C", "21:1", "30:210511", "32B:GBP5,", "50F:/6\r\n1/D\r\n3/GB/E", "59F:1/A"),
    _fin("190", "20:C", "21:P", "25:4", "32D:221020GBP10,", "71B:/NSTP/GBP10,/D", "72:/CHRQ/RBOSGBCHXXX"),
    _fin("191", "20:C", "21:P", "32B:GBP30,", "71B:/OURC/GBP15,/D\r\n/OURC/GBP15,/D"),
    _fin("192", "20:C", "21:P", "11S:103\r\n221020", "79:/DUPL/\r\n/UETR/x", "32A:221020RON5,"),
    _fin("196", "20:C", "21:P", "76:/RJCR/CUST", "77A:/UETR/x\r\n//y", "11R:103\r\n221020"),
    _fin("199", "20:C", "21:P", "79:/REJT/99\r\n/AC04/\r\n/MREF/a\r\n/TREF/b"),
    _fin("202", "20:A", "21:B", "32A:210511EUR1,", "58A:DEUTDEFF", "72:/BNF/x", "50A:DEUTDEFF", "59:/1\r\nB"),
    _fin("204", "20:D", "19:3,", "30:210511", "58A:CHASUS33", "20:T", "21:R", "32B:USD3,", "53A:BOFAUS3N"),
    _fin("210", "20:N", "25:R", "30:201201", "21:I", "32B:EUR2,", "50F:/N\r\n1/A", "56A:CBPXBE99"),
    _fin("910", "20:N", "21:R", "25:1", "13D:2105111013+0100", "32A:210511EUR5,", "52A:BOFAUS3N"),
    _fin("920", "20:Q", "12:942", "25:1", "34F:EURD100,", "34F:EURC50,"),
    _fin("940", "20:S", "25:D", "28C:1/1", "60F:C210510EUR1,", "61:2105110511D2,NTRFR//B", "86:r", "62F:D210511EUR1,"),
    _fin("942", "20:S", "25:D", "28C:1/1", "34F:EUR0,", "13D:2105111013+0100", "61:210511C5,NTRFX", "90C:1EUR5,"),
]
"""One of each form; every field is reached by an edit."""

ENVELOPES = [to_mx(whole, NOW).xml for whole in FINS]

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


@settings(max_examples=600)
@given(st.sampled_from(ENVELOPES), _edits)
def test_xml_becomes_fin_or_is_refused_by_name(whole: str, edits: list[tuple[int, int, bytes]]) -> None:
    data = changed(whole.encode(), edits)
    assert answered(lambda: to_mt(data).fin.startswith("{1:"))


@settings(max_examples=600)
@given(st.sampled_from(FINS), _edits)
def test_fin_becomes_xml_or_is_refused_by_name(whole: str, edits: list[tuple[int, int, bytes]]) -> None:
    text = changed(whole.encode(), edits).decode("latin-1")
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
    for whole, xml in zip(FINS, ENVELOPES, strict=True):
        assert to_mt(xml).message_type == whole[33:36]
    assert validate(ENVELOPE, None).rules == []
    rows, differences = files.read(FILE, LAYOUT)
    assert (len(rows), differences) == (3, [])
    assert files.write(rows, LAYOUT) == FILE
