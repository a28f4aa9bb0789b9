"""StableSwap once more, from the paper's equation and exact arithmetic: what the integer rounds must come to."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

A_PRECISION = 100


def sign_of_invariant(d: int, balances: Sequence[int], amplification: int) -> int:
    """The sign of f(D) = D^(n+1) / (n^n prod x) + (Ann - 1) D - Ann S, exactly; D solves f = 0 and f rises with D."""
    n = len(balances)
    ann = amplification * n
    denominator = n**n * prod(balances)
    value = d ** (n + 1) + ((ann - 1) * d - ann * sum(balances)) * denominator
    return (value > 0) - (value < 0)


def exact_root(balances: Sequence[int], amplification: int) -> int:
    """floor(D), by bisection on the exact sign."""
    low, above = 0, 2 * sum(balances) + 1
    while above - low > 1:
        middle = (low + above) // 2
        if sign_of_invariant(middle, balances, amplification) <= 0:
            low = middle
        else:
            above = middle
    return low


def invariant(balances: Sequence[int], amplification: int) -> int | None:
    """Curve's rounds, naively: what contracts without A_PRECISION compute, which is the same for whole A. None when
    they swing without end, as very uneven balances make them.
    """
    n, ann = len(balances), amplification * len(balances)
    d = sum(balances)
    for _ in range(255):
        d_p = d
        for x in balances:
            d_p = d_p * d // (x * n)
        before, d = d, (ann * sum(balances) + d_p * n) * d // ((ann - 1) * d + (n + 1) * d_p)
        if abs(d - before) <= 1:
            return d
    return None


def balance_for(balances: Sequence[int], amplification: int, changed: tuple[int, int], to: int) -> int:
    """Curve's get_y, naively."""
    n, ann = len(balances), amplification * len(balances)
    d = invariant(balances, amplification)
    assert d is not None
    others = [changed[1] if k == changed[0] else x for k, x in enumerate(balances) if k != to]
    c, b = d, sum(others) + d // ann
    for x in others:
        c = c * d // (x * n)
    c = c * d // (ann * n)
    y = d
    for _ in range(255):
        before, y = y, (y * y + c) // (2 * y + b - d)
        if abs(y - before) <= 1:
            return y
    raise AssertionError("no end")


def exchange(
    balances: Sequence[int], rates: Sequence[int], amplification: int, fee: int, swap: tuple[int, int, int]
) -> int | None:
    """What (from, to, amount) pays, in the units of the coin; None when it would not even give the safety unit."""
    start, to, amount = swap
    scaled = [balance * rate // 10**18 for balance, rate in zip(balances, rates, strict=True)]
    x = scaled[start] + amount * rates[start] // 10**18
    gross = scaled[to] - balance_for(scaled, amplification, (start, x), to) - 1
    if gross < 0:
        return None
    return (gross - gross * fee // 10**10) * 10**18 // rates[to]
