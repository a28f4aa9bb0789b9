"""Generated sessions of parents and children: the same records, and what must hold of families holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.oracle import invariants, waiting
from tests.oracle.engine import Twin
from tests.oracle.laws_parents import Watcher
from tests.oracle.pair import Pair, through_snapshots
from tests.oracle.values import BEYOND_HOLD

from isthmus import _core

from .strategies import CRYPTO, EQUITY, START, TRADERS, opening
from .strategies_parents import OFTEN, QUIET, Step, play, steps, written

HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
fixed = settings(derandomize=True, deadline=None, database=None, suppress_health_check=HEALTH)
RESTORED_EVERY = 8


def opened(seed: int) -> Pair:
    pair = Pair(_core)
    for command, at in opening(seed):
        pair.apply(command, at)
    pair.now = START + 10**6
    return pair


@given(seed=st.integers(0, 60), session=steps())
@settings(fixed, max_examples=1_500)
def test_sessions_of_parents_make_the_same_records(seed: int, session: list[Step]) -> None:
    pair = opened(seed)
    watcher, told, was = Watcher(), waiting.Told(), waiting.ties(pair.twin)
    for at, step in enumerate(session):
        pair.now += 1_000
        command = written(pair.twin.state, step)
        effects = pair.apply(command, pair.now)
        watcher.check(pair.twin, command, effects)
        told.take(pair.twin, command, effects)
        invariants.check(pair.twin)
        waiting.check(pair.twin, was, effects)
        was = waiting.ties(pair.twin)
        if at % RESTORED_EVERY == RESTORED_EVERY - 1:
            pair.restore()
    pair.check_state()


@given(seed=st.integers(0, 60), session=steps(OFTEN + QUIET, least=5, most=80))
@settings(fixed, max_examples=600)
def test_what_a_parent_holds_is_always_enough(seed: int, session: list[Step]) -> None:
    """Nobody's spot balance falls under its holds through children, as long as a venue fills what was asked."""
    pair = opened(seed)
    watcher = Watcher(strict=True)
    for step in session:
        pair.now += 1_000
        command = written(pair.twin.state, step)
        if type(command).__name__ == "VenueFilled" and _is_beyond(pair, command):
            continue
        if getattr(command, "instrument", EQUITY) not in (EQUITY, CRYPTO):
            continue
        effects = pair.apply(command, pair.now)
        assert not any(getattr(effect, "flags", 0) & BEYOND_HOLD for effect in effects)
        watcher.check(pair.twin, command, effects)
        ledger = pair.twin.state.ledger
        for account in TRADERS:
            for asset in pair.twin.state.assets:
                assert ledger.own(account, asset) >= 0, "a balance fell under its holds"
    pair.check_state()


@pytest.mark.parametrize("seed", range(4))
def test_parents_live_on_through_snapshots_and_journals(tmp_path: Path, seed: int) -> None:
    sent = Recorded()
    play(sent, seed, 200)
    through_snapshots(_core, str(tmp_path), sent.session, 30)


class Recorded:
    """A twin that keeps what it is sent."""

    def __init__(self) -> None:
        self.twin = Twin()
        self.session: list[tuple[Any, int]] = []

    def apply(self, command: Any, at: int) -> None:
        self.twin.apply(command, at)
        self.session.append((command, at))


def _is_beyond(pair: Pair, command: Any) -> bool:
    order = pair.twin.state.orders.get(command.order)
    return order is None or command.quantity > order.left or not order.meets(command.price)
