"""Generated sessions of stops, trailing stops, pairs and brackets: the same records, and what must hold of them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.oracle import invariants, waiting
from tests.oracle.pair import Pair

from isthmus import _core

from .strategies_triggers import Plan, drawn, plans, play

# 4 x 10 x 10 = 400 sessions of 40 to 85 commands after an opening of 34
PARTS = 4
SEEDS_A_PART = 10
SESSIONS_A_SEED = 10
LENGTH = 40
HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
fixed = settings(derandomize=True, deadline=None, database=None, suppress_health_check=HEALTH)


def run(plan: Plan) -> None:
    """Every record equal; money, books, triggers and ties kept after every command; the state equal at the end."""
    pair = Pair(_core)
    was = waiting.ties(pair.twin)
    for at, effects in enumerate(play(pair, plan)):
        invariants.check(pair.twin)
        waiting.check(pair.twin, was, effects)
        was = waiting.ties(pair.twin)
        if at % 16 == 15:
            pair.restore()
    pair.check_state()


@pytest.mark.parametrize("part", range(PARTS))
@given(seed=st.integers(0, 2**63))
@settings(fixed, max_examples=SEEDS_A_PART)
def test_four_hundred_sessions_make_the_same_records(part: int, seed: int) -> None:
    for offset in range(SESSIONS_A_SEED):
        run(drawn(seed * PARTS + part + offset * 2**70, LENGTH + 5 * offset))


@given(plan=plans)
@settings(fixed, max_examples=300)
def test_sessions_built_by_hypothesis_make_the_same_records(plan: Plan) -> None:
    run(plan)
