"""Ceremonies led over the holders' lines, each step an entry of the log `ceremonies`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from isthmus.app.keys_heads import Growing, proofs_of
from isthmus.app.keys_link import Lines
from isthmus.app.keys_member import ROSTER, coordinator_folder, read_roster
from isthmus.audit.entry_log import CEREMONIES, EntryLog, entries
from isthmus.audit.keys import asks
from isthmus.audit.keys.asks import COORDINATOR, Ask, Held, Here, Package, Reply, Terms
from isthmus.audit.keys.ceremony import Failed, NotYet, Signed, Steps, make, repair, sign
from isthmus.audit.keys.record import (
    DONE,
    FAILED,
    OPENED,
    WAITING,
    Entry,
    public_result,
    statements,
    terms_result,
    verdicts,
    what_of,
)
from isthmus.audit.keys.requests import Head, Request, request_id
from isthmus.audit.keys.signatures import keep_signature
from isthmus.kernel.values import time_text

Made = TypeVar("Made")
POLL_S = 0.5
APPROVED = "approved"
GENERATE, SIGN, REFRESH, REPAIR = "generate", "sign", "refresh", "repair"


class Asked(Protocol):
    """Carries asks to holders and brings their replies."""

    def ask(self, asked: dict[int, Ask]) -> dict[int, Reply]:
        """One reply for each."""


class Tried(msgspec.Struct, frozen=True):
    """A head that holders were asked to sign once: signed, or not by `name` and reason; `said`: what each came to, and
    what he `attested` of it last.
    """

    held: Held | None
    signed: Signed | None
    name: str
    reason: str
    said: dict[str, str]
    attested: dict[str, tuple[str, str]]


class Coordinator:
    """Leads ceremonies of a data folder. `lines` may be anything that carries asks: a drill changes what it carries."""

    def __init__(self, data: Path, name: str, lines: Asked, holders: list[int]) -> None:
        self._data = data
        self._log = EntryLog(data, name, CEREMONIES)
        self._lines = lines
        self._holders = holders

    def look(self) -> dict[int, Reply]:
        """Who is there."""
        return self._lines.ask({holder: asks.Look() for holder in self._holders})

    def held(self, key: str) -> Held:
        """The key as most holders have it, by the newest refresh that as many as sign have. Raises Failed."""
        return held_alike(self.look(), key)

    def create(self, terms: Terms) -> Held:
        """A new key. Raises Failed."""
        ceremony = secrets.token_bytes(16)
        what = f"{terms.threshold} of {terms.of}, {terms.suite}, for {terms.use}"
        opened = self._entry(ceremony.hex(), GENERATE, terms, what)
        public = self._led(opened, make(ceremony, terms))
        held = Held(terms, public, 0)
        self._end(opened, DONE, result=terms_result(held))
        return held

    def refresh(self, key: str) -> Held:
        """New shares of the same key, or the end of a refresh that not all heard of. Raises Failed."""
        found = self._found(key)
        newest = max(found.values(), key=lambda one: one.epoch, default=None)
        if newest is None:
            raise Failed("unknown_key", f"no holder has {key}")
        behind = [holder for holder, held in found.items() if held.epoch < newest.epoch]
        if behind:
            return self._finish(newest, behind)
        ceremony = secrets.token_bytes(16)
        opened = self._entry(ceremony.hex(), REFRESH, newest.terms, f"refresh {newest.epoch + 1}")
        public = self._led(opened, make(ceremony, newest.terms, refresh=True))
        self._end(opened, DONE, result=public_result(public))
        return Held(newest.terms, public, newest.epoch + 1)

    def repair(self, key: str, lost: int) -> Held:
        """The share of a holder who lost his. Raises Failed."""
        held = self.held(key)
        able = [holder for holder, one in self._found(key).items() if one == held and holder != lost]
        ceremony = secrets.token_bytes(16)
        opened = self._entry(ceremony.hex(), REPAIR, held.terms, f"the share of holder {lost}")
        self._led(opened, repair(ceremony, held, able[: held.terms.threshold], lost))
        self._end(opened, DONE, result=public_result(held.public))
        return held

    def sign(self, key: str, request: Request, wait_s: float, log: Growing | None = None) -> Signed:
        """Waits for custodians and the delay so long. `log`: of a head that is not the first. Raises NotYet when that
        is over, Failed.
        """
        held, until = self.held(key), time.monotonic() + wait_s
        opened = self._entry(request_id(key, request), SIGN, held.terms, what_of(request))
        last: list[dict[str, str]] = []
        while True:
            try:
                signed = self._led(opened, sign(held, request, time.time_ns(), self._shown(key, request, log)), last)
            except NotYet:
                if time.monotonic() >= until:
                    raise
                time.sleep(POLL_S)
                continue
            keep_signature(self._data, signed.message, signed.signature)
            self._end(opened, DONE, cheated(signed), result_of(signed))
            return signed

    def sign_head(self, looked: Mapping[int, Reply], key: str, head: Head, log: Growing) -> Tried:
        """Once, without a word to the log, of what `look` found. Raises nothing that a ceremony ends with."""
        said, attested = verdicts(looked), statements({})
        held: Held | None = None

        def heard(_: dict[int, Ask], replies: dict[int, Reply]) -> None:
            said.update(lasting(said, verdicts(replies)))
            attested.update(statements(replies))

        try:
            held = held_alike(looked, key)
            steps = sign(held, head, time.time_ns(), proofs_of(looked, key, head, log))
            signed = self._run(steps, heard)
        except Failed as error:
            return Tried(held, None, error.name, error.reason, said, attested)
        return Tried(held, signed, "", cheated(signed), said, attested)

    def tell_head(self, key: str, head: Head, tried: Tried) -> None:
        """An entry of the log for a head that was tried, of all that was said to it."""
        needed = 0 if tried.held is None else tried.held.terms.threshold
        step, result = (DONE, result_of(tried.signed)) if tried.signed is not None else (FAILED, {})
        reason = f"{tried.name}: {tried.reason}" if tried.name else tried.reason
        entry = Entry(
            ceremony=request_id(key, head), kind=SIGN, key=key, time="", step=step, what=what_of(head), needed=needed,
            reason=reason, result=result, verdicts=tried.said, attested=tried.attested,
        )  # fmt: skip
        self._append(entry)

    def _shown(self, key: str, request: Request, log: Growing | None) -> dict[int, tuple[bytes, ...]]:
        return proofs_of(self.look(), key, request, log) if isinstance(request, Head) else {}

    def _found(self, key: str) -> dict[int, Held]:
        return holding(self.look(), key)

    def _finish(self, newest: Held, behind: list[int]) -> Held:
        """Some took their new shares and some did not hear that they should: those are told again."""
        key = newest.terms.key
        begun = [one for one in map(Entry.parse, entries(self._data)) if (one.kind, one.key) == (REFRESH, key)]
        if not begun:
            raise Failed("ceremony_unknown", f"the log has no refresh of {key}")
        ceremony = bytes.fromhex(begun[-1].ceremony)
        replies = self._lines.ask({holder: asks.Keep(ceremony, newest.public) for holder in behind})
        opened = replace(begun[-1], reason="", result={})
        self._put(opened, "keep", replies)
        if not all(isinstance(reply, Package) for reply in replies.values()):
            raise Failed("refresh_unfinished", "not all took their new shares: repair theirs", behind)
        self._end(opened, DONE, result=public_result(newest.public))
        return newest

    def _led(self, opened: Entry, steps: Steps[Made], last: list[dict[str, str]] | None = None) -> Made:
        """To its end. What the holders do is told, of a ceremony that is tried again only what is new (`last`)."""
        if not last:
            self._put(opened, OPENED)

        def heard(asked: dict[int, Ask], replies: dict[int, Reply]) -> None:
            step = str(next(iter(asked.values())).__struct_config__.tag)
            said = verdicts(replies) | {"": step}
            if last is None or said not in last:
                self._put(opened, step, replies)
            if last is not None and said not in last:
                last.append(said)

        try:
            return self._run(steps, heard)
        except NotYet as error:
            if last is not None and {"": error.name} not in last:
                last.append({"": error.name})
                self._end(opened, WAITING, error.name)
            raise
        except Failed as error:
            self._end(opened, FAILED, str(error))
            raise

    def _run(self, steps: Steps[Made], heard: Callable[[dict[int, Ask], dict[int, Reply]], None]) -> Made:
        replies: dict[int, Reply] | None = None
        try:
            while True:
                asked = next(steps) if replies is None else steps.send(replies)
                replies = self._lines.ask(asked)
                heard(asked, replies)
        except StopIteration as end:
            made: Made = end.value
            return made

    def _entry(self, ceremony: str, kind: str, terms: Terms, what: str) -> Entry:
        needed = terms.of if kind in (GENERATE, REFRESH) else terms.threshold
        return Entry(ceremony=ceremony, kind=kind, key=terms.key, time="", step=OPENED, what=what, needed=needed)

    def _end(self, opened: Entry, step: str, reason: str = "", result: Mapping[str, str] | None = None) -> None:
        self._put(replace(opened, reason=reason, result=dict(result or {})), step)

    def _put(self, opened: Entry, step: str, replies: Mapping[int, Reply] | None = None) -> None:
        said, heard = verdicts(replies or {}), statements(replies or {})
        self._append(replace(opened, step=step, verdicts=said, attested=heard))

    def _append(self, entry: Entry) -> None:
        now = time.time_ns()
        self._log.append(lambda _place: replace(entry, time=time_text(now)).raw(), now)


def holding(looked: Mapping[int, Reply], key: str) -> dict[int, Held]:
    """The key as each holder who is there has it."""
    here = {holder: reply for holder, reply in looked.items() if isinstance(reply, Here)}
    return {holder: held for holder, reply in here.items() for held in reply.keys if held.terms.key == key}


def held_alike(looked: Mapping[int, Reply], key: str) -> Held:
    """The key as most holders have it, by the newest refresh that as many as sign have. Raises Failed."""
    found = list(holding(looked, key).values())
    for held in sorted(found, key=lambda one: -one.epoch):
        if found.count(held) >= held.terms.threshold:
            return held
    raise Failed("unknown_key", f"fewer than sign hold {key} alike")


def cheated(signed: Signed) -> str:
    """Whose shares did not fit; nothing where all did."""
    return f"shares that do not fit: holder {', '.join(map(str, signed.cheaters))}" if signed.cheaters else ""


def result_of(signed: Signed) -> dict[str, str]:
    """What the log keeps of a signature."""
    made = {"signature": signed.signature.hex(), "message": signed.message.hex()}
    return made | {"signers": " ".join(map(str, signed.signers))}


def lasting(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """A refusal or silence stays, whatever is answered behind it."""
    return {holder: word for holder, word in now.items() if before.get(holder, DONE) in (DONE, APPROVED)}


def connected(data: Path, name: str) -> tuple[Coordinator, Lines]:
    """By the roster of the data folder. Raises BadInput."""
    folder = coordinator_folder(data)
    roster = read_roster(folder / ROSTER)
    lines = Lines(folder, roster)
    return Coordinator(data, name, lines, [card.number for card in roster.cards if card.number != COORDINATOR]), lines
