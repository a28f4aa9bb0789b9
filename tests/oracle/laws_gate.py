"""What the gate, the kill switch and protections promise, looked at from outside: by commands, records and state."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from .engine import Twin
from .makers import quotes
from .messages import SCOPES, name_of

SECOND_NS = 10**9
HOUSE_LIMITS = {"order_rate": 4, "open_orders": 3, "position_net": 6}
"""To be set for everybody before the first order, and never changed."""
NAMES = {number: name for name, number in SCOPES.items()}


@dataclass(slots=True)
class Watcher:
    """Counts what passed since the limits were set: stamps by account; owners of orders; whom outside venues filled."""

    passed: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    owners: dict[int, int] = field(default_factory=dict)
    filled_outside: set[int] = field(default_factory=set)

    def check(self, twin: Twin, command: Any, found: list[Any]) -> None:
        """After a record every law holds."""
        if name_of(command) == "VenueFilled":
            self.filled_outside.add(command.account)
        self._rate(twin, command, found)
        self._counts(twin)
        _killed(twin)
        _protected(twin)

    def _rate(self, twin: Twin, command: Any, found: list[Any]) -> None:
        """Never more orders and replacements of an account within a second than its limit."""
        now = twin.state.stamp
        for effect in found:
            if name_of(effect) == "Accepted":
                self.owners[effect.order] = command.account
                self.passed[command.account].append(now)
            elif name_of(effect) in ("Replaced", "ReplaceRequested") and name_of(command) != "ReduceOrder":
                owner = self.owners.get(getattr(effect, "order", 0))
                if owner and name_of(command) != "VenueReplaced":
                    self.passed[owner].append(now)
        for account, stamps in self.passed.items():
            recent = [stamp for stamp in stamps if stamp + SECOND_NS > now]
            assert len(recent) <= HOUSE_LIMITS["order_rate"], f"account {account} was quicker than it may be"

    def _counts(self, twin: Twin) -> None:
        """Whatever traded and whatever lives, nobody has more than the limits let in."""
        state = twin.state
        for (account, number), quantity in state.positions.items():
            if state.ledger.trades(account) and account not in self.filled_outside:
                assert abs(quantity) <= HOUSE_LIMITS["position_net"], f"position of {account} in {number}"
        for account in state.ledger.kinds:
            live = [order for order in state.orders.values() if order.account == account]
            assert len(live) <= HOUSE_LIMITS["open_orders"], f"account {account} has too many live orders"


def _killed(twin: Twin) -> None:
    """When a kill has purged its scope, nothing comes to live there; an outside venue may still have something."""
    state = twin.state
    for order in state.orders.values():
        own = {
            "everything": 0,
            "account": order.account,
            "group": state.ledger.groups[order.account],
            "firm": state.ledger.firms[order.account],
            "session": order.session,
            "instrument": order.instrument,
            "venue": order.venue,
        }
        killed = any(own[NAMES[scope]] == of for scope, of in state.kills if NAMES[scope] not in ("group", "firm"))
        assert order.venue or not killed, f"order {order.id} lives in a killed scope"


def _protected(twin: Twin) -> None:
    """A maker whose quotes were pulled has none, and every fill of a quote was counted before the record ended."""
    for (account, number), maker in twin.state.makers.items():
        assert not (maker.pulled and quotes(twin.state, account, number)), f"{account} is protected and quotes"
        assert maker.quoted_ns <= maker.open_ns
    assert not twin.state.quote_fills, "a fill of a quote was not looked at"
