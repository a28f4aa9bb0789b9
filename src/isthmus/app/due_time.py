"""What falls due by time happens also while nobody sends anything: expiries, dead-man timers, pauses."""

from __future__ import annotations

from isthmus.app.desk import Desk
from isthmus.kernel.messages import TimePassed
from isthmus.kernel.values import NS_PER_S

LOOK_NS = NS_PER_S // 50
"""Between two looks: how late a deadline may run when no other command brings its time."""


class DueTime:
    """Sequences a TimePassed when a deadline is due that no command has brought yet."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def step(self, at: int) -> int:
        """Returns when to be called again."""
        due = self._desk.engine.next_deadline
        if due is not None and due <= at:
            self._desk.submit(TimePassed())
        return at + LOOK_NS
