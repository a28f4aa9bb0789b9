"""A document of a trade (invoice, bill of lading, warehouse receipt) under a signed head, shown field by field.

Each value of its JSON is a leaf with a salt of its own; the root over the leaves (RFC 6962) is one entry of the log of
documents. Whoever holds the opening (the salts) shows the fields that he chooses, and hashes of the others. With the
proof of an order's event beside it a field shows that a trade stands behind the document, and nothing of its terms.

Not proven: that what the document says is true, that it is the only one of its goods, or when it was written: only that
it was under this head, unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import rfc8785

from isthmus.audit.proof_file import DOCUMENT_ENTRY, ProofFile, Proven, Refused, Trust, check, entry_of
from isthmus.engine.proofs import inclusion_fault, leaf_hash, tree_path, tree_root
from isthmus.kernel.errors import BadInput

FORMAT = "isthmus-document/1"
OPENING = "isthmus-opening/1"
SALT_BYTES = 16
FIELDS_MAX = 4_096
DEPTH_MAX = 16
NUMBER_BYTES, ROOT_BYTES, COUNT_BYTES = 8, 32, 4
NOT_PROVEN = (
    "that what the document says is true, or that there is no other of the same goods",
    "when it was written: only that it was under this signed head, unchanged",
    "anything of the fields that are not shown, but how many there are",
)


class Field(msgspec.Struct, frozen=True):
    """`path`: a JSON pointer (RFC 6901); `value`: text, number, truth or null as the document has it; `salt`: hex."""

    path: str
    value: str | int | float | bool | None
    salt: str


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What its holder keeps for himself: whoever has it can show every field. `number`: of the entry, from 1."""

    format: str
    number: int
    fields: list[Field]


class Shown(msgspec.Struct, frozen=True):
    """A field, its place among the leaves and the hashes from it to the document's root."""

    field: Field
    index: int
    proof: list[str]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is given away. `background`: the proof of an order's event that a shown field names."""

    format: str
    proof: ProofFile
    shown: list[Shown]
    background: ProofFile | None = None


class Joined(msgspec.Struct, frozen=True):
    """A field of the document and one of the order's event that say the same."""

    path: str
    order_field: str
    value: str


class Checked(msgspec.Struct, frozen=True):
    """What holds. `hidden`: how many fields are not shown."""

    document: Proven
    number: int
    fields: dict[str, Any]
    hidden: int
    background: list[Joined]


def opened(document: Any, number: int, chance: Callable[[int], bytes]) -> Opening:
    """Of a JSON value. Raises BadInput for what has no fields, or too many."""
    fields = [Field(path, value, chance(SALT_BYTES).hex()) for path, value in _flat(document, "", 0)]
    if not 1 <= len(fields) <= FIELDS_MAX:
        raise BadInput("document", f"has {len(fields)} fields, not 1 to {FIELDS_MAX}")
    return Opening(OPENING, number, fields)


def entry(opening: Opening) -> bytes:
    """0x04, number (8 bytes), root (32), count of fields (4), big-endian. Raises BadInput."""
    leaves = [_leaf(field) for field in opening.fields]
    count = len(leaves).to_bytes(COUNT_BYTES, "big")
    return bytes([DOCUMENT_ENTRY]) + opening.number.to_bytes(NUMBER_BYTES, "big") + tree_root(leaves) + count


def shown(opening: Opening, paths: list[str]) -> list[Shown]:
    """Raises BadInput for a path that the document has not."""
    leaves = [_leaf(field) for field in opening.fields]
    places = {field.path: index for index, field in enumerate(opening.fields)}
    for path in paths:
        if path not in places:
            raise BadInput(
                "fields", f"unknown_field: the document has no {path[:80]}; it has {', '.join(places)[:400]}"
            )
    indexes = sorted({places[path] for path in paths})
    return [Shown(opening.fields[at], at, [one.hex() for one in tree_path(leaves, at)]) for at in indexes]


def checked(document: Document, trust: Trust) -> Checked:
    """Raises Refused by the first step that fails: those of `proof_file.check`, field_differs, no_background."""
    proven = check(document.proof, trust)
    raw = entry_of(document.proof)
    if raw[0] != DOCUMENT_ENTRY:
        raise Refused("wrong_log", "the entry is of no document")
    root, count = raw[9 : 9 + ROOT_BYTES], int.from_bytes(raw[-COUNT_BYTES:], "big")
    for one in document.shown:
        _check_shown(one, count, root)
    fields = {one.field.path: one.field.value for one in document.shown}
    joined = [] if document.background is None else _background(fields, document.background)
    return Checked(proven, int.from_bytes(raw[1:9], "big"), fields, count - len(fields), joined)


def _check_shown(one: Shown, count: int, root: bytes) -> None:
    path = one.field.path
    try:
        hashes = [bytes.fromhex(text) for text in one.proof]
        fault = inclusion_fault(one.index, count, leaf_hash(_leaf(one.field)), hashes, root)
    except (ValueError, OverflowError, BadInput) as error:
        raise Refused("malformed", f"{path[:80]}: {error}") from None
    if fault is not None:
        raise Refused("field_differs", f"{path[:80]}: {fault}: it is not under the document's root")


def _background(fields: dict[str, Any], proof: ProofFile) -> list[Joined]:
    order = check(proof, Trust())
    joined = [
        Joined(path, name, value)
        for path, value in fields.items()
        for name, told in order.fields.items()
        if isinstance(value, str) and value and value == told
    ]
    if not joined:
        raise Refused("no_background", "no shown field of the document is a shown field of the order's event")
    return joined


def _flat(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > DEPTH_MAX:
        raise BadInput("document", f"is nested deeper than {DEPTH_MAX}")
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{path}/{name.replace('~', '~0').replace('/', '~1')}", depth + 1)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{path}/{number}", depth + 1)
    elif isinstance(value, dict | list):
        raise BadInput("document", f"{path or '/'} is empty: it would be no field")
    else:
        yield path, value


def _leaf(field: Field) -> bytes:
    """JCS of path, salt and value. Raises BadInput."""
    if len(field.salt) != 2 * SALT_BYTES:
        raise BadInput(field.path[:80], f"its salt has not {SALT_BYTES} bytes")
    try:
        return rfc8785.dumps([field.path, field.salt, field.value])
    except (rfc8785.CanonicalizationError, ValueError) as error:
        raise BadInput(field.path[:80], f"cannot be written exactly ({error}): give it as text") from None
