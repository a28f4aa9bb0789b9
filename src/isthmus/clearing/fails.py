"""Trades that did not settle when they were due: reasons, age, penalties, and when a buy-in follows."""

from __future__ import annotations

from datetime import date

import msgspec

from isthmus.clearing.calendars import ORDINARY, Closed, after, open_days_between
from isthmus.clearing.trades import Trade
from isthmus.kernel.errors import BadInput

PPM = 1_000_000
DAYS_OF_YEAR = 360


class Fail(msgspec.Struct, frozen=True, kw_only=True):
    """`reason`: a code of `settling.WHY`. `failing`: the participant that lacks what is due. `since`: the due date.
    `quantity` and `cash`: what is open of both legs.
    """

    trade: str
    failing: int
    reason: str
    since: date
    quantity: int
    cash: int


def open_part(trade: Trade, settled: int) -> tuple[int, int]:
    """(quantity, cash the buyer has yet to pay) of a trade of which so much settled."""
    pays = trade.buyer_pays + trade.buyer_fee
    return trade.quantity - settled, pays - -(-pays * settled // trade.quantity)


def age(fail: Fail, day: date, calendars: tuple[str, ...], closed: Closed = ORDINARY) -> int:
    """Open days since it was due; 0 on the day itself. Raises BadInput."""
    return open_days_between(fail.since, day, calendars, closed)


BUCKETS = ((1, "1"), (4, "2-4"), (7, "5-7"), (15, "8-15"), (30, "16-30"))
"""Of ages in open days, as the lists of depositories cut them."""


def bucket(days: int) -> str:
    """The bucket of an age."""
    return next((name for last, name in BUCKETS if days <= last), "31+")


class Rate(msgspec.Struct, frozen=True):
    """What a fail costs a day, in millionths of the value of what was not delivered."""

    name: str
    ppm: int
    source: str


_ANNEX = "Commission Delegated Regulation (EU) 2017/389, Annex"
RATES = {
    row.name: row
    for row in (
        Rate("liquid_shares", 100, f"{_ANNEX}, 1: 1.0 basis point"),
        Rate("other_shares", 50, f"{_ANNEX}, 2: 0.5 basis point"),
        Rate("growth_shares", 25, f"{_ANNEX}, 3: 0.25 basis point (SME growth markets)"),
        Rate("sovereign_bonds", 10, f"{_ANNEX}, 4: 0.10 basis point"),
        Rate("other_bonds", 20, f"{_ANNEX}, 5: 0.20 basis point"),
        Rate("growth_bonds", 15, f"{_ANNEX}, 6: 0.15 basis point"),
        Rate("other", 50, f"{_ANNEX}, 7: 0.5 basis point"),
    )
}


def security_penalty(value: int, ppm: int) -> int:
    """Of one day on which securities of this value were not delivered; rounded up, against who failed."""
    return -(-value * ppm // PPM)


def cash_penalty(amount: int, year_ppm: int) -> int:
    """Of one day on which this money lacked, at a rate a year (never below zero), by ACT/360."""
    return -(-amount * max(year_ppm, 0) // (PPM * DAYS_OF_YEAR))


BUY_IN_DAYS = {"liquid_shares": 4, "other_shares": 7, "growth_shares": 15, "other": 7}
"""Open days after the due date until a buy-in: Commission Delegated Regulation (EU) 2018/1229, Art. 36 to 38
(extension periods; that every buyer must buy in is suspended by Regulation (EU) 2023/2845, that a rule book may is
not). In the United States 17 CFR 242.204 closes out at the start of the day after the due date for short sales, two
days later for long ones.
"""


def buy_in_day(fail: Fail, days: int, calendars: tuple[str, ...], closed: Closed = ORDINARY) -> date:
    """The first day on which who was to receive buys elsewhere. Raises BadInput."""
    if days < 1:
        raise BadInput("buy_in_days", f"{days} is below 1")
    return after(fail.since, days, calendars, closed)


def compensation(fail: Fail, cost: int) -> int:
    """What who failed pays where the securities were bought elsewhere for `cost`: the difference to the cash that was
    open, and nothing back where they were cheaper (Regulation (EU) 909/2014, Art. 7(6)).
    """
    return max(0, cost - fail.cash)
