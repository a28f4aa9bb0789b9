"""What can be asked without changing anything, with who may ask it. Every gateway uses these."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec

from isthmus.engine.driver import Driver, Standby
from isthmus.engine.engine import Follower, Record
from isthmus.gateways.amounts import instrument_of, own_account
from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.kernel.clock import Clock
from isthmus.kernel.messages import BUY
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument
from isthmus.views.holdings import BalanceRow, PositionRow
from isthmus.views.orders import FillRow, OrderRow
from isthmus.views.views import Views

BookOrderRow = tuple[int, int, int, int, int, int, bool]
"""Order, account, side, price, shown, left, waits."""


class Wanted(msgspec.Struct, frozen=True):
    """Which orders of an account: `status` is "open", "closed" or "all"; `instrument` None for all of them; children
    of its parents only when asked for.
    """

    status: str = "all"
    instrument: int | None = None
    children: bool = False


class Standing(msgspec.Struct, frozen=True):
    """How the broker is: `fault` is why commands are refused, or None. `head` is the last durable record's hash."""

    sequence: int
    durable: int
    head: bytes
    mode: str
    fault: str | None
    follower: Follower | None
    standby: Standby | None


class Reads:
    """Questions about the views, answered for somebody."""

    def __init__(self, driver: Driver, directory: Directory, views: Views, clock: Clock, mode: str) -> None:
        self.directory = directory
        self.views = views
        self.now = clock
        self.mode = mode
        self.audit_fault: Callable[[], str | None] = lambda: None
        """What stopped the audit trail; set by whoever starts the process that makes it."""
        self._driver = driver

    def standing(self) -> Standing:
        """How the broker is now."""
        engine = self._driver.engine
        return Standing(
            sequence=engine.sequence,
            durable=self.views.journal.last,
            head=self.views.head,
            mode=self.mode,
            fault=self._driver.fault,
            follower=self._driver.follower,
            standby=self._driver.standby,
        )

    @property
    def backlog(self) -> int:
        """Records that are not durable yet."""
        return self._driver.backlog

    def instrument(self, symbol: str) -> Instrument:
        """Raises Refusal 404."""
        return instrument_of(self.directory, symbol, status=404)

    def venue(self, name: str | None) -> int | None:
        """The venue's number; None for all. Raises Refusal 404."""
        if name is None or name == "":
            return None
        number = self.directory.venue_number(name)
        if number is None:
            raise Refusal(404, "unknown_venue", "there is no such venue", field="venue", value=name)
        return number

    def account(self, identity: Identity, named: str | None) -> int:
        """The account that is asked about. Raises Refusal."""
        return own_account(self.directory, identity, named)

    def orders(self, account: int, which: Wanted, before: int | None, most: int) -> tuple[list[OrderRow], str | None]:
        """Newest first from before order number `before` on, and the next page's cursor."""
        rows = self.views.orders.newest_first(account, open_only=which.status == "open")
        wanted = (
            row
            for row in rows
            if (before is None or row.number < before)
            and (which.instrument is None or row.instrument == which.instrument)
            and not (which.status == "closed" and not row.closed)
            and (which.children or not row.of)
        )
        page = list(islice(wanted, most + 1))
        return page[:most], str(page[most - 1].number) if len(page) > most else None

    def fills(
        self, account: int, instrument: int | None, before: tuple[int, int, int] | None, most: int
    ) -> tuple[list[FillRow], str | None]:
        """Newest first from before (record, ordinal, liquidity) on, and the next page's cursor."""
        wanted = (
            row
            for row in self.views.orders.fills_newest_first(account)
            if (before is None or _place(row) < before) and (instrument is None or row.instrument == instrument)
        )
        page = list(islice(wanted, most + 1))
        cursor = "-".join(map(str, _place(page[most - 1]))) if len(page) > most else None
        return page[:most], cursor

    def book_orders(self, instrument: int, skip: int, most: int) -> list[BookOrderRow]:
        """Live orders of the instrument, as Engine.book_orders lists them, from the `skip`th on."""
        return self._driver.engine.book_orders(instrument, skip + most)[skip:]

    def what_if(self, account: int, instrument: int, side: int, order: tuple[int, int]) -> dict[str, Any]:
        """What a limit order, (price, quantity), would do to the account's margin, as Engine.what_if tells it.

        Raises ValueError with the reason where there can be no such order.
        """
        return self._driver.engine.what_if(account, instrument, side == BUY, *order)

    def balances(self, account: int) -> list[BalanceRow]:
        """By asset number."""
        return self.views.holdings.balances(account)

    def positions(self, account: int) -> list[PositionRow]:
        """By instrument number."""
        return self.views.holdings.positions(account)

    def journal(self, start: int, most: int) -> list[Record]:
        """Oldest first."""
        return self.views.journal.read(start, most)


def _place(row: FillRow) -> tuple[int, int, int]:
    return row.record, row.ordinal, row.liquidity
