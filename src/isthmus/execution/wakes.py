"""Wake-ups: what parents wait for, watched."""

from __future__ import annotations

from heapq import heappop, heappush

from isthmus.execution.policy import Parent, Wake


class Wakes:
    """One wake-up a parent; setting it again replaces the one before. Due parents come in (deadline, number) order."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[Wake, Parent, int]] = {}
        self._times: list[tuple[int, int]] = []
        self._watching: dict[int, set[int]] = {}
        self._traded: dict[int, int] = {}

    def set(self, number: int, wake: Wake, parent: Parent) -> None:
        """Wait for this from now on."""
        traded = self._traded.get(parent.instrument, 0)
        self._of[number] = (wake, parent, traded + wake.volume)
        if wake.at:
            heappush(self._times, (wake.at, number))
        watching = self._watching.setdefault(parent.instrument, set())
        if wake.book or wake.price or wake.volume:
            watching.add(number)
        else:
            watching.discard(number)

    def cancel(self, number: int) -> None:
        """Wait for nothing."""
        found = self._of.pop(number, None)
        if found is not None:
            self._watching[found[1].instrument].discard(number)

    def watched(self) -> list[int]:
        """Instruments whose prices or trades somebody waits for."""
        return [instrument for instrument, watching in self._watching.items() if watching]

    def next_time(self) -> int:
        """The earliest deadline; 0 when there is none."""
        while self._times and not self._stands(*self._times[0]):
            heappop(self._times)
        return self._times[0][0] if self._times else 0

    def on_time(self, now: int) -> list[int]:
        """Parents whose time has come."""
        due = []
        while self._times and self._times[0][0] <= now:
            at, number = heappop(self._times)
            if self._stands(at, number):
                due.append(number)
                self.cancel(number)
        return due

    def on_quote(self, instrument: int, bid: int, ask: int) -> list[int]:
        """Parents that wait for a price, or for any change."""
        return self._due(instrument, lambda wake, parent, _: wake.book or _reached(wake, parent, bid, ask))

    def on_trade(self, instrument: int, quantity: int) -> list[int]:
        """Parents that wait for volume."""
        traded = self._traded[instrument] = self._traded.get(instrument, 0) + quantity
        return self._due(instrument, lambda wake, _, until: bool(wake.volume) and traded >= until)

    def _due(self, instrument, is_due) -> list[int]:  # type: ignore[no-untyped-def]
        watching = self._watching.get(instrument)
        if not watching:
            return []
        due = sorted(number for number in watching if is_due(*self._of[number]))
        for number in due:
            self.cancel(number)
        return due

    def _stands(self, at: int, number: int) -> bool:
        found = self._of.get(number)
        return found is not None and found[0].at == at


def _reached(wake: Wake, parent: Parent, bid: int, ask: int) -> bool:
    if not wake.price:
        return False
    return (0 < ask <= wake.price) if parent.buys else (bid >= wake.price > 0)
