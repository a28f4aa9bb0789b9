"""What a process beside the server does to live and end with it; its other side is beside_process.py."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

NICENESS = 5
"""How far it steps back behind those that answer clients."""


def step_back() -> None:
    """Behind the server, whose end tells it to end, whoever asked for that."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICENESS)


def end_with_server(stopped: asyncio.Event) -> None:
    """`stopped` is set when standard input ends: the server stopped or was killed."""
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if not os.read(sys.stdin.fileno(), 1_024):
            loop.remove_reader(sys.stdin.fileno())
            stopped.set()

    loop.add_reader(sys.stdin.fileno(), heard)
