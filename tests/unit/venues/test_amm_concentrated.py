"""Concentrated liquidity against what the chain and the contracts' own tests recorded."""

from __future__ import annotations

import json
import re
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import NamedTuple

import pytest

from isthmus.engine.pools import Pool, PoolRefused, sqrt_price_at, tick_at

E18 = 10**18
MIN_SQRT_PRICE, MAX_SQRT_PRICE = sqrt_price_at(-887_272), sqrt_price_at(887_272)


def encoded(reserve1: int, reserve0: int) -> int:
    """sqrt(reserve1 / reserve0) in Q64.96, as the contracts' tests compute it: decimals of 40 places."""
    with localcontext() as context:
        context.prec = 200
        places = Decimal(10) ** -40
        ratio = (Decimal(reserve1) / reserve0).quantize(places, ROUND_HALF_UP)
        root = ratio.sqrt().quantize(places, ROUND_HALF_UP)
        return int((root * 2**96).to_integral_value(ROUND_FLOOR))


class Setting(NamedTuple):
    """A pool of the contracts' tests: fee, spacing, price, (lower, upper, liquidity) of its positions."""

    fee: int
    spacing: int
    sqrt_price: int
    positions: list[tuple[int, int, int]]


def whole_range(spacing: int, liquidity: int = 2 * E18) -> tuple[int, int, int]:
    edge = 887_272 // spacing * spacing
    return -edge, edge, liquidity


LOW, MEDIUM, HIGH = (500, 10), (3_000, 60), (10_000, 200)
EVEN = encoded(1, 1)
AROUND = [(-887_220, -60, 2 * E18), (60, 887_220, 2 * E18)]
MOST = (2**128 - 1) // (2 * 14_787 + 1)
SETTINGS = {
    "low fee, 1:1 price, 2e18 max range liquidity": Setting(*LOW, EVEN, [whole_range(10)]),
    "medium fee, 1:1 price, 2e18 max range liquidity": Setting(*MEDIUM, EVEN, [whole_range(60)]),
    "high fee, 1:1 price, 2e18 max range liquidity": Setting(*HIGH, EVEN, [whole_range(200)]),
    "medium fee, 10:1 price, 2e18 max range liquidity": Setting(*MEDIUM, encoded(10, 1), [whole_range(60)]),
    "medium fee, 1:10 price, 2e18 max range liquidity": Setting(*MEDIUM, encoded(1, 10), [whole_range(60)]),
    "medium fee, 1:1 price, 0 liquidity, all liquidity around current price": Setting(*MEDIUM, EVEN, AROUND),
    "medium fee, 1:1 price, additional liquidity around current price": Setting(
        *MEDIUM, EVEN, [whole_range(60), *AROUND]
    ),
    "low fee, large liquidity around current price (stable swap)": Setting(*LOW, EVEN, [(-10, 10, 2 * E18)]),
    "medium fee, token0 liquidity only": Setting(*MEDIUM, EVEN, [(0, 2_000 * 60, 2 * E18)]),
    "medium fee, token1 liquidity only": Setting(*MEDIUM, EVEN, [(-2_000 * 60, 0, 2 * E18)]),
    "close to max price": Setting(*MEDIUM, encoded(2**127, 1), [whole_range(60)]),
    "close to min price": Setting(*MEDIUM, encoded(1, 2**127), [whole_range(60)]),
    "max full range liquidity at 1:1 price with default fee": Setting(*MEDIUM, EVEN, [whole_range(60, MOST)]),
    "initialized at the max ratio": Setting(*MEDIUM, MAX_SQRT_PRICE - 1, [whole_range(60)]),
    "initialized at the min ratio": Setting(*MEDIUM, MIN_SQRT_PRICE, [whole_range(60)]),
}

CASE = re.compile(
    r"exports\[`UniswapV3Pool swap tests (?P<name>[^`]*) 1`\] = `\nObject \{\n(?P<body>.*?)\n\}\n`;", re.S
)
FIGURE = re.compile(r'"(?P<name>\w+)": "?(?P<value>[^",]*)"?,')
SWAP = re.compile(
    r"(?P<pool>.*) swap (?:"
    r"exactly (?P<in_amount>[\d.]+) (?P<in_token>token[01]) for token[01]|"
    r"(?P<out_token>token[01]) for exactly (?P<out_amount>[\d.]+) token[01]|"
    r"(?P<free_token>token[01]) for token[01])(?: to price (?P<price>[\d.]+))?"
)
LIMITS = {"0.50000": encoded(50, 100), "2.0000": encoded(200, 100), "2.5000": encoded(5, 2), "0.40000": encoded(2, 5)}
ENDLESS = 2**255 - 1


def recorded_cases(test_data: Path) -> list[tuple[str, dict[str, str]]]:
    text = (test_data / "dex/uniswap_v3_core_swaps.snap.txt").read_text()
    return [(m["name"], {f["name"]: f["value"] for f in FIGURE.finditer(m["body"])}) for m in CASE.finditer(text)]


