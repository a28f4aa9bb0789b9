"""From readings to orders: proposed by a rule, checked against its limits and the house's, placed only if one person
proposed the rule's content for approval and another approved it, and within the scope that they named. Every intent is
written down with its why before anything is sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from isthmus.gateways.lorawan.readings import Reading
from isthmus.gateways.lorawan.rules import NANO, Rule, content_hash, met, nano, wanted
from isthmus.gateways.lorawan.store import Approval, Store
from isthmus.gateways.problems import Refusal
from isthmus.gateways.shapes import NewOrder
from isthmus.kernel.clock import Clock
from isthmus.kernel.values import NS_PER_S, short_text, time_text

DAY_NS = 86_400 * NS_PER_S
STATUSES = ("proposed", "limited", "sent", "placed", "refused", "unknown")
"""proposed: the rule is not approved, or no longer. limited: a limit was in the way. sent: under way. placed: the order
stands. refused: order entry said no. unknown: the broker stopped while it was under way, and no order is known by its
id."""

Place = Callable[[NewOrder, str, bytes], Awaitable[str]]
"""Places an order for an account by name, with the bytes that say why; the order's id. Raises Refusal."""
Find = Callable[[str, str], str | None]
"""The order of an account by its client id; None if there is none."""


class HedgeLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the house over all rules, and the age above which a reading moves nothing."""

    intents_per_day: Annotated[int, Meta(ge=0)]
    stale_s: Annotated[int, Meta(ge=1)]


Intent = dict[str, Any]
"""rule, hash, at (ns UTC), status, reading, side, instrument, account, quantity, order, detail."""


class Hedges:
    """`rules` by name. Refuses by value: an intent that was not placed says why."""

    def __init__(self, rules: dict[str, Rule], store: Store, place: Place, limits: HedgeLimits, clock: Clock) -> None:
        self._rules = rules
        self._hashes = {name: content_hash(name, rule) for name, rule in rules.items()}
        self._store = store
        self._place = place
        self._limits = limits
        self._clock = clock
        self._streaks: dict[str, int] = {}

    @property
    def rules(self) -> dict[str, tuple[Rule, str]]:
        """Each with the hash of its content."""
        return {name: (rule, self._hashes[name]) for name, rule in self._rules.items()}

    def recover(self, find: Find) -> None:
        """After a start: what was under way at the stop was placed, or is not known and not sent again."""
        for number, intent in self._store.intents(1 << 30, "sent"):
            order = find(intent["account"], client_id(number))
            done = {"status": "placed", "order": order} if order is not None else {"status": "unknown"}
            self._store.end_intent(number, intent | done)

    async def hear(self, reading: Reading) -> list[Intent]:
        """What the reading sets off, in the order of the rules."""
        found = []
        for name, rule in self._rules.items():
            if rule.hears(reading) and (number := self._propose(name, rule, reading)) is not None:
                found.append(await self._act(*number))
        return found

    def _propose(self, name: str, rule: Rule, reading: Reading) -> tuple[int, Intent] | None:
        """A new intent on disk; None where the rule wants nothing."""
        if not met(rule, reading):
            self._streaks[name] = 0
            return None
        self._streaks[name] = self._streaks.get(name, 0) + 1
        at = self._clock()
        last = self._store.last_intent_at(name)
        waits = last is not None and at - last < rule.cooldown_s * NS_PER_S
        if self._streaks[name] < rule.for_readings or waits or at - reading.at > self._limits.stale_s * NS_PER_S:
            return None
        amount = wanted(rule, reading)
        if amount == 0:
            return None
        self._streaks[name] = 0
        approval = self._store.approval(name, self._hashes[name])
        status, detail = self._verdict(name, rule, amount, (approval, at))
        intent = self._intent(name, rule, reading, amount) | {"at": at, "status": status, "detail": detail}
        under = approval.number if approval is not None else None
        return self._store.add_intent(intent, at // DAY_NS, amount, under), intent

    def _verdict(self, name: str, rule: Rule, amount: int, now: tuple[Approval | None, int]) -> tuple[str, str | None]:
        """Limits first, so that a proposal that waits for approval says what would stand in its way."""
        approval, at = now
        if (limit := self._limit(name, rule, amount, at // DAY_NS)) is not None:
            return "limited", limit
        if approval is None:
            return "proposed", "nobody approved this content of the rule"
        if at >= approval.until:
            return "proposed", f"the approval ended at {time_text(approval.until)}"
        sent, quantity = self._store.used(approval.number)
        if sent >= approval.orders:
            return "limited", f"the approval's orders: {sent} were sent of {approval.orders}"
        if quantity + amount > approval.nano:
            told = f"{short_text(quantity, NANO)} were sent of {short_text(approval.nano, NANO)}"
            return "limited", f"the approval's quantity: {told}"
        return "sent", None

    def _limit(self, name: str, rule: Rule, amount: int, day: int) -> str | None:
        if amount > nano("max_quantity", rule.max_quantity):
            return f"max_quantity: {short_text(amount, NANO)} is over {rule.max_quantity}"
        sent, quantity = self._store.spent(day, name)
        if sent >= rule.intents_per_day:
            return f"intents_per_day: {sent} were sent today"
        if quantity + amount > nano("quantity_per_day", rule.quantity_per_day):
            return f"quantity_per_day: {short_text(quantity, NANO)} were sent today, {rule.quantity_per_day} may be"
        if self._store.spent(day)[0] >= self._limits.intents_per_day:
            return f"the house's intents_per_day: {self._limits.intents_per_day} were sent today over all rules"
        return None

    def _intent(self, name: str, rule: Rule, reading: Reading, amount: int) -> Intent:
        place = None if reading.place is None else [str(part) for part in reading.place]
        return {
            "rule": name,
            "hash": self._hashes[name],
            "why": rule.why,
            "reading": {
                "device": reading.device,
                "channel": reading.channel,
                "kind": reading.kind,
                "value": None if reading.value is None else str(reading.value),
                "unit": reading.unit,
                "place": place,
                "time": time_text(reading.at),
                "source": reading.source,
            },
            "account": rule.account,
            "instrument": rule.instrument,
            "side": rule.side,
            "quantity": short_text(amount, NANO),
            "order": None,
        }

    async def _act(self, number: int, intent: Intent) -> Intent:
        if intent["status"] != "sent":
            return intent | {"number": number}
        rule = self._rules[intent["rule"]]
        order = NewOrder(
            instrument=rule.instrument,
            side=rule.side,
            quantity=intent["quantity"],
            type=rule.type,
            price=rule.price,
            time_in_force=rule.time_in_force,
            client_order_id=client_id(number),
        )
        try:
            done = {"status": "placed", "order": await self._place(order, rule.account, msgspec.json.encode(intent))}
        except Refusal as refusal:
            done = {"status": "refused", "detail": f"{refusal.reason}: {refusal.detail}"}
        ended = intent | done
        self._store.end_intent(number, ended)
        return ended | {"number": number}


def client_id(number: int) -> str:
    """The order's own id, by which it is placed at most once."""
    return f"lorawan-{number}"
