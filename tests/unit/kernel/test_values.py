"""Decimals and times to integers and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kernel.values import NotANumber, TooFine, quotient_text, short_text, text, time_ns, time_text, units


@given(st.integers(-(10**30), 10**30), st.integers(0, 8))
def test_a_count_reads_back_as_it_was_written(count: int, decimals: int) -> None:
    assert units(text(count, decimals), decimals) == count
    assert units(short_text(count, decimals), decimals) == count


@pytest.mark.parametrize("word", ["", ".", "1.", ".5", "+1", "1e3", "NaN", "0x1", " 1", "1 ", "1_000", "١", "9" * 41])
def test_what_is_no_plain_decimal_is_refused(word: str) -> None:
    with pytest.raises(NotANumber):
        units(word, 2)


def test_decimals_beyond_the_unit_are_refused_unless_they_are_zeros() -> None:
    assert units("1.2300", 2) == 123
    with pytest.raises(TooFine):
        units("1.234", 2)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(1, 3, "0.33"), (2, 3, "0.67"), (-1, 8, "-0.13"), (1, -8, "-0.13"), (0, 5, "0.00"), (-1, 1000, "0.00")],
)
def test_a_quotient_is_rounded_half_away_from_zero(numerator: int, denominator: int, expected: str) -> None:
    assert quotient_text(numerator, denominator, 2).replace("-0.00", "0.00") == expected


@given(st.integers(0, 2**62))
def test_a_time_reads_back_as_it_was_written(at: int) -> None:
    assert time_ns(time_text(at)) == at


def test_a_time_may_have_an_offset_and_no_fraction() -> None:
    assert time_text(time_ns("2024-08-08T12:00:00+02:00")) == "2024-08-08T10:00:00.000000000Z"
    with pytest.raises(ValueError, match="RFC 3339"):
        time_ns("yesterday")