def made(setting: Setting) -> Pool:
    pool = Pool.concentrated(setting.fee, setting.spacing, setting.sqrt_price)
    for lower, upper, liquidity in setting.positions:
        pool.mint("maker", (lower, upper), liquidity)
    return pool


def asked(name: str) -> tuple[bool, int, int | None]:
    """(token 0 comes in, amount, limit) of a case by its name."""
    swap = SWAP.fullmatch(name)
    assert swap, name
    token = swap["in_token"] or swap["out_token"] or swap["free_token"]
    amount = ENDLESS
    if swap["in_amount"]:
        amount = int(Decimal(swap["in_amount"]) * E18)
    elif swap["out_amount"]:
        amount = -int(Decimal(swap["out_amount"]) * E18)
    return token == "token0", amount, LIMITS[swap["price"]] if swap["price"] else None


def price_of(sqrt_price: int) -> Decimal:
    with localcontext() as context:
        context.prec = 200
        return (Decimal(sqrt_price) / 2**96) ** 2


def close(recorded: str, computed: Decimal) -> bool:
    """The recorded price, shown with five digits, is this one."""
    return abs(Decimal(recorded) - computed) <= abs(computed) * Decimal("0.00006")


def test_all_240_recorded_swap_cases_of_the_contracts_come_out(test_data: Path) -> None:
    cases = recorded_cases(test_data)
    assert len(cases) == 240
    for name, expected in cases:
        swap = SWAP.fullmatch(name)
        assert swap
        setting = SETTINGS[swap["pool"]]
        pool = made(setting)
        zero_for_one, amount, limit = asked(name)
        balances = pool.balances
        if "swapError" in expected:
            assert [str(b) for b in balances] == [expected["poolBalance0"], expected["poolBalance1"]], name
            with pytest.raises(PoolRefused, match="limit"):
                pool.swap(zero_for_one, amount, limit)
            continue
        before, growth = pool.tick, pool.growth
        done = pool.swap(zero_for_one, amount, limit)
        into, out_of = done["amount_in"], -done["amount_out"]
        figures = {
            "amount0Before": balances[0],
            "amount0Delta": into if zero_for_one else out_of,
            "amount1Before": balances[1],
            "amount1Delta": out_of if zero_for_one else into,
            "feeGrowthGlobal0X128Delta": pool.growth[0] - growth[0],
            "feeGrowthGlobal1X128Delta": pool.growth[1] - growth[1],
            "tickAfter": pool.tick,
            "tickBefore": before,
        }
        assert {key: str(value) for key, value in figures.items()} == {key: expected[key] for key in figures}, name
        assert close(expected["poolPriceBefore"], price_of(setting.sqrt_price)), name
        assert close(expected["poolPriceAfter"], price_of(pool.sqrt_price)), name


def test_a_recorded_tick_table_adds_up_and_is_taken_over(test_data: Path) -> None:
    state = json.loads((test_data / "dex/uniswap_v3_usdc_eth_3000_tick_snapshot_0.json").read_text())
    values = [row["value"] for row in state["tickManager"]["ticks_json"]]
    rows = [(row["tickIndex"], int(row["liquidityGross"]), int(row["liquidityNet"])) for row in values]
    assert len(rows) == 280
    assert sum(net for _, _, net in rows) == 0
    active = sum(net for tick, _, net in rows if tick <= state["tickCurrent"])
    assert active == int(state["liquidity"])
    pool = Pool.concentrated(state["fee"], state["tickSpacing"], int(state["sqrtPriceX96"]))
    assert pool.tick == state["tickCurrent"]
    pool = pool.with_ticks(state["tickCurrent"], int(state["liquidity"]), rows)
    assert pool.liquidity == active
    assert pool.ticks() == sorted(rows)
    with pytest.raises(PoolRefused, match="net liquidity does not sum to 0"):
        empty = Pool.concentrated(state["fee"], state["tickSpacing"], int(state["sqrtPriceX96"]))
        empty.with_ticks(state["tickCurrent"], int(state["liquidity"]), rows[:-1])


def test_a_swap_through_the_recorded_ticks_arrives_with_the_liquidity_that_they_say(test_data: Path) -> None:
    state = json.loads((test_data / "dex/uniswap_v3_usdc_eth_3000_tick_snapshot_0.json").read_text())
    values = [row["value"] for row in state["tickManager"]["ticks_json"]]
    rows = [(row["tickIndex"], int(row["liquidityGross"]), int(row["liquidityNet"])) for row in values]
    pool = Pool.concentrated(state["fee"], state["tickSpacing"], int(state["sqrtPriceX96"]))
    pool = pool.with_ticks(state["tickCurrent"], int(state["liquidity"]), rows)
    for target in (200_000, 185_000, 193_000):
        zero_for_one = target < pool.tick
        pool.swap(zero_for_one, ENDLESS, sqrt_price_at(target))
        assert pool.tick == tick_at(pool.sqrt_price) == target
        assert pool.liquidity == sum(net for tick, _, net in rows if tick <= target)
