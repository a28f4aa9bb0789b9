"""Generated sessions of pegs, dark pools, requests and sealed bids: both engines make the same records."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.oracle import invariants, waiting
from tests.oracle.pair import Pair

from isthmus import _core

from .strategies import Session
from .strategies_dark import session

# 4 x 20 x 12 = 960 sessions of 60 to 126 commands
PARTS = 4
SEEDS_A_PART = 10
SESSIONS_A_SEED = 12
LENGTH = 60
HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
fixed = settings(derandomize=True, deadline=None, database=None, suppress_health_check=HEALTH)


def run(commands: Session, restored_at: int) -> Pair:
    """Every record equal, every invariant kept, the state read back once on the way, all of it equal at the end."""
    pair, told = Pair(_core), waiting.Told()
    for number, (command, at) in enumerate(commands):
        told.take(pair.twin, command, pair.apply(command, at))
        invariants.check(pair.twin)
        if number == restored_at:
            pair.restore()
    pair.check_state()
    return pair


@pytest.mark.parametrize("part", range(PARTS))
@given(seed=st.integers(0, 2**63))
@settings(fixed, max_examples=SEEDS_A_PART)
def test_sessions_in_the_dark_make_the_same_records(part: int, seed: int) -> None:
    for offset in range(SESSIONS_A_SEED):
        commands = session(seed * PARTS + part + offset * 2**70, LENGTH + 6 * offset)
        run(commands, seed % len(commands))
