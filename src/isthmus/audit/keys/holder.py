"""A holder: what he answers to whom. State is kept before the answer goes out; nonces live in memory and sign once.

Whoever asks is known by the channel he asks on. Refusals are values, each with a name (docs/guide/keys.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from isthmus.audit.keys import asks
from isthmus.audit.keys.asks import COORDINATOR, Alarm, Ask, Card, Here, Judged, Package, Packages, Reply, Roster, Told
from isthmus.audit.keys.growing import SeenHead, grown
from isthmus.audit.keys.kept import Kept, KeyShare, Opened, Sounded
from isthmus.audit.keys.making import Making
from isthmus.audit.keys.policy import Refused, judge
from isthmus.audit.keys.requests import (
    Head,
    Payment,
    Request,
    checkpoint_of,
    message_of,
    payment_of,
    request_id,
    use_of,
)
from isthmus.audit.keys.statement import Sign, Statement, stated
from isthmus.audit.keys.vault import Chance
from isthmus.engine.frost import FrostNonces, FrostRefused, frost_commit, frost_sign
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S, time_text

OPENED_MAX = 1_000
OPENED_S = 7 * 86_400
"""A request is forgotten after so long, signed or not."""
ROUNDS_MAX = 64
ALARMS_MAX = 1_000
WRONG_MAX, WRONG_S = 5, 60
"""So many wrong codes, and none is looked at for so long."""


DID = {
    asks.Begin: "begun", asks.Share: "shared", asks.Make: "made", asks.Keep: "kept", asks.Mend: "mended",
    asks.Gather: "gathered", asks.Restore: "restored", asks.Commit: "committed", asks.Sign: "signed",
}  # fmt: skip
"""What a holder says he did, where he refused nothing."""


class Round(msgspec.Struct, frozen=True):
    """A signature that was begun: it is for this message and no other."""

    share: bytes
    nonces: FrostNonces
    message: bytes
    key: str
    request: str


class Holder:
    """`save` puts what is kept on the disk; `sign` is the holder's signature of what he tells the coordinator."""

    def __init__(self, kept: Kept, save: Callable[[Kept], None], chance: Chance, sign: Sign | None = None) -> None:
        self.kept = kept
        self._sign = sign
        self._save = save
        self._making = Making(kept, lambda: save(kept), chance)
        self._rounds: dict[int, Round] = {}

    def answer(self, peer: int, ask: Ask, now: int) -> Reply:
        """What holder or coordinator `peer` is told at `now` (ns UTC)."""
        about = self._about(ask) if peer == COORDINATOR and self._sign is not None else None
        reply = self._judged(peer, ask, now)
        return reply if about is None else self._stated(about, ask, reply, now)

    def _stated(self, about: tuple[str, str, str], ask: Ask, reply: Reply, now: int) -> Reply:
        if self._sign is None or not isinstance(reply, Refused | Package | Packages | Judged):
            return reply
        ceremony, key, of = about
        did = reply.name if isinstance(reply, Refused) else reply.state if isinstance(reply, Judged) else DID[type(ask)]
        said = stated(Statement(self.kept.number, ceremony, key, did, of, time_text(now)), self._sign)
        return msgspec.structs.replace(reply, said=said)

    def _about(self, ask: Ask) -> tuple[str, str, str] | None:
        """Ceremony, key, and what it is about (Statement.of); None where nothing is said to it."""
        try:
            if isinstance(ask, asks.Propose | asks.Commit):
                message = hashlib.sha256(message_of(ask.request)).hexdigest()
                return request_id(ask.key, ask.request), ask.key, message
            if isinstance(ask, asks.Sign):
                begun = self._rounds.get(ask.round)
                return None if begun is None else (begun.request, begun.key, hashlib.sha256(begun.message).hexdigest())
            if isinstance(ask, asks.Look | Alarm | asks.Approve | asks.Alarms | asks.Enter):
                return None
            return ask.ceremony.hex(), *self._making.about(ask)
        except (BadInput, FrostRefused):
            return None

    def _judged(self, peer: int, ask: Ask, now: int) -> Reply:
        try:
            return self._answer(peer, ask, now)
        except BadInput as error:
            return Refused("malformed", str(error))
        except FrostRefused as error:
            name, reason, holders = error.args
            return Refused(name, reason, tuple(holders))

    def _answer(self, peer: int, ask: Ask, now: int) -> Reply:
        if isinstance(ask, asks.Look):
            return self._look()
        if isinstance(ask, Alarm):
            return self._heard(peer, ask)
        if isinstance(ask, asks.Approve | asks.Alarms | asks.Enter):
            if peer != self.kept.number:
                return Refused("not_yours", "a holder listens to his own custodian in this")
            return self._coded(ask, now)
        if peer != COORDINATOR:
            return Refused("not_coordinator", "holders ask this of nobody")
        if isinstance(ask, asks.Propose):
            return self._proposed(ask, now)
        if isinstance(ask, asks.Commit):
            return self._committed(ask, now)
        if isinstance(ask, asks.Sign):
            return self._signed(ask)
        return self._making.answer(ask)

    def enter(self, roster: Roster) -> None:
        """The first roster, or the same again: another one needs the custodian's code. Raises BadInput."""
        if self.kept.roster is None:
            self._enter(roster)
        elif self.kept.roster != roster:
            raise BadInput("roster", "roster_differs: is not the one that this holder knows; `keys enter` it by code")

    def delivered(self, receiver: int, alarm: Alarm) -> None:
        """It need not be told again."""
        self.kept.outbox.remove((receiver, alarm))
        self._save(self.kept)

    def _look(self) -> Here:
        keys = tuple(asks.Held(one.terms, one.public, one.epoch) for one in self.kept.keys.values())
        waiting = [(name, one) for name, one in self.kept.opened.items() if one.approved is None]
        return Here(
            self.kept.number,
            keys,
            tuple(asks.Waiting(name, one.key, one.request) for name, one in waiting),
            self.kept.heads,
        )

    def _share(self, key: str, request: Request) -> KeyShare | Refused:
        share = self.kept.keys.get(key)
        if share is None:
            return Refused("unknown_key", f"this holder has no share of {key}")
        if use_of(request) != share.terms.use:
            return Refused("wrong_use", f"{key} is for {share.terms.use}")
        return share

    def _allowed(self, share: KeyShare, ask: asks.Propose | asks.Commit, now: int) -> Payment | Refused:
        request = ask.request
        payment = payment_of(request, share.public)
        day = datetime.fromtimestamp(now // NS_PER_S, UTC).date().isoformat()
        if day > self.kept.day:
            self.kept.day, self.kept.spent = day, {}
        spent = self.kept.spent.get(share.terms.key, {}).get(payment.asset, {})
        return judge(share.terms.policy, payment, spent) or self._grown(ask) or payment

    def _grown(self, ask: asks.Propose | asks.Commit) -> Refused | None:
        if not isinstance(ask.request, Head):
            return None
        head = checkpoint_of(ask.request)
        return grown(self.kept.heads.get(ask.key, {}).get(head.origin), head, ask.proof)

    def _proposed(self, ask: asks.Propose, now: int) -> Reply:
        share = self._share(ask.key, ask.request)
        if isinstance(share, Refused):
            return share
        allowed = self._allowed(share, ask, now)
        if isinstance(allowed, Refused):
            return allowed
        name = request_id(ask.key, ask.request)
        if not share.terms.policy.by_code:
            return Judged(name, "approved")
        self._forget(now)
        opened = self.kept.opened.get(name)
        if opened is None:
            if len(self.kept.opened) >= OPENED_MAX:
                return Refused("too_many_requests", f"{OPENED_MAX} wait already")
            opened = Opened(ask.key, ask.request, now)
            self.kept.opened[name] = opened
            self._save(self.kept)
        return Judged(name, "waiting" if opened.approved is None else "approved")

    def _committed(self, ask: asks.Commit, now: int) -> Reply:
        share = self._share(ask.key, ask.request)
        if isinstance(share, Refused):
            return share
        payment = self._allowed(share, ask, now)
        if isinstance(payment, Refused):
            return payment
        refusal = self._too_early(share, request_id(ask.key, ask.request), now)
        if refusal is not None:
            return refusal
        if ask.round <= self.kept.round:
            return Refused("round_replayed", f"round {ask.round} is not above {self.kept.round}")
        self.kept.round = ask.round
        if payment.asset:
            by_asset = self.kept.spent.setdefault(ask.key, {})
            by_asset.setdefault(payment.asset, {})[payment.counted_as] = payment.amount
        if isinstance(ask.request, Head):
            # Also of a round that comes to nothing: a share of it may be out.
            head = checkpoint_of(ask.request)
            self.kept.heads.setdefault(ask.key, {})[head.origin] = SeenHead(head.size, head.root)
        self._save(self.kept)
        nonces, commitments = frost_commit(share.share)
        while len(self._rounds) >= ROUNDS_MAX:
            del self._rounds[next(iter(self._rounds))]
        self._rounds[ask.round] = Round(
            share.share, nonces, message_of(ask.request), ask.key, request_id(ask.key, ask.request)
        )
        return Package(commitments)

    def _too_early(self, share: KeyShare, name: str, now: int) -> Refused | None:
        """A request under duress, and all of them while an alarm stands, are held up as any other is: by the delay."""
        if not share.terms.policy.by_code:
            return None
        opened = self.kept.opened.get(name)
        if opened is None or opened.approved is None:
            return Refused("not_approved", "its custodian has not approved it")
        early = now < opened.approved + share.terms.policy.delay_s * NS_PER_S
        if early or opened.void or self.kept.alarms:
            return Refused("delay_running", "the delay behind its approval is not over")
        return None

    def _signed(self, ask: asks.Sign) -> Reply:
        begun = self._rounds.pop(ask.round, None)
        if begun is None:
            return Refused("round_unknown", f"round {ask.round} was not begun, is over, or the holder started anew")
        if begun.message != ask.message:
            return Refused("message_differs", "the round was begun for another message")
        return Package(frost_sign(begun.share, begun.nonces, ask.message, ask.commitments))

    def _coded(self, ask: asks.Approve | asks.Alarms | asks.Enter, now: int) -> Reply:
        if self.kept.wrong >= WRONG_MAX and now < self.kept.wrong_at + WRONG_S * NS_PER_S:
            return Refused("code_locked", f"after {WRONG_MAX} wrong codes none is looked at for {WRONG_S} s")
        # Both are always tried: the time tells nobody which one it was.
        ordinary, duress = self.kept.code.fits(ask.code), self.kept.duress.fits(ask.code)
        if not ordinary and not duress:
            self.kept.wrong, self.kept.wrong_at = self.kept.wrong + 1, now
            self._save(self.kept)
            return Refused("wrong_code", "is not the code of this holder's custodian")
        self.kept.wrong = 0
        if isinstance(ask, asks.Approve):
            return self._approved(ask, duress, now)
        if duress:
            self._raise(Alarm("", "", now))
        elif isinstance(ask, asks.Enter):
            self._enter(ask.roster)
        elif ask.clear:
            return self._cleared()
        self._save(self.kept)
        shown = () if duress or isinstance(ask, asks.Enter) else tuple(map(_row, self.kept.alarms))
        return Told(shown)

    def _approved(self, ask: asks.Approve, duress: bool, now: int) -> Reply:
        opened = self.kept.opened.get(ask.request)
        if opened is None or opened.key != ask.key:
            if duress:
                self._raise(Alarm(ask.key, ask.request, now))
            self._save(self.kept)
            return Refused("unknown_request", f"{ask.request} was not asked for")
        if duress:
            self._raise(Alarm(ask.key, ask.request, now))
        since = now if opened.approved is None else opened.approved
        self.kept.opened[ask.request] = msgspec.structs.replace(opened, approved=since, void=opened.void or duress)
        self._save(self.kept)
        return Judged(ask.request, "approved")

    def _raise(self, alarm: Alarm) -> None:
        """Silently: the other holders are told behind this, and the answer is the ordinary one."""
        self._sound(self.kept.number, alarm)
        for card in self._others():
            self.kept.outbox.append((card.number, alarm))
        del self.kept.outbox[:-ALARMS_MAX]

    def _others(self) -> list[Card]:
        cards = self.kept.roster.cards if self.kept.roster is not None else ()
        return [card for card in cards if card.number not in (COORDINATOR, self.kept.number)]

    def _heard(self, peer: int, alarm: Alarm) -> Reply:
        if peer == COORDINATOR:
            return Refused("not_coordinator", "alarms go from holder to holder")
        self._sound(peer, alarm)
        self._save(self.kept)
        return Told(())

    def _sound(self, holder: int, alarm: Alarm) -> None:
        if Sounded(holder, alarm) not in self.kept.alarms:
            self.kept.alarms.append(Sounded(holder, alarm))
            del self.kept.alarms[:-ALARMS_MAX]

    def _cleared(self) -> Reply:
        """What was approved under duress stays void."""
        shown = tuple(map(_row, self.kept.alarms))
        self.kept.alarms.clear()
        self._save(self.kept)
        return Told(shown)

    def _enter(self, roster: Roster) -> None:
        checked(roster, self.kept.number, self._making.box)
        self.kept.roster = roster
        self._save(self.kept)

    def _forget(self, now: int) -> None:
        old = [name for name, one in self.kept.opened.items() if one.since + OPENED_S * NS_PER_S < now]
        for name in old:
            del self.kept.opened[name]


def checked(roster: Roster, number: int, box: bytes) -> None:
    """Raises BadInput where holder `number` is not himself in it, or a number is there twice."""
    numbers = [card.number for card in roster.cards]
    if len(set(numbers)) != len(numbers) or not all(COORDINATOR <= one <= asks.HOLDERS_MAX for one in numbers):
        raise BadInput("roster", f"has a number twice, or one that is not 0 to {asks.HOLDERS_MAX}")
    own = roster.card(number)
    if own is None or own.box != box:
        raise BadInput("roster", f"has not the card of holder {number}")
    if any(len(card.box) != len(box) for card in roster.cards if card.number != COORDINATOR):
        raise BadInput("roster", "has a card without a key for packages")


def _row(one: Sounded) -> tuple[int, str, str, int]:
    return one.holder, one.alarm.key, one.alarm.request, one.alarm.at
