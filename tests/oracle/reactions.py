"""What a change of a market sets off in the same pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .conditions import retry_conditional
from .dark import match_dark
from .negotiation import clear_responses
from .pegs import reprice_peg
from .state import State
from .triggers import fire_stop

# In this order; after each that did something all are asked again.
REACTIONS = (fire_stop, reprice_peg, retry_conditional, match_dark, clear_responses)


def react(state: State) -> Iterator[Any]:
    """Every market, lowest number first, until nothing more happens."""
    while True:
        found = next(
            filter(None, (list(act(state, number)) for number in state.instruments for act in REACTIONS)), None
        )
        if found is None:
            return
        yield from found
