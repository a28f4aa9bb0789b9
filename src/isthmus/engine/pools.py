"""Pools of automated market makers in exact integers, re-exported from the extension."""

from isthmus._core import Pool, PoolRefused, sqrt_price_at, tick_at

__all__ = ["Pool", "PoolRefused", "sqrt_price_at", "tick_at"]
