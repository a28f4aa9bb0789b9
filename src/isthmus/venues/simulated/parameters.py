"""What the model runs on: measured figures (facts.toml), and what the recordings do not tell (named here)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from isthmus.venues.simulated.arrivals import branching_of
from isthmus.venues.simulated.listing import LISTINGS, Listing

FACTS = Path(__file__).with_name("facts.toml")


class Assumed(msgspec.Struct, frozen=True):
    """What no recording here tells, or is chosen to keep the journal small; and two constants fitted once."""

    thinning: float
    """One in this many of the recording's aggressors and additions is played."""
    moves_per_news: float
    """Quote moves of the recording for each move of the fair value: patient orders move quotes too."""
    near_levels: int
    """The maker's orders close behind his best, on each side."""
    edge: float = 0.0
    """Fitted: what patient traders want to be paid, in mean spreads."""
    spread_scale: float = 1.0
    """Fitted: the maker's own spread, so that the book's spread (patient orders narrow it) has the measured mean."""
    volatility_scale: float = 1.0
    """Fitted: the fair value's volatility, so that the book's middle has the measured one-second volatility."""
    facts: Mapping[str, Any] = {}
    """In place of figures that were not measured."""


ASSUMED = {
    "equity": Assumed(thinning=1, moves_per_news=3, near_levels=0, edge=0.3, spread_scale=1.35, volatility_scale=0.95),
    "fx_spot": Assumed(
        thinning=1,
        moves_per_news=1.5,
        near_levels=1,
        volatility_scale=1.1,
        facts={
            "aggressors_per_s": 0.5,
            "clustering_10s": 3.0,
            "size": [1e3, 1e4, 5e4, 1e5, 5e5, 1e6, 1e6, 2e6, 3e6, 5e6, 1e7, 1e7],
            "touch_size": [5e5, 1e6, 1e6, 1e6, 2e6, 3e6, 3e6, 5e6, 5e6, 5e6, 1e7, 1e7],
            "adds_per_s": 1.0,
        },
    ),
    "crypto_spot": Assumed(thinning=4, moves_per_news=5, near_levels=2, facts={"adds_per_s": 12.0}),
    "perpetual": Assumed(thinning=4, moves_per_news=5, near_levels=2, facts={"adds_per_s": 12.0}),
}
"""The FX recording has quotes only: trades and sizes are assumed. Binance's feed does not tell orders apart."""

SHARED = ("life_ms", "life_improving_ms", "improving_per_add", "improving_permille")
"""Known of the equity only, where single orders are seen: taken for all."""

BEHIND = (0.0, 0.005, 0.03, 0.12, 0.3, 0.6, 0.9, 1.2, 1.8, 2.4, 4.0, 8.0)
"""Where not measured: how far behind the best price patient orders stand, in one-minute volatilities."""

LADDER = ((0.5, 5), (1, 10), (2, 20), (4, 40), (8, 80))
"""The maker's deep orders: distance in one-minute volatilities, quantity in median best quantities."""


class Parameters(msgspec.Struct, frozen=True):
    """One market's model in the instrument's own units; the tick is 1, rates are a second's."""

    listing: Listing
    moves_per_s: float
    """Of the fair value; 0 for one that follows another."""
    volatility: float
    """Of the logarithm of the fair value, over one second."""
    aggressors_per_s: float
    branching: float
    adds_per_s: float
    """Of patient traders; where additions were measured, the maker's own are taken off."""
    near_levels: int
    minute_ticks: float
    """The one-minute volatility in ticks: the yardstick for distances."""
    size: tuple[float, ...]
    touch_size: tuple[float, ...]
    add_size: tuple[float, ...]
    improving_per_add: float
    """The share of patient orders that better the best price when the spread is as usual (in proportion to it else),"""
    improving_permille: tuple[float, ...]
    """by what is left of the spread;"""
    behind: tuple[float, ...]
    """how many ticks behind the best price the others stand."""
    life_ms: tuple[float, ...]
    """Of patient orders that are cancelled,"""
    life_improving_ms: tuple[float, ...]
    """and of those that bettered the best price."""
    spread: tuple[float, ...]
    spread_mean: float
    edge: float
    """How many ticks better than the fair value a patient trader wants to trade."""
    basis: Mapping[str, float]
    """basis_bps_mean, basis_bps_deviation and basis_left_after_1s of one that follows another."""


def facts() -> dict[str, dict[str, Any]]:
    """The committed figures, by market."""
    return tomllib.loads(FACTS.read_text())


def parameters() -> list[Parameters]:
    """Of every listing, in order. What is known of the equity only is taken for all."""
    measured = facts()
    shared = {key: measured["equity"][key] for key in SHARED}
    return [derive(listing, shared | measured[listing.facts], ASSUMED[listing.facts]) for listing in LISTINGS]


def derive(listing: Listing, measured: Mapping[str, Any], assumed: Assumed) -> Parameters:
    """The model of one market from its figures."""
    known = {**measured, **assumed.facts}
    unit = 10**listing.quantity_decimals
    thin = assumed.thinning
    moves = known["moves_per_s"] / assumed.moves_per_news
    quoted = 2 * moves if "adds_per_s" in measured else 0.0
    minute_ticks = known["volatility_1s_bps"] / 10_000 * 60**0.5 * listing.mark
    clustering = 1 + (known["clustering_10s"] - 1) / thin
    return Parameters(
        listing=listing,
        moves_per_s=0.0 if listing.tied_to else moves,
        volatility=known["volatility_1s_bps"] / 10_000 * assumed.volatility_scale,
        aggressors_per_s=known["aggressors_per_s"] / thin,
        branching=branching_of(clustering, 10),
        adds_per_s=known["adds_per_s"] / thin - quoted,
        near_levels=assumed.near_levels,
        minute_ticks=minute_ticks,
        size=tuple(value * unit for value in known["size"]),
        touch_size=tuple(value * unit for value in known["touch_size"]),
        add_size=tuple(value * unit for value in known.get("add_size", known["touch_size"])),
        improving_per_add=known["improving_per_add"],
        improving_permille=tuple(known["improving_permille"]),
        behind=tuple(known.get("behind_ticks", [part * minute_ticks for part in BEHIND])),
        life_ms=tuple(known["life_ms"]),
        life_improving_ms=tuple(known["life_improving_ms"]),
        spread=tuple(value * assumed.spread_scale for value in known["spread_ticks"]),
        spread_mean=known["spread_ticks_mean"],
        edge=assumed.edge * known["spread_ticks_mean"],
        basis={key: value for key, value in known.items() if key.startswith("basis_")},
    )
