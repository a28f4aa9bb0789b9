"""Settlement calendars against QuantLib's and against twenty years of a market's own bars; conventions; value dates."""

from __future__ import annotations

import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
import QuantLib

from isthmus.clearing.calendars import Closed, after, is_open, open_days_between, rolled
from isthmus.clearing.terms import Product, Terms, settles
from isthmus.clearing.value_dates import value_date
from isthmus.kernel.errors import BadInput

PEERS = {
    "TARGET": QuantLib.TARGET(),
    "FED": QuantLib.UnitedStates(QuantLib.UnitedStates.FederalReserve),
    "NYSE": QuantLib.UnitedStates(QuantLib.UnitedStates.NYSE),
    "LSE": QuantLib.UnitedKingdom(QuantLib.UnitedKingdom.Exchange),
    "TSE": QuantLib.Japan(),
    "SIC": QuantLib.Switzerland(),
}
JAPAN_SINCE = date(2007, 1, 1)
"""QuantLib has the holiday after Golden Week by the law of 2007 for the years before it too (6 May 2003)."""


@pytest.mark.parametrize("name", sorted(PEERS))
def test_a_calendar_is_open_on_the_days_on_which_quantlib_says_so(name: str) -> None:
    day = JAPAN_SINCE if name == "TSE" else date(2001, 1, 1)
    while day < date(2036, 1, 1):
        assert is_open(name, day) == PEERS[name].isBusinessDay(QuantLib.Date(day.day, day.month, day.year)), (name, day)
        day += timedelta(days=1)


@pytest.mark.parametrize("symbol", ["aapl", "bac", "ibm", "spy"])
def test_new_york_was_open_on_every_day_that_has_a_bar_and_on_no_other(test_data: Path, symbol: str) -> None:
    with zipfile.ZipFile(test_data / "equity_daily" / f"{symbol}.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()
    days = {date.fromisoformat(line[:8]) for line in text.splitlines()}
    day = date(2000, 1, 1)
    while day <= max(days):
        assert is_open("NYSE", day) == (day in days), day
        day += timedelta(days=1)


def test_a_day_beyond_the_known_years_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"2051-01-02: holidays of FED are known from 2000 to 2050"):
        is_open("FED", date(2051, 1, 2))


def test_an_unknown_calendar_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="'MOON' is none of TARGET"):
        is_open("MOON", date(2026, 1, 2))


def test_days_that_are_closed_out_of_turn_are_told_by_the_settings() -> None:
    mourning = Closed({"NYSE": frozenset({date(2027, 3, 3)})})
    assert is_open("NYSE", date(2027, 3, 3))
    assert not is_open("NYSE", date(2027, 3, 3), mourning)


@pytest.mark.parametrize(
    ("day", "convention", "expected"),
    [
        (date(2026, 5, 30), "following", date(2026, 6, 1)),
        (date(2026, 5, 30), "modified_following", date(2026, 5, 29)),
        (date(2026, 8, 1), "preceding", date(2026, 7, 31)),
        (date(2026, 8, 1), "modified_preceding", date(2026, 8, 3)),
        (date(2026, 6, 1), "refuse", date(2026, 6, 1)),
    ],
)
def test_a_closed_day_rolls_by_the_stated_convention(day: date, convention: str, expected: date) -> None:
    assert rolled(day, ("TARGET",), convention) == expected


def test_a_closed_day_is_refused_with_the_calendar_that_shuts_it() -> None:
    with pytest.raises(BadInput, match="2026-12-26 is closed in TARGET"):
        rolled(date(2026, 12, 26), ("TARGET", "ALWAYS"), "refuse")
    with pytest.raises(BadInput, match="'sideways' is none of following"):
        rolled(date(2026, 12, 26), ("TARGET",), "sideways")


def test_open_days_are_counted_from_a_closed_day_as_from_the_evening_before() -> None:
    saturday = date(2026, 11, 28)
    assert after(saturday, 0, ("FED",)) == date(2026, 11, 30)
    assert after(saturday, 1, ("FED",)) == date(2026, 11, 30)
    assert after(saturday, 2, ("FED",)) == date(2026, 12, 1)
    assert open_days_between(saturday, date(2026, 12, 1), ("FED",)) == 2


@pytest.mark.parametrize(
    ("pair", "traded", "expected"),
    [
        (("EUR", "USD"), date(2026, 7, 1), date(2026, 7, 3)),  # the 4th is a Saturday: Fedwire does not close on Friday
        (("EUR", "USD"), date(2025, 7, 3), date(2025, 7, 7)),  # the holiday falls between: it does not count
        (("EUR", "USD"), date(2025, 7, 2), date(2025, 7, 7)),  # it falls on the value date: it does
        (("EUR", "GBP"), date(2025, 7, 2), date(2025, 7, 7)),  # so too for a pair without the dollar
        (("GBP", "JPY"), date(2026, 5, 1), date(2026, 5, 8)),  # bank holiday in London, Golden Week in Tokyo
        (("USD", "JPY"), date(2026, 12, 30), date(2027, 1, 5)),  # Tokyo is closed from 31 December to 3 January
    ],
)
def test_spot_settles_when_both_currencies_and_new_york_are_open(
    pair: tuple[str, str], traded: date, expected: date
) -> None:
    assert value_date(pair, traded) == expected


def test_a_currency_without_a_calendar_is_refused() -> None:
    with pytest.raises(BadInput, match="XAU has no settlement calendar here"):
        value_date(("XAU", "USD"), date(2026, 7, 1))


@pytest.mark.parametrize(
    ("product", "traded", "due"),
    [
        (
            Product("AAPL", "equity", "AAPL", "USD"),
            date(2024, 5, 24),
            date(2024, 5, 29),
        ),  # the last T+2, over Memorial Day
        (Product("AAPL", "equity", "AAPL", "USD"), date(2024, 5, 28), date(2024, 5, 29)),  # the first T+1: one big day
        (Product("AAPL", "equity", "AAPL", "USD"), date(2017, 9, 1), date(2017, 9, 7)),  # the last T+3, over Labor Day
        (Product("SAP", "equity", "SAP", "EUR"), date(2026, 4, 2), date(2026, 4, 8)),  # Easter
        (Product("SAP", "equity", "SAP", "EUR"), date(2027, 10, 11), date(2027, 10, 12)),
        (Product("BTC", "crypto_spot", "BTC", "USD"), date(2026, 12, 25), date(2026, 12, 25)),
        (
            Product("AAPL", "equity", "AAPL", "USD"),
            date(2026, 10, 9),
            date(2026, 10, 13),
        ),  # Columbus Day: NYSE open, Fed shut
    ],
)
def test_a_product_settles_by_the_cycle_of_its_trade_day(product: Product, traded: date, due: date) -> None:
    found = settles(product, traded)
    assert found is not None
    assert found.due == due


def test_margined_products_leave_nothing_to_deliver() -> None:
    assert settles(Product("BTC-PERP", "linear_perpetual", "BTC", "USD"), date(2026, 7, 1)) is None


def test_terms_that_nobody_stated_are_refused_unless_the_settings_state_them() -> None:
    product = Product("TEF", "equity", "TEF", "XAF")
    with pytest.raises(BadInput, match="TEF is paid in XAF, which has no market here"):
        settles(product, date(2026, 7, 1))
    found = settles(product, date(2026, 7, 1), Terms(days=0, calendars=("ALWAYS",)))
    assert found is not None
    assert found.due == date(2026, 7, 1)
