"""The router's laws over whole sessions: random parents of all 23 paths on a market that reacts and fails.

ISTHMUS_ROUTER_SEEDS: how many seeds are played beyond the few that always are.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.sim.routed import RECKLESS, Session

from isthmus.execution.policy import Path as ExecutionPath
from isthmus.execution.taxonomy import PATHS

SEEDS = int(os.environ.get("ISTHMUS_ROUTER_SEEDS", "16"))
STEPS = 40


def holds(session: Session) -> dict[tuple[int, int], int]:
    """What is held, by account and asset."""
    engine = session.core.engine
    return {
        (account, asset): held
        for account, _ in engine.accounts()
        for asset, _, held, _ in engine.balances(account)
        if held and account in session.clients
    }


def check_the_end(session: Session) -> None:
    """Nothing lives, nothing is held, nothing came or went."""
    session.end()
    assert not session.core.router.works.parents
    assert all(parent.ended for parent in session.witness.parents.values()), "all parents end"
    assert all(child.over for child in session.witness.children.values()), "children end with their parent"
    assert holds(session) == {}, "nothing is held for what is over"
    assert all(total == 0 for _, total in session.core.engine.totals()), "money is conserved"
    for number, parent in session.witness.parents.items():
        assert parent.filled <= parent.most, number


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_no_seed_loses_a_child_or_takes_too_much(seed: int, tmp_path: Path) -> None:
    session = Session(seed, str(tmp_path / "data") if seed % 2 else None)
    session.play(STEPS // 2)
    if seed % 2:
        session.restart()
    session.play(STEPS // 2)
    check_the_end(session)


@pytest.mark.parametrize("path", PATHS, ids=[path.name for path in PATHS])
def test_every_path_keeps_to_the_laws_by_itself(path: ExecutionPath) -> None:
    session = Session(1_000 + path.number, paths=(path,))
    session.play(25)
    assert session.witness.parents
    check_the_end(session)


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_reckless_path_is_held_to_the_laws_by_the_router(seed: int) -> None:
    session = Session(2_000 + seed, paths=(RECKLESS,))
    session.play(STEPS // 2)
    assert session.witness.children
    check_the_end(session)


@pytest.mark.parametrize("seed", [3, 8])
def test_the_same_seed_makes_the_same_records(seed: int) -> None:
    hashes, children = [], 0
    for _ in range(2):
        session = Session(seed)
        session.play(STEPS)
        session.end()
        hashes.append((session.playing.engine.sequence, session.playing.engine.state_hash()))
        children += len(session.witness.children)
    assert hashes[0] == hashes[1] and children > 0
