"""How long after a trade a product settles, and by which calendars: one table, each row with its source."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from isthmus.clearing.calendars import ORDINARY, Closed, after, calendar_of
from isthmus.clearing.value_dates import value_date
from isthmus.kernel.errors import BadInput

DVP, PVP = "dvp", "pvp"
"""Delivery versus payment; payment versus payment: both legs or neither."""


class Cycle(msgspec.Struct, frozen=True):
    """From this trade day on, so many open days lie between trade and settlement."""

    since: date
    days: int
    source: str


class Market(msgspec.Struct, frozen=True):
    """Where securities settle: the calendars that must all be open, and the cycles, oldest first."""

    name: str
    calendars: tuple[str, ...]
    cycles: tuple[Cycle, ...]


_CSDR = "Regulation (EU) 909/2014, Art. 5(2)"
_BEFORE = "T+3 by custom of the market"
MARKETS = {
    row.name: row
    for row in (
        Market(
            "US",
            ("NYSE", "FED"),
            (
                Cycle(date(2000, 1, 1), 3, "17 CFR 240.15c6-1 of 1995"),
                Cycle(date(2017, 9, 5), 2, "SEC Release 34-80295"),
                Cycle(date(2024, 5, 28), 1, "SEC Release 34-96930"),
            ),
        ),
        Market(
            "EU",
            ("TARGET",),
            (
                Cycle(date(2000, 1, 1), 3, _BEFORE),
                Cycle(date(2014, 10, 6), 2, _CSDR),
                Cycle(date(2027, 10, 11), 1, "Regulation (EU) 2025/2075 (amends 909/2014)"),
            ),
        ),
        Market(
            "UK",
            ("LSE",),
            (
                Cycle(date(2000, 1, 1), 3, _BEFORE),
                Cycle(date(2014, 10, 6), 2, f"{_CSDR}, kept as UK law"),
                Cycle(date(2027, 10, 11), 1, "Accelerated Settlement Taskforce, as announced in 2025"),
            ),
        ),
        Market(
            "JP",
            ("TSE",),
            (Cycle(date(2000, 1, 1), 3, _BEFORE), Cycle(date(2019, 7, 16), 2, "JPX and JSCC, T+2 since 16 July 2019")),
        ),
        Market(
            "CH",
            ("SIX", "SIC"),
            (
                Cycle(date(2000, 1, 1), 3, _BEFORE),
                Cycle(date(2014, 10, 6), 2, "SIX x-clear, with the EU's change"),
                Cycle(date(2027, 10, 11), 1, "swissSPTC, as announced in 2025"),
            ),
        ),
    )
}
MARKET_OF_CURRENCY = {"USD": "US", "EUR": "EU", "GBP": "UK", "JPY": "JP", "CHF": "CH"}


class Product(msgspec.Struct, frozen=True):
    """What settlement needs to know: `kind` as the engine names it, codes of what is delivered and of what is paid."""

    symbol: str
    kind: str
    base: str
    quote: str


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Terms of one instrument where the table does not hold: open days after the trade, by these calendars."""

    days: int
    calendars: tuple[str, ...]


class Settles(msgspec.Struct, frozen=True):
    """When a trade settles, how (`dvp` or `pvp`), and by which calendars it ages if it fails."""

    due: date
    how: str
    calendars: tuple[str, ...]


MARGINED = ("linear_perpetual", "inverse_perpetual", "future", "option")
"""What is settled by variation margin or premium in the engine's own pass: nothing is left to deliver."""


def settles(product: Product, traded_on: date, own: Terms | None = None, closed: Closed = ORDINARY) -> Settles | None:
    """When and how a trade of that day settles; None for what leaves no obligation. Raises BadInput for a product
    whose terms nobody stated, naming it.
    """
    if product.kind in MARGINED:
        return None
    how = PVP if product.kind == "fx_spot" else DVP
    if own is not None:
        return Settles(after(traded_on, own.days, own.calendars, closed), how, own.calendars)
    if product.kind == "fx_spot":
        due = value_date((product.base, product.quote), traded_on, closed=closed)
        return Settles(due, how, tuple(sorted({calendar_of(product.base), calendar_of(product.quote), "FED"})))
    if product.kind == "crypto_spot":
        return Settles(traded_on, how, ("ALWAYS",))
    if product.kind != "equity":
        raise BadInput("instrument", f"{product.symbol} is of kind {product.kind}, whose settlement is not stated")
    market = MARKETS.get(MARKET_OF_CURRENCY.get(product.quote, ""))
    if market is None:
        raise BadInput("instrument", f"{product.symbol} is paid in {product.quote}, which has no market here")
    return Settles(after(traded_on, days_of(market, traded_on), market.calendars, closed), how, market.calendars)


def days_of(market: Market, traded_on: date) -> int:
    """The cycle of that trade day. Raises BadInput for a day before the table begins."""
    found = _latest(market.cycles, traded_on)
    if found is None:
        raise BadInput("date", f"{traded_on} is before the table of {market.name} begins")
    return found.days


def _latest(cycles: Iterable[Cycle], day: date) -> Cycle | None:
    rows = [row for row in cycles if row.since <= day]
    return rows[-1] if rows else None
