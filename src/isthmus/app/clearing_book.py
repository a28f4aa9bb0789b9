"""Decisions on accounts: the vote, calls, and forced closes that are under way. The one place that orders a close."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from isthmus.app.clearing_settings import ClearingSettings
from isthmus.clearing.decisions import Decisions, Row
from isthmus.clearing.margining import BPS, Close, Decider, Finding, Key, Tier, most_at_once, tiers_with
from isthmus.clearing.voting import Ballot, Verdict, vote
from isthmus.engine.engine import Engine, content_id
from isthmus.kernel.messages import BUY, COMMANDS
from isthmus.kernel.values import NS_PER_S

PREFIX = "clearing-"
LIQUIDATE, DELEVERAGE = "Liquidate", "Deleverage"
"""The engine's own commands, for instruments whose tiers it knows."""


class Terms(msgspec.Struct, frozen=True):
    """A perpetual's reference price, its tick and lot, value of price 1 x quantity 1, and the account's position."""

    price: int
    tick: int
    lot: int
    unit: int
    held: int


Ask = Callable[[int, int], Terms | None]
"""Of an account and an instrument; None while nobody may act in it, since its price is stale."""


class Other(msgspec.Struct, frozen=True):
    """Against whom a position is closed by deleveraging, how much of it and at what price."""

    account: int
    quantity: int
    price: int


AskQueue = Callable[[int, int, int], Other | None]
"""Of an account, an instrument and a quantity: who is first in line, None where there is nobody."""


class Act(Protocol):
    """Carries a close out: hands the row on to trading, or sends its orders to a venue. False: it cannot be."""

    def __call__(self, row: Row, /) -> bool: ...


class UnderWay(msgspec.Struct):
    """A close that was ordered: its id, until when it is valid, and its order once it is known (0 before)."""

    row: Row
    client_id: bytes
    until: int
    order: int = 0
    filled: int = 0
    value: int = 0
    done_at: int = 0
    """When its last fill was stamped."""


