"""Sessions in which orders of every family meet: what each family's own sessions show must hold for all together."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from tests.oracle import invariants, laws, waiting
from tests.oracle.messages import RULES
from tests.oracle.pair import Pair, command_of
from tests.oracle.values import GTD

from isthmus import _core

from . import strategies_matching as matching
from . import strategies_triggers as triggers
from .strategies import INSTRUMENTS, START, opening

# 4 x 40 sessions of 80 commands after an opening of 34
PARTS = 4
SESSIONS = 40
LENGTH = 80
RULE_RATE = 0.5


def play(pair: Pair, seed: int) -> Iterator[None]:
    """The opening and the rules, then one command after the other, each of a family drawn for it."""
    chance = Random(seed)
    instruments = chance.sample(INSTRUMENTS, k=chance.choice((1, 1, 2)))
    for command, at in opening(seed % 997):
        pair.apply(command, at)
    now, told = START + 1_000, waiting.Told()
    for name, values in (matching.CHOICES | triggers.CHOICES).items():
        value = chance.choice(values)
        for instrument in instruments if chance.random() < RULE_RATE else ():
            pair.apply(command_of("SetRule", instrument=instrument, rule=RULES[name], value=value), now)
    placed: list[tuple[int, Any]] = []
    for _ in range(LENGTH):
        now += chance.choice((1_000, 1_000, 1_000, 10**6))
        command = _drawn(chance, chance.choice(instruments), pair, placed)
        if getattr(command, "tif", 0) == GTD:
            command = command._replace(expire=now + chance.choice((2_000, 10**6, 10**12)))
        told.take(pair.twin, command, pair.apply(command, now))
        if type(command).__name__ in ("PlaceOrder", "PlaceSpecial"):
            placed.append((pair.twin.state.sequence, command))
        yield


def _drawn(chance: Random, instrument: int, pair: Pair, placed: list[tuple[int, Any]]) -> Any:
    if chance.random() < 0.5:
        name, words = matching.step(chance)
        return matching.COMMANDS[name](instrument, placed, *words)
    name, words = triggers.step(chance)
    return triggers.COMMANDS[name](pair.twin.state, instrument, *words)


@pytest.mark.parametrize("part", range(PARTS))
def test_sessions_of_all_families_make_the_same_records(part: int) -> None:
    for seed in range(part * SESSIONS, (part + 1) * SESSIONS):
        pair = Pair(_core)
        for at, _ in enumerate(play(pair, seed)):
            invariants.check(pair.twin)
            laws.check_quiet(pair.twin)
            if at % 20 == 19:
                pair.restore()
        pair.check_state()
