"""The server's driver: commands in, records out, and nothing seen before it is durable.

Sans-I/O: it owns no thread and no loop. Whoever drives it (`isthmus.app.pipeline`) calls `submit` and `settle` on
one thread and `flush` on another, and asks `work_waiting` in between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from isthmus.engine.engine import Engine, Follower, Origin, Record
from isthmus.kernel.clock import Clock

INBOX_MAX = 65_536
"""Records staged and not yet durable; more commands are refused `busy`."""

Then = Callable[[Record], None]
Subscriber = Callable[[Record], None]


class Standby(Protocol):
    """A standby elsewhere whose receipts are waited for."""

    receipt: int

    @property
    def connected(self) -> bool:
        """Whether it is linked now."""
        ...


class Driver:
    """Sequences commands at once and lets their answers go when the journal has them.

    Refuses by value: `submit` returns None and `refusal` says why ("busy", "journal_unavailable").
    """

    def __init__(self, engine: Engine, clock: Clock, inbox_max: int = INBOX_MAX) -> None:
        self.engine = engine
        self.inbox_max = inbox_max
        self.serves_sessions = False
        self._fault: str | None = None
        self.follower: Follower | None = None
        self.standby: Standby | None = None
        self.on_staged: Callable[[], None] = _nothing
        self._clock = clock
        self.attach()
        self._waiting: deque[tuple[Record, Then | None]] = deque()
        self._outgoing: deque[Record] = deque()
        self._subscribers: list[Subscriber] = []
        self._senders: list[Subscriber] = []
        self._observers: list[Subscriber] = []

    def attach(self) -> None:
        """Find the engine's flusher, which it has once it owns its folder; the flushing thread touches nothing else."""
        self._flusher = self.engine.flusher

    @property
    def fault(self) -> str | None:
        """Why the journal cannot be written, or None."""
        return self._fault

    @fault.setter
    def fault(self, reason: str | None) -> None:
        self._fault = reason
        self.engine.refuse(reason is not None)

    def serve_sessions(self) -> None:
        """Sessions outside Python stage commands of their own from now on: their records come in between, in order."""
        self.serves_sessions = True
        self.engine.serve_sessions()

    @property
    def backlog(self) -> int:
        """Records staged and not yet durable."""
        return len(self._waiting)

    @property
    def refusal(self) -> str | None:
        """Why a command would be refused now, or None."""
        if self.fault is not None:
            return "journal_unavailable"
        return "busy" if len(self._waiting) >= self.inbox_max else None

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every durable record to `subscriber`, in order, before its own answer goes out."""
        self._subscribers.append(subscriber)

    def send_by(self, sender: Subscriber) -> None:
        """Hand every durable record to `sender`, in order, before any subscriber hears of it or of an earlier one: for
        those who send orders on to venues, which should not wait for read models.
        """
        self._senders.append(sender)

    def observe(self, observer: Subscriber) -> None:
        """Hand every record to `observer` as it is staged: only for names and numbers that the next command needs."""
        self._observers.append(observer)

    def submit(self, command: Any, origin: Origin, then: Then | None = None) -> Record | None:
        """Sequence the command. `then` gets the record once it is durable. None: refused, see `refusal`."""
        if self.refusal is not None:
            return None
        record = self.engine.stage(command, self._clock(), origin)
        if self.serves_sessions:
            self._take(record, then)
        else:
            self._staged(record, then)
        self.on_staged()
        return record

    def hear_sessions(self) -> None:
        """Take in what sessions staged."""
        self._take(None, None)
        if self._waiting:
            self.on_staged()

    def _take(self, own: Record | None, then: Then | None) -> None:
        """What sessions staged, with a record of ours in its place."""
        for record in self.engine.made_by_sessions():
            if own is not None and record.sequence > own.sequence:
                self._staged(own, then)
                own = None
            self._staged(record, None)
        if own is not None:
            self._staged(own, then)

    def _staged(self, record: Record, then: Then | None) -> None:
        for observer in self._observers:
            observer(record)
        self._waiting.append((record, then))
        self._outgoing.append(record)

    def follow(self) -> None:
        """Start what runs the journal again and writes snapshots. Raises OSError, JournalDamaged."""
        self.follower = self.engine.follower

    @property
    def work_waiting(self) -> bool:
        """Whether a flush is due."""
        return bool(self._waiting)

    def hand_over(self) -> None:
        """What is staged belongs to the next flush. On the submitting thread."""
        self.engine.hand_over()

    def flush(self) -> int:
        """Write what was handed over; returns the durable sequence. Blocks; on the flushing thread. Raises OSError."""
        return self._flusher.flush() if self._flusher is not None else self.engine.sequence

    def release(self, durable: int) -> None:
        """Sessions may answer up to this record."""
        self.engine.release(durable)

    def settle(self, durable: int, most: int) -> bool:
        """Tell subscribers and askers of at most `most` records up to `durable`; True while there are more."""
        waiting, outgoing = self._waiting, self._outgoing
        for _ in range(min(most, len(outgoing))):
            if outgoing[0].sequence > durable:
                break
            record = outgoing.popleft()
            for sender in self._senders:
                sender(record)
        while waiting and waiting[0][0].sequence <= durable:
            if most == 0:
                return True
            record, then = waiting.popleft()
            for subscriber in self._subscribers:
                subscriber(record)
            if then is not None:
                then(record)
            most -= 1
            if self.serves_sessions:
                self.engine.settle(record.sequence)
        return False


def _nothing() -> None:
    return None
