"""The end of the trading day, 00:00 UTC where no calendar closes a market: day orders that are left expire."""

from __future__ import annotations

from collections.abc import Callable, Set

from isthmus.app.desk import Desk
from isthmus.kernel.messages import CANCEL_REASONS, DAY, CancelOrder, CloseDay
from isthmus.kernel.values import NS_PER_S
from isthmus.refdata.directory import Directory
from isthmus.views.orders import OrderRow, Orders
from isthmus.views.tape import DAY_NS

EXPIRED = next(number for number, name in CANCEL_REASONS.items() if name == "expired")
STEP_ORDERS = 200
"""Orders cancelled in one step; the rest waits for the next."""
AGAIN_NS = NS_PER_S // 100
"""Until the next step, while there is more to do."""
CLOSE_AGAIN_NS = 60 * NS_PER_S
"""Until it is looked whether a perpetual was listed that settles in another asset."""


class DayEnd:
    """Cancels with reason `expired` every open day order that was placed before the present day began. What was due
    while the server was down is done at its first step. `closing`: instruments whose own calendar ends their day; there
    only orders at outside venues end here.
    """

    def __init__(self, desk: Desk, directory: Directory, orders: Orders, closing: Set[int] = frozenset()) -> None:
        self._desk = desk
        self._directory = directory
        self._orders = orders
        self._closing = closing
        self._asked: set[int] = set()

    def step(self, at: int) -> int:
        """Cancel what is due; returns when to be called again."""
        day = at - at % DAY_NS
        due = self._due(day)[:STEP_ORDERS]
        for row in due:
            if self._desk.submit(CancelOrder(order=row.number, account=0, reason=EXPIRED, client_id=bytes(16))) is None:
                return at + NS_PER_S
            self._asked.add(row.number)
        if due:
            return at + AGAIN_NS
        self._asked.clear()
        return day + DAY_NS

    def _due(self, day: int) -> list[OrderRow]:
        """A cancel takes a moment to become durable, or to be answered by a venue, so each is asked for once."""
        return [
            row
            for account in self._directory.clients()
            for row in self._orders.newest_first(account.number, open_only=True)
            if row.tif == DAY and row.created_at < day and row.number not in self._asked and not self._closes(row)
        ]

    def _closes(self, row: OrderRow) -> bool:
        return row.venue == 0 and row.instrument in self._closing


class DayClose:
    """Closes the day, 00:00 UTC, in every asset that perpetuals settle in, so that losses count anew. What was due
    while the server was down is done at its first step; `closed_at`: when an asset's day was closed last (ns, 0 never).
    """

    def __init__(self, desk: Desk, directory: Directory, closed_at: Callable[[int], int]) -> None:
        self._desk = desk
        self._directory = directory
        self._closed_at = closed_at
        self._asked: dict[int, int] = {}

    def step(self, at: int) -> int:
        """Close what is due; returns when to be called again."""
        day = at - at % DAY_NS
        listed = self._directory.instruments.values()
        for asset in sorted({row.value_asset.number for row in listed if row.perpetual}):
            if max(self._closed_at(asset), self._asked.get(asset, 0)) >= day:
                continue
            if self._desk.submit(CloseDay(asset=asset)) is None:
                return at + NS_PER_S
            self._asked[asset] = at
        return min(at + CLOSE_AGAIN_NS, day + DAY_NS)
