"""Generated sessions: the Rust engine and its naive twin make the same records, and what must always hold, holds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.oracle import invariants
from tests.oracle.pair import Pair, names

from isthmus import _core

from .strategies import Session, identified, session
from .strategies_shrinking import sessions

# 4 x 25 x 20 = 2,000 sessions of 20 to 39 commands after an opening of 34
PARTS = 4
SEEDS_A_PART = 25
SESSIONS_A_SEED = 20
LENGTH = 20
LONG = 9_000
HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
fixed = settings(derandomize=True, deadline=None, database=None, suppress_health_check=HEALTH)


def run(commands: Session) -> Pair:
    """Every record equal, every invariant kept after every command, the whole state equal at the end."""
    pair = Pair(_core)
    for command, at in commands:
        before = invariants.queues(pair.twin)
        effects = pair.apply(command, at)
        invariants.check(pair.twin)
        invariants.check_priority(before, effects)
    pair.check_state()
    return pair


@pytest.mark.parametrize("part", range(PARTS))
@given(seed=st.integers(0, 2**63))
@settings(fixed, max_examples=SEEDS_A_PART)
def test_two_thousand_sessions_make_the_same_records(part: int, seed: int) -> None:
    for offset in range(SESSIONS_A_SEED):
        run(session(seed * PARTS + part + offset * 2**70, LENGTH + offset))


def test_a_long_session_makes_the_same_records() -> None:
    pair = Pair(_core)
    for command, at in session(1, LONG):
        pair.apply(command, at)
    pair.check_state()


@given(commands=sessions)
@settings(fixed, max_examples=400)
def test_sessions_built_by_hypothesis_make_the_same_records(commands: Session) -> None:
    run(commands)


@given(seed=st.integers(0, 2**63))
@settings(fixed, max_examples=40)
def test_what_is_sent_twice_counts_once(seed: int) -> None:
    pair = Pair(_core)
    previous, balances = None, {}
    for command, at in session(seed, 40, doubled=True):
        effects = pair.apply(command, at)
        if command is previous and identified(command):
            assert names(effects)[0] in ("Repeated", "Rejected")
            assert balances == dict(pair.twin.state.ledger.balances), "the second time moved money"
        previous, balances = command, dict(pair.twin.state.ledger.balances)
    pair.check_state()
