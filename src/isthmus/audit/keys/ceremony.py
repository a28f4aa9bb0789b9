"""Ceremonies as their coordinator leads them: each yields what to ask of whom and is sent the replies. No transport."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import TypeVar

import msgspec

from isthmus.audit.keys import asks
from isthmus.audit.keys.asks import Ask, Held, Judged, Package, Packages, Reply, Silent, Terms
from isthmus.audit.keys.policy import Refused
from isthmus.audit.keys.requests import Request, message_of
from isthmus.engine.frost import FrostRefused, frost_aggregate
from isthmus.kernel.errors import IsthmusError

Made = TypeVar("Made")
Steps = Generator[dict[int, Ask], dict[int, Reply], Made]
_Wanted = TypeVar("_Wanted", Package, Packages)


class Failed(IsthmusError):
    """A ceremony ended without its end. `name` is stable; `holders` are to blame, where it can be told."""

    def __init__(self, name: str, reason: str, holders: Iterable[int] = ()) -> None:
        self.holders = tuple(holders)
        blamed = f" (holder {', '.join(map(str, self.holders))})" if self.holders else ""
        super().__init__(f"{name}: {reason}{blamed}")
        self.name = name
        self.reason = reason


class NotYet(Failed):
    """It may be asked again: too few custodians have approved, or the delay runs."""


class Signed(msgspec.Struct, frozen=True):
    """A signature and who made it; `cheaters` sent shares that do not fit, and others took their place."""

    signature: bytes
    message: bytes
    signers: tuple[int, ...]
    cheaters: tuple[int, ...]


def make(ceremony: bytes, terms: Terms, refresh: bool = False) -> Steps[bytes]:
    """A new key of holders 1 to `of`, or new shares of it; gives what all know of it."""
    holders = range(1, terms.of + 1)
    first = _all((yield {me: asks.Begin(ceremony, terms, refresh) for me in holders}), Package)
    packages = {me: one.package for me, one in first.items()}
    second = _all((yield {me: asks.Share(ceremony, packages) for me in holders}), Packages)
    received: dict[int, Ask] = {
        me: asks.Make(ceremony, {sender: sent.sealed[me] for sender, sent in second.items() if me in sent.sealed})
        for me in holders
    }
    publics = {me: one.package for me, one in _all((yield received), Package).items()}
    if len(set(publics.values())) != 1:
        raise Failed("public_differs", "not all made the same key")
    public = publics[1]
    _all((yield {me: asks.Keep(ceremony, public) for me in holders}), Package)
    return public


def repair(ceremony: bytes, held: Held, repairers: Iterable[int], lost: int) -> Steps[bytes]:
    """The share of `lost` once more, by as many others as sign."""
    chosen = tuple(sorted(repairers))
    if len(chosen) != held.terms.threshold:
        raise Failed("too_few_signers", f"{held.terms.threshold} holders repair a share")
    key = held.terms.key
    mended = _all((yield {me: asks.Mend(ceremony, key, chosen, lost) for me in chosen}), Packages)
    gather: dict[int, Ask] = {
        me: asks.Gather(ceremony, {sender: one.sealed[me] for sender, one in mended.items() if me in one.sealed})
        for me in chosen
    }
    sums = {me: one.sealed[lost] for me, one in _all((yield gather), Packages).items() if lost in one.sealed}
    restore = asks.Restore(ceremony, held.terms, held.public, held.epoch, sums)
    return _all((yield {lost: restore}), Package)[lost].package


def sign(
    held: Held, request: Request, first_round: int, proofs: Mapping[int, tuple[bytes, ...]] | None = None
) -> Steps[Signed]:
    """Asks all, and signs with the first that are ready. Raises NotYet, Failed.

    Whoever's share does not fit is left out of the next round; rounds are numbered from `first_round` up. `proofs`: by
    holder, that a head extends the one that he signed last.
    """
    shown = proofs or {}
    terms, message = held.terms, message_of(request)
    judged = yield {me: asks.Propose(terms.key, request, shown.get(me, ())) for me in range(1, terms.of + 1)}
    ready = [me for me, reply in judged.items() if isinstance(reply, Judged) and reply.state == "approved"]
    if len(ready) < terms.threshold:
        raise _short(judged, len(ready), terms.threshold)
    cheaters: set[int] = set()
    for number in range(first_round, first_round + terms.of + 1):
        left = [me for me in ready if me not in cheaters]
        if len(left) < terms.threshold:
            raise Failed("forged_signature_share", "too few honest signers are left", sorted(cheaters))
        replies = yield {me: asks.Commit(terms.key, request, number, shown.get(me, ())) for me in left}
        committed = {me: reply.package for me, reply in replies.items() if isinstance(reply, Package)}
        if len(committed) < terms.threshold:
            raise _short(replies, len(committed), terms.threshold)
        signers = dict(sorted(committed.items())[: terms.threshold])
        shares = yield {me: asks.Sign(number, message, signers) for me in signers}
        sent = {me: reply.package for me, reply in shares.items() if isinstance(reply, Package)}
        # Who falls silent between the rounds is no cheater, but no signer of this request either.
        ready = [me for me in ready if me in sent or me not in signers]
        if len(sent) < terms.threshold:
            continue
        try:
            signature = frost_aggregate(held.public, message, signers, sent)
        except FrostRefused as error:
            name, reason, holders = error.args
            if not holders:
                raise Failed(name, reason) from None
            cheaters.update(holders)
            continue
        return Signed(signature, message, tuple(sorted(signers)), tuple(sorted(cheaters)))
    raise Failed("too_few_signers", "too many fell silent between the rounds", sorted(cheaters))


def _all(replies: dict[int, Reply], wanted: type[_Wanted]) -> dict[int, _Wanted]:
    """Raises Failed by the first that is none."""
    found = {}
    for holder, reply in sorted(replies.items()):
        if isinstance(reply, wanted):
            found[holder] = reply
        elif isinstance(reply, Refused):
            raise Failed(reply.name, f"holder {holder}: {reply.reason}", reply.holders)
        else:
            reason = reply.reason if isinstance(reply, Silent) else "replies something else"
            raise Failed("silent", reason, (holder,))
    return found


def _short(replies: dict[int, Reply], have: int, needed: int) -> Failed:
    """Why too few are ready: whoever waits may come, a refusal by policy stays."""
    refused = [reply for reply in replies.values() if isinstance(reply, Refused)]
    may_come = [one for one in refused if one.name in ("delay_running", "not_approved")]
    waiting = [reply for reply in replies.values() if isinstance(reply, Judged)]
    lasting = [one for one in refused if one not in may_come]
    if lasting and len(waiting) + len(may_come) < needed:
        return Failed(lasting[0].name, lasting[0].reason)
    if may_come:
        return NotYet(may_come[0].name, f"{have} of the {needed} that it takes are ready: {may_come[0].reason}")
    if len(waiting) < needed:
        silent = [me for me, reply in replies.items() if isinstance(reply, Silent)]
        return Failed("too_few_signers", f"{have} of the {needed} that it takes answered", silent)
    return NotYet("not_approved", f"{have} of the {needed} that it takes have approved")
