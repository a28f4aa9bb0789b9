"""`isthmus dex swaps`: a pool's recorded swaps against its formula. Exit 0 when all came out, 1 when one differs, 2
when the file cannot be read.
"""

from __future__ import annotations

import argparse

from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json, say
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.venues.amm.events import read_events
from isthmus.venues.amm.replay import SwapCheck, check_swaps


def swaps(arguments: argparse.Namespace) -> int:
    """Prints how many swaps came out to the last unit, and what differs."""
    try:
        with open_input(arguments.pool) as source:
            events = read_events(source)
    except BadInput as fault:
        raise BadInput(fault.field if fault.field != arguments.pool else "pool", fault.reason) from fault
    found = check_swaps(events)
    if arguments.json:
        print_json(found)
    else:
        _tell(found)
    return EXIT_OK if found.clean else EXIT_FOUND


def _tell(found: SwapCheck) -> None:
    say(f"swaps             {found.swaps}")
    say(f"equal             {found.equal}, {found.limited} of them up to a price limit")
    say(f"liquidity events  {found.liquidity_events}, equal {found.liquidity_equal}")
    for row in found.different:
        say(f"swap {row.index}: {row.reason}")
    for row in found.liquidity_different:
        say(f"liquidity event {row.index}: {row.reason}")
