"""Chance that is the same for the same seed on every machine: splitmix64 (Steele, Lea, Flood, OOPSLA 2014)."""

from __future__ import annotations

import math

_MASK = (1 << 64) - 1


def drawn(seed: int, place: int) -> int:
    """The place-th number of a seed's sequence, 0 to 2^64 - 1."""
    state = (seed + (place + 1) * 0x9E3779B97F4A7C15) & _MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)


def uniform(seed: int, place: int) -> float:
    """In the open interval (0, 1)."""
    return (drawn(seed, place) // 2048 + 0.5) / (1 << 53)


def exponential(seed: int, place: int, mean: float) -> float:
    """Exponentially distributed with this mean."""
    return -mean * math.log(uniform(seed, place))


def between(seed: int, place: int, low: int, high: int) -> int:
    """A whole number from low to high, both possible."""
    return low + drawn(seed, place) % (high - low + 1)
