"""Which checks of the gate an order met, and what became of each (O71); docs/reference/gate.md has their order.

The journal has the first failure and the order of the checks: what comes before it passed, what comes after was not
looked at. It has the limits that were set, and of what was measured against them only what the order itself says.
"""

from __future__ import annotations

from typing import Any

from tests.oracle.order_rows.live import Live

from isthmus.kernel.messages import LIMITS, SCOPES

PASSED, FAILED, UNSEEN = "passed", "failed", "not_reached"
Limits = dict[tuple[int, int, int, int], int]
"""Value by (scope, of, instrument, limit)."""

PLACING = ("account", "kill", "client_id", "form", "reference_price", "maker", "limits", "funds")
CHANGING = ("account", "client_id", "order", "kill", "form", "limits", "funds")
STAGE_OF = {
    "unknown_account": "account", "account_not_trading": "account", "killed": "kill",
    "duplicate_client_id": "client_id", "no_reference_price": "reference_price", "reduce_only": "reference_price",
    "not_a_maker": "maker", "maker_protected": "maker", "unknown_order": "order", "not_your_order": "order",
    "notional_too_large": "funds", "account_frozen": "funds", "no_locate": "funds", "insufficient_funds": "funds",
    "insufficient_margin": "funds",
}  # fmt: skip
REASON_OF_LIMIT = {
    1: "instruction_not_allowed", 2: "instrument_not_allowed", 3: "outside_collar", 4: "order_too_large",
    5: "notional_limit", 6: "unusual_size", 7: "unusual_size", 8: "rate_limit", 9: "open_orders_limit",
    10: "position_limit", 11: "position_limit", 12: "notional_limit", 13: "duplicate_order",
}  # fmt: skip
OF_A_CHANGE = frozenset((2, 3, 4, 5, 6, 7, 8, 10, 11, 12))
"""Limits that a replacement meets."""


def checks(live: Live, limits: Limits, belongs: tuple[int, int], reason: str | None, changing: bool) -> dict[str, Any]:
    """Stages with verdicts, and every limit in force with its value; `belongs`: the account's group and firm."""
    if live.of:
        return {"limits": [], "reason": reason, "stages": [["child", PASSED if reason is None else FAILED]]}
    stages = CHANGING if changing else PLACING
    numbers = [number for number in REASON_OF_LIMIT if not changing or number in OF_A_CHANGE]
    failing = [number for number in numbers if REASON_OF_LIMIT[number] == reason]
    failed = "limits" if failing else STAGE_OF.get(reason, "form") if reason is not None else None
    at = stages.index(failed) if failed in stages else len(stages)
    verdicts = [[stage, _verdict(place, at)] for place, stage in enumerate(stages)]
    shown = []
    met = [key for key in limits if key[3] in numbers and _meets(live, belongs, key)]
    sure = sum(key[3] in failing for key in met) == 1
    for key in sorted(met, key=lambda key: (key[3], key[0], key[1], key[2])):
        scope, of, _, number = key
        row = {"limit": LIMITS[number], "of": of, "scope": SCOPES[scope], "value": str(limits[key])}
        row["verdict"] = UNSEEN if at < stages.index("limits") else _of_limit(number, failing, sure)
        if LIMITS[number] == "order_quantity":
            row["measured"] = str(live.quantity)
        shown.append(row)
    return {"limits": shown, "reason": reason, "stages": verdicts}


def _verdict(place: int, failed: int) -> str:
    return PASSED if place < failed else FAILED if place == failed else UNSEEN


def _of_limit(number: int, failing: list[int], sure: bool) -> str | None:
    """None where the reason stands for several limits that are set: the journal does not say which of them it was."""
    if not failing or number < failing[0]:
        return PASSED
    if number > failing[-1]:
        return UNSEEN
    return FAILED if sure and number in failing else None


def _meets(live: Live, belongs: tuple[int, int], key: tuple[int, int, int, int]) -> bool:
    scope, of, instrument, _ = key
    if instrument not in (0, live.instrument):
        return False
    mine = {"account": live.account, "group": belongs[0], "firm": belongs[1], "session": live.session}
    name = SCOPES[scope]
    return name == "everything" or mine.get(name) == of
