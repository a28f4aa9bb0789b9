"""Value dates of foreign exchange: spot by both currencies' calendars, with the rule for the dollar.

Source: I. J. Clark, Foreign Exchange Option Pricing (2011), 1.5.1; ACI Model Code. Two days after the trade: the first
must be a business day of each currency but the dollar, the last of both currencies and of New York, whether or not the
dollar is one of them. (For pairs of Latin American currencies with the dollar a holiday in New York counts on the first
day as well; none of them has a calendar here.)
"""

from __future__ import annotations

from datetime import date, timedelta

from isthmus.clearing.calendars import ORDINARY, Closed, calendar_of, following
from isthmus.kernel.errors import BadInput

SPOT_DAYS = 2
ONE_DAY_PAIRS = frozenset({("USD", "CAD"), ("USD", "TRY"), ("USD", "PHP"), ("USD", "RUB"), ("USD", "KZT")})
"""Pairs that settle one day after the trade."""
DOLLAR = "USD"


def spot_days(base: str, quote: str) -> int:
    """1 or 2: by the market's custom for the pair, whichever way round it is quoted."""
    return 1 if (base, quote) in ONE_DAY_PAIRS or (quote, base) in ONE_DAY_PAIRS else SPOT_DAYS


def value_date(pair: tuple[str, str], traded_on: date, days: int | None = None, closed: Closed = ORDINARY) -> date:
    """When a spot deal of `pair`, (base, quote), settles. `days` 0 to 2; None: by custom. Raises BadInput."""
    base, quote = pair
    if base == quote:
        raise BadInput("pair", f"{base} against itself is no exchange")
    lag = spot_days(base, quote) if days is None else days
    if not 0 <= lag <= SPOT_DAYS:
        raise BadInput("days", f"{lag} is not 0 to {SPOT_DAYS}")
    last = tuple(sorted({calendar_of(base), calendar_of(quote), calendar_of(DOLLAR)}))
    between = tuple(calendar_of(code) for code in pair if code != DOLLAR)
    found = traded_on
    for _ in range(lag - 1):
        found = following(found + timedelta(days=1), between, closed)
    return following(found + timedelta(days=1 if lag else 0), last, closed)
