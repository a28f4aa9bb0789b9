"""Seven custodians in one process: holders who know only asks and replies, and a coordinator who may be crooked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeVar

from isthmus.audit.keys import asks
from isthmus.audit.keys.asks import COORDINATOR, Ask, Card, Held, Reply, Roster, Silent, Terms
from isthmus.audit.keys.ceremony import Steps, make
from isthmus.audit.keys.holder import Holder
from isthmus.audit.keys.kept import begun
from isthmus.audit.keys.policy import Limit, Policy
from isthmus.audit.keys.requests import Withdrawal
from isthmus.audit.keys.sealing import public_of

Made = TypeVar("Made")
Tamper = Callable[[int, Ask, Reply], Reply]
S = 1_000_000_000
NOON = 1_796_000_000 * S
POLICY = Policy(("GB33BUKB20201555555555",), {"GBP": Limit("1000", "1500")}, delay_s=60)
WITHDRAWAL = Withdrawal("GBP", "900.00", "GB33BUKB20201555555555", "WD-1")


def code_of(number: int) -> str:
    return f"ordinary-{number}"


def duress_of(number: int) -> str:
    return f"coerced--{number}"


class Custodians:
    """`tamper` sees each reply on its way; who is in `gone` does not reply."""

    def __init__(self, of: int) -> None:
        self.kept = {me: begun(me, code_of(me), duress_of(me), secrets.token_bytes) for me in range(1, of + 1)}
        cards = [Card(me, "127.0.0.1", me, "", public_of(kept.box)) for me, kept in self.kept.items()]
        self.roster = Roster((Card(COORDINATOR, "", 0, "", b""), *cards))
        self.holders = {me: self.started(me) for me in self.kept}
        self.now = NOON
        self.gone: set[int] = set()
        self.tamper: Tamper = lambda _holder, _ask, reply: reply
        self.round = 0

    def started(self, me: int) -> Holder:
        """From what is kept, as after a kill."""
        holder = Holder(self.kept[me], lambda _: None, secrets.token_bytes)
        holder.enter(self.roster)
        return holder

    def ask(self, me: int, ask: Ask) -> Reply:
        if me in self.gone:
            return Silent("does not answer")
        return self.tamper(me, ask, self.holders[me].answer(COORDINATOR, ask, self.now))

    def lead(self, steps: Steps[Made]) -> Made:
        """A ceremony to its end."""
        replies: dict[int, Reply] | None = None
        while True:
            try:
                asked = next(steps) if replies is None else steps.send(replies)
            except StopIteration as end:
                made: Made = end.value
                return made
            replies = {me: self.ask(me, ask) for me, ask in asked.items()}

    def key(self, threshold: int, use: str = "withdrawal", policy: Policy = POLICY, suite: str = "ed25519") -> Held:
        terms = Terms("vault", suite, use, len(self.holders), threshold, policy)
        return Held(terms, self.lead(make(secrets.token_bytes(16), terms)), 0)

    def code(self, me: int, request: str, code: str) -> Reply:
        """A custodian approves on his own holder."""
        reply = self.holders[me].answer(me, asks.Approve("vault", request, code), self.now)
        self.post()
        return reply

    def post(self) -> None:
        """Alarms reach the other holders."""
        for me, holder in self.holders.items():
            for receiver, alarm in list(holder.kept.outbox):
                if me not in self.gone and receiver not in self.gone:
                    self.holders[receiver].answer(me, alarm, self.now)
                    holder.delivered(receiver, alarm)

    def next_round(self) -> int:
        self.round += 100
        return self.round
