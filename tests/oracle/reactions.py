"""What a change of a market sets off in the same pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .conditions import retry_conditional
from .dark import match_dark
from .links import part, release
from .pegs import reprice_peg
from .state import State
from .triggers import collect, fire_stop, trail

# In this order; after each that did something all are asked again.
REACTIONS = (part, trail, collect, release, fire_stop, reprice_peg, retry_conditional, match_dark)


def react(state: State) -> Iterator[Any]:
    """Every market, lowest number first, until nothing more happens."""
    while True:
        for number in state.instruments:
            found = next(filter(None, (list(act(state, number)) for act in REACTIONS)), None)
            if found:
                break
            state.touched.discard(number)
        else:
            return
        yield from found
