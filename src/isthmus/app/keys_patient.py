"""Asks to holders that nobody waits for longer than he said: each is asked on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue

from isthmus.app.keys_link import Lines
from isthmus.audit.keys.asks import Ask, Reply, Silent


class PatientLines:
    """`made` opens the lines to one holder. Who has not replied within `timeout_s` is Silent, and is not asked again
    before he has.
    """

    def __init__(self, made: Callable[[], Lines], holders: Iterable[int], timeout_s: float) -> None:
        self._lines = {holder: _Line(made()) for holder in holders}
        self._timeout_s = timeout_s

    def ask(self, asked: dict[int, Ask]) -> dict[int, Reply]:
        """See Asked."""
        until = time.monotonic() + self._timeout_s
        known = {holder: ask for holder, ask in asked.items() if holder in self._lines}
        waiting = {holder: self._lines[holder].begin(holder, ask) for holder, ask in known.items()}
        unknown = {holder: Silent(f"the roster has no holder {holder}") for holder in asked if holder not in known}
        return unknown | {holder: self._reply(holder, slot, until) for holder, slot in waiting.items()}

    def close(self) -> None:
        """Ends the connections; one that still waits ends by itself."""
        for line in self._lines.values():
            line.close()

    def _reply(self, holder: int, slot: SimpleQueue[Reply] | None, until: float) -> Reply:
        if slot is None:
            return Silent(f"holder {holder} has not answered what he was asked before")
        try:
            return slot.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            return Silent(f"holder {holder} does not answer within {self._timeout_s:g} s")


class _Line:
    """Threads are daemons: a holder who never replies keeps no process from its end."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._free = threading.Lock()

    def begin(self, holder: int, ask: Ask) -> SimpleQueue[Reply] | None:
        """Where the reply will be; None while an earlier one is waited for."""
        if not self._free.acquire(blocking=False):
            return None
        slot: SimpleQueue[Reply] = SimpleQueue()

        def run() -> None:
            try:
                slot.put(self._lines.ask({holder: ask})[holder])
            finally:
                self._free.release()

        threading.Thread(target=run, daemon=True, name=f"holder-{holder}").start()
        return slot

    def close(self) -> None:
        if self._free.acquire(blocking=False):
            self._lines.close()
            self._free.release()
