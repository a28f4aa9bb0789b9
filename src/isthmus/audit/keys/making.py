"""A holder's part in making, refreshing and repairing keys.

All must have seen the same packages of round one: each says what he saw in what he seals for each other. A new share is
kept beside the old one until all have theirs, and then takes its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from isthmus.audit.keys import asks
from isthmus.audit.keys.asks import Package, Packages, Reply, Terms
from isthmus.audit.keys.kept import Kept, KeyShare
from isthmus.audit.keys.policy import Refused, agreeable
from isthmus.audit.keys.requests import USES
from isthmus.audit.keys.sealing import Way, opened, public_of, sealed
from isthmus.audit.keys.vault import Chance
from isthmus.engine import frost
from isthmus.engine.frost import FrostSecret

SHARE_STEP, MEND_STEP, GATHER_STEP = 2, 11, 12
CEREMONIES_MAX = 16
KEYS_MAX = 64
DIGEST_BYTES = 32
SUITES = {"head": ("ed25519",), "withdrawal": ("ed25519", "secp256k1-tr"), "cold": ("secp256k1-tr",)}
"""A head is verified by public tools as Ed25519, a coin by Bitcoin as BIP-340."""

MakingAsk = asks.Begin | asks.Share | asks.Make | asks.Keep | asks.Mend | asks.Gather | asks.Restore


class Begun(msgspec.Struct):
    """A ceremony in which this holder takes part, in memory alone."""

    terms: Terms
    refresh: bool
    secret: FrostSecret
    package: bytes
    packages: dict[int, bytes] = {}
    view: bytes = b""


class Mending(msgspec.Struct, frozen=True):
    """A repair in which this holder takes part."""

    share: KeyShare
    own: bytes
    repairers: tuple[int, ...]
    lost: int


class Making:
    """`save` keeps what `kept` has become."""

    def __init__(self, kept: Kept, save: Callable[[], None], chance: Chance) -> None:
        self.box = public_of(kept.box)
        self._kept = kept
        self._save = save
        self._chance = chance
        self._begun: dict[bytes, Begun] = {}
        self._mending: dict[bytes, Mending] = {}

    def answer(self, ask: MakingAsk) -> Reply:
        """Raises FrostRefused, BadInput."""
        if isinstance(ask, asks.Begin):
            return self._begin(ask)
        if isinstance(ask, asks.Share):
            return self._shared(ask)
        if isinstance(ask, asks.Make):
            return self._made(ask)
        if isinstance(ask, asks.Keep):
            return self._keep(ask)
        if isinstance(ask, asks.Mend):
            return self._mend(ask)
        if isinstance(ask, asks.Gather):
            return self._gather(ask)
        return self._restore(ask)

    def about(self, ask: MakingAsk) -> tuple[str, str]:
        """The key that it is about, and its public key (hexadecimal), each empty where it is not known."""
        if isinstance(ask, asks.Begin):
            return ask.terms.key, ""
        if isinstance(ask, asks.Restore):
            return ask.terms.key, frost.frost_known(ask.public)[1].hex()
        if isinstance(ask, asks.Keep):
            public = frost.frost_known(ask.public)[1].hex()
            made = [*self._kept.candidates.values(), *self._kept.keys.values()]
            return next((one.terms.key for one in made if one.public == ask.public), ""), public
        if isinstance(ask, asks.Share | asks.Make):
            begun = self._begun.get(ask.ceremony)
            return ("", "") if begun is None else (begun.terms.key, "")
        mending = self._mending.get(ask.ceremony)
        share = mending.share if mending is not None else None
        return ("", "") if share is None else (share.terms.key, frost.frost_known(share.public)[1].hex())

    def _begin(self, ask: asks.Begin) -> Reply:
        refusal = self._unfit(ask)
        if refusal is not None:
            return refusal
        terms, me = ask.terms, self._kept.number
        part1 = frost.frost_refresh_part1 if ask.refresh else frost.frost_dkg_part1
        secret, package = part1(terms.suite, me, terms.of, terms.threshold)
        while len(self._begun) >= CEREMONIES_MAX:
            del self._begun[next(iter(self._begun))]
        self._begun[ask.ceremony] = Begun(terms, ask.refresh, secret, package)
        return Package(package)

    def _unfit(self, ask: asks.Begin) -> Refused | None:
        terms, held = ask.terms, self._kept.keys.get(ask.terms.key)
        if ask.ceremony in self._begun:
            return Refused("ceremony_replayed", "it was begun already")
        if ask.refresh:
            if held is None:
                return Refused("unknown_key", f"this holder has no share of {terms.key}")
            return None if held.terms == terms else Refused("terms_differ", "a refresh changes no terms")
        if held is not None:
            return Refused("key_exists", f"{terms.key} was made already")
        return self._unfit_terms(terms)

    def _unfit_terms(self, terms: Terms) -> Refused | None:
        if len(self._kept.keys) >= KEYS_MAX:
            return Refused("too_many_keys", f"this holder has {KEYS_MAX}")
        if not 1 <= len(terms.key) <= 64 or not all(c.isascii() and (c.isalnum() or c in "-_.") for c in terms.key):
            return Refused("bad_terms", "a key is named by 1 to 64 letters, digits, - _ .")
        if terms.use not in USES or terms.suite not in SUITES[terms.use]:
            return Refused("bad_terms", f"{terms.suite} serves no key for {terms.use}")
        if not 2 <= terms.threshold <= terms.of or self._kept.number > terms.of:
            return Refused("bad_terms", "the threshold is not 2 to the number of holders")
        if any(self._box(number) is None for number in range(1, terms.of + 1)):
            return Refused("unknown_holder", f"the roster has not all of 1 to {terms.of}")
        return agreeable(terms.policy, terms.use)

    def _shared(self, ask: asks.Share) -> Reply:
        begun = self._begun.get(ask.ceremony)
        if begun is None:
            return _unknown()
        if set(ask.packages) != set(range(1, begun.terms.of + 1)):
            return Refused("packages_missing", f"are not those of holders 1 to {begun.terms.of}")
        if ask.packages[self._kept.number] != begun.package:
            return Refused("packages_differ", "this holder's own package was changed")
        others = {number: package for number, package in ask.packages.items() if number != self._kept.number}
        part2 = frost.frost_refresh_part2 if begun.refresh else frost.frost_dkg_part2
        begun.secret, sent = part2(begun.secret, others)
        begun.packages, begun.view = others, _view(ask.packages)
        return self._packages(ask.ceremony, SHARE_STEP, {number: begun.view + one for number, one in sent.items()})

    def _made(self, ask: asks.Make) -> Reply:
        begun = self._begun.get(ask.ceremony)
        if begun is None or not begun.view:
            return _unknown()
        received: dict[int, bytes] = {}
        for sender in begun.packages:
            content = self._open(ask.ceremony, SHARE_STEP, sender, ask.sealed)
            if isinstance(content, Refused):
                return content
            if content[:DIGEST_BYTES] != begun.view:
                return Refused("packages_differ", f"holder {sender} saw other packages of round one", (sender,))
            received[sender] = content[DIGEST_BYTES:]
        # What was begun is over, well or not: its secret serves once.
        del self._begun[ask.ceremony]
        share = self._candidate(begun, received)
        if isinstance(share, Refused):
            return share
        while len(self._kept.candidates) >= CEREMONIES_MAX:
            del self._kept.candidates[next(iter(self._kept.candidates))]
        self._kept.candidates[ask.ceremony.hex()] = share
        self._save()
        return Package(share.public)

    def _candidate(self, begun: Begun, received: dict[int, bytes]) -> KeyShare | Refused:
        if not begun.refresh:
            return KeyShare(begun.terms, *frost.frost_dkg_part3(begun.secret, begun.packages, received), 0)
        old = self._kept.keys.get(begun.terms.key)
        if old is None:
            return Refused("unknown_key", f"this holder has no share of {begun.terms.key}")
        new = frost.frost_refresh_part3(begun.secret, begun.packages, received, old.share, old.public)
        return KeyShare(old.terms, *new, old.epoch + 1)

    def _keep(self, ask: asks.Keep) -> Reply:
        share = self._kept.candidates.get(ask.ceremony.hex())
        if share is None:
            held = [one for one in self._kept.keys.values() if one.public == ask.public]
            return Package(ask.public) if held else _unknown()
        if share.public != ask.public:
            return Refused("public_differs", "not all made the same key")
        self._kept.keys[share.terms.key] = share
        del self._kept.candidates[ask.ceremony.hex()]
        self._save()
        return Package(share.public)

    def _mend(self, ask: asks.Mend) -> Reply:
        share, me = self._kept.keys.get(ask.key), self._kept.number
        if share is None:
            return Refused("unknown_key", f"this holder has no share of {ask.key}")
        of, repairers = share.terms.of, set(ask.repairers)
        if len(repairers) != share.terms.threshold or me not in repairers or not repairers <= set(range(1, of + 1)):
            return Refused("bad_repairers", f"are not {share.terms.threshold} holders of the key, this one among them")
        if ask.lost in repairers or not 1 <= ask.lost <= of:
            return Refused("bad_repairers", f"{ask.lost} is no other holder of the key")
        deltas = frost.frost_repair_part1(share.share, sorted(repairers), ask.lost)
        while len(self._mending) >= CEREMONIES_MAX:
            del self._mending[next(iter(self._mending))]
        self._mending[ask.ceremony] = Mending(share, deltas.pop(me), tuple(sorted(repairers)), ask.lost)
        return self._packages(ask.ceremony, MEND_STEP, deltas)

    def _gather(self, ask: asks.Gather) -> Reply:
        mending = self._mending.pop(ask.ceremony, None)
        if mending is None:
            return _unknown()
        deltas = [mending.own]
        for sender in mending.repairers:
            if sender != self._kept.number:
                delta = self._open(ask.ceremony, MEND_STEP, sender, ask.sealed)
                if isinstance(delta, Refused):
                    return delta
                deltas.append(delta)
        held = _digest(mending.share.terms, mending.share.public, mending.share.epoch)
        content = held + frost.frost_repair_part2(deltas)
        return self._packages(ask.ceremony, GATHER_STEP, {mending.lost: content})

    def _restore(self, ask: asks.Restore) -> Reply:
        terms, held = ask.terms, self._kept.keys.get(ask.terms.key)
        if held is not None and held.epoch >= ask.epoch:
            return Refused("share_present", f"this holder has his share of {terms.key}")
        if len(ask.sealed) != terms.threshold:
            return Refused("packages_missing", f"are not those of {terms.threshold} repairers")
        sums = []
        for sender in sorted(ask.sealed):
            content = self._open(ask.ceremony, GATHER_STEP, sender, ask.sealed)
            if isinstance(content, Refused):
                return content
            if content[:DIGEST_BYTES] != _digest(terms, ask.public, ask.epoch):
                return Refused("terms_differ", f"holder {sender} holds it on other terms", (sender,))
            sums.append(content[DIGEST_BYTES:])
        share = frost.frost_repair_part3(sums, self._kept.number, ask.public)
        self._kept.keys[terms.key] = KeyShare(terms, share, ask.public, ask.epoch)
        self._save()
        return Package(ask.public)

    def _box(self, number: int) -> bytes | None:
        card = self._kept.roster.card(number) if self._kept.roster is not None else None
        return card.box if card is not None else None

    def _packages(self, ceremony: bytes, step: int, contents: dict[int, bytes]) -> Packages | Refused:
        found = {}
        for number, content in contents.items():
            box = self._box(number)
            if box is None:
                return Refused("unknown_holder", f"the roster has no holder {number}")
            way = Way(ceremony, step, self._kept.number, number)
            found[number] = sealed(way, self._kept.box, box, content, self._chance)
        return Packages(found)

    def _open(self, ceremony: bytes, step: int, sender: int, packages: dict[int, bytes]) -> bytes | Refused:
        box = self._box(sender)
        if sender not in packages or box is None:
            return Refused("packages_missing", f"there is none of holder {sender}")
        return opened(Way(ceremony, step, sender, self._kept.number), self._kept.box, box, packages[sender])


def _unknown() -> Refused:
    return Refused("ceremony_unknown", "was not begun, is over, or the holder started anew")


def _view(packages: dict[int, bytes]) -> bytes:
    rows = b"".join(
        number.to_bytes(2, "big") + hashlib.sha256(packages[number]).digest() for number in sorted(packages)
    )
    return hashlib.sha256(rows).digest()


def _digest(terms: Terms, public: bytes, epoch: int) -> bytes:
    return hashlib.sha256(msgspec.json.encode((terms, public, epoch), order="sorted")).digest()
