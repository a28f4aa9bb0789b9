"""`isthmus clearing serve`: clearing as its own process. It follows the journal while trading lives, and acts in its
place while trading is dead; docs/reference/clearing-process.md says who may act when.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec

from isthmus.app.clearing_charge import CLEARING
from isthmus.app.clearing_process import ClearingProcess
from isthmus.app.output import EXIT_OK, note, print_json
from isthmus.app.settings import Settings, read_settings
from isthmus.engine.engine import JournalDamaged, OtherRelease
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import BadInput, Damaged, JournalUnavailable

PAUSE_S = 0.005
"""Between two looks."""


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 after a clean stop, 1 damaged journal or a bug, 2 bad settings or another clearing process there."""
    for name in ("host", "port", "markets", "speed", "durability"):
        setattr(arguments, name, None)
    settings = read_settings(arguments)
    if arguments.prices is not None:
        own = msgspec.structs.replace(settings.clearing, prices=arguments.prices)
        settings = msgspec.structs.replace(settings, clearing=own)
    with _alone(settings):
        try:
            return asyncio.run(_serve(settings))
        except JournalDamaged as error:
            raise Damaged(f"{settings.data}: {error}") from error
        except OtherRelease as error:
            raise BadInput("data", f"{settings.data}: {error}") from error
        except OSError as error:
            raise JournalUnavailable(f"{settings.data}: {error.strerror or error}") from error


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One clearing process for a folder."""
    folder = Path(settings.data) / CLEARING
    if not Path(settings.data).is_dir():
        raise BadInput("data", f"{settings.data} is no folder: start trading first")
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput("data", f"{folder} is in use by another clearing process") from error
        yield


async def _serve(settings: Settings) -> int:
    process = ClearingProcess(settings, system_clock, print_json)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    process.start()
    print_json({"event": "ready", "pid": os.getpid(), "data": str(settings.data), **process.standing()})
    note("clearing follows the journal")
    tasks: list[asyncio.Task[None]] = []
    while not stopping.is_set():
        process.step(system_clock())
        if process.loops and not tasks:
            tasks = [asyncio.create_task(one) for one in process.loops]
        elif tasks and not process.loops:
            await _ended(tasks)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PAUSE_S):
                await stopping.wait()
    process.stop(system_clock())
    await _ended(tasks)
    return EXIT_OK


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    tasks.clear()
