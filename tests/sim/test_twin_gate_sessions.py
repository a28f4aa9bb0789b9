"""The gate's commands between those of sessions of stops, pairs, brackets and every way of matching."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.oracle import invariants, waiting
from tests.oracle.laws_gate import HOUSE_LIMITS, Watcher
from tests.oracle.messages import LIMITS
from tests.oracle.pair import Pair

from isthmus import _core

from .strategies import START, Session, opening
from .strategies_gate_steps import Steps, one, placed, within
from .strategies_matching import sessions
from .strategies_triggers import Plan, plans, play

HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example, HealthCheck.filter_too_much)
fixed = settings(derandomize=True, deadline=None, database=None, suppress_health_check=HEALTH)
See = Callable[[Pair, Any, list[Any]], None]


def mixed(pair: Pair, others: Iterator[list[Any]], steps: Steps, see: See) -> None:
    """Every record equal; after each the money, the books and what waits are as they must be; restored now and then."""
    was = waiting.ties(pair.twin)
    for at, effects in enumerate(others):
        found = [(None, effects)]
        found += [(step, pair.apply(step, pair.twin.state.stamp + 500)) for step in steps.get(at, ())]
        for command, told in found:
            see(pair, command, told)
        invariants.check(pair.twin)
        waiting.check(pair.twin, was, [effect for _, told in found for effect in told])
        was = waiting.ties(pair.twin)
        if at % 8 == 7:
            pair.restore()
    pair.check_state()


def nothing(pair: Pair, command: Any, effects: list[Any]) -> None:
    """No law of its own."""


def _applied(pair: Pair, session: Session) -> Iterator[list[Any]]:
    for command, _ in session:
        yield pair.apply(command, max(pair.twin.state.stamp, START) + 1_000)


@given(plan=plans, steps=placed(one))
@settings(fixed, max_examples=400)
def test_it_goes_with_stops_pairs_and_brackets(plan: Plan, steps: Steps) -> None:
    pair = Pair(_core)
    mixed(pair, play(pair, plan), steps, nothing)


@given(session=sessions, steps=placed(one))
@settings(fixed, max_examples=300)
def test_it_goes_with_every_way_of_matching(session: Session, steps: Steps) -> None:
    pair = Pair(_core)
    opened = 34
    for command, at in session[:opened]:
        pair.apply(command, at)
    mixed(pair, _applied(pair, session[opened:]), steps, nothing)


@given(seed=st.integers(0, 20), steps=st.lists(within, min_size=20, max_size=80))
@settings(fixed, max_examples=400)
def test_nobody_gets_beyond_limits_that_stood_from_the_beginning(seed: int, steps: list[Any]) -> None:
    pair = Pair(_core)
    for command, at in opening(seed):
        pair.apply(command, at)
    for name, value in HOUSE_LIMITS.items():
        pair.send("SetLimit", limit=LIMITS[name], value=value)
    pair.now = START + 10**6
    watcher = Watcher()
    for step in steps:
        pair.now += 10**8
        watcher.check(pair.twin, step, pair.apply(step, pair.now))
    pair.check_state()
