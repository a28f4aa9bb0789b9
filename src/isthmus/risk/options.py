"""Prices and Greeks of options, and risk arrays made of them. Work is done in Rust (`crates/quant`).

Sources: Black (1976), Black and Scholes (1973) with a cost of carry (Haug, 2nd ed., 1.1.6), Bachelier (1900),
Barone-Adesi and Whaley (1987), Bjerksund and Stensland (1993). Years, rates and volatilities are continuous, as
fractions a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from msgspec import Struct

from isthmus.engine.quant import option_greeks, option_implied, option_price, span_arrays
from isthmus.kernel.errors import BadInput

Model = Literal["black_scholes", "bachelier", "barone_adesi_whaley", "bjerksund_stensland"]
Right = Literal["call", "put"]
UNIT = 1_000_000


class Option(Struct, frozen=True, kw_only=True):
    """An option and its market. `carry`: 0 on futures, rate less yield on spot. Bachelier's volatility is absolute."""

    right: Right
    underlying: float
    strike: float
    years: float
    rate: float
    carry: float
    volatility: float

    def _terms(self) -> tuple[float, float, float, float, float, float]:
        return (self.underlying, self.strike, self.years, self.rate, self.carry, self.volatility)


class Greeks(Struct, frozen=True, kw_only=True):
    """Vega and rho for a whole unit, theta a year."""

    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


class Series(Struct, frozen=True, kw_only=True):
    """Options of one expiry on one underlying, and how they are scanned.

    `step`: what losses are rounded to, in millionths of money (10,000 for two places). Strikes, volatilities
    and calls are as many.
    """

    underlying: float
    years: float
    rate: float
    carry: float
    price_scan: float
    volatility_scan: float
    extreme_multiple: float
    cover: float
    strikes: Sequence[float]
    volatilities: Sequence[float]
    calls: Sequence[bool]
    look_ahead: float = 0.0
    multiplier: float = 1.0
    step: int = 10_000
    american: bool = False


def price(model: Model, option: Option) -> float:
    """What the model says it is worth. Raises BadInput for terms that it has no price for."""
    try:
        return option_price(model, option.right, option._terms())
    except ValueError as fault:
        raise _bad(fault) from fault


def greeks(model: Model, option: Option) -> Greeks:
    """By formula where the model has one, by central differences for American options."""
    try:
        delta, gamma, vega, theta, rho = option_greeks(model, option.right, option._terms())
    except ValueError as fault:
        raise _bad(fault) from fault
    return Greeks(delta=delta, gamma=gamma, vega=vega, theta=theta, rho=rho)


def implied_volatility(model: Model, option: Option, value: float) -> float | None:
    """At which the model says `value`; the option's own volatility is not looked at. None where none does."""
    try:
        return option_implied(model, option.right, option._terms(), value)
    except ValueError as fault:
        raise _bad(fault) from fault


def risk_arrays(series: Sequence[Series]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Losses of one long option, a row of 16 each, and composite deltas of all series; all in millionths."""
    rows = [
        (
            (of.underlying, of.years, of.rate, of.carry),
            (of.price_scan, of.volatility_scan, of.extreme_multiple, of.cover, of.look_ahead),
            (of.multiplier * UNIT, of.step, of.american),
            len(of.strikes),
        )
        for of in series
    ]
    strikes, volatilities = (
        np.concatenate([np.asarray(getattr(of, name), dtype=np.float64) for of in series] or [np.zeros(0)])
        for name in ("strikes", "volatilities")
    )
    calls = np.concatenate([np.asarray(of.calls, dtype=np.bool_) for of in series] or [np.zeros(0, dtype=np.bool_)])
    try:
        losses, deltas = span_arrays(rows, strikes, volatilities, calls)
    except ValueError as fault:
        raise _bad(fault) from fault
    return losses.reshape(-1, 16), deltas


def _bad(fault: ValueError) -> BadInput:
    field, _, reason = str(fault).partition(": ")
    return BadInput(field, reason)
