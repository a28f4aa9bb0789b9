"""Corporate actions: what holders get and owe, to the unit, and the same over twenty years of real splits and
dividends.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from isthmus.clearing.corporate_actions import (
    Dividend,
    Exchange,
    Split,
    check,
    converted_trade,
    dividend_of,
    ex_date,
    new_price,
    postings,
    rest_of,
)
from isthmus.clearing.equity_history import (
    Bar,
    Factor,
    adjusted_close,
    events,
    factor_on,
    read_bars,
    read_factors,
    read_names,
    renames,
    ticker_on,
    traps,
)
from isthmus.clearing.terms import MARKETS
from isthmus.clearing.trades import HOUSE, Trade, portion
from isthmus.kernel.errors import BadInput

USD, AAPL, META, ISSUER = 1, 11, 12, 99
MONDAY = date(2020, 8, 31)
FOUR_FOR_ONE = Split(asset=AAPL, currency=USD, ratio=(4, 1), ex=MONDAY, lieu=(12_904, 1))
ONE_FOR_TEN = Split(asset=AAPL, currency=USD, ratio=(1, 10), ex=MONDAY, lieu=(5_000, 1))
DIVIDEND = Dividend(
    asset=AAPL, currency=USD, rate=(82, 1), declared=date(2020, 7, 30), ex=date(2020, 8, 7), record=date(2020, 8, 10),
    pay=date(2020, 8, 13),
)  # fmt: skip


def moved(action: Dividend | Split | Exchange, *holders: tuple[int, int]) -> dict[tuple[int, int], int]:
    found: Counter[tuple[int, int]] = Counter()
    for one in postings(action, holders, ISSUER):
        assert one.amount > 0
        found[(one.source, one.asset)] -= one.amount
        found[(one.target, one.asset)] += one.amount
    return dict(found)


def test_a_dividend_goes_from_the_issuer_to_the_long_and_from_the_short_to_the_issuer() -> None:
    assert moved(DIVIDEND, (16, 100), (17, -30)) == {(16, USD): 8_200, (17, USD): -2_460, (ISSUER, USD): -5_740}


def test_tax_is_kept_from_what_holders_get_and_not_from_what_shorts_owe() -> None:
    taxed = replace(DIVIDEND, withheld_ppm=150_000)
    assert dividend_of(taxed, 100) == 6_970 and dividend_of(taxed, -100) == -8_200
    assert (
        dividend_of(replace(DIVIDEND, rate=(1, 3)), 100) == 33
        and dividend_of(replace(DIVIDEND, rate=(1, 3)), -100) == -34
    )


def test_a_split_brings_the_new_shares_and_a_short_owes_them() -> None:
    assert moved(FOUR_FOR_ONE, (16, 100), (17, -30)) == {(16, AAPL): 300, (17, AAPL): -90, (ISSUER, AAPL): -210}


def test_a_reverse_split_pays_fractions_in_cash() -> None:
    assert moved(ONE_FOR_TEN, (16, 105)) == {
        (16, AAPL): -95,
        (16, USD): 2_500,
        (ISSUER, AAPL): 95,
        (ISSUER, USD): -2_500,
    }
    assert moved(ONE_FOR_TEN, (17, -105))[(17, AAPL)] == 95
    assert moved(ONE_FOR_TEN, (17, -105))[(17, USD)] == -2_500
    assert moved(ONE_FOR_TEN, (16, 9)) == {(16, AAPL): -9, (16, USD): 4_500, (ISSUER, AAPL): 9, (ISSUER, USD): -4_500}


def test_a_rename_exchanges_one_for_one_and_a_merger_pays_shares_and_cash() -> None:
    renamed = Exchange(asset=AAPL, target=META, currency=USD, ex=MONDAY)
    assert moved(renamed, (16, 7)) == {(16, AAPL): -7, (ISSUER, AAPL): 7, (ISSUER, META): -7, (16, META): 7}
    merged = replace(renamed, ratio=(3, 2), lieu=(1_000, 1), cash=(150, 1))
    assert moved(merged, (16, 7))[(16, META)] == 10
    assert moved(merged, (16, 7))[(16, USD)] == 500 + 7 * 150


@given(
    st.lists(st.tuples(st.integers(16, 30), st.integers(-(10**9), 10**9)), max_size=20, unique_by=lambda row: row[0]),
    st.tuples(st.integers(1, 50), st.integers(1, 50)).filter(lambda ratio: ratio[0] != ratio[1]),
    st.integers(1, 100),
)
def test_a_split_leaves_whole_units_worth_what_was_held(
    holders: list[tuple[int, int]], ratio: tuple[int, int], unit: int
) -> None:
    price = 10**6
    split = replace(FOUR_FOR_ONE, ratio=ratio, unit=unit, lieu=(price, 1))
    change = moved(split, *holders)
    for account, held in holders:
        after, cash = held + change.get((account, AAPL), 0), change.get((account, USD), 0)
        assert after % unit == 0
        worth = Fraction(held * ratio[0] * price, ratio[1])
        assert 0 <= worth - after * price - cash < 1
    assert all(not sum(amount for (_, of), amount in change.items() if of == asset) for asset in (AAPL, USD))


def test_the_ex_date_follows_the_cycle_of_its_time() -> None:
    assert ex_date(date(2020, 8, 10), MARKETS["US"]) == date(2020, 8, 7)  # T+2: one day before the record date
    assert ex_date(date(2016, 8, 8), MARKETS["US"]) == date(2016, 8, 4)  # T+3: two days before
    assert ex_date(date(2025, 8, 11), MARKETS["US"]) == date(2025, 8, 11)  # T+1: the record date itself


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (replace(DIVIDEND, pay=date(2020, 8, 7)), "pay: 2020-08-07 is before record, 2020-08-10"),
        (replace(DIVIDEND, rate=(0, 1)), "rate: 0 to 1 is not two numbers above 0"),
        (replace(DIVIDEND, withheld_ppm=1_000_001), "withheld_ppm: 1000001 is not 0 to 1000000"),
        (replace(FOUR_FOR_ONE, ratio=(2, 2)), "ratio: 2 for 2 is no split"),
        (replace(FOUR_FOR_ONE, ratio=(4, -1)), "ratio: 4 to -1 is not two numbers above 0"),
        (replace(FOUR_FOR_ONE, ex=date(2020, 8, 30)), "date: 2020-08-30 is closed in NYSE"),
        (replace(FOUR_FOR_ONE, unit=0), "unit: 0 is below 1"),
        (Exchange(asset=AAPL, target=AAPL, currency=USD, ex=MONDAY), "target: is the asset itself"),
    ],
)
def test_an_action_that_cannot_be_is_refused_by_field(action: Dividend | Split | Exchange, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        check(action)


TRADE = Trade(
    reference="t", instrument=1, traded_on=date(2020, 8, 28), buyer=16, seller=17, base=AAPL, quote=USD, quantity=105,
    buyer_pays=52_395, seller_gets=52_394,
)  # fmt: skip


def test_what_is_owed_over_a_split_is_owed_in_new_shares_for_the_same_money() -> None:
    after = converted_trade(TRADE, 0, FOUR_FOR_ONE)
    assert after is not None and (after.quantity, after.buyer_pays, after.seller_gets) == (420, 52_395, 52_394)
    part = converted_trade(TRADE, 100, FOUR_FOR_ONE)
    assert part is not None and part.quantity == 20
    assert part.buyer_pays + -portion(TRADE, 0, 100)[(16, USD)] == 52_395
    reverse = converted_trade(TRADE, 0, ONE_FOR_TEN)
    assert reverse is not None and reverse.quantity == 10
    assert converted_trade(TRADE, 100, ONE_FOR_TEN) is None


@given(st.integers(0, 104))
def test_the_open_part_of_a_trade_moves_what_the_whole_has_yet_to_move(settled: int) -> None:
    rest = rest_of(TRADE, settled)
    assert portion(rest, 0, rest.quantity) == {
        **portion(TRADE, settled, 105),
        (HOUSE, USD): portion(TRADE, settled, 105)[(HOUSE, USD)],
    }


def test_a_price_follows_a_split() -> None:
    assert new_price(49_923, (4, 1)) == 12_481 and new_price(500, (1, 10)) == 5_000 and new_price(1, (4, 1)) == 1


BARS = "20200827 00:00,100,110,90,100,5\n20200828 00:00,100,110,90,100,5\n20200831 00:00,25,26,24,25,5\n"
FACTORS = "20200101,0.9,0.25,1\n20200828,0.99,0.25,0.01\n20501231,1,1,0\n"


def test_a_split_over_a_weekend_has_its_ex_date_on_monday() -> None:
    found = events(read_factors("20200828,1,0.25,499.23\n20501231,1,1,0"))
    assert [(one.ex, one.before, one.split, one.dividend) for one in found] == [
        (MONDAY, date(2020, 8, 28), (4, 1), None)
    ]


def test_a_day_with_a_split_and_a_dividend_tells_both() -> None:
    found = events(read_factors("20200828,0.99,0.5,100\n20501231,1,1,0"))
    assert (found[0].split, found[0].dividend) == ((2, 1), 10_000)


def test_a_reverse_split_is_a_ratio_below_one() -> None:
    assert events(read_factors("20090630,1,20,1.16\n20501231,1,1,0"))[0].split == (1, 20)


def test_factors_that_are_to_each_other_as_no_small_numbers_are_refused() -> None:
    with pytest.raises(BadInput, match="2020-08-28: the split factors are to each other as no small numbers are"):
        events(read_factors("20200828,1,0.000000731,1\n20501231,1,1,0"))


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (read_bars, "20200828 00:00,100,110,90,100", "line 1: bar: .* is not a day, four prices and a volume"),
        (read_bars, BARS + BARS, "line 4: bar: 2020-08-27 does not come after 2020-08-31"),
        (read_bars, "20200828 00:00,100,99,90,100,5", "line 1: bar: 2020-08-28 has prices outside its low and high"),
        (read_bars, "20201328 00:00,100,110,90,100,5", "line 1: date: '20201328' is no day"),
        (read_factors, "20200828,1,0,1\n20501231,1,1,0", "line 1: factor: 2020-08-28 has a factor that is not above 0"),
        (read_factors, "20200828,1,0.25,1", "the last row is no mark of the end"),
        (read_factors, "20200828,1,nan,1", "line 1: factor"),
        (read_names, "20200828,\n", "line 1: name"),
        (read_names, "20200828,a\n20200828,b\n", "line 2: name: 2020-08-28 does not come after 2020-08-28"),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(reader: object, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        reader(text)  # type: ignore[operator]


def test_traps_of_files_are_named() -> None:
    bars = read_bars(BARS.replace("20200827", "20200826"))
    adjusted = [Bar(bar.day, 25, 26, 24, 25, 5) for bar in bars]
    factors = read_factors(FACTORS)
    assert [trap.kind for trap in traps(bars, factors)] == ["missing_day"]
    assert {trap.kind for trap in traps(adjusted, factors)} == {"missing_day", "adjusted_before"}
    sunday = [*bars[:2], Bar(date(2020, 8, 30), 25, 26, 24, 25, 5), bars[2]]
    assert "closed_day" in {trap.kind for trap in traps(sunday, factors)}
    strangers = [Factor(row.day, row.price, row.split, row.reference * 10) for row in factors]
    assert "reference_differs" in {trap.kind for trap in traps(bars, strangers)}


SYMBOLS = ("aapl", "bac", "ibm", "spy")


def stock(folder: Path, symbol: str) -> tuple[list[Bar], list[Factor]]:
    with zipfile.ZipFile(folder / "equity_daily" / f"{symbol}.zip") as archive:
        bars = read_bars(archive.read(archive.namelist()[0]).decode())
    return bars, read_factors((folder / "equity_daily" / f"{symbol}_factors.csv").read_text())


def test_apple_split_seven_and_four_for_one_and_paid_82_cents(test_data: Path) -> None:
    _, factors = stock(test_data, "aapl")
    found = {one.ex: one for one in events(factors)}
    splits = {day: one.split for day, one in found.items() if one.split is not None}
    assert splits == {
        date(2000, 6, 21): (2, 1), date(2005, 2, 28): (2, 1), date(2014, 6, 9): (7, 1), MONDAY: (4, 1),
    }  # fmt: skip
    assert found[date(2020, 8, 7)].dividend == 8_200


def test_a_company_that_had_the_ticker_before_is_found_in_its_bars(test_data: Path) -> None:
    bars, factors = stock(test_data, "bac")
    names = read_names((test_data / "equity_daily" / "bac_map.csv").read_text())
    assert renames(names) == [(date(1998, 10, 1), "nb", "bac")]
    assert ticker_on(names, date(1998, 9, 30)) == "nb" and ticker_on(names, date(1998, 10, 1)) == "bac"
    strangers = [trap for trap in traps(bars, factors) if trap.kind == "reference_differs"]
    assert [trap.day for trap in strangers] == [date(1998, 3, 3), date(1998, 6, 2), date(1998, 9, 1)]
    assert all(ticker_on(names, trap.day) == "nb" for trap in strangers)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_bars_of_twenty_years_hold_no_other_trap(test_data: Path, symbol: str) -> None:
    bars, factors = stock(test_data, symbol)
    assert [trap for trap in traps(bars, factors) if trap.day.year >= 2000] == []


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_shares_held_through_every_split_and_dividend_are_worth_what_adjusted_prices_say(
    test_data: Path, symbol: str
) -> None:
    """Splits and dividends are posted as the broker would; a dividend buys shares at the close before its
    ex-date, as the factors assume.
    """
    bars, factors = stock(test_data, symbol)
    closes = {bar.day: bar for bar in bars}
    first, last = closes[date(2000, 1, 3)], bars[-1]
    unit = 10**9
    shares = 1_000 * unit
    for event in events(factors):
        if not first.day < event.ex <= last.day:
            continue
        close = closes[event.before].close
        if event.dividend is not None:
            paid = moved(replace(DIVIDEND, rate=(event.dividend, unit)), (16, shares))[(16, USD)]
            shares += paid * unit // (close - event.dividend)
        if event.split is not None:
            shares += moved(replace(FOUR_FOR_ONE, ratio=event.split), (16, shares))[(16, AAPL)]
    held = Fraction(shares * last.close, 1_000 * unit * first.close)
    told = adjusted_close(last, factors) / adjusted_close(first, factors)
    assert abs(held / told - 1) < Fraction(1, 2_000)


def test_unadjusted_and_adjusted_prices_differ_by_the_splits_alone_where_nothing_was_paid(test_data: Path) -> None:
    bars, factors = stock(test_data, "aapl")
    bar = next(bar for bar in bars if bar.day == date(2014, 6, 6))
    assert (
        adjusted_close(bar, factors, dividends=False) == Fraction(bar.close, 10_000) * factor_on(factors, bar.day).split
    )
    assert round(float(adjusted_close(bar, factors, dividends=False)), 2) == 23.06  # 645.57 over 28
