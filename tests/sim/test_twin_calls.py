"""Generated sessions through trading states: engine and twin make the same records, the laws of auctions hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.oracle import invariants
from tests.oracle.pair import Pair

from isthmus import _core

from . import laws_sessions as laws
from .strategies import Session
from .strategies_sessions import session, sessions

# 4 x 25 x 10 = 1,000 sessions of 30 to 39 commands after their opening
PARTS = 4
SEEDS_A_PART = 25
SESSIONS_A_SEED = 10
LENGTH = 30
HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
fixed = settings(derandomize=True, deadline=None, database=None, suppress_health_check=HEALTH)


def run(commands: Session, restore_every: int = 0) -> Pair:
    """Every record equal, every law kept after every command, the whole state equal at the end."""
    pair = Pair(_core)
    for count, (command, at) in enumerate(commands, 1):
        before = laws.Before(pair.twin)
        effects: list[Any] = pair.apply(command, at)
        invariants.check(pair.twin)
        laws.check(before, pair.twin, command, effects)
        if restore_every and count % restore_every == 0:
            pair.restore()
            pair.check_state()
    pair.check_state()
    return pair


@pytest.mark.parametrize("part", range(PARTS))
@given(seed=st.integers(0, 2**63))
@settings(fixed, max_examples=SEEDS_A_PART)
def test_a_thousand_sessions_through_trading_states_make_the_same_records(part: int, seed: int) -> None:
    for offset in range(SESSIONS_A_SEED):
        run(session(seed * PARTS + part + offset * 2**70, LENGTH + offset))


@given(commands=sessions)
@settings(fixed, max_examples=400)
def test_sessions_built_by_hypothesis_make_the_same_records(commands: Session) -> None:
    run(commands)


@pytest.mark.parametrize("seed", range(20))
def test_an_engine_restored_in_any_state_goes_on_as_the_twin(seed: int) -> None:
    run(session(seed, 80), restore_every=3)
