"""Margin of perpetual accounts in the core's integers (`crates/margin`), re-exported from the extension."""

from isthmus._core import perpetual_bankruptcy, perpetual_fillable, perpetual_insurance, perpetual_standing

PositionRow = tuple[int, int, int, int, list[tuple[int, int, int]]]
"""Quantity, mark, settlement mark, value of price 1 x quantity 1, and tiers: from this value on, initial, maintenance
(basis points).
"""

__all__ = ["PositionRow", "perpetual_bankruptcy", "perpetual_fillable", "perpetual_insurance", "perpetual_standing"]
