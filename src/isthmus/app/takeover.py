"""`isthmus takeover`: tells the standby of a data folder to become its owner, and waits until it is."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from isthmus.app.output import EXIT_OK, EXIT_UNCLEAN, fail, note, print_json, say
from isthmus.app.standby import REQUEST
from isthmus.engine.engine import epoch_of

POLL_S = 0.005


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when the standby has taken over, 3 when none did in time (the request is taken back)."""
    data = Path(arguments.data)
    if not data.is_dir():
        fail("data", f"{data} is no folder")
    before, started = epoch_of(str(data)), time.perf_counter()
    request = data / REQUEST
    request.touch(mode=0o600)
    while (epoch := epoch_of(str(data))) == before:
        if time.perf_counter() - started > arguments.wait:
            request.unlink(missing_ok=True)
            note(
                f"no standby of {data} took over within {arguments.wait:g} s: does `isthmus serve --standby` run there?"
            )
            _tell(arguments, False, epoch, started)
            return EXIT_UNCLEAN
        time.sleep(POLL_S)
    _tell(arguments, True, epoch, started)
    return EXIT_OK


def _tell(arguments: argparse.Namespace, took_over: bool, epoch: int, started: float) -> None:
    seconds = round(time.perf_counter() - started, 4)
    if arguments.json:
        print_json({"took_over": took_over, "epoch": epoch, "seconds": seconds})
    elif took_over:
        say(f"the standby took over in {seconds:g} s: epoch {epoch}")
