"""Rows of orders' events (crates/trail): the typed face.

`OrderRows` takes the journal's records in order and hands out rows in batches. A batch gives its rows one by one, as
columns in Arrow's layout, their fingerprints, and their entries of the log of orders. Both raise ValueError where a
record is not the next one. docs/reference/audit-dimensions.md says what the values are.
"""

from __future__ import annotations

from isthmus._core import OrderBatch, OrderRows

__all__ = ["OrderBatch", "OrderRows"]
