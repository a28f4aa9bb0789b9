"""Ceremonies as entries of the log `ceremonies` (0x03 and JSON by RFC 8785), and the board that they add up to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec
import rfc8785

from isthmus.audit.keys.asks import Held, Judged, Reply, Roster, Silent
from isthmus.audit.keys.policy import Refused
from isthmus.audit.keys.requests import Cold, Head, Request, Withdrawal
from isthmus.audit.keys.statement import DOINGS, LAST_DOINGS, Said, Statement, heard
from isthmus.engine.frost import frost_known, taproot_address
from isthmus.kernel.errors import Damaged

ENTRY = b"\x03"
FORMAT = "isthmus-ceremony/1"
OPENED, DONE, FAILED, WAITING = "opened", "done", "failed", "waiting"
ENDS = (DONE, FAILED, WAITING)
CEREMONIES_SHOWN = 200


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step of a ceremony. `step`: one of OPENED, DONE, FAILED, WAITING, or what was asked of the holders; `verdicts`:
    what each replied; `attested`: what he signed of it, his statement and its signature (hex); `result`: what came
    of it, and on what terms.
    """

    format: str = FORMAT
    ceremony: str
    kind: str
    key: str
    time: str
    step: str
    what: str = ""
    needed: int = 0
    verdicts: dict[str, str] = {}
    attested: dict[str, tuple[str, str]] = {}
    reason: str = ""
    result: dict[str, str] = {}

    def raw(self) -> bytes:
        """The bytes of the log's entry."""
        said = msgspec.to_builtins(self) | {"format": self.format}
        return ENTRY + rfc8785.dumps(said)

    @staticmethod
    def parse(raw: bytes) -> Entry:
        """Raises Damaged."""
        try:
            entry = msgspec.json.decode(raw[1:], type=Entry)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Damaged(f"an entry of the ceremonies is none: {error}") from None
        if raw[:1] != ENTRY or entry.format != FORMAT or entry.raw() != raw:
            raise Damaged("an entry of the ceremonies is of another form")
        return entry


class Step(msgspec.Struct, frozen=True):
    """What a holder did. `attested`: by his own statement."""

    holder: int
    time: str
    verdict: str
    attested: bool = False


class Shown(msgspec.Struct):
    """A ceremony; `sequence` is its first entry in the log. `attested`: whose statements say that it came to this."""

    ceremony: str
    kind: str
    key: str
    what: str
    opened: str
    state: str
    needed: int
    sequence: int
    reason: str | None = None
    steps: list[Step] = []
    attested: list[int] = []


class ShownHolder(msgspec.Struct, frozen=True):
    """`state`: "present", "silent" or "lost"."""

    holder: int
    state: str


class ShownKey(msgspec.Struct):
    """A key; `address` of a cold one."""

    key: str
    suite: str
    threshold: int
    of: int
    public_key: str
    address: str | None
    use: str
    holders: list[ShownHolder]


class Board(msgspec.Struct):
    """Keys by name, and the newest ceremonies first."""

    keys: list[ShownKey]
    ceremonies: list[Shown]


def board(entries: Iterable[bytes], roster: Roster | None = None) -> Board:
    """Of all entries of the log, in their order. What holders attest is checked by the certificates of `roster`, and
    without one nothing is attested. Raises Damaged.
    """
    keys: dict[str, ShownKey] = {}
    said: dict[str, dict[int, Statement]] = {}
    ceremonies: dict[str, Shown] = {}
    for sequence, raw in enumerate(entries):
        entry = Entry.parse(raw)
        shown = ceremonies.get(entry.ceremony)
        if shown is None:
            shown = Shown(
                entry.ceremony, entry.kind, entry.key, entry.what, entry.time, OPENED, entry.needed, sequence
            )  # fmt: skip
            ceremonies[entry.ceremony] = shown
        last = said.setdefault(entry.ceremony, {})
        for holder, verdict in sorted(entry.verdicts.items()):
            statement = attests(entry, holder, verdict, roster)
            last.pop(int(holder), None)
            if statement is not None:
                last[int(holder)] = statement
            shown.steps.append(Step(int(holder), entry.time, verdict, statement is not None))
        if entry.step in ENDS:
            shown.state, shown.reason = entry.step, entry.reason or None
            shown.attested = attesting(entry, last)
        if entry.kind == "generate" and entry.step == DONE:
            keys[entry.key] = _key(entry)
        if entry.key in keys:
            keys[entry.key].holders = _seen(keys[entry.key], entry.verdicts)
    newest = sorted(ceremonies.values(), key=lambda one: one.sequence, reverse=True)
    return Board([keys[name] for name in sorted(keys)], newest[:CEREMONIES_SHOWN])


