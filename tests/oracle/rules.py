"""The rules of an instrument's book."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import session
from .messages import RULES, effects
from .state import State
from .values import QUANTITY_MAX

NAMES = {number: name for name, number in RULES.items()}
ALLOWED = (
    dict.fromkeys(("hidden_after_visible", "top_order", "locate", "maker_priority"), range(2))
    | dict.fromkeys(
        ("min_quantity", "hidden_remainder_below_minimum", "stop_order", "replace_keeps_priority", "dark_priority"),
        range(1, 3),
    )
    | dict.fromkeys(("stop_trigger", "band_action", "sealed_price"), range(1, 4))
    | dict.fromkeys(("fifo_share_bps", "maker_share_bps"), range(10_001))
    | dict.fromkeys(("collar_bps", "static_band_bps", "dynamic_band_bps"), range(10_000))
    | dict.fromkeys(("pro_rata_minimum", "dark_minimum"), range(QUANTITY_MAX + 1))
    | dict.fromkeys(("limit_state_ns", "pause_ns", "min_notional", "expiry", "firm_up_ns"), range(2**63))
    | {"book": range(1, 9), "self_trade": range(5), "auction_tie": range(1, 5), "all_or_none": range(1, 3)}
)
assert ALLOWED.keys() == RULES.keys(), ALLOWED.keys() ^ RULES.keys()


def check_set_rule(state: State, command: Any) -> Iterator[str]:
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    rule = NAMES.get(command.rule)
    if rule is None:
        yield "unknown_rule"
        return
    if command.value not in ALLOWED[rule]:
        yield "bad_rule"
    if rule == "expiry" and session.expired(state, instrument):
        yield "expired"
    if rule == "expiry" and 0 < command.value <= state.stamp:
        yield "bad_rule"
    live = any(order.instrument == instrument.number for order in state.orders.values())
    if rule == "book" and command.value != instrument.rules[rule] and live:
        yield "book_not_empty"


def set_rule(state: State, command: Any) -> Iterator[Any]:
    instrument, rule = state.instruments[command.instrument], NAMES[command.rule]
    if rule == "expiry":
        session.set_expiry(state, instrument, command.value)
    instrument.rules[rule] = command.value
    state.touched.add(command.instrument)
    yield effects.RuleSet(command.instrument, command.rule, command.value)
