"""Accounts, balances and holds. Every change of a balance is a posting from one account to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .messages import TEMPLATES, effects

WORLD, FEES, ROUNDING, SETTLEMENT, INSURANCE, FX = range(1, 7)
CLIENT, HOUSE, VENUE, SYSTEM, CUSTODIAN, OMNIBUS, TAX, SUSPENSE, INSURANCE_FUND, FEE = range(1, 11)
FIRST_ACCOUNT = 16

ENDLESS = 2**63 - 1
"""A credit line of this much is one without end."""

Pair = tuple[int, int]


@dataclass(slots=True)
class Margin:
    """A margin account: balance and unrealised gain at the daily close, what was earned since, its state and call."""

    day: tuple[int, int] | None
    earned: int = 0
    state: int = 0
    due: int = 0


class Ledger:
    """Balances and held amounts by (account, asset); `margined` pairs can freeze."""

    def __init__(self) -> None:
        self.kinds: dict[int, int] = dict.fromkeys(range(WORLD, FX + 1), SYSTEM)
        self.sides: dict[int, int] = {}
        self.balances: dict[Pair, int] = defaultdict(int)
        self.held: dict[Pair, int] = defaultdict(int)
        self.margined: set[Pair] = set()
        self.margins: dict[Pair, Margin] = {}
        self.closed: set[int] = set()
        self.loss_at_marks: Callable[[int, int], int] = lambda account, asset: 0
        self.lost: set[Pair] = set()
        self.frozen: set[Pair] = set()
        self.postings: list[Any] = []
        self.credit: dict[Pair, int] = defaultdict(int)
        self.groups: dict[int, int] = defaultdict(int)
        self.firms: dict[int, int] = defaultdict(int)

    def open(self, kind: int, side: int) -> int:
        """Opens an account under the next number."""
        number = FIRST_ACCOUNT + sum(account >= FIRST_ACCOUNT for account in self.kinds)
        self.kinds[number], self.sides[number] = kind, side
        return number

    def trades(self, account: int) -> bool:
        """May it own money, place orders and be held against?"""
        return self.kinds.get(account) in (CLIENT, HOUSE, OMNIBUS)

    def same_owner(self, one: int, other: int) -> bool:
        """One account, one group or one firm."""
        alike = any(of[one] and of[one] == of[other] for of in (self.groups, self.firms))
        return one == other or alike

    def own(self, account: int, asset: int) -> int:
        """Without credit: what may be taken out. What is lost at the marks is as good as gone."""
        return self.balances[account, asset] - self.held[account, asset] - self.loss_at_marks(account, asset)

    def available(self, account: int, asset: int) -> int:
        """With credit: what may be traded with."""
        return self.own(account, asset) + self.credit[account, asset]

    def endless(self, account: int, asset: int) -> bool:
        """It never lacks anything, so nothing is held of it."""
        return self.credit[account, asset] == ENDLESS

    def post(self, template: str, source: int, target: int, asset: int, amount: int) -> Any:
        """Moves `amount` from source to target, the other way round if negative, and nothing if zero."""
        if amount < 0:
            source, target, amount = target, source, -amount
        posted = effects.Posted(source, target, asset, TEMPLATES[template], amount)
        if amount:
            self.balances[source, asset] -= amount
            self.balances[target, asset] += amount
            self.postings.append(posted)
        return posted

    def hold(self, account: int, asset: int, change: int) -> None:
        self.held[account, asset] += change

    def margin(self, account: int, asset: int) -> None:
        """A perpetual draws on it from now on."""
        if self.trades(account) and (account, asset) not in self.margined:
            self.margined.add((account, asset))
            day = (self.balances[account, asset], 0) if asset in self.closed else None
            self.margins[account, asset] = Margin(day)

    def earn(self, account: int, asset: int, amount: int) -> None:
        """A margined position brought this (lost it, if negative)."""
        if (account, asset) in self.margins:
            self.margins[account, asset].earned += amount

    def freeze(self, pair: Pair) -> Iterator[Any]:
        """Frozen and Unfrozen of a margined pair whose balance crossed what it holds."""
        short = self.balances[pair] + self.credit[pair] < self.held[pair] and not self.endless(*pair)
        if short and pair not in self.frozen:
            self.frozen.add(pair)
            yield effects.Frozen(*pair)
        elif not short and pair in self.frozen:
            self.frozen.remove(pair)
            yield effects.Unfrozen(*pair)

    def totals(self) -> dict[int, int]:
        """The sum of every asset over all accounts."""
        sums: dict[int, int] = defaultdict(int)
        for (_, asset), amount in self.balances.items():
            sums[asset] += amount
        return dict(sums)
