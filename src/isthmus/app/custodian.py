"""`isthmus custodian serve`: a custodian bank for trials, in a process of its own.

The first row is {"event": "ready", "name", "url"}. Exit 0 after SIGTERM or Ctrl-C, 2 for bad settings or a port in use.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from isthmus.app.custodian_host import Host, HostSettings
from isthmus.app.output import EXIT_OK, note, print_json
from isthmus.kernel.clock import system_clock
from isthmus.kernel.config import read_toml, shaped
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S

DAY_S = 86_400
BACKLOG = 64


class _Server(uvicorn.Server):
    """Stopped by us, so that a clean stop ends with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours."""
        yield


def serve(arguments: argparse.Namespace) -> int:
    """Until it is stopped."""
    settings = shaped(read_toml(Path(arguments.config)), HostSettings)
    folder = Path(arguments.data) if arguments.data else None
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    host = Host(settings, folder, system_clock)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((arguments.host, arguments.port))
        except OSError as error:
            raise BadInput("port", f"{arguments.host}:{arguments.port}: {error.strerror}") from error
        asyncio.run(_serve(host, listener, arguments.host))
    return EXIT_OK


async def _serve(host: Host, listener: socket.socket, address: str) -> None:
    config = uvicorn.Config(
        host.application,
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    listener.listen(BACKLOG)
    server = _Server(config)
    days = asyncio.create_task(_days(host))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)
    url = f"http://{address}:{listener.getsockname()[1]}"
    print_json({"event": "ready", "name": host.settings.name, "url": url})
    note(f"{host.settings.name} ({host.settings.bic}) at {url}")
    await serving
    days.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await days


async def _days(host: Host) -> None:
    """Closes the bank's day in time."""
    while True:
        length = host.settings.day_s
        rest = DAY_S - system_clock() // NS_PER_S % DAY_S
        await asyncio.sleep(length or rest)
        host.close_day()
