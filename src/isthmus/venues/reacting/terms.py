"""What a reacting market runs on: measured figures, and what no recording tells, named here.

Prices in the instrument's price steps, quantities in its lots (quantity units), times in ns, fees in millionths.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from math import log
from pathlib import Path
from typing import Any

import msgspec

from isthmus.kernel.values import NS_PER_S
from isthmus.venues.reacting.curve import BUCKETS
from isthmus.venues.simulated.arrivals import Table, branching_of
from isthmus.venues.simulated.parameters import facts as simulated_facts

FACTS = Path(__file__).with_name("facts.toml")
MS = 1_000_000
LN_2 = log(2)
NEWS_MOVES = 3.0
"""Quote moves of the recording for each move of the fair value (as in the simulated markets)."""
EQUITY_SPREAD, EQUITY_VOLATILITY, CRYPTO_VOLATILITY = 0.77, 0.73, 0.98
"""Fitted: the makers' spread, and the volatility of news, so that the best quotes of all venues have the measured ones:
takers widen the one, and their impact and the spread's jumps add to the other.
"""
CRYPTO_HALF_LIFE_S, CRYPTO_DENSITY_TICKS = 0.1, 100
"""Assumed: how fast consumed depth comes back there, and over how many price steps the best quantity's like stands."""


class LitTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A displayed book. `share` of the market's depth stands there; its makers follow the fair value `reaction_ns`
    late and quote `width` times the market's spread.
    """

    name: str
    share: float
    maker_fee_ppm: int
    taker_fee_ppm: int
    tick: int = 1
    lot: int = 1
    latency_ns: int = 500_000
    reaction_ns: int = MS
    width: float = 1.0


class DarkTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A pool that matches at the middle. Hidden interest is drawn anew every `wave_s` seconds on average: none with
    probability `zero`, else on a side by a coin, of a size with P(size >= s) = (smallest / s)^tail.

    `leak`: after a fill of ours the fair value moves against us by this many times the permanent impact of the same
    lots on a lit book, `leak_ns` later.
    """

    name: str
    taker_fee_ppm: int
    wave_s: float
    zero: float
    smallest: float
    tail: float
    largest: float
    minimum: int = 1
    leak: float = 0.0
    leak_ns: int = 500 * MS
    lot: int = 1
    latency_ns: int = MS


class CallTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A call auction: orders are collected for `opening_s` from the day's start and for `closing_s` up to its end, then
    one price trades all that it can. `size`: mean lots of a side; `orders` come from others in a call.
    """

    name: str
    fee_ppm: int
    size: float
    opening_s: float
    closing_s: float
    orders: int = 60
    at_market: float = 0.4
    spread: float = 1.5
    """Standard deviation of others' limits around the fair value, in mean spreads."""
    tick: int = 1
    lot: int = 1
    latency_ns: int = MS


class DealerTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A dealer who quotes on request, all or nothing, with last look: half spread `half + root x sqrt(quantity)` steps;
    after `look_ns` he refuses when the fair value moved against him by more than `tolerance` half spreads.

    He passes `hedged` of what he took on to the market: its permanent impact shows then.
    """

    name: str
    half: float
    root: float
    largest: int
    look_ns: int = 50 * MS
    tolerance: float = 0.5
    hedged: float = 0.5
    hedge_ns: int = 2 * NS_PER_S
    latency_ns: int = 2 * MS
    lot: int = 1


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument and its venues. `density`: lots a price step on each side of all lit books together; `gamma`:
    price steps that a lot of net flow moves the fair value for good; `resilience`: rate a second at which consumed
    depth comes back.
    """

    symbol: str
    mark: int
    start: int = 0
    """Where the fair value starts; 0: at `mark`, to which it returns over hours."""
    volatility: float
    """Of the logarithm of the fair value's news over one second."""
    news_per_s: float
    takers_per_s: float
    branching: float
    size: tuple[float, ...]
    spread: tuple[float, ...]
    touch: tuple[float, ...]
    gap: int
    """Price steps between the levels behind the best."""
    density: float
    gamma: float
    resilience: float
    cancels: float
    """Rate a second at which an order that stands before another leaves the queue without a trade."""
    shape: tuple[float, ...]
    day_s: float
    lit: tuple[LitTerms, ...]
    dark: tuple[DarkTerms, ...]
    call: CallTerms | None = None
    dealer: DealerTerms | None = None
    loyal: float = 0.2
    """Share of takers who go to the first venue whatever the others show."""
    levels: int = 40
    """Levels of others behind the best one on each side of a lit book."""
    depth_noise: float = 0.3
    """Standard deviation of the logarithm of the depth that makers show, anew with each quote; assumed."""
    aims: Mapping[str, float] = {}
    """Measured figures that a simulation without orders of ours is held to."""

    def targets(self) -> dict[str, float]:
        """What a simulation should show: measured figures, and what the terms say themselves."""
        mean = Table(self.size).mean()
        return {
            **self.aims,
            "touch_lots_mean": Table(self.touch).mean() * self.lit[0].share,
            "takers_per_s": self.takers_per_s,
            "volume_per_minute": 60 * self.takers_per_s * mean,
            "impact_ticks_per_lot": self.gamma,
        }


