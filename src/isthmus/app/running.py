"""What goes on while the server runs: flushing, markets, streams. The only loops of the process."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from isthmus.app.calendars import CalendarDriver
from isthmus.app.day_end import DayEnd
from isthmus.app.due_time import DueTime
from isthmus.app.link_server import Link
from isthmus.app.output import note
from isthmus.app.pipeline import Core
from isthmus.engine.engine import JournalFenced
from isthmus.engine.market import Market
from isthmus.gateways.alpaca.feed import Feed
from isthmus.gateways.fix.server import FixServer
from isthmus.gateways.limits import StreamLimits
from isthmus.gateways.websocket.hub import Hub
from isthmus.kernel.errors import JournalUnavailable
from isthmus.kernel.values import NS_PER_S

SETTLE_MOST = 256
"""Records told of at a stretch before others get a turn."""
SETTLE_ROUNDS_MAX = 1_000
"""Flushes before it is said that something keeps staging."""
RETRY_S = 1.0
"""Between two tries to write a journal that failed."""
PAUSE_MIN_S = 0.001
"""Between two steps of a market: others get a turn."""
PAUSE_MAX_S = 60.0
"""However far away the next step is: the clock may be set meanwhile."""


class Stepping(Protocol):
    """Something that acts at its times."""

    def step(self, at: int) -> int:
        """Acts; returns when to be called again (ns UTC)."""


class Running:
    """Owns the tasks, and the thread that waits for the disk; a write that waits for nothing needs no thread."""

    def __init__(
        self, core: Core, markets: list[Market], durability: str, limits: StreamLimits, link: Link | None = None
    ) -> None:
        self._core = core
        self._markets = markets
        self._limits = limits
        self._link = link
        self._due = asyncio.Event()
        self._flusher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="flush")
        self._waits_for_disk = durability == "group"
        self._tasks: list[asyncio.Task[None]] = []
        self.beside: list[Coroutine[Any, Any, None]] = []
        """What else runs as long as the server."""
        core.driver.on_staged = self._due.set
        self._routing = asyncio.Event()
        core.driver.subscribe(lambda _: self._routing.set())
        core.outside.on_change = self._routing.set
        self.fix: FixServer | None = None

    def start(self, hub: Hub, feed: Feed, timed: Sequence[Stepping]) -> asyncio.Future[None]:
        """A future that is done when one of the loops failed: the process then has a bug and stops. `timed`: what else
        acts at its times; calendars among them close markets.
        """
        calendars = [one for one in timed if isinstance(one, CalendarDriver)]
        loops: list[Coroutine[Any, Any, None]] = [
            self._flush(),
            self._sample(hub, feed),
            self._each_second(hub, feed),
            self._heartbeat(hub),
        ]
        closing = {number for calendar in calendars for number in calendar.closing}
        day_end = DayEnd(self._core.desk, self._core.directory, self._core.views.orders, closing)
        stepping: list[Stepping] = [*self._markets, *timed, day_end, DueTime(self._core.desk)]
        loops += [self._play(one) for one in stepping]
        loops += [self._route(), *self.beside]
        self._tasks = [asyncio.create_task(loop) for loop in loops]
        return asyncio.ensure_future(_first_failure(self._tasks))

    async def stop(self) -> None:
        """End the loops; what is staged stays staged."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settle_all(self) -> None:
        """Flush until nothing waits. Raises OSError when the journal cannot be written."""
        for _ in range(SETTLE_ROUNDS_MAX):
            await self._flush_once()
            if not self._core.driver.work_waiting:
                return
        raise AssertionError("records are staged while the server stops")

    async def _flush(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._flush_once()
            except JournalFenced as error:
                self._core.driver.fault = str(error)
                raise JournalUnavailable(str(error)) from error
            except OSError as error:
                self._degrade(error)
                await asyncio.sleep(RETRY_S)
                self._due.set()

    async def _flush_once(self) -> None:
        driver = self._core.driver
        driver.hand_over()
        if self._waits_for_disk:
            durable = await asyncio.get_running_loop().run_in_executor(self._flusher, driver.flush)
        else:
            durable = driver.flush()
        if self._link is not None:
            durable = await self._link.received(durable)
        if driver.fault is not None:
            driver.fault = None
            _tell("the journal can be written again")
        if self.fix is not None:
            driver.release(durable)
            self.fix.front.wake()
        more = True
        while more:
            more = driver.settle(durable, SETTLE_MOST)
            await _others()

    def _degrade(self, error: OSError) -> None:
        reason = os.strerror(error.errno) if error.errno is not None else str(error)
        if self._core.driver.fault is None:
            _tell(f"the journal cannot be written ({reason}): nothing is acknowledged until it can")
        self._core.driver.fault = reason

    async def _play(self, market: Stepping) -> None:
        clock = self._core.desk.now
        while True:
            following = market.step(clock())
            await asyncio.sleep(min(PAUSE_MAX_S, max(PAUSE_MIN_S, (following - clock()) / NS_PER_S)))

    async def _route(self) -> None:
        """The router acts when a record or a book came that may concern a parent, and at its own times."""
        clock, router = self._core.desk.now, self._core.router
        while True:
            self._routing.clear()
            at = clock()
            router.look(at)
            pause = min(PAUSE_MAX_S, max(PAUSE_MIN_S, (router.step(at) - clock()) / NS_PER_S))
            await asyncio.sleep(PAUSE_MIN_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):  # wait_for may swallow the cancel of a stop (CPython issue 86296)
                    await self._routing.wait()

    async def _sample(self, hub: Hub, feed: Feed) -> None:
        pause = 1 / self._limits.book_updates_per_s
        while True:
            await asyncio.sleep(pause)
            hub.sample()
            feed.sample()
            if self.fix is not None:
                self.fix.sample()

    async def _each_second(self, hub: Hub, feed: Feed) -> None:
        while True:
            await asyncio.sleep(1)
            self._core.outside.flush()
            hub.second()
            feed.second()
            if self.fix is not None:
                self.fix.second()

    async def _heartbeat(self, hub: Hub) -> None:
        while True:
            await asyncio.sleep(self._limits.heartbeat_s)
            hub.heartbeat()


def _tell(text: str) -> None:
    """A log on the full disk is no reason to stop."""
    with contextlib.suppress(OSError):
        note(text)


async def _others() -> None:
    """Gives everything else on the loop a turn."""
    await asyncio.sleep(0)


async def _first_failure(tasks: list[asyncio.Task[None]]) -> None:
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        if not task.cancelled():
            task.result()
