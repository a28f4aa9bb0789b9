"""Sessions with margined perpetuals: engine and twin make the same records, and the laws of money hold."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from tests.oracle.invariants import check
from tests.oracle.money import INSURANCE
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, GTC, LIMIT, SELL

from isthmus import _core

from .strategies_falls import START, forced, opening, wish
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


def test_forced_closes_make_the_same_records_and_keep_the_laws() -> None:
    """Conservation, the fund not below zero, never the same owner."""
    seen: Counter[str] = Counter()
    for seed in range(24):
        pair, chance = Pair(_core), Random(seed)
        for at, command in enumerate(opening(chance)):
            pair.apply(command, START + at)
        for _ in range(250):
            at = pair.twin.state.stamp + 1_000
            pair.apply(wish(pair, chance), at)
            for close in list(forced(pair, chance)):
                effects = pair.apply(close, at)
                check(pair.twin)
                _check_owners(pair, close, effects)
                seen.update(_outcome(effects))
                assert min(pair.engine.balance(INSURANCE, asset)[0] for asset in (1, 2)) >= 0, "the fund is below zero"
        pair.check_state()
        pair.restore()
    assert min(seen[name] for name in ("filled", "fund pays", "fund is paid", "deleveraged")) > 0, seen


def test_whoever_is_frozen_or_called_may_still_close() -> None:
    tried = 0
    for seed in range(16):
        pair, chance = Pair(_core), Random(seed)
        for at, command in enumerate(opening(chance)):
            pair.apply(command, START + at)
        for _ in range(200):
            pair.apply(wish(pair, chance), pair.twin.state.stamp + 1_000)
        for (account, asset), margin in sorted(pair.twin.state.ledger.margins.items()):
            frozen = margin.state or (account, asset) in pair.twin.state.ledger.lost | pair.twin.state.ledger.frozen
            pair.send("CancelAll", account=account)
            for number, instrument in pair.twin.state.instruments.items():
                held = pair.twin.state.positions.get((account, number), 0)
                if not frozen or not held or instrument.margin_asset != asset:
                    continue
                side = SELL if held > 0 else BUY
                words = {"instrument": number, "side": side, "kind": LIMIT, "tif": GTC, "price": instrument.reference}
                effects = pair.send("PlaceOrder", account=account, quantity=abs(held), **words)
                assert names(effects)[0] == "Accepted", effects
                tried += 1
    assert tried > 5


def _outcome(effects: list[Any]) -> list[str]:
    found = []
    for effect in effects:
        if type(effect).__name__ == "Liquidated":
            found += ["filled"] * (effect.quantity > 0) + ["fund pays"] * (effect.insurance < 0)
            found += ["fund is paid"] * (effect.insurance > 0)
        elif type(effect).__name__ == "Deleveraged":
            found.append("deleveraged")
    return found


def _check_owners(pair: Pair, forced: Any, effects: list[Any]) -> None:
    """Liquidations and deleveraging never trade within an owner."""
    for effect in effects:
        if (
            type(effect).__name__ == "Traded"
            and effect.taker == forced.account
            and effect.taker_order in (0, pair.twin.state.sequence)
        ):
            assert not pair.twin.state.ledger.same_owner(effect.maker, effect.taker)
