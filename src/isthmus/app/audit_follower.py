"""The process that makes the audit trail while a server writes the journal: beside the engine, never in its way.

It ends when its standard input does, which is when the server stops or is killed: then it signs a head over what is
left. What keeps it from going on is told on standard output, a row (JSON) each time it changes, and in
DATA/audit/status.json. Where journal and log disagree it ends with EXIT_FOUND: no new start mends that, and nothing is
rewritten.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from pathlib import Path

from isthmus.app.audit_trail import Trail
from isthmus.app.beside import end_with_server, step_back
from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json
from isthmus.audit.signed_log import Disagrees
from isthmus.engine.engine import JournalDamaged
from isthmus.engine.proofs import LogRefused
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import BadInput, Damaged, IsthmusError

LOOK_S = 0.2
"""Between two looks at what is new."""
RETRY_S = 2.0
"""After a fault that may pass: a disk that is full, a log that another process still holds."""
PASSING = ("locked", "poisoned")
"""Refusals of the log that may pass; after any other a person has to look."""
FAULTS = (IsthmusError, JournalDamaged, LogRefused, OSError)


class Follower:
    """`stopped` is set when the server is gone."""

    def __init__(self, trail: Trail) -> None:
        self.stopped = asyncio.Event()
        self._trail = trail
        self._fault: str | None = None

    async def run(self) -> int:
        """Until the server is gone and the trail reaches to the end of the journal, or cannot: the exit code."""
        while True:
            ending = self.stopped.is_set()
            try:
                more = self._trail.step()
                if ending and not more:
                    self._trail.finish()
                    self._trail.tell(None)
                    self._trail.close()
                self._tell(None)
                pause = 0.0 if more else LOOK_S
            except FAULTS as error:
                self._tell(fault_of(error))
                if is_final(error):
                    return EXIT_FOUND
                self._trail.close()
                more, pause = False, RETRY_S
            if ending and not more:
                return EXIT_OK
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.stopped.wait()
            if self.stopped.is_set():
                await asyncio.sleep(0)

    def _tell(self, fault: str | None) -> None:
        self._trail.tell(fault)
        if fault != self._fault:
            self._fault = fault
            with contextlib.suppress(BrokenPipeError):
                print_json({"fault": fault})


def is_final(error: Exception) -> bool:
    """Whether a new start would find the same."""
    if isinstance(error, LogRefused):
        return error.args[0] not in PASSING
    return isinstance(error, (Disagrees, Damaged, BadInput, JournalDamaged))


def fault_of(error: Exception) -> str:
    """What is told of it, by name first."""
    if isinstance(error, LogRefused):
        return ": ".join(error.args)
    return str(error) or type(error).__name__


async def follow(trail: Trail) -> int:
    """Makes the trail of a data folder until standard input ends."""
    follower = Follower(trail)
    end_with_server(follower.stopped)
    return await follower.run()


def main() -> int:
    """Arguments: data folder, name, seconds between two heads, records without a head at most."""
    step_back()
    data, name, every_s, most_behind = sys.argv[1:5]
    trail = Trail(Path(data), name, (float(every_s), int(most_behind)), (system_clock, time.monotonic))
    return asyncio.run(follow(trail))


if __name__ == "__main__":
    sys.exit(main())
