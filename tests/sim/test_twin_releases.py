"""The record of a change of rules: both engines take the same ones and refuse the same ones."""

from __future__ import annotations

import pytest
from tests.oracle.messages import REASONS
from tests.oracle.pair import Pair, names
from tests.oracle.record import RULES

from isthmus import _core

U16_MAX = 2**16 - 1


@pytest.mark.parametrize("before", [0, RULES - 1])
def test_a_release_goes_on_from_earlier_rules(before: int) -> None:
    pair = Pair(_core)
    state = pair.engine.state()
    assert names(pair.send("UpgradeEngine", before=before, rules=RULES, state=bytes(range(32)))) == ["EngineUpgraded"]
    assert pair.twin.effects[0] == (before, RULES, bytes(range(32)))
    assert pair.engine.state()[16:] == state[16:], "nothing changes but sequence and stamp"
    pair.check_state()


@pytest.mark.parametrize(
    ("before", "rules"),
    [(RULES, RULES), (RULES + 1, RULES), (1, RULES - 1), (1, RULES + 1), (0, 0), (U16_MAX, U16_MAX)],
)
def test_other_rules_than_its_own_are_refused(before: int, rules: int) -> None:
    pair = Pair(_core)
    state = pair.engine.state()
    found = pair.send("UpgradeEngine", before=before, rules=rules)
    assert names(found) == ["Rejected"]
    assert found[0].reason == REASONS["bad_terms"]
    assert pair.engine.state()[16:] == state[16:]
