"""What a change of a market sets off in the same pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .bands import leave_limit_state
from .conditions import retry_conditional
from .dark import match_dark
from .firming import invite
from .links import part, release
from .makers import guard
from .negotiation import clear_responses
from .pegs import reprice_peg
from .state import State
from .triggers import collect, fire_stop, trail

# In this order; after each that did something all are asked again.
REACTIONS = (
    part,
    trail,
    collect,
    release,
    fire_stop,
    reprice_peg,
    retry_conditional,
    match_dark,
    invite,
    clear_responses,
    leave_limit_state,
)
IN_CONTINUOUS_TRADING = (reprice_peg, match_dark, invite)
"""These of them wait until it goes on."""


def _of(state: State, number: int) -> Iterator[list[Any]]:
    continuous = state.instruments[number].state == "continuous"
    return (list(act(state, number)) for act in REACTIONS if continuous or act not in IN_CONTINUOUS_TRADING)


def react(state: State) -> Iterator[Any]:
    """Every market, lowest number first, until nothing more happens."""
    while True:
        yield from guard(state)
        for number in state.instruments:
            found = next(filter(None, _of(state, number)), None)
            if found:
                break
            state.touched.discard(number)
        else:
            return
        yield from found
