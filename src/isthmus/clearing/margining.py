"""What a decider finds of an account and what it is told: values that three of them must agree on.

All amounts are minor units of the quote asset, prices and quantities the instrument's units (docs/reference/engine.md,
"Numbers"); shares are basis points. The rule, whose three forms are in `clearing.deciders`:

- value of a position = |q| x mark x num; equity = balance + credit line + sum of q x (mark - settlement mark) x num;
- kept = ceil(value x maintenance_bps / 10^4), asked = ceil(value x initial_bps / 10^4), of the tier that the value is
  in;
- an account is called when the sum of what is asked is above its equity, liquidatable when the sum of what it bears
  is: that is what must be kept, or, where its call is overdue, what is asked;
- what is closed first: of the position that bears most (of equals the instrument with the lowest number) as many lots
  as bring the sum down to equity x 10^4 / restore_bps (of an overdue account: to its equity), each freeing lot x mark
  x num x its rate / 10^4 (rounded down, at least 1), all of it when equity is not above zero. Further positions wait
  for the next decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

BPS = 10_000
Key = tuple[int, int]
"""Account and asset that it is margined in."""


class Tier(msgspec.Struct, frozen=True, order=True):
    """From this value of a position on, these shares of all of it are asked at the opening and kept at least."""

    from_value: int
    initial_bps: int
    maintenance_bps: int


ENDLESS = (1 << 63) - 1
"""A credit line without end: an account that has one is nobody's to close."""


class Rules(msgspec.Struct, frozen=True):
    """`tiers` by instrument, ascending from 0; `usual` where an instrument has none. `restore_bps`: how far above what
    must be kept a forced close brings equity, 10,000 is level.
    """

    usual: tuple[Tier, ...]
    tiers: Mapping[int, tuple[Tier, ...]]
    restore_bps: int
    overdue: frozenset[Key] = frozenset()
    """Accounts whose margin call was not met in time: they bear what is asked, and are closed down to it."""

    def of(self, instrument: int) -> tuple[Tier, ...]:
        """The instrument's tiers, from a value of 0 on: below its first tier nothing is required."""
        rows = self.tiers.get(instrument, self.usual)
        return rows if rows and rows[0].from_value == 0 else (Tier(0, 0, 0), *rows)


def most_at_once(tiers: tuple[Tier, ...], quantity: int, value: int, lot: int) -> int:
    """How much of a position is closed at once (sizes without sign): what leads into the tier below, all of it in the
    lowest; as `step` of the core's crate of margin, since the engine refuses more.
    """
    edge = max(one.from_value for one in tiers if one.from_value <= value)
    if edge == 0 or edge == min(one.from_value for one in tiers if one.maintenance_bps or one.initial_bps):
        return quantity
    stays = (edge - 1) * quantity // value
    return min(quantity, -(-(quantity - stays) // lot) * lot)


def tiers_with(tiers: tuple[Tier, ...], row: Tier) -> tuple[Tier, ...]:
    """A row added, replaced, or taken away where both of its rates are 0."""
    others = tuple(one for one in tiers if one.from_value != row.from_value)
    return tuple(sorted((*others, row))) if row.initial_bps or row.maintenance_bps else others


class Close(msgspec.Struct, frozen=True):
    """What has to be closed: `side` is that of the order (1 buy, 2 sell)."""

    instrument: int
    side: int
    quantity: int


class Finding(msgspec.Struct, frozen=True):
    """What a decider says of an account. `kept` and `asked` are sums over its positions."""

    account: int
    asset: int
    equity: int
    kept: int
    asked: int
    close: Close | None

    @property
    def liquidatable(self) -> bool:
        """Equity does not cover what the account bears."""
        return self.close is not None

    @property
    def called(self) -> bool:
        """Equity does not cover what was asked at the opening."""
        return self.equity < self.asked


class Decider(Protocol):
    """One of three. It hears every record in order, and says what it finds of every account that has a position."""

    name: str

    def on_record(self, record: Any) -> None:
        """A record of the trading journal, or of clearing's own while it is in charge."""

    def findings(self, rules: Rules) -> dict[Key, Finding]:
        """As of the last record. Raises ArithmeticError when its numbers do not hold what it is asked."""
