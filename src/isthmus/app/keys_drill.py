"""`isthmus keys drill`: seven holders as processes. Three custodians coerced, three holders lost, one who cheats.

Prints what was tried, what was found and how long it took. Exit 0 when all went as it must, 1 otherwise.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from isthmus.app.keys_ceremonies import Coordinator
from isthmus.app.keys_house import NAME, House
from isthmus.app.keys_link import Lines
from isthmus.app.output import EXIT_FOUND, EXIT_OK, note, print_json, say
from isthmus.audit.entry_log import entries
from isthmus.audit.keys import asks
from isthmus.audit.keys.asks import Ask, Held, Judged, Package, Packages, Reply, Terms, Told
from isthmus.audit.keys.ceremony import Failed, NotYet, Signed
from isthmus.audit.keys.policy import Limit, Policy
from isthmus.audit.keys.record import DONE, Entry, board
from isthmus.audit.keys.requests import Withdrawal, request_id
from isthmus.engine.frost import FrostRefused, frost_aggregate, frost_commit, frost_known, frost_sign

OF, THRESHOLD, KEY = 7, 4, "payments"
BANK, BIC = "GB33BUKB20201555555555", "BUKBGB22"
POLICY = Policy((f"{BANK}@{BIC}",), {"GBP": Limit("10000", "50000")}, delay_s=1)
STOLEN = Withdrawal("GBP", "9000.00", BANK, "WD-1", BIC)
OWED = Withdrawal("GBP", "250.00", BANK, "WD-2", BIC)
AFTER = Withdrawal("GBP", "40.00", BANK, "WD-3", BIC)
COERCED, LOST, LEFT = (1, 2, 3), (5, 6, 7), (1, 2, 3, 4)
CHEAT = 2
WAIT_S, PAUSE_S, DELAY_S = 15.0, 0.1, 1.1

Tamper = Callable[[int, Ask, Reply], Reply]


class Step(msgspec.Struct, frozen=True):
    """What was tried, whether it went as it must, how long it took, and what was seen."""

    name: str
    ok: bool
    seconds: float
    found: str


class Crooked:
    """Lines on which somebody changes replies."""

    def __init__(self, lines: Lines, tamper: Tamper) -> None:
        self._lines = lines
        self._tamper = tamper

    def ask(self, asked: dict[int, Ask]) -> dict[int, Reply]:
        """See Asked."""
        return {holder: self._tamper(holder, asked[holder], reply) for holder, reply in self._lines.ask(asked).items()}


class Drill:
    """Steps in their order; each says what it found."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._coordinator, self._lines = house.coordinator()
        self.steps: list[Step] = []
        self._held: Held | None = None
        self._old: dict[int, bytes] = {}
        self._seen: dict[int, Packages] = {}

    def run(self) -> None:
        """All of them, also behind one that goes wrong."""
        for name, step in (
            ("seven make a key", self._make),
            ("three coerced custodians give the code of duress: nothing moves", self._coerced),
            ("a fourth approves in good faith: nothing moves", self._fourth),
            ("the alarm is raised elsewhere", self._alarmed),
            ("the board shows ordinary approvals", self._shown),
            ("three holders are lost: four still sign", self._lost),
            ("the lost shares come back by the others", self._repaired),
            ("a refresh makes old shares useless", self._refreshed),
            ("all seven sign again", self._again),
            ("a forged share: the cheater is named", self._forged),
            ("a swapped share: the cheater is named", self._swapped),
            ("a replayed package is refused, its sender named", self._replayed),
        ):
            began = time.monotonic()
            try:
                ok, found = step()
            except (Failed, FrostRefused, KeyError, OSError) as error:
                ok, found = False, f"{type(error).__name__}: {error}"
            self.steps.append(Step(name, ok, round(time.monotonic() - began, 2), found))
            note(f"{'ok  ' if ok else 'WRONG'} {self.steps[-1].seconds:6.2f} s  {name}: {found}")
        self._lines.close()

    def moved(self) -> list[str]:
        """What was signed of what must not be."""
        stolen = request_id(KEY, STOLEN)
        log = map(Entry.parse, entries(self._house.data))
        return [one.what for one in log if one.ceremony == stolen and (one.step == DONE or "signature" in one.result)]

    def _make(self) -> tuple[bool, str]:
        self._held = self._coordinator.create(Terms(KEY, "ed25519", "withdrawal", OF, THRESHOLD, POLICY))
        cold = Terms(
            "cold", "secp256k1-tr", "cold", OF, THRESHOLD, msgspec.structs.replace(POLICY, destinations=("00",))
        )
        self._coordinator.create(cold)
        shown = {one.key: one for one in board(entries(self._house.data)).keys}
        address = shown["cold"].address or ""
        return address.startswith("bc1p"), f"{shown[KEY].public_key[:16]}..., cold wallet {address}"

    def _coerced(self) -> tuple[bool, str]:
        self._refused(STOLEN)
        replies = [self._house.approve(me, KEY, request_id(KEY, STOLEN), duress=True) for me in COERCED]
        time.sleep(DELAY_S)
        name = self._refused(STOLEN)
        ordinary = all(isinstance(one, Judged) and one.state == "approved" for one in replies)
        return ordinary and name == "not_approved", f"replies: approved, approved, approved; signing: {name}"

    def _fourth(self) -> tuple[bool, str]:
        reply = self._house.approve(4, KEY, request_id(KEY, STOLEN))
        time.sleep(DELAY_S)
        name = self._refused(STOLEN)
        return isinstance(reply, Judged) and name == "delay_running" and not self.moved(), f"signing: {name}"

    def _alarmed(self) -> tuple[bool, str]:
        until, told = time.monotonic() + WAIT_S, {me: set[int]() for me in range(4, OF + 1)}
        while time.monotonic() < until and not all(by == set(COERCED) for by in told.values()):
            time.sleep(PAUSE_S)
            told = {me: self._alarms(me) for me in told}
        return all(by == set(COERCED) for by in told.values()), f"holders {sorted(told)} know of {sorted(told[4])}"

    def _shown(self) -> tuple[bool, str]:
        shown = next(
            one for one in board(entries(self._house.data)).ceremonies if one.ceremony == request_id(KEY, STOLEN)
        )
        last = {step.holder: step.verdict for step in shown.steps if step.verdict in ("approved", "waiting")}
        words = b"".join(entries(self._house.data)).lower()
        silent = not any(word in words for word in (b"duress", b"coerce", b"alarm", b"void"))
        return silent and all(last[me] == "approved" for me in (*COERCED, 4)), f"{shown.state}: {shown.reason}"

    def _lost(self) -> tuple[bool, str]:
        for me in range(1, OF + 1):
            self._house.custodian(me, asks.Alarms(self._house.code(me), clear=True))
        self._house.lose(*LOST)
        signed = self._signed(OWED, LEFT)
        return signed.signers == LEFT, f"signed by {_listed(signed.signers)}"

    def _repaired(self) -> tuple[bool, str]:
        for me in LOST:
            self._house.enroll(me)
        roster = self._house.gather()
        for me in LEFT:
            self._house.custodian(me, asks.Enter(self._house.code(me), roster))
        self._house.start(*LOST)
        self._lines.close()
        self._coordinator, self._lines = self._house.coordinator()
        for key in (KEY, "cold"):
            for me in LOST:
                self._coordinator.repair(key, me)
        epochs = {self._house.share(me, KEY).epoch for me in LOST}
        return epochs == {0}, f"holders {_listed(LOST)} have their shares on new machines"

    def _refreshed(self) -> tuple[bool, str]:
        self._old = {me: self._house.share(me, KEY).share for me in COERCED}
        before = self._known()
        self._held = self._coordinator.refresh(KEY)
        fourth = self._house.share(4, KEY)
        shares = self._old | {4: fourth.share}
        nonces = {me: frost_commit(share) for me, share in shares.items()}
        commitments = {me: public for me, (_, public) in nonces.items()}
        made = {me: frost_sign(share, nonces[me][0], b"stolen", commitments) for me, share in shares.items()}
        try:
            frost_aggregate(fourth.public, b"stolen", commitments, made)
        except FrostRefused as error:
            name, _, holders = error.args
            same = self._known() == before
            return same and tuple(holders) == COERCED, f"same key; shares of {_listed(holders)} from before: {name}"
        return False, "three old shares and a new one signed"

    def _again(self) -> tuple[bool, str]:
        signed = self._signed(AFTER, range(1, OF + 1))
        return not signed.cheaters, f"signed by {_listed(signed.signers)}"

    def _forged(self) -> tuple[bool, str]:
        def forge(holder: int, ask: Ask, reply: Reply) -> Reply:
            if holder == CHEAT and isinstance(ask, asks.Sign) and isinstance(reply, Package):
                return Package(reply.package[:-1] + bytes([reply.package[-1] ^ 1]))
            return reply

        return self._named(forge)

    def _swapped(self) -> tuple[bool, str]:
        first: dict[int, Reply] = {}

        def swap(holder: int, ask: Ask, reply: Reply) -> Reply:
            if isinstance(ask, asks.Sign):
                first.setdefault(ask.round, reply)
                return first[ask.round] if holder == CHEAT else reply
            return reply

        return self._named(swap)

    def _named(self, tamper: Tamper) -> tuple[bool, str]:
        signed = self._crooked(tamper).sign(KEY, AFTER, WAIT_S)
        self._verify(signed)
        found = f"holder {_listed(signed.cheaters)} cheated, {_listed(signed.signers)} signed without him"
        return signed.cheaters == (CHEAT,) and CHEAT not in signed.signers, found

    def _replayed(self) -> tuple[bool, str]:
        def replay(holder: int, ask: Ask, reply: Reply) -> Reply:
            if holder != CHEAT or not isinstance(ask, asks.Share) or not isinstance(reply, Packages):
                return reply
            return self._seen.setdefault(holder, reply)

        self._crooked(replay).refresh(KEY)
        before = self._known()
        try:
            self._crooked(replay).refresh(KEY)
        except Failed as error:
            right = error.name == "replayed_package" and error.holders == (CHEAT,) and self._known() == before
            return right, f"{error.name}: holder {_listed(error.holders)}; the shares are as they were"
        return False, "a refresh took a package of another one"

    def _crooked(self, tamper: Tamper) -> Coordinator:
        return Coordinator(self._house.data, NAME, Crooked(self._lines, tamper), sorted(self._house.cards))

    def _known(self) -> bytes:
        return frost_known(self._coordinator.held(KEY).public)[1]

    def _refused(self, request: Withdrawal) -> str:
        try:
            self._coordinator.sign(KEY, request, 0.0)
        except NotYet as error:
            return error.name
        return "signed"

    def _signed(self, request: Withdrawal, by: Any) -> Signed:
        self._refused(request)
        for me in by:
            self._house.approve(me, KEY, request_id(KEY, request))
        signed = self._coordinator.sign(KEY, request, WAIT_S)
        self._verify(signed)
        return signed

    def _verify(self, signed: Signed) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self._known()).verify(signed.signature, signed.message)
        except InvalidSignature:
            raise Failed("bad_signature", "another library does not verify it") from None

    def _alarms(self, me: int) -> set[int]:
        reply = self._house.custodian(me, asks.Alarms(self._house.code(me)))
        return {one[0] for one in reply.alarms} if isinstance(reply, Told) else set()


def drill(arguments: argparse.Namespace) -> int:
    """Prints {"ok", "moved", "seconds", "steps": [{"name", "ok", "seconds", "found"}]}."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="isthmus-keys-") as made:
        house = House(Path(arguments.data or made), OF)
        try:
            trial = Drill(house)
            trial.run()
            moved = trial.moved()
        finally:
            house.stop()
    ok = all(step.ok for step in trial.steps) and not moved
    seconds = round(time.monotonic() - began, 1)
    if arguments.json:
        print_json({"ok": ok, "moved": moved, "seconds": seconds, "steps": trial.steps})
    else:
        say(f"{'all went as it must' if ok else 'WRONG'}; moved: {len(moved)}; {seconds} s")
    return EXIT_OK if ok else EXIT_FOUND


def _listed(holders: Any) -> str:
    return ", ".join(map(str, holders)) or "none"
