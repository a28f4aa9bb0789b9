"""Cryptoswap: the recorded tricrypto state and quotes, held against the paper's equation in exact fractions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

import pytest

from isthmus.engine.pools import Pool, PoolRefused

E18 = 10**18
DIGITS = Fraction(1, 10**13)
"""Newton's rounds end at 14 digits."""


def off(d: Fraction, balances: Sequence[Fraction], ann: int, gamma: int) -> Fraction:
    """F / (K D^(n-1)) = S - D + (K0 - 1) D (g + 1 - K0)^2 / (A n^n K0 g^2), 0 on the curve (the paper's section 2)."""
    n, g = len(balances), Fraction(gamma, E18)
    k0 = prod(balances) * n**n / d**n
    return sum(balances, -d) + (k0 - 1) * d * (g + 1 - k0) ** 2 / (Fraction(ann, 10_000) * k0 * g**2)


def recorded(test_data: Path) -> dict[str, Any]:
    states = json.loads((test_data / "dex/curve_pool_states.json").read_text())
    state: dict[str, Any] = states["TRICRYPTO_NG_TEST_METADATA_JSON"]
    return state


def made(state: dict[str, Any], fees: tuple[int, int, int] | None = None) -> Pool:
    terms = state["params"]
    charged = fees or (terms["fee_gamma"], terms["mid_fee"], terms["out_fee"])
    scales = [E18, *terms["price_scale"]]
    return Pool.crypto(state["reserves"]["by_coin"], scales, (terms["A"], terms["gamma"]), charged)


def at_peg(state: dict[str, Any], balances: Sequence[int]) -> list[Fraction]:
    """Balances in units of the first coin, as the pool rounds them."""
    scales = [E18, *state["params"]["price_scale"]]
    return [Fraction(x * scale // E18) for x, scale in zip(balances, scales, strict=True)]


def test_the_invariant_of_the_recorded_tricrypto_solves_the_papers_equation(test_data: Path) -> None:
    state = recorded(test_data)
    terms, balances = state["params"], at_peg(state, state["reserves"]["by_coin"])
    d = Fraction(made(state).invariant())
    below, above = (off(d * (1 + way * DIGITS), balances, terms["A"], terms["gamma"]) for way in (-1, 1))
    assert (below > 0) != (above > 0), "the root lies within 13 digits"


def test_an_exchange_without_fee_stays_on_the_curve(test_data: Path) -> None:
    state = recorded(test_data)
    terms, held = state["params"], state["reserves"]["by_coin"]
    pool = made(state, (0, 0, 0))
    d = Fraction(pool.invariant())
    for start, to, amount in ((0, 1, 10_000 * E18), (1, 2, 3 * E18), (2, 0, 20_000 * E18), (0, 2, 100 * E18)):
        after = list(held)
        after[start] += amount
        after[to] -= pool.quote_in(start, to, amount)
        balances = at_peg(state, after)
        nearer, farther = (list(balances) for _ in range(2))
        nearer[to] *= 1 - DIGITS
        farther[to] *= 1 + DIGITS
        signs = [off(d, row, terms["A"], terms["gamma"]) > 0 for row in (nearer, farther)]
        assert signs[0] != signs[1]


def test_the_fee_lies_between_mid_and_out(test_data: Path) -> None:
    state = recorded(test_data)
    terms = state["params"]
    for start, to, amount in ((0, 1, 10_000 * E18), (2, 1, 50_000 * E18)):
        free, paid = (made(state, fees).quote_in(start, to, amount) for fees in ((0, 0, 0), None))
        fee = Fraction(free - paid, free) * 10**10
        assert terms["mid_fee"] <= fee + 1
        assert fee <= terms["out_fee"]


def test_such_a_pool_is_quoted_and_not_traded(test_data: Path) -> None:
    pool = made(recorded(test_data))
    for asked in (pool.quote_out, pool.swap_in, pool.swap_out):
        with pytest.raises(PoolRefused, match="quoted for an input only"):
            asked(0, 1, E18)