def attests(entry: Entry, holder: str, verdict: str, roster: Roster | None) -> Statement | None:
    """The holder's own statement, where it says what the entry says of him."""
    card = roster.card(int(holder)) if roster is not None else None
    text, signature = entry.attested.get(holder, ("", ""))
    try:
        statement = heard(Said(text, bytes.fromhex(signature)), card.certificate) if card else None
    except ValueError:
        return None
    if statement is None or (statement.holder, statement.ceremony) != (int(holder), entry.ceremony):
        return None
    is_same = statement.did in DOINGS if verdict == "done" else statement.did == verdict
    return statement if is_same and statement.key in ("", entry.key) else None


def attesting(entry: Entry, said: Mapping[int, Statement]) -> list[int]:
    """Who attests the end: of a ceremony that was done, that he did his last part in just what came of it."""
    if entry.step != DONE:
        return sorted(said)
    message = entry.result.get("message")
    of = entry.result.get("public_key")
    if message is not None:
        try:
            of = hashlib.sha256(bytes.fromhex(message)).hexdigest()
        except ValueError:
            return []
    return sorted(
        holder for holder, one in said.items() if of and (one.of, one.key) == (of, entry.key) and one.did in LAST_DOINGS
    )


def statements(replies: Mapping[int, Reply]) -> dict[str, tuple[str, str]]:
    """As an entry keeps them."""
    said = {str(holder): getattr(reply, "said", None) for holder, reply in sorted(replies.items())}
    return {holder: (one.text, one.signature.hex()) for holder, one in said.items() if one is not None}


def verdicts(replies: Mapping[int, Reply]) -> dict[str, str]:
    """In a word each."""
    return {str(holder): _verdict(reply) for holder, reply in sorted(replies.items())}


def terms_result(held: Held) -> dict[str, str]:
    """What a log keeps of a key's making, so that the board needs no holder."""
    terms = held.terms
    address = address_of(held)
    found = {"suite": terms.suite, "use": terms.use, "of": str(terms.of), "threshold": str(terms.threshold)}
    return found | public_result(held.public) | ({"address": address} if address else {})


def public_result(public: bytes) -> dict[str, str]:
    """What a log keeps of new shares: the key, which is the same."""
    return {"public_key": frost_known(public)[1].hex()}


def address_of(held: Held) -> str | None:
    """Where a cold key is paid (BIP-350, main network); the tweak without scripts is in the key already."""
    return taproot_address(frost_known(held.public)[1][1:], "bc") if held.terms.use == "cold" else None


def what_of(request: Request) -> str:
    """One line for the board."""
    if isinstance(request, Head):
        origin, size, *_ = request.text.split("\n")
        return f"head of {origin}, {size} entries"
    if isinstance(request, Withdrawal):
        at_bank = "" if request.bank is None else f" at {request.bank}"
        return f"{request.amount} {request.asset} to {request.destination}{at_bank} ({request.reference})"
    assert isinstance(request, Cold)
    return f"input {request.input} of a transaction with {len(request.spending.paid)} outputs"


def _key(entry: Entry) -> ShownKey:
    said = entry.result
    try:
        of = int(said["of"])
        known = said["suite"], int(said["threshold"]), of, said["public_key"], said.get("address"), said["use"]
    except (KeyError, ValueError):
        raise Damaged(f"the making of {entry.key} does not say what was made") from None
    return ShownKey(entry.key, *known, [ShownHolder(holder, "present") for holder in range(1, of + 1)])


def _seen(key: ShownKey, said: dict[str, str]) -> list[ShownHolder]:
    states = {"silent": "silent", "unknown_key": "lost"}
    return [
        ShownHolder(one.holder, states.get(said[str(one.holder)], "present")) if str(one.holder) in said else one
        for one in key.holders
    ]


def _verdict(reply: Reply) -> str:
    if isinstance(reply, Refused):
        return reply.name
    if isinstance(reply, Judged):
        return reply.state
    return "silent" if isinstance(reply, Silent) else "done"
