"""The words of the rows and their numbers in the engine."""

from __future__ import annotations

from typing import Any

from isthmus.kernel import messages as m

SIDES = m.SIDES
TIFS = m.TIMES_IN_FORCE
KINDS = {
    "limit": m.LIMIT,
    "market": m.MARKET,
    "market_to_limit": m.MARKET_TO_LIMIT,
    "stop": m.STOP,
    "stop_limit": m.STOP_LIMIT,
    "trailing_stop": m.TRAILING_STOP,
    "iceberg": m.LIMIT,
    "hidden": m.LIMIT,
    "peg": m.PEG,
}
PEGS = m.PEGS
POST_ONLY = {"reject": m.POST_ONLY, "slide": m.POST_ONLY | m.SLIDE}
TRIGGERS = m.TRIGGERS
BOOKS = {name: number for number, name in m.BOOK_NAMES.items()}
PHASES = {"rfq": "rfq", "negotiated": "negotiated", "sealed": "negotiated"}
STATES = {name: number for number, name in m.SESSION_STATES.items()}
SCOPES = {name: number for number, name in m.SCOPES.items()}

RULE_NUMBERS = {name: number for number, name in m.BOOK_RULES.items() if name != "locate"}
"""Without `locate`: nobody is short of stock here."""
RULE_WORDS: dict[str, dict[Any, int]] = {
    "self_trade": {"none": 0, "newest": 1, "oldest": 2, "both": 3, "decrement": 4},
    "hidden_after_visible": {False: 0, True: 1},
    "min_quantity": {"each": 1, "total": 2},
    "hidden_remainder_below_minimum": {"keep": 1, "cancel": 2},
    "auction_tie": {"reference": 1, "higher": 2, "lower": 3, "mid": 4},
    "stop_order": {"time": 1, "price_time": 2},
    "stop_trigger": TRIGGERS,
    "replace_keeps_priority": {"quantity_down": 1, "never": 2},
    "top_order": {False: 0, True: 1},
    "band_action": {"cancel": 1, "auction": 2, "limit_state": 3},
    "dark_priority": {"size": 1, "time": 2},
    "sealed_price": {"first": 1, "second": 2, "uniform": 3},
    "all_or_none": {"combine": 1, "strict": 2},
    "maker_priority": {False: 0, True: 1},
}
"""Rules whose values are words; the others take whole numbers."""

RULES_OF = {
    "allocation": ("top_order", "maker_share_bps", "fifo_share_bps", "pro_rata_minimum"),
    "bands": ("static_band_bps", "dynamic_band_bps", "band_action", "limit_state_ns", "pause_ns"),
}
"""Rules that are given together, as an object."""
