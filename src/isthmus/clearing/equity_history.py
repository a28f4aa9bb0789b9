"""Corporate actions out of daily bars, factors and names of a stock, and what is wrong with such files, by name.

Form: QuantConnect Lean, Data/equity: bars `YYYYMMDD 00:00,open,high,low,close,volume` (prices x 10,000, as they were
traded); factors `date,price factor,split factor,reference close`, oldest first, each valid on its date and before;
names `date,ticker,exchange`, each valid until its date. A row's date is the last day before the event, so that the
ex-date is the market's next open day. The last row of both (2050) is a mark of the end, no event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

import msgspec

from isthmus.clearing.calendars import FIRST_YEAR, ORDINARY, Closed, following, is_open
from isthmus.kernel.errors import BadInput

END = date(2050, 12, 31)
PRICE_SCALE = 10_000
RATIO_MAX = 1_000
SPLIT_TOLERANCE = Fraction(1, 1_000)
"""Factors have seven digits: a ratio within this of a ratio of small numbers is that ratio."""
REFERENCE_TOLERANCE = Fraction(1, 100)
CENT_PARTS = 10_000

_DAY = re.compile(r"\d{8}")
_NUMBER = re.compile(r"\d+(\.\d+)?")


class Bar(msgspec.Struct, frozen=True):
    """One day as it was traded: prices x 10,000."""

    day: date
    open: int
    high: int
    low: int
    close: int
    volume: int


class Factor(msgspec.Struct, frozen=True):
    """What prices on its day and before are multiplied with; `reference` is the close of that day."""

    day: date
    price: Fraction
    split: Fraction
    reference: Fraction


class Event(msgspec.Struct, frozen=True):
    """What the factors tell: a split (new, old) or a dividend a share (in 1/10,000), on its ex-date."""

    ex: date
    before: date
    split: tuple[int, int] | None
    dividend: int | None
    reference: Fraction


class Trap(msgspec.Struct, frozen=True):
    """Something in the files that would make a wrong figure if nobody looked."""

    kind: str
    day: date
    text: str


def read_bars(text: str) -> list[Bar]:
    """Raises BadInput with the line: days out of order or twice, prices that are none, a low above a high."""
    bars: list[Bar] = []
    for line, row in enumerate(text.splitlines(), 1):
        cells = row.split(",")
        if len(cells) != 6 or not all(cell.isascii() and cell.isdigit() for cell in cells[1:]):
            raise BadInput("bar", f"{row[:60]!r} is not a day, four prices and a volume", line)
        bar = Bar(_day(cells[0][:8], line), *(int(cell) for cell in cells[1:]))
        if bars and bar.day <= bars[-1].day:
            raise BadInput("bar", f"{bar.day} does not come after {bars[-1].day}", line)
        if not 0 < bar.low <= min(bar.open, bar.close) or max(bar.open, bar.close) > bar.high:
            raise BadInput("bar", f"{bar.day} has prices outside its low and high", line)
        bars.append(bar)
    return bars


def read_factors(text: str) -> list[Factor]:
    """Raises BadInput with the line: days out of order, factors that are not above 0."""
    rows: list[Factor] = []
    for line, row in enumerate(text.splitlines(), 1):
        cells = row.split(",")
        if len(cells) != 4 or not all(_NUMBER.fullmatch(cell) for cell in cells[1:]):
            raise BadInput("factor", f"{row[:60]!r} is not a day, two factors and a price", line)
        found = Factor(_day(cells[0], line), *(Fraction(cell) for cell in cells[1:]))
        if found.price <= 0 or found.split <= 0:
            raise BadInput("factor", f"{found.day} has a factor that is not above 0", line)
        if rows and found.day <= rows[-1].day:
            raise BadInput("factor", f"{found.day} does not come after {rows[-1].day}", line)
        rows.append(found)
    if not rows or rows[-1].price != 1 or rows[-1].split != 1:
        raise BadInput("factor", "the last row is no mark of the end: both its factors are 1")
    return rows


def read_names(text: str) -> list[tuple[date, str]]:
    """(valid until, ticker), oldest first. Raises BadInput with the line."""
    rows: list[tuple[date, str]] = []
    for line, row in enumerate(text.splitlines(), 1):
        cells = row.split(",")
        if len(cells) < 2 or not cells[1]:
            raise BadInput("name", f"{row[:60]!r} is not a day and a ticker", line)
        rows.append((_day(cells[0], line), cells[1]))
        if len(rows) > 1 and rows[-1][0] <= rows[-2][0]:
            raise BadInput("name", f"{rows[-1][0]} does not come after {rows[-2][0]}", line)
    return rows


def _day(written: str, line: int) -> date:
    try:
        if _DAY.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise BadInput("date", f"{written[:20]!r} is no day such as 20200828", line)


def ticker_on(names: Iterable[tuple[date, str]], day: date) -> str | None:
    """What the stock was called that day; None after the last name."""
    return next((ticker for until, ticker in names if day <= until), None)


def renames(names: list[tuple[date, str]]) -> list[tuple[date, str, str]]:
    """(first day of the new name, old, new): rows that say the same name again are no rename."""
    return [
        (until + timedelta(days=1), old, new)
        for (until, old), (_, new) in zip(names, names[1:], strict=False)
        if old != new
    ]


def events(factors: list[Factor], market: str = "NYSE", closed: Closed = ORDINARY) -> list[Event]:
    """Splits and dividends by ex-date, of days that the calendar knows. Raises BadInput for a split that is no ratio of
    small numbers.
    """
    found = []
    for row, after in zip(factors, factors[1:], strict=False):
        if row.day.year < FIRST_YEAR:
            continue
        split = _ratio(after.split / row.split, row.day)
        payout = row.reference * (1 - row.price / after.price)
        dividend = round(payout * CENT_PARTS) or None
        if split is not None or dividend is not None:
            ex = following(row.day + timedelta(days=1), (market,), closed)
            found.append(Event(ex, row.day, split, dividend, row.reference))
    return found


def _ratio(exact: Fraction, day: date) -> tuple[int, int] | None:
    """(new, old), or None for one to one."""
    for most in (20, 100, RATIO_MAX):
        near = exact.limit_denominator(most) if exact >= 1 else 1 / (1 / exact).limit_denominator(most)
        if max(near.numerator, near.denominator) <= RATIO_MAX and abs(near / exact - 1) <= SPLIT_TOLERANCE:
            return None if near == 1 else (near.numerator, near.denominator)
    raise BadInput("factor", f"{day}: the split factors are to each other as no small numbers are")


def factor_on(factors: list[Factor], day: date) -> Factor:
    """The row that holds on a day. Raises BadInput after the last."""
    found = next((row for row in factors if day <= row.day), None)
    if found is None:
        raise BadInput("date", f"{day} is after the last factor")
    return found


def adjusted_close(bar: Bar, factors: list[Factor], *, dividends: bool = True) -> Fraction:
    """The close in today's shares, with dividends taken as reinvested unless told otherwise."""
    row = factor_on(factors, bar.day)
    return Fraction(bar.close, PRICE_SCALE) * row.split * (row.price if dividends else 1)


