"""Generated sessions in which every way of matching meets every other: the same records, and the laws of matching."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.oracle import invariants, laws
from tests.oracle.pair import Pair

from isthmus import _core

from .strategies import Session
from .strategies_matching import session, sessions

# 4 x 10 x 10 = 400 sessions of 40 to 85 commands after an opening of 34
PARTS = 4
SEEDS_A_PART = 10
SESSIONS_A_SEED = 10
LENGTH = 40
HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
fixed = settings(derandomize=True, deadline=None, database=None, suppress_health_check=HEALTH)


def run(commands: Session) -> None:
    """Every record equal; money, books, conditions and limits kept after every command; the state equal at the end."""
    pair = Pair(_core)
    for command, at in commands:
        before = laws.before(pair.twin)
        effects = pair.apply(command, at)
        invariants.check(pair.twin)
        laws.check_fills(pair.twin, before, command, effects)
        if any(type(effect).__name__ in ("Accepted", "Replaced", "Cancelled") for effect in effects):
            laws.check_quiet(pair.twin)
    pair.check_state()


@pytest.mark.parametrize("part", range(PARTS))
@given(seed=st.integers(0, 2**63))
@settings(fixed, max_examples=SEEDS_A_PART)
def test_four_hundred_sessions_make_the_same_records(part: int, seed: int) -> None:
    for offset in range(SESSIONS_A_SEED):
        run(session(seed * PARTS + part + offset * 2**70, LENGTH + 5 * offset))


@given(commands=sessions)
@settings(fixed, max_examples=300)
def test_sessions_built_by_hypothesis_make_the_same_records(commands: Session) -> None:
    run(commands)


@pytest.mark.parametrize("seed", range(6))
def test_an_engine_from_a_snapshot_goes_on_as_the_one_that_never_stopped(tmp_path: Path, seed: int) -> None:
    pair = Pair(_core, _core.Engine(str(tmp_path), "os"))
    for at, (command, time) in enumerate(session(seed, 200)):
        pair.apply(command, time)
        if at % 25 == 24:
            pair.engine.snapshot()
            before = pair.engine.state_hash()
            pair.engine = None
            pair.engine = _core.Engine(str(tmp_path), "os")
            assert pair.engine.state_hash() == before
    pair.check_state()
