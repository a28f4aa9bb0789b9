"""Trading states and rules of the house's markets, and what their auctions, limits and makers last did."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.kernel.messages import BOOK_RULES, SCOPES, SESSION_CAUSES, SESSION_STATES

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
    """A market maker's obligations in an instrument and the last score; `pulled`: by its protection, whose bound
    `pulled_by` says (1 lots, 2 net lots, 3 share).
    """

    spread: int
    quantity: int
    presence_bps: int
    quoted_ns: int = 0
    open_ns: int = 0
    met: bool | None = None
    pulled: bool = False
    pulled_by: int = 0
    protection: Protection | None = None


class Protection(msgspec.Struct, frozen=True):
    """What pulls a maker's quotes when it trades within the window; 0: not watched."""

    window_ns: int
    quantity: int
    delta: int
    percent_bps: int


class Kill(msgspec.Struct):
    """A kill that stands, what it purged, and who agreed to end it. `digest` is that of the last purge that found
    orders, `released` sums minor units by asset.
    """

    scope: int
    of: int
    user: int
    since: int
    orders: int = 0
    agreed: int = 0
    digest: bytes = b""
    record: int = 0
    released: dict[int, int] = {}


class Sessions:
    """Feed it every record in order. `version` grows whenever something here changed."""

    def __init__(self) -> None:
        self.version = 0
        self._purging: Kill | None = None
        self.auctions: dict[int, AuctionRow] = {}
        self.limit_prices: dict[int, tuple[int, int]] = {}
        self.makers: dict[tuple[int, int], MakerRow] = {}
        self.kills: dict[tuple[int, int], Kill] = {}
        self.corrections: dict[tuple[int, int], int] = {}
        self._states: dict[int, tuple[str, str, int]] = {}
        self._rules: dict[int, dict[str, int]] = {}
        self._ticks: dict[int, list[tuple[int, int]]] = {}

    def state(self, instrument: int) -> str:
        """The trading state: "continuous" until it is changed."""
        return self._states.get(instrument, (CONTINUOUS, "", 0))[0]

    def why(self, instrument: int) -> tuple[str, int]:
        """What brought the state, and when (ns); ("", 0) if nothing did yet."""
        return self._states.get(instrument, (CONTINUOUS, "", 0))[1:]

    def rules(self, instrument: int) -> dict[str, int]:
        """Rules that were set, by name."""
        return self._rules.get(instrument, {})

    def ticks(self, instrument: int) -> list[tuple[int, int]]:
        """Rows of the tick table beyond the listing's own tick: (lowest price, tick), from low to high."""
        return self._ticks.get(instrument, [])

    def is_killed(self, instrument: int) -> bool:
        """Whether nothing new is taken in the instrument from anybody."""
        return any(
            SCOPES[kill.scope] == "everything" or (SCOPES[kill.scope] == "instrument" and kill.of == instrument)
            for kill in self.kills.values()
        )

    def on_record(self, record: Record, effects: list[Any]) -> None:
        """Take the record in."""
        for effect in effects:
            if take := _TAKES.get(type(effect).__name__):
                take(self, record, effect)
                self.version += 1

    def _session(self, record: Record, effect: Any) -> None:
        self._states[effect.instrument] = (SESSION_STATES[effect.state], SESSION_CAUSES[effect.cause], record.stamp)

    def _rule(self, _: Record, effect: Any) -> None:
        self._rules.setdefault(effect.instrument, {})[BOOK_RULES[effect.rule]] = effect.value

    def _tick(self, _: Record, effect: Any) -> None:
        self._ticks.setdefault(effect.instrument, []).append((effect.lowest, effect.tick))

    def presence(self, account: int, instrument: int, quoted_ns: int, open_ns: int) -> None:
        """How a maker stands before its session's score is told; the last score stays until a session has begun."""
        row = self.makers.get((account, instrument))
        if row is not None and open_ns and (row.quoted_ns, row.open_ns) != (quoted_ns, open_ns):
            row.quoted_ns, row.open_ns, row.met = quoted_ns, open_ns, None
            self.version += 1

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
        elif row := self.makers.get(key):
            row.spread, row.quantity, row.presence_bps = effect.spread, effect.quantity, effect.presence_bps
        else:
            self.makers[key] = MakerRow(effect.spread, effect.quantity, effect.presence_bps)

    def _scored(self, _: Record, effect: Any) -> None:
        if row := self.makers.get((effect.account, effect.instrument)):
            row.quoted_ns, row.open_ns, row.met = effect.quoted_ns, effect.open_ns, bool(effect.met)

    def _protected(self, _: Record, effect: Any) -> None:
        if row := self.makers.get((effect.account, effect.instrument)):
            row.pulled, row.pulled_by = True, effect.cause

    def _protection(self, _: Record, effect: Any) -> None:
        if row := self.makers.get((effect.account, effect.instrument)):
            row.pulled, row.pulled_by = False, 0
            row.protection = Protection(effect.window_ns, effect.quantity, effect.delta, effect.percent_bps)

    def _killed(self, record: Record, effect: Any) -> None:
        """A kill that is sent again goes on with the same sums; an agreement to end it no longer counts."""
        key = (effect.scope, effect.of)
        kill = self.kills.setdefault(key, Kill(effect.scope, effect.of, effect.user, record.stamp))
        kill.user, kill.agreed, kill.record = effect.user, 0, record.sequence

    def _purged(self, record: Record, effect: Any) -> None:
        if kill := self.kills.get((effect.scope, effect.of)):
            self._purging = kill
            kill.orders += effect.orders
            if effect.orders or not kill.digest:
                kill.digest = effect.digest

    def _released(self, _: Record, effect: Any) -> None:
        if self._purging is not None:
            amount = (effect.amount_high << 64) + effect.amount_low
            self._purging.released[effect.asset] = self._purging.released.get(effect.asset, 0) + amount

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
    "TickSet": Sessions._tick,
    "Auctioned": Sessions._auction,
    "LimitState": Sessions._limit,
    "MakerRegistered": Sessions._maker,
    "MakerScored": Sessions._scored,
    "Protected": Sessions._protected,
    "ProtectionSet": Sessions._protection,
    "Killed": Sessions._killed,
    "Purged": Sessions._purged,
    "Released": Sessions._released,
    "RearmAsked": Sessions._asked,
    "Rearmed": Sessions._rearmed,
    "TradeCorrected": Sessions._corrected,
}
