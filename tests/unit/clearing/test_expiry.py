"""Ends of contracts by published days, exercise and assignment, interest against QuantLib, margin and funding."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from isthmus.clearing.exercise import Option, assign, by_exception, draw
from isthmus.clearing.expiry_calendar import (
    PRODUCTS,
    first_notice_day,
    last_trading_day,
    listed,
    notices,
    weekly_expiries,
)
from isthmus.clearing.interest import (
    BASES,
    Rates,
    accrue,
    day_interest,
    funding_rate,
    next_funding,
    variation,
    year_fraction,
)
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S


@pytest.mark.parametrize(
    ("code", "month", "last"),
    [
        ("OPT-US", date(2019, 4, 1), date(2019, 4, 18)),  # the third Friday is Good Friday
        ("OPT-US", date(2026, 6, 1), date(2026, 6, 18)),  # the third Friday is Juneteenth
        ("OPT-US", date(2025, 12, 1), date(2025, 12, 19)),
        ("CL", date(2020, 5, 1), date(2020, 4, 21)),  # the day after the price fell below zero; the 25th is a Saturday
        ("CL", date(2020, 6, 1), date(2020, 5, 19)),  # the 25th is Memorial Day
        ("NG", date(2021, 3, 1), date(2021, 2, 24)),
        ("GC", date(2020, 12, 1), date(2020, 12, 29)),
        ("ZC", date(2020, 12, 1), date(2020, 12, 14)),
        ("ZN", date(2020, 12, 1), date(2020, 12, 21)),
        ("6E", date(2020, 12, 1), date(2020, 12, 14)),
        ("FDAX", date(2020, 12, 1), date(2020, 12, 18)),
        ("FGBL", date(2020, 12, 1), date(2020, 12, 8)),
        ("VX", date(2020, 12, 1), date(2020, 12, 16)),
        ("OPT-BTC", date(2021, 3, 1), date(2021, 3, 26)),
    ],
)
def test_a_contract_ends_on_the_day_that_its_exchange_published(code: str, month: date, last: date) -> None:
    assert last_trading_day(code, month) == last


def test_first_notice_is_the_last_open_day_before_the_month_and_none_where_cash_settles() -> None:
    assert first_notice_day("ZC", date(2020, 12, 1)) == date(2020, 11, 30)
    assert first_notice_day("GC", date(2026, 2, 1)) == date(2026, 1, 30)
    assert first_notice_day("ES", date(2020, 12, 1)) is None
    with pytest.raises(BadInput, match="'PORK' has no rule here"):
        first_notice_day("PORK", date(2020, 12, 1))


@pytest.mark.parametrize("code", sorted(PRODUCTS))
def test_months_end_one_after_the_other_on_open_days_for_twenty_years(code: str) -> None:
    rows = listed(code, date(2012, 1, 1), 240)
    assert len(rows) == 240
    for month, last in rows:
        notice = first_notice_day(code, month)
        assert notice is None or notice < last


def test_weekly_options_end_on_friday_or_the_open_day_before() -> None:
    assert weekly_expiries(date(2026, 6, 8), date(2026, 7, 3)) == [
        date(2026, 6, 12), date(2026, 6, 18), date(2026, 6, 26), date(2026, 7, 2),
    ]  # fmt: skip


def test_who_takes_no_delivery_is_warned_and_then_closed() -> None:
    first_notice, positions = date(2020, 11, 30), {16: 5, 17: -5, 18: 2}
    assert notices(positions, first_notice, date(2020, 11, 20)) == []
    warned = notices(positions, first_notice, date(2020, 11, 27), frozenset({18}))
    assert [(one.account, one.act) for one in warned] == [(16, "warn"), (18, "warn")]
    acted = notices(positions, first_notice, first_notice, frozenset({18}))
    assert [(one.account, one.act) for one in acted] == [(16, "close"), (18, "deliver")]


CALL, PUT = Option(1, "call", 100), Option(1, "put", 100)


def test_in_the_money_by_the_threshold_is_exercised_without_a_word() -> None:
    assert [(one.account, one.quantity) for one in by_exception(CALL, 101, {17: 3, 16: 2}, 1)] == [(16, 2), (17, 3)]
    assert by_exception(CALL, 100, {16: 2}, 1) == []
    assert by_exception(CALL, 104, {16: 2}, 5) == []
    assert by_exception(PUT, 99, {16: 2}, 1)[0].why == "exception"


def test_an_instruction_goes_before_the_exception() -> None:
    found = by_exception(CALL, 150, {16: 2, 17: 3}, 1, {16: 0, 17: 1})
    assert [(one.account, one.quantity, one.why) for one in found] == [(17, 1, "instruction")]
    assert by_exception(CALL, 50, {16: 2}, 1, {16: 2})[0].quantity == 2
    with pytest.raises(BadInput, match="3 of account 16, which is long 2"):
        by_exception(CALL, 150, {16: 2}, 1, {16: 3})


def test_assignment_is_pro_rata_with_a_draw_for_the_rest() -> None:
    assert assign({16: 50, 17: 30, 18: 20}, 10, 7) == {16: 5, 17: 3, 18: 2}
    shares = assign({16: 1, 17: 1, 18: 1}, 1, 7)
    assert list(shares) == [min((16, 17, 18), key=lambda account: draw(7, account))]
    assert {next(iter(assign({16: 1, 17: 1, 18: 1}, 1, sequence))) for sequence in range(40)} == {16, 17, 18}


@given(
    st.dictionaries(st.integers(1, 2**32 - 1), st.integers(1, 10**9), min_size=1, max_size=30),
    st.floats(0, 1),
    st.integers(0, 2**64 - 1),
)
def test_assignment_assigns_all_and_nobody_beyond_his_position(
    shorts: dict[int, int], part: float, record: int
) -> None:
    total = sum(shorts.values())
    quantity = int(total * part)
    shares = assign(shorts, quantity, record)
    assert sum(shares.values()) == quantity
    for account, share in shares.items():
        exact = Fraction(quantity * shorts[account], total)
        assert share <= shorts[account] and -1 < share - exact <= 1, "each draws once, whole shares too"
    with pytest.raises(BadInput, match="what all are short"):
        assign(shorts, total + 1, record)


PEERS = {
    "ACT/360": QuantLib.Actual360(),
    "ACT/365": QuantLib.Actual365Fixed(),
    "30/360": QuantLib.Thirty360(QuantLib.Thirty360.BondBasis),
    "30E/360": QuantLib.Thirty360(QuantLib.Thirty360.EurobondBasis),
    "ACT/ACT": QuantLib.ActualActual(QuantLib.ActualActual.ISDA),
}
DAYS = st.dates(date(2000, 1, 1), date(2050, 12, 31))


@pytest.mark.parametrize("basis", BASES)
@given(DAYS, DAYS)
def test_day_counts_are_quantlibs(basis: str, one: date, other: date) -> None:
    start, end = sorted((one, other))
    days = [QuantLib.Date(day.day, day.month, day.year) for day in (start, end)]
    assert float(year_fraction(start, end, basis)) == pytest.approx(PEERS[basis].yearFraction(*days), abs=1e-12)


@given(st.integers(-(10**15), 10**15), st.integers(0, 10**6), st.lists(st.integers(0, 40), min_size=1, max_size=20))
def test_interest_of_the_parts_is_the_interest_of_the_whole(balance: int, rate: int, steps: list[int]) -> None:
    start = day = date(2026, 1, 1)
    carry, paid = (0, 1), 0
    for step in steps:
        part = accrue(balance, rate, (day, day + timedelta(days=step)), "ACT/360", carry)
        day, carry, paid = day + timedelta(days=step), part.carry, paid + part.amount
    whole = accrue(balance, rate, (start, day), "ACT/360")
    assert Fraction(*carry) + paid == whole.amount + Fraction(*whole.carry)
    assert abs(Fraction(*carry)) < 1 and abs(whole.amount - paid) <= 1


def test_a_debit_balance_owes_margin_interest_and_a_credit_balance_earns_its_own() -> None:
    rates = Rates(debit_ppm=72_000, credit_ppm=18_000)
    assert day_interest(-1_000_000, rates, date(2026, 11, 30)).amount == -200
    assert day_interest(1_000_000, rates, date(2026, 11, 30)).amount == 50


def test_an_unknown_basis_and_a_period_that_goes_back_are_refused() -> None:
    with pytest.raises(BadInput, match="'ACT/364' is none of"):
        year_fraction(date(2026, 1, 1), date(2026, 1, 2), "ACT/364")
    with pytest.raises(BadInput, match="2025-01-01 is before 2026-01-01"):
        year_fraction(date(2026, 1, 1), date(2025, 1, 1), "ACT/360")


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=9), st.integers(-99, 99), st.integers(1, 7))
def test_variation_margin_never_pays_out_more_than_it_takes(held: list[int], move: int, part: int) -> None:
    rows = list(enumerate([*held, -sum(held)], 16))
    paid = [one.amount for one in variation(rows, (1_000, 1_000 + move), (5, part))]
    assert -len(rows) < sum(paid) <= 0
    with pytest.raises(BadInput, match="do not sum to zero"):
        variation([(16, 1)], (1, 2), (1, 1))


def test_funding_falls_due_three_times_a_day_and_its_rate_is_clamped() -> None:
    hour = 3_600 * NS_PER_S
    assert [next_funding(at * hour) // hour for at in (0, 7, 8, 23)] == [8, 8, 16, 24]
    with pytest.raises(BadInput, match="5 does not divide a day"):
        next_funding(0, 5)
    assert funding_rate(100, 100) == 100 and funding_rate(2_000, 100) == 1_500 and funding_rate(-20_000, 100) == -7_500
