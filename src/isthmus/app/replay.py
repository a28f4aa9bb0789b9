"""`isthmus replay lobster | mbo | depth`: recorded days against the engine. Exit 0 when it ran, 2 when an input
cannot be read.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from isthmus.app.output import EXIT_OK, fail, note, print_json, progress, say
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.venues.formats import lobster as lobster_format
from isthmus.venues.formats import mbo as mbo_format
from isthmus.venues.formats.depth import read_lines
from isthmus.venues.formats.speakers import VENUES, venue_named
from isthmus.venues.replay.depth import replay_depth
from isthmus.venues.replay.lobster import replay_lobster
from isthmus.venues.replay.mbo import replay_mbo

PROGRESS_STEP = 5_000


def lobster(arguments: argparse.Namespace) -> int:
    """Prints how many best quotes and makers were those of the recording."""
    if arguments.messages == "-" and arguments.orderbook == "-":
        fail("orderbook", "standard input is already the messages")
    rows = None
    if arguments.orderbook:
        rows = lobster_format.read_rows(_opened("orderbook", arguments.orderbook), arguments.levels)
    messages = lobster_format.read_messages(_opened("messages", arguments.messages))
    return _report(replay_lobster(messages, rows), "messages", arguments.json)


def mbo(arguments: argparse.Namespace) -> int:
    """Prints how many rows of the vendor's book and how many makers the engine has as well."""
    if [*arguments.events, arguments.expected].count("-") > 1:
        fail("events", "standard input can be read once")
    expected = mbo_format.read_expected(_opened("expected", arguments.expected)) if arguments.expected else None
    return _report(replay_mbo(_all_events(arguments.events), expected), "events", arguments.json)


def _all_events(sources: list[str]) -> Iterator[tuple[int, mbo_format.Event]]:
    for source in sources:
        yield from mbo_format.read_events(_opened("events", source))


def depth(arguments: argparse.Namespace) -> int:
    """Prints gaps, crossed books and checksums of a raw stream."""
    venue = venue_named(arguments.venue) if arguments.venue else None
    if arguments.venue and venue is None:
        fail("venue", f"{arguments.venue!r} is none of {', '.join(VENUES)}")
    return _report(replay_depth(read_lines(_opened("events", arguments.events)), venue), "lines", arguments.json)


def _opened(field: str, source: str) -> BinaryIO:
    """The input that an argument names; what is wrong with it is told under the argument's name."""
    try:
        return open_input(source)
    except BadInput as fault:
        raise BadInput(field, f"{source}: {fault.reason}") from fault


def _report(steps: Iterator[Any], unit: str, as_json: bool) -> int:
    """Runs a replay to its end and prints its counts."""
    started = time.perf_counter()
    counts: Any = None
    with progress(unit) as advance:
        for done, now in enumerate(steps, 1):
            counts = now
            if done % PROGRESS_STEP == 0:
                advance(PROGRESS_STEP)
    seconds = round(time.perf_counter() - started, 3)
    found = msgspec.to_builtins(counts) | {"seconds": seconds}
    if as_json:
        print_json(found)
    else:
        for name, value in found.items():
            say(f"{name.replace('_', ' '):20} {'-' if value is None else value}")
    if not found[unit]:
        note("isthmus: the input is empty")
    return EXIT_OK
