"""One round of the audit trail after the other: what the journal has becomes entries, entries get a signed head.

Neither log's reader of the journal ever has more than `most_behind` records without a head: it waits for the head, and
the engine for nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from isthmus.audit.cosigned import cosignatures
from isthmus.audit.journal_log import JournalLog
from isthmus.audit.orders_trail import OrdersTrail
from isthmus.audit.places import JOURNAL, ORDERS, audit_folder
from isthmus.audit.sightings import Sightings
from isthmus.audit.signed_log import SignedLog
from isthmus.audit.status import BEHIND, CURRENT, STOPPED, Status, write_status
from isthmus.audit.trail_keys import TrailKeys, open_keys
from isthmus.engine.engine import journal_end
from isthmus.kernel.clock import Clock
from isthmus.kernel.values import time_text

BATCH = 16_384
"""Records of a round: what is new is signed in time, however long the journal is."""
ORDERS_BATCH = 4_096
"""Records of a round whose orders' rows are made: they take longer."""
KEEP_S = 60.0
"""After so long the state of the orders' rows is kept: what came since is read again at a start."""
TELL_S = 1.0
"""Between two looks at the journal's end while it is far away, and between two states in the file."""


class Trail:
    """Of a data folder. `pace`: seconds between two heads, and records without one at most. `clocks`: that of the day,
    and one that never goes back.
    """

    def __init__(
        self, data: Path, name: str, pace: tuple[float, int], clocks: tuple[Clock, Callable[[], float]]
    ) -> None:
        self._data = data
        self._name = name
        self._every_s, self._most_behind = pace
        self._now, self._steady = clocks
        self._keys: TrailKeys | None = None
        self._journal: JournalLog | None = None
        self._orders: OrdersTrail | None = None
        self._signed_at = [float("-inf")] * 2
        """The journal's log, and that of orders."""
        self._kept_at = float("-inf")
        self._end = 0
        self._seen = Sightings()
        self._reached = (0, 0)
        """The last records under heads, by log, as far as is known."""
        self._told: tuple[float, str | None, tuple[int, int]] = (float("-inf"), None, (-1, -1))

    def step(self) -> bool:
        """Takes what is new, and signs where that is due. Whether there is more to take at once. Raises what `begin`
        and `open_keys` raise.
        """
        journal = self._begun()
        if journal is None:
            return False
        room = min(BATCH, self._most_behind - journal.signed.unsigned)
        taken = journal.take(room) if room > 0 else 0
        self._see(journal, is_all=taken < room)
        if journal.signed.unsigned > 0 and (self._is_due(0) or journal.signed.unsigned >= self._most_behind):
            self._sign(journal)
        else:
            self._cosign(JOURNAL, journal.signed)
        return self._step_orders(journal) or taken == room

    def finish(self) -> None:
        """Heads over what has none, whenever the last ones were signed."""
        if self._journal is not None and self._journal.signed.unsigned > 0:
            self._sign(self._journal)
        if self._orders is not None:
            if self._orders.is_unsigned:
                self._orders.sign(self._now())
            self._orders.keep()

    def close(self) -> None:
        """Lets the logs go; the next step opens them anew."""
        if self._orders is not None:
            self._orders.close()
        self._journal = self._orders = None

    def _step_orders(self, journal: JournalLog) -> bool:
        """Orders come behind their records' entries: the journal's log is signed in time, however many there are."""
        if self._orders is None:
            assert self._keys is not None, "the journal's log was begun with them"
            self._orders = OrdersTrail(self._data, self._keys, journal.first, self._now())
            self._kept_at = self._steady()
        orders = self._orders
        room = min(ORDERS_BATCH, self._most_behind - orders.waiting)
        taken = orders.take(journal.last, room) if room > 0 else 0
        if orders.is_unsigned and (self._is_due(1) or orders.waiting >= self._most_behind):
            orders.sign(self._now())
            self._signed_at[1] = self._steady()
            if self._steady() >= self._kept_at + KEEP_S:
                orders.keep()
                self._kept_at = self._steady()
        else:
            self._cosign(ORDERS, orders.signed)
        return taken == room

    def _cosign(self, log: str, signed: SignedLog) -> None:
        """Lines that witnesses gave for the published head since."""
        if signed.log.note and (lines := cosignatures(self._data, log, signed.log.note)):
            signed.log.cosign(lines)

    def tell(self, fault: str | None) -> None:
        """Writes the state where something changed, and now and then otherwise."""
        now, reached = self._steady(), self._covered()
        told_at, told_fault, told_reached = self._told
        if (fault, reached) == (told_fault, told_reached) and now < told_at + TELL_S:
            return
        if not audit_folder(self._data).is_dir():
            return
        self._told = (now, fault, reached)
        write_status(self._data, self._status(fault, now))

    def _begun(self) -> JournalLog | None:
        if self._keys is None:
            self._keys = open_keys(self._data, self._name)
        if self._journal is None:
            self._journal = JournalLog.begin(self._data, self._keys, self._now())
        return self._journal

    def _is_due(self, log: int) -> bool:
        return self._steady() >= self._signed_at[log] + self._every_s

    def _sign(self, journal: JournalLog) -> None:
        journal.sign(self._now())
        self._signed_at[0] = self._steady()

    def _see(self, journal: JournalLog, is_all: bool) -> None:
        """How far the journal is: what was read to its end is that; else its end is looked for now and then."""
        if is_all:
            self._end = journal.last
        elif self._end <= journal.last or self._steady() >= self._told[0] + TELL_S:
            self._end = max(journal.last, journal_end(str(self._data))[2])
        self._seen.see(self._steady(), self._end)

    def _covered(self) -> tuple[int, int]:
        """The last record under a head of the journal's log, and the last whose orders' events all are under one."""
        journal, orders = self._reached
        if self._journal is not None:
            journal = self._journal.last - self._journal.signed.unsigned
        if self._orders is not None:
            orders = self._orders.covered
        self._reached = (journal, orders)
        self._seen.forget(min(self._reached))
        return self._reached

    def _status(self, fault: str | None, now: float) -> Status:
        behind = [max(0, self._end - reached) for reached in self._reached]
        ages = [round(now - since, 3) if (since := self._seen.since(one)) is not None else 0.0 for one in self._reached]
        state = STOPPED if fault is not None else BEHIND if max(behind) > self._most_behind else CURRENT
        return Status(
            name=self._name,
            time=time_text(self._now()),
            state=state,
            journal_sequence=self._end,
            lag_records=behind[0],
            lag_s=ages[0],
            bounded_at=self._most_behind,
            fault=fault,
            orders_sequence=self._reached[1],
            orders_lag_records=behind[1],
            orders_lag_s=ages[1],
        )
