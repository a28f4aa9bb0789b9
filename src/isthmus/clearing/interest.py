"""Interest by day counts, with an exact carry; variation margin; funding times of perpetuals.

Day counts: ISDA 2006 Definitions, 4.16: Actual/360 (e), Actual/365 fixed (d), 30/360 (f), 30E/360 (g), Actual/Actual
ISDA (b). What rounding keeps back of one period is carried into the next as a fraction, so that interest paid every day
is the interest of the whole.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

import msgspec

from isthmus.clearing.fails import PPM
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S

BASES = ("ACT/360", "ACT/365", "30/360", "30E/360", "ACT/ACT")
CURRENCY_BASES = {"USD": "ACT/360", "EUR": "ACT/360", "CHF": "ACT/360", "JPY": "ACT/365", "GBP": "ACT/365"}
"""Of money market rates (SOFR, ESTR, SARON; TONA, SONIA)."""


def year_fraction(start: date, end: date, basis: str) -> Fraction:
    """Of the period from `start` to before `end`. Raises BadInput for an unknown basis or a period that goes back."""
    if end < start:
        raise BadInput("end", f"{end} is before {start}")
    if basis == "ACT/360":
        return Fraction((end - start).days, 360)
    if basis == "ACT/365":
        return Fraction((end - start).days, 365)
    if basis in ("30/360", "30E/360"):
        return Fraction(_thirties(start, end, european=basis == "30E/360"), 360)
    if basis == "ACT/ACT":
        return _by_years(start, end)
    raise BadInput("basis", f"{basis!r} is none of {', '.join(BASES)}")


def _thirties(start: date, end: date, *, european: bool) -> int:
    first = min(start.day, 30)
    last = min(end.day, 30) if european or first == 30 else end.day
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def _by_years(start: date, end: date) -> Fraction:
    found, day = Fraction(0), start
    while day < end:
        stop = min(end, date(day.year + 1, 1, 1))
        found += Fraction((stop - day).days, 366 if isleap(day.year) else 365)
        day = stop
    return found


class Accrued(msgspec.Struct, frozen=True):
    """Minor units to post now, and what is carried: a fraction of a minor unit, (numerator, denominator)."""

    amount: int
    carry: tuple[int, int] = (0, 1)


def accrue(
    balance: int, rate_ppm: int, period: tuple[date, date], basis: str, carry: tuple[int, int] = (0, 1)
) -> Accrued:
    """Interest on a balance (negative: a debit, which owes) at a rate a year in millionths. Raises BadInput."""
    exact = Fraction(balance * rate_ppm, PPM) * year_fraction(*period, basis) + Fraction(*carry)
    amount = exact.numerator // exact.denominator if exact >= 0 else -(-exact.numerator // exact.denominator)
    left = exact - amount
    return Accrued(amount, (left.numerator, left.denominator))


class Rates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a day costs and brings in one currency, a year in millionths: what debit balances owe (margin interest) and
    credit balances get.
    """

    debit_ppm: int = 0
    credit_ppm: int = 0
    basis: str = "ACT/360"


def day_interest(balance: int, rates: Rates, day: date, carry: tuple[int, int] = (0, 1)) -> Accrued:
    """Of one day, from its close to the next day's; negative where the account owes it."""
    rate = rates.debit_ppm if balance < 0 else rates.credit_ppm
    return accrue(balance, rate, (day, day + timedelta(days=1)), rates.basis, carry)


class Margin(msgspec.Struct, frozen=True):
    """Variation margin of one account: positive is paid to it."""

    account: int
    amount: int


def variation(positions: Iterable[tuple[int, int]], marks: tuple[int, int], point: tuple[int, int]) -> list[Margin]:
    """What each (account, signed position) gains from the mark before to the mark now; `point`: minor units of
    one lot and one price step, as a fraction. Rounded against each account, so that the sum is never above zero:
    the rest is the house's rounding. Positions sum to zero, or BadInput is raised.
    """
    rows = list(positions)
    if sum(quantity for _, quantity in rows):
        raise BadInput("positions", "do not sum to zero: longs and shorts are not one market")
    before, now = marks
    return [Margin(account, quantity * (now - before) * point[0] // point[1]) for account, quantity in rows]


FUNDING_HOURS = 8
DAY_NS = 86_400 * NS_PER_S


def next_funding(now: int, every_hours: int = FUNDING_HOURS) -> int:
    """The first funding time after `now` (both ns UTC): 00:00, 08:00, 16:00. Raises BadInput where a day cannot
    be cut.
    """
    if not 1 <= every_hours <= 24 or 24 % every_hours:
        raise BadInput("every_hours", f"{every_hours} does not divide a day")
    step = every_hours * 3_600 * NS_PER_S
    return (now // step + 1) * step


def funding_rate(premium_ppm: int, interest_ppm: int, clamp_ppm: int = 500, cap_ppm: int = 7_500) -> int:
    """Of one period: premium + clamp(interest - premium, +-0.05 %), capped (BitMEX and Binance, funding of perpetual
    contracts).
    """
    rate = premium_ppm + max(-clamp_ppm, min(clamp_ppm, interest_ppm - premium_ppm))
    return max(-cap_ppm, min(cap_ppm, rate))