class ClearingBook:
    """`say` hears of every row that is written."""

    def __init__(
        self, settings: ClearingSettings, decisions: Decisions, deciders: list[Decider], say: Callable[[Row], None]
    ) -> None:
        self.decisions = decisions
        self.deciders = deciders
        self.settings = settings
        self.under_way: dict[Key, UnderWay] = {}
        self.calls: dict[Key, int] = {}
        self.closed = 0
        self.by = "trading"
        """Who carries closes out now: trading, or clearing while it is in charge."""
        self.rules = settings.rules()
        """Tiers that the journal sets replace those of the settings."""
        self._say = say
        self._rests: dict[Key, int] = {}
        self._told: dict[object, object] = {}
        self._missed: dict[Key, int] = {}
        """How often in a row a close of the account found nobody."""
        self._ask_queue: AskQueue | None = None
        self._take_up()

    def _take_up(self) -> None:
        """Calls and closes of a former run that are still open."""
        for row in self.decisions.rows:
            key = (row.get("account", 0), row.get("asset", 0))
            if row["kind"] == "call":
                self.calls[key] = row["deadline"]
            elif row["kind"] in ("call_met", "call_late"):
                self.calls.pop(key, None)
            elif row["kind"] == "close":
                self.under_way[key] = UnderWay(row, id_of(row), row["until"])
            elif row["kind"] in ("closed", "void", "refused"):
                self.under_way.pop(key, None)

    def write(self, kind: str, at: int, **told: Any) -> Row:
        """A row into the journal of decisions, and said."""
        row = self.decisions.append(kind, at, **told)
        self._say(row)
        return row

    def once(self, about: object, what: object, kind: str, at: int, **told: Any) -> None:
        """As `write`, unless the same was the last that was written about this."""
        if self._told.get(about) != what:
            self._told[about] = what
            self.write(kind, at, **told)

    def settled(self, about: object) -> None:
        """What was written about this is over: the same may be written again."""
        self._told.pop(about, None)

    def on_record(self, record: Any) -> None:
        """Watch what becomes of closes that are under way, and which tiers hold."""
        for effect in record.effects if type(record.command).__name__ == "SetMarginTier" else ():
            if type(effect).__name__ == "TierSet":
                self._tier(effect)
        client_id = getattr(record.command, "client_id", None)
        for key, close in list(self.under_way.items()):
            if not close.order and (close.client_id == client_id or _liquidates(record, close.row)):
                self._placed(key, close, record)
            for effect in record.effects if close.order else ():
                name = type(effect).__name__
                ours = record.sequence if name == "Traded" and _liquidates(record, close.row) else 0
                if name == "Traded" and close.order in (effect.taker_order, effect.maker_order, ours):
                    close.filled += effect.quantity
                    close.value += effect.quantity * effect.price
                    close.done_at = record.stamp

    def _tier(self, effect: Any) -> None:
        row = Tier(effect.from_notional, effect.initial_bps, effect.maintenance_bps)
        rows = tiers_with(self.rules.tiers.get(effect.instrument, ()), row)
        tiers = {**self.rules.tiers, effect.instrument: rows}
        if not rows:
            del tiers[effect.instrument]
        self.rules = msgspec.structs.replace(self.rules, tiers=tiers)

    def _placed(self, key: Key, close: UnderWay, record: Any) -> None:
        if record.reason is None:
            before = next((effect.first for effect in record.effects if type(effect).__name__ == "Repeated"), None)
            close.order = before or record.sequence
            return
        del self.under_way[key]
        self._rests[key] = record.stamp + int(self.settings.retry_s * NS_PER_S)
        self.write("refused", record.stamp, account=key[0], asset=key[1], close=close.row["n"], reason=record.reason)

    def look(self, engine: Engine, at: int, ask_queue: AskQueue | None = None) -> None:
        """Closes whose order is gone are done; those that nobody carried out in time are void."""
        self._ask_queue = ask_queue
        for key, close in list(self.under_way.items()):
            told = {"account": key[0], "asset": key[1], "close": close.row["n"]}
            if close.order and engine.order(close.order) is None:
                del self.under_way[key]
                self.closed += 1
                price = close.value // close.filled if close.filled else None
                told |= {"instrument": close.row["instrument"], "order": close.order}
                told |= {"balance": str(engine.balance(*key)[0])}
                self.write("closed", at, **told, quantity=close.filled, price=price, done_at=close.done_at or at)
                if close.filled < close.row["quantity"]:
                    self._rests[key] = at + int(self.settings.retry_s * NS_PER_S)
                self._missed[key] = 0 if close.filled else self._missed.get(key, 0) + 1
            elif not close.order and at > close.until:
                del self.under_way[key]
                self.write("void", at, **told)

    def void_all(self, at: int) -> None:
        """Nobody will carry out what was handed to trading and not placed: trading is dead, and reads this first."""
        for key, close in list(self.under_way.items()):
            if not close.order and close.row["by"] == "trading":
                del self.under_way[key]
                self.write("void", at, account=key[0], asset=key[1], close=close.row["n"])

    def decide(self, terms: Ask, act: Act, at: int, sequence: int) -> None:
        """Vote on every account; call, close and report what has to be."""
        verdicts, faults = vote(self.deciders, msgspec.structs.replace(self.rules, overdue=self._overdue(at)))
        for name, fault in faults.items():
            self.once(("fault", name), fault, "decider_failed", at, decider=name, fault=fault)
        for verdict in verdicts:
            key = (verdict.account, verdict.asset)
            self._report(key, verdict, at)
            if verdict.finding is not None:
                self._call(key, verdict.finding, at)
                self._close(key, verdict, (terms, act), (at, sequence))
        held = {(one.account, one.asset) for one in verdicts}
        for key in [key for key in self.calls if key not in held]:
            self._met(key, at)

    def _overdue(self, at: int) -> frozenset[Key]:
        return frozenset(key for key, deadline in self.calls.items() if at > deadline)

    def _report(self, key: Key, verdict: Verdict, at: int) -> None:
        """Who was outvoted, once for as long as it goes on with the same deciders."""
        who = tuple(ballot.decider for ballot in verdict.dissent)
        if not who:
            self.settled(("dissent", key))
            return
        kind = "dissent" if verdict.decided or len(who) < len(self.deciders) else "no_majority"
        told = {"account": key[0], "asset": key[1], "outvoted": [_shown(ballot) for ballot in verdict.dissent]}
        self.once(("dissent", key), who, kind, at, **told, decided=_figures(verdict.finding))

    def _call(self, key: Key, finding: Finding, at: int) -> None:
        if not finding.called:
            if key in self.calls:
                self._met(key, at)
            return
        deadline = self.calls.get(key)
        told = {"account": key[0], "asset": key[1], "equity": str(finding.equity), "asked": str(finding.asked)}
        if deadline is None:
            self.calls[key] = deadline = at + int(self.settings.call_s * NS_PER_S)
            self.write("call", at, **told, deadline=deadline)
        elif at > deadline:
            self.once(("late", key), deadline, "call_late", at, **told, deadline=deadline)
            self.calls[key] = deadline

    def _met(self, key: Key, at: int) -> None:
        del self.calls[key]
        self.settled(("late", key))
        self.write("call_met", at, account=key[0], asset=key[1])

    def _close(
        self,
        key: Key,
        verdict: Verdict,
        how: tuple[Ask, Act],
        now: tuple[int, int],
    ) -> None:
        finding, (terms, act), (at, sequence) = verdict.finding, how, now
        close = finding.close if finding is not None else None
        if finding is None or close is None or key in self.under_way or at < self._rests.get(key, 0):
            return
        known = terms(key[0], close.instrument)
        if known is None:
            told = {"account": key[0], "asset": key[1], "instrument": close.instrument}
            self.once(("stale", close.instrument), True, "no_price", at, **told)
            return
        self.settled(("stale", close.instrument))
        engine_judges = self.by == "trading" and close.instrument in self.rules.tiers and LIQUIDATE in COMMANDS
        quantity = self._part(close, known) if engine_judges else close.quantity
        against = self._against(key, close, quantity) if engine_judges else None
        way = "order" if not engine_judges else "liquidate" if against is None else "deleverage"
        row = self.write(
            "close",
            at,
            account=key[0],
            asset=key[1],
            instrument=close.instrument,
            how=way,
            side=close.side,
            quantity=against.quantity if against is not None else quantity,
            limit=against.price if against is not None else self._limit(close.side, known),
            against=against.account if against is not None else 0,
            until=at + int(self.settings.close_s * NS_PER_S),
            sequence=sequence,
            equity=str(finding.equity),
            kept=str(finding.kept),
            votes=len(self.deciders) - len(verdict.dissent),
            by=self.by,
        )
        self.under_way[key] = UnderWay(row, id_of(row), row["until"])
        if not act(row):
            del self.under_way[key]
            self._rests[key] = at + int(self.settings.retry_s * NS_PER_S)
            self.write("refused", at, account=key[0], asset=key[1], close=row["n"], reason="no_venue")

    def _against(self, key: Key, close: Close, quantity: int) -> Other | None:
        """Who is deleveraged, when the book did not take the position several times."""
        if self._missed.get(key, 0) < self.settings.deleverage_after or self._ask_queue is None:
            return None
        return self._ask_queue(key[0], close.instrument, quantity)

    def _part(self, close: Close, known: Terms) -> int:
        """No more than the engine closes at once."""
        size = abs(known.held)
        value = size * known.price * known.unit
        return min(close.quantity, most_at_once(self.rules.of(close.instrument), size, value, known.lot))

    def _limit(self, side: int, known: Terms) -> int:
        """The worst price, on the tick, on the mark's side of it."""
        away = known.price * self.settings.slippage_bps // BPS
        if side == BUY:
            return (known.price + away) // known.tick * known.tick
        return max(known.tick, -(-(known.price - away) // known.tick) * known.tick)


def id_of(row: Row) -> bytes:
    """The client id of the order of a close: made of the decision, so that it can be placed once only."""
    return content_id(f"clearing/{row['n']}/{row['hash']}")


def text_of(row: Row) -> str:
    """What a command of this decision says in its record's origin."""
    return f"{PREFIX}{row['n']}"


def _liquidates(record: Any, row: Row) -> bool:
    return type(record.command).__name__ in (LIQUIDATE, DELEVERAGE) and record.origin.text == text_of(row)


def _shown(ballot: Ballot) -> dict[str, Any]:
    return {"decider": ballot.decider, **(_figures(ballot.finding) or {})}


def _figures(finding: Finding | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    close = finding.close
    return {
        "equity": str(finding.equity),
        "kept": str(finding.kept),
        "asked": str(finding.asked),
        "close": None if close is None else [close.instrument, close.side, close.quantity],
    }
