"""Broken parameter files are refused by place, never absorbed and never a crash; whole ones are read as they say."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kernel.errors import BadInput
from isthmus.risk.span import Position, SpanBook, expiry_of, money, strike_of

LOSSES = (0, 0, -30, -30, 30, 30, -60, -60, 60, 60, -90, -90, 90, 90, -63, 63)
ARRAY = "".join(f"<a>{loss}.5</a>" for loss in LOSSES)
SPN = f"""<?xml version="1.0"?>
<spanFile><fileFormat>4.00</fileFormat><pointInTime><date>20260625</date><clearingOrg><ec>NSCCL</ec>
<ccDef><cc>M&amp;M</cc><currency>INR</currency><somTiers><tier><tn>0</tn><rate><r>1</r><val>2</val></rate></tier></somTiers>
<dSpread><spread>1</spread><chargeMeth>F</chargeMeth><rate><r>1</r><val>4</val></rate>
<pLeg><cc>M&amp;M</cc><pe>20260630</pe><rs>A</rs><i>1</i></pLeg><pLeg><cc>M&amp;M</cc><pe>20260728</pe><rs>B</rs><i>1</i></pLeg>
</dSpread></ccDef>
<exchange><exch>NSE</exch><phyPf><pfId>1</pfId><pfCode>M&amp;M</pfCode><phy><cId>1</cId><pe>00000000</pe><p>990</p></phy></phyPf>
<futPf><pfId>2</pfId><pfCode>M&amp;M</pfCode><currency>INR</currency><cvf>1.00</cvf>
<fut><cId>1</cId><pe>20260630</pe><p>1000</p><ra><r>1</r>{ARRAY}<d>1</d></ra></fut>
<fut><cId>2</cId><pe>20260728</pe><p>1005</p><ra><r>1</r>{ARRAY}<d>1</d></ra></fut></futPf>
<oopPf><pfId>3</pfId><pfCode>M&amp;M</pfCode><currency>INR</currency><valueMeth>EQTY</valueMeth><series><pe>20260630</pe>
<opt><cId>1</cId><o>C</o><k>1000.50</k><p>40.25</p><ra><r>1</r>{ARRAY}<d>0.5</d></ra></opt></series></oopPf>
</exchange></clearingOrg></pointInTime></spanFile>
""".encode()
PA2 = b"""0 CME   20190102SF     201901021814U2YNCLR        C CUST  H HEDGE 1 CORE  M MAINT \r
2 CME ES    0USD$PN   ES        FUT\r
B CMEES        FUT201903            000000003500000006000030000330000000000197260000000020002019031\
5ES          00000000         0000050000000000 00 00 010000000\r
P CMEES        FUTE-MINI S&P 500 002000  000005000000000000000001USD$IDX 00\r
81CMEES        ES        FUT 201903            000000000000+00000+02000-02000-02000+02000+04000-04000-04000+\r
82CMEES        ES        FUT 201903            000000004000+06000-06000-06000+06000+05940-05940+10000+00000000\
0251100++10000+C\r
"""


def book_of(data: bytes) -> SpanBook:
    book = SpanBook()
    book.add_file(data)
    book.seal()
    return book


def position(kind: str, quantity: int, expiry: str = "2026-06-30", strike: str = "") -> Position:
    return Position(product="M&M", kind=kind, expiry=expiry_of(expiry), strike=strike_of(strike), quantity=quantity)


def test_an_indian_stock_is_margined_with_spread_minimum_and_exposure() -> None:
    book = book_of(SPN)
    (spread,) = book.margin([position("future", 10), position("future", -10, "20260728")])
    assert (spread.scan_risk, spread.intra_spread, spread.requirement) == (0, 40, 40)
    assert spread.exposure == Decimal("0.035") * (10 * 1000 + 10 * 1005)
    (short,) = book.margin([position("call", -2, strike="1000.5")])
    assert (short.short_option_minimum, short.net_option_value) == (4, Decimal("-80.5"))
    assert (short.scan_risk, short.worst_scenario, short.requirement) == (Decimal("181"), 11, Decimal("261.5"))
    assert short.exposure == Decimal("0.035") * 2 * 990, "options by the spot price, not their premium"
    (long,) = book.margin([position("call", 2, strike="1000.5")])
    assert (long.requirement, long.exposure) == (Decimal("100.5"), 0)
    assert [(row.product, row.risk) for row in book.products()] == [("M&M", Decimal("181"))]


def test_an_american_file_has_no_exposure_and_is_found_by_month_or_day() -> None:
    book = book_of(PA2)
    for expiry in ("201903", "2019-03", "20190315"):
        held = Position(product="ES", kind="future", expiry=expiry_of(expiry), quantity=-2)
        (row,) = book.margin([held])
        assert (row.requirement, row.worst_scenario, row.exposure, row.currency) == (12_000, 11, 0, "USD")


def test_amounts_have_two_places_at_least() -> None:
    assert [format(money(value), "f") for value in (0, 1, 1_500_000, -2_250_000, 10**15)] == [
        "0.00",
        "0.000001",
        "1.50",
        "-2.25",
        "1000000000.00",
    ]


@given(st.integers(0, len(SPN) - 1), st.integers(1, 255))
def test_a_flipped_byte_of_an_xml_file_is_read_or_refused(place: int, flip: int) -> None:
    broken = bytearray(SPN)
    broken[place] ^= flip
    _read_or_refused(bytes(broken))


@given(st.integers(0, len(PA2) - 1), st.integers(1, 255))
def test_a_flipped_byte_of_a_positional_file_is_read_or_refused(place: int, flip: int) -> None:
    broken = bytearray(PA2)
    broken[place] ^= flip
    _read_or_refused(bytes(broken))


@given(st.sampled_from([SPN, PA2]), st.integers(0, 4_000), st.integers(0, 4_000), st.binary(max_size=20))
def test_a_file_with_a_piece_cut_out_and_another_put_in_is_read_or_refused(
    whole: bytes, first: int, length: int, piece: bytes
) -> None:
    _read_or_refused(whole[:first] + piece + whole[first + length :])


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _read_or_refused(data)


def _read_or_refused(data: bytes) -> None:
    refusal = None
    try:
        book_of(data)
    except BadInput as fault:
        refusal = fault
    assert refusal is None or (refusal.field and refusal.reason)


@pytest.mark.parametrize("text", ["", "20260", "tomorrow", "2026063012", "202613x"])
def test_what_is_no_day_is_refused(text: str) -> None:
    if text:
        with pytest.raises(BadInput, match="no day or month"):
            expiry_of(text)
    else:
        assert expiry_of(text) == 0
