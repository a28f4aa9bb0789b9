"""Evidence of one trade in one signed file: what a bank's message, a chain's event, the order and the postings say.

Every fact names the source in this file that says it and the leaf that commits to it: of a log for what the engine
recorded, the SHA-256 of the bytes for what came from outside. Facts of one join must say the same. The file is signed
as a whole, so that nothing in it changes unseen, and each source is read anew by whoever verifies it, so that what
changed is located. docs/guide/evidence.md.
"""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal, InvalidOperation
from typing import Literal

import msgspec

from isthmus.audit.proof_file import ProofFile
from isthmus.audit.signed_file import SignedFile, parse
from isthmus.kernel.errors import BadInput

FORMAT = "isthmus-evidence/1"
Kind = Literal["listing", "record", "order", "message", "chain", "event"]
FROM_OUTSIDE: tuple[Kind, ...] = ("message", "chain", "event")
NOT_PROVEN = (
    "that a message was sent, or an event is in a block of its chain: their bytes are what was handed in",
    "that the signer's key is the broker's: get the key from the broker, not from this file",
    "which security an ISIN or a token is: that is the file of the chain, which the signer handed in",
)


class Leaf(msgspec.Struct, frozen=True):
    """What commits to a fact: leaf `index` of `log`; with `log` "file", the hash of bytes that stand in this file."""

    log: str
    index: int
    hash: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """`content`: base64 of a record's body or of the bytes from outside; empty for an order: its proof discloses it.
    `prev`: hash (hexadecimal) of the record before.
    """

    id: str
    kind: Kind
    content: str = ""
    prev: str = ""
    proof: ProofFile | None = None

    @property
    def bytes(self) -> bytes:
        """Raises BadInput."""
        try:
            return base64.b64decode(self.content, validate=True)
        except ValueError:
            raise BadInput(self.id, "not_base64: its content cannot be read") from None

    @property
    def leaf(self) -> Leaf:
        """Raises BadInput."""
        if self.proof is None:
            return Leaf("file", 0, hashlib.sha256(self.bytes).hexdigest())
        return Leaf(self.proof.log, self.proof.index, self.proof.leaf_hash)


class Fact(msgspec.Struct, frozen=True):
    """`join`: with which facts of other sources it must agree; empty where it stands alone. Decimals are plain."""

    source: str
    path: str
    value: str
    join: str
    leaf: Leaf


class Join(msgspec.Struct, frozen=True):
    """What several sources say of one thing. `only_one`: a single source says it, nothing is joined."""

    name: str
    values: dict[str, str]
    verdict: Literal["agrees", "differs", "only_one"]


class Evidence(SignedFile, frozen=True, kw_only=True):
    """`made`: RFC 3339."""

    SUBJECT = ("trade", "side")
    format: str = FORMAT
    trade: str
    side: Literal["buy", "sell"]
    made: str
    sources: list[Source]
    facts: list[Fact]
    joins: list[Join]
    not_proven: list[str]


def joins_of(facts: list[Fact]) -> list[Join]:
    """In the order in which the names first come."""
    found: dict[str, dict[str, str]] = {}
    for fact in facts:
        if fact.join:
            found.setdefault(fact.join, {})[f"{fact.source}.{fact.path}"] = fact.value
    return [Join(name, values, _verdict(values)) for name, values in found.items()]


def _verdict(values: dict[str, str]) -> Literal["agrees", "differs", "only_one"]:
    if len({place.partition(".")[0] for place in values}) < 2:
        return "only_one"
    return "agrees" if len({_normal(value) for value in values.values()}) == 1 else "differs"


def _normal(value: str) -> Decimal | str:
    """Numbers are equal whatever zeros stand behind them."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    return number if number.is_finite() else value


def parse_evidence(raw: bytes) -> Evidence:
    """Raises BadInput by the field that is wrong."""
    found = parse(raw, Evidence, FORMAT)
    names = [source.id for source in found.sources]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadInput("sources", f"{twice} is there twice")
    return found
