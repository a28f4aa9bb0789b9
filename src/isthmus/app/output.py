"""What a command says: one JSON object (or rows) on standard output, everything else on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import msgspec

from isthmus.kernel.errors import BadInput

EXIT_OK = 0
EXIT_FOUND = 1
"""The check found something: a difference, an invalid input, damage."""
EXIT_BAD_USE = 2
"""Bad use or unreadable input."""
EXIT_UNCLEAN = 3
"""Unclean but not damaged."""
EXIT_MISSING = 4
"""An optional part is missing."""


def print_json(answer: Any) -> None:
    """One line of JSON on standard output, at once. Decimals become strings, Structs objects."""
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """One line for a person on standard output."""
    print(text, flush=True)


def note(text: str) -> None:
    """One line about what is going on, on standard error."""
    print(text, file=sys.stderr, flush=True)


def fail(field: str | None, reason: str, line: int | None = None) -> NoReturn:
    """Ends the command as bad use: exit 2 and, with --json, the error object."""
    raise BadInput(field, reason, line)


def error_object(field: str | None, reason: str, line: int | None = None) -> dict[str, Any]:
    """The one shape in which a command reports why it could not run."""
    return {"error": {"field": field, "reason": reason, "line": line}}


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Hands out `advance(count)` and draws a bar on standard error while it is a terminal; elsewhere it is silent.

    Advance in steps of many rows: a step costs some microseconds.
    """
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=total)
        yield lambda count: bars.advance(task, count)
