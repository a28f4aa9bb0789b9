"""Pools of automated market makers in exact integers, splits and flash routes over them, re-exported from the
extension.
"""

from isthmus._core import FlashRoute, Pool, PoolRefused, lots_within, split_order, sqrt_price_at, tick_at

__all__ = ["FlashRoute", "Pool", "PoolRefused", "lots_within", "split_order", "sqrt_price_at", "tick_at"]