def reacting_facts() -> dict[str, Any]:
    """The committed figures."""
    return tomllib.loads(FACTS.read_text())


LIT = (
    LitTerms(name="aurora", share=0.5, maker_fee_ppm=-20, taker_fee_ppm=30, latency_ns=300_000),
    LitTerms(
        name="borealis",
        share=0.3,
        maker_fee_ppm=18,
        taker_fee_ppm=-10,
        latency_ns=450_000,
        reaction_ns=2 * MS,
        width=1.1,
    ),
    LitTerms(
        name="cygnus",
        share=0.2,
        maker_fee_ppm=0,
        taker_fee_ppm=15,
        tick=5,
        lot=10,
        latency_ns=800_000,
        reaction_ns=3 * MS,
        width=1.2,
    ),
)
"""Maker-taker, inverted (makers pay, takers are paid), and a flat one with a coarser tick and lot; all assumed."""


def equity(day_s: float = 23_400.0) -> Terms:
    """A fictional share like GOOG: flow, spread, volatility, density, impact, resilience measured; venues assumed."""
    figures, own = simulated_facts()["equity"], reacting_facts()["equity"]
    mean = Table(figures["size"]).mean()
    return Terms(
        symbol="NOVA",
        mark=570_00,
        news_per_s=figures["moves_per_s"] / NEWS_MOVES,
        gap=8,
        volatility=figures["volatility_1s_bps"] / 10_000 * EQUITY_VOLATILITY,
        spread=tuple(ticks * EQUITY_SPREAD for ticks in figures["spread_ticks"]),
        resilience=LN_2 / own["resilience_half_life_s"],
        shape=tuple(own["half_hour_volume"]),
        density=own["density_lots_per_tick"],
        gamma=own["impact_ticks_per_lot"],
        day_s=day_s,
        lit=LIT,
        dark=_pools(mean, 1),
        call=CallTerms(
            name="meridian",
            fee_ppm=8,
            size=60 * mean,
            opening_s=day_s / 30,
            closing_s=day_s / 30,
        ),
        dealer=DealerTerms(name="harbour", half=12.0, root=0.5, largest=round(200 * mean)),
        cancels=1_000 / Table(figures["life_ms"]).mean(),
        **_flow(figures, 1.0),
    )


def crypto(day_s: float = 23_400.0) -> Terms:
    """A coin like BTC/USDT at Binance: flow, spread and volatility measured; density, impact and the rest assumed."""
    figures = simulated_facts()["crypto_spot"]
    unit = 10_000
    mean = Table([value * unit for value in figures["size"]]).mean()
    density = Table([value * unit for value in figures["touch_size"]]).mean() / CRYPTO_DENSITY_TICKS
    lit = tuple(msgspec.structs.replace(terms, tick=1, lot=1) for terms in LIT)
    return Terms(
        symbol="XBT-USD",
        mark=61_700_00,
        news_per_s=figures["moves_per_s"] / NEWS_MOVES,
        gap=20,
        volatility=figures["volatility_1s_bps"] / 10_000 * CRYPTO_VOLATILITY,
        spread=tuple(float(ticks) for ticks in figures["spread_ticks"]),
        resilience=LN_2 / CRYPTO_HALF_LIFE_S,
        shape=(1.0,) * BUCKETS,
        density=density,
        gamma=0.4 / density,
        day_s=day_s,
        lit=lit,
        dark=_pools(mean, 1),
        cancels=1_000 / Table(simulated_facts()["equity"]["life_ms"]).mean(),
        **_flow(figures, unit),
    )


def _flow(figures: Mapping[str, Any], unit: float) -> dict[str, Any]:
    """What a table of the simulated markets' facts tells, in the instrument's units."""
    return {
        "takers_per_s": figures["aggressors_per_s"],
        "branching": branching_of(figures["clustering_10s"], 10),
        "size": tuple(value * unit for value in figures["size"]),
        "touch": tuple(value * unit for value in figures["touch_size"]),
        "aims": {key: figures[key] for key in ("spread_ticks_mean", "volatility_1s_bps", "volatility_60s_bps")},
    }


def _pools(mean: float, lot: int) -> tuple[DarkTerms, ...]:
    """A block pool that is mostly empty, and a busy one of small sizes that leaks. `mean`: of takers' sizes."""
    return (
        DarkTerms(
            name="nocturne",
            taker_fee_ppm=10,
            wave_s=20.0,
            zero=0.7,
            smallest=4 * mean,
            tail=1.3,
            largest=400 * mean,
            minimum=max(1, round(mean)),
            lot=lot,
        ),
        DarkTerms(
            name="umbra",
            taker_fee_ppm=5,
            wave_s=2.0,
            zero=0.4,
            smallest=mean / 2,
            tail=1.8,
            largest=40 * mean,
            leak=1.5,
            lot=lot,
        ),
    )
