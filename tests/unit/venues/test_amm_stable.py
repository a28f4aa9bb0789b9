"""StableSwap: recorded states of Curve's pools to the last digit, and the twin under any balances."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.oracle import stable_pool as twin

from isthmus.engine.pools import Pool, PoolRefused


def recorded(test_data: Path, name: str) -> dict[str, Any]:
    states = json.loads((test_data / "dex/curve_pool_states.json").read_text())
    state: dict[str, Any] = states[name]
    return state


def rates_of(state: dict[str, Any]) -> list[int]:
    """10^(36 - decimals); the last coin of a metapool is worth its base pool's virtual price."""
    rates = [10 ** (36 - decimals) for decimals in state["coins"]["decimals"]]
    if state["basepool"]:
        rates[-1] = state["basepool"]["reserves"]["virtual_price"]
    return rates


def pool_of(state: dict[str, Any]) -> Pool:
    terms = state["params"]
    balances = state["reserves"]["unnormalized_by_coin"]
    return Pool.stable(balances, rates_of(state), terms["A"], (terms["fee"], terms["admin_fee"]))


def stable_states(test_data: Path) -> list[dict[str, Any]]:
    metapool = recorded(test_data, "METAPOOL_TEST_METADATA_JSON")
    return [recorded(test_data, "POOL_TEST_METADATA_JSON"), metapool, metapool["basepool"]]


def test_the_invariant_of_the_recorded_3pool_is_the_known_one(test_data: Path) -> None:
    invariant = pool_of(recorded(test_data, "POOL_TEST_METADATA_JSON")).invariant()
    assert f"{invariant / 10**18:,.2f}" == "435,863,909.58"


def test_invariants_of_all_recorded_states_solve_the_papers_equation(test_data: Path) -> None:
    for state in stable_states(test_data):
        scaled = [b * r // 10**18 for b, r in zip(pool_of(state).balances, rates_of(state), strict=True)]
        invariant, amplification = pool_of(state).invariant(), state["params"]["A"]
        assert invariant == twin.invariant(scaled, amplification)
        assert abs(invariant - twin.exact_root(scaled, amplification)) <= 2, "a unit of 10^-18 or two"


def test_scaled_balances_are_the_recorded_ones(test_data: Path) -> None:
    for state in stable_states(test_data):
        plain = [10 ** (36 - decimals) for decimals in state["coins"]["decimals"]]
        balances = state["reserves"]["unnormalized_by_coin"]
        assert [b * r // 10**18 for b, r in zip(balances, plain, strict=True)] == state["reserves"]["by_coin"]


@pytest.mark.parametrize("dollars", [1, 1_000, 1_000_000, 50_000_000])
def test_exchanges_of_recorded_pools_are_the_twins(test_data: Path, dollars: int) -> None:
    for state in stable_states(test_data):
        pool, decimals, terms = pool_of(state), state["coins"]["decimals"], state["params"]
        for start in range(len(decimals)):
            for to in (coin for coin in range(len(decimals)) if coin != start):
                amount = dollars * 10 ** decimals[start]
                paid = twin.exchange(pool.balances, rates_of(state), terms["A"], terms["fee"], (start, to, amount))
                assert pool.quote_in(start, to, amount) == paid


def test_a_share_of_the_base_pool_counts_by_its_virtual_price(test_data: Path) -> None:
    state = recorded(test_data, "METAPOOL_TEST_METADATA_JSON")
    virtual_price = state["basepool"]["reserves"]["virtual_price"]
    scaled = [state["reserves"]["by_coin"][0], state["reserves"]["by_coin"][1] * virtual_price // 10**18]
    assert pool_of(state).invariant() == twin.invariant(scaled, state["params"]["A"])


def test_the_virtual_price_is_the_invariant_over_the_supply(test_data: Path) -> None:
    state = recorded(test_data, "POOL_TEST_METADATA_JSON")
    pool, known = pool_of(state), state["reserves"]["virtual_price"]
    supply = pool.invariant() * 10**18 // known
    assert abs(pool.virtual_price(supply) - known) <= 1


AMOUNTS = st.integers(10**9, 10**33)


@given(st.lists(AMOUNTS, min_size=2, max_size=4), st.integers(1, 10_000), st.data())
def test_invariant_and_exchange_are_the_twins_under_any_balances(
    balances: list[int], amplification: int, data: st.DataObject
) -> None:
    assume(max(balances) <= min(balances) * 10**6)
    pool = Pool.stable(balances, [10**18] * len(balances), amplification, (4_000_000, 0))
    invariant = twin.invariant(balances, amplification)
    if invariant is None:
        with pytest.raises(PoolRefused, match="uneven"):
            pool.invariant()
        return
    assert pool.invariant() == invariant
    start = data.draw(st.integers(0, len(balances) - 1))
    to = (start + 1) % len(balances)
    amount = data.draw(st.integers(1, balances[start]))
    expected = twin.exchange(balances, [10**18] * len(balances), amplification, 4_000_000, (start, to, amount))
    if expected is None:
        with pytest.raises(PoolRefused):
            pool.quote_in(start, to, amount)
        return
    assert pool.quote_in(start, to, amount) == expected


@given(AMOUNTS, st.lists(st.integers(100, 1_000), min_size=2, max_size=4), st.integers(1, 10_000), st.data())
def test_swapping_there_and_back_never_pays(
    least: int, shares: list[int], amplification: int, data: st.DataObject
) -> None:
    """Without a fee it may, by the unit or two to which D is known: that is why the pools subtract one and charge. Far
    from balance such a unit of the scarce coin is worth more than the fee of a small amount, so that the law ends
    there.
    """
    balances = [least * share // 100 for share in shares]
    pool = Pool.stable(balances, [10**18] * len(balances), amplification, (4_000_000, 0))
    amount = data.draw(st.integers(10**6, balances[0]))
    try:
        back = pool.swap_in(1, 0, pool.swap_in(0, 1, amount))
    except PoolRefused:
        return
    assert back <= amount
