"""The process that asks the holders of a key to sign heads while a server runs: beside the logs, never in their way.

Holders who are away or slow keep nobody waiting: they are asked on threads of their own, and the process ends with the
server whatever they do. What keeps it from going on is told on standard output, a row (JSON) each time it changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from pathlib import Path

import msgspec

from isthmus.app.beside import end_with_server, step_back
from isthmus.app.output import EXIT_OK, EXIT_UNCLEAN, print_json
from isthmus.app.threshold_rounds import Rounds
from isthmus.app.threshold_settings import ThresholdSettings
from isthmus.app.witness_follower import logs_of
from isthmus.audit.entry_log import merge_last
from isthmus.engine.proofs import LogRefused
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import IsthmusError

LOOK_S = 0.2
"""Between two looks at what is due, or shorter where heads are signed more often."""
END_S = 8.0
"""How long the holders' last signatures are waited for."""
FAULTS = (IsthmusError, LogRefused, OSError)


class Follower:
    """`stopped` is set when the server is gone."""

    def __init__(self, data: Path, name: str, settings: ThresholdSettings) -> None:
        self.stopped = threading.Event()
        self._data = data
        self._rounds = Rounds(data, name, settings, (system_clock, time.monotonic))
        self._pause_s = min(LOOK_S, settings.every_s)
        self._fault: str | None = None

    def run(self) -> None:
        """Until the server is gone and its last heads were shown to the holders."""
        while True:
            ending = self.stopped.is_set()
            try:
                self._rounds.turn(is_last=ending)
                self._tell(None)
            except FAULTS as error:
                self._rounds.close()
                self._tell(": ".join(map(str, error.args)) if isinstance(error, LogRefused) else str(error))
            if ending:
                merge_last(self._data, logs_of(self._data))
                self._rounds.close()
                return
            self.stopped.wait(self._pause_s)

    def _tell(self, fault: str | None) -> None:
        if fault != self._fault:
            self._fault = fault
            with contextlib.suppress(OSError):
                self._rounds.write(fault)
            with contextlib.suppress(BrokenPipeError):
                print_json({"fault": fault})


async def follow(follower: Follower) -> int:
    """Asks until standard input ends, and a little longer."""
    stopped = asyncio.Event()
    end_with_server(stopped)
    loop = asyncio.get_running_loop()

    def run() -> None:
        try:
            follower.run()
        finally:
            # Also by a bug: the server then starts another one.
            loop.call_soon_threadsafe(stopped.set)

    thread = threading.Thread(target=run, daemon=True, name="threshold")
    thread.start()
    await stopped.wait()
    if not thread.is_alive():
        return EXIT_UNCLEAN
    follower.stopped.set()
    thread.join(END_S)
    return EXIT_OK


def main() -> int:
    """Arguments: data folder, name of the logs, settings (JSON)."""
    step_back()
    settings = msgspec.json.decode(sys.argv[3], type=ThresholdSettings)
    return asyncio.run(follow(Follower(Path(sys.argv[1]), sys.argv[2], settings)))


if __name__ == "__main__":
    sys.exit(main())
