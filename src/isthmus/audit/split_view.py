"""A split view (isthmus-split-view/1): two heads of one log that cannot both be true, for anybody to check.

Two roots of one size contradict each other as they stand. Of two sizes, the larger head's tree is shown by a proof of
RFC 9162, 2.1.4 to begin with a tree of the smaller size and another root than the smaller head has: where no two
inputs of SHA-256 are known with one hash, the log signed two histories. Nothing else need be believed, least of all
whoever made the file.
"""

from __future__ import annotations

import hashlib

import msgspec

from isthmus.audit.proof_file import Refused
from isthmus.engine.proofs import ED25519, Checkpoint, LogRefused, Note, VerifierKey, consistency_fault, note_signed

FORMAT = "isthmus-split-view/1"
HASHES_MAX = 2 * 64
"""Of a proof between two sizes of 64 bits."""
NOTE_LETTERS_MAX = 1 << 16
"""More than any log's note with the lines of its witnesses."""


class Given(msgspec.Struct, frozen=True):
    """What a log's files give for two sizes: the root of the smaller tree by them, and the proof that leads from it."""

    root: bytes
    proof: list[bytes]


class SplitView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`smaller`, `larger`: the notes. Of two sizes, `root` (hexadecimal) is the one that the larger head's tree has at
    the smaller size, and `proof` leads from it to the larger head's; of one size both are empty.
    """

    format: str
    log_vkey: str
    smaller: str
    larger: str
    root: str = ""
    proof: list[str] = []

    @property
    def name(self) -> str:
        """Of its file: the same of the same two heads, whoever finds them."""
        heads = "\n\n".join(sorted(note.partition("\n\n")[0] for note in (self.smaller, self.larger)))
        return f"{hashlib.sha256(heads.encode()).hexdigest()[:16]}.json"


class Split(msgspec.Struct, frozen=True):
    """What is proven: the log signed both heads. `root`: what the larger one's tree has at the smaller one's size."""

    smaller: Checkpoint
    larger: Checkpoint
    root: bytes


def split_view(key: VerifierKey, notes: tuple[str, str], given: Given | None = None) -> SplitView | None:
    """Of two notes in any order; None where they, with what the log gave, prove nothing. Raises LogRefused where one
    cannot be read.
    """
    smaller, larger = sorted(notes, key=lambda note: head_of(note).size)
    root, proof = (given.root.hex(), [one.hex() for one in given.proof]) if given is not None else ("", [])
    found = SplitView(FORMAT, key.text(), smaller, larger, root, proof)
    try:
        check(found, key)
    except Refused:
        return None
    return found


def decode(raw: bytes) -> SplitView:
    """Raises Refused malformed."""
    try:
        return msgspec.json.decode(raw, type=SplitView)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("malformed", f"no file of a split view: {error}") from error


def check(file: SplitView, key: VerifierKey | None = None) -> Split:
    """By the log's key, or the one in the file. Raises Refused: malformed, malformed_note, malformed_checkpoint,
    bad_key, wrong_log, not_signed, bad_signature, no_contradiction, proof_fails.
    """
    if file.format != FORMAT:
        raise Refused("malformed", f"format is {file.format[:40]!r}, not {FORMAT}")
    try:
        of = VerifierKey.parse(file.log_vkey[:NOTE_LETTERS_MAX])
        if of.kind != ED25519:
            raise Refused("bad_key", f"the key of {of.name} is a witness's")
        if key not in (None, of):
            raise Refused("bad_key", f"the file is about another key, of {of.name}")
        smaller, larger = (signed_head(note, of) for note in (file.smaller, file.larger))
    except LogRefused as error:
        raise Refused(*error.args) from error
    if smaller.size > larger.size:
        raise Refused("malformed", "the smaller head is the larger one")
    return Split(smaller, larger, _root(file, smaller, larger))


def head_of(note: str) -> Checkpoint:
    """Raises LogRefused."""
    return Checkpoint.parse(Note.parse(note.encode()).text)


def signed_head(note: str, key: VerifierKey) -> Checkpoint:
    """Of the log with this key. Raises LogRefused: malformed_note, malformed_checkpoint, wrong_log, not_signed,
    bad_signature.
    """
    if len(note) > NOTE_LETTERS_MAX:
        raise LogRefused("malformed_note", f"has more than {NOTE_LETTERS_MAX} letters")
    head = head_of(note)
    if head.origin != key.name:
        raise LogRefused("wrong_log", f"a head is of {head.origin!r}, the key of {key.name!r}")
    note_signed(note.encode(), key)
    return head


def _root(file: SplitView, smaller: Checkpoint, larger: Checkpoint) -> bytes:
    """What the larger head's tree has at the smaller one's size, which is not what was signed."""
    root = larger.root if smaller.size == larger.size else _hash(file.root, "root")
    if root == smaller.root:
        raise Refused("no_contradiction", f"both heads have the same first {smaller.size} entries")
    if smaller.size == larger.size:
        if file.root or file.proof:
            raise Refused("malformed", "two heads of one size need neither root nor proof")
        return root
    if len(file.proof) > HASHES_MAX:
        raise Refused("malformed", f"proof has more than {HASHES_MAX} hashes")
    path = [_hash(text, f"proof[{place}]") for place, text in enumerate(file.proof)]
    fault = consistency_fault((smaller.size, root), (larger.size, larger.root), path)
    if fault is not None:
        raise Refused("proof_fails", f"{fault}: the larger head's tree is not shown to begin with that root")
    return root


def _hash(text: str, name: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError as error:
        raise Refused("malformed", f"{name} is not hexadecimal") from error
    if len(found) != 32 or len(text) != 64:
        raise Refused("malformed", f"{name} has not 32 bytes")
    return found