def traps(bars: list[Bar], factors: list[Factor], market: str = "NYSE", closed: Closed = ORDINARY) -> list[Trap]:
    """Missing days, bars on closed days, bars of another company, bars that were adjusted already: by day."""
    by_day = {bar.day: bar for bar in bars}
    found = [*_missing(by_day, market, closed), *_strangers(by_day, factors)]
    for event in events(factors, market, closed):
        before, after = by_day.get(event.before), by_day.get(event.ex)
        if event.split is None or before is None or after is None:
            continue
        jump, (new, old) = Fraction(after.open, before.close), event.split
        if abs(jump - 1) < abs(jump - Fraction(old, new)):
            text = f"a split of {new} for {old} makes no jump: these bars were adjusted before"
            found.append(Trap("adjusted_before", event.ex, text))
    return sorted(found, key=lambda trap: (trap.day, trap.kind))


def _missing(by_day: dict[date, Bar], market: str, closed: Closed) -> Iterable[Trap]:
    days = [day for day in by_day if day.year >= FIRST_YEAR]
    if not days:
        return
    day = min(days)
    while day <= max(days):
        if is_open(market, day, closed) and day not in by_day:
            yield Trap("missing_day", day, f"{market} was open and there is no bar")
        if not is_open(market, day, closed) and day in by_day:
            yield Trap("closed_day", day, f"{market} was closed and there is a bar")
        day += timedelta(days=1)


def _strangers(by_day: dict[date, Bar], factors: list[Factor]) -> Iterable[Trap]:
    """The first row begins the file, its reference is none."""
    for row in factors[1:-1]:
        bar = by_day.get(row.day)
        if bar is not None and abs(Fraction(bar.close, PRICE_SCALE) - row.reference) > REFERENCE_TOLERANCE:
            close = f"{bar.close / PRICE_SCALE:.2f}"
            text = f"closed at {close}, the factors were made at {float(row.reference):.2f}: bars of another company"
            yield Trap("reference_differs", row.day, text)
