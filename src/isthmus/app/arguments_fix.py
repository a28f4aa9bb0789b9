"""The arguments of `isthmus fix-echo`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any


def add_fix_echo(commands: Any, add: Callable[..., ArgumentParser], port: Callable[[str], int]) -> None:
    """The command `fix-echo`; `add` makes one (arguments.py), `port` reads a port's number."""
    echo = add(
        commands,
        "fix-echo",
        "isthmus.app.fix_echo:run",
        "FIX sessions whose application sends orders, security definitions and e-mails back, until SIGTERM or Ctrl-C.",
        "isthmus fix-echo --port 0 --json",
    )
    echo.add_argument("--host", metavar="H", default="127.0.0.1", help="address to listen at (127.0.0.1)")
    echo.add_argument("--port", metavar="P", type=port, default=0, help="port, 0 for a free one (0)")
    echo.add_argument("--config", metavar="F", help="settings, TOML or JSON; docs/reference/fix-session.md")
