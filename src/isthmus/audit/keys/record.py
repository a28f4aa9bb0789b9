"""Ceremonies as entries of the log `ceremonies` (0x03 and JSON by RFC 8785), and the board that they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import rfc8785

from isthmus.audit.keys.asks import Held, Judged, Reply, Silent
from isthmus.audit.keys.policy import Refused
from isthmus.audit.keys.requests import Cold, Head, Request, Withdrawal
from isthmus.engine.frost import frost_known, taproot_address
from isthmus.kernel.errors import Damaged

ENTRY = b"\x03"
FORMAT = "isthmus-ceremony/1"
OPENED, DONE, FAILED, WAITING = "opened", "done", "failed", "waiting"
ENDS = (DONE, FAILED, WAITING)
CEREMONIES_SHOWN = 200


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step of a ceremony. `step`: one of OPENED, DONE, FAILED, WAITING, or what was asked of the holders; `verdicts`:
    what each replied; `result`: what came of it, and on what terms.
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
    """What a holder did."""

    holder: int
    time: str
    verdict: str


class Shown(msgspec.Struct):
    """A ceremony; `sequence` is its first entry in the log."""

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


def board(entries: Iterable[bytes]) -> Board:
    """Of all entries of the log, in their order. Raises Damaged."""
    keys: dict[str, ShownKey] = {}
    ceremonies: dict[str, Shown] = {}
    for sequence, raw in enumerate(entries):
        entry = Entry.parse(raw)
        shown = ceremonies.get(entry.ceremony)
        if shown is None:
            shown = Shown(
                entry.ceremony, entry.kind, entry.key, entry.what, entry.time, OPENED, entry.needed, sequence
            )  # fmt: skip
            ceremonies[entry.ceremony] = shown
        if entry.step in ENDS:
            shown.state, shown.reason = entry.step, entry.reason or None
        shown.steps += [Step(int(holder), entry.time, verdict) for holder, verdict in sorted(entry.verdicts.items())]
        if entry.kind == "generate" and entry.step == DONE:
            keys[entry.key] = _key(entry)
        if entry.key in keys:
            keys[entry.key].holders = _seen(keys[entry.key], entry.verdicts)
    newest = sorted(ceremonies.values(), key=lambda one: one.sequence, reverse=True)
    return Board([keys[name] for name in sorted(keys)], newest[:CEREMONIES_SHOWN])


def verdicts(replies: Mapping[int, Reply]) -> dict[str, str]:
    """In a word each."""
    return {str(holder): _verdict(reply) for holder, reply in sorted(replies.items())}


def terms_result(held: Held) -> dict[str, str]:
    """What a log keeps of a key's making, so that the board needs no holder."""
    terms = held.terms
    address = address_of(held)
    found = {"suite": terms.suite, "use": terms.use, "of": str(terms.of), "threshold": str(terms.threshold)}
    return found | {"public_key": frost_known(held.public)[1].hex()} | ({"address": address} if address else {})


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
