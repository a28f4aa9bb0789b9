"""Interest of the clearing desk: every day, at the settlement time, on what each client has or owes of a currency.

What rounding leaves is carried, and so is what an account could not pay from its balance and credit line: it is owed
with the next day's. Days on which the broker was down are made up for, at the balances of when it was up again; days on
which it ran without rates are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Protocol
from zoneinfo import ZoneInfo

from isthmus.clearing.corporate_actions import Posting
from isthmus.clearing.interest import Rates, day_interest
from isthmus.engine.engine import Record
from isthmus.kernel.messages import Move
from isthmus.kernel.values import NS_PER_S
from isthmus.refdata.directory import Directory
from isthmus.views.views import Views

FEES = 2
DAYS_MAX = 400
"""Days without the broker that are made up for at most."""


class Around(Protocol):
    """What the clearing desk is to it."""

    directory: Directory
    views: Views
    zone: ZoneInfo

    def day_of(self, stamp: int) -> date:
        """The local date of a time."""

    def moment(self, day: date) -> int:
        """When a day is settled (ns)."""


class DailyInterest:
    """`heard` every record and look; `due` says which day is next; `accrue` what it brings."""

    def __init__(self, desk: Around, rates: dict[str, Rates]) -> None:
        self._desk, self._rates = desk, rates
        self._carry: dict[tuple[int, int], tuple[int, int]] = {}
        self.last: date | None = None
        self._heard_at, self._midnight = 0, 0
        self._silent: list[date] = []
        """Days whose settlement time came while nothing was recorded."""

    def heard(self, stamp: int) -> None:
        """The time of a record or a look. A day between two of different days was slept through, if its
        settlement time was.
        """
        if stamp >= self._midnight:
            day = self._desk.day_of(stamp)
            if self._heard_at:
                self._silent.extend(self._slept(self._desk.day_of(self._heard_at), day))
            midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), self._desk.zone)
            self._midnight = int(midnight.timestamp()) * NS_PER_S
        self._heard_at = max(self._heard_at, stamp)

    def _slept(self, day: date, end: date) -> Iterator[date]:
        for _ in range(DAYS_MAX):
            if day >= end:
                return
            if self._desk.moment(day) > self._heard_at:
                yield day
            day += timedelta(days=1)

    def due(self, today: date, *, reached: bool) -> date | None:
        """The next day whose interest is to be reckoned; today's once its time is `reached`."""
        if not self._rates:
            return None
        if self.last is not None:
            missed = [day for day in self._silent if self.last < day < today]
            if missed:
                return min(missed)
        return today if reached and (self.last is None or self.last < today) else None

    def accrue(self, day: date) -> Iterator[tuple[str, Posting]]:
        """(key, posting) of a day for every client that has or owes something."""
        self.last = day
        self._silent = [one for one in self._silent if one > day]
        directory, holdings = self._desk.directory, self._desk.views.holdings
        for code, rates in self._rates.items():
            asset = directory.asset(code)
            for account in sorted(directory.client_numbers) if asset is not None else ():
                assert asset is not None
                at = (account, asset.number)
                part = day_interest(holdings.balance(*at).total, rates, day, self._carry.get(at, (0, 1)))
                self._carry[at] = part.carry
                way = (account, FEES) if part.amount < 0 else (FEES, account)
                if part.amount:
                    key = f"interest {account} {code} {day}"
                    yield key, Posting(*way, asset.number, abs(part.amount), "interest")

    def refused(self, record: Record) -> None:
        """What could not be posted is carried: it is tried again with the next day's."""
        move = record.command
        assert type(move) is Move, "interest is posted by moves"
        owes = move.source != FEES
        at = (move.source if owes else move.target, move.asset)
        carry = Fraction(*self._carry.get(at, (0, 1))) + (-move.amount if owes else move.amount)
        self._carry[at] = (carry.numerator, carry.denominator)
