"""Arguments of `isthmus audit seal`; those of `isthmus audit verify day` are added by arguments_audit_verify.py."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

SEAL = "A day's journal, rows and exports under one signature, in pieces of 64 KiB, so that a flipped bit is located."
VERIFY = "A day against its seal, the journal's chain and the logs. Exit 1 with everything that differs and its place."


def add(audit: Any, command: Callable[..., ArgumentParser], data: str) -> None:
    """The command."""
    parser = command(audit, "seal", "isthmus.app.audit_day:seal", SEAL, "isthmus audit seal --day 2026-11-29")
    parser.add_argument("--data", metavar="DIR", default=data, help="data folder (%(default)s)")
    parser.add_argument("--day", metavar="D", help="the day of UTC (today)")


def add_verify(commands: Any, command: Callable[..., ArgumentParser], data: str) -> None:
    """`verify day`."""
    example = "isthmus audit verify day --day 2026-11-29 --json"
    parser = command(commands, "day", "isthmus.app.audit_day:verify", VERIFY, example)
    parser.add_argument("--data", metavar="DIR", default=data, help="data folder (%(default)s)")
    parser.add_argument("--day", metavar="D", required=True, help="the day of UTC")
    parser.add_argument("--seal", metavar="F", help="a copy of the seal; else DATA/audit/days/DAY.json")
    parser.add_argument("--vkey", metavar="K", help="the key of the journal's log or its file; else the folder's own")
