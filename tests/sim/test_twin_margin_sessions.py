"""Sessions with margined perpetuals: engine and twin make the same records, and the laws of money hold."""

from __future__ import annotations

import pytest
from tests.oracle.invariants import check
from tests.oracle.money import INSURANCE
from tests.oracle.pair import Pair

from .strategies_margin import margin_session


@pytest.mark.parametrize("seed", range(60))
def test_margined_sessions_make_the_same_records(pair: Pair, seed: int) -> None:
    for command, at in margin_session(seed, 160):
        pair.apply(command, at)
        check(pair.twin)
        fund = [amount for (account, _), amount in pair.twin.state.ledger.balances.items() if account == INSURANCE]
        assert min([0, *fund]) == 0, "the insurance fund went below zero"
    pair.check_state()


@pytest.mark.parametrize("seed", range(60, 75))
def test_a_margined_session_goes_on_from_its_state(pair: Pair, seed: int) -> None:
    for place, (command, at) in enumerate(margin_session(seed, 160)):
        if place % 40 == 39:
            pair.restore()
        pair.apply(command, at)
    pair.check_state()
