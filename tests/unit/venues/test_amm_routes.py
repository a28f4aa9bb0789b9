"""Splits over pools and books, and flash routes, through their Python face; the laws stand beside the Rust code."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.engine.pools import FlashRoute, Pool, PoolRefused, split_order
from isthmus.kernel.messages import BUY, SELL

USD, ETH = 1, 2
E18 = 10**18


def recorded_pool(test_data: Path) -> Pool:
    """USDC/WETH 0.3 % with its 280 ticks; token 0 is USDC (6 digits), token 1 WETH (18)."""
    state = json.loads((test_data / "dex/uniswap_v3_usdc_eth_3000_tick_snapshot_0.json").read_text())
    values = [row["value"] for row in state["tickManager"]["ticks_json"]]
    rows = [(row["tickIndex"], int(row["liquidityGross"]), int(row["liquidityNet"])) for row in values]
    pool = Pool.concentrated(state["fee"], state["tickSpacing"], int(state["sqrtPriceX96"]))
    return pool.with_ticks(state["tickCurrent"], int(state["liquidity"]), rows)


@settings(max_examples=40)
@given(
    st.tuples(st.integers(10**5, 10**7), st.integers(10**5, 10**7)),
    st.integers(0, 3_000),
    st.integers(1, 14),
    st.sampled_from((BUY, SELL)),
)
def test_the_split_costs_what_the_best_of_all_splits_costs(
    sizes: tuple[int, int], gas: int, lots: int, side: int
) -> None:
    """A product and a StableSwap pool at a price of 1, one book of two levels; every way to share out is tried."""
    pools = [Pool.product(sizes[0], sizes[0]), Pool.stable([sizes[1]] * 2, [E18] * 2, 50, (4_000_000, 0))]
    lot = 2_000
    levels = [(2_010, 4), (2_020, 20)] if side == BUY else [(1_995, 4), (1_980, 20)]

    def cost(pool: Pool, count: int) -> int:
        if not count:
            return 0
        return gas + (pool.quote_out(0, 1, count * lot) if side == BUY else -pool.quote_in(0, 1, count * lot))

    def book(count: int) -> int:
        total, left = 0, count
        for price, quantity in levels:
            total += price * min(left, quantity)
            left -= min(left, quantity)
        return total if side == BUY else -total

    best = min(
        book(lots - one - two) + cost(pools[0], one) + cost(pools[1], two)
        for one, two in product(range(lots + 1), repeat=2)
        if one + two <= lots
    )
    found = split_order(side, lots, lot, levels, [(pool, 0, 1, gas) for pool in pools])
    assert found["cost"] == best
    assert found["book"] + sum(found["pools"]) == lots


def test_a_block_over_the_recorded_pool_and_a_book_is_cheaper_than_either(test_data: Path) -> None:
    pool = recorded_pool(test_data)
    lot, lots = E18 // 100, 100_000
    price = pool.quote_out(0, 1, lot)
    levels = [(price + n * price // 10_000, 400) for n in range(400)]
    found = split_order(BUY, lots, lot, levels, [(pool, 0, 1, 20_000_000)])
    book_alone = split_order(BUY, lots, lot, levels, [])
    assert found["cost"] < book_alone["cost"]
    assert found["cost"] < pool.quote_out(0, 1, lot * lots)
    assert 0 < found["pools"][0] < lots
    for moved in (-1_000, -1, 1, 1_000):
        in_pool = found["pools"][0] + moved
        book = split_order(BUY, lots - in_pool, lot, levels, [])
        assert book["cost"] + pool.quote_out(0, 1, lot * in_pool) + 20_000_000 >= found["cost"]


def apart() -> list[tuple[Pool, list[int]]]:
    return [(Pool.product(10**12, 10**12), [USD, ETH]), (Pool.product(10**12, 10**12 * 97 // 100), [USD, ETH])]


def route(gas: int = 0, **more: int) -> FlashRoute:
    terms = {"flash_fee_ppm": 500, "most": 10**12, "gas": gas} | more
    return FlashRoute(USD, [(0, USD, ETH), (1, ETH, USD)], **terms)


def test_a_route_that_pays_sums_to_zero_and_leaves_the_pools_handed_in_alone() -> None:
    pools = apart()
    before = [pool.copy() for pool, _ in pools]
    gone = route(1_000_000).go(pools)
    assert [pool for pool, _ in pools] == before
    assert gone["profit"] == gone["output"] - gone["input"] - gone["flash_fee"] - 1_000_000 > 0
    nets: dict[tuple[str, int], int] = {}
    for source, target, token, amount in gone["transfers"]:
        nets[source, token] = nets.get((source, token), 0) - amount
        nets[target, token] = nets.get((target, token), 0) + amount
    assert (nets["trader", USD], nets["trader", ETH]) == (gone["profit"], 0)
    assert (nets["lender", USD], nets["network", USD]) == (gone["flash_fee"], 1_000_000)
    for place, (old, new) in enumerate(zip(before, gone["pools"], strict=True)):
        changes = [after - held for held, after in zip(old.balances, new.balances, strict=True)]
        assert changes == [nets[f"pool {place}", USD], nets[f"pool {place}", ETH]]


def test_costs_decide_and_a_refusal_says_why() -> None:
    best = route().best(apart())
    assert best is not None
    with pytest.raises(PoolRefused, match="profit"):
        route(gas=best["profit"]).go(apart())
    assert route(gas=best["profit"] - 1).go(apart())["profit"] == 1
    with pytest.raises(PoolRefused, match="profit"):
        route().go([apart()[0], apart()[0]])
    with pytest.raises(PoolRefused, match="legs"):
        FlashRoute(USD, [(0, USD, ETH)], flash_fee_ppm=0, gas=0, most=1).go(apart())


def test_the_recorded_pool_against_one_that_is_two_percent_off_pays_once(test_data: Path) -> None:
    recorded = recorded_pool(test_data)
    usdc = 50_000_000 * 10**6
    weth = recorded.quote_in(0, 1, 10**9) * usdc // 10**9 * 1_020 // 1_000
    pools = [(Pool.product(usdc, weth), [USD, ETH]), (recorded, [USD, ETH])]
    gone = route(gas=30 * 10**6, most=10**14).go(pools)
    assert gone["profit"] > 0
    after = [(pool, [USD, ETH]) for pool in gone["pools"]]
    with pytest.raises(PoolRefused, match="profit"):
        route(gas=30 * 10**6, most=10**14).go(after)
