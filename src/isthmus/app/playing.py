"""The whole broker in one process without a server, on a clock that nobody waits for: back-tests, measurements, drills.

It is the same engine, driver, read models, markets and router as `isthmus serve`, and makes the same records; only time
is handed to it. Whoever is due next acts next; what two do at one time happens in the order in which they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, Protocol

from isthmus.app.house_desks import open_clearing, open_desks
from isthmus.app.pipeline import Core, build_core, open_markets, replay
from isthmus.app.settings import read_defaults, settings_of
from isthmus.engine.engine import Engine, Origin, Record
from isthmus.engine.market import Market
from isthmus.engine.tape import Tape
from isthmus.kernel.messages import GATEWAYS, ROLES

TAPE = "tape"
"""The folder of the tape inside the data folder."""
ALL = 1 << 30
ROUNDS_MAX = 10_000
"""Rounds of records that answer records before something is wrong."""


class Acting(Protocol):
    """Something that acts at its times; `Market`, `Router` and strategies are such."""

    def step(self, at: int) -> int:
        """Acts; returns when to be called again."""


class Playing:
    """`start`: ns UTC. `data`: a folder for journal and tape, None for memory only. `house`: tables as in a settings
    file, for the house's desks (`arbitrage`, `house_maker`) and how routes are looked after. Close it when done.
    """

    def __init__(
        self, markets: Sequence[Market], start: int, data: str | None = None, house: Mapping[str, Any] | None = None
    ) -> None:
        self.now = start
        settings = settings_of(read_defaults(), {"data": data or "unused", **(house or {})})
        self.engine = Engine(data, "os" if data else "never")
        self.core: Core = build_core(self.engine, settings, lambda: self.now)
        if data is not None and self.engine.sequence:
            replay(self.core, data, _silently)
        if data is not None:
            tape = Tape(str(Path(data) / TAPE), keep_bytes=settings.routes.tape_bytes)
            self.core.outside.keep(tape, self.core.desk.now())
        self._due: list[tuple[int, int, Acting]] = []
        self._actors = 0
        open_markets(self.core, list(markets))
        self.pump()
        for market in markets:
            self.add(market)
        self.desks = open_desks(self.core, settings)
        self.pump()
        for desk in (*self.desks, *open_clearing(self.core, settings)):
            self.add(desk)
        self._actors += 1
        self._routers = self._actors
        """The router acts after markets and desks, before whoever comes later; any record may bring its time near."""
        self.core.router.restart()

    def add(self, actor: Acting, at: int | None = None) -> None:
        """Somebody who acts from now (or `at`) on."""
        self._actors += 1
        heappush(self._due, (self.now if at is None else at, self._actors, actor))

    def submit(self, command: Any, text: str = "", note: str = "", role: str = "client") -> Record:
        """A command from outside, as a gateway hands it in; its record, after everything that it set off at once."""
        origin = Origin(role=ROLES[role], gateway=GATEWAYS["app"], received_at=self.now, text=text, note=note)
        record = self.core.driver.submit(command, origin)
        assert record is not None, "a broker without a server is never busy"
        self.pump()
        return record

    def run(self, until: int, stop: Callable[[], bool] | None = None) -> None:
        """Let time pass up to `until`, or until `stop` says so."""
        while self._step(until):
            if stop is not None and stop():
                return
        self.now = max(self.now, until)

    def _step(self, until: int) -> bool:
        """Whoever is due next acts; False when nobody is by then."""
        router = self.core.router
        turn = (router.next_time, self._routers) if router.next_time is not None else (until + 1, self._routers)
        if self._due and self._due[0][:2] < turn:
            turn = self._due[0][:2]
        if turn[0] > until:
            return False
        self.now = max(self.now, turn[0])
        if turn[1] == self._routers:
            router.step(self.now)
            self.pump()
            return True
        _, number, actor = heappop(self._due)
        following = actor.step(self.now)
        self.pump()
        heappush(self._due, (max(following, self.now + 1), number, actor))
        return True

    def pump(self) -> None:
        """Make everything durable and let everybody answer until nobody has anything to say."""
        driver, router = self.core.driver, self.core.router
        for _ in range(ROUNDS_MAX):
            if driver.work_waiting:
                driver.hand_over()
                driver.settle(driver.flush(), ALL)
            elif router.look(self.now):
                router.act(self.now)
            else:
                return
        raise AssertionError("records keep answering records")

    def close(self) -> None:
        """Seal journal and tape."""
        self.pump()
        self.core.outside.close()
        self.engine.close()


def _silently(_: int) -> None:
    return None
