"""The public part of a day's proof: one JSON file, bytes as base64. It has codes of assets, points and proofs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from isthmus.kernel.errors import BadInput

FORMAT: Literal["isthmus-zk/1"] = "isthmus-zk/1"
FILE = "proof.json"
FILE_BYTES_MAX = 1 << 30
SUMS, LIMITS, SOLVENT = "sums_open", "inside_limits", "solvent"


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the proof is of: the record that the day ends with, or the head of the journal's log (C2SP checkpoint).

    `root` begins every transcript: the checkpoint's root where there is one, else the record's hash.
    """

    root: bytes
    sequence: int
    record: bytes | None
    checkpoint: str | None


class Sums(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Legs of an asset in an order that says nothing; `proof`: their sum opens to zero."""

    asset: str
    commitments: bytes
    proof: bytes


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of each client what is used of its line, and the line.

    `proofs`: used >= 0 and line - used >= 0, eight clients in each.
    """

    asset: str
    used: bytes
    lines: bytes
    proofs: list[bytes]
    refused: str | None = None


class Solvency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each client is owed, under an id that the client alone can make. `parts`: commitments of what lies outside.

    `proofs`: owed >= 0, sixteen clients in each. `covered`: counted parts - sum of owed >= 0. `tree`: hash and sum of
    the root.
    """

    asset: str
    owed: bytes
    ids: bytes
    tree: bytes
    proofs: list[bytes]
    parts: dict[str, bytes]
    counted: list[str]
    covered: bytes
    refused: str | None = None


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All claims of a day."""

    format: Literal["isthmus-zk/1"]
    day: str
    generators: bytes
    bound: Bound
    sums_open: list[Sums]
    inside_limits: list[Limits]
    solvent: list[Solvency]


def read(folder: Path) -> Proof:
    """Raises BadInput that names the file and what is wrong with it; no two files are the same proof."""
    path = folder / FILE
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BadInput(str(path), f"is larger than {FILE_BYTES_MAX} bytes")
        content = path.read_bytes()
        proof = msgspec.json.decode(content, type=Proof)
    except OSError as error:
        raise BadInput(str(path), error.strerror or str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(str(path), f"is no proof of this format: {error}") from error
    if encoded(proof) != content:
        raise BadInput(str(path), "not_canonical: these are not the bytes that such a proof is written with")
    return proof


def encoded(proof: Proof) -> bytes:
    """As it is written."""
    return msgspec.json.encode(proof)
