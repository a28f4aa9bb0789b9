"""Trading states and rules of the house's markets, and what their auctions, limits and makers last did."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.kernel.messages import BOOK_RULES, SESSION_CAUSES, SESSION_STATES

CONTINUOUS = "continuous"
CORRECTIONS_MAX = 10_000
"""Corrected trades kept; the oldest go first."""


class AuctionRow(msgspec.Struct, frozen=True):
    """What an auction found; `price` 0: nothing."""

    price: int
    volume: int
    imbalance: int
    record: int
    time: int


class MakerRow(msgspec.Struct):
    """A market maker's obligations in an instrument and the last score; `pulled`: by its protection."""

    spread: int
    quantity: int
    presence_bps: int
    quoted_ns: int = 0
    open_ns: int = 0
    met: bool | None = None
    pulled: bool = False


class Kill(msgspec.Struct):
    """A kill that stands, and who agreed to end it."""

    scope: int
    of: int
    user: int
    since: int
    orders: int = 0
    agreed: int = 0


class Sessions:
    """Feed it every record in order."""

    def __init__(self) -> None:
        self.auctions: dict[int, AuctionRow] = {}
        self.limit_prices: dict[int, tuple[int, int]] = {}
        self.makers: dict[tuple[int, int], MakerRow] = {}
        self.kills: dict[tuple[int, int], Kill] = {}
        self.corrections: dict[tuple[int, int], int] = {}
        self._states: dict[int, tuple[str, str, int]] = {}
        self._rules: dict[int, dict[str, int]] = {}

    def state(self, instrument: int) -> str:
        """The trading state: "continuous" until it is changed."""
        return self._states.get(instrument, (CONTINUOUS, "", 0))[0]

    def why(self, instrument: int) -> tuple[str, int]:
        """What brought the state, and when (ns); ("", 0) if nothing did yet."""
        return self._states.get(instrument, (CONTINUOUS, "", 0))[1:]

    def rules(self, instrument: int) -> dict[str, int]:
        """Rules that were set, by name."""
        return self._rules.get(instrument, {})

    def on_record(self, record: Record, effects: list[Any]) -> set[int]:
        """Take the record in; the instruments whose market changed."""
        changed: set[int] = set()
        for effect in effects:
            if take := _TAKES.get(type(effect).__name__):
                take(self, record, effect)
                if (instrument := getattr(effect, "instrument", 0)) != 0:
                    changed.add(instrument)
        return changed

    def _session(self, record: Record, effect: Any) -> None:
        self._states[effect.instrument] = (SESSION_STATES[effect.state], SESSION_CAUSES[effect.cause], record.stamp)

    def _rule(self, _: Record, effect: Any) -> None:
        self._rules.setdefault(effect.instrument, {})[BOOK_RULES[effect.rule]] = effect.value

    def _auction(self, record: Record, effect: Any) -> None:
        found = (effect.price, effect.quantity, effect.imbalance)
        self.auctions[effect.instrument] = AuctionRow(*found, record.sequence, record.stamp)

    def _limit(self, _: Record, effect: Any) -> None:
        if effect.entered:
            self.limit_prices[effect.instrument] = (effect.side, effect.price)
        else:
            self.limit_prices.pop(effect.instrument, None)

    def _maker(self, _: Record, effect: Any) -> None:
        key = (effect.account, effect.instrument)
        if effect.quantity == 0:
            self.makers.pop(key, None)
        else:
            self.makers[key] = MakerRow(effect.spread, effect.quantity, effect.presence_bps)

    def _scored(self, _: Record, effect: Any) -> None:
        if row := self.makers.get((effect.account, effect.instrument)):
            row.quoted_ns, row.open_ns, row.met = effect.quoted_ns, effect.open_ns, bool(effect.met)

    def _protected(self, _: Record, effect: Any) -> None:
        if row := self.makers.get((effect.account, effect.instrument)):
            row.pulled = True

    def _protection(self, _: Record, effect: Any) -> None:
        if row := self.makers.get((effect.account, effect.instrument)):
            row.pulled = False

    def _killed(self, record: Record, effect: Any) -> None:
        key = (effect.scope, effect.of)
        self.kills[key] = Kill(effect.scope, effect.of, effect.user, record.stamp)

    def _purged(self, _: Record, effect: Any) -> None:
        if kill := self.kills.get((effect.scope, effect.of)):
            kill.orders += effect.orders

    def _asked(self, _: Record, effect: Any) -> None:
        if kill := self.kills.get((effect.scope, effect.of)):
            kill.agreed = effect.user

    def _rearmed(self, _: Record, effect: Any) -> None:
        self.kills.pop((effect.scope, effect.of), None)

    def _corrected(self, _: Record, effect: Any) -> None:
        self.corrections[effect.sequence, effect.index] = effect.price
        while len(self.corrections) > CORRECTIONS_MAX:
            del self.corrections[next(iter(self.corrections))]


_TAKES = {
    "SessionChanged": Sessions._session,
    "RuleSet": Sessions._rule,
    "Auctioned": Sessions._auction,
    "LimitState": Sessions._limit,
    "MakerRegistered": Sessions._maker,
    "MakerScored": Sessions._scored,
    "Protected": Sessions._protected,
    "ProtectionSet": Sessions._protection,
    "Killed": Sessions._killed,
    "Purged": Sessions._purged,
    "RearmAsked": Sessions._asked,
    "Rearmed": Sessions._rearmed,
    "TradeCorrected": Sessions._corrected,
}
