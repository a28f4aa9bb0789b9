"""The engine comes back from its journal as it was, and goes on as the twin that never stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.oracle.pair import Pair

from isthmus import _core

from .strategies import session

SEEDS = range(6)
SEGMENT_BYTES = 16_384


def opened(data: Path) -> _core.Engine:
    return _core.Engine(str(data), "os", SEGMENT_BYTES)


@pytest.mark.parametrize("stop", ["closed", "dropped", "snapshot and dropped"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_stopped_engine_goes_on_where_it_was(tmp_path: Path, seed: int, stop: str) -> None:
    pair = Pair(_core, opened(tmp_path))
    commands = session(seed, 120)
    for at, (command, time) in enumerate(commands):
        pair.apply(command, time)
        if at % 40 == 39:
            _reopen(pair, tmp_path, stop)
    pair.check_state()


def _reopen(pair: Pair, data: Path, stop: str) -> None:
    """Ends the engine as `stop` says, opens its journal again, and finds the same state."""
    before = (pair.engine.state_hash(), pair.engine.head, pair.engine.sequence, pair.engine.stamp)
    if stop.startswith("snapshot"):
        pair.engine.snapshot()
    if stop == "closed":
        pair.engine.close()
    pair.engine = None
    pair.engine = opened(data)
    assert (pair.engine.state_hash(), pair.engine.head, pair.engine.sequence, pair.engine.stamp) == before
    assert pair.engine.head == pair.twin.head


@pytest.mark.parametrize("seed", SEEDS)
def test_a_replay_from_genesis_ends_in_the_same_state(tmp_path: Path, seed: int) -> None:
    pair = Pair(_core, opened(tmp_path))
    for command, time in session(seed, 120):
        pair.apply(command, time)
    state_hash, head = pair.engine.state_hash(), pair.engine.head
    pair.engine.close()
    found = _core.verify(str(tmp_path), None, True, False)
    assert (found["ok"], found["records"], found["head"]) == (True, pair.twin.state.sequence, head.hex())
    assert (found["state_hash"], found["effects_equal"]) == (state_hash, True)


def test_the_records_read_back_make_another_engine_the_same(tmp_path: Path) -> None:
    pair, again = Pair(_core, opened(tmp_path)), _core.Engine()
    for command, time in session(7, 120):
        pair.apply(command, time)
    for record in _core.JournalReader(str(tmp_path)):
        if record.flags:  # the clock was held: the same time again would not say so
            assert again.submit(record.command, record.stamp - 1, None).body == record.body
        else:
            assert again.submit(record.command, record.stamp, None).body == record.body
    assert (again.sequence, again.state_hash()) == (pair.engine.sequence, pair.engine.state_hash())
