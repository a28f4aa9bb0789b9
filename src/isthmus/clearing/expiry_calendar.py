"""When contracts end: expiries of options, last trading days and first notice days of futures, by product with
its source.

A rule takes the contract month as the first of it. Business days are those of the row's calendar.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import msgspec

from isthmus.clearing.calendars import ORDINARY, Closed, following, preceding
from isthmus.kernel.errors import BadInput

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)
Rule = Callable[[date, tuple[str, ...], Closed], date]


class Product(msgspec.Struct, frozen=True):
    """`last`: last trading day of a contract month; `notice`: first notice day, None where nothing is delivered or a
    notice comes only after trading ended.
    """

    code: str
    title: str
    calendars: tuple[str, ...]
    delivery: str
    last: Rule
    notice: Rule | None
    source: str


def nth(month: date, weekday: int, count: int) -> date:
    """The count-th such weekday of a month: nth(2026-06-01, FRIDAY, 3) is 2026-06-19."""
    first = month.replace(day=1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def month_after(month: date, months: int) -> date:
    """The first of the month so many later (earlier where negative)."""
    years, place = divmod(month.year * 12 + month.month - 1 + months, 12)
    return date(years, place + 1, 1)


def before(day: date, days: int, calendars: tuple[str, ...], closed: Closed = ORDINARY) -> date:
    """So many open days before a day, which itself need not be open. Raises BadInput."""
    found = day
    for _ in range(days):
        found = preceding(found - timedelta(days=1), calendars, closed)
    return found


def third_friday(month: date, calendars: tuple[str, ...], closed: Closed = ORDINARY) -> date:
    """Of the month, or the open day before it."""
    return preceding(nth(month, FRIDAY, 3), calendars, closed)


def last_open(month: date, calendars: tuple[str, ...], closed: Closed = ORDINARY) -> date:
    """The last open day of the month."""
    return before(month_after(month, 1), 1, calendars, closed)


def open_end_of_month_before(month: date, calendars: tuple[str, ...], closed: Closed) -> date:
    """The last open day before the contract month."""
    return before(month.replace(day=1), 1, calendars, closed)


def third_last_open(month: date, calendars: tuple[str, ...], closed: Closed) -> date:
    """Of the contract month."""
    return before(month_after(month, 1), 3, calendars, closed)


def _crude(month: date, calendars: tuple[str, ...], closed: Closed) -> date:
    """Three open days before the 25th of the month before, or before the open day that precedes a closed 25th."""
    day = month_after(month, -1).replace(day=25)
    return before(preceding(day, calendars, closed), 3, calendars, closed)


def _gas(month: date, calendars: tuple[str, ...], closed: Closed) -> date:
    return before(month.replace(day=1), 3, calendars, closed)


def _grain(month: date, calendars: tuple[str, ...], closed: Closed) -> date:
    return before(month.replace(day=15), 1, calendars, closed)


def _treasury(month: date, calendars: tuple[str, ...], closed: Closed) -> date:
    return before(last_open(month, calendars, closed), 7, calendars, closed)


def _currency(month: date, calendars: tuple[str, ...], closed: Closed) -> date:
    return before(nth(month, WEDNESDAY, 3), 2, calendars, closed)


def _bund(month: date, calendars: tuple[str, ...], closed: Closed) -> date:
    return before(following(month.replace(day=10), calendars, closed), 2, calendars, closed)


def _volatility(month: date, calendars: tuple[str, ...], closed: Closed) -> date:
    """30 days before the third Friday (or the open day before it) of the month that follows."""
    day = third_friday(month_after(month, 1), calendars, closed) - timedelta(days=30)
    return preceding(day, calendars, closed)


def last_friday(month: date, calendars: tuple[str, ...], closed: Closed = ORDINARY) -> date:
    """Of the month, or the open day before it."""
    end = month_after(month, 1) - timedelta(days=1)
    return preceding(end - timedelta(days=(end.weekday() - FRIDAY) % 7), calendars, closed)


_US, _EU, _ALWAYS = ("NYSE",), ("TARGET",), ("ALWAYS",)
_NOTICE = open_end_of_month_before
PRODUCTS = {
    row.code: row
    for row in (
        Product(
            "OPT-US", "US equity option", _US, "physical", third_friday, None, "OCC By-Laws, Art. I, expiration date"
        ),
        Product("VX", "VIX future and option", _US, "cash", _volatility, None, "Cboe Rule 1202(b)"),
        Product("ES", "E-mini S&P 500", _US, "cash", third_friday, None, "CME Rulebook, 358"),
        Product("CL", "WTI crude oil", _US, "physical", _crude, None, "NYMEX Rulebook, 200"),
        Product("NG", "Henry Hub gas", _US, "physical", _gas, None, "NYMEX Rulebook, 220"),
        Product("GC", "Gold", _US, "physical", third_last_open, _NOTICE, "COMEX Rulebook, 113"),
        Product("SI", "Silver", _US, "physical", third_last_open, _NOTICE, "COMEX Rulebook, 112"),
        Product("ZC", "Corn", _US, "physical", _grain, _NOTICE, "CBOT Rulebook, 10"),
        Product("ZS", "Soybeans", _US, "physical", _grain, _NOTICE, "CBOT Rulebook, 11"),
        Product("ZW", "Wheat", _US, "physical", _grain, _NOTICE, "CBOT Rulebook, 14"),
        Product("ZN", "10-year Treasury note", _US, "physical", _treasury, _NOTICE, "CBOT Rulebook, 19"),
        Product("ZB", "Treasury bond", _US, "physical", _treasury, _NOTICE, "CBOT Rulebook, 18"),
        Product("6E", "Euro against dollar", _US, "physical", _currency, None, "CME Rulebook, 261"),
        Product("FDAX", "DAX future", _EU, "cash", third_friday, None, "Eurex, Contract Specifications, 1.3"),
        Product("FGBL", "Bund future", _EU, "physical", _bund, None, "Eurex, Contract Specifications, 1.2"),
        Product("OPT-BTC", "Crypto option, monthly", _ALWAYS, "cash", last_friday, None, "Deribit, expiration dates"),
    )
}


def product(code: str) -> Product:
    """Raises BadInput for a product whose rule is not in the table."""
    found = PRODUCTS.get(code)
    if found is None:
        raise BadInput("product", f"{code!r} has no rule here (known: {', '.join(PRODUCTS)})")
    return found


def last_trading_day(code: str, month: date, closed: Closed = ORDINARY) -> date:
    """Of a contract month. Raises BadInput."""
    row = product(code)
    return row.last(month.replace(day=1), row.calendars, closed)


def first_notice_day(code: str, month: date, closed: Closed = ORDINARY) -> date | None:
    """None where the product has none before trading ends. Raises BadInput."""
    row = product(code)
    return None if row.notice is None else row.notice(month.replace(day=1), row.calendars, closed)


def weekly_expiries(start: date, end: date, calendars: tuple[str, ...] = _US, closed: Closed = ORDINARY) -> list[date]:
    """Fridays from `start` to `end`, or the open days before them, the monthly ones among them."""
    first = start + timedelta(days=(FRIDAY - start.weekday()) % 7)
    days = (first + timedelta(days=7 * week) for week in range(((end - first).days // 7) + 1))
    return [preceding(day, calendars, closed) for day in days]


class Notice(msgspec.Struct, frozen=True):
    """What first notice asks of a long position in a contract that is delivered: `act` is warn, close or deliver."""

    account: int
    quantity: int
    act: str
    by: date


def notices(
    positions: dict[int, int], first_notice: date, today: date, takes: frozenset[int] = frozenset(), warn_days: int = 5
) -> list[Notice]:
    """Of long positions, by account: who does not take delivery is warned so many days ahead and closed on the last day
    before the first notice.
    """
    due = first_notice - timedelta(days=1)
    found = []
    for account, quantity in sorted(positions.items()):
        if quantity <= 0 or today < first_notice - timedelta(days=warn_days):
            continue
        if account in takes:
            act = "deliver" if today >= first_notice else "warn"
        else:
            act = "close" if today >= due else "warn"
        found.append(Notice(account, quantity, act, due))
    return found


def listed(code: str, start: date, months: int, closed: Closed = ORDINARY) -> list[tuple[date, date]]:
    """(contract month, last trading day) of so many months; each day is later than the one before."""
    firsts = [month_after(start, ahead) for ahead in range(months)]
    rows = [(month, last_trading_day(code, month, closed)) for month in firsts]
    assert all(earlier[1] < later[1] for earlier, later in pairwise(rows)), "months end one after the other"
    return rows
